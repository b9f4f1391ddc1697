//! The control addresses around the open APIs, and what the page shows of them.

use serde_json::{Value, json};

use super::Caller;
use crate::merchant::Manner;
use crate::serve::Running;

#[actix_web::test]
async fn faults_are_set_at_the_control_address() {
    let sandbox = Running::start(Manner::Naive);
    let off = sandbox.list("/open-api").await;
    assert_eq!(
        (&off["spelling"], &off["throttled_percent"]),
        (&json!("documented"), &json!(0))
    );
    let caller = Caller::new(sandbox.address);
    let status = async || caller.activate("{}").await.0;
    assert_eq!(status().await, 400);
    let (_, set) = sandbox
        .post("/open-api", json!({ "throttled_percent": 100 }))
        .await;
    assert_eq!(set["throttled_percent"], 100);
    assert_eq!(status().await, 429);
    assert_eq!(
        sandbox
            .post("/open-api", json!({ "colour": "red" }))
            .await
            .0,
        400
    );
    sandbox.post("/open-api", json!({})).await;
    assert_eq!(status().await, 400);
    sandbox.end().await;
}

#[actix_web::test]
async fn test_codes_are_issued_and_shown() {
    let sandbox = Running::start(Manner::Naive);
    let (_, issued) = sandbox.post("/test-codes", json!({ "days": 7 })).await;
    let code = issued["code"].as_str().unwrap().to_owned();
    let body = json!({ "license": code }).to_string();
    assert_eq!(Caller::new(sandbox.address).activate(&body).await.0, 200);
    let listed = sandbox.list("/test-codes").await;
    assert_eq!(
        (&listed[0]["activated"], &listed[0]["checked"]),
        (&json!(true), &json!(false))
    );
    assert!(sandbox.page().await.contains(&code));
    assert_eq!(
        sandbox.post("/test-codes", json!({ "days": 0 })).await.0,
        409
    );
    sandbox.end().await;
}

#[actix_web::test]
async fn a_metered_instance_and_an_application_are_made_here() {
    let sandbox = Running::start(Manner::Naive);
    let wish = json!({ "listing": "cad", "charging": "ON_DEMAND" });
    let (_, bought) = sandbox.post("/instances", wish).await;
    assert_eq!(bought["sale"]["charging"], "ON_DEMAND");
    let order = bought["sale"]["order"].as_str().unwrap().to_owned();
    while sandbox.list("/sales").await[0]["name"].is_null() {}
    let (_, applied) = sandbox
        .post("/applications", json!({ "instance": order }))
        .await;
    let event = applied["event"].as_str().unwrap().to_owned();
    assert!(!applied["messages"].as_array().unwrap().is_empty());

    let mut caller = Caller::new(sandbox.address);
    caller.content_type = "multipart/form-data; boundary=boundary-0123456789";
    let form = "--boundary-0123456789\r\n\
        content-disposition: form-data; name=\"isvUpdateFileReq\"\r\n\
        content-type: application/json\r\n\r\n\
        {\"type\":\"CHARACTERS\",\"characters\":\"KEY-1\"}\r\n--boundary-0123456789--\r\n";
    let path = format!("/v1/market-event/{event}/file");
    let answer = caller.call(&path, "", form).await;
    assert_eq!(answer.0, 200, "{answer:?}");
    assert_eq!(sandbox.list("/uploads").await[0]["kind"], "CHARACTERS");
    let kept = format!("http://{}/sandbox/uploads/{event}", sandbox.address);
    assert_eq!(
        sandbox
            .http
            .get(kept)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "KEY-1"
    );
    let unknown = format!("http://{}/sandbox/uploads/event-0", sandbox.address);
    assert_eq!(
        sandbox
            .http
            .get(unknown)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        404
    );
    let page = sandbox.page().await;
    assert!(page.contains("<h2>Uploads</h2>") && page.contains(&event));
    assert!(
        !page.contains("<h2>Usage</h2>"),
        "an empty table is left out"
    );
    assert_eq!(sandbox.list("/usage").await, Value::Array(Vec::new()));
    assert_eq!(sandbox.list("/clients").await, json!({}));
    sandbox.ended_messages().await;
    sandbox.end().await;
}
