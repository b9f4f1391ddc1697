//! Health, measures and the document.

use tenure_journal::Unavailable;
use tenure_outbound::{Alarm, Alarms};

use crate::licenses::played;
use crate::scene::{Plan, Scene, check_shape};

#[actix_web::test]
async fn a_service_that_can_write_is_ready() {
    let scene = played();
    assert_eq!(scene.ask("/health/live").await.json()["status"], "live");
    let ready = scene.ask("/health/ready").await.json();
    assert_eq!(
        ready,
        serde_json::json!({ "status": "ready", "reasons": [] })
    );
}

#[actix_web::test]
async fn a_service_that_cannot_write_says_why() {
    let scene = Scene::of(Plan {
        full_disk: true,
        ..Plan::default()
    });
    assert_eq!(scene.ask("/health/ready").await.status, 200);
    assert_eq!(scene.try_to_record(), Err(Unavailable::Failed));
    let answer = scene.ask("/health/ready").await;
    assert_eq!(answer.status, 503);
    let unready: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(unready["status"], "unready");
    assert_eq!(unready["reasons"][0]["code"], "journal_not_writable");
    assert!(answer.text.contains("the disk is full"), "{}", answer.text);
    assert_eq!(scene.ask("/health/live").await.status, 200);
    let metrics = scene.ask("/metrics").await.text;
    assert!(
        metrics.contains("\ntenure_journal_writable 0\n"),
        "{metrics}"
    );
}

#[actix_web::test]
async fn a_listing_that_may_not_ask_about_orders_is_a_warning_to_a_service_that_is_ready() {
    let alarms = Alarms::default();
    let scene = Scene::of(Plan {
        alarms: alarms.clone(),
        ..Plan::default()
    });
    assert!(alarms.raise(Alarm {
        worker: "order_query",
        listing: tenure_testkit::listing(),
        means: "asks about no orders",
        reason: "denied",
    }));
    let answer = scene.ask("/health/ready").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        serde_json::json!({
            "status": "ready",
            "reasons": [],
            "warnings": [{
                "code": "order_query_stopped",
                "detail": "listing cad-pro asks about no orders: denied",
            }],
        })
    );
    assert!(alarms.end("order_query", &tenure_testkit::listing()));
    let answer = scene.ask("/health/ready").await;
    assert_eq!(answer.json()["warnings"], serde_json::Value::Null);
}

#[actix_web::test]
async fn measures_are_openmetrics() {
    let scene = played();
    let answer = scene.ask("/metrics").await;
    let media_type = answer.headers["content-type"].to_str().unwrap();
    assert!(media_type.starts_with("application/openmetrics-text"));
    for line in [
        "tenure_journal_calls_total 5",
        "tenure_journal_records_total 6",
        "tenure_journal_failures_total 0",
        "tenure_journal_turned_away_total 0",
        "tenure_journal_waiting 0",
        "tenure_journal_writable 1",
        "tenure_journal_head 6",
        "tenure_projector_lag_records 0",
        "tenure_projector_lag_seconds 0",
        "tenure_projector_well 1",
        "tenure_licenses{status=\"suspended\"} 1",
        "tenure_licenses{status=\"provisioning\"} 1",
        "tenure_licenses{status=\"active\"} 0",
        "tenure_build_info{version=\"0.1.0\"} 1",
    ] {
        assert!(
            answer.text.lines().any(|it| it == line),
            "{line}\n{}",
            answer.text
        );
    }
    assert!(answer.text.ends_with("# EOF\n"));
}

#[actix_web::test]
async fn the_document_is_served_as_it_is_kept() {
    let scene = played();
    let served = scene.ask("/openapi.json").await.json();
    assert_eq!(
        served,
        serde_json::to_value(tenure_api::document(&[])).unwrap()
    );
    check_shape("openapi", &served);
}

#[test]
fn the_document_has_every_address() {
    let document = serde_json::to_value(tenure_api::document(&[])).unwrap();
    for (path, method) in [
        ("/v1/licenses", "get"),
        ("/v1/licenses/{id}", "get"),
        ("/v1/licenses/{id}/records", "get"),
        ("/v1/licenses/{id}/provisioned", "post"),
        ("/v1/licenses/{id}/files", "get"),
        ("/v1/licenses/{id}/files/{event_id}", "post"),
        ("/v1/orders/{id}", "get"),
        ("/v1/records", "get"),
        ("/v1/receipts", "get"),
        ("/v1/receipts/{id}", "get"),
        ("/v1/codes/{code}/activate", "post"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
        ("/metrics", "get"),
        ("/openapi.json", "get"),
    ] {
        assert!(
            document["paths"][path][method].is_object(),
            "{method} {path}"
        );
    }
}
