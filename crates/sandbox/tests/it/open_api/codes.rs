//! Activation and query of codes, one at a time and in batches.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_sandbox::market::Change;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Caller, Scene, credentials};

#[actix_web::test]
async fn a_code_goes_from_issued_to_released() {
    let scene = Scene::start();
    let Scene { caller, clock, .. } = &scene;
    let sale = scene.sell();
    let code = sale.name().unwrap().to_owned();
    let change = |change| scene.change(&code, change);
    let body = json!({ "license": code, "real_effect_time": "20260102153555" }).to_string();

    Caller::assert_code(&caller.activate(&body).await, 200, "92020004");
    Caller::assert_code(&caller.heartbeat(&code).await, 200, "92020011");
    change(Change::Claim);
    let answer = caller.activate(&body).await;
    Caller::assert_code(&answer, 200, "92020000");
    let info = answer.1["data"]["license_code_info"]
        .as_str()
        .expect("JSON in a string");
    let info: Value = serde_json::from_str(info).unwrap();
    assert_eq!(
        (&info["status"], &info["amount"]),
        (&json!("ALIVE"), &json!(2))
    );
    assert_eq!(info["order_id"], json!(sale.order.order));
    Caller::assert_code(&caller.activate(&body).await, 200, "92020003");

    let state = async || caller.heartbeat(&code).await.1["data"]["status"].clone();
    assert_eq!(state().await, "ALIVE");
    let view = scene.market().sale(&code).unwrap().view(clock.now());
    assert!(view.checked);
    change(Change::Freeze);
    assert_eq!(state().await, "EXPIRED");
    change(Change::Unfreeze);
    clock.advance(40 * 24 * 60 * 60);
    assert_eq!(state().await, "EXPIRED");
    change(Change::Release);
    assert_eq!(state().await, "RELEASED");
}

#[actix_web::test]
async fn a_wrong_signature_key_or_clock_stops_at_the_gateway() {
    let mut caller = Scene::start().caller;
    let body = r#"{"license":"PLTEST0001"}"#;
    caller.clock_off = TimeDelta::minutes(-16);
    Caller::assert_code(&caller.activate(body).await, 401, "APIGW.0301");
    caller.clock_off = TimeDelta::minutes(14);
    Caller::assert_code(&caller.activate(body).await, 200, "92020005");
    caller.credentials.secret_access_key = SecretString::from("another");
    Caller::assert_code(&caller.activate(body).await, 401, "APIGW.0301");
    caller.credentials = credentials();
    caller.credentials.access_key_id = "AKOTHER".to_owned();
    Caller::assert_code(&caller.activate(body).await, 401, "APIGW.0301");
}

#[actix_web::test]
async fn malformed_calls_have_codes_of_their_own() {
    let mut caller = Scene::start().caller;
    let long = json!({ "license": "P".repeat(65) }).to_string();
    for body in [
        "{}",
        r#"{"license":""}"#,
        r#"{"license":1}"#,
        "[]",
        long.as_str(),
    ] {
        Caller::assert_code(&caller.activate(body).await, 400, "95000001");
    }
    let body = r#"{"license":"PLTEST0001","real_effect_time":"today"}"#;
    Caller::assert_code(&caller.activate(body).await, 400, "95000001");
    Caller::assert_code(&caller.activate("{").await, 400, "95000004");
    caller.content_type = "text/plain";
    Caller::assert_code(&caller.activate("{}").await, 415, "95000003");
    caller.method = "PUT";
    Caller::assert_code(&caller.activate("{}").await, 405, "95000002");
}

#[actix_web::test]
async fn heartbeat_info_is_checked_and_ignored() {
    let caller = Scene::start().caller;
    for (info, status) in [
        (
            json!({ "thirdPartyAccount": "device-7", "ip": "192.0.2.1", "x": 1 }),
            200,
        ),
        (json!({ "ip": "192.0.2.1" }), 400),
        (json!({ "thirdPartyAccount": "a".repeat(257) }), 400),
        (
            json!({ "thirdPartyAccount": "device-7", "ip": "1".repeat(33) }),
            400,
        ),
    ] {
        let body = json!({ "license": "PLTEST0001", "heartbeatInfo": info }).to_string();
        let answer = caller.call("/v1/license/heartbeat", "", &body).await;
        assert_eq!(answer.0, status, "{answer:?}");
    }
}

#[actix_web::test]
async fn a_batch_is_activated_all_or_nothing_and_queried_one_by_one() {
    let scene = Scene::start();
    let caller = &scene.caller;
    let names: Vec<String> = (0..2)
        .map(|_| scene.sell().name().unwrap().to_owned())
        .collect();
    let activate = async |codes: Value| {
        let body = json!({ "license_list": codes }).to_string();
        caller.call("/v2/license/activate", "", &body).await
    };
    scene.change(&names[0], Change::Claim);
    Caller::assert_code(&activate(json!(names)).await, 200, "92020004");
    scene.change(&names[1], Change::Claim);
    Caller::assert_code(
        &activate(json!([names[0], "PLTEST0001"])).await,
        200,
        "92020020",
    );
    Caller::assert_code(
        &activate(json!([names[0], names[0]])).await,
        200,
        "92020002",
    );
    Caller::assert_code(&caller.heartbeat(&names[0]).await, 200, "92020011");
    let answer = activate(json!(names)).await;
    Caller::assert_code(&answer, 200, "92020000");
    assert_eq!(
        answer.1.get("data"),
        None,
        "nothing is told of a single code"
    );
    Caller::assert_code(&activate(json!(names)).await, 200, "92020003");

    let unclaimed = scene.sell().name().unwrap().to_owned();
    let body = json!({ "license_list": [names[0], "PLTEST0001", unclaimed] }).to_string();
    let answer = caller.call("/v2/license/heartbeat", "", &body).await;
    Caller::assert_code(&answer, 200, "92020000");
    let items = &answer.1["data"];
    assert_eq!(
        (&items[0]["license_code"], &items[0]["status"]),
        (&json!(names[0]), &json!("ALIVE"))
    );
    assert_eq!(items[1]["error_code"], "92020005");
    assert_eq!(items[2]["error_code"], "92020011");
}

#[actix_web::test]
async fn a_batch_has_one_to_a_hundred_codes() {
    let caller = Scene::start().caller;
    let codes = |count: usize| (0..count).map(|number| format!("PLTEST{number:04}"));
    for path in ["/v2/license/activate", "/v2/license/heartbeat"] {
        for list in [
            json!([]),
            json!(["", "PLTEST0001"]),
            json!([1]),
            json!("PLTEST0001"),
            Value::Null,
        ] {
            let body = json!({ "license_list": list }).to_string();
            Caller::assert_code(&caller.call(path, "", &body).await, 400, "95000001");
        }
        let body = json!({ "license_list": codes(101).collect::<Vec<_>>() }).to_string();
        Caller::assert_code(&caller.call(path, "", &body).await, 400, "95000001");
        let body = json!({ "license_list": codes(100).collect::<Vec<_>>() }).to_string();
        assert_eq!(caller.call(path, "", &body).await.0, 200);
    }
}

#[actix_web::test]
async fn a_test_code_needs_no_claim_and_has_no_order() {
    let scene = Scene::start();
    let issue = |days| scene.market().issue_test_code(days, scene.clock.now());
    let (first, second) = (issue(7).unwrap(), issue(7).unwrap());
    assert!(issue(0).is_err());
    let body = json!({ "license": first.code }).to_string();
    Caller::assert_code(&scene.caller.activate(&body).await, 200, "92020000");
    let body = json!({ "license_list": [second.code] }).to_string();
    let answer = scene.caller.call("/v2/license/activate", "", &body).await;
    Caller::assert_code(&answer, 200, "92020000");
    let answer = scene.caller.heartbeat(&first.code).await;
    assert_eq!(answer.1["data"]["status"], "ALIVE");
    assert_eq!(answer.1["data"].get("order_id"), None);
    let flags = |code: &str| {
        let view = scene
            .market()
            .test_codes()
            .find(|view| view.code == code)
            .unwrap();
        (view.activated, view.checked)
    };
    assert_eq!(
        (flags(&first.code), flags(&second.code)),
        ((true, true), (true, false))
    );
    scene.clock.advance(8 * 24 * 60 * 60);
    assert!(scene.market().sweep(scene.clock.now()).is_empty());
    assert_eq!(
        scene.caller.heartbeat(&first.code).await.1["data"]["status"],
        "EXPIRED"
    );
}

#[actix_web::test]
async fn the_gateway_knows_its_addresses_and_its_largest_body() {
    let caller = Scene::start().caller;
    let answer = caller.call("/v3/license/activate", "", "{}").await;
    Caller::assert_code(&answer, 404, "APIGW.0101");
    assert!(answer.1["request_id"].is_string());

    let mut stream = TcpStream::connect(caller.address).await.unwrap();
    let head = "POST /api/mkp-openapi-public/global/v1/license/activate HTTP/1.1\r\n\
        host: localhost\r\nconnection: close\r\ncontent-length: 3000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("APIGW.0201"),
        "{answer}"
    );
}
