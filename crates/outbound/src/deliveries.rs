//! License files brought to the marketplace, which hands them to the buyer's software.
//!
//! A [`worker`] uploads every file that was made and that the marketplace does not
//! have, the oldest first. A file whose upload was taken and not recorded is uploaded again, byte
//! for byte.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

use crate::activator::Account;
use crate::license_files::{Files, FindPending, Pending};
use crate::worker::{
    self, Attempted, Cause, Common, Ending, MetricNames, Metrics, Pauses, Words, Work, Worker,
};

mod delivery;

use delivery::Delivery;

/// The most uploads of a listing a second.
const PER_SECOND: u32 = 5;

/// What the worker is made of.
pub struct Parts {
    /// The listings that deliver, each with its access to the open APIs.
    pub accounts: BTreeMap<ListingId, Account>,
    /// Finds what was made and is not delivered.
    pub find_pending: FindPending,
    /// Where files are, and what became of them goes.
    pub files: Files,
    /// What is counted.
    pub metrics: Metrics,
    /// What it works with like every other.
    pub common: Common,
}

/// Makes the counters of deliveries and shows them in a registry.
pub fn metrics(registry: &mut Registry) -> Metrics {
    let names = MetricNames {
        attempted: (
            "license_file_uploads",
            "Uploads of license files, repeats included",
        ),
        done: (
            "license_files_delivered",
            "License files that the marketplace took",
        ),
        failures: (
            "license_file_upload_failures",
            "Uploads of license files that failed or were refused, by kind",
        ),
        pending: (
            "license_files_undelivered",
            "License files that were made and that the marketplace does not have, as far as they \
             were looked at",
        ),
        stopped: (
            "license_file_uploads_stopped",
            "1 while a listing uploads nothing because the marketplace denied it access",
        ),
    };
    Metrics::register(registry, &names)
}

/// Starts to deliver. Must run inside a tokio runtime.
pub fn start(parts: Parts) -> io::Result<Worker> {
    let listings = parts.accounts.keys();
    Worker::start(worker::Parts {
        listings: listings
            .map(|listing| (listing.clone(), PER_SECOND))
            .collect(),
        work: Delivering {
            accounts: parts.accounts,
            find_pending: parts.find_pending,
            files: parts.files,
        },
        metrics: parts.metrics,
        common: parts.common,
    })
}

struct Delivering {
    accounts: BTreeMap<ListingId, Account>,
    find_pending: FindPending,
    files: Files,
}

impl Work for Delivering {
    type Item = Pending;

    const WORDS: Words = Words {
        name: "license_file_delivery",
        stopped: "delivers no license file",
        alarm: "the marketplace lets this listing upload no license file: look at its access key \
                and its permissions; it is tried again every hour and at a restart",
        alarm_over: "the marketplace takes license files of this listing again",
    };

    const PAUSES: Pauses = Pauses::MARKETPLACE;

    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Pending>, Cause> {
        (self.find_pending)(listing, rows)
    }

    async fn attempt(self: Arc<Self>, file: Pending, heard: Option<&'static str>) -> Attempted {
        let Some(account) = self.accounts.get(&file.listing) else {
            return Attempted::without_answer(Ending::Final, "no_access");
        };
        let delivery = Delivery {
            client: account.client.clone(),
            files: self.files.clone(),
            file,
            heard,
        };
        delivery.deliver().await
    }

    fn name(file: &Pending) -> String {
        format!("{}/{}", file.license, file.key.event)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}
