//! Why a license is what it is, what it was on both time axes, and what happened to a customer.

use serde_json::Value;
use tenure_domain::{Activation, Family, Instant, Intent, OrderDetails};
use tenure_testkit::{activation, customer, details, order_line, term_change};

use crate::scene::{Scene, check_shape};

/// A code that was frozen at 1000 s; at 2000 s the journal learned that it had been activated at
/// 500 s, until 5000 s; it was unfrozen at 3000 s and renewed at 4000 s until 9000 s. The order of
/// the activation was announced at 1000 s, and explained at 4000 s.
fn learned_late() -> Scene {
    let scene = Scene::new();
    let code = |intent| scene.apply("acme", "PLTEST0001", Family::LicenseCode, intent);
    scene.announce_order(1);
    code(Intent::Freeze);
    scene.at(2_000);
    code(Intent::Activate(Activation {
        activated_at: Instant::from_seconds(500),
        ..activation(1, 5_000)
    }));
    scene.at(3_000);
    code(Intent::Unfreeze);
    scene.at(4_000);
    code(Intent::Renew(term_change(2, 9_000)));
    let done = code(Intent::LearnOrder(Box::new(details(1))));
    scene.fold(done.head);
    scene
}

const LICENSE: &str = "/v1/licenses/PLTEST0001";

/// Position and bearing of every record of an explanation.
fn bearings(answer: &Value) -> Vec<(u64, String)> {
    let of = |name: &str| answer[name].as_array().unwrap().iter();
    let bearings = of("records").chain(of("not_counted")).map(|record| {
        let bearing = record["bearing"].as_str().unwrap();
        (record["position"].as_u64().unwrap(), bearing.to_owned())
    });
    bearings.collect()
}

#[actix_web::test]
async fn an_answer_is_explained_record_by_record() {
    let scene = learned_late();
    let target = format!("{LICENSE}/explanation?at=1970-01-01T00:25:00Z&as_of=4");
    let answer = scene.ask(&target).await.json();
    check_shape("explanation", &answer);
    let whole = scene.ask(&format!("{LICENSE}/explanation")).await.json();
    assert!(bearings(&whole).iter().all(|(_, it)| it == "counts"));
    let records = whole["records"].as_array().unwrap();
    let last = &records[records.len() - 1]["led_to"];
    for name in ["status", "expires_at", "product_id", "quantity"] {
        assert_eq!(last[name], whole["license"][name], "{name}");
    }
    let shown = scene.ask(LICENSE).await.json();
    for (name, value) in whole["license"].as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
}

#[actix_web::test]
async fn what_a_license_would_be_without_a_call_is_answered() {
    let scene = learned_late();
    let records = scene.ask(&format!("{LICENSE}/records")).await.json();
    let receipt = |index: usize| {
        records["records"][index]["receipt_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let unfreeze = receipt(3);
    let target = format!("{LICENSE}/explanation?without={unfreeze}");
    let answer = scene.ask(&target).await.json();
    assert_eq!(answer["license"]["status"], "suspended");
    let left_out = &answer["not_counted"][0];
    assert_eq!(left_out["bearing"], "left_out");
    assert_eq!(left_out["event"], "reinstated");
    assert_eq!(left_out["led_to"], Value::Null);
    // It was not known then, so there is nothing to leave out.
    let early = format!("{LICENSE}/explanation?as_of=3&without={unfreeze}");
    let refused = scene.ask(&early).await.problem();
    assert_eq!(refused, (404, "unknown_receipt".to_owned()));
    let other = format!("{LICENSE}/explanation?without=00000000-0000-7000-8000-000000000000");
    let refused = scene.ask(&other).await.problem();
    assert_eq!(refused, (404, "unknown_receipt".to_owned()));
    let malformed = scene.ask(&format!("{LICENSE}/explanation?without=x")).await;
    assert_eq!(malformed.problem(), (400, "malformed_parameter".to_owned()));
}

#[actix_web::test]
async fn what_was_not_known_yet_is_explained_too() {
    let scene = learned_late();
    let answer = scene
        .ask(&format!("{LICENSE}/explanation?as_of=0"))
        .await
        .json();
    assert_eq!(answer["license"], Value::Null);
    assert!(bearings(&answer).iter().all(|(_, it)| it == "not_known"));
    for (target, problem) in [
        (
            "/v1/licenses/PLTEST0009/explanation",
            (404, "unknown_license"),
        ),
        ("/v1/licenses/PLTEST0009/timeline", (404, "unknown_license")),
        (
            "/v1/licenses/PLTEST0001/explanation?as_of=99",
            (400, "position_beyond_head"),
        ),
        (
            "/v1/licenses/PLTEST0001/timeline?as_of=99",
            (400, "position_beyond_head"),
        ),
        (
            "/v1/licenses/PLTEST0001/timeline?as_of=1971-01-01T00:00:00Z",
            (400, "as_of_in_future"),
        ),
        (
            "/v1/customers/customer-0009/timeline",
            (404, "unknown_customer"),
        ),
        (
            "/v1/customers/customer-0001/timeline?as_of=99",
            (400, "position_beyond_head"),
        ),
        (
            "/v1/licenses/PLTEST0001/timeline?without=x",
            (400, "unknown_parameter"),
        ),
    ] {
        let (status, code) = scene.ask(target).await.problem();
        assert_eq!((status, code.as_str()), problem, "{target}");
    }
}

#[actix_web::test]
async fn a_timeline_has_both_axes() {
    let scene = learned_late();
    let timeline = format!("{LICENSE}/timeline");
    check_shape("timeline", &scene.ask(&timeline).await.json());
    let statuses = |answer: Value| -> Vec<(String, String)> {
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let intervals = answer["intervals"].as_array().unwrap().iter();
        intervals
            .map(|it| (text(&it["from"]), text(&it["status"])))
            .collect()
    };
    let pair = |from: &str, status: &str| (format!("1970-01-01T00:{from}Z"), status.to_owned());
    let believed = scene.ask(&format!("{timeline}?as_of=3")).await.json();
    assert_eq!(statuses(believed), [pair("16:40", "suspended")]);
    let of_an_instant = scene
        .ask(&format!("{timeline}?at=1970-01-01T00:15:00Z"))
        .await
        .json();
    assert_eq!(statuses(of_an_instant), [pair("08:20", "active")]);
    let both = format!("{timeline}?at=1970-01-01T00:15:00Z&as_of=3");
    assert_eq!(statuses(scene.ask(&both).await.json()), []);
}

#[actix_web::test]
async fn a_customer_has_a_history() {
    let scene = learned_late();
    let records = |answer: Value| -> Vec<u64> {
        let records = answer["records"].as_array().unwrap().iter();
        records.map(|it| it["position"].as_u64().unwrap()).collect()
    };
    let target = "/v1/customers/customer-0001/records";
    let whole = scene.ask(target).await.json();
    check_shape("customer_records", &whole);
    let order = scene
        .ask("/v1/orders/CS2211181819T0001/records")
        .await
        .json();
    assert_eq!(order, whole);
    for (parameters, expected) in [
        ("limit=2", vec![1, 2]),
        ("limit=2&after=2", vec![3, 4]),
        ("after=7", vec![]),
        (
            "since=1970-01-01T00:33:20Z&until=1970-01-01T01:06:40Z",
            vec![4, 5],
        ),
        ("listing=cad-pro&limit=1", vec![1]),
    ] {
        let answer = scene.ask(&format!("{target}?{parameters}")).await.json();
        let expected: Vec<u64> = expected;
        assert_eq!(records(answer), expected, "{parameters}");
    }
    for (target, problem) in [
        (
            "/v1/customers/customer-0009/records",
            (404, "unknown_customer"),
        ),
        (
            "/v1/customers/customer-0001/records?listing=other-pro",
            (404, "unknown_customer"),
        ),
        (
            "/v1/customers/customer-0001/records?after=99",
            (400, "position_beyond_head"),
        ),
        (
            "/v1/customers/customer-0001/records?limit=1001",
            (400, "malformed_parameter"),
        ),
        (
            "/v1/customers/customer-0001/records?since=2027-01-02T00:00:00Z&until=2027-01-01T00:00:00Z",
            (400, "inverted_range"),
        ),
        (
            "/v1/orders/CS2211181819T0009/records",
            (404, "unknown_order"),
        ),
    ] {
        let (status, code) = scene.ask(target).await.problem();
        assert_eq!((status, code.as_str()), problem, "{target}");
    }
}

#[actix_web::test]
async fn a_customer_has_a_timeline_that_is_paged_by_license() {
    let scene = learned_late();
    for number in [2, 3] {
        let purchase = Intent::Purchase {
            order: order_line(number + 3),
            ready: true,
            details: Some(Box::new(OrderDetails {
                customer: Some(customer(1)),
                ..details(number + 3)
            })),
        };
        let done = scene.apply(
            "acme",
            &format!("instance-{number}"),
            Family::Saas,
            purchase,
        );
        scene.fold(done.head);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let target = format!("/v1/customers/customer-0001/timeline?limit=2{cursor}");
        let page = scene.ask(&target).await.json();
        let intervals = page["intervals"].as_array().unwrap().iter();
        seen.extend(intervals.map(|it| it["license_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    seen.dedup();
    assert_eq!(seen, ["PLTEST0001", "instance-2", "instance-3"]);
}

#[actix_web::test]
async fn a_customer_of_several_merchants_is_asked_for_with_a_listing() {
    let scene = learned_late();
    let other = |intent| scene.apply("other", "PLTEST0009", Family::LicenseCode, intent);
    other(Intent::Activate(activation(7, 5_000)));
    let done = other(Intent::LearnOrder(Box::new(OrderDetails {
        customer: Some(customer(1)),
        ..details(7)
    })));
    scene.fold(done.head);
    for what in ["records", "timeline"] {
        let target = format!("/v1/customers/customer-0001/{what}");
        let refused = scene.ask(&target).await.problem();
        assert_eq!(refused, (409, "ambiguous".to_owned()), "{what}");
        for (listing, id, others) in [
            ("cad-pro", "PLTEST0001", "PLTEST0009"),
            ("other-pro", "PLTEST0009", "PLTEST0001"),
        ] {
            let answer = scene.ask(&format!("{target}?listing={listing}")).await;
            assert!(answer.text.contains(id), "{}", answer.text);
            assert!(!answer.text.contains(others), "{}", answer.text);
        }
    }
}
