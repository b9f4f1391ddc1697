//! The line of calls: who gets which answer, what is committed together, who is turned away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tenure_domain::Instant;
use tenure_journal::queue::{Queue, Reply, Unavailable, Writer, start};
use tenure_journal::record_ids::Entropy;
use tenure_journal::{Call, Done, Log, ManualClock, MemoryLog, Position, ReadLog, Verdict, Watch};

use crate::hooked::{Hooked, no_room};
use crate::samples::{activate, noted, open, receipts, records, second};

type Answer = Result<Done, Unavailable>;

/// A line with its writer, and what stands around them.
struct Line {
    queue: Queue,
    writer: Writer,
    clock: Arc<ManualClock>,
    watch: Arc<Watch>,
}

fn line<L: Log + 'static>(capacity: usize, mut open: impl FnMut() -> L + Send + 'static) -> Line {
    let clock = Arc::new(ManualClock::at(second(100)));
    let watch = Arc::new(Watch::default());
    let (queue, writer) = start(
        Box::new(move || Ok(open())),
        Arc::clone(&clock) as Arc<dyn tenure_journal::Clock>,
        Entropy::Seeded(1),
        Arc::clone(&watch),
        capacity,
    )
    .expect("the log is opened");
    Line {
        queue,
        writer,
        clock,
        watch,
    }
}

impl Line {
    /// Puts a call in line; its answer comes out of what is returned.
    fn submit(&self, call: Call, deadline: Instant) -> Result<Receiver<Answer>, Unavailable> {
        let (sender, receiver) = channel();
        let reply: Reply = Box::new(move |answer| {
            sender.send(answer).expect("the test waits for the answer");
        });
        self.queue.submit(call, deadline, reply)?;
        Ok(receiver)
    }

    fn submit_in_time(&self, number: u32) -> Receiver<Answer> {
        self.submit(activate(number, second(1)), Instant::MAX)
            .expect("there is room")
    }
}

/// Appends that wait until a test lets them go on.
struct Gate {
    entered: Receiver<()>,
    permits: Sender<()>,
}

impl Gate {
    /// Waits until the writer is about to append.
    fn wait(&self) {
        self.entered.recv().expect("the writer lives");
    }

    /// Lets it append.
    fn open(&self) {
        self.permits.send(()).expect("the writer lives");
    }
}

fn gated(capacity: usize) -> (Line, Gate, MemoryLog) {
    let log = MemoryLog::default();
    let (entering, entered) = channel();
    let (permits, permitted) = channel::<()>();
    let mut only = Some(Hooked::new(
        log.clone(),
        move |log: &mut MemoryLog, batch| {
            entering.send(()).expect("the test lives");
            permitted.recv().expect("the test opens the gate");
            log.append(batch)
        },
    ));
    let line = line(capacity, move || only.take().expect("it is opened once"));
    (line, Gate { entered, permits }, log)
}

fn answer(receiver: &Receiver<Answer>) -> Answer {
    receiver.recv().expect("an answer comes")
}

fn each_of_many_threads_gets_its_own_answer<L: Log + 'static>(
    open: impl FnMut() -> L + Send + 'static,
    mut reader: impl ReadLog,
) {
    const THREADS: u32 = 8;
    const CALLS_EACH: u32 = 25;
    let line = line(64, open);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let queue = line.queue.clone();
            scope.spawn(move || {
                for number in 0..CALLS_EACH {
                    let number = thread * CALLS_EACH + number;
                    let mut call = activate(number, second(1));
                    call.answer = Box::new(move |_| number.to_be_bytes().to_vec());
                    let done = queue
                        .submit_and_wait(call, Instant::MAX)
                        .expect("it is recorded");
                    assert_eq!(*done.answer, number.to_be_bytes());
                    assert_eq!(done.verdict, Verdict::Applied);
                    assert_eq!(done.records, 2);
                }
            });
        }
    });
    let health = Arc::clone(line.queue.health());
    line.writer.stop();
    let calls = u64::from(THREADS * CALLS_EACH);
    assert_eq!(health.calls.load(Ordering::Relaxed), calls);
    assert_eq!(health.records.load(Ordering::Relaxed), 2 * calls);
    assert_eq!(health.waiting.load(Ordering::Relaxed), 0);
    assert_eq!(line.watch.seen().head, Position::new(2 * calls));
    let head = reader.head().expect("it is read");
    assert_eq!(head.position, Position::new(2 * calls));
    let answers: std::collections::BTreeSet<_> = reader
        .receipts_after(None, 1_000)
        .expect("they are read")
        .into_iter()
        .map(|receipt| receipt.answer)
        .collect();
    assert_eq!(answers.len() as u64, calls);
}

#[test]
fn each_of_many_threads_gets_its_own_answer_in_memory() {
    let log = MemoryLog::default();
    let opened = log.clone();
    each_of_many_threads_gets_its_own_answer(move || opened.clone(), log);
}

#[test]
fn each_of_many_threads_gets_its_own_answer_in_a_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    let opened = path.clone();
    drop(open(&path));
    let reader = tenure_journal::SqliteReader::open(&path).unwrap();
    each_of_many_threads_gets_its_own_answer(move || open(&opened), reader);
}

#[test]
fn calls_that_gather_during_a_commit_are_committed_together() {
    let (line, gate, mut log) = gated(16);
    let first = line.submit_in_time(1);
    gate.wait();
    let others: Vec<_> = (2..=6).map(|number| line.submit_in_time(number)).collect();
    assert_eq!(line.queue.health().waiting.load(Ordering::Relaxed), 5);
    assert!(
        first.try_recv().is_err(),
        "nothing is told before it is on disk"
    );
    gate.open();
    assert_eq!(answer(&first).unwrap().head, Position::new(2));
    gate.wait();
    assert!(others.iter().all(|other| other.try_recv().is_err()));
    gate.open();
    for other in &others {
        assert_eq!(answer(other).unwrap().head, Position::new(12));
    }
    let health = Arc::clone(line.queue.health());
    line.writer.stop();
    assert_eq!(health.commits.load(Ordering::Relaxed), 2);
    assert_eq!(health.calls.load(Ordering::Relaxed), 6);
    assert_eq!(receipts(&mut log).len(), 6);
}

#[test]
fn a_batch_takes_no_more_than_its_bound() {
    let many = tenure_journal::queue::BATCH_MAX + 1;
    let (line, gate, _log) = gated(many);
    let first = line.submit_in_time(0);
    gate.wait();
    let others: Vec<_> = (0..many)
        .map(|_| line.submit(noted(Verdict::Answered, None), Instant::MAX))
        .collect();
    for _ in 0..2 {
        gate.open();
        gate.wait();
    }
    gate.open();
    answer(&first).unwrap();
    for other in others {
        answer(&other.unwrap()).unwrap();
    }
    let health = Arc::clone(line.queue.health());
    line.writer.stop();
    assert_eq!(health.commits.load(Ordering::Relaxed), 3);
}

#[test]
fn a_full_line_turns_away_at_once_and_exactly_at_its_bound() {
    let (line, gate, mut log) = gated(3);
    let first = line.submit_in_time(1);
    gate.wait();
    let waiting: Vec<_> = (2..=4).map(|number| line.submit_in_time(number)).collect();
    for number in 5..=6 {
        let refused = line.submit(activate(number, second(1)), Instant::MAX);
        assert_eq!(refused.unwrap_err(), Unavailable::Full);
        let refused = line
            .queue
            .submit_and_wait(activate(number, second(1)), Instant::MAX);
        assert_eq!(refused.unwrap_err(), Unavailable::Full);
    }
    let health = Arc::clone(line.queue.health());
    assert_eq!(health.turned_away.load(Ordering::Relaxed), 4);
    assert_eq!(health.waiting.load(Ordering::Relaxed), 3);
    gate.open();
    gate.wait();
    gate.open();
    answer(&first).unwrap();
    for waiting in waiting {
        answer(&waiting).unwrap();
    }
    line.writer.stop();
    assert_eq!(
        receipts(&mut log).len(),
        4,
        "who was turned away left nothing"
    );
}

#[test]
fn a_call_whose_time_is_up_is_turned_away_and_leaves_no_receipt() {
    let (line, gate, mut log) = gated(16);
    let first = line.submit_in_time(1);
    gate.wait();
    let late = line.submit(activate(2, second(1)), second(110)).unwrap();
    let in_time = line.submit(activate(3, second(1)), second(111)).unwrap();
    line.clock.set(second(110));
    gate.open();
    answer(&first).unwrap();
    assert_eq!(answer(&late).unwrap_err(), Unavailable::Late);
    gate.wait();
    gate.open();
    answer(&in_time).unwrap();
    let too_late_at_once = line.submit(activate(4, second(1)), second(110)).unwrap();
    assert_eq!(answer(&too_late_at_once).unwrap_err(), Unavailable::Late);
    let health = Arc::clone(line.queue.health());
    line.writer.stop();
    assert_eq!(health.turned_away.load(Ordering::Relaxed), 2);
    assert_eq!(health.commits.load(Ordering::Relaxed), 2);
    assert_eq!(receipts(&mut log).len(), 2);
}

/// What the disk does with appends.
#[derive(Clone, Copy, PartialEq)]
enum Disk {
    Works,
    /// Nothing is written, and an error is returned.
    Fails,
    /// All is written, and an error is returned.
    WritesAndFails,
}

/// A line whose disk a test breaks and mends, the log behind it, and how often it was opened.
fn breakable() -> (Line, Arc<Mutex<Disk>>, MemoryLog, Arc<AtomicU64>) {
    let log = MemoryLog::default();
    let disk = Arc::new(Mutex::new(Disk::Works));
    let opened = Arc::new(AtomicU64::new(0));
    let open = {
        let (log, disk, opened) = (log.clone(), Arc::clone(&disk), Arc::clone(&opened));
        move || {
            opened.fetch_add(1, Ordering::SeqCst);
            let (on_append, on_probe) = (Arc::clone(&disk), Arc::clone(&disk));
            Hooked::new(log.clone(), move |log: &mut MemoryLog, batch| {
                let disk = *on_append.lock().expect("nobody panicked");
                if disk != Disk::Fails {
                    let head = log.append(batch)?;
                    if disk == Disk::Works {
                        return Ok(head);
                    }
                }
                Err(no_room())
            })
            .probing(
                move |log| match *on_probe.lock().expect("nobody panicked") {
                    Disk::Works => log.probe(),
                    Disk::Fails | Disk::WritesAndFails => Err(no_room()),
                },
            )
        }
    };
    (line(16, open), disk, log, opened)
}

#[test]
fn a_failed_commit_is_told_to_everybody_and_the_next_success_clears_it() {
    let (line, disk, mut log, opened) = breakable();
    answer(&line.submit_in_time(1)).unwrap();
    let health = Arc::clone(line.queue.health());
    assert_eq!(health.trouble(), None);
    assert_eq!(opened.load(Ordering::SeqCst), 1);

    *disk.lock().unwrap() = Disk::Fails;
    for number in 2..=4 {
        let failed = answer(&line.submit_in_time(number));
        assert_eq!(failed.unwrap_err(), Unavailable::Failed);
        let trouble = health.trouble().unwrap();
        assert!(trouble.contains("no space left on device"), "{trouble}");
    }
    assert_eq!(health.failures.load(Ordering::Relaxed), 3);

    *disk.lock().unwrap() = Disk::Works;
    let done = answer(&line.submit_in_time(5)).unwrap();
    assert_eq!(done.head, Position::new(4));
    assert_eq!(health.trouble(), None);
    assert!(
        opened.load(Ordering::SeqCst) >= 4,
        "each failure opens anew"
    );
    line.writer.stop();
    assert_eq!(health.commits.load(Ordering::Relaxed), 2);
    assert_eq!(receipts(&mut log).len(), 2);
}

#[test]
fn what_was_written_without_being_acknowledged_is_seen_by_the_next_decision() {
    let (line, disk, mut log, _opened) = breakable();
    *disk.lock().unwrap() = Disk::WritesAndFails;
    let failed = answer(&line.submit_in_time(1));
    assert_eq!(failed.unwrap_err(), Unavailable::Failed);

    *disk.lock().unwrap() = Disk::Works;
    let again = answer(&line.submit_in_time(1)).unwrap();
    assert_eq!(again.verdict, Verdict::AlreadyApplied);
    line.writer.stop();
    assert_eq!(records(&mut log).len(), 2);
    let receipts = receipts(&mut log);
    assert_eq!(receipts.len(), 2);
    assert!(
        receipts[0].id < receipts[1].id,
        "ids go on above what is on disk"
    );
}

#[test]
fn everybody_of_a_batch_that_failed_is_told_so() {
    let log = MemoryLog::default();
    let (entering, entered) = channel();
    let (permits, permitted) = channel::<()>();
    let (entering, permitted) = (entering, Arc::new(Mutex::new(permitted)));
    let line = line(16, move || {
        let (entering, permitted) = (entering.clone(), Arc::clone(&permitted));
        Hooked::new(log.clone(), move |_, _| {
            entering.send(()).expect("the test lives");
            let permitted = permitted.lock().expect("nobody panicked");
            permitted.recv().expect("the test opens the gate");
            Err(no_room())
        })
        .probing(|_| Err(no_room()))
    });
    let gate = Gate { entered, permits };
    let first = line.submit_in_time(1);
    gate.wait();
    let others: Vec<_> = (2..=6).map(|number| line.submit_in_time(number)).collect();
    gate.open();
    assert_eq!(answer(&first).unwrap_err(), Unavailable::Failed);
    gate.wait();
    gate.open();
    for other in others {
        assert_eq!(answer(&other).unwrap_err(), Unavailable::Failed);
    }
    let health = Arc::clone(line.queue.health());
    line.writer.stop();
    assert_eq!(health.failures.load(Ordering::Relaxed), 2);
    assert_eq!(health.calls.load(Ordering::Relaxed), 0);
}

#[test]
fn a_disk_that_works_again_is_noticed_without_a_call() {
    let broken = Arc::new(AtomicBool::new(true));
    let (probing, probed) = channel();
    let line = {
        let broken = Arc::clone(&broken);
        line(16, move || {
            let (broken, probing) = (Arc::clone(&broken), probing.clone());
            Hooked::new(MemoryLog::default(), move |_, _| Err(no_room())).probing(move |_| {
                let works = !broken.load(Ordering::SeqCst);
                probing.send(works).expect("the test lives");
                if works { Ok(()) } else { Err(no_room()) }
            })
        })
    };
    let failed = answer(&line.submit_in_time(1));
    assert_eq!(failed.unwrap_err(), Unavailable::Failed);
    assert!(!probed.recv().unwrap());
    let health = Arc::clone(line.queue.health());
    assert!(health.trouble().is_some());
    broken.store(false, Ordering::SeqCst);
    while !probed.recv().unwrap() {}
    line.writer.stop();
    assert_eq!(health.trouble(), None);
}

#[test]
fn a_log_that_cannot_be_opened_starts_no_writer() {
    let refused = start::<MemoryLog>(
        Box::new(|| Err("another process writes to it".into())),
        Arc::new(ManualClock::at(second(1))),
        Entropy::Seeded(1),
        Arc::default(),
        1,
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "another process writes to it"
    );
}

#[test]
fn a_log_that_cannot_be_opened_again_is_trouble_until_it_can() {
    let log = MemoryLog::default();
    let there = Arc::new(AtomicBool::new(true));
    let mut fails_once = true;
    let open = {
        let there = Arc::clone(&there);
        move || {
            if !there.load(Ordering::SeqCst) {
                return Err("it is gone".into());
            }
            let fails = std::mem::take(&mut fails_once);
            Ok(Hooked::new(
                log.clone(),
                move |log: &mut MemoryLog, batch| {
                    if fails {
                        Err(no_room())
                    } else {
                        log.append(batch)
                    }
                },
            ))
        }
    };
    let (queue, writer) = start(
        Box::new(open),
        Arc::new(ManualClock::at(second(1))),
        Entropy::Seeded(1),
        Arc::default(),
        4,
    )
    .unwrap();
    there.store(false, Ordering::SeqCst);
    let call = |number| queue.submit_and_wait(activate(number, second(1)), Instant::MAX);
    assert_eq!(call(1).unwrap_err(), Unavailable::Failed);
    assert_eq!(call(2).unwrap_err(), Unavailable::Failed);
    let trouble = queue.health().trouble().unwrap();
    assert!(trouble.contains("it is gone"), "{trouble}");
    there.store(true, Ordering::SeqCst);
    assert_eq!(call(3).unwrap().head, Position::new(2));
    assert_eq!(queue.health().trouble(), None);
    writer.stop();
}

#[test]
fn stopping_records_what_is_in_line_and_turns_later_calls_away() {
    let (line, gate, mut log) = gated(16);
    let first = line.submit_in_time(1);
    gate.wait();
    let waiting: Vec<_> = (2..=4).map(|number| line.submit_in_time(number)).collect();
    let queue = line.queue.clone();
    let stopping = std::thread::spawn(move || line.writer.stop());
    gate.open();
    gate.wait();
    gate.open();
    stopping.join().unwrap();
    for receiver in std::iter::once(&first).chain(&waiting) {
        answer(receiver).unwrap();
    }
    let later = queue.submit_and_wait(activate(5, second(1)), Instant::MAX);
    assert_eq!(later.unwrap_err(), Unavailable::Stopped);
    assert_eq!(queue.health().waiting.load(Ordering::Relaxed), 0);
    assert_eq!(receipts(&mut log).len(), 4);
}

#[test]
fn followers_are_told_of_every_commit() {
    let log = MemoryLog::default();
    let line = line(16, move || log.clone());
    let at_start = line.watch.seen();
    assert_eq!(at_start.head, Position::START);
    answer(&line.submit_in_time(1)).unwrap();
    let after = line.watch.seen();
    assert_eq!(after.head, Position::new(2));
    assert_eq!(after.commits, at_start.commits + 1);
    let noted = line.submit(noted(Verdict::Answered, None), Instant::MAX);
    answer(&noted.unwrap()).unwrap();
    assert_eq!(line.watch.seen().head, Position::new(2));
    assert_eq!(line.watch.seen().commits, at_start.commits + 2);
    line.writer.stop();
}
