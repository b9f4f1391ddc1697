//! Ids stay unique when the service starts anew, whatever the clock does meanwhile.

use tempfile::TempDir;
use tenure_domain::Instant;
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::{ReadLog, Verdict};
use uuid::Uuid;

use crate::samples::{activate, decide, noted, open, receipts, records, second};

#[test]
fn ids_go_on_above_those_of_the_last_run() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    let mut seen: Vec<Uuid> = Vec::new();
    // The clock steps back between the runs, and the seed is the same: without the floor the
    // third run would make the ids of the first.
    for (number, now) in [(1, 1_000), (2, 500), (3, 1_000)] {
        let mut log = open(&path);
        let last_id = log.head().unwrap().last_id;
        let mut ids = RecordIds::new(Entropy::Seeded(7), last_id);
        let calls = [activate(number, second(1)), noted(Verdict::Answered, None)];
        decide(&mut log, &mut ids, second(now), &calls);
        let mut new: Vec<_> = receipts(&mut log).iter().map(|it| it.id.uuid()).collect();
        new.extend(records(&mut log).iter().map(|record| record.record_id));
        new.retain(|id| !seen.contains(id));
        new.sort_unstable();
        new.dedup();
        assert_eq!(new.len(), 4, "two receipts and two records");
        assert!(new.iter().all(|id| Some(*id) > last_id));
        seen.extend(new);
    }
    assert!(seen.is_sorted());
}

#[test]
fn a_source_that_lags_behind_the_journal_catches_up() {
    let folder = TempDir::new().unwrap();
    let mut log = open(&folder.path().join("journal.db"));
    let mut ahead = RecordIds::new(Entropy::Seeded(7), None);
    decide(
        &mut log,
        &mut ahead,
        Instant::from_seconds(9),
        &[activate(1, second(1))],
    );
    let last = log.head().unwrap().last_id;
    let mut behind = RecordIds::new(Entropy::Seeded(8), None);
    decide(
        &mut log,
        &mut behind,
        Instant::EPOCH,
        &[activate(2, second(1))],
    );
    let receipts = receipts(&mut log);
    assert!(Some(receipts[1].id.uuid()) > last);
}
