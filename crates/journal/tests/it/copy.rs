//! A copy of a journal: whole, continued, and as it was at a position.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_domain::Intent;
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::sqlite::{Copied, CopyError, WriterLock, copy};
use tenure_journal::{
    Batch, Log, OpenError, Position, ReadLog, SqliteLog, SqliteReader, Verdict, verify,
};

use crate::explain::plan;
use crate::samples::{
    activate, append, decide, draft, noted, open, receipt, receipts, records, second, stranger,
    stream, wish,
};

struct Scene {
    folder: TempDir,
    log: SqliteLog,
}

impl Scene {
    /// Calls about some codes: each opens a stream with two records, and one changes nothing.
    fn new() -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let log = open(&folder.path().join("journal.db"));
        let mut scene = Self { folder, log };
        scene.play(1);
        scene
    }

    fn play(&mut self, first: u32) {
        let last_id = self.log.head().expect("the head is read").last_id;
        let mut ids = RecordIds::new(Entropy::Seeded(9), last_id);
        for number in first..first + 5 {
            let at = second(number);
            let calls = [
                activate(number, at),
                activate(number, at),
                noted(Verdict::Answered, None),
                wish(1, at, Intent::Freeze),
            ];
            decide(&mut self.log, &mut ids, second(100 + number), &calls);
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self, into: &str, up_to: Option<u64>) -> Result<Copied, CopyError> {
        let up_to = up_to.map(Position::new);
        copy(&self.path("journal.db"), &self.path(into), up_to, |_, _| {})
    }

    fn read(&self, name: &str) -> SqliteReader {
        SqliteReader::open(&self.path(name)).expect("the copy is opened")
    }
}

#[track_caller]
fn check_sound(log: &mut SqliteReader) {
    assert_eq!(log.integrity_check().expect("it is read"), [""; 0]);
    let findings = verify::verify(log, |_, _| {}).expect("it is read");
    assert_eq!(findings.wrong, [""; 0]);
}

#[test]
fn a_copy_holds_what_the_journal_holds() {
    let mut scene = Scene::new();
    let copied = scene.copy("copy.db", None).unwrap();
    let mut copy = scene.read("copy.db");
    assert_eq!(records(&mut copy), records(&mut scene.log));
    assert_eq!(receipts(&mut copy), receipts(&mut scene.log));
    assert_eq!(copied.position, scene.log.head().unwrap().position);
    assert_eq!(copied.receipts, receipts(&mut copy).len() as u64);
    check_sound(&mut copy);
    // It is one file, and can be written to as any other journal.
    assert!(!scene.path("copy.db-wal").exists());
    drop(copy);
    let mut log = open(&scene.path("copy.db"));
    let stream = stream(77);
    let last = log.head().unwrap().position;
    assert_eq!(
        append(&mut log, vec![draft(&stream, 0, 900)], vec![]).position,
        last.next()
    );
}

#[test]
fn a_copy_is_continued_with_what_was_added() {
    let mut scene = Scene::new();
    let first = scene.copy("copy.db", None).unwrap();
    let again = scene.copy("copy.db", None).unwrap();
    assert_eq!((again.records, again.receipts), (0, 0));
    assert_eq!(again.position, first.position);
    assert_eq!(again.record_id, first.record_id);
    scene.play(20);
    let second = scene.copy("copy.db", None).unwrap();
    assert_eq!(
        second.records,
        second.position.number() - first.position.number()
    );
    let mut copy = scene.read("copy.db");
    assert_eq!(records(&mut copy), records(&mut scene.log));
    assert_eq!(receipts(&mut copy), receipts(&mut scene.log));
    check_sound(&mut copy);
}

#[test]
fn an_empty_journal_is_copied_too() {
    let folder = TempDir::new().unwrap();
    let (from, into) = (folder.path().join("a.db"), folder.path().join("b.db"));
    drop(open(&from));
    let copied = copy(&from, &into, None, |_, _| {}).unwrap();
    assert_eq!((copied.position, copied.record_id), (Position::START, None));
    check_sound(&mut SqliteReader::open(&into).unwrap());
}

/// At every position: those between the records of one call are refused, and any other gives the
/// journal that was there then.
#[test]
fn a_copy_of_the_past_is_the_journal_of_then() {
    let mut scene = Scene::new();
    let all = records(&mut scene.log);
    let calls = receipts(&mut scene.log);
    for number in 0..=all.len() {
        let name = format!("{number}.db");
        let copied = scene.copy(&name, Some(number as u64));
        let is_amid = number > 0
            && all
                .get(number)
                .is_some_and(|next| next.receipt_id == all[number - 1].receipt_id);
        if is_amid {
            assert!(
                matches!(copied, Err(CopyError::Amid { .. })),
                "{number}: {copied:?}"
            );
            continue;
        }
        assert_eq!(copied.unwrap().position.number(), number as u64);
        let mut copy = scene.read(&name);
        assert_eq!(records(&mut copy), all[..number]);
        let next = all.get(number).map(|next| next.receipt_id);
        let known: Vec<_> = calls
            .iter()
            .filter(|it| next.is_none_or(|next| it.id < next))
            .cloned()
            .collect();
        assert_eq!(receipts(&mut copy), known, "{number}");
        check_sound(&mut copy);
    }
    let beyond = scene.copy("beyond.db", Some(all.len() as u64 + 1));
    assert!(
        matches!(beyond, Err(CopyError::Beyond { .. })),
        "{beyond:?}"
    );
}

#[test]
fn a_copy_of_another_journal_is_not_continued() {
    let scene = Scene::new();
    scene.copy("copy.db", None).unwrap();
    // The journal was replaced by one with other records, and by one with fewer.
    let mut other = open(&scene.path("other.db"));
    for version in 0..40 {
        append(
            &mut other,
            vec![draft(&stream(1), version, 10 + version)],
            vec![],
        );
    }
    drop(other);
    let fewer = scene.copy("fewer.db", Some(2)).unwrap();
    assert_eq!(fewer.position.number(), 2);
    for name in ["other.db", "fewer.db"] {
        let refused = copy(&scene.path(name), &scene.path("copy.db"), None, |_, _| {});
        assert!(
            matches!(refused, Err(CopyError::Foreign { .. })),
            "{name}: {refused:?}"
        );
        check_sound(&mut scene.read("copy.db"));
    }
    let back = scene.copy("copy.db", Some(2));
    assert!(matches!(back, Err(CopyError::Foreign { .. })), "{back:?}");
}

#[test]
fn what_strangers_left_is_forgotten_in_the_copy_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    let into = folder.path().join("copy.db");
    let mut log = SqliteLog::open(&path).unwrap().keeping_strangers(3);
    for number in 1..=3 {
        append(&mut log, vec![], vec![stranger(number)]);
    }
    copy(&path, &into, None, |_, _| {}).unwrap();
    for number in 4..=5 {
        append(&mut log, vec![], vec![stranger(number)]);
    }
    copy(&path, &into, None, |_, _| {}).unwrap();
    let mut copied = SqliteReader::open(&into).unwrap();
    assert_eq!(receipts(&mut copied), receipts(&mut log));
    assert_eq!(receipts(&mut copied).len(), 3);
}

/// The journal is written to between the steps of the copy.
#[test]
fn what_is_written_meanwhile_is_copied_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    let mut log = open(&path);
    let fill = |log: &mut SqliteLog, first: u32, count: u32| {
        let drafts = (first..first + count).map(|number| draft(&stream(number), 0, number));
        log.append(&Batch {
            receipts: vec![],
            drafts: drafts.collect(),
        })
        .unwrap();
    };
    fill(&mut log, 1, 45_000);
    let mut steps = 0;
    let copied = copy(
        &path,
        &folder.path().join("copy.db"),
        None,
        |done, target| {
            assert!(done <= target);
            steps += 1;
            if steps <= 2 {
                fill(&mut log, 50_000 + steps * 10, 10);
            }
        },
    );
    assert_eq!(copied.unwrap().position, log.head().unwrap().position);
    assert_eq!(steps, 3);
    let mut copy = SqliteReader::open(&folder.path().join("copy.db")).unwrap();
    assert_eq!(copy.head().unwrap(), log.head().unwrap());
    let found = copy.read_stream(&stream(50_010), Position::MAX).unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn two_copies_into_one_file_at_once_are_refused() {
    let scene = Scene::new();
    let _lock = WriterLock::hold(&scene.path("copy.db")).unwrap();
    let refused = scene.copy("copy.db", None);
    assert!(
        matches!(refused, Err(CopyError::Open(OpenError::Locked { .. }))),
        "{refused:?}"
    );
    let missing = copy(
        &scene.path("none.db"),
        &scene.path("new.db"),
        None,
        |_, _| {},
    );
    assert!(
        matches!(missing, Err(CopyError::Open(OpenError::Missing { .. }))),
        "{missing:?}"
    );
    assert!(!scene.path("new.db").exists());
}

/// SQLite means to copy by key, and to look for what to forget by the index of strangers.
#[test]
fn no_part_of_a_copy_reads_what_was_copied_before() {
    let folder = TempDir::new().unwrap();
    let (main, source) = (folder.path().join("a.db"), folder.path().join("b.db"));
    drop((open(&main), open(&source)));
    let connection = Connection::open(&main).unwrap();
    connection
        .execute("ATTACH ?1 AS source", [source.to_str().unwrap()])
        .unwrap();
    for sql in [
        include_str!("../../src/sqlite/copy/streams.sql"),
        include_str!("../../src/sqlite/copy/records.sql"),
        include_str!("../../src/sqlite/copy/receipts.sql"),
        include_str!("../../src/sqlite/copy/strangers.sql"),
    ] {
        for step in plan(&connection, sql) {
            let bounded = step.contains("receipts_of_strangers");
            assert!(bounded || !step.starts_with("SCAN"), "{sql}: {step}");
        }
    }
}

/// More receipts than one transaction copies, and no record after them.
#[test]
fn receipts_are_copied_in_steps_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    let mut log = open(&path);
    let many = (1..=45_000).map(|number| receipt(1_000 + number));
    append(&mut log, vec![], many.collect());
    let mut steps = 0;
    let copied = copy(&path, &folder.path().join("copy.db"), None, |_, _| {
        steps += 1;
    })
    .unwrap();
    assert_eq!((copied.receipts, copied.records), (45_000, 0));
    assert_eq!(steps, 1, "the last step alone brings the copy on");
    let mut copied = SqliteReader::open(&folder.path().join("copy.db")).unwrap();
    assert_eq!(receipts(&mut copied).len(), 45_000);
}
