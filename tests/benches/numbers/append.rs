//! Durable append: 64 callers, each of whom waits for the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use tenure_domain::Instant;
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::transact::transact;
use tenure_journal::{Queue, SqliteLog, SystemClock, Watch, queue};

use crate::journal;
use crate::measure::{Cost, Rounds, promise};

const CALLERS: u64 = 64;
const CALLS_EACH: u64 = 400;
const ROUNDS: usize = 9;
const EVENTS_BEFORE: u64 = 100_000;
/// One transaction an event is slow: fewer are enough to tell how slow.
const SINGLE_CALLS: u64 = 1_500;

pub(crate) fn run() {
    println!(
        "Durable append, {CALLERS} callers that each wait, on a journal of {EVENTS_BEFORE} events"
    );
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("journal.db");
    drop(journal::fill(&path, EVENTS_BEFORE));
    // What an event, with its receipt, comes to in the journal's own file.
    let bytes = std::fs::metadata(&path).unwrap().len() / EVENTS_BEFORE;
    let (mut raw, mut grouped, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        raw.push(raw_file(folder.path(), bytes));
        grouped.push(group_commit(&path, round as u64));
        single.push(one_transaction_each(&path, round as u64));
    }
    for (name, costs) in [
        ("raw file", &raw),
        ("journal", &grouped),
        ("one transaction each", &single),
    ] {
        let per_second = Rounds::of(costs.iter().map(Cost::per_second));
        let written = Rounds::of(costs.iter().map(|it| it.written as f64 / it.work as f64));
        let processor = Rounds::of(
            costs
                .iter()
                .map(|it| it.processor.as_secs_f64() * 1e6 / it.work as f64),
        );
        println!(
            "  {name:<22} events/s {per_second:<32} bytes/event {written:<28} CPU µs/event {processor}"
        );
    }
    let against = |other: &[Cost]| {
        Rounds::of(
            grouped
                .iter()
                .zip(other)
                .map(|(it, other)| it.per_second() / other.per_second()),
        )
    };
    let (to_raw, to_single) = (against(&raw), against(&single));
    promise(
        "journal / raw file with the same group commit",
        &to_raw,
        ">= 0.3",
        to_raw.median() >= 0.3,
    );
    promise(
        "journal / one transaction per event",
        &to_single,
        ">= 6",
        to_single.median() >= 6.0,
    );
}

/// The same group commit without a database: whatever waits is written and flushed at once.
fn raw_file(folder: &Path, bytes: u64) -> Cost {
    let mut file = File::create(folder.join("raw.log")).unwrap();
    let (sender, receiver): (SyncSender<Sender<()>>, Receiver<Sender<()>>) = sync_channel(4_096);
    let writer = thread::spawn(move || {
        let bytes = vec![b'x'; usize::try_from(bytes).unwrap()];
        while let Ok(first) = receiver.recv() {
            let mut waiting = vec![first];
            while waiting.len() < queue::BATCH_MAX
                && let Ok(next) = receiver.try_recv()
            {
                waiting.push(next);
            }
            file.write_all(&bytes.repeat(waiting.len())).unwrap();
            file.sync_data().unwrap();
            for caller in waiting {
                caller.send(()).unwrap();
            }
        }
    });
    let cost = Cost::of(|| {
        callers(|_caller| {
            let sender = sender.clone();
            move |_call| {
                let (done, wait) = channel();
                sender.send(done).unwrap();
                wait.recv().unwrap();
            }
        })
    });
    drop(sender);
    writer.join().unwrap();
    cost
}

fn group_commit(path: &Path, round: u64) -> Cost {
    let owned = path.to_owned();
    let (queue, writer) = queue::start(
        Box::new(move || Ok(SqliteLog::open(&owned)?)),
        Arc::new(SystemClock),
        Entropy::System,
        Arc::new(Watch::default()),
        4_096,
    )
    .unwrap();
    let cost = Cost::of(|| {
        callers(|caller| {
            let queue: Queue = queue.clone();
            move |call| {
                let (license, intent) = next(caller, call, round);
                let done = queue.submit_and_wait(journal::call(license, intent), Instant::MAX);
                assert_eq!(done.unwrap().records, 1);
            }
        })
    });
    writer.stop();
    cost
}

fn one_transaction_each(path: &Path, round: u64) -> Cost {
    let mut log = SqliteLog::open(path).unwrap();
    let mut ids = RecordIds::new(Entropy::System, None);
    Cost::of(|| {
        for call in 0..SINGLE_CALLS {
            let (license, intent) = next(CALLERS + 1, call, round);
            let done = transact(
                &mut log,
                &mut ids,
                journal::BEGIN,
                &[journal::call(license, intent)],
            );
            assert_eq!(done.unwrap().first().unwrap().records, 1);
        }
        SINGLE_CALLS
    })
}

/// Runs every caller on a thread of its own; returns how many calls were made.
fn callers<C: FnMut(u64) + Send>(caller: impl Fn(u64) -> C) -> u64 {
    thread::scope(|scope| {
        for number in 0..CALLERS {
            let mut call = caller(number);
            scope.spawn(move || (0..CALLS_EACH).for_each(&mut call));
        }
    });
    CALLERS * CALLS_EACH
}

/// Freezes and unfreezes licenses of the caller's own, scattered over the journal: one event each.
fn next(caller: u64, call: u64, round: u64) -> (u64, tenure_domain::Intent) {
    let licenses = EVENTS_BEFORE / 5;
    let own = licenses / (CALLERS + 2);
    let license = caller * own + ((call / 2) * 97 + round * 13) % own;
    let intent = if call.is_multiple_of(2) {
        journal::freeze(license)
    } else {
        journal::unfreeze(license)
    };
    (license, intent)
}
