//! Applications made ready by the merchant's own system, which is told of each purchase.
//!
//! A [`worker`] tells a listing's webhook of every license for which the application
//! is not ready, the oldest first. It may answer at once where the buyer finds the application,
//! or say that it will tell later; then it is reminded after a while. What it answers becomes the
//! same command as the operator's own word, with a receipt of the method `WEBHOOK`.
//!
//! A purchase may be told more than once, for example after a crash before the answer was
//! recorded: always under the same `webhook-id`.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use serde_json::Value;
use tenure_domain::{Family, LicenseId, ListingId, MerchantId};
use tenure_journal::vault::Vault;
use tenure_journal::{Clock, Queue};

use crate::webhook::Webhook;
use crate::worker::{
    self, Attempted, Cause, Common, Ending, MetricNames, Metrics, Pauses, Words, Work, Worker,
};

mod delivery;

use delivery::Delivery;

/// The most purchases that a webhook is told a second.
const PER_SECOND: u32 = 5;

/// A license that was bought, and for which the application is not ready.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Whose stream the license is in.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The family of the license.
    pub family: Family,
    /// The listing whose webhook is told.
    pub listing: ListingId,
}

/// Finds the licenses of a listing for which the application is not ready, oldest first, at most so
/// many. May block.
pub type FindPending = Box<dyn Fn(&ListingId, usize) -> Result<Vec<Pending>, Cause> + Send + Sync>;

/// Shows a license as the merchant sees it elsewhere. May block.
pub type Show = Box<dyn Fn(&Pending) -> Result<Value, Cause> + Send + Sync>;

/// Shows a license that was just bought. May block.
pub type ShowPurchase = Box<dyn Fn(&Pending) -> Result<Shown, Cause> + Send + Sync>;

/// What is told of a purchase.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// This.
    Now(Value),
    /// More will be known in a moment: so many seconds.
    InSeconds(u8),
}

/// How one listing is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where.
    pub webhook: Webhook,
    /// After how many seconds it is reminded of what it said to tell later.
    pub remind_seconds: u32,
}

/// What the worker is made of.
pub struct Parts {
    /// The listings whose applications are made ready so.
    pub told: BTreeMap<ListingId, Told>,
    /// Finds what is to be told.
    pub find_pending: FindPending,
    /// Shows what is told.
    pub show: ShowPurchase,
    /// Seals what is answered.
    pub vault: Vault,
    /// Where answers go.
    pub queue: Queue,
    /// What is counted.
    pub metrics: Metrics,
    /// What it works with like every other.
    pub common: Common,
}

/// Makes the counters of provisioning and shows them in a registry.
pub fn metrics(registry: &mut Registry) -> Metrics {
    let names = MetricNames {
        attempted: (
            "provisioning_attempts",
            "Attempts to have an application made ready, repeats and waiting for the order included",
        ),
        done: (
            "provisioning_ready",
            "Licenses for which a webhook said that the application is ready",
        ),
        failures: (
            "provisioning_failures",
            "Calls to webhooks that failed, by kind",
        ),
        pending: (
            "provisioning_pending",
            "Licenses for which the application is not ready, as far as they were looked at",
        ),
        stopped: (
            "provisioning_stopped",
            "1 while the webhook of a listing fails or refuses",
        ),
    };
    Metrics::register(registry, &names)
}

/// Starts to tell of purchases. Must run inside a tokio runtime.
pub fn start(parts: Parts) -> io::Result<Worker> {
    let listings = parts.told.keys();
    Worker::start(worker::Parts {
        listings: listings
            .map(|listing| (listing.clone(), PER_SECOND))
            .collect(),
        work: Telling {
            told: parts.told,
            find_pending: parts.find_pending,
            show: Arc::new(parts.show),
            vault: parts.vault,
            queue: parts.queue,
            clock: Arc::clone(&parts.common.clock),
        },
        metrics: parts.metrics,
        common: parts.common,
    })
}

struct Telling {
    told: BTreeMap<ListingId, Told>,
    find_pending: FindPending,
    show: Arc<ShowPurchase>,
    vault: Vault,
    queue: Queue,
    clock: Arc<dyn Clock>,
}

impl Work for Telling {
    type Item = Pending;

    const WORDS: Words = Words {
        name: "provisioning",
        stopped: "makes no application ready",
        alarm: "the provisioning webhook of this listing fails or refuses: look at its log and at \
                provisioning.webhook_url; buyers wait until it answers",
        alarm_over: "the provisioning webhook of this listing answers again",
    };

    const PAUSES: Pauses = Pauses::WEBHOOK;

    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Pending>, Cause> {
        (self.find_pending)(listing, rows)
    }

    async fn attempt(self: Arc<Self>, license: Pending, _heard: Option<&'static str>) -> Attempted {
        let Some(told) = self.told.get(&license.listing) else {
            return Attempted::without_answer(Ending::Final, "no_webhook");
        };
        let delivery = Delivery {
            told: told.clone(),
            license,
            show: Arc::clone(&self.show),
            vault: self.vault.clone(),
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
        };
        Attempted {
            outcome: delivery.deliver().await,
            clock_skew_seconds: None,
        }
    }

    fn name(license: &Pending) -> String {
        license.license.to_string()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
