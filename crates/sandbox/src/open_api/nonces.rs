//! Nonces that came already, as many as there is room for.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// The most nonces that are remembered; the oldest gives way.
const NONCES_MAX: usize = 10_000;

/// The nonces of body signatures.
#[derive(Debug, Default)]
pub(super) struct Nonces(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    known: BTreeSet<String>,
    order: VecDeque<String>,
}

impl Nonces {
    /// Remembers a nonce; `false` if it came before.
    pub(super) fn is_new(&self, nonce: &str) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.known.insert(nonce.to_owned()) {
            return false;
        }
        seen.order.push_back(nonce.to_owned());
        if seen.order.len() > NONCES_MAX
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{NONCES_MAX, Nonces};

    #[test]
    fn a_nonce_comes_once_until_too_many_others_came() {
        let nonces = Nonces::default();
        assert!(nonces.is_new("first"));
        assert!(!nonces.is_new("first"));
        for number in 0..NONCES_MAX {
            assert!(nonces.is_new(&number.to_string()));
        }
        assert!(nonces.is_new("first"));
    }
}
