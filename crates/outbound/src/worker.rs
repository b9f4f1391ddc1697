//! Workers: tasks that do for licenses what needs somebody else to answer.
//!
//! A worker has no list of what is to be done. The journal is that list, as the read model shows
//! it: what was lost with the process is attempted again, and what was done twice changes nothing.
//! So whatever [`Work`] does must end in a record that takes its item off the list, and must be
//! harmless when it is repeated.
//!
//! Each listing has a [`Lane`] of its own, with one attempt at a time: whoever fails one listing,
//! or one item, holds up no others. A commit wakes all of them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tenure_domain::{Instant, ListingId};
use tenure_journal::{Clock, Watch};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

mod alarms;
mod lane;
mod metrics;
mod recording;
mod wakes;

pub use alarms::{Alarm, Alarms};
pub use metrics::Metrics;

pub(crate) use lane::{Ending, Pauses};
pub(crate) use metrics::MetricNames;
pub(crate) use recording::record;

use lane::Lane;
use wakes::Wakes;

/// The longest time without a look at the clock.
const SLEEP_MAX: Duration = Duration::from_mins(1);

/// How far the clocks may be apart before a person should look. Callbacks are refused beyond it,
/// and our signatures beyond fifteen minutes.
const SKEW_SECONDS_MAX: i64 = 60;

/// The stable code of a denied access.
pub(crate) const DENIED: &str = "denied";

/// Why the read model could not be asked.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// What one worker does.
pub(crate) trait Work: Send + Sync + 'static {
    /// What is done at once. Its hash tells it from others of its listing, so what may change of
    /// it while it is pending is not hashed.
    type Item: Clone + Hash + Send + Sync + 'static;

    /// What the worker is called, and what it says.
    const WORDS: Words;

    /// How long its lanes wait.
    const PAUSES: Pauses;

    /// How long a stop waits for what is under way: not at all where an attempt that is dropped is
    /// simply made again. It must be shorter than whoever stops the process waits before a kill.
    const STOPPING_TIME_MAX: Duration = Duration::ZERO;

    /// Finds what is pending at a listing, oldest first, at most so many. May block.
    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Self::Item>, Cause>;

    /// Attempts an item, up to the record of what came of it. It may be dropped at any point.
    /// `heard` is the stable code of what came of the last attempt, if it brought nothing.
    fn attempt(
        self: Arc<Self>,
        item: Self::Item,
        heard: Option<&'static str>,
    ) -> impl Future<Output = Attempted> + Send + 'static;

    /// What an item is called in the log.
    fn name(item: &Self::Item) -> String;
}

/// What a worker is called, and what it says.
#[derive(Debug)]
pub(crate) struct Words {
    /// Its stable name.
    pub(crate) name: &'static str,
    /// What a listing does not do that rests, as words after its name.
    pub(crate) stopped: &'static str,
    /// What a person reads when a listing begins to rest: what is wrong and what to look at.
    pub(crate) alarm: &'static str,
    /// What a person reads when that is over.
    pub(crate) alarm_over: &'static str,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempted {
    pub(crate) outcome: Outcome,
    /// How far the marketplace's clock is ahead of ours, if it was asked and told.
    pub(crate) clock_skew_seconds: Option<i64>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done, and recorded.
    Done,
    /// It was done already.
    AlreadyDone,
    /// The other side took it over, and will tell. It is reminded after so many seconds.
    Promised {
        /// How many.
        seconds: i64,
    },
    /// It is too early: nobody was asked. It is attempted in so many seconds.
    NotYet {
        /// How many.
        seconds: i64,
    },
    /// Nothing.
    Nothing {
        /// What that means for the next attempts.
        ending: Ending,
        /// The stable code of the failure.
        kind: &'static str,
    },
}

/// What every worker works with.
pub struct Common {
    /// Tells that the journal moved.
    pub watch: Arc<Watch>,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// Where listings are named that rest because a person has to do something.
    pub alarms: Alarms,
    /// Decides how long listings rest after failures: different on every node.
    pub seed: u64,
}

/// What a worker is made of.
pub(crate) struct Parts<W> {
    pub(crate) work: W,
    /// The listings it works for, and the most attempts a second of each.
    pub(crate) listings: BTreeMap<ListingId, u32>,
    pub(crate) metrics: Metrics,
    pub(crate) common: Common,
}

/// Works until it is stopped.
#[derive(Debug)]
pub struct Worker {
    name: &'static str,
    task: JoinHandle<()>,
    /// Stops the task when it goes.
    stop: oneshot::Sender<Infallible>,
}

impl Worker {
    /// Starts the worker. Must run inside a tokio runtime.
    pub(crate) fn start<W: Work>(parts: Parts<W>) -> io::Result<Self> {
        let wakes = Wakes::follow(Arc::clone(&parts.common.watch), W::WORDS.name)?;
        let mut working = Working::new(parts);
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let task = tokio::spawn(async move {
            let mut under_way = UnderWay::<W>::new();
            tokio::select! {
                _ = stopped => {},
                () = working.run(wakes, &mut under_way) => {},
            }
            if !W::STOPPING_TIME_MAX.is_zero() {
                let ending = working.end(&mut under_way);
                drop(tokio::time::timeout(W::STOPPING_TIME_MAX, ending).await);
            }
        });
        Ok(Self {
            name: W::WORDS.name,
            task,
            stop,
        })
    }

    /// Begins nothing more, and waits for what is under way only where dropping it does harm. What
    /// was handed to the journal is recorded all the same.
    pub async fn stop(self) {
        drop(self.stop);
        if self.task.await.is_err() {
            tracing::error!(worker = self.name, "a worker panicked");
        }
    }
}

struct Working<W> {
    work: Arc<W>,
    lanes: BTreeMap<ListingId, Lane>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    alarms: Alarms,
    /// Whether the last look at what is pending failed.
    is_blind: bool,
    /// Whether the last answer was dated far from our clock.
    is_skewed: bool,
}

type Attempt<W> = (ListingId, <W as Work>::Item, Attempted);
type UnderWay<W> = FuturesUnordered<Pin<Box<dyn Future<Output = Attempt<W>> + Send>>>;

impl<W: Work> Working<W> {
    fn new(parts: Parts<W>) -> Self {
        let now = parts.common.clock.now();
        for listing in parts.listings.keys() {
            parts.metrics.stopped(listing, false);
        }
        let lanes = parts.listings.into_iter().zip(parts.common.seed..);
        let lanes = lanes.map(|((listing, per_second), seed)| {
            (listing, Lane::new(W::PAUSES, per_second, seed, now))
        });
        Self {
            work: Arc::new(parts.work),
            lanes: lanes.collect(),
            clock: parts.common.clock,
            metrics: parts.metrics,
            alarms: parts.common.alarms,
            is_blind: false,
            is_skewed: false,
        }
    }

    async fn run(&mut self, mut wakes: Wakes, under_way: &mut UnderWay<W>) {
        loop {
            let now = self.clock.now();
            for listing in self.due(now) {
                if let Some((item, heard)) = self.look(&listing, now).await {
                    let work = Arc::clone(&self.work);
                    under_way.push(Box::pin(async move {
                        let attempted = work.attempt(item.clone(), heard).await;
                        (listing, item, attempted)
                    }));
                }
            }
            tokio::select! {
                Some((listing, item, attempted)) = under_way.next() => {
                    self.note(&listing, &item, attempted);
                },
                () = wakes.next() => self.wake(),
                () = tokio::time::sleep(self.rest()) => {},
            }
        }
    }

    async fn end(&mut self, under_way: &mut UnderWay<W>) {
        while let Some((listing, item, attempted)) = under_way.next().await {
            self.note(&listing, &item, attempted);
        }
    }

    /// The listings that may look for an item to attempt.
    fn due(&mut self, now: Instant) -> Vec<ListingId> {
        for lane in self.lanes.values_mut() {
            lane.see(now);
        }
        let is_due = |lane: &Lane| lane.looks_at().is_some_and(|at| at <= now);
        let due = self.lanes.iter().filter(|(_, lane)| is_due(lane));
        due.map(|(listing, _)| listing.clone()).collect()
    }

    /// How long nothing is due.
    fn rest(&self) -> Duration {
        let next = self.lanes.values().filter_map(Lane::looks_at);
        let next = next.min().unwrap_or(Instant::MAX);
        let micros = next.micros_since(self.clock.now());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0)).min(SLEEP_MAX)
    }

    fn wake(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.wake();
        }
    }

    /// Looks for an item of a listing to attempt, and at what came of its last attempt.
    async fn look(
        &mut self,
        listing: &ListingId,
        now: Instant,
    ) -> Option<(W::Item, Option<&'static str>)> {
        let rows = self.lanes.get(listing)?.rows_wanted();
        let pending = self.find(listing, rows).await;
        let lane = self.lanes.get_mut(listing)?;
        let was_stopped = lane.is_stopped();
        if !self.is_blind {
            self.metrics.pending(listing, pending.len());
            lane.forget_others(&pending, pending.len() < rows, now);
        }
        let chosen = lane.choose(&pending, now);
        let is_stopped = lane.is_stopped();
        let heard = chosen.as_ref().and_then(|item| lane.heard(item));
        if is_stopped != was_stopped {
            self.look_after_alarm(listing, is_stopped.then_some(DENIED));
        }
        let item = chosen?;
        self.metrics.attempted(listing);
        Some((item, heard))
    }

    /// What is pending at a listing; nothing if it cannot be read.
    async fn find(&mut self, listing: &ListingId, rows: usize) -> Vec<W::Item> {
        let (work, of) = (Arc::clone(&self.work), listing.clone());
        let found = tokio::task::spawn_blocking(move || work.find(&of, rows)).await;
        let was_blind = self.is_blind;
        self.is_blind = !matches!(found, Ok(Ok(_)));
        let worker = W::WORDS.name;
        match found {
            Ok(Ok(pending)) => pending,
            Ok(Err(error)) => {
                if !was_blind {
                    tracing::warn!(worker, error, "what is pending cannot be read");
                }
                Vec::new()
            },
            Err(_panicked) => {
                tracing::error!(worker, "looking for what is pending panicked");
                Vec::new()
            },
        }
    }

    fn note(&mut self, listing: &ListingId, item: &W::Item, attempted: Attempted) {
        let outcome = attempted.outcome;
        let kind = outcome.kind();
        if let Some(lane) = self.lanes.get_mut(listing) {
            let was_stopped = lane.is_stopped();
            lane.note(item, outcome.ending(), kind, self.clock.now());
            let is_stopped = lane.is_stopped();
            if is_stopped || was_stopped {
                self.look_after_alarm(listing, kind.filter(|_| is_stopped));
            }
        }
        if let Some(skew) = attempted.clock_skew_seconds {
            self.look_after_clock(skew);
        }
        let (worker, item) = (W::WORDS.name, W::name(item));
        match outcome {
            Outcome::Done => {
                self.metrics.done(listing);
                tracing::info!(worker, %listing, item, "done");
            },
            Outcome::AlreadyDone | Outcome::NotYet { .. } => {},
            Outcome::Promised { seconds } => {
                tracing::info!(worker, %listing, item, seconds, "the other side will tell later");
            },
            Outcome::Nothing { ending: _, kind } => {
                self.metrics.failed(listing, kind);
                tracing::warn!(worker, %listing, item, code = kind, "nothing came of an attempt");
            },
        }
    }

    /// Tells once that our clock, or the marketplace's, is off.
    fn look_after_clock(&mut self, skew: i64) {
        let was_skewed = self.is_skewed;
        self.is_skewed = skew.abs() > SKEW_SECONDS_MAX;
        if self.is_skewed && !was_skewed {
            tracing::warn!(
                seconds = skew,
                "the marketplace's clock is that far ahead of this machine's: look at the clock \
                 here, before signatures are refused for it"
            );
        }
    }

    /// Raises an alarm, with the code of what was told, or ends one.
    fn look_after_alarm(&self, listing: &ListingId, stopped: Option<&'static str>) {
        let words = W::WORDS;
        self.metrics.stopped(listing, stopped.is_some());
        match stopped {
            Some(code) => {
                let is_new = self.alarms.raise(Alarm {
                    worker: words.name,
                    listing: listing.clone(),
                    means: words.stopped,
                    reason: code,
                });
                if is_new {
                    tracing::error!(%listing, code, "{}", words.alarm);
                }
            },
            None => {
                if self.alarms.end(words.name, listing) {
                    tracing::info!(%listing, "{}", words.alarm_over);
                }
            },
        }
    }
}

impl Attempted {
    /// Nobody was asked, or nobody answered.
    pub(crate) fn without_answer(ending: Ending, kind: &'static str) -> Self {
        Self {
            outcome: Outcome::Nothing { ending, kind },
            clock_skew_seconds: None,
        }
    }
}

impl Outcome {
    fn ending(self) -> Ending {
        match self {
            Self::Done | Self::AlreadyDone => Ending::Done,
            Self::Promised { seconds } => Ending::Later(seconds),
            Self::NotYet { seconds } => Ending::NotYet(seconds),
            Self::Nothing { ending, .. } => ending,
        }
    }

    /// The stable code of the failure, if it is one.
    fn kind(self) -> Option<&'static str> {
        match self {
            Self::Done | Self::AlreadyDone | Self::Promised { .. } | Self::NotYet { .. } => None,
            Self::Nothing { kind, .. } => Some(kind),
        }
    }
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
