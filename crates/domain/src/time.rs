//! Instants, as arguments: nothing in this crate reads a clock.

use std::fmt;

/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
///
/// An integer rather than a calendar type, so that order, storage and equality are the same
/// thing everywhere. Calendar forms belong to the edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The start of the Unix epoch.
    pub const EPOCH: Self = Self(0);
    /// Later than any instant that means something.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes an instant from microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Makes an instant from whole seconds since the Unix epoch; saturates at the ends.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded towards the past.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The instant `seconds` later; saturates.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Microseconds from `earlier` to this instant; negative if it is the other way round.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}µs", self.0)
    }
}
