//! Bodies of every size.

use std::time::Duration;

use serde_json::json;
use tenure_sandbox::kit::Interface;
use tokio::time::Instant;

use super::{binding, events, grant, member, send, service, signed, signed_text, tell};
use crate::limits::Wire;

/// The bound of a body, as the guide of the kit leaves it to the merchant.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

#[tokio::test]
async fn five_hundred_members_in_one_call_are_one_record_in_under_a_second() {
    let service = service();
    let members: Vec<_> = (0..500)
        .map(|number| member(&format!("user-{number}"), "张三"))
        .collect();
    let call = signed(&service, &grant(&members));
    let begun_at = Instant::now();
    send(&call).await.is("000000");
    assert!(begun_at.elapsed() < Duration::from_secs(1));
    assert_eq!(events(&service).await, ["members_granted"]);
    let more: Vec<_> = (0..501)
        .map(|number| member(&format!("user-{number}"), "张三"))
        .collect();
    assert_eq!(tell(&service, &grant(&more)).await, "000002");
}

/// A list of departments, as many bytes long as asked.
fn departments(bytes: usize) -> String {
    let named = binding();
    let mut list = Vec::new();
    for number in 0..1_000 {
        list.push(json!({"orgCode": number.to_string(), "orgName": "产品部"}));
    }
    let body = |padding: usize| {
        json!({
            "instanceId": named.instance, "tenantId": named.tenant, "orgInfoList": list,
            "testFlag": 0, "timeStamp": "20240102030405678", "zzz": "z".repeat(padding),
        })
        .to_string()
    };
    let padding = bytes - body(0).len();
    body(padding)
}

#[tokio::test]
async fn a_body_of_the_greatest_size_is_read_and_one_byte_more_is_not() {
    let service = service();
    let body = departments(BODY_BYTES_MAX);
    assert_eq!(body.len(), BODY_BYTES_MAX);
    let call = signed_text(&service, Interface::AllOrgSync, &body);
    send(&call).await.is("000000");
    let larger = signed_text(&service, Interface::AllOrgSync, &format!("{body} "));
    let mut wire = Wire::connect(&service);
    wire.send_kit_head(
        &service,
        &larger,
        &format!("Content-Length: {}\r\n", body.len() + 1),
    );
    let (answer, closes) = wire.read_answer();
    assert_eq!((answer.status, answer.code.as_str()), (413, "000002"));
    assert!(closes);
    assert_eq!(service.verdicts(), ["applied", "rejected: body_too_large"]);
}

#[tokio::test]
async fn many_large_bodies_at_once_are_all_read() {
    let service = service();
    // Each needs one of sixteen places.
    let body = departments(100 * 1024);
    let calls = (0..20).map(|_| {
        let call = signed_text(&service, Interface::AllOrgSync, &body);
        tokio::spawn(async move { send(&call).await })
    });
    for answer in calls.collect::<Vec<_>>() {
        answer.await.unwrap().is("000000");
    }
    assert_eq!(events(&service).await, ["departments_set"]);
}

#[tokio::test]
async fn small_calls_do_not_wait_for_large_bodies_that_do_not_come() {
    let service = service();
    let body = departments(200 * 1024);
    let call = signed_text(&service, Interface::AllOrgSync, &body);
    let length = format!("Content-Length: {}\r\n", body.len());
    let slow: Vec<_> = (0..20)
        .map(|_| {
            let mut wire = Wire::connect(&service);
            wire.send_kit_head(&service, &call, &length);
            wire.send(&body.as_bytes()[..100 * 1024]);
            wire
        })
        .collect();
    let begun_at = Instant::now();
    let small = signed(&service, &grant(&[member("zhangsan01", "张三")]));
    send(&small).await.is("000000");
    assert!(begun_at.elapsed() < Duration::from_secs(1));
    for mut wire in slow {
        let (answer, _) = wire.read_answer();
        assert_eq!((answer.status, answer.code.as_str()), (408, "000005"));
    }
    // All places are free again.
    send(&call).await.is("000000");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_in_time() {
    let service = service();
    let mut wire = Wire::connect(&service);
    let call = signed(&service, &grant(&[member("zhangsan01", "张三")]));
    let begun_at = Instant::now();
    let length = format!("Content-Length: {}\r\n", call.body.len());
    wire.send_kit_head(&service, &call, &length);
    wire.send(&call.body.as_bytes()[..10]);
    let (answer, closes) = wire.read_answer();
    assert_eq!((answer.status, answer.code.as_str()), (408, "000005"));
    assert!(begun_at.elapsed() < Duration::from_secs(4));
    assert!(closes);
    assert_eq!(service.verdicts(), ["rejected: slow_body"]);
    // Its nonce was not used up: the whole call is as good as new.
    send(&call).await.is("000000");
}
