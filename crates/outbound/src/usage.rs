//! Reports of use, passed on to the marketplace: amounts that it bills, and clients of
//! authorization codes that were active.
//!
//! The merchant's software reports to us, and what it reported is in the journal before it is
//! answered. A [`worker`] passes on what the marketplace has still to take. A report
//! has a serial, and the marketplace counts once what it is sent as: what was sent twice, because an
//! answer was lost, is billed once.
//!
//! Only what the guides name as a mistake in the data is denied for good. Whatever else is answered
//! says nothing about a report, and it is sent again. Clients are counted for the day on which they
//! are sent: those that were told on a day before are settled as `too_late`.
//!
//! The older interface for amounts has no serials, and would bill twice what arrives twice. There a
//! report is sent alone, and at most once: that it is about to be sent is in the journal before.
//! If its answer is lost, or this process with it, the report is settled as `outcome_unknown`, and a
//! person has to look.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tenure_domain::{LicenseId, ListingId, MerchantId};
use tenure_journal::vault::Vault;
use tenure_journal::{Position, Queue, ReadLog};
use tenure_koogallery::AccessKey;

use crate::activator::Account;
use crate::worker::{
    self, Attempted, Cause, Common, Ending, MetricNames, Metrics, Outcome, Pauses, Words, Work,
    Worker,
};

mod batch;
mod once;
mod passing;
mod serials;
mod sizes;

use batch::Batch;
use passing::Passing;
use sizes::Sizes;

/// The context in which the client that a report names is sealed, with the key of its license.
/// Persisted with what was sealed: never change it.
pub const CLIENT: &str = "usage/client";

/// A license with reports that the marketplace has still to take.
///
/// What is pending of a license changes with every report, so that a license with more of them is
/// attempted again at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Whose stream it is.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The listing through whose account reports go.
    pub listing: ListingId,
    /// How many reports.
    pub reports: u64,
    /// The position of the record that told the oldest of them.
    pub position: Position,
}

/// Finds the licenses of a listing with reports that are pending, the oldest report first, at most
/// so many. May block.
pub type FindPending = Box<dyn Fn(&ListingId, usize) -> Result<Vec<Pending>, Cause> + Send + Sync>;

/// Opens the journal for reading. May block.
pub type OpenReader = Box<dyn Fn() -> Result<Box<dyn ReadLog>, Cause> + Send + Sync>;

/// The interfaces that take amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// The one that knows reports by their serials.
    New,
    /// The one before, which names the product instead. It takes only the reports of licenses whose
    /// product is known.
    Old,
}

/// What one listing reports with.
#[derive(Debug, Clone)]
pub struct Reporter {
    /// Its access to the open APIs.
    pub account: Account,
    /// By which interface it reports amounts.
    pub push: Push,
    /// The key of the base interfaces, which signs amounts for the new one.
    pub key: Option<AccessKey>,
    /// The most reports a second: each may hold a thousand amounts.
    pub per_second: u32,
}

/// What the worker is made of.
pub struct Parts {
    /// The listings that report.
    pub reporters: BTreeMap<ListingId, Reporter>,
    /// Finds what is to be reported.
    pub find_pending: FindPending,
    /// Opens the journal, where the reports are.
    pub open_reader: OpenReader,
    /// Opens the clients that reports name.
    pub vault: Vault,
    /// Where answers go.
    pub queue: Queue,
    /// What is counted.
    pub metrics: Metrics,
    /// What it works with like every other.
    pub common: Common,
}

/// Makes the counters of usage reports and shows them in a registry.
pub fn metrics(registry: &mut Registry) -> Metrics {
    let names = MetricNames {
        attempted: (
            "usage_reports_sent",
            "Batches of usage reports that were sent to the marketplace",
        ),
        done: (
            "usage_reports_settled",
            "Batches of usage reports that the marketplace took, or will not take",
        ),
        failures: (
            "usage_reports_failures",
            "Batches of usage reports that are to be sent again, by kind",
        ),
        pending: (
            "usage_reports_pending",
            "Licenses with usage reports that the marketplace has still to take, as far as they \
             were looked at",
        ),
        stopped: (
            "usage_reports_stopped",
            "1 while a listing does not report because the marketplace denied it access",
        ),
    };
    Metrics::register(registry, &names)
}

/// Starts to pass reports on. Must run inside a tokio runtime.
pub fn start(parts: Parts) -> io::Result<Worker> {
    let listings = parts.reporters.iter();
    let listings = listings.map(|(listing, reporter)| (listing.clone(), reporter.per_second));
    Worker::start(worker::Parts {
        listings: listings.collect(),
        work: Reporting {
            reporters: parts.reporters,
            find_pending: parts.find_pending,
            passing: Passing {
                open_reader: parts.open_reader,
                vault: parts.vault,
                queue: parts.queue,
                clock: Arc::clone(&parts.common.clock),
                sizes: Sizes::default(),
            },
        },
        metrics: parts.metrics,
        common: parts.common,
    })
}

struct Reporting {
    reporters: BTreeMap<ListingId, Reporter>,
    find_pending: FindPending,
    passing: Passing,
}

impl Reporting {
    async fn read(self: &Arc<Self>, item: &Pending, push: Push) -> Result<Option<Batch>, Cause> {
        let (this, of) = (Arc::clone(self), item.clone());
        tokio::task::spawn_blocking(move || this.passing.read(&of, push)).await?
    }
}

impl Work for Reporting {
    type Item = Pending;

    const WORDS: Words = Words {
        name: "usage",
        stopped: "reports no usage",
        alarm: "the marketplace lets this listing report no usage: look at its access key, its \
                permissions and keys.base; it is tried again every hour and at a restart",
        alarm_over: "the marketplace takes usage reports of this listing again",
    };

    const PAUSES: Pauses = Pauses::MARKETPLACE;

    /// Of a report that is dropped between its request and its answer, nobody knows by the older
    /// interface whether it was taken.
    const STOPPING_TIME_MAX: Duration = Duration::from_secs(5);

    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Pending>, Cause> {
        (self.find_pending)(listing, rows)
    }

    /// A batch that is denied as a whole may be so for one report: smaller ones are tried, until
    /// one is taken, or the report is found. Halving ends after at most eleven requests, and the
    /// size that was found is where the next attempt, at its own pace, begins.
    async fn attempt(self: Arc<Self>, item: Pending, heard: Option<&'static str>) -> Attempted {
        let Some(reporter) = self.reporters.get(&item.listing).cloned() else {
            return Attempted::without_answer(Ending::Final, "no_access");
        };
        loop {
            let batch = match self.read(&item, reporter.push).await {
                Ok(Some(batch)) => batch,
                Ok(None) => {
                    return Attempted {
                        outcome: Outcome::AlreadyDone,
                        clock_skew_seconds: None,
                    };
                },
                Err(error) => {
                    tracing::warn!(listing = %item.listing, error, "usage reports cannot be read");
                    return Attempted::without_answer(Ending::Failed, "unreadable");
                },
            };
            if let Some(attempted) = self.passing.pass(&item, &reporter, &batch, heard).await {
                return attempted;
            }
        }
    }

    fn name(item: &Pending) -> String {
        item.license.to_string()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("reporters", &self.reporters)
            .finish_non_exhaustive()
    }
}
