//! What is turned away, and what is kept of it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use secrecy::SecretString;
use serde_json::json;
use tenure_sandbox::kit::signer::{Payload, SignedCall, Style, TokenKey, sign};
use tenure_sandbox::kit::{Flag, Interface, Version};
use tenure_sandbox::signer::{HexCase, Stamp};

use super::{
    KIT_KEY, bind, binding, client, events, last_receipt, member, profile, send, service, setup,
    signed, signed_text, writer,
};
use crate::service::{BASE_KEY, Service};

/// A call whose stamp lies so many milliseconds away.
fn stamped(service: &Service, offset_ms: i64) -> SignedCall {
    let stamp = service.stamp();
    let stamp = Stamp {
        timestamp_ms: stamp.timestamp_ms + offset_ms,
        ..stamp
    };
    let address = service.address("cad-pro");
    sign(&address, &KIT_KEY.into(), &bind(), Style::default(), &stamp)
}

fn styled(service: &Service, key: &str, style: Style, version: Version) -> SignedCall {
    let call = writer(version).tenant_sync(&binding(), &profile(), Flag::Create);
    let key = SecretString::from(key.to_owned());
    let (address, stamp) = (service.address("cad-pro"), service.stamp());
    sign(&address, &key, &call, style, &stamp)
}

#[tokio::test]
async fn the_headers_of_version_2_are_looked_at_in_their_order() {
    let service = service();
    let call = signed(&service, &bind());
    let sign_of = call.header("x-sign").unwrap().to_owned();
    let last = if sign_of.ends_with('0') { "1" } else { "0" };
    let changed = format!("{}{last}", &sign_of[..63]);
    let wrong_style = Style {
        payload: Payload::Digest,
        ..Style::default()
    };
    let cases = [
        (
            call.clone().with_header("x-sign", changed),
            "000001",
            "wrong_signature",
        ),
        (
            call.clone().without_header("x-sign"),
            "000001",
            "missing_signature",
        ),
        (
            call.clone().without_header("x-timestamp"),
            "000002",
            "missing_timestamp",
        ),
        (
            call.clone().without_header("x-nonce"),
            "000002",
            "missing_nonce",
        ),
        (
            call.clone().with_header("x-timestamp", "soon"),
            "000002",
            "malformed_timestamp",
        ),
        (stamped(&service, -61_000), "000002", "stale_timestamp"),
        (stamped(&service, 65_000), "000002", "future_timestamp"),
        (
            styled(&service, BASE_KEY, Style::default(), Version::V2),
            "000001",
            "wrong_signature",
        ),
        (
            styled(&service, KIT_KEY, wrong_style, Version::V2),
            "000001",
            "wrong_signature",
        ),
    ];
    for (call, code, _) in &cases {
        send(call).await.is(code);
    }
    let expected = cases.map(|(_, _, reason)| format!("rejected: {reason}"));
    assert_eq!(service.verdicts(), expected);
    assert!(events(&service).await.is_empty());
    // Upper case, and the bytes as they are sent, are good.
    for style in [
        Style {
            hex: HexCase::Upper,
            ..Style::default()
        },
        Style {
            payload: Payload::AsSent,
            ..Style::default()
        },
    ] {
        send(&styled(&service, KIT_KEY, style, Version::V2))
            .await
            .is("000000");
    }
}

#[tokio::test]
async fn the_token_of_version_1_is_looked_at_and_every_answer_signed() {
    let service = service();
    let call = writer(Version::V1).tenant_sync(&binding(), &profile(), Flag::Create);
    let right = signed(&service, &call);
    let wrong_key = Style {
        token_key: TokenKey::WithoutTimeStamp,
        ..Style::default()
    };
    let recut = call.clone().with("name", "a&flag=1");
    let marketplace = tenure_sandbox::client::Client::new().unwrap();
    for (call, code) in [
        (right.clone().without_header("authToken"), "000001"),
        (right.clone().with_header("authToken", "AAAA"), "000001"),
        (styled(&service, KIT_KEY, wrong_key, Version::V1), "000001"),
        (signed(&service, &recut), "000002"),
        (
            signed(&service, &call.clone().with("timeStamp", "1\u{0}")),
            "000002",
        ),
        (signed(&service, &call.with("flag", 2)), "000002"),
        (right, "000000"),
    ] {
        // Its judgement looks at `Body-Sign` before the code.
        let exchange = marketplace.tell(&call, &KIT_KEY.into()).await;
        assert_eq!(super::judged(exchange), code);
    }
    assert_eq!(
        service.verdicts(),
        [
            "rejected: missing_auth_token",
            "rejected: wrong_auth_token",
            "rejected: wrong_auth_token",
            "rejected: malformed_body",
            "rejected: malformed_body",
            "rejected: malformed_body",
            "applied"
        ]
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_used_names_its_field() {
    let service = service();
    let users = |user: serde_json::Value| {
        let call = writer(Version::V2).auth_sync(&binding(), &[], Flag::Create);
        call.with("userList", json!([user]))
    };
    let long = "x".repeat(256);
    for (call, message) in [
        (bind().without("tenantId"), "tenantId is missing"),
        (bind().with("name", long), "name is too long"),
        (
            bind().with("flag", 3),
            "flag has a value that is not allowed",
        ),
        (
            bind().with("testFlag", 2),
            "testFlag has a value that is not allowed",
        ),
        (
            bind().with("tenantCode", 7),
            "tenantCode has the wrong type",
        ),
        (users(json!({"userName": "u"})), "name is missing"),
    ] {
        let answer = send(&signed(&service, &call)).await;
        answer.is("000002");
        assert_eq!(answer.json["resultMsg"], message);
    }
    send(&signed_text(&service, Interface::TenantSync, "["))
        .await
        .is("000002");
    assert_eq!(service.verdicts(), ["rejected: malformed_body"; 7]);
    assert!(events(&service).await.is_empty());
}

#[tokio::test]
async fn a_secret_that_stays_closed_is_told_so() {
    let service = service();
    let writer = writer(Version::V2);
    let right = super::encrypted("secret");
    let call = |secret: &str| writer.application_sync(&binding(), "client-1", secret, Flag::Create);
    let mut turned = right.clone().into_bytes();
    turned[100] = if turned[100] == b'A' { b'B' } else { b'A' };
    for (secret, reason) in [
        ("not base64!", "secret_not_base64"),
        ("AAAA", "secret_of_another_length"),
        (&String::from_utf8(turned).unwrap(), "secret_undecryptable"),
    ] {
        let answer = send(&signed(&service, &call(secret))).await;
        answer.is("000101");
        assert_eq!(
            answer.json["resultMsg"],
            "clientSecret could not be decrypted"
        );
        assert_eq!(last_receipt(&service)["reason"], reason);
    }
    assert!(events(&service).await.is_empty());
    // What is to be forgotten needs no secret.
    let forget = writer.application_sync(&binding(), "client-1", "not base64!", Flag::Delete);
    send(&signed(&service, &forget)).await.is("000000");
    send(&signed(&service, &call(&right))).await.is("000000");
}

#[tokio::test]
async fn other_addresses_and_methods_are_turned_away_with_a_receipt() {
    let service = service();
    let call = signed(&service, &bind());
    let to = |from: &str, to: &str| SignedCall {
        url: call.url.replace(from, to),
        ..call.clone()
    };
    send(&to("tenantSync", "tenantsync")).await.is("000002");
    send(&to("tenantSync", "nothing")).await.is("000002");
    send(&to("cad-pro", "elsewhere")).await.is("000001");
    // It has no key for the kit.
    send(&to("cad-pro", "cad-manual")).await.is("000001");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let got = http.get(&call.url).send().await.unwrap();
    assert_eq!(got.status(), 405);
    let v1 = to("/v2/", "/");
    let got = http.put(&v1.url).send().await.unwrap();
    assert_eq!(got.status(), 405);
    assert!(got.headers().contains_key("body-sign"));
    assert_eq!(
        service.verdicts(),
        [
            "rejected: unsupported_activity",
            "rejected: unsupported_activity",
            "rejected: unknown_listing",
            "rejected: wrong_family",
            "rejected: wrong_method",
            "rejected: wrong_method"
        ]
    );
    let metrics = service.get("/metrics").await.1;
    let counted = "activity=\"tenantSync\",verdict=\"rejected\",reason=\"wrong_family\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn of_a_strangers_body_nothing_is_kept_but_its_length() {
    let service = service();
    let call = signed(&service, &bind()).with_header("x-sign", "00");
    send(&call).await.is("000001");
    let receipt = last_receipt(&service);
    assert_eq!(receipt["authentic"], false);
    assert_eq!(receipt["body"], "");
    assert_eq!(receipt["sealed"], false);
    let length = format!("body-bytes={}", call.body.len());
    assert!(receipt["parameters"].as_str().unwrap().ends_with(&length));
    // What the marketplace sent and we cannot use is kept, sealed, if we know about whom it is.
    let wrong = signed(&service, &bind().with("flag", 7));
    send(&wrong).await.is("000002");
    let receipt = last_receipt(&service);
    assert_eq!(receipt["authentic"], true);
    assert_eq!(receipt["body"], wrong.body);
    assert_eq!(receipt["sealed"], true);
    let nobody = signed(&service, &bind().without("tenantId"));
    send(&nobody).await.is("000002");
    let receipt = last_receipt(&service);
    assert_eq!(receipt["body"], "");
}

#[test]
fn the_marketplaces_debugging_page_finds_nothing_amiss() {
    let service = service();
    let public_key = service.file("kit-public.txt");
    std::fs::write(&public_key, super::PUBLIC_KEY).unwrap();
    for family in ["kit", "kit-v1"] {
        let ran = service.tenure(&[
            "sandbox",
            "check",
            "--target",
            &service.address("cad-pro"),
            "--family",
            family,
            "--key",
            KIT_KEY,
            "--public-key",
            public_key.to_str().unwrap(),
        ]);
        println!("{}", ran.stdout);
        ran.exited(0);
    }
}

#[tokio::test]
async fn the_vault_must_open_before_the_service_starts() {
    let mut service = Service::of(&setup());
    send(&signed(&service, &client(&writer(Version::V2), "secret")))
        .await
        .is("000000");
    let doctor = service.tenure(&["doctor"]).exited(0);
    assert!(doctor.stdout.contains("opens with its master key"));
    service.stop();
    let (key, aside) = (service.file("master.key"), service.file("aside.key"));
    let mode = |mode| std::fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let doctor = service.tenure(&["doctor"]).exited(1);
    assert!(doctor.stdout.contains("chmod 600"), "{doctor:?}");
    mode(0o600);
    std::fs::rename(&key, &aside).unwrap();
    let refused = service.tenure(&["serve"]).exited(3);
    refused.complains("put the key back");
    service.tenure(&["doctor"]).exited(1);
    std::fs::rename(&aside, &key).unwrap();
    service.run();
    let again = super::grant(&[member("zhangsan01", "张三")]);
    super::told(&service, &again).await;
}
