//! A log that can be read and not written.

use std::borrow::Cow;

use tenure_domain::Instant;
use tenure_journal::{
    AppendError, Batch, Event, Head, Log, MemoryLog, Position, ReadError, ReadLog, Receipt,
    ReceiptId, Record, StreamId, UnreadRecord,
};

#[derive(Default)]
pub(crate) struct FullDisk(MemoryLog);

fn full() -> AppendError {
    AppendError::Unavailable("the disk is full".into())
}

impl Log for FullDisk {
    fn begin(&mut self) -> Result<Head, AppendError> {
        self.0.begin()
    }

    fn events(&mut self, stream: &StreamId) -> Result<Cow<'_, [Event]>, ReadError> {
        self.0.events(stream)
    }

    fn append(&mut self, _batch: &Batch) -> Result<Head, AppendError> {
        Err(full())
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        Err(full())
    }
}

impl ReadLog for FullDisk {
    fn head(&mut self) -> Result<Head, ReadError> {
        self.0.head()
    }

    fn read_stream(
        &mut self,
        stream: &StreamId,
        up_to: Position,
    ) -> Result<Vec<Record>, ReadError> {
        self.0.read_stream(stream, up_to)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.0.read_after(after, limit)
    }

    fn read_unread_after(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<UnreadRecord>, ReadError> {
        self.0.read_unread_after(after, limit)
    }

    fn recorded_at(&mut self, position: Position) -> Result<Option<Instant>, ReadError> {
        self.0.recorded_at(position)
    }

    fn receipt(&mut self, id: ReceiptId) -> Result<Option<Receipt>, ReadError> {
        self.0.receipt(id)
    }

    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        self.0.receipts_after(after, limit)
    }

    fn receipts_before(
        &mut self,
        before: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        self.0.receipts_before(before, limit)
    }
}
