//! Every call that came in, byte for byte, and what became of it.

use std::fmt;

use tenure_domain::{Instant, SealKey};
use uuid::Uuid;

/// The name of a receipt: a UUIDv7, ascending in commit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptId(Uuid);

impl ReceiptId {
    /// Makes an id from a UUID.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Parses the usual text form.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A call as bytes, kept whether or not it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its name.
    pub id: ReceiptId,
    /// The production address that was called, as the caller wrote it.
    pub listing: Box<str>,
    /// When its bytes were taken in.
    pub arrived_at: Instant,
    /// The HTTP method; `OPEN-API` for a call that we made and the marketplace answered.
    pub method: Box<str>,
    /// The query string as received.
    pub parameters: Box<str>,
    /// The body as received. Of a call that nobody authenticated, at most
    /// [`crate::transact::STRANGER_BYTES_MAX`] are kept.
    pub body: Box<[u8]>,
    /// The key of the vault, if the body is about people: then it is kept as
    /// [`vault`](crate::vault) sealed it.
    pub sealed_with: Option<SealKey>,
    /// The interface that was called, as far as it could be told.
    pub activity: Option<Box<str>>,
    /// Whether a key of ours vouches for the call. The others are kept in bounded number.
    pub authentic: bool,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, if it was not applied: a stable code.
    pub reason: Option<Box<str>>,
    /// The body of our answer.
    pub answer: Box<[u8]>,
}

/// What became of a call. Every receipt has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It caused records.
    Applied,
    /// It asked for what was so already.
    AlreadyApplied,
    /// A question: answered, and nothing to apply.
    Answered,
    /// Understood, and a rule of the domain said no.
    Refused,
    /// Not authentic, not fresh, or not readable.
    Rejected,
    /// It waits for a person.
    Quarantined,
    /// A test call: answered, and kept away from everything real.
    Probe,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 7] = [
        Self::Applied,
        Self::AlreadyApplied,
        Self::Answered,
        Self::Refused,
        Self::Rejected,
        Self::Quarantined,
        Self::Probe,
    ];

    /// The name under which it is stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::AlreadyApplied => "already_applied",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Quarantined => "quarantined",
            Self::Probe => "probe",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}
