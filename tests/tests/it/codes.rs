//! Authorization codes and reports of use by the other editions of the open APIs, and what the
//! marketplace says of a code when it is asked.

use serde_json::{Value, json};

use crate::activation::Marketplace;
use crate::orders::await_event;
use crate::service::{Service, Setup};

fn by_v2() -> Setup {
    Setup {
        cad_pro: "open_api.activation = \"v2\"\n".to_owned(),
        ..Setup::default()
    }
}

impl Marketplace {
    /// Changes what the open APIs do on purpose.
    async fn set_faults(&self, settings: Value) {
        self.post("/open-api", settings).await;
    }

    /// How a code stands there.
    async fn state_of(&self, code: &str) -> Value {
        let sales: Vec<Value> = serde_json::from_slice(&self.get("/sales").await).unwrap();
        let sale = sales.into_iter().find(|it| it["name"] == *code);
        sale.unwrap()["state"].take()
    }

    /// What it knows of use.
    async fn usage(&self) -> Vec<Value> {
        serde_json::from_slice(&self.get("/usage").await).unwrap()
    }
}

/// The activities of the receipts of answers to our own calls.
async fn activities(service: &Service) -> Vec<String> {
    let receipts = service.get_json("/v1/receipts?limit=200").await;
    let receipts = receipts["receipts"].as_array().unwrap().iter();
    let ours = receipts.filter(|it| it["method"] == "OPEN-API");
    let activities = ours.filter_map(|it| it["activity"].as_str());
    activities.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_code_is_checked_by_the_running_service_and_without_it() {
    let (marketplace, mut service) = Marketplace::with_service(Setup::default());
    let code = marketplace.sell_code().await;
    let check = |service: &Service| {
        service.tenure_json(&["license", "check", &code, "--listing", "cad-pro"])
    };
    // Sold, and not activated yet.
    service
        .tenure(&["license", "check", &code, "--listing", "cad-pro"])
        .exited(1);
    service.tenure_json(&["license", "activate", &code, "--listing", "cad-pro"]);
    let checked = check(&service);
    assert_eq!(checked["status"], "ALIVE", "{checked}");
    assert_eq!(
        (&checked["own_status"], &checked["agrees"]),
        (&json!("active"), &json!(true)),
        "{checked}"
    );
    assert_eq!(checked["outcome"], "recorded");
    let (_, metrics) = service.get("/metrics").await;
    let counted = metrics.lines().find(|line| {
        line.starts_with("tenure_open_api_code_calls_total") && line.contains("\"check\"")
    });
    assert!(
        counted.is_some_and(|line| line.ends_with(" 2")),
        "{metrics}"
    );
    service.stop();
    assert_eq!(check(&service)["outcome"], "already_applied");
    service.run();
    let license = service.license(&code).await;
    assert_eq!(license["checked"]["status"], "ALIVE", "{license}");
    assert_eq!(license["checked"]["expires_at"], license["expires_at"]);

    marketplace
        .post(&format!("/sales/{code}/release"), json!({}))
        .await;
    marketplace.await_messages().await;
    let over = check(&service);
    assert_eq!(
        (&over["status"], &over["own_status"], &over["agrees"]),
        (&json!("RELEASED"), &json!("released"), &json!(true)),
        "{over}"
    );
    assert_eq!(service.events(&code).await.last().unwrap(), "code_checked");
}

#[tokio::test]
async fn codes_are_activated_by_the_second_edition() {
    let (marketplace, service) = Marketplace::with_service(by_v2());
    let first = marketplace.sell_code().await;
    let activate = ["license", "activate", &first, "--listing", "cad-pro"];
    assert_eq!(service.tenure_json(&activate)["outcome"], "recorded");
    let again = service.tenure_json(&activate);
    assert_eq!(again["outcome"], "already_applied");
    assert_eq!(again["estimate"], false);
    assert!(again["expires_at"].is_string(), "{again}");
    service.tenure_json(&["license", "check", &first]);
    let mut activities = activities(&service).await;
    activities.retain(|it| it != "orderQuery");
    activities.sort_unstable();
    assert_eq!(
        activities,
        ["activateV2", "activateV2", "checkV2", "queryV2", "queryV2"]
    );

    let (second, third) = (marketplace.sell_code().await, marketplace.sell_code().await);
    let all_at_once = json!({ "listing": "cad-pro", "codes": [second, third] });
    let (status, answer) = service.post_json("/v1/codes/activate", &all_at_once).await;
    assert_eq!(status, 200, "{answer}");
    for code in answer["codes"].as_array().unwrap() {
        assert_eq!(code["activated"]["outcome"], "recorded", "{answer}");
        assert!(code["activated"]["expires_at"].is_string(), "{answer}");
    }
    let fourth = marketplace.sell_code().await;
    let one_by_one = json!({ "listing": "cad-pro", "codes": [first, "PLTEST0404", fourth] });
    let (_, answer) = service.post_json("/v1/codes/activate", &one_by_one).await;
    let codes = &answer["codes"];
    assert_eq!(
        codes[0]["activated"]["outcome"], "already_applied",
        "{answer}"
    );
    assert_eq!(codes[1]["problem"]["code"], "unknown_code", "{answer}");
    assert_eq!(codes[2]["activated"]["outcome"], "recorded", "{answer}");
    assert_eq!(service.license(&fourth).await["status"], "active");
}

#[tokio::test]
async fn a_lost_answer_to_an_activation_by_the_second_edition_is_found_out_about() {
    let (marketplace, mut service) = Marketplace::with_service(by_v2());
    let code = marketplace.sell_code().await;
    let activate = ["license", "activate", &code, "--listing", "cad-pro"];
    marketplace
        .set_faults(json!({ "truncated_percent": 100 }))
        .await;
    service.tenure(&activate).exited(3);

    // Killed while it waits for the word about what the marketplace has done.
    let other = marketplace.sell_code().await;
    let sold = marketplace.state_of(&other).await;
    let activate_other = ["license", "activate", &other, "--listing", "cad-pro"];
    marketplace
        .set_faults(json!({ "slow_percent": 100, "slow_ms": 8_000 }))
        .await;
    let mut asking = service.command(&activate_other).spawn().unwrap();
    while marketplace.state_of(&other).await == sold {}
    service.kill();
    asking.wait().unwrap();
    marketplace.set_faults(json!({})).await;
    service.run();
    for (code, activate) in [(&code, &activate), (&other, &activate_other)] {
        let activated = service.tenure_json(activate);
        assert_eq!(activated["outcome"], "recorded", "{activated}");
        assert_eq!(service.events(code).await, ["issued", "activated"]);
    }
}

/// A service that reports use by the older interface, and an instance whose product is known.
async fn reporting_the_old_way() -> (Marketplace, Service, String) {
    let (marketplace, service) = Marketplace::with_service(Setup {
        cad_pro: "open_api.usage_push = \"old\"\n".to_owned(),
        ..Setup::default()
    });
    let wish = json!({ "listing": "cad-pro", "charging": "ON_DEMAND" });
    let sale = marketplace.sell(wish).await;
    let id = sale["name"].as_str().unwrap().to_owned();
    await_event(&service, &id, "order_known").await;
    (marketplace, service, id)
}

async fn report(service: &Service, id: &str, serial: &str, ago: i64) {
    let reports = json!({ "reports": [crate::usage::metered(serial, ago, "12.5")] });
    let path = format!("/v1/licenses/{id}/usage");
    let (status, answer) = service.post_json(&path, &reports).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn by_the_older_interface_use_is_billed_once_whatever_becomes_of_the_answers() {
    let (marketplace, service, id) = reporting_the_old_way().await;
    report(&service, &id, "METERTEST0001", 3).await;
    await_event(&service, &id, "usage_taken").await;
    marketplace
        .set_faults(json!({ "truncated_percent": 100 }))
        .await;
    report(&service, &id, "METERTEST0002", 2).await;
    await_event(&service, &id, "usage_denied").await;
    marketplace.set_faults(json!({})).await;
    let usage = service.get_json(&format!("/v1/licenses/{id}/usage")).await;
    assert_eq!(
        usage["denied"],
        json!([{ "serial": "METERTEST0002", "code": "outcome_unknown" }])
    );
    assert_eq!(marketplace.usage().await.len(), 2);
}

#[tokio::test]
async fn a_report_that_was_being_sent_when_the_service_was_killed_is_not_sent_again() {
    let (marketplace, mut service, id) = reporting_the_old_way().await;
    marketplace
        .set_faults(json!({ "slow_percent": 100, "slow_ms": 8_000 }))
        .await;
    report(&service, &id, "METERTEST0001", 3).await;
    while marketplace.usage().await.is_empty() {}
    service.kill();
    marketplace.set_faults(json!({})).await;
    service.run();
    await_event(&service, &id, "usage_denied").await;
    report(&service, &id, "METERTEST0002", 2).await;
    await_event(&service, &id, "usage_taken").await;
    assert_eq!(marketplace.usage().await.len(), 2);
    let usage = service.get_json(&format!("/v1/licenses/{id}/usage")).await;
    assert_eq!(usage["denied"][0]["code"], "outcome_unknown", "{usage}");
}
