//! What is known under a secret name, as much as there is room for; the oldest gives way.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest as _, Sha256};

type Digest = [u8; 32];

/// Things by their secret names.
///
/// The names are kept as digests, so that how long a search takes says nothing about them.
#[derive(Debug)]
pub(super) struct Kept<T> {
    things: BTreeMap<Digest, T>,
    order: VecDeque<Digest>,
    max: usize,
}

impl<T> Kept<T> {
    /// Room for `max` of them.
    pub(super) fn new(max: usize) -> Self {
        Self {
            things: BTreeMap::new(),
            order: VecDeque::new(),
            max,
        }
    }

    /// Keeps one under a new name.
    pub(super) fn keep(&mut self, name: &str, thing: T) {
        let digest = digest(name);
        if self.things.insert(digest, thing).is_none() {
            self.order.push_back(digest);
        }
        while self.things.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.things.remove(&oldest);
        }
    }

    /// The one under a name.
    pub(super) fn find(&self, name: &str) -> Option<&T> {
        self.things.get(&digest(name))
    }

    /// The one under a name, which is forgotten.
    pub(super) fn take(&mut self, name: &str) -> Option<T> {
        let digest = digest(name);
        let taken = self.things.remove(&digest)?;
        self.order.retain(|present| *present != digest);
        Some(taken)
    }
}

fn digest(name: &str) -> Digest {
    Sha256::digest(name.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn what_is_taken_is_gone_and_the_oldest_gives_way() {
        let mut kept = Kept::new(2);
        kept.keep("a", 1);
        kept.keep("b", 2);
        assert_eq!(kept.take("a"), Some(1));
        assert_eq!(kept.take("a"), None);
        kept.keep("c", 3);
        kept.keep("d", 4);
        assert_eq!(
            (kept.find("b"), kept.find("c"), kept.find("d")),
            (None, Some(&3), Some(&4))
        );
        assert_eq!(kept.order.len(), 2);
    }
}
