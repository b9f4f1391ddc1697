//! Production messages of SaaS V1.0 and License 1.0: their retries and faults, and how the sandbox
//! sends them as a server.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tenure_sandbox::check::Target;
use tenure_sandbox::client::Failure;
use tenure_sandbox::disorder::{Disorder, Rates};
use tenure_sandbox::market::Keys;
use tenure_sandbox::messages::{Destination, Message, Messages, State};
use tenure_sandbox::v1::call::{Call, Purchase, about, purchase};

use crate::client;
use crate::merchant_v1::{Manner, Merchant};
use crate::serve::Running;

/// Thirty of them are between two attempts.
const INTERVAL: Duration = Duration::from_micros(10);

fn destination(target: Target) -> Destination {
    Destination {
        url: target.url,
        key: target.key,
    }
}

fn bought() -> Call {
    let purchase_of = Purchase {
        business_id: "first",
        customer: "68cbc86abc2018ab880d92f36422fa0e",
        order: "CS1906666666ABCDE",
        product: "OFFI0000001",
    };
    purchase("newInstance", &purchase_of)
}

/// Delivers one call, and says how that went and what the merchant heard.
async fn delivered(
    manner: Manner,
    disorder: Disorder,
    call: Call,
) -> (Message, Vec<std::collections::BTreeMap<String, String>>) {
    let (target, merchant) = Merchant::start(manner).await;
    let messages = Messages::new(client(), INTERVAL, disorder);
    let id = messages.post(destination(target), call);
    let message = messages.deliver(id).await.unwrap();
    (message, merchant.calls())
}

#[actix_web::test]
async fn a_failing_purchase_is_repeated_freshly_signed_until_it_succeeds() {
    let (message, calls) = delivered(Manner::Failing(3), Disorder::default(), bought()).await;
    assert_eq!((message.state, message.attempts), (State::Delivered, 4));
    assert_eq!(message.order.as_deref(), Some("CS1906666666ABCDE"));
    assert!(message.body.starts_with("activity=newInstance&businessId="));
    assert!(!message.body.contains("authToken"));
    for name in ["authToken", "businessId"] {
        let different: BTreeSet<_> = calls.iter().map(|call| &call[name]).collect();
        assert_eq!(different.len(), 4, "{name} differs on every call");
    }
}

#[actix_web::test]
async fn a_call_stops_as_soon_as_its_guide_says_and_can_be_sent_again_by_hand() {
    for (call, attempts) in [
        (bought(), 4),
        (about("expireInstance", "i", "CS1906666666ABCDE"), 2),
        (about("expireLicense", "i", "CS1906666666ABCDE"), 1),
    ] {
        let (target, merchant) = Merchant::start(Manner::Failing(attempts)).await;
        let messages = Messages::new(client(), INTERVAL, Disorder::default());
        let id = messages.post(destination(target), call);
        let message = messages.deliver(id).await.unwrap();
        assert_eq!(message.state, State::Stopped);
        let failure = message.last.unwrap().failure;
        assert_eq!(failure, Some(Failure::ResultCode("000005".to_owned())));
        assert_eq!(merchant.calls().len(), attempts);
        assert!(messages.resend(id));
        assert_eq!(messages.deliver(id).await.unwrap().state, State::Delivered);
    }
}

#[actix_web::test]
async fn an_answer_that_is_not_signed_is_a_failed_delivery() {
    let call = about("expireInstance", "i", "CS1906666666ABCDE");
    let (message, _) = delivered(Manner::Unsigned, Disorder::default(), call).await;
    assert_eq!(message.state, State::Stopped);
    assert_eq!(message.last.unwrap().failure, Some(Failure::BodySignAbsent));
}

#[actix_web::test]
async fn duplicates_and_lost_answers_happen_to_the_old_calls_too() {
    let rates = Rates {
        duplicate_percent: 100,
        ..Rates::default()
    };
    let (message, calls) = delivered(Manner::Good, Disorder { seed: 5, rates }, bought()).await;
    assert_eq!((message.state, calls.len()), (State::Delivered, 2));
    let rates = Rates {
        lose_answer_percent: 100,
        ..Rates::default()
    };
    let (message, calls) = delivered(Manner::Good, Disorder { seed: 5, rates }, bought()).await;
    assert_eq!((message.state, calls.len()), (State::Stopped, 4));
    assert_eq!(message.last.unwrap().failure, Some(Failure::AnswerLost));
}

/// A sandbox with a listing that has a key for instances alone: this merchant knows no other call.
fn running(target: Target) -> Running {
    let keys = Keys {
        base: Some(target.key),
        ..Keys::default()
    };
    Running::with(target.url, keys)
}

/// The activities of all messages, once they have ended.
async fn told(sandbox: &Running) -> Vec<String> {
    let messages = sandbox.ended_messages().await;
    let activities = messages.iter().map(|it| it["activity"].as_str().unwrap());
    activities.map(str::to_owned).collect()
}

/// The merchant's name of what was sold first, once it has answered.
async fn named(sandbox: &Running) -> String {
    loop {
        if let Some(name) = sandbox.list("/sales").await[0]["name"].as_str() {
            return name.to_owned();
        }
    }
}

#[actix_web::test]
async fn a_listing_is_told_by_saas_v1_0_over_the_control_api() {
    let (target, merchant) = Merchant::start(Manner::Good).await;
    let sandbox = running(target);
    let (status, answer) = sandbox
        .post("/listings/cad", json!({ "protocol": "saas-v1" }))
        .await;
    assert_eq!((status, answer), (200, json!({ "protocol": "saas-v1" })));
    let (_, bought) = sandbox
        .post("/instances", json!({ "listing": "cad", "months": 1 }))
        .await;
    assert_eq!(bought["sale"]["protocol"], "saas-v1");
    let instance = named(&sandbox).await;
    assert_eq!(
        instance,
        format!("i-{}", bought["sale"]["order"].as_str().unwrap())
    );
    for (change, body) in [
        ("query", json!({})),
        ("freeze", json!({})),
        ("unfreeze", json!({})),
        ("upgrade", json!({ "product": "OFFI0000002", "amount": 5 })),
        ("renew", json!({ "months": 1 })),
    ] {
        let path = format!("/sales/{instance}/{change}");
        assert_eq!(sandbox.post(&path, body).await.0, 200, "{change}");
        sandbox.ended_messages().await;
    }
    assert_eq!(merchant.state(&instance), Some("active"));
    sandbox.post("/clock", json!({ "advance_days": 70 })).await;
    sandbox.ended_messages().await;
    assert_eq!(merchant.state(&instance), Some("frozen"));
    sandbox.post("/clock", json!({ "advance_days": 15 })).await;
    assert_eq!(
        told(&sandbox).await,
        [
            "newInstance",
            "queryInstance",
            "instanceStatus",
            "instanceStatus",
            "upgrade",
            "refreshInstance",
            "expireInstance",
            "releaseInstance",
        ]
    );
    assert_eq!(merchant.state(&instance), Some("released"));
    let page = sandbox.page().await;
    assert!(page.contains("<td>saas-v1") && page.contains("activity=expireInstance&amp;"));
    sandbox.end().await;
}

#[actix_web::test]
async fn a_listing_is_told_by_license_1_0_and_a_message_is_sent_again() {
    let (target, merchant) = Merchant::start(Manner::Failing(1)).await;
    let sandbox = running(target);
    let protocol = json!({ "protocol": "license-v1" });
    assert_eq!(sandbox.post("/listings/cad", protocol).await.0, 200);
    let (status, _) = sandbox
        .post("/listings/other", json!({ "protocol": "v2" }))
        .await;
    assert_eq!(status, 404);
    let (_, bought) = sandbox
        .post("/instances", json!({ "listing": "cad" }))
        .await;
    let order = bought["sale"]["order"].as_str().unwrap();
    let instance = named(&sandbox).await;
    let path = |change: &str| format!("/sales/{instance}/{change}");
    assert_eq!(sandbox.post(&path("freeze"), json!({})).await.0, 409);
    let (_, renewed) = sandbox.post(&path("renew"), json!({ "months": 1 })).await;
    assert_eq!(renewed["messages"], json!([2]));
    assert_eq!(told(&sandbox).await, ["getLicense", "refreshLicense"]);
    let (status, _) = sandbox.post("/messages/2/resend", json!({})).await;
    assert_eq!(status, 200);
    sandbox.ended_messages().await;
    let calls = merchant.calls();
    let orders: Vec<_> = calls.iter().map(|call| call["orderId"].as_str()).collect();
    let [first, repeated, renewal, again] = orders.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!((first, repeated), (&order, &order));
    assert_eq!(renewal, again, "a re-sent message is the same one");
    sandbox.end().await;
}
