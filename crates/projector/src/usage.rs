//! The projection of usage: how much was reported of each license, and which reports the
//! marketplace has still to take.

use rusqlite::{Connection, OptionalExtension, params};
use tenure_domain::usage::{Event, Report, Total, Used};
use tenure_domain::{Instant, LicenseId, ListingId, MerchantId, UsageSerial};
use tenure_journal::Record;

use crate::store::StoreError;

/// The projection's name.
pub const NAME: &str = "usage";
/// The version of its rows. Raise it when they come out differently.
pub const VERSION: u32 = 1;

/// The use of one license.
struct Rows<'a> {
    connection: &'a Connection,
    merchant: &'a MerchantId,
    license: &'a LicenseId,
    record: &'a Record,
}

/// Applies an event of the use of a license: what `Usage::evolve` does, on rows.
pub(crate) fn apply(
    connection: &Connection,
    license: &LicenseId,
    event: &Event,
    record: &Record,
) -> Result<(), StoreError> {
    let rows = Rows {
        connection,
        merchant: &record.stream.merchant,
        license,
        record,
    };
    match event {
        Event::Reported { listing, reports } => rows.report(listing, reports)?,
        // Still to be taken, as far as anybody knows.
        Event::Sent { .. } | Event::NotTaken { .. } => rows.count(None, 0, 0)?,
        Event::Taken { serials } => {
            let taken = rows.settle(serials)?;
            rows.count(None, taken, 0)?;
        },
        Event::Denied { serials, code: _ } => {
            let denied = rows.settle(serials)?;
            rows.count(None, 0, denied)?;
        },
    }
    Ok(())
}

impl Rows<'_> {
    fn report(&self, listing: &ListingId, reports: &[Report]) -> rusqlite::Result<()> {
        self.count(Some(listing), 0, 0)?;
        // All reports go through the account of the listing that was named last.
        self.connection
            .prepare_cached(include_str!("usage/move_pending.sql"))?
            .execute((
                self.merchant.as_str(),
                self.license.as_str(),
                listing.as_str(),
            ))?;
        let mut put = self
            .connection
            .prepare_cached(include_str!("usage/put_pending.sql"))?;
        for report in reports {
            put.execute(params![
                self.merchant.as_str(),
                self.license.as_str(),
                report.serial.as_str(),
                listing.as_str(),
                self.record.position.number(),
            ])?;
            self.add(&report.used)?;
        }
        Ok(())
    }

    fn add(&self, used: &Used) -> rusqlite::Result<()> {
        let Used::Metered {
            began_at: _,
            ended_at,
            amount,
            package,
        } = used
        else {
            return Ok(());
        };
        let package = package.as_ref().map_or("", LicenseId::as_str);
        let key = (self.merchant.as_str(), self.license.as_str(), package);
        let known = self
            .connection
            .prepare_cached(include_str!("usage/total.sql"))?
            .query_row(key, |row| Ok(total(row.get(0)?, row.get(1)?)))
            .optional()?;
        let added = Total::of(*amount, *ended_at);
        let sum = known.map_or(added, |known| known.plus(added));
        let (merchant, license, package) = key;
        self.connection
            .prepare_cached(include_str!("usage/put_total.sql"))?
            .execute(params![
                merchant,
                license,
                package,
                sum.ten_thousandths.cast_signed(),
                sum.ended_at.micros(),
            ])?;
        Ok(())
    }

    /// Returns how many of the reports were still to be taken.
    fn settle(&self, serials: &[UsageSerial]) -> rusqlite::Result<usize> {
        let mut remove = self.connection.prepare_cached(
            "DELETE FROM usage_pending WHERE merchant = ?1 AND license_id = ?2 AND serial = ?3",
        )?;
        let mut settled = 0;
        for serial in serials {
            settled += remove.execute((
                self.merchant.as_str(),
                self.license.as_str(),
                serial.as_str(),
            ))?;
        }
        Ok(settled)
    }

    /// Counts reports that are done with, and keeps where the stream is.
    fn count(
        &self,
        listing: Option<&ListingId>,
        taken: usize,
        denied: usize,
    ) -> rusqlite::Result<()> {
        let listing = listing.map(ListingId::as_str);
        self.connection
            .prepare_cached(include_str!("usage/put.sql"))?
            .execute(params![
                self.merchant.as_str(),
                self.license.as_str(),
                listing,
                taken,
                denied,
                self.record.version.number(),
                self.record.position.number(),
                self.record.recorded_at.micros(),
            ])?;
        Ok(())
    }
}

/// A sum as its columns tell it.
pub(crate) fn total(ten_thousandths: i64, ended_at: i64) -> Total {
    Total {
        ten_thousandths: ten_thousandths.cast_unsigned(),
        ended_at: Instant::from_micros(ended_at),
    }
}
