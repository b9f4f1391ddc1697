//! From records and receipts to rows: one pass over all projections.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tenure_journal::{Event, ReceiptId, Record, Subject};

use crate::licenses::{Key, Licenses, OrderRows};
use crate::orders;
use crate::pages::Receipts;
use crate::receipts::{self, Thin};
use crate::store::{self, Folded, StoreError};
use crate::{tenants, usage};

/// A fold under way, inside a transaction of the caller's. What it applies is in the tables once
/// it is finished.
#[derive(Debug)]
pub struct Fold<'c> {
    connection: &'c Connection,
    folded: Folded,
    counts: Counts,
    licenses: Licenses,
    receipts: Receipts,
    /// The licenses that calls changed, until the rows of their receipts say so.
    changed_by: BTreeMap<ReceiptId, Key>,
}

/// How many a fold applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Receipts.
    pub receipts: u64,
}

impl<'c> Fold<'c> {
    /// Goes on from what the tables hold.
    pub fn resume(connection: &'c Connection) -> Result<Self, StoreError> {
        Ok(Self::new(
            connection,
            store::folded(connection)?,
            Licenses::resume(),
            Receipts::Read,
        ))
    }

    /// Begins with tables that are known to be empty.
    pub fn begin(connection: &'c Connection, receipts: Receipts) -> Self {
        Self::new(connection, Folded::default(), Licenses::begin(), receipts)
    }

    fn new(
        connection: &'c Connection,
        folded: Folded,
        licenses: Licenses,
        receipts: Receipts,
    ) -> Self {
        Self {
            connection,
            folded,
            counts: Counts::default(),
            licenses,
            receipts,
            changed_by: BTreeMap::new(),
        }
    }

    /// Applies a record; does nothing if it was applied before.
    ///
    /// # Errors
    /// [`StoreError::Gap`] if it is not the next one.
    pub fn record(&mut self, record: &Record) -> Result<(), StoreError> {
        let expected = self.folded.position.next();
        if record.position < expected {
            return Ok(());
        }
        if record.position > expected {
            return Err(StoreError::Gap {
                expected,
                found: record.position,
            });
        }
        match (&record.event, &record.stream.subject) {
            (Event::License(event), Subject::License(id)) => {
                let key = Key {
                    id: id.clone(),
                    merchant: record.stream.merchant.clone(),
                };
                self.licenses.apply(self.connection, &key, event, record)?;
                if self.receipts == Receipts::Read {
                    self.changed_by.insert(record.receipt_id, key);
                }
            },
            (Event::Order(event), Subject::Order(_)) => {
                orders::apply(self.connection, event, record)?;
            },
            (Event::Usage(event), Subject::Usage(license)) => {
                usage::apply(self.connection, license, event, record)?;
            },
            (Event::Tenant(event), Subject::Tenant(key)) => {
                tenants::apply(self.connection, key, event, record)?;
            },
            (
                Event::License(_) | Event::Order(_) | Event::Tenant(_) | Event::Usage(_),
                Subject::License(_) | Subject::Order(_) | Subject::Tenant(_) | Subject::Usage(_),
            ) => {
                return Err(StoreError::Damaged {
                    what: format!("record {} is in a stream of another kind", record.position),
                });
            },
        }
        self.counts.records += 1;
        self.folded.position = record.position;
        self.folded.recorded_at = Some(record.recorded_at);
        self.folded.record_id = Some(record.record_id);
        Ok(())
    }

    /// Applies a receipt; does nothing if it was applied before.
    pub(crate) fn receipt(&mut self, receipt: Thin) -> Result<(), StoreError> {
        if self.folded.receipt_id >= Some(receipt.id) {
            return Ok(());
        }
        let license = self.changed_by.remove(&receipt.id);
        receipts::insert(self.connection, &receipt, license.as_ref())?;
        self.counts.receipts += 1;
        self.folded.receipt_id = Some(receipt.id);
        Ok(())
    }

    /// Says that all receipts of the records applied so far were applied too, so that what is
    /// still kept for receipts to come may be forgotten.
    pub(crate) fn receipts_are_complete(&mut self) {
        self.changed_by.clear();
    }

    /// Writes what is still in memory, and how far the fold has come. Returns the orders' rows that
    /// are still to be written: none, unless the tables were empty.
    pub(crate) fn finish(mut self) -> Result<(Folded, Counts, OrderRows), StoreError> {
        self.licenses.flush(self.connection)?;
        for (receipt, license) in &self.changed_by {
            receipts::name_license(self.connection, *receipt, license)?;
        }
        if self.counts.receipts > 0 {
            receipts::forget_strangers(self.connection)?;
        }
        store::keep_folded(self.connection, &self.folded)?;
        Ok((self.folded, self.counts, self.licenses.take_orders()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenure_domain::{Instant, MerchantId};
    use tenure_journal::{Actor, Position, StreamId, StreamVersion};
    use tenure_testkit::{code, history};
    use uuid::Uuid;

    use super::*;

    /// Histories of licenses, taken in turns.
    fn records(histories: &[Vec<tenure_domain::Event>]) -> Vec<Record> {
        let longest = histories.iter().map(Vec::len).max().unwrap_or(0);
        let merchant = MerchantId::parse("acme").unwrap();
        let mut position = Position::START;
        let mut records = Vec::new();
        for index in 0..longest {
            for (history, number) in histories.iter().zip(1..) {
                let Some(event) = history.get(index) else {
                    continue;
                };
                position = position.next();
                records.push(Record {
                    position,
                    stream: StreamId::license(&merchant, &code(number)),
                    version: StreamVersion::new(u32::try_from(index).unwrap() + 1),
                    record_id: Uuid::from_u128(u128::from(position.number())),
                    event: Event::License(event.clone()),
                    effective_at: Instant::EPOCH,
                    recorded_at: Instant::EPOCH,
                    actor: Actor::Koogallery,
                    receipt_id: ReceiptId::new(Uuid::from_u128(u128::from(position.number()))),
                });
            }
        }
        records
    }

    /// The rows that come of a fold, licenses and their orders, each in the order of its key.
    fn rows(records: &[Record], licenses: Licenses) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        store::create_tables(&connection).unwrap();
        let mut fold = Fold::begin(&connection, Receipts::Skipped);
        fold.licenses = licenses;
        for record in records {
            fold.record(record).unwrap();
        }
        let (_folded, _counts, mut orders) = fold.finish().unwrap();
        orders.sort();
        orders.write(&connection).unwrap();
        let sql = "SELECT id || hex(state) || version FROM licenses
                   UNION ALL SELECT order_id || merchant || license_id FROM license_orders";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    proptest! {
        #[test]
        fn what_memory_does_not_hold_is_fetched_from_the_table(
            histories in [history(), history(), history()],
        ) {
            let records = records(&histories);
            let expected = rows(&records, Licenses::begin());
            for kept_bytes_max in [0, 500] {
                let licenses = Licenses::begin().keeping(kept_bytes_max);
                prop_assert_eq!(&rows(&records, licenses), &expected);
            }
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_is_put_in_order_aside_is_written_whole(
            histories in prop::collection::vec(history(), 1..30),
        ) {
            let records = records(&histories);
            let expected = rows(&records, Licenses::begin());
            let aside = rows(&records, Licenses::begin().ordering_aside(1));
            prop_assert_eq!(&aside, &expected);
            let spilling = Licenses::begin().ordering_aside(2).keeping(2_000);
            prop_assert_eq!(&rows(&records, spilling), &expected);
        }
    }
}
