//! Ids for records and receipts: UUIDv7, strictly ascending.

use tenure_domain::Instant;
use uuid::Uuid;

/// Makes ids that ascend strictly, whatever the clock does: within one millisecond, and when the
/// clock steps back, the id after the last one is taken.
#[derive(Debug)]
pub struct RecordIds {
    entropy: Entropy,
    /// Random bytes that no id has yet: the system is asked for many at once, since a question
    /// costs as much as some hundred of them.
    fresh: Vec<[u8; RANDOM_BYTES]>,
    last: Uuid,
}

/// What is random in an id, in bytes.
const RANDOM_BYTES: usize = 10;
/// For how many ids random bytes are fetched.
const FETCHED_AT_ONCE: usize = 100;

/// Where the random part of an id comes from.
#[derive(Debug)]
pub enum Entropy {
    /// The operating system.
    System,
    /// A generator that starts from a seed: the same seed, the same ids.
    Seeded(u64),
}

impl RecordIds {
    /// Makes a source whose ids all lie above `last`.
    pub fn new(entropy: Entropy, last: Option<Uuid>) -> Self {
        Self {
            entropy,
            fresh: Vec::new(),
            last: last.unwrap_or(Uuid::nil()),
        }
    }

    /// Raises the floor: ids from here on lie above `seen` too.
    pub fn skip_to(&mut self, seen: Uuid) {
        self.last = self.last.max(seen);
    }

    /// The next id.
    pub fn next(&mut self, at: Instant) -> Uuid {
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        let random = self.fresh.pop().unwrap_or_else(|| {
            self.fresh = self.entropy.fetch();
            self.fresh.pop().unwrap_or_default()
        });
        let mut id = uuid::Builder::from_unix_timestamp_millis(millis, &random);
        if id.as_uuid() <= &self.last {
            id = uuid::Builder::from_bytes(successor(self.last).into_bytes());
        }
        self.last = id.into_uuid();
        self.last
    }
}

/// The next UUIDv7: counts up the 62 random bits below the variant, then the 12 above it.
fn successor(id: Uuid) -> Uuid {
    const LOW: u128 = (1 << 62) - 1;
    let number = id.as_u128();
    if number & LOW != LOW {
        return Uuid::from_u128(number + 1);
    }
    // The 12 bits above the variant sit at 64..76, the version above them, the time at 80.
    let above = (number >> 64) & 0xfff;
    let cleared = number & !LOW;
    if above == 0xfff {
        Uuid::from_u128((cleared & !(0xfff << 64)) + (1 << 80))
    } else {
        Uuid::from_u128(cleared + (1 << 64))
    }
}

impl Entropy {
    fn fetch(&mut self) -> Vec<[u8; RANDOM_BYTES]> {
        let mut fetched = vec![[0; RANDOM_BYTES]; FETCHED_AT_ONCE];
        match self {
            Self::System => {
                // Without entropy the ids still ascend and are still unique in this journal.
                if getrandom::fill(fetched.as_flattened_mut()).is_err() {
                    tracing::warn!("the operating system gave no random bytes for record ids");
                }
            },
            Self::Seeded(state) => {
                for chunk in fetched.as_flattened_mut().chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(state).to_le_bytes()[..chunk.len()]);
                }
            },
        }
        fetched
    }
}

/// Steele, Lea and Flood's splitmix64: small, and good enough for what only has to differ.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_within_a_millisecond_and_when_the_clock_steps_back() {
        let mut ids = RecordIds::new(Entropy::Seeded(7), None);
        let mut last = Uuid::nil();
        for second in [5_i64, 5, 5, 3, 9, 0, 9] {
            for _ in 0..100 {
                let id = ids.next(Instant::from_seconds(second));
                assert!(id > last);
                assert_eq!(id.get_version_num(), 7);
                assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
                last = id;
            }
        }
    }

    #[test]
    fn the_successor_keeps_version_and_variant_when_it_carries() {
        for text in [
            "01900000-0000-7000-bfff-ffffffffffff",
            "01900000-0000-7fff-bfff-ffffffffffff",
        ] {
            let id = Uuid::parse_str(text).unwrap();
            let next = successor(id);
            assert!(next > id, "{next}");
            assert_eq!(next.get_version_num(), 7);
            assert_eq!(next.get_variant(), uuid::Variant::RFC4122);
        }
    }

    #[test]
    fn a_seed_names_its_ids() {
        let ids = |seed| RecordIds::new(Entropy::Seeded(seed), None).next(Instant::EPOCH);
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
    }
}
