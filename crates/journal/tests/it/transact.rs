//! The write path: what is decided about calls, in which order, and what is kept of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tenure_domain::{Activation, Command, Family, Instant, Intent, WhenAbsent};
use tenure_journal::transact::{STRANGER_BYTES_MAX, TransactError, transact};
use tenure_journal::{
    Actor, AppendError, Arrived, Call, Clock, Decided, ManualClock, MemoryLog, Position, ReadLog,
    StreamVersion, Verdict,
};
use tenure_testkit::{activation, code, command, details, term_change};

use crate::hooked::{Hooked, no_room};
use crate::samples::{
    activate, append, arrived, call, decide, draft, merchant, noted, notify, receipts, records,
    second, seeded, stream, wish,
};

/// How often a batch is decided before conflicts are given up.
const DECISIONS_MAX: usize = 9;

fn freeze(number: u32, at: Instant) -> Call {
    wish(number, at, Intent::Freeze)
}

#[test]
fn a_call_leaves_a_receipt_with_a_verdict_an_answer_and_its_records() {
    let mut log = MemoryLog::default();
    let done = decide(
        &mut log,
        &mut seeded(),
        second(9),
        &[activate(1, second(5))],
    );

    let [done] = &done[..] else {
        panic!("{done:?}")
    };
    assert_eq!(done.verdict, Verdict::Applied);
    assert_eq!(done.reason, None);
    assert_eq!(*done.answer, *b"recorded");
    assert_eq!((done.records, done.head), (2, Position::new(2)));

    let receipt = log.receipt(done.receipt_id).unwrap().unwrap();
    assert_eq!(receipts(&mut log), std::slice::from_ref(&receipt));
    assert_eq!(receipt.verdict, done.verdict);
    assert_eq!(receipt.answer, done.answer);
    assert_eq!(receipt.arrived_at, second(5));
    let Arrived {
        listing,
        at: _,
        method,
        parameters,
        body,
        sealed_with,
        activity,
        authentic,
        actor,
    } = arrived(second(5));
    assert_eq!(receipt.sealed_with, sealed_with);
    assert_eq!((receipt.listing, receipt.method), (listing, method));
    assert_eq!((receipt.parameters, receipt.body), (parameters, body));
    assert_eq!((receipt.activity, receipt.authentic), (activity, authentic));

    let records = records(&mut log);
    let names: Vec<_> = records.iter().map(|record| record.event.name()).collect();
    assert_eq!(names, ["issued", "activated"]);
    for record in records {
        assert_eq!(record.stream, stream(1));
        assert_eq!(record.receipt_id, done.receipt_id);
        assert_eq!(record.actor, actor);
        assert_eq!(record.recorded_at, second(9));
    }
}

#[test]
fn each_call_has_its_own_verdict_and_answer_in_the_order_of_the_calls() {
    let mut log = MemoryLog::default();
    let forgetful = Command {
        when_absent: WhenAbsent::Refuse,
        ..command(Family::LicenseCode, second(1), Intent::Freeze)
    };
    let calls = [
        notify(1),
        noted(Verdict::Probe, Some("debugging")),
        call(7, forgetful),
        activate(1, second(1)),
        notify(1),
        activate(1, second(1)),
        noted(Verdict::Answered, None),
    ];
    let done = decide(&mut log, &mut seeded(), second(2), &calls);
    let told: Vec<_> = done
        .iter()
        .map(|done| {
            let answer = std::str::from_utf8(&done.answer).unwrap();
            (done.verdict, done.reason.as_deref(), answer, done.records)
        })
        .collect();
    assert_eq!(
        told,
        [
            (Verdict::Applied, None, "recorded", 1),
            (Verdict::Probe, Some("debugging"), "noted", 0),
            (
                Verdict::Refused,
                Some("unknown_license"),
                "unknown_license",
                0
            ),
            (Verdict::Applied, None, "recorded", 2),
            (Verdict::AlreadyApplied, None, "again", 0),
            (Verdict::AlreadyApplied, None, "again", 0),
            (Verdict::Answered, None, "noted", 0),
        ]
    );
    assert!(done.iter().all(|done| done.head == Position::new(3)));

    let kept: Vec<_> = receipts(&mut log)
        .into_iter()
        .map(|receipt| (receipt.id, receipt.verdict, receipt.reason, receipt.answer))
        .collect();
    let expected: Vec<_> = done
        .into_iter()
        .map(|done| (done.receipt_id, done.verdict, done.reason, done.answer))
        .collect();
    assert_eq!(kept, expected, "receipts ascend in the order of the calls");
}

#[test]
fn calls_of_one_batch_see_those_before_them() {
    let mut log = MemoryLog::default();
    let calls = [
        activate(1, second(1)),
        freeze(1, second(2)),
        freeze(1, second(3)),
        wish(1, second(4), Intent::Unfreeze),
        freeze(2, second(5)),
        freeze(1, second(6)),
    ];
    let done = decide(&mut log, &mut seeded(), second(9), &calls);
    let records_each: Vec<_> = done.iter().map(|done| done.records).collect();
    assert_eq!(records_each, [2, 1, 0, 1, 2, 1]);
    let versions: Vec<_> = log
        .read_stream(&stream(1), Position::MAX)
        .unwrap()
        .iter()
        .map(|record| (record.version.number(), record.event.name()))
        .collect();
    let expected = [
        "issued",
        "activated",
        "suspended",
        "reinstated",
        "suspended",
    ];
    assert!(versions.into_iter().eq((1..).zip(expected)));
}

#[test]
fn one_batch_and_a_batch_a_call_lead_to_the_same_journal() {
    let calls = || {
        vec![
            activate(1, second(1)),
            notify(1),
            wish(1, second(2), Intent::Renew(term_change(2, 2_000_000))),
            freeze(1, second(3)),
            wish(1, second(4), Intent::Release { order: None }),
            freeze(1, second(5)),
        ]
    };
    let (mut together, mut alone) = (MemoryLog::default(), MemoryLog::default());
    decide(&mut together, &mut seeded(), second(9), &calls());
    let mut ids = seeded();
    for call in calls() {
        decide(&mut alone, &mut ids, second(9), &[call]);
    }
    assert_eq!(records(&mut together), records(&mut alone));
    assert_eq!(receipts(&mut together), receipts(&mut alone));
}

#[test]
fn a_refused_call_changes_nothing_and_says_why() {
    let mut log = MemoryLog::default();
    let mut ids = seeded();
    let release = wish(1, second(1), Intent::Release { order: None });
    decide(&mut log, &mut ids, second(1), &[release]);
    let before = records(&mut log);
    let of_saas = call(1, command(Family::Saas, second(2), Intent::Freeze));
    let done = decide(
        &mut log,
        &mut ids,
        second(2),
        &[freeze(1, second(2)), of_saas],
    );
    let reasons: Vec<_> = done.iter().map(|done| done.reason.as_deref()).collect();
    assert_eq!(reasons, [Some("license_released"), Some("other_family")]);
    assert_eq!(records(&mut log), before);
    assert_eq!(receipts(&mut log).len(), 3);
}

#[test]
fn details_of_an_order_are_recorded_once_and_after_a_release_too() {
    let mut log = MemoryLog::default();
    let mut ids = seeded();
    let learn = |number| wish(1, second(3), Intent::LearnOrder(Box::new(details(number))));
    let calls = [
        learn(1),
        activate(1, second(1)),
        wish(1, second(2), Intent::Release { order: None }),
        learn(1),
        learn(1),
        learn(2),
    ];
    let done = decide(&mut log, &mut ids, second(3), &calls);
    let came_to: Vec<_> = done
        .iter()
        .map(|done| (done.verdict, done.reason.as_deref(), done.records))
        .collect();
    assert_eq!(
        came_to,
        [
            (Verdict::Refused, Some("unknown_license"), 0),
            (Verdict::Applied, None, 2),
            (Verdict::Applied, None, 1),
            (Verdict::Applied, None, 1),
            (Verdict::AlreadyApplied, None, 0),
            (Verdict::Refused, Some("not_its_order"), 0),
        ]
    );
    let last = records(&mut log).pop().expect("there are records");
    assert_eq!(last.event.name(), "order_known");
}

#[test]
fn the_answer_is_made_from_the_license_as_the_call_left_it() {
    let mut log = MemoryLog::default();
    let mut freeze = freeze(1, second(2));
    freeze.answer = Box::new(|decided| match decided {
        Decided::License { license, .. } => {
            let held = license.living().is_some_and(|living| living.hold.is_some());
            held.to_string().into_bytes()
        },
        Decided::Noted
        | Decided::Order(_)
        | Decided::Tenant(_)
        | Decided::Usage(_)
        | Decided::Unreadable => panic!("it is about a license"),
    });
    let calls = [freeze, wish(1, second(3), Intent::Unfreeze)];
    let done = decide(&mut log, &mut seeded(), second(9), &calls);
    assert_eq!(*done[0].answer, *b"true");
}

#[test]
fn an_operator_is_named_as_such() {
    let mut log = MemoryLog::default();
    let mut release = wish(1, second(1), Intent::Release { order: None });
    release.arrived.actor = Actor::Operator;
    decide(&mut log, &mut seeded(), second(1), &[release]);
    assert!(
        records(&mut log)
            .iter()
            .all(|record| record.actor == Actor::Operator)
    );
}

#[test]
fn of_a_stranger_only_so_much_is_kept() {
    let mut log = MemoryLog::default();
    // The bound falls on the second byte of a character.
    let parameters = format!("{}码码", "x".repeat(STRANGER_BYTES_MAX - 1));
    let body = vec![b'{'; STRANGER_BYTES_MAX + 1];
    let call = |authentic| {
        let mut call = noted(Verdict::Rejected, Some("signature"));
        call.arrived.parameters = parameters.as_str().into();
        call.arrived.body = body.as_slice().into();
        call.arrived.authentic = authentic;
        call
    };
    let calls = [call(false), call(true)];
    decide(&mut log, &mut seeded(), second(1), &calls);
    let [stranger, known] = &receipts(&mut log)[..] else {
        panic!("there are two receipts");
    };
    assert_eq!(*stranger.parameters, parameters[..STRANGER_BYTES_MAX - 1]);
    assert_eq!(*stranger.body, body[..STRANGER_BYTES_MAX]);
    assert_eq!((&*known.parameters, &*known.body), (&*parameters, &*body));
}

#[test]
fn of_a_stranger_who_says_little_everything_is_kept() {
    let mut log = MemoryLog::default();
    let mut call = noted(Verdict::Rejected, None);
    call.arrived.authentic = false;
    call.arrived.body = vec![0; STRANGER_BYTES_MAX].into();
    decide(&mut log, &mut seeded(), second(1), &[call]);
    let receipts = receipts(&mut log);
    assert_eq!(*receipts[0].parameters, *"signature=abc");
    assert_eq!(receipts[0].body.len(), STRANGER_BYTES_MAX);
}

#[test]
fn transaction_time_never_goes_back_though_the_clock_does() {
    let mut log = MemoryLog::default();
    let mut ids = seeded();
    let clock = ManualClock::at(second(0));
    for (number, seconds) in (1..).zip([10, 20, 5, 20, 15, 30]) {
        clock.set(second(seconds));
        let call = activate(number, clock.now());
        decide(&mut log, &mut ids, clock.now(), &[call]);
    }
    let records = records(&mut log);
    let recorded: Vec<_> = records.iter().map(|record| record.recorded_at).collect();
    let expected = [10, 20, 20, 20, 20, 30].map(|seconds| [second(seconds); 2]);
    assert_eq!(recorded, expected.concat());
    assert!(records.is_sorted_by(|one, next| one.record_id < next.record_id));
}

#[test]
fn an_activation_holds_since_it_happened_and_never_from_the_future() {
    let cases = [(3, 3), (10, 10), (17, 10)];
    for (activated, effective) in cases {
        let mut log = MemoryLog::default();
        let activation = Activation {
            activated_at: second(activated),
            ..activation(1, 100)
        };
        let call = wish(1, second(10), Intent::Activate(activation));
        decide(&mut log, &mut seeded(), second(12), &[call]);
        for record in records(&mut log) {
            assert_eq!(record.effective_at, second(effective));
            assert_eq!(record.recorded_at, second(12));
        }
    }
}

#[test]
fn everything_else_holds_from_its_arrival() {
    let mut log = MemoryLog::default();
    let renew = wish(1, second(10), Intent::Renew(term_change(1, 5)));
    decide(&mut log, &mut seeded(), second(12), &[renew, notify(11)]);
    let effective: Vec<_> = records(&mut log)
        .iter()
        .map(|record| record.effective_at)
        .collect();
    assert_eq!(effective, [second(10), second(10), second(11)]);
}

/// A log in which another node writes to stream 1 just before each of the first `times` appends.
fn contended(log: MemoryLog, times: usize, attempts: &Arc<AtomicUsize>) -> Hooked<MemoryLog> {
    let attempts = Arc::clone(attempts);
    Hooked::new(log, move |log, batch| {
        use tenure_journal::Log as _;
        let attempt = attempts.fetch_add(1, Ordering::SeqCst);
        if attempt < times {
            let number = u32::try_from(attempt).expect("there are few");
            append(log, vec![draft(&stream(1), number, number + 1)], vec![]);
        }
        log.append(batch)
    })
}

#[test]
fn a_conflict_is_decided_anew_on_what_the_other_wrote() {
    for times in [1, 2, DECISIONS_MAX - 1] {
        let log = MemoryLog::default();
        let attempts = Arc::default();
        let mut contended = contended(log.clone(), times, &attempts);
        let calls = [activate(1, second(1)), activate(2, second(1))];
        let done = decide(&mut contended, &mut seeded(), second(9), &calls);

        assert_eq!(attempts.load(Ordering::SeqCst), times + 1);
        let counts: Vec<_> = done.iter().map(|done| done.records).collect();
        assert_eq!(counts, [1, 2], "the other node has issued stream 1 already");
        let mut log = log;
        let kept: Vec<_> = receipts(&mut log).iter().map(|it| it.id).collect();
        let told: Vec<_> = done.iter().map(|done| done.receipt_id).collect();
        assert_eq!(kept, told, "no receipt is left of the attempts that failed");
        assert!(
            done.iter()
                .all(|done| done.head == log.head().unwrap().position)
        );
    }
}

#[test]
fn conflicts_without_end_are_given_up() {
    let log = MemoryLog::default();
    let attempts = Arc::default();
    let mut contended = contended(log.clone(), usize::MAX, &attempts);
    let error = transact(
        &mut contended,
        &mut seeded(),
        second(9),
        &[activate(1, second(1))],
    )
    .unwrap_err();
    assert!(
        matches!(
            error,
            TransactError::Append(AppendError::Conflict { ref stream, expected, actual })
                if *stream == crate::samples::stream(1) && actual == expected.next()
        ),
        "{error:?}"
    );
    assert_eq!(attempts.load(Ordering::SeqCst), DECISIONS_MAX);
    let mut log = log;
    assert_eq!(receipts(&mut log), []);
}

#[test]
fn what_could_not_be_written_is_not_tried_again() {
    let mut attempts = 0;
    let mut failing = Hooked::new(MemoryLog::default(), move |_, _| {
        attempts += 1;
        assert_eq!(attempts, 1);
        Err(no_room())
    });
    let calls = [activate(1, second(1))];
    let error = transact(&mut failing, &mut seeded(), second(9), &calls).unwrap_err();
    assert!(
        matches!(error, TransactError::Append(AppendError::Unavailable(_))),
        "{error:?}"
    );
}

#[test]
fn a_stream_of_a_license_is_the_merchants_own() {
    let mut log = MemoryLog::default();
    decide(
        &mut log,
        &mut seeded(),
        second(9),
        &[activate(1, second(1))],
    );
    let records = records(&mut log);
    assert_eq!(records[0].stream.merchant, merchant());
    assert_eq!(records[0].stream.license_id(), Some(&code(1)));
    assert_eq!(records[1].version, StreamVersion::new(2));
}
