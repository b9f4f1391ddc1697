//! The details of orders, asked of the marketplace after its callbacks named them.
//!
//! A callback about a purchase names an order line and nothing else: who bought what, and how
//! many, is in the marketplace's order query. One task asks it about every order whose details
//! the journal does not hold, the oldest first, and puts what it is told into the journal. There
//! is no list of what is to be asked: the journal is that list, so a question that was lost with
//! the process is asked again, and one that was asked twice changes nothing.
//!
//! Each listing asks by itself, one question at a time ([`lane`]): a marketplace that fails one
//! listing, or one order, holds up no others.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tenure_domain::{Family, Instant, LicenseId, ListingId, MerchantId, OrderId, OrderLineId};
use tenure_journal::{Clock, Queue, Watch};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::activator::Account;

mod alarms;
mod lane;
mod metrics;
mod question;
mod wakes;

pub use alarms::Alarms;
pub use metrics::Metrics;

use lane::{Ending, Lane};
use question::{Asked, DENIED, Question, Told};
use wakes::Wakes;

/// The longest time without a look at the clock.
const SLEEP_MAX: Duration = Duration::from_mins(1);

/// How far the clocks may be apart before a person should look. Callbacks are refused beyond it,
/// and our signatures beyond fifteen minutes.
const SKEW_SECONDS_MAX: i64 = 60;

/// An order of a license whose details are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Whose stream the license is in.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The family of the license.
    pub family: Family,
    /// The listing whose account is to ask.
    pub listing: ListingId,
    /// The order.
    pub order: OrderId,
    /// Its line; an activation names none.
    pub line: Option<OrderLineId>,
}

/// Finds the orders of a listing whose details are not known, oldest first, at most so many. May
/// block.
pub type FindPending = Box<
    dyn Fn(&ListingId, usize) -> Result<Vec<Pending>, Box<dyn Error + Send + Sync>> + Send + Sync,
>;

/// What one listing asks with.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Its access to the open APIs.
    pub account: Account,
    /// The most questions a second.
    pub per_second: u32,
}

/// What the worker is made of.
pub struct Parts {
    /// The listings that ask.
    pub askers: BTreeMap<ListingId, Asker>,
    /// Finds what is to be asked.
    pub find_pending: FindPending,
    /// Where answers go.
    pub queue: Queue,
    /// Tells that the journal moved.
    pub watch: Arc<Watch>,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where listings are named that may not ask.
    pub alarms: Alarms,
    /// Decides how long listings rest after failures: different on every node.
    pub seed: u64,
}

/// Asks about orders, until it is stopped.
#[derive(Debug)]
pub struct Worker {
    task: JoinHandle<()>,
    /// Stops the task when it goes.
    stop: oneshot::Sender<Infallible>,
}

impl Worker {
    /// Starts the worker. Must run inside a tokio runtime.
    pub fn start(parts: Parts) -> io::Result<Self> {
        let wakes = Wakes::follow(Arc::clone(&parts.watch))?;
        let asking = Asking::new(parts);
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let task = tokio::spawn(async move {
            // What is under way is dropped: it is asked again after the next start.
            tokio::select! {
                _ = stopped => {},
                () = asking.run(wakes) => {},
            }
        });
        Ok(Self { task, stop })
    }

    /// Stops at once. An answer that was handed to the journal is recorded all the same.
    pub async fn stop(self) {
        drop(self.stop);
        if self.task.await.is_err() {
            tracing::error!("the worker that asks about orders panicked");
        }
    }
}

struct Asking {
    lanes: BTreeMap<ListingId, (Asker, Lane)>,
    find_pending: Arc<FindPending>,
    queue: Queue,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    alarms: Alarms,
    /// Whether the last look at the pending orders failed.
    is_blind: bool,
    /// Whether the last answer was dated far from our clock.
    is_skewed: bool,
}

type UnderWay = FuturesUnordered<Pin<Box<dyn Future<Output = Asked> + Send>>>;

impl Asking {
    fn new(parts: Parts) -> Self {
        let now = parts.clock.now();
        for listing in parts.askers.keys() {
            parts.metrics.stopped(listing, false);
        }
        let lanes = parts.askers.into_iter().zip(parts.seed..);
        let lanes = lanes.map(|((listing, asker), seed)| {
            let lane = Lane::new(asker.per_second, seed, now);
            (listing, (asker, lane))
        });
        Self {
            lanes: lanes.collect(),
            find_pending: Arc::new(parts.find_pending),
            queue: parts.queue,
            clock: parts.clock,
            metrics: parts.metrics,
            alarms: parts.alarms,
            is_blind: false,
            is_skewed: false,
        }
    }

    async fn run(mut self, mut wakes: Wakes) {
        let mut under_way = UnderWay::new();
        loop {
            let now = self.clock.now();
            for listing in self.due(now) {
                if let Some(question) = self.look(&listing, now).await {
                    under_way.push(Box::pin(question.ask()));
                }
            }
            tokio::select! {
                Some(asked) = under_way.next() => self.note(&asked),
                () = wakes.next() => self.wake(),
                () = tokio::time::sleep(self.rest()) => {},
            }
        }
    }

    /// The listings that may look for an order to ask about.
    fn due(&mut self, now: Instant) -> Vec<ListingId> {
        for (_, lane) in self.lanes.values_mut() {
            lane.see(now);
        }
        let is_due = |lane: &Lane| lane.looks_at().is_some_and(|at| at <= now);
        let due = self.lanes.iter().filter(|(_, (_, lane))| is_due(lane));
        due.map(|(listing, _)| listing.clone()).collect()
    }

    /// How long nothing is due.
    fn rest(&self) -> Duration {
        let next = self.lanes.values().filter_map(|(_, lane)| lane.looks_at());
        let next = next.min().unwrap_or(Instant::MAX);
        let micros = next.micros_since(self.clock.now());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0)).min(SLEEP_MAX)
    }

    fn wake(&mut self) {
        for (_, lane) in self.lanes.values_mut() {
            lane.wake();
        }
    }

    /// Looks for an order of a listing to ask about.
    async fn look(&mut self, listing: &ListingId, now: Instant) -> Option<Question> {
        let rows = self.lanes.get(listing)?.1.rows_wanted();
        let pending = self.find(listing, rows).await;
        let (asker, lane) = self.lanes.get_mut(listing)?;
        let was_stopped = lane.is_stopped();
        if !self.is_blind {
            self.metrics.pending(listing, pending.len());
            lane.forget_others(&pending, pending.len() < rows, now);
        }
        let chosen = lane.choose(&pending, now);
        let (account, is_stopped) = (asker.account.clone(), lane.is_stopped());
        let heard = chosen.as_ref().and_then(|order| lane.heard(order));
        if is_stopped != was_stopped {
            self.look_after_alarm(listing, is_stopped.then_some(DENIED));
        }
        let order = chosen?;
        self.metrics.asked(listing);
        Some(Question {
            account,
            order,
            heard,
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
        })
    }

    /// The pending orders of a listing; none if they cannot be read.
    async fn find(&mut self, listing: &ListingId, rows: usize) -> Vec<Pending> {
        let (find, of) = (Arc::clone(&self.find_pending), listing.clone());
        let found = tokio::task::spawn_blocking(move || find(&of, rows)).await;
        let was_blind = self.is_blind;
        self.is_blind = !matches!(found, Ok(Ok(_)));
        match found {
            Ok(Ok(pending)) => pending,
            Ok(Err(error)) => {
                if !was_blind {
                    tracing::warn!(error, "the pending orders cannot be read");
                }
                Vec::new()
            },
            Err(_panicked) => {
                tracing::error!("looking for pending orders panicked");
                Vec::new()
            },
        }
    }

    fn note(&mut self, asked: &Asked) {
        let (listing, kind) = (&asked.order.listing, asked.told.kind());
        if let Some((_, lane)) = self.lanes.get_mut(listing) {
            let was_stopped = lane.is_stopped();
            let ending = asked.told.ending();
            lane.note(&asked.order, ending, kind, self.clock.now());
            let is_stopped = lane.is_stopped();
            if is_stopped || was_stopped {
                self.look_after_alarm(listing, kind.filter(|_| is_stopped));
            }
        }
        if let Some(skew) = asked.clock_skew_seconds {
            self.look_after_clock(skew);
        }
        match asked.told {
            Told::Learned => {
                self.metrics.learned(listing);
                tracing::info!(%listing, order = %asked.order.order, "order learned");
            },
            Told::Known => {},
            Told::Nothing { ending, kind } => {
                self.metrics.failed(listing, kind);
                if matches!(ending, Ending::Failed | Ending::OrderDenied) {
                    tracing::warn!(
                        %listing,
                        order = %asked.order.order,
                        code = kind,
                        "the marketplace told nothing of an order"
                    );
                }
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

    /// Raises an alarm, with the code of what the marketplace said, or ends one.
    fn look_after_alarm(&self, listing: &ListingId, stopped: Option<&'static str>) {
        self.metrics.stopped(listing, stopped.is_some());
        match stopped {
            Some(code) => {
                if self.alarms.raise(listing, code) {
                    tracing::error!(
                        %listing,
                        code,
                        "the marketplace lets this listing ask about no order: look at its access \
                         key and its permissions; it is tried again every hour and at a restart"
                    );
                }
            },
            None => {
                if self.alarms.end(listing) {
                    tracing::info!(%listing, "the marketplace denies this listing no more");
                }
            },
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("askers", &self.askers)
            .finish_non_exhaustive()
    }
}
