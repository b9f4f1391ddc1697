//! Which files may be opened, and what is said about the others.

use std::error::Error;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_journal::migrate::SchemaError;
use tenure_journal::{OpenError, SqliteLog, SqliteReader};

use crate::samples::open;

fn folder() -> TempDir {
    TempDir::new().expect("there is room for a temporary folder")
}

/// A journal whose list of migrations was changed.
fn journal_after(folder: &TempDir, sql: &str) -> std::path::PathBuf {
    let path = folder.path().join("journal.db");
    drop(open(&path));
    let rows = Connection::open(&path)
        .and_then(|connection| connection.execute(sql, []))
        .expect("the list is changed");
    assert_eq!(rows, 1, "{sql}");
    path
}

/// The errors of a writer and of a reader.
fn refusals(path: &Path) -> [OpenError; 2] {
    [
        SqliteLog::open(path).expect_err("it may not be written"),
        SqliteReader::open(path).expect_err("it may not be read"),
    ]
}

#[test]
fn a_newer_schema_is_refused_and_the_message_says_what_to_do() {
    let folder = folder();
    let path = journal_after(
        &folder,
        "INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', '00')",
    );
    for error in refusals(&path) {
        let OpenError::Schema { source, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(matches!(source, SchemaError::Newer { found: 99, .. }));
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains("has schema 99"), "{cause}");
        assert!(
            cause.contains("start the version that wrote it, or a newer one"),
            "{cause}"
        );
    }
}

#[test]
fn a_changed_migration_is_refused() {
    let folder = folder();
    let path = journal_after(
        &folder,
        "UPDATE migrations SET checksum = replace(checksum, substr(checksum, 1, 4), 'beef') \
         WHERE number = 1",
    );
    for error in refusals(&path) {
        assert!(
            matches!(
                error,
                OpenError::Schema {
                    source: SchemaError::Changed { number: 1 },
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[test]
fn a_refused_journal_is_left_as_it_was() {
    let folder = folder();
    let path = journal_after(
        &folder,
        "INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', '00')",
    );
    let before = std::fs::read(&path).unwrap();
    refusals(&path);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn opening_again_migrates_nothing_twice() {
    let folder = folder();
    let path = folder.path().join("journal.db");
    for _ in 0..3 {
        drop(open(&path));
    }
    let applied: Vec<usize> = Connection::open(&path)
        .unwrap()
        .prepare("SELECT number FROM migrations")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(applied.iter().copied().eq(1..=applied.len()));
}

#[test]
fn a_file_that_is_no_database_is_refused_and_kept() {
    let folder = folder();
    let path = folder.path().join("journal.db");
    let text = "This is a letter, and no database. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    for error in refusals(&path) {
        assert!(matches!(error, OpenError::Unavailable { .. }), "{error:?}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains("not a database"), "{cause}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_reader_of_nothing_says_so_and_makes_no_file() {
    let folder = folder();
    let path = folder.path().join("journal.db");
    let error = SqliteReader::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
    assert!(!path.exists());

    std::fs::write(&path, "").unwrap();
    let error = SqliteReader::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
}

#[test]
fn a_folder_in_place_of_the_file_is_refused() {
    let folder = folder();
    for error in refusals(folder.path()) {
        assert!(matches!(error, OpenError::Unavailable { .. }), "{error:?}");
    }
}
