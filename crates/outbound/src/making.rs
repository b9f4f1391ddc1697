//! License files made: by configuration, or by the merchant's own application.
//!
//! A [`worker`] looks after every file that was asked for and is not made, the oldest
//! first. Where one text serves for every device, that is the file; otherwise the listing's webhook
//! is told of the request, and answers with the file or says that it comes later. What it answers
//! becomes the same command as the operator's own word, with a receipt of the method `WEBHOOK`.
//!
//! A request may be told more than once, for example after a crash before the answer was recorded:
//! always under the same `webhook-id`. The same request always gets the same file: of two, the
//! first counts.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

use crate::license_files::{Files, FindPending, Pending};
use crate::provisioning::{Show, Told};
use crate::worker::{
    self, Attempted, Cause, Common, Ending, MetricNames, Metrics, Pauses, Words, Work, Worker,
};

mod attempt;

use attempt::Attempt;

/// The most files of a listing a second.
const PER_SECOND: u32 = 5;

/// Who makes the license files of a listing.
#[derive(Debug, Clone)]
pub enum Maker {
    /// Nobody has to: the text is the id of the license, which is what the merchant's software can
    /// ask us about.
    Static,
    /// The merchant's application.
    Webhook(Told),
}

/// What the worker is made of.
pub struct Parts {
    /// The listings whose files are made so.
    pub makers: BTreeMap<ListingId, Maker>,
    /// Finds what was asked for and is not made.
    pub find_pending: FindPending,
    /// Shows the license that a webhook is told of.
    pub show: Show,
    /// Where files are, and what became of them goes.
    pub files: Files,
    /// What is counted.
    pub metrics: Metrics,
    /// What it works with like every other.
    pub common: Common,
}

/// Makes the counters of license files and shows them in a registry.
pub fn metrics(registry: &mut Registry) -> Metrics {
    let names = MetricNames {
        attempted: (
            "license_file_makings",
            "Attempts to make license files, by configuration or by a webhook",
        ),
        done: ("license_files_made", "License files that were made so"),
        failures: (
            "license_file_making_failures",
            "Attempts that made no license file, by kind",
        ),
        pending: (
            "license_files_unmade",
            "License files that were asked for and are not made, as far as they were looked at",
        ),
        stopped: (
            "license_file_making_stopped",
            "1 while the webhook of a listing that makes license files fails or refuses",
        ),
    };
    Metrics::register(registry, &names)
}

/// Starts to make files. Must run inside a tokio runtime.
pub fn start(parts: Parts) -> io::Result<Worker> {
    let listings = parts.makers.keys();
    Worker::start(worker::Parts {
        listings: listings
            .map(|listing| (listing.clone(), PER_SECOND))
            .collect(),
        work: Making {
            makers: parts.makers,
            find_pending: parts.find_pending,
            show: Arc::new(parts.show),
            files: parts.files,
        },
        metrics: parts.metrics,
        common: parts.common,
    })
}

struct Making {
    makers: BTreeMap<ListingId, Maker>,
    find_pending: FindPending,
    show: Arc<Show>,
    files: Files,
}

impl Work for Making {
    type Item = Pending;

    const WORDS: Words = Words {
        name: "license_file_making",
        stopped: "makes no license file",
        alarm: "the webhook that makes license files of this listing fails or refuses: look at its \
                log and at license_file.webhook_url; buyers wait until it answers",
        alarm_over: "the webhook that makes license files of this listing answers again",
    };

    const PAUSES: Pauses = Pauses::WEBHOOK;

    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Pending>, Cause> {
        (self.find_pending)(listing, rows)
    }

    async fn attempt(self: Arc<Self>, file: Pending, _heard: Option<&'static str>) -> Attempted {
        let Some(maker) = self.makers.get(&file.listing) else {
            return Attempted::without_answer(Ending::Final, "no_maker");
        };
        let attempt = Attempt {
            maker: maker.clone(),
            show: Arc::clone(&self.show),
            files: self.files.clone(),
            file,
        };
        Attempted {
            outcome: attempt.make().await,
            clock_skew_seconds: None,
        }
    }

    fn name(file: &Pending) -> String {
        format!("{}/{}", file.license, file.key.event)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("makers", &self.makers)
            .finish_non_exhaustive()
    }
}
