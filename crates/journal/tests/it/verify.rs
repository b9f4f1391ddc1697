//! What a reading of the whole journal finds: nothing in a sound one, and each kind of damage.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_domain::tenant::{self, Department, Others, Partition};
use tenure_domain::{DepartmentCode, Intent, UsageSerial, usage};
use tenure_journal::verify::{Findings, verify};
use tenure_journal::{
    Draft, Event, MemoryLog, Position, ReadError, SqliteReader, StreamId, Verdict,
};
use tenure_testkit::{code, term_change};

use crate::samples::{
    activate, append, decide, draft, merchant, noted, notify, open, second, seeded, tell,
    tenant_key, wish,
};

/// Dropped in a copy before it is spoilt.
const TRIGGERS: [&str; 6] = [
    "records_are_never_changed",
    "records_are_never_removed",
    "streams_are_never_changed",
    "streams_are_never_removed",
    "receipts_are_never_changed",
    "receipts_are_never_removed",
];

/// A sound journal: seven records of three streams, made by five of six calls.
///
/// 1 issued, 2 activated, 3 suspended, 4 reinstated of code 1; 5 `order_notified`; 6 issued,
/// 7 released of code 2.
fn sound(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("journal.db");
    let mut log = open(&path);
    let mut ids = seeded();
    let first = [
        activate(1, second(1)),
        wish(1, second(2), Intent::Freeze),
        noted(Verdict::Probe, None),
    ];
    decide(&mut log, &mut ids, second(10), &first);
    let then = [
        wish(1, second(3), Intent::Unfreeze),
        notify(1),
        wish(2, second(4), Intent::Release { order: None }),
    ];
    decide(&mut log, &mut ids, second(20), &then);
    path
}

/// Reads a copy of the sound journal after it was spoilt.
fn read_spoilt(sql: &str) -> Result<Findings, ReadError> {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let copy = folder.path().join("copy.db");
    std::fs::copy(sound(&folder), &copy).expect("the journal is copied");
    spoil(&copy, sql);
    let mut reader = SqliteReader::open(&copy).expect("the copy is opened");
    verify(&mut reader, |_, _| {})
}

fn spoil(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("the copy is opened");
    connection
        .pragma_update(None, "foreign_keys", false)
        .expect("the copy may be spoilt");
    for trigger in TRIGGERS {
        connection
            .execute_batch(&format!("DROP TRIGGER {trigger}"))
            .expect("the trigger is there");
    }
    let changes = connection.total_changes();
    connection.execute_batch(sql).expect("the copy is spoilt");
    assert!(connection.total_changes() > changes, "{sql}");
}

#[track_caller]
fn assert_finds(sql: &str, expected: &[&str]) {
    let findings = read_spoilt(sql).expect("it can be read");
    assert_eq!(findings.wrong_count, expected.len() as u64, "{findings:#?}");
    for (found, expected) in findings.wrong.iter().zip(expected) {
        assert!(found.contains(expected), "{found:?} is not {expected:?}");
    }
    assert!(!findings.are_clean());
}

#[track_caller]
fn assert_corrupt(sql: &str, expected: &str) {
    let error = read_spoilt(sql).expect_err("it cannot be read");
    let ReadError::Corrupt { what } = &error else {
        panic!("{error:?}");
    };
    assert!(what.contains(expected), "{what:?} is not {expected:?}");
}

#[test]
fn a_sound_journal_is_clean_and_counted() {
    let folder = TempDir::new().unwrap();
    let mut reader = SqliteReader::open(&sound(&folder)).unwrap();
    let mut progress = Vec::new();
    let findings = verify(&mut reader, |at, head| progress.push((at, head))).unwrap();
    assert_eq!(findings.wrong, Vec::<String>::new());
    assert!(findings.are_clean());
    let counts = (findings.records, findings.streams, findings.receipts);
    assert_eq!(counts, (7, 3, 6));
    assert_eq!(progress, [(Position::new(7), Position::new(7))]);
}

#[test]
fn an_empty_journal_is_clean() {
    let findings = verify(&mut MemoryLog::default(), |_, _| {}).unwrap();
    assert!(findings.are_clean());
    assert_eq!(findings.records, 0);
}

#[test]
fn a_journal_of_many_pages_is_read_to_its_end() {
    let mut log = MemoryLog::default();
    let calls: Vec<_> = (0..2_100)
        .map(|number| activate(number, second(1)))
        .collect();
    decide(&mut log, &mut seeded(), second(9), &calls);
    let mut progress = Vec::new();
    let findings = verify(&mut log, |at, _| progress.push(at.number())).unwrap();
    assert!(findings.are_clean(), "{findings:#?}");
    assert_eq!((findings.records, findings.receipts), (4_200, 2_100));
    assert_eq!(progress, [2_000, 4_000, 4_200]);
}

#[test]
fn a_removed_record_is_found() {
    assert_finds(
        "DELETE FROM records WHERE position = 3",
        &[
            "position 4 follows where 3 should",
            "record 4: version 4 of acme/license/PLTEST0001 follows version 2",
            "record 4 of acme/license/PLTEST0001: event 4 reinstates what is not frozen",
            "is applied, but has no record",
        ],
    );
}

#[test]
fn removed_records_at_the_end_are_found_by_their_receipts() {
    assert_finds(
        "DELETE FROM records WHERE position >= 6",
        &["is applied, but has no record"],
    );
    assert_finds("DELETE FROM records", &["is applied, but has no record"; 5]);
}

#[test]
fn a_removed_receipt_is_found() {
    assert_finds(
        "DELETE FROM receipts WHERE id = (SELECT receipt_id FROM records WHERE position = 3)",
        &["is missing, but has records"],
    );
}

#[test]
fn an_event_that_breaks_a_law_is_found() {
    assert_finds(
        "UPDATE records SET event = 'expired' WHERE position = 4",
        &["record 4 of acme/license/PLTEST0001: event 4 freezes what is frozen"],
    );
    assert_finds(
        "UPDATE records SET event = 'reinstated', data = '{}' WHERE position = 6",
        &[
            "record 6 of acme/license/PLTEST0002: event 1 opens the history",
            "record 7 of acme/license/PLTEST0002: event 2 opens the history",
        ],
    );
}

#[test]
fn a_changed_version_is_found() {
    assert_finds(
        "UPDATE records SET version = 9 WHERE position = 4",
        &["record 4: version 9 of acme/license/PLTEST0001 follows version 3"],
    );
}

#[test]
fn a_record_moved_to_another_stream_is_found() {
    let findings = read_spoilt(
        "UPDATE records SET version = 3,
         stream = (SELECT stream FROM records WHERE position = 7) WHERE position = 4",
    )
    .unwrap();
    assert!(!findings.are_clean());
    assert!(findings.wrong[0].contains("record 4: version 3 of acme/license/PLTEST0002"));
}

#[test]
fn transaction_time_that_goes_back_is_found() {
    assert_finds(
        "UPDATE records SET recorded_at = 9999999 WHERE position = 4",
        &["record 4: transaction time goes back"],
    );
}

#[test]
fn an_id_that_does_not_ascend_is_found() {
    assert_finds(
        "UPDATE records SET record_id = (SELECT record_id FROM records WHERE position = 1)
         WHERE position = 4",
        &["record 4: its id does not ascend"],
    );
}

#[test]
fn a_receipt_that_is_applied_without_a_record_is_found() {
    assert_finds(
        "UPDATE receipts SET verdict = 'applied' WHERE verdict = 'probe'",
        &["is applied, but has no record"],
    );
}

#[test]
fn a_receipt_that_has_records_and_is_not_applied_is_found() {
    assert_finds(
        "UPDATE receipts SET verdict = 'refused'
         WHERE id = (SELECT receipt_id FROM records WHERE position = 1)",
        &["is refused, but has records"],
    );
}

#[test]
fn only_a_test_call_has_records_in_the_streams_of_tests_and_it_has_no_others() {
    let told = |partition, spoil: &str| {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let path = folder.path().join("journal.db");
        let place = Department {
            parent: None,
            name: tenure_testkit::sealed(1),
        };
        let set = tenant::Command::SetDepartments {
            departments: vec![(DepartmentCode::parse("1").expect("an id"), place)],
            others: Others::Keep,
        };
        let calls = [tell(partition, second(1), set)];
        decide(&mut open(&path), &mut seeded(), second(10), &calls);
        if !spoil.is_empty() {
            self::spoil(&path, spoil);
        }
        let mut reader = SqliteReader::open(&path).expect("the journal is opened");
        let findings = verify(&mut reader, |_, _| {}).expect("the journal is read");
        assert_eq!(findings.records, 1);
        findings.wrong.concat()
    };
    assert_eq!(told(Partition::Test, ""), "");
    assert_eq!(told(Partition::Real, ""), "");
    let applied = told(Partition::Test, "UPDATE receipts SET verdict = 'applied'");
    assert!(
        applied.contains("is applied, but has no record"),
        "{applied}"
    );
    assert!(applied.contains("is applied, but has records"), "{applied}");
    let probe = told(Partition::Real, "UPDATE receipts SET verdict = 'probe'");
    assert!(probe.contains("is probe, but has records"), "{probe}");
}

#[test]
fn a_record_of_another_kind_than_its_stream_is_found() {
    assert_finds(
        "UPDATE streams SET id = 'acme/usage/PLTEST0002' WHERE id LIKE '%PLTEST0002'",
        &[
            "record 6 of acme/usage/PLTEST0002: event 1, issued, is of another kind of stream",
            "record 7 of acme/usage/PLTEST0002: event 2, released, is of another kind of stream",
        ],
    );
}

#[test]
fn what_breaks_the_laws_of_usage_or_of_enterprises_is_found() {
    let serials = vec![UsageSerial::parse("METERTEST0001").unwrap()];
    let key = tenant_key(Partition::Real);
    let mut log = MemoryLog::default();
    let drafts = [
        (
            StreamId::usage(&merchant(), &code(1)),
            Event::Usage(usage::Event::Taken { serials }),
        ),
        (
            StreamId::tenant(&merchant(), &key),
            Event::Tenant(tenant::Event::Unbound),
        ),
    ]
    .into_iter()
    .zip(1..)
    .map(|((stream, event), number)| Draft {
        event,
        ..draft(&stream, 0, number)
    });
    append(&mut log, drafts.collect(), vec![]);
    let findings = verify(&mut log, |_, _| {}).unwrap();
    for expected in [
        "event 1 settles what is not pending",
        "event 1 removes what is not there",
    ] {
        let is_found = findings.wrong.iter().any(|it| it.contains(expected));
        assert!(is_found, "{:#?}", findings.wrong);
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    for (sql, expected) in [
        ("data = '{'", "record 2: activated is damaged"),
        ("event = 'transferred'", "record 2: there is no event named"),
        ("format = 9", "record 2: activated has format 9"),
        ("format = 70000", "record 2: "),
        ("format = -1", "record 2: "),
        ("version = 4294967296", "record 2: "),
        ("actor = 'nobody'", "record 2: \"nobody\" is no actor"),
        ("data = CAST(x'7bff7d' AS TEXT)", "record 2: "),
    ] {
        let sql = format!("UPDATE records SET {sql} WHERE position = 2");
        assert_corrupt(&sql, expected);
    }
    assert_corrupt(
        "UPDATE streams SET id = 'acme/licence/x' WHERE id LIKE '%PLTEST0001'",
        "record 1: \"acme/licence/x\" is no stream",
    );
}

#[test]
fn a_receipt_that_cannot_be_read_is_named() {
    for sql in [
        "verdict = 'maybe'",
        "parameters = CAST(x'ff' AS TEXT)",
        "verdict = CAST(x'ff' AS TEXT)",
    ] {
        let sql = format!("UPDATE receipts SET {sql} WHERE verdict = 'probe'");
        assert_corrupt(&sql, "receipt 0");
    }
}

#[test]
fn findings_beyond_the_first_hundred_are_counted() {
    let mut log = MemoryLog::default();
    let renewals: Vec<_> = (0..150)
        .map(|number| wish(1, second(1), Intent::Renew(term_change(number, 100))))
        .collect();
    decide(&mut log, &mut seeded(), second(9), &renewals);
    let records = crate::samples::records(&mut log);
    let drafts = records.into_iter().map(|record| Draft {
        stream: record.stream,
        expected: tenure_journal::StreamVersion::new(record.version.number() - 1),
        record_id: record.record_id,
        event: record.event,
        effective_at: record.effective_at,
        recorded_at: record.recorded_at,
        actor: record.actor,
        receipt_id: record.receipt_id,
    });
    let mut without_receipts = MemoryLog::default();
    append(&mut without_receipts, drafts.collect(), vec![]);
    let findings = verify(&mut without_receipts, |_, _| {}).unwrap();
    assert_eq!(findings.wrong_count, 150);
    assert_eq!(findings.wrong.len(), 100);
}
