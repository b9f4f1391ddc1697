//! Rebuilding the read models from a million events, and asking for the past of one license.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rusqlite::Connection;
use tenure_journal::{AsOf, Position, ReadLog, SqliteReader, StreamId, as_of};
use tenure_projector::rebuild;
use tenure_projector::rebuild::{Receipts, fold_afresh};

use crate::journal::{self, BEGIN, code, merchant};
use crate::measure::{Rounds, promise};

const EVENTS: u64 = 1_000_000;
const ROUNDS: usize = 5;
const QUESTIONS: u64 = 5_000;

/// The argument with which this program is started again, to measure the memory of one rebuild;
/// the next tells which read models.
pub(crate) const CHILD: &str = "rebuild-once";
const LICENSES: &str = "licenses";
const ALL: &str = "all";

pub(crate) fn run() {
    println!("Read models from a journal of {EVENTS} events (and as many receipts, less a fifth)");
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("journal.db");
    drop(journal::fill(&path, EVENTS));
    let licenses = rebuild_in_children(LICENSES, &path);
    let fast = licenses.per_second.median() >= 300_000.0;
    let small = licenses.mebibytes.median() < 300.0;
    promise(
        "rebuild of the license read model, events/s",
        &licenses.per_second,
        ">= 300000",
        fast,
    );
    promise(
        "memory at its peak, MiB",
        &licenses.mebibytes,
        "< 300",
        small,
    );
    let all = rebuild_in_children(ALL, &path);
    let small = all.mebibytes.median() < 300.0;
    println!(
        "  with the read model of receipts too, events/s: {}",
        all.per_second
    );
    promise("memory at its peak, MiB", &all.mebibytes, "< 300", small);
    let p99 = ask(&path);
    promise(
        "license as of a past position, p99, ms",
        &p99,
        "< 5",
        p99.median() < 5.0,
    );
}

struct Rebuilds {
    per_second: Rounds,
    mebibytes: Rounds,
}

fn rebuild_in_children(models: &str, journal: &Path) -> Rebuilds {
    let rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| rebuild_in_child(models, journal))
        .collect();
    Rebuilds {
        per_second: Rounds::of(rounds.iter().map(|(seconds, _)| EVENTS as f64 / seconds)),
        mebibytes: Rounds::of(rounds.iter().map(|(_, mebibytes)| *mebibytes)),
    }
}

/// Rebuilds in a process of its own: seconds, and MiB at the peak.
fn rebuild_in_child(models: &str, journal: &Path) -> (f64, f64) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD.as_ref(), models.as_ref(), journal.as_os_str()])
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stderr)
    );
    let told = String::from_utf8(child.stdout).unwrap();
    let mut figures = told
        .split_whitespace()
        .map(|figure| figure.parse().unwrap());
    (figures.next().unwrap(), figures.next().unwrap())
}

/// What the child does.
pub(crate) fn once(models: &str, journal: &str) {
    let journal = PathBuf::from(journal);
    let read_db = journal.with_extension("read.db");
    let mut log = SqliteReader::open(&journal).unwrap().scanning();
    let started = Instant::now();
    let records = match models {
        LICENSES => rebuild_licenses(&read_db, &mut log),
        _ => rebuild(&read_db, &mut log, |_, _| {}).unwrap().records,
    };
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(records, EVENTS);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kibibytes: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{seconds} {}", kibibytes / 1_024.0);
}

/// Folds licenses and orders into a file, and brings it to the disk.
fn rebuild_licenses(read_db: &Path, log: &mut SqliteReader) -> u64 {
    let fresh = read_db.with_extension("licenses");
    if fresh.exists() {
        std::fs::remove_file(&fresh).unwrap();
    }
    let connection = Connection::open(&fresh).unwrap();
    let head = log.head().unwrap().position;
    let (_folded, counts) =
        fold_afresh(&connection, log, head, Receipts::Skipped, |_, _| {}).unwrap();
    connection.close().unwrap();
    File::open(&fresh).unwrap().sync_all().unwrap();
    counts.records
}

/// Asks for licenses scattered over the journal, as of positions scattered over it.
fn ask(path: &Path) -> Rounds {
    let mut log = SqliteReader::open(path).unwrap();
    let rounds = (0..ROUNDS as u64).map(|round| {
        let mut times: Vec<f64> = (0..QUESTIONS)
            .map(|question| {
                let number = (question * 7_919 + round * 104_729) % (EVENTS / 5);
                let stream = StreamId::license(&merchant(), &code(number));
                let position = Position::new(1 + (question * 15_485_863 + round) % EVENTS);
                let started = Instant::now();
                let view = as_of::license(&mut log, &stream, BEGIN, AsOf::Position(position));
                let seconds = started.elapsed().as_secs_f64();
                assert_eq!(view.unwrap().as_of, position);
                seconds * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() * 99 / 100]
    });
    Rounds::of(rounds)
}
