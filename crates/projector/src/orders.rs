//! The projection of order lines that the marketplace announced.

use rusqlite::{Connection, params};
use tenure_domain::order::Event;
use tenure_journal::Record;

use crate::store::StoreError;

/// The projection's name.
pub const NAME: &str = "orders";
/// The version of its rows. Raise it when they come out differently.
pub const VERSION: u32 = 1;

/// Applies an event of an order.
pub(crate) fn apply(
    connection: &Connection,
    event: &Event,
    record: &Record,
) -> Result<(), StoreError> {
    match event {
        Event::Notified { listing, order } => connection
            .prepare_cached(include_str!("orders/insert.sql"))?
            .execute(params![
                order.order.as_str(),
                record.stream.merchant.as_str(),
                order.line.as_str(),
                listing.as_str(),
                record.effective_at.micros(),
                record.position.number(),
            ])?,
    };
    Ok(())
}
