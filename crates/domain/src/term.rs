//! The period for which a license is granted.

use crate::time::Instant;

/// A half-open period `[starts_at, expires_at)` and the grace after it.
///
/// The expiry is absolute and comes from the marketplace; it may move backwards when a renewal is
/// cancelled, so periods are never added up and the later of two expiries is never preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Term {
    /// When the license came into force: provisioned or activated. Unknown before that.
    pub starts_at: Option<Instant>,
    /// When it ends. `None` for what never ends and for what we were not told.
    pub expires_at: Option<Instant>,
    /// How long after the end the license still serves, in seconds. Decided by the listing's
    /// configuration when the expiry was recorded, so that a later change of configuration does
    /// not rewrite history.
    pub grace_seconds: u32,
}

/// Where an instant lies relative to a term's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the end, or the term has none.
    Within,
    /// At or after the end, and inside the grace period.
    Grace,
    /// At or after the end of the grace period.
    Over,
}

impl Term {
    /// Says where `at` lies relative to the end of the term.
    pub fn place(&self, at: Instant) -> Place {
        match self.expires_at {
            None => Place::Within,
            Some(end) if at < end => Place::Within,
            Some(end) if at < end.plus_seconds(i64::from(self.grace_seconds)) => Place::Grace,
            Some(_) => Place::Over,
        }
    }

    /// Whether the term's end has come at `at`, grace or not.
    pub fn has_ended(&self, at: Instant) -> bool {
        self.place(at) != Place::Within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_ends_at_its_expiry_and_not_after_it() {
        let term = Term {
            starts_at: None,
            expires_at: Some(Instant::from_seconds(100)),
            grace_seconds: 10,
        };
        let place = |micros| term.place(Instant::from_micros(micros));
        assert_eq!(place(99_999_999), Place::Within);
        assert_eq!(place(100_000_000), Place::Grace);
        assert_eq!(place(109_999_999), Place::Grace);
        assert_eq!(place(110_000_000), Place::Over);
    }

    #[test]
    fn a_term_without_end_never_ends() {
        assert_eq!(Term::default().place(Instant::MAX), Place::Within);
    }
}
