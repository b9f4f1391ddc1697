//! What is counted about callbacks.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

/// Counters of callbacks. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    calls: Family<CallLabels, Counter>,
    seconds: Histogram,
    left_out: Family<LeftOutLabels, Counter>,
    /// Nonces that are remembered.
    pub(crate) nonces: Gauge,
}

/// How calls are told apart. Every label has few values: a listing that is not ours is `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    listing: String,
    activity: String,
    verdict: String,
    reason: String,
}

/// The members of an access are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeftOutLabels {
    listing: String,
    member: &'static str,
}

/// A call that was answered.
#[derive(Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) listing: Option<&'a str>,
    pub(crate) activity: Option<&'a str>,
    pub(crate) verdict: &'a str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) seconds: f64,
}

impl Metrics {
    /// Makes the counters and shows them in a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            calls: Family::default(),
            // The marketplace gives up after five seconds.
            seconds: Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 4.0]),
            left_out: Family::default(),
            nonces: Gauge::default(),
        };
        registry.register(
            "tenure_callbacks",
            "Callbacks answered, by listing, activity, verdict and reason",
            metrics.calls.clone(),
        );
        registry.register(
            "tenure_callback_seconds",
            "Time from the arrival of a callback to its answer",
            metrics.seconds.clone(),
        );
        registry.register(
            "tenure_access_left_out",
            "Members of an access that an answer of V1.0 had no room for, by listing and member",
            metrics.left_out.clone(),
        );
        registry.register(
            "tenure_nonces_remembered",
            "Nonces that would be turned away as replayed",
            metrics.nonces.clone(),
        );
        metrics
    }

    pub(crate) fn left_out(&self, listing: &ListingId, member: &'static str) {
        let labels = LeftOutLabels {
            listing: listing.to_string(),
            member,
        };
        self.left_out.get_or_create(&labels).inc();
    }

    pub(crate) fn count(&self, call: &Answered<'_>) {
        let labels = CallLabels {
            listing: call.listing.unwrap_or("unknown").to_owned(),
            activity: call.activity.unwrap_or("unknown").to_owned(),
            verdict: call.verdict.to_owned(),
            reason: call.reason.unwrap_or_default().to_owned(),
        };
        self.calls.get_or_create(&labels).inc();
        self.seconds.observe(call.seconds);
    }
}
