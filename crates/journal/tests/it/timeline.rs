//! A license on both time axes at once.

use proptest::prelude::*;
use tenure_domain::{Command, Instant, Intent, Status};
use tenure_journal::as_of::license;
use tenure_journal::timeline::{self, Interval};
use tenure_journal::{AsOf, MemoryLog, Position, ReadLog};
use tenure_testkit::{commands, instants, term_change};

use crate::as_of::learned_late;
use crate::samples::{call, decide, second, seeded, stream, wish};

fn intervals(log: &mut MemoryLog) -> Vec<Interval> {
    let records = log.read_stream(&stream(1), Position::MAX);
    timeline::of(&records.expect("the stream is read"))
}

type Told = (Instant, Option<Instant>, u64, Option<u64>, Status);

fn told(intervals: &[Interval]) -> Vec<Told> {
    let told = intervals.iter().map(|it| {
        let until = it.known_until.map(|step| step.position.number());
        let known = (it.known_from.position.number(), until);
        (it.from, it.until, known.0, known.1, it.holding.status)
    });
    told.collect()
}

/// What is learned late was activated for a term that ends at 1,000 s; it is unfrozen at 50 s, and
/// renewed to 2,000 s at 900 s.
#[test]
fn what_is_learned_late_replaces_what_was_believed_from_then_on() {
    let mut log = learned_late();
    let mut ids = seeded();
    let unfreeze = wish(1, second(50), Intent::Unfreeze);
    decide(&mut log, &mut ids, second(50), &[unfreeze]);
    let renew = wish(1, second(900), Intent::Renew(term_change(2, 2_000)));
    decide(&mut log, &mut ids, second(900), &[renew]);
    let (active, suspended, expired) = (Status::Active, Status::Suspended, Status::Expired);
    let expected = [
        (second(10), None, 1, Some(2), Status::Issued),
        (second(10), None, 2, Some(3), suspended),
        (second(5), Some(second(10)), 3, None, active),
        (second(10), None, 3, Some(4), suspended),
        (second(10), Some(second(50)), 4, None, suspended),
        (second(50), Some(second(1_000)), 4, Some(5), active),
        (second(1_000), None, 4, Some(5), expired),
        (second(50), Some(second(900)), 5, None, active),
        (second(900), Some(second(2_000)), 5, None, active),
        (second(2_000), None, 5, None, expired),
    ];
    assert_eq!(told(&intervals(&mut log)), expected);
}

#[test]
fn the_intervals_of_nothing_are_none() {
    assert_eq!(timeline::of(&[]), []);
}

/// The journal after some commands, in a commit each.
fn decided(commands: Vec<Command>) -> MemoryLog {
    let mut log = MemoryLog::default();
    let mut ids = seeded();
    for (number, command) in (0..).zip(commands) {
        decide(&mut log, &mut ids, second(number), &[call(1, command)]);
    }
    log
}

proptest! {
    /// Each pair of an instant and a position is in one interval, which says what the fold says.
    #[test]
    fn the_timeline_says_what_every_question_says(commands in commands(), others in [instants(), instants()]) {
        let mut log = decided(commands);
        let intervals = intervals(&mut log);
        let mut edges: Vec<Instant> = intervals
            .iter()
            .flat_map(|it| [Some(it.from), it.until])
            .flatten()
            .flat_map(|at| [at, Instant::from_micros(at.micros().saturating_sub(1))])
            .chain(others)
            .collect();
        edges.sort_unstable();
        edges.dedup();
        for number in 0..=log.head().unwrap().position.number() {
            let position = Position::new(number);
            for at in &edges {
                let view = license(&mut log, &stream(1), *at, AsOf::Position(position)).unwrap();
                let found: Vec<_> = intervals
                    .iter()
                    .filter(|it| it.is_asked(Some(*at), Some(position)))
                    .collect();
                let Some(living) = view.license.living() else {
                    prop_assert!(found.is_empty(), "at {at} as of {position}: {found:?}");
                    continue;
                };
                prop_assert_eq!(found.len(), 1, "at {} as of {}: {:?}", at, position, &found);
                let holding = &found[0].holding;
                prop_assert_eq!(Some(holding.status), view.license.status_at(*at));
                prop_assert_eq!(&holding.product, &living.product);
                prop_assert_eq!(holding.quantity, living.quantity);
                prop_assert_eq!(holding.expires_at, living.term.expires_at);
            }
        }
    }

    /// What holds on as it was is one interval, and what was believed on is one.
    #[test]
    fn neighbours_differ(commands in commands()) {
        let mut log = decided(commands);
        let intervals = intervals(&mut log);
        for one in &intervals {
            for other in &intervals {
                let in_time = one.until == Some(other.from) && one.known_from == other.known_from
                    && one.known_until == other.known_until;
                let in_belief = one.known_until == Some(other.known_from)
                    && one.from == other.from && one.until == other.until;
                prop_assert!(!(in_time || in_belief) || one.holding != other.holding);
            }
            prop_assert!(one.until.is_none_or(|until| one.from < until));
            prop_assert!(one.known_until.is_none_or(|it| one.known_from.position < it.position));
        }
    }
}
