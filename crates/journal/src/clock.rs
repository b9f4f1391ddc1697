//! Where time comes from.

use std::sync::atomic::{AtomicI64, Ordering};

use tenure_domain::Instant;

/// A source of the present instant.
pub trait Clock: Send + Sync {
    /// The present instant. May step backwards; the journal's transaction time does not.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Instant {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = since.map_or(0, |since| since.as_micros());
        Instant::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Makes a clock that stands at `at`.
    pub fn at(at: Instant) -> Self {
        Self(AtomicI64::new(at.micros()))
    }

    /// Moves the clock, forwards or backwards.
    pub fn set(&self, at: Instant) {
        self.0.store(at.micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}
