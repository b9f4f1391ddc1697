//! One bounded line of calls, and the one thread that takes them out of it.
//!
//! The writer takes whatever waits, up to [`BATCH_MAX`] calls, decides it, commits it once, and
//! answers all of it. No timer: while one batch is on its way to the disk the next one gathers. A
//! full line turns calls away at once; a call whose time is up before its batch is begun is turned
//! away as well, so that nothing is recorded that nobody waits for.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tenure_domain::Instant;

use crate::clock::Clock;
use crate::log::{AppendError, Log};
use crate::record_ids::{Entropy, RecordIds};
use crate::transact::{Call, Done, Folds, TransactError};
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
    line: SyncSender<InLine>,
    health: Arc<Health>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "all but the last that ever stands in line are calls"
)]
enum InLine {
    Call(Waiting),
    /// Whoever stands behind it is turned away.
    Stop,
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
    line: SyncSender<InLine>,
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
    /// told anything if this returns an error, and is dropped untold if the call came at the very
    /// moment in which the writer stopped.
    pub fn submit(&self, call: Call, deadline: Instant, reply: Reply) -> Result<(), Unavailable> {
        self.health.waiting.fetch_add(1, Ordering::Relaxed);
        self.line
            .try_send(InLine::Call(Waiting {
                call,
                deadline,
                reply,
            }))
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
        // If the line is closed, the writer has gone already.
        drop(self.line.send(InLine::Stop));
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
    let ids = RecordIds::new(entropy, head.last_id);
    let mut writing = Writing {
        log: Some(log),
        open,
        clock,
        ids,
        folds: Folds::default(),
        watch,
        health: Arc::clone(&health),
    };
    let thread = std::thread::Builder::new()
        .name("journal-writer".to_owned())
        .spawn(move || writing.run(&receiver))?;
    Ok((
        Queue {
            line: sender.clone(),
            health,
        },
        Writer {
            thread,
            line: sender,
        },
    ))
}

struct Writing<L> {
    /// `None` after a commit failed, until it could be opened anew.
    log: Option<L>,
    open: OpenLog<L>,
    clock: Arc<dyn Clock>,
    ids: RecordIds,
    folds: Folds,
    watch: Arc<Watch>,
    health: Arc<Health>,
}

impl<L: Log> Writing<L> {
    fn run(&mut self, line: &Receiver<InLine>) {
        loop {
            match line.recv_timeout(PROBE_EVERY) {
                Ok(InLine::Call(first)) => {
                    let (taken, stopping) = take(first, line);
                    self.record(taken);
                    if stopping {
                        return self.stop(line);
                    }
                },
                Ok(InLine::Stop) => return self.stop(line),
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Tells those who came after the stop that nothing of theirs was recorded, and closes the log.
    fn stop(&mut self, line: &Receiver<InLine>) {
        while let Ok(next) = line.try_recv() {
            if let InLine::Call(waiting) = next {
                self.health.waiting.fetch_sub(1, Ordering::Relaxed);
                (waiting.reply)(Err(Unavailable::Stopped));
            }
        }

        // A log that failed is not there any more, and nothing is tried again on its connection.
        if let Some(Err(error)) = self.log.as_mut().map(Log::finish) {
            tracing::warn!(error = %chain(&error), "the journal was not put in order at the stop");
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
        let log = opened(&mut self.log, &mut self.open)?;
        let done = self.folds.transact(log, &mut self.ids, now, calls)?;
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

    /// Between calls: lets the log do what it put off, or looks whether writing works again, if it
    /// did not.
    fn rest(&mut self) {
        let is_well = self.health.trouble().is_none();
        let rested = opened(&mut self.log, &mut self.open)
            .and_then(|log| if is_well { log.settle() } else { log.probe() });
        match rested {
            Ok(()) => self.recovered(),
            Err(error) => {
                self.health.set_trouble(Some(chain(&error)));
                self.log = None;
            },
        }
    }

    fn recovered(&self) {
        if self.health.trouble().is_some() {
            tracing::info!("the journal can be written again");
            self.health.set_trouble(None);
        }
    }
}

/// The log; opened anew, if it was closed.
fn opened<'a, L>(log: &'a mut Option<L>, open: &mut OpenLog<L>) -> Result<&'a mut L, AppendError> {
    let opened = match log.take() {
        Some(opened) => opened,
        None => open().map_err(AppendError::Unavailable)?,
    };
    Ok(log.insert(opened))
}

/// Whatever waits, up to a batch; and whether the stop came next.
fn take(first: Waiting, line: &Receiver<InLine>) -> (Vec<Waiting>, bool) {
    let mut taken = vec![first];
    while taken.len() < BATCH_MAX {
        match line.try_recv() {
            Ok(InLine::Call(next)) => taken.push(next),
            Ok(InLine::Stop) => return (taken, true),
            Err(_) => break,
        }
    }
    (taken, false)
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::clock::ManualClock;
    use crate::log::ReadLog;
    use crate::memory::MemoryLog;
    use crate::receipt::Verdict;
    use crate::record::Actor;
    use crate::transact::{Arrived, Request};

    fn noted() -> Call {
        Call {
            arrived: Arrived {
                listing: "cad-pro".into(),
                at: Instant::EPOCH,
                method: "POST".into(),
                parameters: "".into(),
                body: [].into(),
                sealed_with: None,
                activity: None,
                authentic: true,
                actor: Actor::Koogallery,
            },
            request: Request::Noted {
                verdict: Verdict::Answered,
                reason: None,
            },
            answer: Box::new(|_| Vec::new()),
        }
    }

    #[test]
    fn who_stands_behind_the_stop_is_turned_away_and_who_stands_before_it_is_recorded() {
        let (sender, line) = sync_channel(8);
        let (told, answers) = channel();
        let health = Arc::new(Health::default());
        for place in [Some(1), Some(2), None, Some(3), Some(4)] {
            let Some(number) = place else {
                sender.send(InLine::Stop).unwrap();
                continue;
            };
            health.waiting.fetch_add(1, Ordering::Relaxed);
            let told = told.clone();
            let waiting = Waiting {
                call: noted(),
                deadline: Instant::MAX,
                reply: Box::new(move |answer| told.send((number, answer)).unwrap()),
            };
            sender.send(InLine::Call(waiting)).unwrap();
        }
        let mut log = MemoryLog::default();
        let mut writing = Writing {
            log: Some(log.clone()),
            open: Box::new(|| Err("it is open already".into())),
            clock: Arc::new(ManualClock::at(Instant::EPOCH)),
            ids: RecordIds::new(Entropy::Seeded(1), None),
            folds: Folds::default(),
            watch: Arc::default(),
            health: Arc::clone(&health),
        };
        writing.run(&line);
        let answers: Vec<_> = answers
            .try_iter()
            .map(|(number, answer)| (number, answer.map(|done| done.verdict)))
            .collect();
        let (recorded, stopped) = (Ok(Verdict::Answered), Err(Unavailable::Stopped));
        assert_eq!(
            answers,
            [(1, recorded), (2, recorded), (3, stopped), (4, stopped)]
        );
        assert_eq!(health.waiting.load(Ordering::Relaxed), 0);
        assert_eq!(log.receipts_after(None, 9).unwrap().len(), 2);
    }
}
