//! What is counted of calls about codes.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    listing: String,
    activity: &'static str,
    outcome: &'static str,
}

/// The counters of calls about authorization codes.
#[derive(Debug, Clone, Default)]
pub struct CodeMetrics {
    calls: Family<CallLabels, Counter>,
}

/// Makes the counters and shows them in a registry.
pub fn metrics(registry: &mut Registry) -> CodeMetrics {
    let metrics = CodeMetrics::default();
    registry.register(
        "tenure_open_api_code_calls",
        "Calls to the marketplace about authorization codes, by the kind of their receipts, and by \
         whether they were answered or why not",
        metrics.calls.clone(),
    );
    metrics
}

impl CodeMetrics {
    pub(super) fn count(&self, listing: &ListingId, activity: &'static str, outcome: &'static str) {
        let labels = CallLabels {
            listing: listing.to_string(),
            activity,
            outcome,
        };
        self.calls.get_or_create(&labels).inc();
    }
}
