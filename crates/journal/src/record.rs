//! An event as the journal keeps it: with its place and its times.

use tenure_domain::Instant;
use uuid::Uuid;

use crate::event::Event;
use crate::log::ReadError;
use crate::position::{Position, StreamVersion};
use crate::receipt::ReceiptId;
use crate::stored::Unread;
use crate::stream::StreamId;

/// An event with its place and its times. Never changed, never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<E = Event> {
    /// The place in the journal.
    pub position: Position,
    /// The stream.
    pub stream: StreamId,
    /// The place in the stream.
    pub version: StreamVersion,
    /// A UUIDv7, ascending in commit order.
    pub record_id: Uuid,
    /// What happened.
    pub event: E,
    /// Valid time: since when it holds in the world.
    pub effective_at: Instant,
    /// Transaction time: when the journal learned it. Never goes back.
    pub recorded_at: Instant,
    /// Who caused it.
    pub actor: Actor,
    /// The receipt of the call that caused it.
    pub receipt_id: ReceiptId,
}

/// A record whose event is still as it is stored: whoever reads a whole journal may leave that work
/// to another thread.
pub type UnreadRecord = Record<Unread>;

impl UnreadRecord {
    /// Reads the event.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`], with the position, if it is none that this version knows.
    pub fn read(self) -> Result<Record, ReadError> {
        let event = self.event.read().map_err(|error| ReadError::Corrupt {
            what: format!("record {}: {error}", self.position),
        })?;
        Ok(self.with(event))
    }
}

impl<E> Record<E> {
    /// The same record with another event, or with the same one in another form.
    pub(crate) fn with<F>(self, event: F) -> Record<F> {
        Record {
            position: self.position,
            stream: self.stream,
            version: self.version,
            record_id: self.record_id,
            event,
            effective_at: self.effective_at,
            recorded_at: self.recorded_at,
            actor: self.actor,
            receipt_id: self.receipt_id,
        }
    }
}

/// Who caused a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The marketplace, by a callback or by an answer.
    Koogallery,
    /// A person or program with operator's rights.
    Operator,
}

impl Actor {
    /// The name under which it is stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Koogallery => "koogallery",
            Self::Operator => "operator",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Koogallery, Self::Operator]
            .into_iter()
            .find(|actor| actor.name() == name)
    }
}
