//! The market's time, which runs ahead of the real one as far as it was moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that can be moved forward and can run faster than the real one.
///
/// Terms and states are read on it. Signatures are stamped with [`real_now`]: the other side
/// compares them with its own clock, which nobody moved.
#[derive(Debug, Clone)]
pub struct Clock {
    started_at: DateTime<Utc>,
    speed: u32,
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Starts at the real time; `speed` market seconds pass in a real one.
    pub fn start(speed: u32) -> Self {
        Self {
            started_at: real_now(),
            speed: speed.max(1),
            offset_ms: Arc::default(),
        }
    }

    /// The market's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.at(real_now())
    }

    /// The market's time at a real instant.
    pub fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        let passed_ms = (real - self.started_at).num_milliseconds();
        let market_ms = passed_ms
            .saturating_mul(i64::from(self.speed))
            .saturating_add(self.offset_ms.load(Ordering::Relaxed));
        TimeDelta::try_milliseconds(market_ms)
            .and_then(|delta| self.started_at.checked_add_signed(delta))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Moves the clock forward; a negative number of seconds moves nothing, because what has
    /// expired and was told cannot be taken back.
    pub fn advance(&self, seconds: i64) {
        let step_ms = seconds.clamp(0, SECONDS_MAX).saturating_mul(1000);
        self.offset_ms.fetch_add(step_ms, Ordering::Relaxed);
    }
}

/// A century: far enough for every term, near enough for every sum.
const SECONDS_MAX: i64 = 100 * 365 * 24 * 60 * 60;

/// The real time: the only place of this crate that reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one reading of the real time in this crate"
)]
pub fn real_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::Clock;

    #[test]
    fn a_fast_and_moved_clock_runs_ahead() {
        let clock = Clock::start(60);
        let real = clock.started_at + TimeDelta::seconds(2);
        assert_eq!(clock.at(real) - clock.started_at, TimeDelta::seconds(120));
        clock.advance(3600);
        assert_eq!(clock.at(real) - clock.started_at, TimeDelta::seconds(3720));
        clock.advance(-1);
        assert_eq!(clock.at(real) - clock.started_at, TimeDelta::seconds(3720));
    }
}
