//! What held at an instant, as of what the journal knew at another.

use proptest::collection::vec;
use proptest::prelude::*;
use tenure_domain::{Activation, Hold, Instant, Intent, License};
use tenure_journal::as_of::{self, Bearing, Explanation, Question, View, license, resolve};
use tenure_journal::timeline::Holding;
use tenure_journal::{AsOf, MemoryLog, Position, ReadLog, ReceiptId, StreamVersion};
use tenure_testkit::{activation, commands, customer, details, instants, term_change};

use crate::samples::{
    activate, append, call, decide, draft, records, second, seeded, stream, wish,
};

/// A code that is frozen at 10 s, told at 20 s; at 40 s the journal learns that it had been
/// activated at 5 s.
pub(crate) fn learned_late() -> MemoryLog {
    let mut log = MemoryLog::default();
    let mut ids = seeded();
    let freeze = wish(1, second(10), Intent::Freeze);
    decide(&mut log, &mut ids, second(20), &[freeze]);
    let activation = Activation {
        activated_at: second(5),
        ..activation(1, 1_000)
    };
    let activate = wish(1, second(30), Intent::Activate(activation));
    decide(&mut log, &mut ids, second(40), &[activate]);
    log
}

fn ask(log: &mut MemoryLog, at: Instant, as_of: AsOf) -> View {
    license(log, &stream(1), at, as_of).expect("the log is read")
}

fn explain(
    log: &mut MemoryLog,
    at: Instant,
    as_of: AsOf,
    without: Option<ReceiptId>,
) -> Explanation {
    let question = Question {
        at,
        as_of,
        without,
        read_at: at,
    };
    as_of::explain(log, &stream(1), question).expect("the log is read")
}

fn names(view: &View) -> Vec<&'static str> {
    view.records
        .iter()
        .map(|record| record.event.name())
        .collect()
}

#[test]
fn a_record_counts_from_the_instant_at_which_it_takes_effect() {
    let mut log = learned_late();
    let all: &[&str] = &["issued", "suspended", "activated"];
    let cases: [(Instant, &[&str]); 5] = [
        (Instant::from_micros(4_999_999), &[]),
        (second(5), &["issued", "activated"]),
        (Instant::from_micros(9_999_999), &["issued", "activated"]),
        (second(10), all),
        (Instant::MAX, all),
    ];
    for (at, expected) in cases {
        let view = ask(&mut log, at, AsOf::Head);
        assert_eq!(names(&view), expected, "at {at}");
        assert_eq!(view.version, StreamVersion::new(3));
        assert_eq!(view.as_of, Position::new(3));
        assert_eq!(view.as_of_recorded_at, Some(second(40)));
    }
}

#[test]
fn an_activation_learned_late_counts_with_the_record_that_opened_the_stream() {
    let mut log = learned_late();
    let before_the_freeze = ask(&mut log, second(6), AsOf::Head).license;
    let living = before_the_freeze.living().unwrap();
    assert_eq!(living.term.starts_at, Some(second(5)));
    assert_eq!(living.hold, None);
    let after = ask(&mut log, second(10), AsOf::Head).license;
    assert_eq!(after.living().unwrap().hold, Some(Hold::Suspended));
    let as_believed = ask(&mut log, second(6), AsOf::Position(Position::new(2)));
    assert_eq!(as_believed.license, License::Absent);
}

/// Who bought is known from the answer on, in both directions of time.
#[test]
fn what_an_order_is_counts_from_the_arrival_of_the_answer() {
    let mut log = learned_late();
    let learn = Intent::LearnOrder(Box::new(details(1)));
    let told = wish(1, second(50), learn);
    decide(&mut log, &mut seeded(), second(60), &[told]);
    let buyer = |view: View| view.license.living().and_then(|it| it.customer.clone());
    for (at, as_of, expected) in [
        (second(49), AsOf::Head, None),
        (second(50), AsOf::RecordedAt(second(59)), None),
        (second(50), AsOf::Head, Some(customer(1))),
    ] {
        let view = ask(&mut log, at, as_of);
        assert_eq!(buyer(view), expected, "at {at}, as of {as_of:?}");
    }
}

/// The clock was set back between the change and the answer.
#[test]
fn what_an_order_is_tells_nothing_before_the_order_changed_the_license() {
    let mut log = learned_late();
    let renew = wish(1, second(60), Intent::Renew(term_change(2, 2_000)));
    let learn = wish(1, second(55), Intent::LearnOrder(Box::new(details(2))));
    decide(&mut log, &mut seeded(), second(60), &[renew, learn]);
    let view = ask(&mut log, second(57), AsOf::Head);
    assert_eq!(
        names(&view),
        ["issued", "suspended", "activated", "order_known"]
    );
    let before = ask(&mut log, second(54), AsOf::Head);
    assert_eq!(view.license, before.license);
    let after = ask(&mut log, second(60), AsOf::Head).license;
    let living = after.living().expect("it was seen");
    assert_eq!(living.customer, Some(customer(1)));
}

#[test]
fn a_record_counts_from_the_instant_at_which_it_was_recorded() {
    let mut log = learned_late();
    let cases = [
        (Instant::from_micros(i64::MIN), 0),
        (Instant::from_micros(19_999_999), 0),
        (second(20), 2),
        (Instant::from_micros(39_999_999), 2),
        (second(40), 3),
        (Instant::MAX, 3),
    ];
    for (recorded_at, known) in cases {
        let view = ask(&mut log, Instant::MAX, AsOf::RecordedAt(recorded_at));
        assert_eq!(view.records.len() as u64, known, "as of {recorded_at}");
        assert_eq!(view.as_of, Position::new(known));
        assert_eq!(u64::from(view.version.number()), known);
    }
}

#[test]
fn before_the_first_record_nothing_is_known() {
    let mut log = learned_late();
    for as_of in [
        AsOf::Position(Position::START),
        AsOf::RecordedAt(second(19)),
    ] {
        let view = ask(&mut log, Instant::MAX, as_of);
        assert_eq!(view.license, License::Absent);
        assert_eq!(view.version, StreamVersion::NONE);
        assert_eq!(view.as_of, Position::START);
        assert_eq!(view.as_of_recorded_at, None);
    }
}

#[test]
fn a_position_beyond_the_head_is_the_head() {
    let mut log = learned_late();
    for number in [3, 4, u64::MAX] {
        let view = ask(
            &mut log,
            Instant::MAX,
            AsOf::Position(Position::new(number)),
        );
        assert_eq!(view.as_of, Position::new(3));
        assert_eq!(view.as_of_recorded_at, Some(second(40)));
        assert_eq!(view.records.len(), 3);
    }
}

#[test]
fn positions_count_over_all_streams_and_records_of_others_are_not_told() {
    let mut log = learned_late();
    decide(
        &mut log,
        &mut seeded(),
        second(50),
        &[activate(2, second(45))],
    );
    let view = ask(&mut log, Instant::MAX, AsOf::Head);
    assert_eq!(view.as_of, Position::new(5));
    assert_eq!(view.as_of_recorded_at, Some(second(50)));
    assert_eq!(view.version, StreamVersion::new(3));
}

#[test]
fn an_empty_journal_answers_too() {
    let mut log = MemoryLog::default();
    for as_of in [
        AsOf::Head,
        AsOf::Position(Position::new(7)),
        AsOf::RecordedAt(Instant::MAX),
    ] {
        let view = ask(&mut log, Instant::MAX, as_of);
        assert_eq!(view.license, License::Absent);
        assert_eq!(view.as_of, Position::START);
    }
}

#[test]
fn an_explanation_tells_of_every_record_whether_it_counts() {
    use Bearing::{Counts, LeftOut, NotInEffect, NotKnown};
    let mut log = learned_late();
    let all = records(&mut log);
    let activation = all[2].receipt_id;
    let freeze = all[0].receipt_id;
    let head = AsOf::Position(Position::new(3));
    let cases = [
        (second(10), head, None, [Counts, Counts, Counts]),
        (second(9), head, None, [Counts, NotInEffect, Counts]),
        (second(4), head, None, [NotInEffect; 3]),
        (
            second(10),
            AsOf::RecordedAt(second(39)),
            None,
            [Counts, Counts, NotKnown],
        ),
        (
            second(9),
            AsOf::RecordedAt(second(39)),
            None,
            [NotInEffect, NotInEffect, NotKnown],
        ),
        (
            second(10),
            head,
            Some(activation),
            [Counts, Counts, LeftOut],
        ),
        (second(10), head, Some(freeze), [LeftOut, LeftOut, Counts]),
        // What the activation opened is closed again without it.
        (
            second(9),
            head,
            Some(activation),
            [NotInEffect, NotInEffect, LeftOut],
        ),
    ];
    for (at, as_of, without, expected) in cases {
        let found = explain(&mut log, at, as_of, without);
        let bearings: Vec<_> = found.records.iter().map(|it| it.bearing).collect();
        assert_eq!(
            bearings, expected,
            "at {at}, as of {as_of:?}, without {without:?}"
        );
    }
}

#[test]
fn without_a_receipt_its_records_change_nothing() {
    let mut log = learned_late();
    let freeze = records(&mut log)[0].receipt_id;
    let unfreeze = wish(1, second(50), Intent::Unfreeze);
    decide(&mut log, &mut seeded(), second(50), &[unfreeze]);
    let unfreeze = records(&mut log)[3].receipt_id;
    let hold = |log: &mut MemoryLog, without| {
        let found = explain(log, Instant::MAX, AsOf::Head, Some(without));
        found.license.living().and_then(|living| living.hold)
    };
    assert_eq!(hold(&mut log, unfreeze), Some(Hold::Suspended));
    assert_eq!(hold(&mut log, freeze), None);
}

proptest! {
    #[test]
    fn an_explanation_answers_as_the_question_does(
        commands in commands(),
        at in instants(),
        known in 0..12_u64,
    ) {
        let mut log = MemoryLog::default();
        let calls: Vec<_> = commands.into_iter().map(|command| call(1, command)).collect();
        decide(&mut log, &mut seeded(), second(0), &calls);
        let as_of = AsOf::Position(Position::new(known));
        let view = ask(&mut log, at, as_of);
        let explained = explain(&mut log, at, as_of, None);
        prop_assert_eq!(explained.version(), view.version);
        prop_assert_eq!(explained.last(), view.records.last());
        let counting = explained.records.iter().filter(|it| it.bearing == Bearing::Counts);
        let last = counting.clone().next_back().and_then(|it| it.led_to.clone());
        prop_assert_eq!(last, Holding::of(&view.license, at));
        prop_assert_eq!(&explained.license, &view.license);
        prop_assert!(counting.map(|it| &it.record).eq(&view.records));
        prop_assert_eq!(explained.as_of, view.as_of);
    }

    #[test]
    fn as_of_a_position_is_the_replay_of_what_came_before(commands in commands()) {
        let mut log = MemoryLog::default();
        let mut ids = seeded();
        for (number, command) in (0..).zip(commands) {
            // Another stream in between: positions are not versions.
            let calls = [call(1, command), activate(number + 2, second(1))];
            decide(&mut log, &mut ids, second(number), &calls);
        }
        let head = log.head().unwrap().position.number();
        let all = records(&mut log);
        for number in 0..=head {
            let position = Position::new(number);
            let events = all
                .iter()
                .filter(|record| record.position <= position && record.stream == stream(1))
                .filter_map(|record| record.event.as_license());
            let view = ask(&mut log, Instant::MAX, AsOf::Position(position));
            prop_assert_eq!(view.license, License::replay(events));
            prop_assert_eq!(view.as_of, position);
        }
    }

    #[test]
    fn as_of_the_head_counts_what_is_in_effect(commands in commands(), at in instants()) {
        let mut log = MemoryLog::default();
        let calls: Vec<_> = commands.into_iter().map(|command| call(1, command)).collect();
        decide(&mut log, &mut seeded(), second(0), &calls);
        let view = ask(&mut log, at, AsOf::Head);
        let all = log.read_stream(&stream(1), Position::MAX).unwrap();
        let in_effect = all.iter().filter(|record| record.effective_at <= at).count();
        let opening = view.records.first().is_some_and(|first| first.effective_at > at);
        prop_assert_eq!(view.records.len(), in_effect + usize::from(opening));
        prop_assert_eq!(view.records.is_empty(), in_effect == 0);
        prop_assert!(view.records.first().is_none_or(|first| *first == all[0]));
        prop_assert!(view.records.is_sorted_by_key(|record| record.position));
    }

    #[test]
    fn an_instant_resolves_to_the_last_record_that_was_known_then(
        steps in vec(0..3_u32, 0..40),
        asked in 0..60_u32,
    ) {
        let mut log = MemoryLog::default();
        let mut at = 0;
        let mut known = 0;
        for (version, step) in (0..).zip(steps) {
            at += step;
            known += u64::from(at <= asked);
            append(&mut log, vec![draft(&stream(1), version, at)], vec![]);
        }
        let resolved = resolve(&mut log, AsOf::RecordedAt(second(asked))).unwrap();
        prop_assert_eq!(resolved, Position::new(known));
    }
}
