//! A log whose appends a test takes in hand: to fail, to conflict, or to wait until told.

use std::borrow::Cow;

use tenure_domain::Instant;
use tenure_journal::log::Head;
use tenure_journal::{
    AppendError, Batch, Event, Log, Position, ReadError, ReadLog, Receipt, ReceiptId, Record,
    StreamId, UnreadRecord,
};

/// Does what a test wants instead of an append or of a probe.
pub(crate) type Hook<L, T> = Box<dyn FnMut(&mut L) -> Result<T, AppendError> + Send>;

/// Does what a test wants instead of an append.
pub(crate) type AppendHook<L> = Box<dyn FnMut(&mut L, &Batch) -> Result<Head, AppendError> + Send>;

/// A log with hooks.
pub(crate) struct Hooked<L> {
    pub(crate) log: L,
    pub(crate) append: AppendHook<L>,
    pub(crate) probe: Hook<L, ()>,
}

impl<L: Log + 'static> Hooked<L> {
    /// Takes the appends of a log in hand.
    pub(crate) fn new(
        log: L,
        append: impl FnMut(&mut L, &Batch) -> Result<Head, AppendError> + Send + 'static,
    ) -> Self {
        Self {
            log,
            append: Box::new(append),
            probe: Box::new(L::probe),
        }
    }

    /// Takes its probes in hand, too.
    pub(crate) fn probing(
        mut self,
        probe: impl FnMut(&mut L) -> Result<(), AppendError> + Send + 'static,
    ) -> Self {
        self.probe = Box::new(probe);
        self
    }
}

/// What a file system says when it has no more room.
pub(crate) fn no_room() -> AppendError {
    AppendError::Unavailable("no space left on device".into())
}

impl<L: ReadLog> ReadLog for Hooked<L> {
    fn head(&mut self) -> Result<Head, ReadError> {
        self.log.head()
    }

    fn read_stream(
        &mut self,
        stream: &StreamId,
        up_to: Position,
    ) -> Result<Vec<Record>, ReadError> {
        self.log.read_stream(stream, up_to)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.log.read_after(after, limit)
    }

    fn read_unread_after(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<UnreadRecord>, ReadError> {
        self.log.read_unread_after(after, limit)
    }

    fn recorded_at(&mut self, position: Position) -> Result<Option<Instant>, ReadError> {
        self.log.recorded_at(position)
    }

    fn receipt(&mut self, id: ReceiptId) -> Result<Option<Receipt>, ReadError> {
        self.log.receipt(id)
    }

    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        self.log.receipts_after(after, limit)
    }

    fn receipts_before(
        &mut self,
        before: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        self.log.receipts_before(before, limit)
    }
}

impl<L: Log> Log for Hooked<L> {
    fn begin(&mut self) -> Result<Head, AppendError> {
        self.log.begin()
    }

    fn events(&mut self, stream: &StreamId) -> Result<Cow<'_, [Event]>, ReadError> {
        self.log.events(stream)
    }

    fn append(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        (self.append)(&mut self.log, batch)
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        (self.probe)(&mut self.log)
    }
}
