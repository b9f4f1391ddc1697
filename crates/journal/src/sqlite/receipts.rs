//! Receipts on their way into a transaction.

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::log::Batch;

/// Appends the receipts; returns how many of strangers are kept now.
pub(super) fn append(
    connection: &Connection,
    batch: &Batch,
    mut strangers: u64,
    strangers_max: u64,
) -> rusqlite::Result<u64> {
    let mut insert = connection.prepare_cached(include_str!("queries/append_receipt.sql"))?;
    for receipt in &batch.receipts {
        insert.execute(params![
            receipt.id.uuid(),
            receipt.listing,
            receipt.arrived_at.micros(),
            receipt.method,
            receipt.parameters,
            receipt.body,
            receipt.activity,
            receipt.authentic,
            receipt.verdict.name(),
            receipt.reason,
            receipt.answer,
            receipt.sealed_with.map(|key| Uuid::from_u128(key.number())),
        ])?;
        strangers += u64::from(!receipt.authentic);
    }
    if strangers > strangers_max {
        connection
            .prepare_cached(include_str!("queries/forget_strangers.sql"))?
            .execute([strangers - strangers_max])?;
        strangers = strangers_max;
    }
    Ok(strangers)
}
