//! From records and receipts to rows: one pass over all projections.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tenure_journal::{Event, ReceiptId, Record, Subject};

use crate::licenses::{Key, Licenses, OrderRows};
use crate::orders;
use crate::receipts::{self, Thin};
use crate::store::{self, Folded, StoreError};

/// A fold under way, inside a transaction of the caller's. What it applies is in the tables once
/// it is finished.
#[derive(Debug)]
pub struct Fold<'c> {
    connection: &'c Connection,
    folded: Folded,
    counts: Counts,
    licenses: Licenses,
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
        ))
    }

    /// Begins with tables that are known to be empty.
    pub fn begin(connection: &'c Connection) -> Self {
        Self::new(connection, Folded::default(), Licenses::begin())
    }

    fn new(connection: &'c Connection, folded: Folded, licenses: Licenses) -> Self {
        Self {
            connection,
            folded,
            counts: Counts::default(),
            licenses,
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
                self.changed_by.insert(record.receipt_id, key);
            },
            (Event::Order(event), Subject::Order(_)) => {
                orders::apply(self.connection, event, record)?;
            },
            (Event::License(_), Subject::Order(_)) | (Event::Order(_), Subject::License(_)) => {
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
