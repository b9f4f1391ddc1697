//! A whole license as a few bytes, and back, with the places of its changes and of its files in the
//! journal.
//!
//! The form belongs to this crate and lives no longer than a read model does: whoever changes it
//! raises [`crate::licenses::VERSION`], and every file is folded anew. Numbers are LEB128, signed
//! ones in zigzag; texts carry their length; what may be missing is preceded by a zero or a one.
//! It is written by hand because the fold reads and writes one state for every event.

use tenure_domain::file::{File, FileKey, FileProgress};
use tenure_domain::license::{Change, ChangeKind};
use tenure_domain::{Event, License, OrderDetails, Phase};
use tenure_journal::Position;

use bytes::{Bytes, put_number};
use license::put_living;

mod bytes;
mod license;

/// A license, and where in the journal its changes are, and the last word on each of its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State<'a> {
    pub(crate) license: License,
    places: Places<'a>,
    file_places: Places<'a>,
}

/// Positions, as they are written: the fold seldom does more than add to them.
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
        let places = bytes.places(changes(&license).len())?;
        let file_places = bytes.places(files(&license).len())?;
        bytes.0.is_empty().then_some(Self {
            license,
            places,
            file_places,
        })
    }

    /// Writes the state after an event at `position` at the end of `out`.
    pub(crate) fn write_next(self, event: &Event, position: Position, out: &mut Vec<u8>) {
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
        self.file_places
            .put_next(files(&license), event, position, out);
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

    /// The place of the purchase, while the merchant's application is not ready for it.
    pub(crate) fn provisioning(&self) -> Option<Position> {
        match &self.license {
            License::Living(living) if living.phase == Phase::Provisioning => {
                let mut changes = self.changes();
                let purchase = changes.find(|(it, _, _)| it.kind == ChangeKind::Purchase)?;
                Some(purchase.1)
            },
            License::Absent | License::Living(_) | License::Released(_) => None,
        }
    }

    /// The license files, each with the place of the last word on it.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&File, Position)> {
        files(&self.license).iter().zip(self.file_places.each())
    }

    /// The license files of which something is left to do. Nothing is made any more for a license
    /// that was released, but what was made is delivered.
    pub(crate) fn open_files(&self) -> impl Iterator<Item = (&File, Position)> {
        let is_released = matches!(self.license, License::Released(_));
        self.files().filter(move |(file, _)| match file.progress {
            FileProgress::Requested => !is_released,
            FileProgress::Made(_) => true,
            FileProgress::Delivered(_) | FileProgress::Denied(_) => false,
        })
    }

    /// The place of the file that has waited longest.
    pub(crate) fn oldest_open_file(&self) -> Option<Position> {
        self.open_files().map(|(_, position)| position).min()
    }
}

impl Places<'_> {
    /// Writes the places of the files after an event. No more than one file is new, and that is
    /// the last.
    fn put_next(self, files: &[File], event: &Event, position: Position, out: &mut Vec<u8>) {
        let Some(key) = told_of(event) else {
            return out.extend_from_slice(self.0);
        };
        let mut known = self.each();
        for file in files {
            let place = known.next().unwrap_or(position);
            let is_told_of = file.request.key() == key;
            put_number(out, if is_told_of { position } else { place }.number());
        }
    }
}

impl<'a> Bytes<'a> {
    fn places(&mut self, count: usize) -> Option<Places<'a>> {
        let whole = self.0;
        for _ in 0..count {
            self.number()?;
        }
        let length = whole.len() - self.0.len();
        Some(Places(&whole[..length]))
    }
}

fn changes(license: &License) -> &[Change] {
    license.living().map_or(&[], |living| &living.changes)
}

fn files(license: &License) -> &[File] {
    license.living().map_or(&[], |living| &living.files)
}

/// The file that an event tells of.
fn told_of(event: &Event) -> Option<FileKey> {
    match event {
        Event::FileRequested(request) => Some(request.key()),
        Event::FileMade { key, .. }
        | Event::FileDelivered { key }
        | Event::FileDenied { key, .. } => Some(key.clone()),
        Event::Purchased { .. }
        | Event::Issued { .. }
        | Event::Provisioned { .. }
        | Event::AccessTold { .. }
        | Event::Activated(_)
        | Event::Renewed(_)
        | Event::RenewalCancelled(_)
        | Event::ConvertedToPaid(_)
        | Event::Upgraded { .. }
        | Event::Expired
        | Event::Suspended
        | Event::Reinstated
        | Event::Released { .. }
        | Event::OrderKnown(_)
        | Event::CodeChecked(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenure_domain::file::FileContent;
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

    /// What a state is to tell of a license: all but the bytes of what is sealed.
    fn told(mut license: License) -> License {
        let (License::Living(living) | License::Released(living)) = &mut license else {
            return license;
        };
        let contents = living
            .files
            .iter_mut()
            .filter_map(|file| match &mut file.progress {
                FileProgress::Requested => None,
                FileProgress::Made(content)
                | FileProgress::Delivered(content)
                | FileProgress::Denied(content) => Some(content),
            });
        for content in contents {
            match content {
                FileContent::Characters(sealed) | FileContent::File { bytes: sealed, .. } => {
                    sealed.bytes = Box::default();
                },
            }
        }
        let fingerprints = living
            .files
            .iter_mut()
            .map(|it| &mut it.request.fingerprint);
        for sealed in fingerprints.chain([&mut living.access]).flatten() {
            sealed.bytes = Box::default();
        }
        license
    }

    proptest! {
        #[test]
        fn every_state_of_a_history_survives_the_round_trip(history in history()) {
            for (count, state) in written(&history).iter().enumerate() {
                prop_assert_eq!(license(state), Some(told(License::replay(&history[..count]))));
            }
        }

        #[test]
        fn so_does_what_no_history_holds(events in prop::collection::vec(events(), 0..8)) {
            let states = written(&events);
            prop_assert_eq!(license(&states[events.len()]), Some(told(License::replay(&events))));
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
        fn every_file_has_the_place_of_the_last_word_on_it(history in history()) {
            let states = written(&history);
            let state = State::read(&states[history.len()]).unwrap();
            let found: Vec<_> = state.files().map(|(_, position)| position).collect();
            let last = |file: &File| {
                let told = history.iter().rposition(|it| told_of(it) == Some(file.request.key()));
                Position::new(1_000_000 + 10 * told.unwrap() as u64)
            };
            let expected: Vec<_> = files(&state.license).iter().map(last).collect();
            prop_assert_eq!(found, expected);
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
