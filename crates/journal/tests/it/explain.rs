//! How SQLite means to answer every query of the journal: by key or index, never by reading all.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::samples::open;

const QUERIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sqlite/queries");

/// Scans that end after the rows they were asked for, because they walk in the order wanted.
const BOUNDED: [(&str, &str); 2] = [
    ("head.sql", "SCAN records"),
    (
        "forget_strangers.sql",
        "SCAN receipts USING COVERING INDEX receipts_of_strangers",
    ),
];

#[test]
fn no_query_reads_a_whole_table_or_sorts() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    drop(open(&path));
    let connection = Connection::open(&path).unwrap();
    let queries = queries();
    assert!(queries.len() >= BOUNDED.len());
    for (name, sql) in queries {
        for step in plan(&connection, &sql) {
            let bounded = BOUNDED.contains(&(&*name, &*step));
            assert!(
                bounded || !step.starts_with("SCAN"),
                "{name} reads everything: {step}"
            );
            assert!(!step.contains("TEMP B-TREE"), "{name} sorts: {step}");
        }
    }
}

#[test]
fn every_bounded_scan_has_a_limit() {
    for (name, _) in BOUNDED {
        let sql = std::fs::read_to_string(Path::new(QUERIES).join(name)).unwrap();
        assert!(sql.contains("ORDER BY"), "{name}");
        assert!(sql.contains("LIMIT"), "{name}");
    }
}

fn queries() -> Vec<(String, String)> {
    let mut queries: Vec<_> = std::fs::read_dir(QUERIES)
        .expect("the folder of queries is read")
        .map(|entry| {
            let entry = entry.expect("the folder of queries is read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let sql = std::fs::read_to_string(entry.path()).expect("the query is read");
            (name, sql)
        })
        .collect();
    queries.sort();
    queries
}

pub(crate) fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .expect("the query fits the schema");
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().expect("the query is explained") {
        steps.push(row.get(3).expect("a step is a text"));
    }
    steps
}
