//! The use of licenses: reported by the merchant's software, passed on to the marketplace, told to
//! buyers.

use serde_json::{Value, json};
use tenure_sandbox::clock::real_now;

use crate::activation::Marketplace;
use crate::orders::await_event;
use crate::secrets::place_of;
use crate::service::{Service, Setup};

/// An hour that is over, so many hours ago.
fn hour(ago: i64) -> (String, String) {
    let end = real_now() - chrono::TimeDelta::hours(ago);
    let begin = end - chrono::TimeDelta::hours(1);
    let text = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    (text(begin), text(end))
}

pub(crate) fn metered(serial: &str, ago: i64, amount: &str) -> Value {
    let (began_at, ended_at) = hour(ago);
    json!({ "serial": serial, "began_at": began_at, "ended_at": ended_at, "amount": amount })
}

async fn report(service: &Service, license: &str, reports: Value) -> (u16, Value) {
    let path = format!("/v1/licenses/{license}/usage");
    service
        .post_json(&path, &json!({ "reports": reports }))
        .await
}

#[tokio::test]
async fn what_was_used_reaches_the_marketplace_once_and_the_buyer_sees_it() {
    let (marketplace, mut service) = Marketplace::with_service(Setup::default());
    let sale = marketplace
        .sell(json!({ "listing": "cad-pro", "customer": "customer-42", "charging": "ON_DEMAND" }))
        .await;
    let id = sale["name"].as_str().unwrap();
    let reports = json!([
        metered("METERTEST0001", 3, "12.5"),
        metered("METERTEST0002", 2, "0.0001")
    ]);
    let (status, answer) = report(&service, id, reports.clone()).await;
    assert_eq!((status, &answer["outcome"]), (200, &json!("recorded")));
    await_event(&service, id, "usage_taken").await;

    service.restart();
    let (status, answer) = report(&service, id, reports).await;
    assert_eq!(
        (status, &answer["outcome"]),
        (200, &json!("already_applied"))
    );
    let known: Value = serde_json::from_slice(&marketplace.get("/usage").await).unwrap();
    assert_eq!(known.as_array().map(Vec::len), Some(2), "{known}");
    let usage = service.get_json(&format!("/v1/licenses/{id}/usage")).await;
    assert_eq!(usage["totals"][0]["amount"], "12.5001", "{usage}");
    assert_eq!(
        (&usage["pending_count"], &usage["settled_count"]),
        (&json!(0), &json!(2))
    );
    let answer = service
        .call(&tenure_sandbox::body::query_instance(id))
        .await;
    answer.is("000000");
    let told = &answer.json["info"][0]["usageInfo"][0];
    assert_eq!(told["usageValue"], json!(12.5001), "{told}");
    assert_eq!(told["statisticalTime"].as_str().map(str::len), Some(17));
}

/// The marketplace counts a name once for the whole seller.
#[tokio::test]
async fn one_serial_of_two_instances_is_billed_for_both() {
    let (marketplace, service) = Marketplace::with_service(Setup::default());
    let mut ids = Vec::new();
    for customer in ["customer-42", "customer-43"] {
        let wish = json!({ "listing": "cad-pro", "customer": customer, "charging": "ON_DEMAND" });
        let sale = marketplace.sell(wish).await;
        ids.push(sale["name"].as_str().unwrap().to_owned());
    }
    for id in &ids {
        let reports = json!([metered("METERTEST0001", 3, "12.5")]);
        let (status, answer) = report(&service, id, reports).await;
        assert_eq!(status, 200, "{answer}");
        await_event(&service, id, "usage_taken").await;
    }
    let known: Value = serde_json::from_slice(&marketplace.get("/usage").await).unwrap();
    let known = known.as_array().unwrap().iter();
    let mut billed: Vec<_> = known.map(|it| it["instance"].as_str().unwrap()).collect();
    billed.sort_unstable();
    ids.sort_unstable();
    assert_eq!(billed, ids);
}

#[tokio::test]
async fn clients_of_a_code_reach_the_marketplace_and_no_file() {
    let (marketplace, mut service) = Marketplace::with_service(Setup {
        filter: Some("trace"),
        ..Setup::default()
    });
    let code = marketplace.sell_code().await;
    service.tenure_json(&["license", "activate", &code, "--listing", "cad-pro"]);
    let reports = json!([
        { "serial": "METERTEST0001", "client": "zhang.san@example.com" },
        { "serial": "METERTEST0002", "active_clients": 30 },
    ]);
    let (status, answer) = report(&service, &code, reports).await;
    assert_eq!(status, 200, "{answer}");
    await_event(&service, &code, "usage_taken").await;
    let client = "zhang.san@example.com";
    let known = marketplace.get("/clients").await;
    assert!(
        place_of(client, &known).is_some(),
        "the marketplace knows it"
    );
    service.stop();
    let log = service.log.lock().unwrap().clone();
    assert_eq!(place_of(client, log.as_bytes()), None, "in the log");
    for name in ["journal.db", "read.db", "vault.db"] {
        let bytes = std::fs::read(service.file(name)).unwrap();
        assert_eq!(place_of(client, &bytes), None, "in {name}");
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_is_refused_and_none_of_its_call_is_taken() {
    let (marketplace, service) = Marketplace::with_service(Setup::default());
    let sale = marketplace
        .sell(json!({ "listing": "cad-pro", "charging": "ON_DEMAND" }))
        .await;
    let id = sale["name"].as_str().unwrap();
    let good = metered("METERTEST0001", 3, "1");
    for (wrong, code, says) in [
        (
            json!({ "serial": "METERTEST0002" }),
            "malformed_report",
            "reports[1]",
        ),
        (
            metered("METERTEST0002", 2, "0"),
            "malformed_report",
            "amount: zero",
        ),
        (
            metered("METERTEST0002", 2, "1.00001"),
            "malformed_report",
            "decimals",
        ),
        (
            metered("METERTEST0002", -2, "1"),
            "malformed_report",
            "not over",
        ),
        (
            metered("METERTEST0002", 24 * 22, "1"),
            "malformed_report",
            "21 days",
        ),
        (metered("", 2, "1"), "malformed_report", "empty"),
        (
            json!({ "serial": "METERTEST0002", "client": "x" }),
            "malformed_report",
            "instance",
        ),
        (
            metered("METERTEST0001", 3, "2"),
            "serial_reused",
            "something else",
        ),
        (
            json!({ "sn": "METERTEST0002" }),
            "malformed_body",
            "unknown field",
        ),
    ] {
        let (status, answer) = report(&service, id, json!([good, wrong])).await;
        assert!((400..410).contains(&status), "{answer}");
        assert_eq!(answer["code"], code, "{answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{detail}");
    }
    let (status, _) = report(&service, "PLTEST0404", json!([good])).await;
    assert_eq!(status, 404);
    let (status, answer) = report(&service, id, json!([])).await;
    assert_eq!((status, &answer["code"]), (400, &json!("malformed_body")));
    let usage = service.get_json(&format!("/v1/licenses/{id}/usage")).await;
    assert_eq!(usage["totals"], json!([]), "{usage}");
}
