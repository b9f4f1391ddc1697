//! Every interface of SaaS V2.0, License 2.0 and the order notification, from call to license.

use std::collections::BTreeMap;

use serde_json::json;
use tenure_sandbox::body::{
    Body, OrderLine, change_instance_check, new_instance, order_notify, query_instance,
    refresh_instance, refresh_license_code, release_instance, release_license_code,
    update_instance_status, update_license_code_status, upgrade_instance,
};

use crate::service::{Service, day, texts};

const CODE: &str = "PLTEST0001";
const PRODUCT: &str = "OFFI0000001";

fn order(number: u32) -> OrderLine {
    OrderLine::first_of(format!("CS2211181819B4LV{number}"))
}

fn renew_code(number: u32, until: &str) -> Body {
    refresh_license_code("RENEWAL", CODE, &order(number), None, day(until))
}

#[tokio::test]
async fn an_authorization_code_lives_from_its_first_renewal_to_its_release() {
    let service = Service::start();
    service
        .call(&renew_code(1, "2036-01-02"))
        .await
        .is("000000");
    let license = service.license(CODE).await;
    assert_eq!(license["family"], "license_code");
    assert_eq!(license["status"], "issued");
    assert_eq!(license["listing"], "cad-pro");
    assert_eq!(license["expires_at"], "2036-01-02T00:00:00Z");
    assert_eq!(license["orders"], json!(["CS2211181819B4LV1"]));
    assert_eq!(license["version"], 2);

    let cancelled = refresh_license_code(
        "UNSUBSCRIBE_RENEWAL_PERIOD",
        CODE,
        &order(2),
        Some(PRODUCT),
        day("2035-01-02"),
    );
    service.call(&cancelled).await.is("000000");
    let license = service.license(CODE).await;
    assert_eq!(license["expires_at"], "2035-01-02T00:00:00Z");
    assert_eq!(license["product_id"], PRODUCT);

    let released = release_license_code(CODE, Some(&order(3)));
    service.call(&released).await.is("000000");
    service.call(&released).await.is("000000");
    assert_eq!(service.license(CODE).await["status"], "released");
    service
        .call(&renew_code(4, "2037-01-02"))
        .await
        .is("000003");
    assert_eq!(
        service.events(CODE).await,
        ["issued", "renewed", "renewal_cancelled", "released"]
    );
    assert_eq!(
        service.verdicts(),
        [
            "applied",
            "applied",
            "applied",
            "already_applied",
            "refused: license_released",
        ]
    );
}

#[tokio::test]
async fn the_same_call_again_has_the_same_answer_and_no_second_effect() {
    let service = Service::start();
    let bodies = [
        renew_code(1, "2036-01-02"),
        update_license_code_status(CODE, "FREEZE"),
        new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order(5)),
        order_notify(&order(6)),
    ];
    for body in &bodies {
        let first = service.call(body).await;
        first.is("000000");
        for _repeat in 0..3 {
            assert_eq!(service.call(body).await.json, first.json);
        }
    }
    let records = json!(service.records_after(0).await);
    assert_eq!(
        texts(&records, "event"),
        [
            "issued",
            "renewed",
            "suspended",
            "purchased",
            "provisioned",
            "order_notified"
        ]
    );
    let verdicts = service.verdicts();
    let again = verdicts.iter().filter(|it| *it == "already_applied");
    assert_eq!((verdicts.len(), again.count()), (16, 12), "{verdicts:?}");
}

#[tokio::test]
async fn freeze_unfreeze_freeze_is_three_calls_with_three_effects() {
    let service = Service::start();
    service
        .call(&renew_code(1, "2036-01-02"))
        .await
        .is("000000");
    for (status, then) in [
        ("FREEZE", "suspended"),
        ("UNFREEZE", "issued"),
        ("FREEZE", "suspended"),
    ] {
        let body = update_license_code_status(CODE, status);
        service.call(&body).await.is("000000");
        assert_eq!(service.license(CODE).await["status"], then);
    }
    assert_eq!(
        service.events(CODE).await,
        ["issued", "renewed", "suspended", "reinstated", "suspended"]
    );
}

#[tokio::test]
async fn a_scene_that_nobody_knows_sets_the_new_end_all_the_same() {
    let service = Service::start();
    let body = refresh_license_code("GIFT", CODE, &order(1), None, day("2036-01-02"));
    service.call(&body).await.is("000000");
    let license = service.license(CODE).await;
    assert_eq!(license["expires_at"], "2036-01-02T00:00:00Z");
    let records = service.records_after(0).await;
    assert_eq!(records[1]["data"]["scene"], "GIFT");
}

#[tokio::test]
async fn an_instance_lives_from_its_purchase_to_its_release() {
    let service = Service::start();
    let bought = new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order(1));
    let answer = service.call(&bought).await;
    answer.is("000000");
    let id = answer.json["instanceId"].as_str().unwrap().to_owned();
    let front_end = &answer.json["appInfo"]["frontEndUrl"];
    assert_eq!(front_end, "https://app.example.com");
    // The marketplace's guide says that businessId is another one on every call.
    let again = new_instance("7d0ff4d6-58a6-4c0e-9a2f-0b7f6f1c2e11", &order(1));
    assert_eq!(service.call(&again).await.json, answer.json);

    let answer = service.call(&query_instance(&id)).await;
    answer.is("000000");
    assert_eq!(answer.json["info"][0]["instanceId"], id);

    let refresh = |scene, number, product, until| {
        refresh_instance(scene, &id, &order(number), product, day(until))
    };
    let frozen = update_instance_status(&id, "FREEZE");
    let unfrozen = update_instance_status(&id, "UNFREEZE");
    for (body, event, status, expires_on) in [
        (
            refresh("TRIAL_TO_FORMAL", 2, Some(PRODUCT), "2035-01-01"),
            "converted_to_paid",
            "active",
            "2035-01-01",
        ),
        (
            refresh("RENEWAL", 3, None, "2036-01-01"),
            "renewed",
            "active",
            "2036-01-01",
        ),
        (
            refresh("UNSUBSCRIBE_RENEWAL_PERIOD", 4, None, "2035-01-01"),
            "renewal_cancelled",
            "active",
            "2035-01-01",
        ),
        (
            refresh("RENEWAL_CHANGE", 5, Some("OFFI0000002"), "2037-01-01"),
            "renewed",
            "active",
            "2037-01-01",
        ),
        (frozen, "suspended", "suspended", "2037-01-01"),
        (unfrozen, "reinstated", "active", "2037-01-01"),
        (
            upgrade_instance(&id, &order(6)),
            "upgraded",
            "active",
            "2037-01-01",
        ),
        (
            release_instance(&id, None),
            "released",
            "released",
            "2037-01-01",
        ),
    ] {
        service.call(&body).await.is("000000");
        let license = service.license(&id).await;
        assert_eq!(license["status"], status, "{event}");
        assert_eq!(license["expires_at"], format!("{expires_on}T00:00:00Z"));
        assert_eq!(service.events(&id).await.last().unwrap(), event);
    }
    assert_eq!(service.license(&id).await["product_id"], "OFFI0000002");
    assert_eq!(service.license(&id).await["version"], 10);
    service.call(&query_instance(&id)).await.is("000003");
}

#[tokio::test]
async fn what_changes_nothing_is_answered_from_the_journal() {
    let service = Service::start();
    let bought = new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order(1));
    let id = service.call(&bought).await.json["instanceId"].clone();
    let id = id.as_str().unwrap();
    let check = |id| change_instance_check(id, PRODUCT);
    service.call(&check(id)).await.is("000000");
    service.call(&check("made-up")).await.is("000003");
    service.call(&query_instance(id)).await.is("000000");
    service.call(&query_instance("made-up")).await.is("000003");
    assert_eq!(
        service.verdicts(),
        [
            "applied",
            "answered",
            "refused: unknown_license",
            "answered",
            "refused: unknown_license"
        ]
    );
    assert_eq!(service.events(id).await, ["purchased", "provisioned"]);
}

#[tokio::test]
async fn an_instance_that_nobody_bought_is_unknown() {
    let service = Service::start();
    let id = "03pf80c2-bae9-6vc4-9b80-b917bea776d7";
    for body in [
        refresh_instance("RENEWAL", id, &order(1), None, day("2036-01-01")),
        update_instance_status(id, "FREEZE"),
        release_instance(id, None),
        upgrade_instance(id, &order(2)),
    ] {
        service.call(&body).await.is("000003");
    }
    assert_eq!(service.verdicts(), ["refused: unknown_license"; 4]);
    assert!(service.records_after(0).await.is_empty());
}

#[tokio::test]
async fn a_code_is_not_reached_with_the_activities_of_instances() {
    let service = Service::start();
    service
        .call(&renew_code(1, "2036-01-02"))
        .await
        .is("000000");
    let body = update_instance_status(CODE, "FREEZE");
    service.call(&body).await.is("000003");
    assert_eq!(service.verdicts(), ["applied", "refused: other_family"]);
    assert_eq!(service.license(CODE).await["status"], "issued");
}

#[tokio::test]
async fn instances_and_codes_are_not_seen_with_each_others_key() {
    let service = Service::start();
    service
        .call(&renew_code(1, "2036-01-02"))
        .await
        .is("000000");
    service.call(&query_instance(CODE)).await.is("000003");
    let check = change_instance_check(CODE, PRODUCT);
    service.call(&check).await.is("000003");
}

#[tokio::test]
async fn two_merchants_may_have_the_same_code() {
    let service = Service::start();
    let frozen = update_license_code_status(CODE, "FREEZE");
    service
        .call(&renew_code(1, "2036-01-02"))
        .await
        .is("000000");
    service.call_to("codes-only", &frozen).await.is("000000");
    let (status, text) = service.get("/v1/licenses/PLTEST0001").await;
    assert_eq!(status, 409, "{text}");
    for (listing, status) in [("cad-pro", "issued"), ("codes-only", "suspended")] {
        let license = service.license(&format!("{CODE}?listing={listing}")).await;
        assert_eq!(license["status"], status);
        let show = ["license", "show", CODE, "--listing", listing];
        let shown = service.tenure_json(&show);
        assert_eq!(shown["license"]["status"], status);
    }
    service
        .tenure(&["license", "show", CODE])
        .exited(2)
        .complains("name its --listing");
}

#[tokio::test]
async fn an_instance_of_a_manual_listing_is_ready_when_the_merchant_says_so() {
    let service = Service::start();
    let bought = new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order(1));
    let answer = service.call_to("cad-manual", &bought).await;
    answer.is("000004");
    let id = answer.json["instanceId"].as_str().unwrap().to_owned();
    let query = query_instance(&id);
    service.call_to("cad-manual", &query).await.is("000004");
    assert_eq!(service.license(&id).await["status"], "provisioning");
    // A change is done at once, ready or not: for it "being processed" would count as a failure.
    let renewed = refresh_instance("RENEWAL", &id, &order(2), None, day("2036-01-02"));
    service.call_to("cad-manual", &renewed).await.is("000000");

    let path = format!("/v1/licenses/{id}/provisioned");
    for outcome in ["recorded", "already_applied"] {
        let (status, text) = service.post(&path).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains(outcome), "{text}");
    }
    service.call_to("cad-manual", &query).await.is("000000");
    service.call_to("cad-manual", &bought).await.is("000000");
    let records = service.records_after(0).await;
    assert_eq!(records[2]["event"], "provisioned");
    assert_eq!(records[2]["actor"], "operator");
}

#[tokio::test]
async fn an_order_is_noted_and_shown_with_the_licenses_that_it_changed() {
    let service = Service::start();
    service.call(&order_notify(&order(1))).await.is("000000");
    service
        .call(&renew_code(1, "2036-01-02"))
        .await
        .is("000000");
    // The read model is asked for what it must have seen.
    service.get_json("/v1/licenses?min_position=3").await;
    let shown = service.get_json("/v1/orders/CS2211181819B4LV1").await;
    assert_eq!(shown["licenses"], json!([CODE]));
    assert_eq!(
        texts(&shown["lines"], "order_line_id"),
        ["CS2211181819B4LV1-000001"]
    );
}

#[tokio::test]
async fn a_test_call_is_answered_like_a_real_one_and_changes_nothing() {
    let service = Service::start();
    let id = "03pf80c2-bae9-6vc4-9b80-b917bea776d7";
    let until = day("2036-01-01");
    let bodies = [
        renew_code(1, "2036-01-02"),
        update_license_code_status(CODE, "FREEZE"),
        release_license_code(CODE, None),
        new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order(1)),
        query_instance(id),
        refresh_instance("RENEWAL", id, &order(1), None, until),
        update_instance_status(id, "UNFREEZE"),
        release_instance(id, Some(&order(2))),
        upgrade_instance(id, &order(3)),
        change_instance_check(id, PRODUCT),
        order_notify(&order(4)),
    ];
    for body in &bodies {
        let answer = service.call(&body.clone().with_test_flag()).await;
        answer.is("000000");
        match body.activity() {
            "newInstance" => assert!(answer.json["instanceId"].is_string()),
            "queryInstance" => assert_eq!(answer.json["info"][0]["instanceId"], id),
            _ => {},
        }
    }
    assert_eq!(service.verdicts(), ["probe"; 11]);
    assert!(service.records_after(0).await.is_empty());
    assert_eq!(service.get("/v1/licenses/PLTEST0001").await.0, 404);
}

#[tokio::test]
async fn every_call_is_counted_once_under_its_verdict() {
    let service = Service::start();
    let bodies = [
        renew_code(1, "2036-01-02"),
        renew_code(1, "2036-01-02"),
        renew_code(2, "2036-01-02").with_test_flag(),
        renew_code(3, "2036-01-02").with("expireTime", "tomorrow"),
        query_instance("made-up"),
        order_notify(&order(4)),
    ];
    for body in &bodies {
        assert_eq!(service.call(body).await.status, 200);
    }
    let (_, metrics) = service.get("/metrics").await;
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for line in metrics.lines() {
        if let Some(line) = line.strip_prefix("tenure_callbacks_total{") {
            let (labels, count) = line.split_once("} ").unwrap();
            let (_, verdict) = labels.split_once("verdict=\"").unwrap();
            let (verdict, _) = verdict.split_once('"').unwrap();
            *counted.entry(verdict.to_owned()).or_default() += count.parse::<u64>().unwrap();
        }
    }
    let mut received: BTreeMap<String, u64> = BTreeMap::new();
    for verdict in service.verdicts() {
        let verdict = verdict.split(':').next().unwrap();
        *received.entry(verdict.to_owned()).or_default() += 1;
    }
    assert_eq!(counted, received);
    assert_eq!(received.values().sum::<u64>(), bodies.len() as u64);
}

#[tokio::test]
async fn answers_are_not_signed() {
    let service = Service::start();
    let call = service.signed("cad-pro", &renew_code(1, "2036-01-02"));
    let request = service.http.post(call.url()).body(call.body.clone());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("body-sign"));
}
