//! What is counted about the order query.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

/// Counters of the order query. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    asked: Family<ListingLabel, Counter>,
    learned: Family<ListingLabel, Counter>,
    failures: Family<FailureLabels, Counter>,
    pending: Family<ListingLabel, Gauge>,
    stopped: Family<ListingLabel, Gauge>,
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
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            asked: Family::default(),
            learned: Family::default(),
            failures: Family::default(),
            pending: Family::default(),
            stopped: Family::default(),
        };
        registry.register(
            "tenure_orders_asked",
            "Orders that the marketplace was asked about",
            metrics.asked.clone(),
        );
        registry.register(
            "tenure_orders_learned",
            "Orders whose details were recorded",
            metrics.learned.clone(),
        );
        registry.register(
            "tenure_orders_failures",
            "Questions about orders that brought no details, by kind",
            metrics.failures.clone(),
        );
        registry.register(
            "tenure_orders_pending",
            "Orders whose details are not known, as far as they were looked at",
            metrics.pending.clone(),
        );
        registry.register(
            "tenure_orders_stopped",
            "1 while a listing does not ask because the marketplace denied it access",
            metrics.stopped.clone(),
        );
        metrics
    }

    pub(super) fn asked(&self, listing: &ListingId) {
        self.asked.get_or_create(&label(listing)).inc();
    }

    pub(super) fn learned(&self, listing: &ListingId) {
        self.learned.get_or_create(&label(listing)).inc();
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
