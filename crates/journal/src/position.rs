//! Places in the journal and in a stream.

use std::fmt;

use crate::event::Event;

/// A record's place in the whole journal: gapless, from 1, in commit order. The only global order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

impl Position {
    /// Before the first record.
    pub const START: Self = Self(0);
    /// The greatest that a database can hold (63 bits).
    pub const MAX: Self = Self(i64::MAX as u64);

    /// Makes a position from a number; larger ones than a database can hold are capped.
    pub fn new(number: u64) -> Self {
        Self(number.min(Self::MAX.0))
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::new(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of records in a stream; 0 is none. The version of a record is its number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamVersion(u32);

impl StreamVersion {
    /// A stream without records.
    pub const NONE: Self = Self(0);

    /// Makes a version from a number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Of a stream that holds these events.
    pub fn after(events: &[Event]) -> Self {
        Self(u32::try_from(events.len()).unwrap_or(u32::MAX))
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for StreamVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
