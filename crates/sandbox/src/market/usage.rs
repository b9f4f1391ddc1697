//! What merchants report of instances that are paid by use.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{Charging, Market, Sale, Sold};

/// The most records that are kept; older ones, and what they say of repetitions, are forgotten.
pub const USAGE_RECORDS_MAX: usize = 10_000;

/// How long ago what is reported may have begun, in days.
pub const USAGE_AGE_DAYS_MAX: i64 = 21;

/// How far the clock of a reporter may run ahead.
const AHEAD_MINUTES_MAX: i64 = 15;

/// How much was used, of what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageRecord {
    /// The instance.
    pub instance: String,
    /// The product, which only the old interface names.
    pub product: Option<String>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// When the use began.
    pub begins_at: DateTime<Utc>,
    /// When the use ended.
    pub ends_at: DateTime<Utc>,
    /// How much, as it was written.
    pub value: String,
    /// The record's own id, which only the new interface has.
    pub metering_sn: Option<String>,
    /// The package that it is taken from.
    pub package: Option<String>,
}

/// Why a record is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// There is no such instance.
    #[error("there is no such instance")]
    UnknownInstance,
    /// The instance belongs to a listing whose key did not sign the report.
    #[error("the instance is not one of this seller")]
    NotAllowed,
    /// The instance, its product or its package is not one that is paid by use.
    #[error("this is not paid by use")]
    NotMetered,
    /// It ends before it begins, or has not ended.
    #[error("the period is backwards or not over")]
    Period,
    /// It began too long ago.
    #[error("the period began more than {USAGE_AGE_DAYS_MAX} days ago")]
    TooOld,
}

/// What is kept of the reports.
#[derive(Debug, Default)]
pub(super) struct UsageBook {
    records: VecDeque<UsageRecord>,
    serial_numbers: BTreeSet<String>,
}

impl UsageBook {
    /// Keeps a record, unless it is there already.
    fn keep(&mut self, record: UsageRecord) -> bool {
        if let Some(number) = &record.metering_sn
            && !self.serial_numbers.insert(number.clone())
        {
            return false;
        }
        self.records.push_back(record);
        if self.records.len() > USAGE_RECORDS_MAX
            && let Some(UsageRecord {
                metering_sn: Some(number),
                ..
            }) = self.records.pop_front()
        {
            self.serial_numbers.remove(&number);
        }
        true
    }
}

impl Market {
    /// Takes a report, all of it or nothing, and says how many of its records were new. `sellers`
    /// are the listings that the reporter may speak for; `now` is the real time, because the
    /// reporter's clock was never moved. For the same reason the records are not compared with
    /// the term of the instance, which is counted in the market's time.
    pub fn report_usage(
        &mut self,
        records: Vec<UsageRecord>,
        sellers: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> Result<usize, (usize, UsageError)> {
        for (index, record) in records.iter().enumerate() {
            self.check_usage(record, sellers, now)
                .map_err(|error| (index, error))?;
        }
        let kept = records.into_iter().map(|record| self.usage.keep(record));
        Ok(kept.filter(|new| *new).count())
    }

    /// The records, oldest first.
    pub fn usage(&self) -> impl DoubleEndedIterator<Item = &UsageRecord> {
        self.usage.records.iter()
    }

    fn check_usage(
        &self,
        record: &UsageRecord,
        sellers: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> Result<(), UsageError> {
        let sale = self.instance(&record.instance)?;
        if !sellers.contains(&sale.listing) {
            return Err(UsageError::NotAllowed);
        }
        let other_product = record
            .product
            .as_ref()
            .is_some_and(|product| *product != sale.product);
        if !sale.charging.is_metered() || other_product {
            return Err(UsageError::NotMetered);
        }
        if let Some(package) = &record.package
            && self.instance(package)?.charging != Charging::OnDemandPackage
        {
            return Err(UsageError::NotMetered);
        }
        if record.begins_at > record.ends_at
            || record.ends_at > now + TimeDelta::minutes(AHEAD_MINUTES_MAX)
        {
            return Err(UsageError::Period);
        }
        if now - record.begins_at > TimeDelta::days(USAGE_AGE_DAYS_MAX) {
            return Err(UsageError::TooOld);
        }
        Ok(())
    }

    fn instance(&self, id: &str) -> Result<&Sale, UsageError> {
        let is_instance = |sale: &&Sale| matches!(sale.sold, Sold::Instance(_));
        self.sales
            .values()
            .filter(is_instance)
            .find(|sale| sale.is_named(id))
            .ok_or(UsageError::UnknownInstance)
    }
}
