//! A whole license as a few bytes, and back, with the places of its changes in the journal.
//!
//! The form belongs to this crate and lives no longer than a read model does: whoever changes it
//! raises [`crate::licenses::VERSION`], and every file is folded anew. Numbers are LEB128, signed
//! ones in zigzag; texts carry their length; what may be missing is preceded by a zero or a one.
//! It is written by hand because the fold reads and writes one state for every event.

use tenure_domain::license::Change;
use tenure_domain::{License, OrderDetails};
use tenure_journal::Position;

use bytes::{Bytes, put_number};
use license::put_living;

mod bytes;
mod license;

/// A license, and where in the journal its changes are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State<'a> {
    pub(crate) license: License,
    places: Places<'a>,
}

/// The positions of a license's changes, in their order, as they are written: the fold only adds
/// to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Places<'a>(&'a [u8]);

impl Places<'_> {
    fn each(self) -> impl Iterator<Item = Position> {
        let mut bytes = Bytes(self.0);
        std::iter::from_fn(move || bytes.number().map(Position::new))
    }
}

impl<'a> State<'a> {
    /// Reads what [`Self::write_next`] wrote; `None` if the bytes are anything else. No bytes are
    /// a license that never existed.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        if bytes.0.is_empty() {
            return Some(Self::default());
        }
        let license = match bytes.byte()? {
            1 => License::Living(bytes.living()?),
            2 => License::Released(bytes.living()?),
            _ => return None,
        };
        let places = Places(bytes.0);
        for _ in 0..changes(&license).len() {
            bytes.number()?;
        }
        bytes.0.is_empty().then_some(Self { license, places })
    }

    /// Writes the state after an event at `position` at the end of `out`.
    pub(crate) fn write_next(
        self,
        event: &tenure_domain::Event,
        position: Position,
        out: &mut Vec<u8>,
    ) {
        let known = changes(&self.license).len();
        let license = self.license.evolve(event);
        match &license {
            License::Absent => return,
            License::Living(living) => {
                out.push(1);
                put_living(out, living);
            },
            License::Released(living) => {
                out.push(2);
                put_living(out, living);
            },
        }
        out.extend_from_slice(self.places.0);
        // An event makes one change at most, and that is the last.
        if changes(&license).len() > known {
            put_number(out, position.number());
        }
    }

    /// The changes, oldest first, each with its place and what is known of its order.
    pub(crate) fn changes(
        &self,
    ) -> impl Iterator<Item = (&Change, Position, Option<&OrderDetails>)> {
        let living = self.license.living().into_iter();
        let changes = living.flat_map(|living| {
            let changes = living.changes.iter();
            changes.map(|change| (change, living.details_of(change)))
        });
        let placed = changes.zip(self.places.each());
        placed.map(|((change, details), position)| (change, position, details))
    }

    /// The place of the oldest change whose order is not known.
    pub(crate) fn oldest_pending(&self) -> Option<Position> {
        let mut pending = self.changes().filter(|(_, _, details)| details.is_none());
        pending.next().map(|(_, position, _)| position)
    }
}

fn changes(license: &License) -> &[Change] {
    license.living().map_or(&[], |living| &living.changes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenure_domain::Event;
    use tenure_testkit::{events, history};

    use super::*;

    /// The states after each event; the events lie at every tenth position from 1,000,000 on.
    fn written(history: &[Event]) -> Vec<Vec<u8>> {
        let mut states = vec![Vec::new()];
        for (event, position) in history.iter().zip((1_000_000..).step_by(10)) {
            let mut next = Vec::new();
            let state = State::read(states.last().unwrap()).unwrap();
            state.write_next(event, Position::new(position), &mut next);
            states.push(next);
        }
        states
    }

    fn license(bytes: &[u8]) -> Option<License> {
        State::read(bytes).map(|state| state.license)
    }

    proptest! {
        #[test]
        fn every_state_of_a_history_survives_the_round_trip(history in history()) {
            for (count, state) in written(&history).iter().enumerate() {
                prop_assert_eq!(license(state), Some(License::replay(&history[..count])));
            }
        }

        #[test]
        fn so_does_what_no_history_holds(events in prop::collection::vec(events(), 0..8)) {
            let states = written(&events);
            prop_assert_eq!(license(&states[events.len()]), Some(License::replay(&events)));
        }

        #[test]
        fn every_change_has_the_place_of_its_event(history in history()) {
            let states = written(&history);
            let count = |state: &Vec<u8>| changes(&license(state).unwrap()).len();
            let mut expected = Vec::new();
            for (index, pair) in states.windows(2).enumerate() {
                if count(&pair[1]) > count(&pair[0]) {
                    expected.push(Position::new(1_000_000 + 10 * index as u64));
                }
            }
            let state = State::read(&states[history.len()]).unwrap();
            let found: Vec<_> = state.changes().map(|(_, position, _)| position).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(found.len(), changes(&state.license).len());
        }

        #[test]
        fn a_state_cut_short_or_lengthened_is_none(history in history(), cut in any::<prop::sample::Index>()) {
            let mut whole = written(&history).pop().unwrap();
            prop_assume!(!whole.is_empty());
            let end = cut.index(whole.len()).max(1);
            prop_assert_eq!(State::read(&whole[..end]), None);
            whole.push(0);
            prop_assert_eq!(State::read(&whole), None);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(license(&bytes) != Some(License::Absent) || bytes.is_empty());
        }
    }
}
