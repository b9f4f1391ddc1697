//! What is measured, as `OpenMetrics` text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use actix_web::HttpResponse;
use actix_web::web::Data;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tenure_domain::Status;
use tenure_journal::queue::Health;
use tenure_projector::Progress;

use crate::api::{Api, FOLLOWERS_MAX};
use crate::problem::{Problem, ProblemView};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: String,
}

/// Shows all measures.
#[utoipa::path(get, path = "/metrics", tag = "machines", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "application/openmetrics-text"), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(api: Data<Api>) -> Result<HttpResponse, Problem> {
    let now = api.clock.now();
    // The licenses are left out while the read model cannot tell: the others say why.
    let counts = api
        .read_model
        .ask(move |queries| queries.counts_by_status(now))
        .await;
    let text = encode(&api, &counts.unwrap_or_default()).map_err(|_fmt| Problem::internal())?;
    Ok(HttpResponse::Ok().content_type(MEDIA_TYPE).body(text))
}

fn encode(api: &Api, counts: &BTreeMap<Status, u64>) -> Result<String, fmt::Error> {
    let mut text = String::new();
    {
        let counted_elsewhere = api.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode_registry(&mut text, &counted_elsewhere)?;
    }
    encode_registry(&mut text, &measure(api, counts))?;
    encode_eof(&mut text)?;
    Ok(text)
}

/// Reads everything that is kept elsewhere as plain numbers.
fn measure(api: &Api, counts: &BTreeMap<Status, u64>) -> Registry {
    let mut registry = Registry::default();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    registry.register("tenure_build", "The version that runs", Info::new(version));
    measure_writer(&mut registry, api.queue.health());
    measure_projector(&mut registry, &api.progress);
    let head = gauge(api.heads.position().number());
    registry.register("tenure_journal_head", "The last position", head);
    let waiting = FOLLOWERS_MAX.saturating_sub(api.followers.available_permits());
    let followers = gauge(u64::try_from(waiting).unwrap_or(u64::MAX));
    registry.register(
        "tenure_api_followers",
        "Followers that wait for the next record",
        followers,
    );
    let licenses: Family<StatusLabel, Gauge> = Family::default();
    for (status, count) in counts {
        let label = StatusLabel {
            status: status.name().to_owned(),
        };
        licenses
            .get_or_create(&label)
            .set(i64::try_from(*count).unwrap_or(i64::MAX));
    }
    registry.register("tenure_licenses", "Licenses by status", licenses);
    registry
}

fn measure_writer(registry: &mut Registry, health: &Health) {
    for (name, help, value) in [
        ("commits", "Commits of the journal", &health.commits),
        ("calls", "Calls recorded", &health.calls),
        ("records", "Records appended", &health.records),
        ("failures", "Commits that failed", &health.failures),
        (
            "turned_away",
            "Calls turned away because too many waited, or one too long",
            &health.turned_away,
        ),
    ] {
        let counter: Counter = Counter::default();
        counter.inc_by(value.load(Ordering::Relaxed));
        registry.register(format!("tenure_journal_{name}"), help, counter);
    }
    let waiting = gauge(health.waiting.load(Ordering::Relaxed));
    registry.register("tenure_journal_waiting", "Calls that wait", waiting);
    let writable = gauge(u64::from(health.trouble().is_none()));
    registry.register(
        "tenure_journal_writable",
        "1 while the journal can be written",
        writable,
    );
}

fn measure_projector(registry: &mut Registry, progress: &Progress) {
    for (name, help, value) in [
        (
            "lag_records",
            "Records not folded yet",
            progress.lag_records(),
        ),
        (
            "lag_seconds",
            "Age of the oldest record that is not folded yet",
            progress.lag_seconds(),
        ),
        (
            "well",
            "1 while the read model can follow the journal",
            u64::from(progress.trouble().is_none()),
        ),
    ] {
        registry.register(format!("tenure_projector_{name}"), help, gauge(value));
    }
}

fn gauge(value: u64) -> Gauge {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    gauge
}
