//! Whether the service lives, and whether it can do its work.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;

/// How the service fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// `live`, `ready` or `unready`.
    #[schema(example = "ready")]
    pub(crate) status: String,
    /// Why it is not ready.
    pub(crate) reasons: Vec<HealthReason>,
    /// What a person should look after, though the service does its work. Left out if there is
    /// nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<HealthReason>,
}

/// One reason for not being ready, or one thing to be looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HealthReason {
    /// A stable code: `journal_not_writable` or `read_model_stuck`, and of a warning
    /// `order_query_stopped` or `provisioning_stopped`.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) detail: String,
}

/// Says that the process answers.
#[utoipa::path(get, path = "/health/live", tag = "machines", operation_id = "health_live",
    security(()), responses((status = 200, body = HealthView)))]
pub(crate) async fn live() -> Json<HealthView> {
    Json(HealthView {
        status: "live".to_owned(),
        reasons: Vec::new(),
        warnings: Vec::new(),
    })
}

/// Says whether the journal can be written and the read model follows it.
#[utoipa::path(get, path = "/health/ready", tag = "machines", operation_id = "health_ready",
    security(()), responses((status = 200, body = HealthView), (status = 503, body = HealthView)))]
pub(crate) async fn ready(api: Data<Api>) -> HttpResponse {
    let reason = |code: &str, detail: Option<String>| {
        detail.map(|detail| HealthReason {
            code: code.to_owned(),
            detail,
        })
    };
    let reasons: Vec<_> = [
        reason("journal_not_writable", api.queue.health().trouble()),
        reason("read_model_stuck", api.progress.trouble()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (code, status) = if reasons.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unready")
    };
    HttpResponse::build(code).json(HealthView {
        status: status.to_owned(),
        reasons,
        warnings: warnings(&api),
    })
}

/// A listing that a worker does nothing for is no reason to send callbacks elsewhere.
fn warnings(api: &Api) -> Vec<HealthReason> {
    let alarms = api.alarms.all().into_iter();
    alarms
        .map(|alarm| HealthReason {
            code: format!("{}_stopped", alarm.worker),
            detail: format!(
                "listing {} {}: {}",
                alarm.listing, alarm.means, alarm.reason
            ),
        })
        .collect()
}
