//! Rebuilding the read models from a million events, and asking for the past of one license.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tenure_journal::{AsOf, Position, SqliteReader, StreamId, as_of};
use tenure_projector::rebuild;

use crate::journal::{self, BEGIN, code, merchant};
use crate::measure::{Rounds, promise};

const EVENTS: u64 = 1_000_000;
const ROUNDS: usize = 5;
const QUESTIONS: u64 = 5_000;

/// The argument with which this program is started again, to measure the memory of one rebuild.
pub(crate) const CHILD: &str = "rebuild-once";

pub(crate) fn run() {
    println!("Read models from a journal of {EVENTS} events (and as many receipts, less a fifth)");
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("journal.db");
    drop(journal::fill(&path, EVENTS));
    let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| rebuild_in_child(&path)).collect();
    let per_second = Rounds::of(rounds.iter().map(|(seconds, _)| EVENTS as f64 / seconds));
    let memory = Rounds::of(rounds.iter().map(|(_, mebibytes)| *mebibytes));
    let fast = per_second.median() >= 300_000.0;
    promise(
        "rebuild of all read models, events/s",
        &per_second,
        ">= 300000",
        fast,
    );
    promise(
        "memory at its peak, MiB",
        &memory,
        "< 300",
        memory.median() < 300.0,
    );
    let p99 = ask(&path);
    promise(
        "license as of a past position, p99, ms",
        &p99,
        "< 5",
        p99.median() < 5.0,
    );
}

/// Rebuilds in a process of its own: seconds, and MiB at the peak.
fn rebuild_in_child(journal: &Path) -> (f64, f64) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD.as_ref(), journal.as_os_str()])
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
pub(crate) fn once(journal: &str) {
    let journal = PathBuf::from(journal);
    let mut log = SqliteReader::open(&journal).unwrap().scanning();
    let started = Instant::now();
    let rebuilt = rebuild(&journal.with_extension("read.db"), &mut log, |_, _| {}).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(rebuilt.records, EVENTS);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kibibytes: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{seconds} {}", kibibytes / 1_024.0);
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
