//! A bounded memory of the nonces that were used.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use tenure_domain::Instant;

/// How long a nonce is kept at least: both halves of the time window.
const KEPT_SECONDS_MIN: i64 = 2 * super::FRESHNESS_SECONDS_MAX;

/// The nonces used lately, of all listings.
///
/// Nonces live in two generations; a generation is dropped whole once every nonce in it is older
/// than 120 s, which makes remembering cheap and the memory bounded. None is dropped before its
/// time: when the memory is full, it says so, and the caller must turn the call away.
///
/// A clock that steps back drops nothing: the calls of the time ahead become fresh again when the
/// clock comes there a second time, so their nonces are kept until it has passed them.
#[derive(Debug)]
pub struct NonceMemory {
    capacity: usize,
    present: BTreeSet<Fingerprint>,
    previous: BTreeSet<Fingerprint>,
    /// When the present generation began.
    since: Option<Instant>,
}

/// Enough of a SHA-256 that two nonces never share one by accident.
type Fingerprint = [u8; 16];

/// Why a nonce was not taken into the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NonceRefused {
    /// It was used before: the call is a replay.
    #[error("nonce was seen before")]
    Seen,
    /// There is no room, and every nonce in the memory may still be replayed.
    #[error("memory of nonces is full")]
    Full,
}

impl NonceMemory {
    /// Makes an empty memory for at most `capacity` nonces.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            present: BTreeSet::new(),
            previous: BTreeSet::new(),
            since: None,
        }
    }

    /// Takes note of a nonce at the arrival of its call. A nonce that two listings use is two
    /// nonces.
    pub fn remember(
        &mut self,
        listing: &str,
        nonce: &str,
        now: Instant,
    ) -> Result<(), NonceRefused> {
        self.age(now);
        if self.contains(listing, nonce) {
            return Err(NonceRefused::Seen);
        }
        if self.len() >= self.capacity {
            return Err(NonceRefused::Full);
        }
        self.present.insert(fingerprint(listing, nonce));
        Ok(())
    }

    /// Whether a nonce is held.
    pub fn contains(&self, listing: &str, nonce: &str) -> bool {
        let fingerprint = fingerprint(listing, nonce);
        self.present.contains(&fingerprint) || self.previous.contains(&fingerprint)
    }

    /// Takes a nonce out again: its call could not be stored, and may come once more.
    pub fn forget(&mut self, listing: &str, nonce: &str) {
        let fingerprint = fingerprint(listing, nonce);
        self.present.remove(&fingerprint);
        self.previous.remove(&fingerprint);
    }

    /// How many nonces are held.
    pub fn len(&self) -> usize {
        self.present.len().saturating_add(self.previous.len())
    }

    /// Whether no nonce is held.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty() && self.previous.is_empty()
    }

    fn age(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        if now <= since.plus_seconds(KEPT_SECONDS_MIN) {
            return;
        }
        // A pause of two generations outlasts the nonces of both.
        let present = std::mem::take(&mut self.present);
        let outlasted = now > since.plus_seconds(KEPT_SECONDS_MIN.saturating_mul(2));
        self.previous = if outlasted { BTreeSet::new() } else { present };
        self.since = Some(now);
    }
}

fn fingerprint(listing: &str, nonce: &str) -> Fingerprint {
    let digest = Sha256::new()
        .chain_update(listing.len().to_be_bytes())
        .chain_update(listing)
        .chain_update(nonce)
        .finalize();
    let mut fingerprint = Fingerprint::default();
    for (to, from) in fingerprint.iter_mut().zip(digest) {
        *to = from;
    }
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    #[test]
    fn a_nonce_is_taken_once_a_listing() {
        let mut memory = NonceMemory::new(10);
        assert_eq!(memory.remember("a", "n", second(0)), Ok(()));
        assert_eq!(
            memory.remember("a", "n", second(1)),
            Err(NonceRefused::Seen)
        );
        assert_eq!(memory.remember("b", "n", second(1)), Ok(()));
        assert_eq!(memory.remember("", "an", second(1)), Ok(()));
        assert_eq!(memory.len(), 3);
    }

    #[test]
    fn a_nonce_is_kept_for_120_seconds_whenever_it_came_and_dropped_some_time_later() {
        for age in [0, 1, 60, 119, 120] {
            for came in [0, 1, 119, 120, 121, 240] {
                let mut memory = NonceMemory::new(10);
                memory.remember("a", "first", second(0)).unwrap();
                memory.remember("a", "n", second(came)).unwrap();
                let later = second(came.saturating_add(age));
                assert_eq!(
                    memory.remember("a", "n", later),
                    Err(NonceRefused::Seen),
                    "came {came}, age {age}"
                );
            }
        }
        let mut memory = NonceMemory::new(10);
        memory.remember("a", "n", second(0)).unwrap();
        memory.remember("a", "m", second(121)).unwrap();
        assert_eq!(memory.len(), 2);
        memory.remember("a", "o", second(242)).unwrap();
        assert_eq!(memory.len(), 2);
        assert_eq!(memory.remember("a", "n", second(242)), Ok(()));
    }

    #[test]
    fn a_long_pause_empties_the_memory() {
        let mut memory = NonceMemory::new(1);
        memory.remember("a", "n", second(0)).unwrap();
        assert_eq!(memory.remember("a", "n", second(241)), Ok(()));
        assert_eq!(memory.len(), 1);
    }

    #[test]
    fn a_full_memory_evicts_nothing_and_still_knows_what_it_saw() {
        let mut memory = NonceMemory::new(2);
        memory.remember("a", "1", second(0)).unwrap();
        memory.remember("a", "2", second(0)).unwrap();
        assert_eq!(
            memory.remember("a", "3", second(1)),
            Err(NonceRefused::Full)
        );
        assert_eq!(
            memory.remember("a", "1", second(1)),
            Err(NonceRefused::Seen)
        );
        assert_eq!(
            memory.remember("a", "3", second(121)),
            Err(NonceRefused::Full)
        );
        assert_eq!(memory.remember("a", "3", second(242)), Ok(()));
    }

    #[test]
    fn a_forgotten_nonce_may_come_again() {
        let mut memory = NonceMemory::new(1);
        memory.remember("a", "n", second(0)).unwrap();
        memory.forget("a", "n");
        assert!(memory.is_empty());
        assert_eq!(memory.remember("a", "n", second(0)), Ok(()));
        // Also after its generation has aged.
        memory.forget("a", "other");
        assert_eq!(
            memory.remember("a", "m", second(121)),
            Err(NonceRefused::Full)
        );
        memory.forget("a", "n");
        assert_eq!(memory.remember("a", "n", second(121)), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_forgets_nothing() {
        let mut memory = NonceMemory::new(10);
        memory.remember("a", "n", second(10_000)).unwrap();
        memory.remember("a", "m", second(5_000)).unwrap();
        for now in [5_000, 9_999, 10_060, 10_120] {
            assert_eq!(
                memory.remember("a", "n", second(now)),
                Err(NonceRefused::Seen)
            );
            assert_eq!(
                memory.remember("a", "m", second(now)),
                Err(NonceRefused::Seen)
            );
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let mut memory = NonceMemory::new(10);
        memory.remember("a", "n", Instant::MAX).unwrap();
        memory
            .remember("a", "m", Instant::from_micros(i64::MIN))
            .unwrap();
        assert_eq!(
            memory.remember("a", "n", Instant::MAX),
            Err(NonceRefused::Seen)
        );
    }
}
