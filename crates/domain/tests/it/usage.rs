//! Reports of use: counted once, taken or denied by the marketplace.

use tenure_domain::usage::{Amount, Command, Event, Report, Total, Usage, Used, decide};
use tenure_domain::{Instant, LicenseId, Refusal, SealKey, Sealed, UsageSerial};
use tenure_testkit::{code, listing, sealed};

fn serial(number: u32) -> UsageSerial {
    UsageSerial::parse(&format!("METERTEST{number:04}")).expect("it is well formed")
}

fn metered(number: u32, amount: u64, package: Option<LicenseId>) -> Report {
    Report {
        serial: serial(number),
        used: Used::Metered {
            began_at: Instant::from_seconds(i64::from(number) * 3_600),
            ended_at: Instant::from_seconds(i64::from(number + 1) * 3_600),
            amount: Amount::from_ten_thousandths(amount).expect("it is not zero"),
            package,
        },
    }
}

fn report(reports: &[Report]) -> Command {
    Command::Report {
        listing: listing(),
        reports: reports.to_vec(),
    }
}

fn settle(numbers: &[u32], denied: Option<&str>) -> Command {
    Command::Settle {
        serials: numbers.iter().copied().map(serial).collect(),
        denied: denied.map(Into::into),
    }
}

#[track_caller]
fn then(usage: Usage, command: &Command, expected: &[&str]) -> Usage {
    let events = decide(&usage, command).expect("it is not refused");
    let names: Vec<_> = events.iter().map(Event::name).collect();
    assert_eq!(names, expected);
    events.iter().fold(usage, Usage::evolve)
}

#[test]
fn a_report_is_counted_once_however_often_it_is_told() {
    let first = [metered(1, 5_000, None)];
    let usage = then(Usage::default(), &report(&first), &["usage_reported"]);
    let usage = then(usage, &report(&first), &[]);
    let both = [metered(2, 10_000, None), metered(1, 5_000, None)];
    let twice = [both.clone(), both].concat();
    let usage = then(usage, &report(&twice), &["usage_reported"]);
    let usage = then(usage, &settle(&[1], None), &["usage_taken"]);
    let usage = then(usage, &report(&twice), &[]);
    let total = Total {
        ten_thousandths: 15_000,
        ended_at: Instant::from_seconds(3 * 3_600),
    };
    assert_eq!(
        usage.totals.into_iter().collect::<Vec<_>>(),
        [(None, total)]
    );
    assert_eq!(usage.pending.into_keys().collect::<Vec<_>>(), [serial(2)]);
    assert_eq!(usage.listing, Some(listing()));
}

#[test]
fn what_is_taken_from_packages_is_counted_apart() {
    let reports = [
        metered(1, 5_000, Some(code(7))),
        metered(2, 1, None),
        metered(3, 5_000, Some(code(7))),
    ];
    let usage = then(Usage::default(), &report(&reports), &["usage_reported"]);
    let totals: Vec<_> = usage
        .totals
        .iter()
        .map(|(package, total)| (package.clone(), total.ten_thousandths))
        .collect();
    assert_eq!(totals, [(None, 1), (Some(code(7)), 10_000)]);
}

#[test]
fn a_serial_stands_for_one_report() {
    let usage = then(
        Usage::default(),
        &report(&[metered(1, 5_000, None)]),
        &["usage_reported"],
    );
    let other = [metered(2, 1, None), metered(1, 5_001, None)];
    assert_eq!(decide(&usage, &report(&other)), Err(Refusal::SerialReused));
    let usage = then(usage, &settle(&[1], Some("9004")), &["usage_denied"]);
    assert_eq!(decide(&usage, &report(&other)), Err(Refusal::SerialReused));
    let at_odds = [metered(3, 1, None), metered(3, 2, None)];
    let answer = decide(&Usage::default(), &report(&at_odds));
    assert_eq!(answer, Err(Refusal::SerialReused));
}

#[test]
fn what_is_settled_is_settled_once() {
    let reports = [metered(1, 1, None), metered(2, 1, None)];
    let usage = then(Usage::default(), &report(&reports), &["usage_reported"]);
    let usage = then(usage, &settle(&[1, 9], Some("9004")), &["usage_denied"]);
    let usage = then(usage, &settle(&[1], None), &[]);
    assert_eq!(usage.settled[&serial(1)].denied.as_deref(), Some("9004"));
    let usage = then(usage, &settle(&[1, 2], None), &["usage_taken"]);
    assert_eq!(usage.settled[&serial(2)].denied, None);
    assert_eq!(usage.pending.len(), 0);
    assert_eq!(decide(&usage, &settle(&[1, 2], None)), Ok(Vec::new()));
    assert_eq!(decide(&usage, &report(&[])), Ok(Vec::new()));
}

#[test]
fn clients_are_compared_by_what_is_sealed() {
    let of_client = |number| Report {
        serial: serial(1),
        used: Used::Client {
            client: sealed(number),
        },
    };
    let usage = then(
        Usage::default(),
        &report(&[of_client(1)]),
        &["usage_reported"],
    );
    let usage = then(usage, &report(&[of_client(1)]), &[]);
    let other = report(&[of_client(2)]);
    assert_eq!(decide(&usage, &other), Err(Refusal::SerialReused));
    let count = Report {
        serial: serial(2),
        used: Used::ActiveClients { count: 30 },
    };
    let usage = then(usage, &report(&[count]), &["usage_reported"]);
    assert!(usage.totals.is_empty(), "clients are no amounts");
}

#[test]
fn a_client_under_another_key_is_known_by_its_serial() {
    let under = |key, number| Report {
        serial: serial(1),
        used: Used::Client {
            client: Sealed {
                key: SealKey::new(key),
                ..sealed(number)
            },
        },
    };
    let usage = then(
        Usage::default(),
        &report(&[under(1, 1)]),
        &["usage_reported"],
    );
    // The first key was destroyed: nobody can tell whether it is the same client.
    let usage = then(usage, &report(&[under(2, 1)]), &[]);
    let usage = then(usage, &report(&[under(2, 9)]), &[]);
    let usage = then(usage, &report(&[under(1, 1)]), &[]);
    let other = report(&[under(1, 9)]);
    assert_eq!(decide(&usage, &other), Err(Refusal::SerialReused));
    let other = report(&[metered(1, 1, None)]);
    assert_eq!(decide(&usage, &other), Err(Refusal::SerialReused));
}

#[test]
fn what_is_named_twice_happens_once() {
    let reports = [metered(1, 1, None), metered(2, 1, None)];
    let usage = Usage::default();
    let usage = then(usage, &report(&reports), &["usage_reported"]);
    let serials = vec![serial(2), serial(1), serial(2)];
    let events = decide(&usage, &Command::Send { serials }).unwrap();
    let once = vec![serial(2), serial(1)];
    assert_eq!(events, [Event::Sent { serials: once }]);
}

#[test]
fn what_is_sent_once_waits_for_its_answer_or_for_a_person() {
    let send = |numbers: &[u32]| Command::Send {
        serials: numbers.iter().copied().map(serial).collect(),
    };
    let unsend = |numbers: &[u32]| Command::Unsend {
        serials: numbers.iter().copied().map(serial).collect(),
    };
    let reports = [metered(1, 1, None), metered(2, 1, None)];
    let usage = then(Usage::default(), &report(&reports), &["usage_reported"]);
    let usage = then(usage, &unsend(&[1]), &[]);
    let usage = then(usage, &send(&[1, 9]), &["usage_sent"]);
    assert_eq!(usage.sent.iter().collect::<Vec<_>>(), [&serial(1)]);
    assert!(usage.pending.contains_key(&serial(1)), "nobody took it yet");
    let usage = then(usage, &send(&[1]), &[]);
    let usage = then(usage, &unsend(&[1, 2]), &["usage_not_taken"]);
    assert!(usage.sent.is_empty());
    let usage = then(usage, &send(&[1, 2]), &["usage_sent"]);
    let usage = then(usage, &settle(&[1], None), &["usage_taken"]);
    let unknown = settle(&[2], Some("outcome_unknown"));
    let usage = then(usage, &unknown, &["usage_denied"]);
    assert!(usage.sent.is_empty() && usage.pending.is_empty());
    let usage = then(usage, &send(&[1, 2]), &[]);
    then(usage, &unsend(&[1, 2]), &[]);
}
