//! The usage push, new and old.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tenure_sandbox::clock::real_now;
use tenure_sandbox::market::Charging;
use tenure_sandbox::open_api::{BASE_PATH, OLD_USAGE_PATH};

use super::{Caller, Scene};

const KEY: &str = "base-key-of-cad";

/// How a body is signed.
struct Signing {
    key: &'static str,
    off: TimeDelta,
    nonce: Option<&'static str>,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            key: KEY,
            off: TimeDelta::zero(),
            nonce: None,
        }
    }
}

impl Caller {
    async fn push(&self, body: &str, signing: Signing) -> (u16, Value) {
        let Signing { key, off, nonce } = signing;
        let ts = (real_now() + off).timestamp_millis();
        // As many reports as a test makes differ in length or in time.
        let fresh = format!(
            "{}-{}",
            real_now().timestamp_nanos_opt().unwrap(),
            body.len()
        );
        let nonce = nonce.map_or(fresh, str::to_owned);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        let sorted = serde_json::from_str::<Value>(body)
            .map_or_else(|_| body.to_owned(), |it| it.to_string());
        mac.update(format!("ts={ts}&nonce={nonce}&body={sorted}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let headers = [
            ("ts", ts.to_string()),
            ("nonce", nonce),
            ("signature", signature),
        ];
        self.push_with(body, &headers).await
    }

    async fn push_with(&self, body: &str, headers: &[(&str, String)]) -> (u16, Value) {
        let path = format!("{BASE_PATH}/v1/isv/usage-data");
        let sent = self
            .send(&path, "", body.as_bytes().to_vec(), headers)
            .await;
        let response = sent.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn push_old(&self, record: Value) -> (u16, Value) {
        let body = report([record]).into_bytes();
        let response = self.send(OLD_USAGE_PATH, "", body, &[]).await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn report(records: impl IntoIterator<Item = Value>) -> String {
    json!({ "usage_records": Value::from_iter(records) }).to_string()
}

fn time(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A record of the last hour.
fn record(instance: &str, number: &str) -> Value {
    let now = real_now();
    json!({
        "instance_id": instance,
        "record_time": time(now),
        "begin_time": time(now - TimeDelta::hours(1)),
        "end_time": time(now),
        "usage_value": "1.5",
        "metering_sn": number,
    })
}

/// The record with a member that is set, or taken out by `null`.
fn with(mut record: Value, name: &str, value: Value) -> Value {
    let members = record.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    record
}

fn start() -> Scene {
    let scene = Scene::start();
    scene.sell_instance("cad", Charging::OnDemand, "metered");
    scene.sell_instance("cad", Charging::OnDemandPackage, "package");
    scene.sell_instance("cad", Charging::Period, "by-period");
    scene.sell_instance("cam", Charging::OnDemand, "of-another");
    scene
}

#[actix_web::test]
async fn a_record_is_kept_once() {
    let scene = start();
    let number = with(record("metered", "sn-2"), "usage_value", json!(99));
    let taken = with(
        record("metered", "sn-3"),
        "relate_pkg_instance",
        json!("package"),
    );
    let body = report([
        record("metered", "sn-1"),
        number,
        taken,
        record("package", "sn-4"),
    ]);
    for _ in 0..2 {
        let answer = scene.caller.push(&body, Signing::default()).await;
        Caller::assert_code(&answer, 200, "MKT.0000");
    }
    let kept: Vec<_> = scene.market().usage().cloned().collect();
    let values: Vec<_> = kept.iter().map(|record| record.value.as_str()).collect();
    assert_eq!(values, ["1.5", "99", "1.5", "1.5"]);
    assert_eq!(kept[2].package.as_deref(), Some("package"));
}

#[actix_web::test]
async fn the_body_is_signed_in_natural_order_by_the_base_key_and_once() {
    let scene = start();
    let caller = &scene.caller;
    let sorted = report([record("metered", "sn-1")]);
    let value: Value = serde_json::from_str(&sorted).unwrap();
    let unsorted = format!("{{ \"usage_records\" : {} }}", value["usage_records"]);
    let pushed = caller.push(&unsorted, Signing::default()).await;
    Caller::assert_code(&pushed, 200, "MKT.0000");

    for wrong in [
        Signing {
            key: "base-key-of-nobody",
            ..Signing::default()
        },
        Signing {
            off: TimeDelta::minutes(-16),
            ..Signing::default()
        },
        Signing {
            off: TimeDelta::minutes(16),
            ..Signing::default()
        },
    ] {
        Caller::assert_code(&caller.push(&sorted, wrong).await, 400, "MKT.0102");
    }
    let once = || Signing {
        nonce: Some("nonce-1"),
        ..Signing::default()
    };
    Caller::assert_code(&caller.push(&sorted, once()).await, 200, "MKT.0000");
    Caller::assert_code(&caller.push(&sorted, once()).await, 400, "MKT.0102");

    let headers = |ts: &str, nonce: &str, signature: &str| {
        let texts = [("ts", ts), ("nonce", nonce), ("signature", signature)];
        texts.map(|(name, text)| (name, text.to_owned()))
    };
    for (headers, status, code) in [
        (headers("1709690865879", "n", "%"), 400, "MKT.0102"),
        (headers("today", "n", "AA=="), 500, "MKT.0100"),
        (headers("1", &"n".repeat(65), "AA=="), 500, "MKT.0100"),
        (headers("1", "n", &"A".repeat(1001)), 500, "MKT.0100"),
    ] {
        Caller::assert_code(&caller.push_with(&sorted, &headers).await, status, code);
        for missing in 0..3 {
            let mut fewer = headers.to_vec();
            fewer.remove(missing);
            let answer = caller.push_with(&sorted, &fewer).await;
            assert_ne!(answer.0, 200);
        }
    }
    Caller::assert_code(&caller.push_with(&sorted, &[]).await, 400, "MKT.0101");
    let mut stranger = Caller::new(caller.address);
    stranger.credentials.access_key_id = "AKOTHER".to_owned();
    Caller::assert_code(
        &stranger.push(&sorted, Signing::default()).await,
        401,
        "APIGW.0301",
    );
}

#[actix_web::test]
async fn a_record_that_is_wrong_takes_the_whole_report_with_it() {
    let scene = start();
    let good = || record("metered", "sn-1");
    let at = |off: TimeDelta| json!(time(real_now() + off));
    for (wrong, status, code) in [
        (record("nobody", "sn-2"), 500, "MKT.9001"),
        (
            with(good(), "relate_pkg_instance", json!("nobody")),
            500,
            "MKT.9001",
        ),
        (record("of-another", "sn-2"), 401, "MKT.0150"),
        (record("by-period", "sn-2"), 500, "MKT.9002"),
        (
            with(good(), "relate_pkg_instance", json!("by-period")),
            500,
            "MKT.9002",
        ),
        (
            with(good(), "begin_time", at(TimeDelta::days(-22))),
            500,
            "MKT.9004",
        ),
        (
            with(good(), "begin_time", at(TimeDelta::hours(1))),
            500,
            "MKT.0100",
        ),
        (
            with(good(), "end_time", at(TimeDelta::hours(1))),
            500,
            "MKT.0100",
        ),
        (
            with(good(), "begin_time", json!("2026-01-02T03:04:05Z")),
            500,
            "MKT.0100",
        ),
        (
            with(good(), "record_time", json!("20260102030405")),
            500,
            "MKT.0100",
        ),
        (with(good(), "usage_value", json!("0")), 500, "MKT.0100"),
        (
            with(good(), "usage_value", json!("1.23456")),
            500,
            "MKT.0100",
        ),
        (with(good(), "instance_id", json!("")), 500, "MKT.0100"),
        (
            with(good(), "metering_sn", json!("s".repeat(65))),
            500,
            "MKT.0100",
        ),
        (with(good(), "metering_sn", Value::Null), 400, "MKT.0101"),
        (with(good(), "end_time", Value::Null), 400, "MKT.0101"),
        (with(good(), "instance_id", json!(1)), 400, "MKT.0101"),
        (
            with(good(), "product_id", json!("OFFI0000001")),
            400,
            "MKT.0101",
        ),
        (with(good(), "colour", json!("red")), 400, "MKT.0101"),
    ] {
        let body = report([good(), wrong]);
        let answer = scene.caller.push(&body, Signing::default()).await;
        Caller::assert_code(&answer, status, code);
        let has_extra = ["0100", "0150", "9001", "9002", "9004"];
        let expects_extra = has_extra.iter().any(|it| code.ends_with(it));
        assert_eq!(
            answer.1.get("extra_info").is_some(),
            expects_extra,
            "{answer:?}"
        );
    }
    assert_eq!(scene.market().usage().count(), 0);
}

#[actix_web::test]
async fn a_report_has_one_to_a_thousand_records() {
    let scene = start();
    let many =
        |count: usize| report((0..count).map(|number| record("metered", &number.to_string())));
    let push = async |body: &str| scene.caller.push(body, Signing::default()).await;
    Caller::assert_code(&push(&many(0)).await, 500, "MKT.0100");
    Caller::assert_code(&push(&many(1001)).await, 500, "MKT.9003");
    Caller::assert_code(&push(&many(1000)).await, 200, "MKT.0000");
    assert_eq!(scene.market().usage().count(), 1000);
    Caller::assert_code(&push("{}").await, 400, "MKT.0101");
    Caller::assert_code(&push("{").await, 400, "MKT.0199");
    let mut caller = Caller::new(scene.caller.address);
    caller.content_type = "text/plain";
    Caller::assert_code(
        &caller.push("{}", Signing::default()).await,
        415,
        "95000003",
    );
    caller.method = "PUT";
    Caller::assert_code(
        &caller.push("{}", Signing::default()).await,
        405,
        "95000002",
    );
}

#[actix_web::test]
async fn the_old_interface_names_the_product_and_no_record() {
    let scene = start();
    let old = |instance| {
        let record = with(record(instance, ""), "metering_sn", Value::Null);
        with(record, "product_id", json!("OFFI0000001"))
    };
    for instance in ["metered", "metered", "of-another"] {
        Caller::assert_code(&scene.caller.push_old(old(instance)).await, 200, "MKT.0000");
    }
    assert_eq!(
        scene.market().usage().count(),
        3,
        "nothing tells a repetition"
    );
    for (wrong, status, code) in [
        (
            with(old("metered"), "product_id", json!("OFFI0000009")),
            500,
            "MKT.9002",
        ),
        (
            with(old("metered"), "product_id", Value::Null),
            400,
            "MKT.0101",
        ),
        (
            with(old("metered"), "metering_sn", json!("sn-1")),
            400,
            "MKT.0101",
        ),
        (old("nobody"), 500, "MKT.9001"),
    ] {
        Caller::assert_code(&scene.caller.push_old(wrong).await, status, code);
    }
}
