//! The projection of receipts: what became of every call, without its bytes.

use rusqlite::{Connection, params};
use tenure_domain::Instant;
use tenure_journal::sqlite::STRANGERS_MAX;
use tenure_journal::{Receipt, ReceiptId, Verdict};

use crate::licenses::Key;
use crate::store::StoreError;

/// The projection's name.
pub const NAME: &str = "receipts";
/// The version of its rows. Raise it when they come out differently.
pub const VERSION: u32 = 1;

/// A receipt without its bytes.
#[derive(Debug)]
pub(crate) struct Thin {
    pub(crate) id: ReceiptId,
    listing: Box<str>,
    arrived_at: Instant,
    method: Box<str>,
    activity: Option<Box<str>>,
    authentic: bool,
    verdict: Verdict,
    reason: Option<Box<str>>,
}

impl Thin {
    pub(crate) fn of(receipt: &Receipt) -> Self {
        Self {
            id: receipt.id,
            listing: receipt.listing.clone(),
            arrived_at: receipt.arrived_at,
            method: receipt.method.clone(),
            activity: receipt.activity.clone(),
            authentic: receipt.authentic,
            verdict: receipt.verdict,
            reason: receipt.reason.clone(),
        }
    }
}

/// Adds the row of a receipt, and of the license that its call changed, if that is known.
pub(crate) fn insert(
    connection: &Connection,
    receipt: &Thin,
    license: Option<&Key>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(include_str!("receipts/insert.sql"))?
        .execute(params![
            receipt.id.uuid(),
            receipt.listing,
            receipt.arrived_at.micros(),
            receipt.method,
            receipt.activity,
            receipt.authentic,
            receipt.verdict.name(),
            receipt.reason,
            license.map(|key| key.merchant.as_str()),
            license.map(|key| key.id.as_str()),
        ])?;
    Ok(())
}

/// Says which license a call changed. Nothing happens if its receipt has no row.
pub(crate) fn name_license(
    connection: &Connection,
    receipt: ReceiptId,
    license: &Key,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE receipts SET merchant = ?2, license_id = ?3 WHERE id = ?1")?
        .execute((
            receipt.uuid(),
            license.merchant.as_str(),
            license.id.as_str(),
        ))?;
    Ok(())
}

/// Forgets the oldest receipts that nobody vouches for, as the journal does.
pub(crate) fn forget_strangers(connection: &Connection) -> Result<(), StoreError> {
    let strangers: u64 = connection
        .prepare_cached("SELECT count(*) FROM receipts WHERE authentic = 0")?
        .query_row([], |row| row.get(0))?;
    if strangers > STRANGERS_MAX {
        connection
            .prepare_cached(include_str!("receipts/forget_strangers.sql"))?
            .execute([strangers - STRANGERS_MAX])?;
    }
    Ok(())
}
