//! States of streams that grow for as long as their subject lives, remembered from batch to batch.

use std::collections::BTreeMap;

use tenure_domain::tenant::Tenant;
use tenure_domain::usage::Usage;

use super::staging::Staged;
use crate::position::{Position, StreamVersion};
use crate::stream::StreamId;

/// Streams of each kind that are remembered at most.
const STREAMS_MAX: usize = 64;

/// What the remembered states of each kind hold at most, in reports, members and departments: a few
/// hundred bytes each.
const PARTS_MAX: usize = 262_144;

/// How many parts a state holds that grow without bound.
pub(super) trait Parts {
    fn parts(&self) -> usize;
}

impl Parts for Tenant {
    fn parts(&self) -> usize {
        self.members.len() + self.departments.len() + self.clients.len()
    }
}

impl Parts for Usage {
    fn parts(&self) -> usize {
        self.pending.len() + self.settled.len()
    }
}

/// What the streams of enterprises and of usage came to, as far as the one writer wrote them.
///
/// Nothing rests on it: it is forgotten whenever the journal is not where this left it, and
/// whenever a batch was not appended. States of licenses and orders are not among it: their
/// streams are short.
#[derive(Debug, Default)]
pub struct Folds {
    pub(super) tenants: Lately<Tenant>,
    pub(super) usages: Lately<Usage>,
    /// The head of the journal to which the states belong.
    pub(super) head: Position,
}

/// The states that were used lately.
#[derive(Debug)]
pub(super) struct Lately<S> {
    streams: BTreeMap<StreamId, Remembered<S>>,
    /// Counts the batches.
    batch: u64,
}

#[derive(Debug)]
struct Remembered<S> {
    state: S,
    version: StreamVersion,
    /// The last batch that used it.
    batch: u64,
}

impl Folds {
    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.tenants.streams.is_empty() && self.usages.streams.is_empty()
    }
}

impl<S> Lately<S> {
    /// Takes a state, which is forgotten unless it is given back.
    pub(super) fn take(&mut self, stream: &StreamId) -> Option<(S, StreamVersion)> {
        let remembered = self.streams.remove(stream)?;
        Some((remembered.state, remembered.version))
    }
}

impl<S: Parts> Lately<S> {
    /// Keeps states that are on disk by now.
    pub(super) fn keep(&mut self, states: Staged<S>) {
        self.batch += 1;
        for (stream, (state, version)) in states {
            let batch = self.batch;
            let remembered = Remembered {
                state,
                version,
                batch,
            };
            self.streams.insert(stream, remembered);
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        let parts = |it: &Self| -> usize { it.streams.values().map(|it| it.state.parts()).sum() };
        while self.streams.len() > STREAMS_MAX || parts(self) > PARTS_MAX {
            let mut streams = self.streams.iter();
            let Some((mut oldest, mut least)) = streams.next() else {
                return;
            };
            for (stream, remembered) in streams {
                if remembered.batch < least.batch {
                    (oldest, least) = (stream, remembered);
                }
            }
            let oldest = oldest.clone();
            self.streams.remove(&oldest);
        }
    }
}

impl<S> Default for Lately<S> {
    fn default() -> Self {
        Self {
            streams: BTreeMap::new(),
            batch: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use tenure_domain::{LicenseId, MerchantId};

    use super::*;

    fn stream(number: usize) -> StreamId {
        let merchant = MerchantId::parse("acme").unwrap();
        StreamId::usage(&merchant, &LicenseId::parse(&number.to_string()).unwrap())
    }

    /// A state of so many parts.
    #[derive(Debug, PartialEq, Eq)]
    struct Sized(usize);

    impl Parts for Sized {
        fn parts(&self) -> usize {
            self.0
        }
    }

    fn keep(lately: &mut Lately<Sized>, number: usize, parts: usize) {
        let state = (Sized(parts), StreamVersion::new(1));
        lately.keep(Staged::from([(stream(number), state)]));
    }

    #[test]
    fn what_was_used_least_lately_is_forgotten_first() {
        let mut lately = Lately::default();
        for number in 0..STREAMS_MAX {
            keep(&mut lately, number, 1);
        }
        let (state, version) = lately.take(&stream(0)).unwrap();
        assert_eq!((state, version), (Sized(1), StreamVersion::new(1)));
        assert_eq!(lately.take(&stream(0)), None);
        keep(&mut lately, 0, 2);
        keep(&mut lately, STREAMS_MAX, 1);
        assert_eq!(lately.streams.len(), STREAMS_MAX);
        assert_eq!(lately.take(&stream(1)), None);
        assert!(lately.take(&stream(0)).is_some());
    }

    #[test]
    fn large_states_make_room_for_one_another() {
        let mut lately = Lately::default();
        keep(&mut lately, 1, PARTS_MAX - 1);
        keep(&mut lately, 2, 2);
        assert_eq!(lately.take(&stream(1)), None);
        assert!(lately.take(&stream(2)).is_some());
        keep(&mut lately, 3, PARTS_MAX + 1);
        assert_eq!(lately.take(&stream(3)), None);
    }
}
