//! Answers, and what the marketplace says of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;

use super::{Failure, judge};
use crate::v1::reply::Reply;

const KEY: &str = "11111111-2222-3333-4444-555555555555";
const USER: &str = "A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90=";

fn unsigned(body: &str) -> Reply {
    Reply {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

fn signed(body: &str) -> Reply {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let value = format!(r#"sign_type="HMAC-SHA256", signature="{signature}""#);
    let mut reply = unsigned(body);
    reply.headers.push(("Body-Sign".to_owned(), value));
    reply
}

fn failure(activity: &str, reply: &Reply) -> Option<Failure> {
    judge(activity, &SecretString::from(KEY), reply).failure
}

/// An answer of success with these members.
#[track_caller]
fn check(activity: &str, members: &str, expected: Option<Failure>) {
    let comma = if members.is_empty() { "" } else { "," };
    let body = format!(r#"{{"resultCode":"000000","resultMsg":"success."{comma}{members}}}"#);
    assert_eq!(failure(activity, &signed(&body)), expected, "{members}");
}

#[test]
fn the_first_fault_counts() {
    let of = |reply: &Reply| failure("newInstance", reply);
    let mut reply = unsigned("{");
    reply.status = 500;
    reply.headers[0].1 = "text/html".to_owned();
    assert_eq!(of(&reply), Some(Failure::Status(500)));
    reply.status = 200;
    assert_eq!(
        of(&reply),
        Some(Failure::ContentType("text/html".to_owned()))
    );
    assert_eq!(of(&unsigned("{")), Some(Failure::Unreadable));
    assert_eq!(of(&unsigned("{}")), Some(Failure::Missing("resultCode")));
    assert_eq!(
        of(&unsigned(r#"{"resultCode":"000005"}"#)),
        Some(Failure::Missing("resultMsg"))
    );
    let refused = r#"{"resultCode":"000005","resultMsg":"no"}"#;
    assert_eq!(of(&unsigned(refused)), Some(Failure::BodySignAbsent));
    assert_eq!(
        of(&signed(refused)),
        Some(Failure::ResultCode("000005".to_owned()))
    );
    check("newInstance", "", Some(Failure::Missing("instanceId")));
    let long = format!(r#""instanceId":"{}""#, "x".repeat(65));
    check("newInstance", &long, Some(Failure::Missing("appInfo")));
    let long = format!(r#"{long},"appInfo":{{"frontEndUrl":"https://example.com"}}"#);
    check(
        "newInstance",
        &long,
        Some(Failure::TooLong("instanceId", 64)),
    );
}

#[test]
fn a_code_is_read_even_from_an_answer_that_nobody_signed() {
    let reply = unsigned(r#"{"resultCode":"000001","resultMsg":"no"}"#);
    let judged = judge("upgrade", &SecretString::from(KEY), &reply);
    assert_eq!(judged.result_code.as_deref(), Some("000001"));
}

#[test]
fn a_purchase_is_not_accepted_for_later() {
    let reply = signed(r#"{"resultCode":"000004","resultMsg":"later","instanceId":"i"}"#);
    assert_eq!(
        failure("newInstance", &reply),
        Some(Failure::ResultCode("000004".to_owned()))
    );
}

#[test]
fn what_each_activity_is_asked_for() {
    let missing = |name| Some(Failure::Missing(name));
    check("upgrade", "", None);
    let app = r#""instanceId":"i","appInfo":{"frontEndUrl":"https://example.com"}"#;
    check("newInstance", app, None);
    check(
        "newInstance",
        r#""instanceId":"i","appInfo":{}"#,
        missing("frontEndUrl"),
    );
    check("getLicense", r#""instanceId":"i""#, missing("license"));
    check("getLicense", r#""license":"l""#, missing("instanceId"));
    check("getLicense", r#""instanceId":"i","license":"l""#, None);
    check("queryInstance", "", missing("info[].instanceId"));
    check(
        "queryInstance",
        r#""info":[]"#,
        missing("info[].instanceId"),
    );
    check("queryInstance", &format!(r#""info":[{{{app}}}]"#), None);
    check(
        "queryInstance",
        r#""info":[{"instanceId":"i","usageInfo":[{"statisticalTime":"t"}]}]"#,
        missing("usageValue"),
    );
    check(
        "queryInstance",
        r#""info":[{"instanceId":"i","usageInfo":[{"usageValue":1}]}]"#,
        missing("statisticalTime"),
    );
}

#[test]
fn texts_have_a_longest_length() {
    let app = |name: &str, length| {
        let url = r#""frontEndUrl":"https://example.com""#;
        let text = "x".repeat(length);
        format!(r#""instanceId":"i","appInfo":{{{url},"{name}":"{text}"}}"#)
    };
    for (name, longest) in [("adminUrl", 512), ("memo", 1024)] {
        check("newInstance", &app(name, longest), None);
        let long = app(name, longest + 1);
        check("newInstance", &long, Some(Failure::TooLong(name, longest)));
        let long = format!(r#""info":[{{{long}}}]"#);
        check(
            "queryInstance",
            &long,
            Some(Failure::TooLong(name, longest)),
        );
    }
    let long = app("userName", 129);
    check(
        "newInstance",
        &long,
        Some(Failure::TooLong("userName", 128)),
    );
}

#[test]
fn accounts_are_decrypted_as_the_answer_says() {
    let app = |of: &str, user: &str| {
        let url = r#""frontEndUrl":"https://example.com""#;
        format!(r#"{of}"instanceId":"i","appInfo":{{{url},"userName":"{user}"}}"#)
    };
    check("newInstance", &app("", USER), None);
    check("newInstance", &app(r#""encryptType":"1","#, USER), None);
    for (of, user, name) in [
        (r#""encryptType":"2","#, USER, "userName"),
        (r#""encryptType":"3","#, USER, "encryptType"),
        ("", "admin", "userName"),
    ] {
        check(
            "newInstance",
            &app(of, user),
            Some(Failure::Undecryptable(name)),
        );
    }
}
