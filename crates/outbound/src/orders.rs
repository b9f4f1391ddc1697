//! The details of orders, asked of the marketplace after its callbacks named them.
//!
//! A callback about a purchase names an order line and nothing else: who bought what, and how
//! many, is in the marketplace's order query. A [`worker`] asks it about every order
//! whose details the journal does not hold, the oldest first, and puts what it is told into the
//! journal.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use tenure_domain::{Family, LicenseId, ListingId, MerchantId, OrderId, OrderLineId};
use tenure_journal::{Clock, Queue};

use crate::activator::Account;
use crate::worker::{
    self, Attempted, Cause, Common, Ending, MetricNames, Metrics, Pauses, Words, Work, Worker,
};

mod question;

use question::Question;

/// An order of a license whose details are not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
pub type FindPending = Box<dyn Fn(&ListingId, usize) -> Result<Vec<Pending>, Cause> + Send + Sync>;

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
    /// What is counted.
    pub metrics: Metrics,
    /// What it works with like every other.
    pub common: Common,
}

/// Makes the counters of the order query and shows them in a registry.
pub fn metrics(registry: &mut Registry) -> Metrics {
    let names = MetricNames {
        attempted: (
            "orders_asked",
            "Orders that the marketplace was asked about",
        ),
        done: ("orders_learned", "Orders whose details were recorded"),
        failures: (
            "orders_failures",
            "Questions about orders that brought no details, by kind",
        ),
        pending: (
            "orders_pending",
            "Orders whose details are not known, as far as they were looked at",
        ),
        stopped: (
            "orders_stopped",
            "1 while a listing does not ask because the marketplace denied it access",
        ),
    };
    Metrics::register(registry, &names)
}

/// Starts to ask about orders. Must run inside a tokio runtime.
pub fn start(parts: Parts) -> io::Result<Worker> {
    let listings = parts.askers.iter();
    let listings = listings.map(|(listing, asker)| (listing.clone(), asker.per_second));
    Worker::start(worker::Parts {
        listings: listings.collect(),
        work: Asking {
            askers: parts.askers,
            find_pending: parts.find_pending,
            queue: parts.queue,
            clock: Arc::clone(&parts.common.clock),
        },
        metrics: parts.metrics,
        common: parts.common,
    })
}

struct Asking {
    askers: BTreeMap<ListingId, Asker>,
    find_pending: FindPending,
    queue: Queue,
    clock: Arc<dyn Clock>,
}

impl Work for Asking {
    type Item = Pending;

    const WORDS: Words = Words {
        name: "order_query",
        stopped: "asks about no orders",
        alarm: "the marketplace lets this listing ask about no order: look at its access key and \
                its permissions; it is tried again every hour and at a restart",
        alarm_over: "the marketplace denies this listing no more",
    };

    const PAUSES: Pauses = Pauses::MARKETPLACE;

    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Pending>, Cause> {
        (self.find_pending)(listing, rows)
    }

    async fn attempt(self: Arc<Self>, order: Pending, heard: Option<&'static str>) -> Attempted {
        let Some(asker) = self.askers.get(&order.listing) else {
            return Attempted::without_answer(Ending::Final, "no_access");
        };
        let question = Question {
            account: asker.account.clone(),
            order,
            heard,
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
        };
        question.ask().await
    }

    fn name(order: &Pending) -> String {
        order.order.to_string()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("askers", &self.askers)
            .finish_non_exhaustive()
    }
}
