//! What is counted about a worker.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

/// Counters of one worker. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    attempted: Family<ListingLabel, Counter>,
    done: Family<ListingLabel, Counter>,
    failures: Family<FailureLabels, Counter>,
    pending: Family<ListingLabel, Gauge>,
    stopped: Family<ListingLabel, Gauge>,
}

/// The names of a worker's metrics without `tenure_`, each with its help. Operators' rules have
/// them: never change one.
#[derive(Debug)]
pub(crate) struct MetricNames {
    pub(crate) attempted: (&'static str, &'static str),
    pub(crate) done: (&'static str, &'static str),
    pub(crate) failures: (&'static str, &'static str),
    pub(crate) pending: (&'static str, &'static str),
    pub(crate) stopped: (&'static str, &'static str),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListingLabel {
    listing: String,
}

/// Every kind is a stable code of an error, so there are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    listing: String,
    kind: &'static str,
}

impl Metrics {
    /// Makes the counters and shows them in a registry.
    pub(crate) fn register(registry: &mut Registry, names: &MetricNames) -> Self {
        let metrics = Self {
            attempted: Family::default(),
            done: Family::default(),
            failures: Family::default(),
            pending: Family::default(),
            stopped: Family::default(),
        };
        let name = |name: &str| format!("tenure_{name}");
        let MetricNames {
            attempted,
            done,
            failures,
            pending,
            stopped,
        } = names;
        registry.register(name(attempted.0), attempted.1, metrics.attempted.clone());
        registry.register(name(done.0), done.1, metrics.done.clone());
        registry.register(name(failures.0), failures.1, metrics.failures.clone());
        registry.register(name(pending.0), pending.1, metrics.pending.clone());
        registry.register(name(stopped.0), stopped.1, metrics.stopped.clone());
        metrics
    }

    pub(super) fn attempted(&self, listing: &ListingId) {
        self.attempted.get_or_create(&label(listing)).inc();
    }

    pub(super) fn done(&self, listing: &ListingId) {
        self.done.get_or_create(&label(listing)).inc();
    }

    pub(super) fn failed(&self, listing: &ListingId, kind: &'static str) {
        let labels = FailureLabels {
            listing: listing.to_string(),
            kind,
        };
        self.failures.get_or_create(&labels).inc();
    }

    pub(super) fn pending(&self, listing: &ListingId, count: usize) {
        let gauge = self.pending.get_or_create(&label(listing));
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(super) fn stopped(&self, listing: &ListingId, is_stopped: bool) {
        let gauge = self.stopped.get_or_create(&label(listing));
        gauge.set(i64::from(is_stopped));
    }
}

fn label(listing: &ListingId) -> ListingLabel {
    ListingLabel {
        listing: listing.to_string(),
    }
}
