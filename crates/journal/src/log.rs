//! The port the journal is built on: what every log can do.

use std::borrow::Cow;
use std::error::Error;

use tenure_domain::Instant;
use uuid::Uuid;

use crate::event::Event;
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId};
use crate::record::{Actor, Record, UnreadRecord};
use crate::stream::StreamId;

/// Reading a log.
pub trait ReadLog: Send {
    /// The end of the log.
    fn head(&mut self) -> Result<Head, ReadError>;

    /// The records of a stream up to and including a position, oldest first.
    fn read_stream(&mut self, stream: &StreamId, up_to: Position)
    -> Result<Vec<Record>, ReadError>;

    /// At most `limit` records after a position, in order.
    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError>;

    /// The same, with their events as they are stored.
    fn read_unread_after(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<UnreadRecord>, ReadError>;

    /// When the record at a position was recorded; `None` if there is no such record.
    fn recorded_at(&mut self, position: Position) -> Result<Option<Instant>, ReadError>;

    /// One receipt.
    fn receipt(&mut self, id: ReceiptId) -> Result<Option<Receipt>, ReadError>;

    /// At most `limit` receipts after one (from the first, if `None`), oldest first.
    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError>;

    /// At most `limit` receipts before one (from the last, if `None`), newest first.
    fn receipts_before(
        &mut self,
        before: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError>;
}

/// Appending to a log. Only [`crate::transact`] does.
pub trait Log: ReadLog {
    /// Begins a batch: until [`Log::append`] everything is read from one state, whose end this
    /// returns. A batch that was begun before, and not appended, is given up.
    fn begin(&mut self) -> Result<Head, AppendError>;

    /// All events of a stream, oldest first: what a decision rests on. Their number is the stream's
    /// version.
    fn events(&mut self, stream: &StreamId) -> Result<Cow<'_, [Event]>, ReadError>;

    /// Appends a batch whole or not at all, and returns the new head once it is on disk.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if a stream is not at its expected version: nothing was
    /// appended. [`AppendError::Unavailable`] if it could not be done, or if nobody can say
    /// whether it was: then the log must be opened anew and read.
    fn append(&mut self, batch: &Batch) -> Result<Head, AppendError>;

    /// Writes something that changes nothing, to see whether writing works.
    fn probe(&mut self) -> Result<(), AppendError>;

    /// Does what was put off while calls waited; called when none does. Changes nothing that can
    /// be read.
    fn settle(&mut self) -> Result<(), AppendError> {
        Ok(())
    }

    /// Puts things in order before the log is closed for good; not called on one that failed. What
    /// was appended is safe without it.
    fn finish(&mut self) -> Result<(), AppendError> {
        Ok(())
    }
}

/// The end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last position.
    pub position: Position,
    /// The transaction time of the last record.
    pub recorded_at: Instant,
    /// The greatest id that the log holds: of a record, or of a receipt.
    pub last_id: Option<Uuid>,
}

impl Head {
    /// Of a log that is empty.
    pub const EMPTY: Self = Self {
        position: Position::START,
        recorded_at: Instant::EPOCH,
        last_id: None,
    };
}

/// What is appended in one transaction: receipts, and what came of them.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// In the order of arrival.
    pub receipts: Vec<Receipt>,
    /// In the order of decision.
    pub drafts: Vec<Draft>,
}

/// A record before it has a position.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The stream.
    pub stream: StreamId,
    /// The version that the stream has before this record.
    pub expected: StreamVersion,
    /// The record's id.
    pub record_id: Uuid,
    /// What happened.
    pub event: Event,
    /// Valid time.
    pub effective_at: Instant,
    /// Transaction time.
    pub recorded_at: Instant,
    /// Who caused it.
    pub actor: Actor,
    /// The receipt of the call that caused it.
    pub receipt_id: ReceiptId,
}

impl Draft {
    /// The record at a position.
    pub fn at(self, position: Position) -> Record {
        Record {
            position,
            stream: self.stream,
            version: self.expected.next(),
            record_id: self.record_id,
            event: self.event,
            effective_at: self.effective_at,
            recorded_at: self.recorded_at,
            actor: self.actor,
            receipt_id: self.receipt_id,
        }
    }
}

/// Whatever a database said.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be reached, or does not answer; may pass.
    #[error("the journal cannot be read")]
    Unavailable(#[source] Cause),
    /// It holds something that cannot be: a bug, a newer version, or damage. Does not pass.
    #[error("the journal holds what cannot be read: {what}")]
    Corrupt {
        /// What, and where.
        what: String,
    },
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A stream moved on since it was read. Nothing was appended.
    #[error("stream {stream} is at version {actual}, not {expected}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version that the writer had read.
        expected: StreamVersion,
        /// The version that the stream has.
        actual: StreamVersion,
    },
    /// It could not be done, or its outcome is not known.
    #[error("the journal cannot be written")]
    Unavailable(#[source] Cause),
}
