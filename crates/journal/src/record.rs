//! An event as the journal keeps it: with its place and its times.

use tenure_domain::Instant;
use uuid::Uuid;

use crate::event::Event;
use crate::position::{Position, StreamVersion};
use crate::receipt::ReceiptId;
use crate::stream::StreamId;

/// An event with its place and its times. Never changed, never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The place in the journal.
    pub position: Position,
    /// The stream.
    pub stream: StreamId,
    /// The place in the stream.
    pub version: StreamVersion,
    /// A UUIDv7, ascending in commit order.
    pub record_id: Uuid,
    /// What happened.
    pub event: Event,
    /// Valid time: since when it holds in the world.
    pub effective_at: Instant,
    /// Transaction time: when the journal learned it. Never goes back.
    pub recorded_at: Instant,
    /// Who caused it.
    pub actor: Actor,
    /// The receipt of the call that caused it.
    pub receipt_id: ReceiptId,
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
