//! A log in memory: for tests, and as the plainest statement of what a log is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_domain::Instant;

use crate::event::Event;
use crate::log::{AppendError, Batch, Head, Log, ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId};
use crate::record::{Record, UnreadRecord};
use crate::stored;
use crate::stream::StreamId;

/// A log in memory. Clones share it, as connections share a file.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    records: Vec<Record>,
    streams: BTreeMap<StreamId, Vec<usize>>,
    receipts: BTreeMap<ReceiptId, Receipt>,
}

impl MemoryLog {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn head(&self) -> Head {
        let record = self.records.last();
        Head {
            position: record.map_or(Position::START, |record| record.position),
            recorded_at: record.map_or(Instant::EPOCH, |record| record.recorded_at),
            last_id: record
                .map(|record| record.record_id)
                .max(self.receipts.keys().next_back().map(|id| id.uuid())),
        }
    }

    fn version(&self, stream: &StreamId) -> StreamVersion {
        let records = self.streams.get(stream).map_or(0, Vec::len);
        StreamVersion::new(u32::try_from(records).unwrap_or(u32::MAX))
    }
}

impl ReadLog for MemoryLog {
    fn head(&mut self) -> Result<Head, ReadError> {
        Ok(self.kept().head())
    }

    fn read_stream(
        &mut self,
        stream: &StreamId,
        up_to: Position,
    ) -> Result<Vec<Record>, ReadError> {
        let kept = self.kept();
        let indexes = kept.streams.get(stream).map_or(&[][..], Vec::as_slice);
        Ok(indexes
            .iter()
            .filter_map(|index| kept.records.get(*index))
            .filter(|record| record.position <= up_to)
            .cloned()
            .collect())
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let start = usize::try_from(after.number()).unwrap_or(usize::MAX);
        Ok(self
            .kept()
            .records
            .iter()
            .skip(start)
            .take(limit)
            .cloned()
            .collect())
    }

    fn read_unread_after(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<UnreadRecord>, ReadError> {
        let records = self.read_after(after, limit)?.into_iter();
        let unread = records.map(|record| {
            let stored = stored::encode(&record.event);
            record.with(stored.into())
        });
        Ok(unread.collect())
    }

    fn recorded_at(&mut self, position: Position) -> Result<Option<Instant>, ReadError> {
        let index = usize::try_from(position.number())
            .unwrap_or(usize::MAX)
            .wrapping_sub(1);
        Ok(self
            .kept()
            .records
            .get(index)
            .map(|record| record.recorded_at))
    }

    fn receipt(&mut self, id: ReceiptId) -> Result<Option<Receipt>, ReadError> {
        Ok(self.kept().receipts.get(&id).cloned())
    }

    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        let kept = self.kept();
        let newer = kept.receipts.iter().filter(|(id, _)| Some(**id) > after);
        Ok(newer
            .take(limit)
            .map(|(_, receipt)| receipt.clone())
            .collect())
    }

    fn receipts_before(
        &mut self,
        before: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        let kept = self.kept();
        let older = kept
            .receipts
            .iter()
            .rev()
            .filter(|(id, _)| before.is_none_or(|it| **id < it));
        Ok(older
            .take(limit)
            .map(|(_, receipt)| receipt.clone())
            .collect())
    }
}

impl Log for MemoryLog {
    fn begin(&mut self) -> Result<Head, AppendError> {
        Ok(self.kept().head())
    }

    fn events(&mut self, stream: &StreamId) -> Result<Cow<'_, [Event]>, ReadError> {
        let records = self.read_stream(stream, Position::MAX)?;
        Ok(records.into_iter().map(|record| record.event).collect())
    }

    fn append(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        let mut kept = self.kept();
        let mut versions: BTreeMap<&StreamId, StreamVersion> = BTreeMap::new();
        for draft in &batch.drafts {
            let version = versions
                .entry(&draft.stream)
                .or_insert_with(|| kept.version(&draft.stream));
            if *version != draft.expected {
                return Err(AppendError::Conflict {
                    stream: draft.stream.clone(),
                    expected: draft.expected,
                    actual: *version,
                });
            }
            *version = version.next();
        }
        for draft in &batch.drafts {
            let index = kept.records.len();
            let position = kept.head().position.next();
            kept.streams
                .entry(draft.stream.clone())
                .or_default()
                .push(index);
            kept.records.push(draft.clone().at(position));
        }
        for receipt in &batch.receipts {
            kept.receipts.insert(receipt.id, receipt.clone());
        }
        Ok(kept.head())
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        Ok(())
    }
}
