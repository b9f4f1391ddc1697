//! What was used of the instances that `queryInstance` asks about.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tenure_domain::usage::{Total, Usage};
use tenure_domain::{Instant, LicenseId, MerchantId};
use tenure_journal::{ReadError, ReadLog, StreamId};
use tenure_koogallery::UsageInfo;

use crate::callback::Ingress;
use crate::listing::Listing;

/// The most instances that are told to have used a package.
const INSTANCES_MAX: usize = 100;

/// Finds the instances whose use was taken from a package: at most so many. The journal has no such
/// order, so that whoever looks after the read model is asked. How much was taken is read from the
/// journal itself.
#[derive(Clone)]
pub struct FindUsers(Arc<Find>);

type Find = dyn Fn(&MerchantId, &LicenseId, usize) -> Vec<LicenseId> + Send + Sync;

impl FindUsers {
    /// Wraps whoever finds them. May block.
    pub fn new(
        find: impl Fn(&MerchantId, &LicenseId, usize) -> Vec<LicenseId> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(find))
    }
}

impl fmt::Debug for FindUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FindUsers")
    }
}

/// How long an answer may look for what was used: it has four seconds for everything.
const READING_SECONDS_MAX: i64 = 1;

/// How long it waits for that, if a single look takes longer.
const READING_TIME_MAX: Duration = Duration::from_millis(1_500);

impl Ingress {
    /// What was used of each instance: of one that is paid by use all of it, of a package what each
    /// instance took from it. What cannot be read within a second is left out, so that the rest of
    /// the answer is in time: the marketplace asks again.
    pub(crate) async fn usage(
        &self,
        listing: &Listing,
        arrived_at: Instant,
        ids: Vec<LicenseId>,
    ) -> Result<BTreeMap<LicenseId, Vec<UsageInfo>>, ReadError> {
        let (reader, find) = (Arc::clone(&self.reader), self.find_users.clone());
        let (merchant, clock) = (listing.merchant.clone(), Arc::clone(&self.clock));
        let until = clock.now().plus_seconds(READING_SECONDS_MAX);
        let reading = tokio::task::spawn_blocking(move || {
            let mut told = BTreeMap::new();
            for id in ids {
                if clock.now() > until {
                    tracing::warn!(%id, "no time to read what was used: it is left out of an answer");
                    break;
                }
                let users = match &find {
                    Some(FindUsers(find)) => find(&merchant, &id, INSTANCES_MAX),
                    None => Vec::new(),
                };
                // Others that wait for the reader have their turn after each instance.
                let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
                let used = used(reader.as_mut(), &merchant, &id, users, || {
                    clock.now() > until
                })?;
                drop(reader);
                told.insert(id, used);
            }
            Ok(told)
        });
        let time_left = self.time_left(arrived_at).min(READING_TIME_MAX);
        match tokio::time::timeout(time_left, reading).await {
            Ok(read) => read.map_err(|stopped| ReadError::Unavailable(stopped.into()))?,
            Err(_elapsed) => {
                tracing::warn!("what was used was not read in time: an answer is without it");
                Ok(BTreeMap::new())
            },
        }
    }
}

fn used(
    log: &mut dyn ReadLog,
    merchant: &MerchantId,
    id: &LicenseId,
    users: Vec<LicenseId>,
    is_late: impl Fn() -> bool,
) -> Result<Vec<UsageInfo>, ReadError> {
    let own = usage(log, merchant, id)?.totals;
    let own = own.into_values().reduce(sum).map(|total| UsageInfo {
        related_instance: None,
        total,
    });
    let mut told: Vec<_> = own.into_iter().collect();
    for user in users {
        if is_late() {
            break;
        }
        let totals = usage(log, merchant, &user)?.totals;
        if let Some(total) = totals.get(&Some(id.clone())) {
            told.push(UsageInfo {
                related_instance: Some(user),
                total: *total,
            });
        }
    }
    Ok(told)
}

fn usage(log: &mut dyn ReadLog, merchant: &MerchantId, id: &LicenseId) -> Result<Usage, ReadError> {
    let head = log.head()?.position;
    let records = log.read_stream(&StreamId::usage(merchant, id), head)?;
    let events = records.iter().filter_map(|record| record.event.as_usage());
    Ok(Usage::replay(events))
}

fn sum(one: Total, other: Total) -> Total {
    Total {
        ten_thousandths: one.ten_thousandths.saturating_add(other.ten_thousandths),
        ended_at: one.ended_at.max(other.ended_at),
    }
}
