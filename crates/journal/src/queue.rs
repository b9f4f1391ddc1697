//! One bounded line of calls, and the one thread that takes them out of it.
//!
//! The writer takes whatever waits, up to [`BATCH_MAX`] calls, decides it, commits it once, and
//! answers all of it. No timer: while one batch is on its way to the disk the next one gathers. A
//! full line turns calls away at once; a call whose time is up before its batch is begun is turned
//! away as well, so that nothing is recorded that nobody waits for.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tenure_domain::Instant;

use crate::clock::Clock;
use crate::log::{AppendError, Log};
use crate::record_ids::{Entropy, RecordIds};
use crate::transact::{Call, Done, TransactError, transact};
use crate::watch::Watch;

/// The most calls that one transaction takes.
pub const BATCH_MAX: usize = 512;

/// How long after a failed commit the writer tries again whether it can write.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// Opens the log: at the start, and again whenever a commit failed.
pub type OpenLog<L> =
    Box<dyn FnMut() -> Result<L, Box<dyn std::error::Error + Send + Sync>> + Send>;

/// Told what became of a call.
pub type Reply = Box<dyn FnOnce(Result<Done, Unavailable>) + Send>;

/// Why a call was not recorded. Nothing of it was acknowledged; it may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Too many calls wait already.
    #[error("too many calls wait")]
    Full,
    /// Its time was up before it came to its turn.
    #[error("the call waited too long")]
    Late,
    /// The journal could not be written; whether this call was is not known.
    #[error("the journal cannot be written")]
    Failed,
    /// The service stops.
    #[error("the service stops")]
    Stopped,
}

/// The line of calls. Clones share it.
#[derive(Clone)]
pub struct Queue {
    calls: SyncSender<Waiting>,
    health: Arc<Health>,
}

struct Waiting {
    call: Call,
    deadline: Instant,
    reply: Reply,
}

/// The writer's thread.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

/// How the writer fares: counters, and whether it can write.
#[derive(Debug, Default)]
pub struct Health {
    /// Commits that succeeded.
    pub commits: AtomicU64,
    /// Calls that were recorded.
    pub calls: AtomicU64,
    /// Records that were appended.
    pub records: AtomicU64,
    /// Commits that failed.
    pub failures: AtomicU64,
    /// Calls that were turned away because too many waited, or because they waited too long.
    pub turned_away: AtomicU64,
    /// Calls that wait now.
    pub waiting: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Health {
    /// Why the journal cannot be written; `None` while it can.
    pub fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl Queue {
    /// Puts a call in line. `reply` is told what became of it, on the writer's thread; it is not
    /// told anything if this returns an error.
    pub fn submit(&self, call: Call, deadline: Instant, reply: Reply) -> Result<(), Unavailable> {
        self.health.waiting.fetch_add(1, Ordering::Relaxed);
        self.calls
            .try_send(Waiting {
                call,
                deadline,
                reply,
            })
            .map_err(|error| {
                self.health.waiting.fetch_sub(1, Ordering::Relaxed);
                match error {
                    TrySendError::Full(_) => {
                        self.health.turned_away.fetch_add(1, Ordering::Relaxed);
                        Unavailable::Full
                    },
                    TrySendError::Disconnected(_) => Unavailable::Stopped,
                }
            })
    }

    /// Puts a call in line and waits for what becomes of it.
    pub fn submit_and_wait(&self, call: Call, deadline: Instant) -> Result<Done, Unavailable> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let reply: Reply = Box::new(move |reply| {
            // Whoever asked may have gone; the call is recorded all the same.
            drop(sender.send(reply));
        });
        self.submit(call, deadline, reply)?;
        receiver.recv().map_err(|_gone| Unavailable::Stopped)?
    }

    /// How the writer fares.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Records what is in line already, then stops. Calls that come later are turned away.
    pub fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        if self.thread.join().is_err() {
            tracing::error!("the journal's writer panicked");
        }
    }
}

/// Opens the log and starts its writer, with a line of at most `capacity` calls.
pub fn start<L: Log + 'static>(
    mut open: OpenLog<L>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    watch: Arc<Watch>,
    capacity: usize,
) -> Result<(Queue, Writer), Box<dyn std::error::Error + Send + Sync>> {
    let mut log = open()?;
    let head = log.head()?;
    watch.announce(head.position);
    let (sender, receiver) = sync_channel(capacity);
    let health = Arc::new(Health::default());
    let stop = Arc::new(AtomicBool::new(false));
    let ids = RecordIds::new(entropy, head.last_id);
    let mut writing = Writing {
        log: Some(log),
        open,
        clock,
        ids,
        watch,
        health: Arc::clone(&health),
        stop: Arc::clone(&stop),
    };
    let thread = std::thread::Builder::new()
        .name("journal-writer".to_owned())
        .spawn(move || writing.run(&receiver))?;
    Ok((
        Queue {
            calls: sender,
            health,
        },
        Writer { thread, stop },
    ))
}

struct Writing<L> {
    /// `None` after a commit failed, until it could be opened anew.
    log: Option<L>,
    open: OpenLog<L>,
    clock: Arc<dyn Clock>,
    ids: RecordIds,
    watch: Arc<Watch>,
    health: Arc<Health>,
    stop: Arc<AtomicBool>,
}

impl<L: Log> Writing<L> {
    fn run(&mut self, calls: &Receiver<Waiting>) {
        loop {
            match calls.recv_timeout(PROBE_EVERY) {
                Ok(first) => self.record(take(first, calls)),
                Err(RecvTimeoutError::Timeout) if self.stop.load(Ordering::SeqCst) => return,
                Err(RecvTimeoutError::Timeout) => self.probe(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn record(&mut self, taken: Vec<Waiting>) {
        self.health
            .waiting
            .fetch_sub(taken.len() as u64, Ordering::Relaxed);
        let now = self.clock.now();
        let (in_time, late): (Vec<_>, Vec<_>) = taken
            .into_iter()
            .partition(|waiting| now < waiting.deadline);
        self.health
            .turned_away
            .fetch_add(late.len() as u64, Ordering::Relaxed);
        for waiting in late {
            (waiting.reply)(Err(Unavailable::Late));
        }
        if in_time.is_empty() {
            return;
        }
        let (calls, replies): (Vec<_>, Vec<_>) = in_time
            .into_iter()
            .map(|waiting| (waiting.call, waiting.reply))
            .unzip();
        match self.commit(now, &calls) {
            Ok(done) => {
                for (reply, done) in replies.into_iter().zip(done) {
                    reply(Ok(done));
                }
            },
            Err(error) => {
                self.give_up(&error);
                for reply in replies {
                    reply(Err(Unavailable::Failed));
                }
            },
        }
    }

    fn commit(&mut self, now: Instant, calls: &[Call]) -> Result<Vec<Done>, TransactError> {
        if self.log.is_none() {
            self.reopen();
        }
        let log = self.log.as_mut().ok_or_else(|| {
            TransactError::Append(AppendError::Unavailable(
                "it could not be opened again".into(),
            ))
        })?;
        let done = transact(log, &mut self.ids, now, calls)?;
        let records: usize = done.iter().map(|done| done.records).sum();
        self.health.commits.fetch_add(1, Ordering::Relaxed);
        self.health
            .calls
            .fetch_add(done.len() as u64, Ordering::Relaxed);
        self.health
            .records
            .fetch_add(records as u64, Ordering::Relaxed);
        self.recovered();
        let head = done
            .last()
            .map_or_else(|| self.watch.seen().head, |done| done.head);
        self.watch.announce(head);
        Ok(done)
    }

    /// A commit that failed may be on disk or not, and a file system that failed to flush may
    /// have thrown the pages away: nothing is retried on this connection. It is closed, and the
    /// next attempt reads the head anew.
    fn give_up(&mut self, error: &TransactError) {
        let chain = chain(error);
        if self.health.trouble().is_none() {
            tracing::error!(error = %chain, "the journal cannot be written");
        }
        self.health.failures.fetch_add(1, Ordering::Relaxed);
        self.health.set_trouble(Some(chain));
        self.log = None;
    }

    fn reopen(&mut self) {
        match (self.open)() {
            Ok(log) => self.log = Some(log),
            Err(error) => self.health.set_trouble(Some(chain(error.as_ref()))),
        }
    }

    /// Between calls: looks whether writing works again, if it did not.
    fn probe(&mut self) {
        if self.health.trouble().is_none() {
            return;
        }
        if self.log.is_none() {
            self.reopen();
        }
        match self.log.as_mut().map(Log::probe) {
            Some(Ok(())) => self.recovered(),
            Some(Err(error)) => {
                self.health.set_trouble(Some(chain(&error)));
                self.log = None;
            },
            None => {},
        }
    }

    fn recovered(&self) {
        if self.health.trouble().is_some() {
            tracing::info!("the journal can be written again");
            self.health.set_trouble(None);
        }
    }
}

fn take(first: Waiting, calls: &Receiver<Waiting>) -> Vec<Waiting> {
    let mut taken = vec![first];
    while taken.len() < BATCH_MAX {
        match calls.try_recv() {
            Ok(next) => taken.push(next),
            Err(_) => break,
        }
    }
    taken
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}
