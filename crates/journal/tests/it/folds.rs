//! States that are remembered from batch to batch: nobody can tell, but by the time it takes.

use proptest::collection::vec;
use proptest::prelude::*;
use tenure_domain::tenant::Partition;
use tenure_domain::usage::{self, Report, Used};
use tenure_domain::{UsageSerial, tenant};
use tenure_journal::transact::{Folds, TransactError};
use tenure_journal::{AppendError, Call, Log, MemoryLog, Verdict};
use tenure_testkit::{listing, tenant_commands, usage_commands};

use crate::hooked::{Hooked, no_room};
use crate::samples::{decide, open, receipts, records, second, seeded, stream, tell, used};

/// A call of a mixed sequence.
#[derive(Debug, Clone)]
enum Wish {
    Usage(usage::Command),
    Tenant(Partition, tenant::Command),
}

impl Wish {
    fn call(&self) -> Call {
        match self {
            Self::Usage(command) => used(second(1), command.clone()),
            Self::Tenant(partition, command) => tell(*partition, second(1), command.clone()),
        }
    }
}

/// Batches in which both kinds of streams, and the tests' own, are told of.
fn batches() -> impl Strategy<Value = Vec<Vec<Wish>>> {
    (usage_commands(), tenant_commands(), 1..6_usize).prop_flat_map(|(usage, tenant, size)| {
        let usage = usage.into_iter().map(Wish::Usage);
        let tenant = tenant.into_iter().enumerate().map(|(index, command)| {
            let partition = if index % 4 == 0 {
                Partition::Test
            } else {
                Partition::Real
            };
            Wish::Tenant(partition, command)
        });
        let wishes: Vec<_> = usage.chain(tenant).collect();
        Just(wishes)
            .prop_shuffle()
            .prop_map(move |wishes| wishes.chunks(size).map(<[Wish]>::to_vec).collect())
    })
}

fn report(number: u32) -> Call {
    let reports = vec![Report {
        serial: UsageSerial::parse(&format!("METERTEST{number:04}")).expect("it is well formed"),
        used: Used::ActiveClients { count: number },
    }];
    let listing = listing();
    used(second(1), usage::Command::Report { listing, reports })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn decisions_are_the_same_with_and_without_it(
        batches in batches(),
        forgets in vec(any::<bool>(), 96),
    ) {
        let (mut with, mut without) = (MemoryLog::default(), MemoryLog::default());
        let (mut ids, mut other_ids) = (seeded(), seeded());
        let mut folds = Folds::default();
        for (batch, forget) in batches.iter().zip(forgets) {
            let calls: Vec<_> = batch.iter().map(Wish::call).collect();
            // Another node writes now and then.
            let done = if forget {
                decide(&mut with, &mut ids, second(9), &calls)
            } else {
                folds.transact(&mut with, &mut ids, second(9), &calls).unwrap()
            };
            let expected = decide(&mut without, &mut other_ids, second(9), &calls);
            prop_assert_eq!(done, expected);
        }
        prop_assert_eq!(records(&mut with), records(&mut without));
        prop_assert_eq!(receipts(&mut with), receipts(&mut without));
        let findings = tenure_journal::verify::verify(&mut with, |_, _| {}).unwrap();
        prop_assert_eq!(findings.wrong, Vec::<String>::new());
    }
}

#[test]
fn what_another_node_wrote_is_seen_though_nothing_conflicts() {
    let mut log = MemoryLog::default();
    let (mut ids, mut folds) = (seeded(), Folds::default());
    let told = |folds: &mut Folds, log: &mut MemoryLog, ids: &mut _, command| {
        let calls = [tell(Partition::Real, second(1), command)];
        folds.transact(log, ids, second(9), &calls).unwrap()[0].verdict
    };
    let bind = || {
        tenant::Command::Bind(tenant::Binding {
            order: None,
            code: "demo".into(),
            domain: "https://demo.example.com".into(),
            name: tenure_testkit::sealed(1),
        })
    };
    assert_eq!(
        told(&mut folds, &mut log, &mut ids, bind()),
        Verdict::Applied
    );
    let unbind = [tell(Partition::Real, second(1), tenant::Command::Unbind)];
    decide(&mut log, &mut ids, second(9), &unbind);
    assert_eq!(
        told(&mut folds, &mut log, &mut ids, bind()),
        Verdict::Applied
    );
    assert_eq!(
        told(&mut folds, &mut log, &mut ids, bind()),
        Verdict::AlreadyApplied
    );
}

#[test]
fn a_failed_commit_clears_it() {
    let mut fails = [false, true, false].into_iter();
    let mut log = Hooked::new(MemoryLog::default(), move |log: &mut MemoryLog, batch| {
        if fails.next() == Some(true) {
            return Err(no_room());
        }
        log.append(batch)
    });
    let (mut ids, mut folds) = (seeded(), Folds::default());
    folds
        .transact(&mut log, &mut ids, second(9), &[report(1)])
        .unwrap();
    assert!(!folds.is_empty());
    let failed = folds.transact(&mut log, &mut ids, second(9), &[report(2)]);
    assert!(matches!(
        failed,
        Err(TransactError::Append(AppendError::Unavailable(_)))
    ));
    assert!(folds.is_empty());
    // Nothing of the report that failed is known.
    let done = folds.transact(&mut log, &mut ids, second(9), &[report(2), report(1)]);
    let verdicts: Vec<_> = done.unwrap().iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, [Verdict::Applied, Verdict::AlreadyApplied]);
}

#[test]
fn a_conflict_clears_it_and_the_batch_is_decided_anew() {
    let mut conflicts = [false, true, false].into_iter();
    let mut log = Hooked::new(MemoryLog::default(), move |log: &mut MemoryLog, batch| {
        if conflicts.next() != Some(true) {
            return log.append(batch);
        }
        // Another node reports the same at this moment.
        let mut ids = tenure_journal::record_ids::RecordIds::new(
            tenure_journal::record_ids::Entropy::Seeded(2),
            None,
        );
        decide(log, &mut ids, second(9), &[report(2)]);
        log.append(batch)
    });
    let (mut ids, mut folds) = (seeded(), Folds::default());
    folds
        .transact(&mut log, &mut ids, second(9), &[report(1)])
        .unwrap();
    let done = folds
        .transact(&mut log, &mut ids, second(9), &[report(2)])
        .unwrap();
    assert_eq!(done[0].verdict, Verdict::AlreadyApplied);
    assert_eq!(records(&mut log.log).len(), 2);
}

#[test]
fn streams_that_are_too_long_to_be_at_hand_are_appended_to() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    let mut ids = seeded();
    let mut log = open(&path);
    let calls: Vec<_> = (0..1_100).map(report).collect();
    decide(&mut log, &mut ids, second(9), &calls);
    // Folded from the disk, with nothing at hand.
    let mut log = {
        drop(log);
        open(&path)
    };
    let mut folds = Folds::default();
    for (number, expected) in [
        (1, Verdict::AlreadyApplied),
        (1_100, Verdict::Applied),
        (1_100, Verdict::AlreadyApplied),
        (1_101, Verdict::Applied),
    ] {
        let calls = [report(number)];
        let done = folds
            .transact(&mut log, &mut ids, second(9), &calls)
            .unwrap();
        assert_eq!(done[0].verdict, expected, "{number}");
        let again = decide(&mut log, &mut ids, second(9), &calls);
        assert_eq!(again[0].verdict, Verdict::AlreadyApplied, "{number}");
    }
    assert_eq!(records(&mut log).len(), 1_102);
}

#[test]
fn licenses_are_not_among_it() {
    let mut folds = Folds::default();
    let calls = [crate::samples::activate(1, second(1))];
    let mut log = MemoryLog::default();
    folds
        .transact(&mut log, &mut seeded(), second(9), &calls)
        .unwrap();
    assert!(folds.is_empty());
    assert_eq!(records(&mut log)[0].stream, stream(1));
}
