//! What is counted about logins and sessions.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tenure_domain::ListingId;

/// Counters of logins. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    logins: Family<OutcomeLabels, Counter>,
    renewals: Family<OutcomeLabels, Counter>,
    ended: Family<OutcomeLabels, Counter>,
    sessions: Gauge,
}

/// Every outcome is a stable code, so there are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    listing: String,
    outcome: &'static str,
}

impl Metrics {
    /// Makes the counters and shows them in a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            logins: Family::default(),
            renewals: Family::default(),
            ended: Family::default(),
            sessions: Gauge::default(),
        };
        registry.register(
            "tenure_logins",
            "Logins that came back from a login page, by outcome",
            metrics.logins.clone(),
        );
        registry.register(
            "tenure_login_renewals",
            "Renewals of access tokens, by outcome",
            metrics.renewals.clone(),
        );
        registry.register(
            "tenure_login_sessions_ended",
            "Sessions that were asked about and no longer good, by reason",
            metrics.ended.clone(),
        );
        registry.register(
            "tenure_login_sessions",
            "Sessions that are kept, those that wait for their exchange among them",
            metrics.sessions.clone(),
        );
        metrics
    }

    pub(crate) fn login(&self, listing: &ListingId, outcome: &'static str) {
        self.logins.get_or_create(&labels(listing, outcome)).inc();
    }

    pub(crate) fn renewal(&self, listing: &ListingId, outcome: &'static str) {
        self.renewals.get_or_create(&labels(listing, outcome)).inc();
    }

    pub(crate) fn ended(&self, listing: &ListingId, reason: &'static str) {
        self.ended.get_or_create(&labels(listing, reason)).inc();
    }

    pub(crate) fn sessions(&self, count: u32) {
        self.sessions.set(i64::from(count));
    }
}

fn labels(listing: &ListingId, outcome: &'static str) -> OutcomeLabels {
    OutcomeLabels {
        listing: listing.to_string(),
        outcome,
    }
}
