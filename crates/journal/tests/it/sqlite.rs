//! What only the log in a file promises: rows that cannot be changed, one writer, durability.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_domain::Instant;
use tenure_journal::{
    Batch, Log, OpenError, Position, ReadError, ReadLog, SqliteLog, SqliteReader,
};

use crate::samples::{append, draft, open, receipt, receipts, records, stranger, stream};

fn journal() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let path = folder.path().join("journal.db");
    (folder, path)
}

#[track_caller]
fn assert_forbidden(path: &PathBuf, sql: &str, why: &str) {
    let intruder = Connection::open(path).expect("the file is opened");
    let error = intruder.execute(sql, []).expect_err("it is forbidden");
    assert_eq!(error.to_string(), why, "{sql}");
}

#[test]
fn records_streams_and_receipts_are_neither_changed_nor_removed() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    append(&mut log, vec![draft(&stream(1), 0, 2)], vec![receipt(1)]);
    let before = (records(&mut log), receipts(&mut log));

    let cases = [
        (
            "UPDATE records SET data = '{}'",
            "records are never changed",
        ),
        ("DELETE FROM records", "records are never removed"),
        ("UPDATE streams SET id = 'x'", "streams are never changed"),
        ("DELETE FROM streams", "streams are never removed"),
        (
            "UPDATE receipts SET verdict = 'probe'",
            "receipts are never changed",
        ),
        (
            "UPDATE receipts SET authentic = 0",
            "receipts are never changed",
        ),
        (
            "DELETE FROM receipts",
            "receipts of the marketplace are never removed",
        ),
    ];
    for (sql, why) in cases {
        assert_forbidden(&path, sql, why);
    }
    assert_eq!((records(&mut log), receipts(&mut log)), before);
}

#[test]
fn receipts_of_strangers_are_kept_in_bounded_number_and_the_oldest_go_first() {
    let (_folder, path) = journal();
    let mut log = open(&path).keeping_strangers(3);
    append(&mut log, vec![], vec![stranger(1), receipt(2), stranger(3)]);
    append(&mut log, vec![], vec![stranger(4)]);
    assert_eq!(
        receipts(&mut log).len(),
        4,
        "three strangers, and one that is none"
    );

    append(&mut log, vec![], vec![stranger(5), stranger(6)]);
    let kept = [receipt(2), stranger(4), stranger(5), stranger(6)];
    assert_eq!(receipts(&mut log), kept);

    drop(log);
    let mut log = open(&path).keeping_strangers(1);
    append(&mut log, vec![], vec![receipt(7)]);
    assert_eq!(receipts(&mut log), [receipt(2), stranger(6), receipt(7)]);
}

#[test]
fn strangers_of_a_batch_that_failed_are_not_counted() {
    let (_folder, path) = journal();
    let mut log = open(&path).keeping_strangers(2);
    append(&mut log, vec![draft(&stream(1), 0, 2)], vec![stranger(1)]);
    let conflicting = Batch {
        receipts: vec![stranger(3), stranger(4)],
        drafts: vec![draft(&stream(1), 0, 5)],
    };
    log.append(&conflicting).unwrap_err();
    append(&mut log, vec![], vec![stranger(6)]);
    assert_eq!(receipts(&mut log), [stranger(1), stranger(6)]);
}

#[test]
fn a_second_writer_is_locked_out_and_a_reader_is_not() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    append(&mut log, vec![draft(&stream(1), 0, 2)], vec![]);

    let error = SqliteLog::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    let shown = path.display().to_string();
    assert!(error.to_string().contains(&shown), "{error}");

    let mut reader = SqliteReader::open(&path).unwrap();
    assert_eq!(reader.head().unwrap(), log.head().unwrap());
    append(&mut log, vec![draft(&stream(1), 1, 3)], vec![]);
    assert_eq!(
        reader.head().unwrap().position,
        Position::new(2),
        "an open reader sees what is committed later"
    );

    drop(log);
    open(&path);
}

#[test]
fn a_reader_writes_nothing() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    append(&mut log, vec![draft(&stream(1), 0, 2)], vec![receipt(1)]);
    drop(log);
    let before = std::fs::read(&path).unwrap();
    let mut reader = SqliteReader::open(&path).unwrap();
    assert_eq!(reader.read_after(Position::START, 9).unwrap().len(), 1);
    assert_eq!(reader.integrity_check().unwrap(), Vec::<String>::new());
    drop(reader);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn the_write_ahead_log_is_on() {
    let (_folder, path) = journal();
    let log = open(&path);
    let mode: String = Connection::open(&path)
        .unwrap()
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    drop(log);
}

#[test]
fn folders_on_the_way_are_made() {
    let (folder, _) = journal();
    let path = folder.path().join("a/b/journal.db");
    let mut log = open(&path);
    assert_eq!(log.head().unwrap().recorded_at, Instant::EPOCH);
}

#[test]
fn damaged_pages_are_found_and_are_no_passing_trouble() {
    let (_folder, path) = journal();
    let mut log = open(&path);
    let drafts = (0..500).map(|version| draft(&stream(1), version, version + 1));
    append(&mut log, drafts.collect(), vec![]);
    drop(log);

    let mut bytes = std::fs::read(&path).unwrap();
    let page = 4_096;
    assert!(bytes.len() > 12 * page, "the journal has pages to damage");
    // The first two pages are the schema's; what follows are rows and their index.
    for byte in &mut bytes[4 * page..] {
        *byte = 0xa5;
    }
    std::fs::write(&path, bytes).unwrap();
    let mut reader = SqliteReader::open(&path).unwrap();
    let error = reader.read_after(Position::START, 1_000).unwrap_err();
    assert!(matches!(error, ReadError::Corrupt { .. }), "{error:?}");
    match reader.integrity_check() {
        Ok(wrong) => assert_ne!(wrong, Vec::<String>::new()),
        Err(error) => assert!(matches!(error, ReadError::Corrupt { .. }), "{error:?}"),
    }
}
