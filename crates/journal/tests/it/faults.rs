//! A real file that says no in the middle of a batch.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_domain::Instant;
use tenure_journal::queue::{Unavailable, start};
use tenure_journal::record_ids::Entropy;
use tenure_journal::transact::transact;
use tenure_journal::verify::verify;
use tenure_journal::{
    AppendError, Batch, Log, ManualClock, Position, ReadLog, SqliteReader, Verdict, Watch,
};

use crate::samples::{
    activate, append, decide, draft, open, receipt, receipts, records, second, seeded, stream,
};

fn journal() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let path = folder.path().join("journal.db");
    drop(open(&path));
    (folder, path)
}

/// Runs SQL on a journal past its log.
fn tamper(path: &Path, sql: &str) {
    Connection::open(path)
        .and_then(|connection| connection.execute_batch(sql))
        .expect("the file is changed");
}

/// From here on the file takes no record beyond position 3: first the batch fails alone, as a
/// constraint does, then with its whole transaction, as a full disk does.
const BROKEN: [&str; 2] = [
    "CREATE TRIGGER broken BEFORE INSERT ON records WHEN new.position > 3
     BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    "CREATE TRIGGER broken BEFORE INSERT ON records WHEN new.position > 3
     BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END",
];

#[test]
fn a_batch_that_fails_in_the_middle_leaves_nothing_and_the_log_goes_on() {
    for broken in BROKEN {
        let (_folder, path) = journal();
        let mut log = open(&path);
        let head = append(&mut log, vec![draft(&stream(1), 0, 2)], vec![receipt(1)]);
        tamper(&path, broken);
        let batch = Batch {
            receipts: vec![receipt(3)],
            drafts: (1..=4).map(|it| draft(&stream(1), it, it + 3)).collect(),
        };
        let error = log.append(&batch).unwrap_err();
        let AppendError::Unavailable(cause) = error else {
            panic!("{error}");
        };
        assert!(cause.to_string().contains("the disk is full"), "{cause}");
        assert_eq!(log.head().unwrap(), head);
        assert_eq!(records(&mut log).len(), 1);
        assert_eq!(receipts(&mut log), [receipt(1)]);
        tamper(&path, "DROP TRIGGER broken");
        assert_eq!(log.append(&batch).unwrap().position, Position::new(5));
    }
}

#[test]
fn a_line_over_a_file_that_fails_loses_nothing_that_it_acknowledged() {
    for broken in BROKEN {
        let (_folder, path) = journal();
        let opened = path.clone();
        let (queue, writer) = start(
            Box::new(move || Ok(open(&opened))),
            Arc::new(ManualClock::at(second(9))),
            Entropy::Seeded(1),
            Arc::new(Watch::default()),
            8,
        )
        .unwrap();
        let call = |number| queue.submit_and_wait(activate(number, second(1)), Instant::MAX);
        let mut acknowledged = vec![call(1).unwrap().receipt_id];
        tamper(&path, broken);
        assert_eq!(call(2).unwrap_err(), Unavailable::Failed);
        let trouble = queue.health().trouble().unwrap();
        assert!(trouble.contains("the disk is full"), "{trouble}");
        tamper(&path, "DROP TRIGGER broken");
        acknowledged.push(call(2).unwrap().receipt_id);
        assert_eq!(queue.health().trouble(), None);
        writer.stop();

        let mut reader = SqliteReader::open(&path).unwrap();
        let kept: Vec<_> = receipts_of(&mut reader);
        assert_eq!(kept, acknowledged);
        assert!(verify(&mut reader, |_, _| {}).unwrap().are_clean());
    }
}

fn receipts_of(reader: &mut SqliteReader) -> Vec<tenure_journal::ReceiptId> {
    let receipts = reader.receipts_after(None, 100).expect("they are read");
    receipts.iter().map(|receipt| receipt.id).collect()
}

#[test]
fn a_stream_that_cannot_be_read_stops_its_own_calls_and_no_others() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    let mut ids = seeded();
    decide(&mut log, &mut ids, second(2), &[activate(1, second(1))]);
    drop(log);
    tamper(
        &path,
        "DROP TRIGGER records_are_never_changed;
         UPDATE records SET event = 'transferred' WHERE position = 2",
    );
    let mut log = open(&path);
    let calls = [activate(2, second(1)), activate(1, second(1))];
    let done = transact(&mut log, &mut ids, second(3), &calls).unwrap();
    let verdicts: Vec<_> = done.iter().map(|done| done.verdict).collect();
    assert_eq!(verdicts, [Verdict::Applied, Verdict::Quarantined]);
    assert_eq!(done[1].reason.as_deref(), Some("unreadable_stream"));
    assert_eq!(receipts(&mut log).len(), 3);
}

/// More records than the tail holds: some are found through the index, some behind it.
#[test]
fn a_stream_is_read_whole_wherever_its_records_lie() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    let mut expected = 0;
    for round in 0..12 {
        let drafts: Vec<_> = (0..1_000)
            .map(|number| draft(&stream(number), round, round * 1_000 + number))
            .collect();
        append(&mut log, drafts, Vec::new());
        expected += 1;
        if round % 5 == 4 {
            log.settle().unwrap();
        }
        // A log that was just opened has no stream at hand: it has to find them.
        if round % 2 == 1 {
            drop(log);
            log = open(&path);
        }
        let mut reader = SqliteReader::open(&path).unwrap();
        for number in [0, 7, 999] {
            let read = reader.read_stream(&stream(number), Position::MAX).unwrap();
            assert_eq!(read.len(), expected);
            let events: Vec<_> = read.into_iter().map(|record| record.event).collect();
            assert_eq!(log.events(&stream(number)).unwrap(), events);
        }
        assert_eq!(reader.integrity_check().unwrap(), Vec::<String>::new());
    }
}

/// More streams than a reader fetches names for at once, and more than it keeps.
#[test]
fn every_record_is_given_the_name_of_its_stream() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    let numbers: Vec<u32> = (0..5_000)
        .chain((0..5_000).map(|it| it * 7 % 5_000))
        .collect();
    for (round, numbers) in numbers.chunks(5_000).enumerate() {
        let round = u32::try_from(round).unwrap();
        let drafts = numbers
            .iter()
            .map(|number| draft(&stream(*number), round, round * 5_000 + number));
        append(&mut log, drafts.collect(), Vec::new());
    }
    for mut reader in [
        SqliteReader::open(&path).unwrap(),
        SqliteReader::open(&path).unwrap().scanning(),
    ] {
        let records = reader.read_after(Position::START, usize::MAX).unwrap();
        let expected = numbers.iter().map(|number| stream(*number));
        assert!(records.into_iter().map(|it| it.stream).eq(expected));
    }
}

#[test]
fn a_name_that_cannot_be_read_stops_at_its_own_record() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    append(
        &mut log,
        (1..4)
            .map(|number| draft(&stream(number), 0, number))
            .collect(),
        Vec::new(),
    );
    drop(log);
    tamper(
        &path,
        "DROP TRIGGER streams_are_never_changed;
         UPDATE streams SET id = CAST(x'61ff' AS TEXT) WHERE number = 3",
    );
    let mut reader = SqliteReader::open(&path).unwrap();
    assert_eq!(reader.read_after(Position::START, 2).unwrap().len(), 2);
    let error = reader.read_after(Position::START, 3).unwrap_err();
    assert!(error.to_string().contains("record 3: "), "{error}");
}

#[test]
fn an_index_without_a_row_stops_the_decisions_that_would_rest_on_it() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    let drafts = (0..300).map(|version| draft(&stream(1), version, version));
    append(&mut log, drafts.collect(), Vec::new());
    log.settle().unwrap();
    drop(log);
    tamper(&path, "DELETE FROM stream_records WHERE version = 7");
    let error = open(&path).events(&stream(1)).unwrap_err();
    assert!(error.to_string().contains("version 7 "), "{error}");
}

#[test]
fn a_batch_that_was_begun_and_not_appended_leaves_nothing() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    let head = log.begin().unwrap();
    assert_eq!(log.begin().unwrap(), head);
    append(&mut log, vec![draft(&stream(1), 0, 1)], Vec::new());
    assert_eq!(log.begin().unwrap().position, Position::new(1));
    drop(log);
    assert_eq!(open(&path).head().unwrap().position, Position::new(1));
}
