//! The entry of the kit: versions, keys, repeats, and bytes of every kind.

use proptest::prelude::*;
use serde_json::json;
use tenure_domain::Instant;
use tenure_koogallery::kit::{
    self, BODY_BYTES_MAX, Headers, Interface, Marks, Novelty, Version, signature,
};
use tenure_koogallery::v1::{Parameters, auth_token};
use tenure_koogallery::{KeyRing, NonceMemory, NonceRefused, Rejection};

use crate::caller::{TIMESTAMP, instant, key};
use crate::kit_caller::{Call, V1_KEY, V2_KEY, rejection};
use crate::kit_fields::{application, department, departments, tenant, users};
use crate::kit_vectors::{S1, S1_SIGN};

#[test]
fn the_first_fault_in_the_order_of_the_checks_wins() {
    let body = "[";
    let sign = signature::sign(&key(V2_KEY), "n", TIMESTAMP, body.as_bytes());
    let long = "n".repeat(129);
    let call = Call::v2(Interface::TenantSync, body, "00");
    let call = Call {
        timestamp: None,
        nonce: None,
        sign: None,
        ..call
    };
    assert_eq!(rejection(&call), Rejection::MissingTimestamp);
    let call = Call {
        timestamp: Some("1"),
        ..call
    };
    assert_eq!(rejection(&call), Rejection::StaleTimestamp);
    let call = Call {
        timestamp: Some(TIMESTAMP),
        ..call
    };
    assert_eq!(rejection(&call), Rejection::MissingNonce);
    let call = Call {
        nonce: Some(&long),
        ..call
    };
    assert_eq!(rejection(&call), Rejection::MalformedNonce);
    let call = Call {
        nonce: Some("n"),
        ..call
    };
    assert_eq!(rejection(&call), Rejection::MissingSignature);
    let call = Call {
        sign: Some("00"),
        ..call
    };
    let rejected = call.read().unwrap_err();
    assert_eq!(rejected.rejection.to_string(), "body is not a JSON object");
    assert!(rejected.key.is_none());
    // It is no better JSON for being signed, and known to be the marketplace's.
    let rejected = Call {
        sign: Some(&sign),
        ..call
    }
    .read()
    .unwrap_err();
    assert_eq!(rejected.rejection.to_string(), "body is not a JSON object");
    assert!(rejected.key.is_some());
    let call = Call {
        body: b"{}",
        ..call
    };
    assert_eq!(rejection(&call), Rejection::WrongSignature);
    let sign = signature::sign(&key(V2_KEY), "n", TIMESTAMP, b"{}");
    let call = Call {
        sign: Some(&sign),
        ..call
    };
    assert_eq!(rejection(&call).to_string(), "testFlag is missing");
}

#[test]
fn a_listing_without_keys_takes_no_part() {
    let headers = Headers {
        sign: Some(S1_SIGN),
        timestamp: Some(TIMESTAMP),
        nonce: Some("n"),
        auth_token: Some("AAAA"),
    };
    for version in [Version::V1, Version::V2] {
        let rejected = kit::read(
            version,
            Interface::TenantSync,
            &KeyRing::default(),
            &headers,
            S1.as_bytes(),
            instant(TIMESTAMP),
        );
        assert_eq!(rejected.unwrap_err().rejection, Rejection::WrongFamily);
    }
}

#[test]
fn no_proof_of_one_version_is_one_of_the_other() {
    let call = Call::v2(Interface::TenantSync, S1, S1_SIGN);
    let call = Call {
        auth_token: Some(S1_SIGN),
        version: Version::V1,
        ..call
    };
    assert_eq!(rejection(&call), Rejection::WrongAuthToken);
    let token = "7zrE0ZUF2zEHbxLnn33Uej/DnvKiZEVDDIRhGcptNp8=";
    let call = Call {
        sign: Some(token),
        version: Version::V2,
        ..call
    };
    assert_eq!(rejection(&call), Rejection::WrongSignature);
}

#[test]
fn a_body_is_bounded() {
    let call = Call::v2(Interface::TenantSync, "", "00");
    let body = vec![b' '; BODY_BYTES_MAX + 1];
    let long = Call {
        body: &body,
        ..call
    };
    assert_eq!(rejection(&long), Rejection::BodyTooLarge);
    let right = Call {
        body: &body[1..],
        ..call
    };
    assert_eq!(rejection(&right).to_string(), "body is not a JSON object");
}

#[test]
fn members_and_depth_of_a_body_are_bounded() {
    let members: Vec<_> = (0..129).map(|n| format!(r#""{n}":0"#)).collect();
    let body = format!("{{{}}}", members.join(","));
    let rejected = Call::signed(Interface::TenantSync, &body).unwrap_err();
    assert_eq!(rejected.rejection.to_string(), "body is too long");
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let rejected = Call::signed(Interface::TenantSync, &deep).unwrap_err();
    assert_eq!(
        rejected.rejection.to_string(),
        "body has a value that is not allowed"
    );
}

/// A token over members given as they are to be signed.
fn token(members: &[(&str, &str)]) -> String {
    let parameters: Parameters = members
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    auth_token::sign(&key(V1_KEY), &parameters)
}

#[test]
fn version_1_has_fewer_flags() {
    for (interface, last) in [
        (Interface::TenantSync, 1),
        (Interface::ApplicationSync, 1),
        (Interface::AuthSync, 2),
        (Interface::SingleOrgSync, 2),
    ] {
        for flag in 0..=3 {
            let flag = flag.to_string();
            let members = [
                ("appId", "app-9"),
                ("clientId", "client-1"),
                ("clientSecret", "AAAA"),
                ("domainName", "demo.example.com"),
                ("flag", &flag),
                ("name", "n"),
                ("orgCode", "1"),
                ("orgName", "a"),
                ("tenantCode", "demo"),
                ("tenantId", "t-0001"),
                ("testFlag", "0"),
                ("timeStamp", "20240102030405678"),
                ("userList", "[]"),
            ];
            let body: serde_json::Map<_, _> = members
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            let body = serde_json::Value::Object(body).to_string();
            let token = token(&members);
            let read = Call::v1(interface, &body, &token).read();
            assert_eq!(read.is_ok(), flag.parse::<u32>().unwrap() <= last);
        }
    }
}

#[test]
fn the_token_covers_a_list_as_it_was_written_since_it_is_read_so() {
    let body = r#"{"tenantId":"t%2D1","appId":"app-9","flag":0,"testFlag":0,"timeStamp":"20240102030405678","userList":[{"userName":"%62ob"}]}"#;
    let signed = |list| {
        token(&[
            ("appId", "app-9"),
            ("flag", "0"),
            ("tenantId", "t-1"),
            ("testFlag", "0"),
            ("timeStamp", "20240102030405678"),
            ("userList", list),
        ])
    };
    let decoded = signed(r#"[{"userName":"bob"}]"#);
    let call = Call::v1(Interface::AuthSync, body, &decoded);
    assert_eq!(rejection(&call), Rejection::WrongAuthToken);
    let written = signed(r#"[{"userName":"%62ob"}]"#);
    let verified = Call::v1(Interface::AuthSync, body, &written)
        .read()
        .unwrap();
    let kit::Notification::AuthSync(sync) = verified.notification else {
        panic!("members")
    };
    assert_eq!(sync.application.tenant.tenant.as_str(), "t-1");
    let kit::user::AccessChange::Delete(names) = sync.change else {
        panic!("names")
    };
    assert_eq!(names[0].as_str(), "%62ob");
}

#[test]
fn a_member_that_looks_like_the_token_is_not_one() {
    let body = json!({"tenantId": "t-0001", "authToken": token(&[]), "testFlag": 0,
        "timeStamp": "1"});
    let call = body.to_string();
    let call = Call::v1(Interface::TenantSync, &call, "AAAA");
    assert_eq!(rejection(&call), Rejection::WrongAuthToken);
}

#[test]
fn the_time_of_a_call_of_version_1_is_of_digits() {
    let body = |stamp: &str| {
        let body = json!({"tenantId": "t-0001", "flag": 0, "testFlag": 0, "timeStamp": stamp});
        body.to_string()
    };
    let signed = |stamp: &str| {
        token(&[
            ("flag", "0"),
            ("tenantId", "t-0001"),
            ("testFlag", "0"),
            ("timeStamp", stamp),
        ])
    };
    let read = |stamp: &str| {
        let (body, token) = (body(stamp), signed(stamp));
        Call::v1(Interface::TenantSync, &body, &token)
            .read()
            .map_err(|rejected| rejected.rejection.to_string())
    };
    for right in ["1", "20240102030405678", "99999999999999999999"] {
        assert!(read(right).is_ok(), "{right}");
    }
    let bad = "timeStamp has a value that is not allowed";
    for (wrong, why) in [
        ("", "timeStamp is missing"),
        (" ", "timeStamp is missing"),
        ("1\0", bad),
        ("2024-01-02", bad),
        ("１", bad),
        ("000000000000000000001", "timeStamp is too long"),
    ] {
        assert_eq!(read(wrong).unwrap_err(), why, "{wrong:?}");
    }
}

/// What comes of a body under the token that was made for these members.
fn recut(body: &serde_json::Value, members: &[(&str, &str)]) -> Result<(), String> {
    let (body, token) = (body.to_string(), token(members));
    let read = Call::v1(Interface::TenantSync, &body, &token).read();
    read.map(drop).map_err(|rejected| {
        assert!(rejected.key.is_some(), "the token is right");
        rejected.rejection.to_string()
    })
}

#[test]
fn no_call_of_version_1_can_be_cut_into_another() {
    let tail = [
        ("tenantCode", "demo"),
        ("tenantId", "t-0001"),
        ("testFlag", "0"),
        ("timeStamp", "20240102030405678"),
    ];
    let members = |more: &[(&'static str, &'static str)]| [more, &tail[..]].concat();
    let bound = members(&[
        ("domainName", "demo.example.com"),
        ("flag", "1"),
        ("name", "R&D=1"),
        ("orderId", "CS1"),
    ]);
    let body = |more: serde_json::Value| {
        let mut body = json!({"domainName": "demo.example.com", "flag": 1, "tenantCode": "demo",
            "tenantId": "t-0001", "testFlag": 0, "timeStamp": "20240102030405678"});
        let members = body.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        body
    };
    let right = body(json!({"name": "R&D=1", "orderId": "CS1"}));
    assert_eq!(recut(&right, &bound), Ok(()));
    // The order moves into the name, or into a text where no ampersand is.
    let moved = body(json!({"name": "R&D=1&orderId=CS1"}));
    let refused = "name has a character that is not allowed";
    assert_eq!(recut(&moved, &bound), Err(refused.to_owned()));
    let cut = members(&[
        ("domainName", "a"),
        ("flag", "1"),
        ("name", "b"),
        ("orderId", "c"),
    ]);
    let mut moved = body(json!({"domainName": "a&flag=1&name=b&orderId=c"}));
    moved.as_object_mut().unwrap().remove("flag");
    let refused = "domainName has a character that is not allowed";
    assert_eq!(recut(&moved, &cut), Err(refused.to_owned()));
    // A name may not take a value in either.
    let right = body(json!({"name": "n", "a=b": "c"}));
    let mut odd = members(&[
        ("a", "b=c"),
        ("domainName", "demo.example.com"),
        ("flag", "1"),
    ]);
    odd.push(("name", "n"));
    let refused = "body has a character that is not allowed";
    assert_eq!(recut(&right, &odd), Err(refused.to_owned()));
}

#[test]
fn a_list_of_version_1_may_hold_anything() {
    let list =
        r#"[{"userName":"li&name=x","name":"A&B","orgCode":"1","role":"user","enable":"true"}]"#;
    let token = token(&[
        ("appId", "app-9"),
        ("flag", "1"),
        ("tenantId", "t-0001"),
        ("testFlag", "0"),
        ("timeStamp", "1"),
        ("userList", list),
    ]);
    let body = json!({"appId": "app-9", "flag": 1, "tenantId": "t-0001", "testFlag": 0,
        "timeStamp": "1", "userList": list})
    .to_string();
    let call = Call::v1(Interface::AuthSync, &body, &token);
    assert!(call.read().is_ok());
    // More of a list is none.
    let more = body.replace("}]\"", "}]&userName=x\"");
    assert_ne!(more, body);
    let call = Call::v1(Interface::AuthSync, &more, &token);
    assert_eq!(rejection(&call), Rejection::WrongAuthToken);
}

#[test]
fn what_no_token_covers_is_not_read() {
    let members = [
        ("flag", "0"),
        ("tenantId", "t-0001"),
        ("testFlag", "0"),
        ("timeStamp", "1"),
    ];
    let token = token(&members);
    let body = json!({"flag": 0, "tenantId": "t-0001", "testFlag": 0, "timeStamp": "1",
        "instanceId": " "});
    let body = body.to_string();
    let verified = Call::v1(Interface::TenantSync, &body, &token)
        .read()
        .unwrap();
    assert_eq!(verified.notification.tenant().instance, None);
}

#[test]
fn the_enterprise_of_a_call_is_known_also_of_one_that_is_turned_away() {
    let named =
        |body: &str| kit::tenant_named(body.as_bytes()).map(|tenant| tenant.as_str().to_owned());
    assert_eq!(
        named(r#"{"tenantId":"t-0001","flag":9}"#).unwrap(),
        "t-0001"
    );
    for body in ["", "[", "{}", r#"{"tenantId":""}"#, r#"{"tenantId":1}"#] {
        assert_eq!(named(body), None, "{body}");
    }
}

fn marks(call: &kit::Verified) -> Marks {
    let kit::Proof::Signature { nonce, .. } = &call.proof else {
        panic!("a call of version 2.0")
    };
    let (digest, _) = call.fingerprint.split_at(16);
    Marks::of(nonce, digest.try_into().unwrap())
}

#[test]
fn the_same_call_is_told_from_another_with_its_nonce() {
    let now = instant(TIMESTAMP);
    let mut memory = NonceMemory::new(4);
    let first = marks(&Call::v2(Interface::TenantSync, S1, S1_SIGN).read().unwrap());
    let other = marks(&Call::signed(Interface::TenantSync, &tenant().to_string()).unwrap());
    let elsewhere =
        marks(&Call::signed(Interface::SingleOrgSync, &department().to_string()).unwrap());
    let remember = |memory: &mut NonceMemory, call| kit::remember(memory, "cad-pro", call, now);
    assert_eq!(remember(&mut memory, &first), Ok(Novelty::New));
    assert_eq!(remember(&mut memory, &first), Ok(Novelty::Underway));
    let answered = kit::remember_answer(&mut memory, "cad-pro", &first, now);
    assert_eq!(answered, Ok(()));
    assert_eq!(remember(&mut memory, &first), Ok(Novelty::Answered));
    for call in [&other, &elsewhere, &other] {
        assert_eq!(remember(&mut memory, call), Err(NonceRefused::Seen));
    }
    assert_eq!(remember(&mut memory, &first), Ok(Novelty::Answered));
    // The order interfaces have nonces of their own.
    let nonce = Call::v2(Interface::TenantSync, S1, S1_SIGN).nonce.unwrap();
    assert_eq!(memory.remember("cad-pro", nonce, now), Ok(()));
    // A call that had no effect is taken out again.
    kit::forget(&mut memory, "cad-pro", &first);
    assert_eq!(memory.len(), 1);
    assert_eq!(remember(&mut memory, &other), Ok(Novelty::New));
    assert_eq!(remember(&mut memory, &first), Err(NonceRefused::Seen));
}

#[test]
fn a_signed_body_that_comes_through_another_interface_is_another_call() {
    let body = r#"{"tenantId":"t-0001","orgCode":"1","flag":0,"testFlag":0}"#;
    let mut memory = NonceMemory::new(10);
    let mut remember = |interface| {
        let call = marks(&Call::signed(interface, body).unwrap());
        kit::remember(&mut memory, "cad-pro", &call, instant(TIMESTAMP))
    };
    assert_eq!(remember(Interface::SingleOrgSync), Ok(Novelty::New));
    assert_eq!(remember(Interface::TenantSync), Err(NonceRefused::Seen));
    assert_eq!(remember(Interface::SingleOrgSync), Ok(Novelty::Underway));
}

#[test]
fn a_full_memory_keeps_no_half_of_a_call() {
    let mut memory = NonceMemory::new(1);
    let call = marks(&Call::v2(Interface::TenantSync, S1, S1_SIGN).read().unwrap());
    let remembered = kit::remember(&mut memory, "cad-pro", &call, instant(TIMESTAMP));
    assert_eq!(remembered, Err(NonceRefused::Full));
    assert!(memory.is_empty());
}

fn interface() -> impl Strategy<Value = Interface> {
    prop::sample::select(Interface::ALL.to_vec())
}

fn header() -> impl Strategy<Value = Option<String>> {
    prop::option::of("(?s).{0,40}")
}

/// Bodies that are almost right: a right one with a few characters replaced.
fn body() -> impl Strategy<Value = String> {
    let right = prop::sample::select(vec![
        S1.to_owned(),
        tenant().to_string(),
        application().to_string(),
        users(
            json!([{"userName": "u", "name": "n", "orgCode": "1", "role": "user",
            "enable": "true", "extension": {"entryDate": "2022-11-9"}}]),
        )
        .to_string(),
        users(json!("[{userName:\"u\"}]")).to_string(),
        department().to_string(),
        departments(json!([{"orgCode": "1", "orgName": "a"}])).to_string(),
    ]);
    let edit = (
        any::<prop::sample::Index>(),
        "[\\[\\]{}\",:0-9a-z\\\\企\u{0}]{0,4}",
    );
    (right, prop::collection::vec(edit, 0..4)).prop_map(|(mut text, edits)| {
        for (place, new) in edits {
            let place = place.index(text.len());
            if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
                text.replace_range(place..=place, &new);
            }
        }
        text
    })
}

proptest! {
    #[test]
    fn no_headers_and_no_bytes_panic(
        interface in interface(),
        (sign, timestamp, nonce, auth_token) in (header(), header(), header(), header()),
        body in any::<Vec<u8>>(),
        arrived_at in any::<i64>().prop_map(Instant::from_micros),
    ) {
        for version in [Version::V1, Version::V2] {
            let call = Call {
                version,
                interface,
                sign: sign.as_deref(),
                timestamp: timestamp.as_deref(),
                nonce: nonce.as_deref(),
                auth_token: auth_token.as_deref(),
                body: &body,
                arrived_at,
            };
            prop_assert!(call.read().is_err());
        }
    }

    #[test]
    fn no_signed_body_panics(interface in interface(), body in body()) {
        if let Err(rejected) = Call::signed(interface, &body) {
            prop_assert!(rejected.key.is_some());
        }
    }

    #[test]
    fn no_text_is_a_private_key_by_accident(text in "(?s)(-----[A-Z ]{0,20}-----\n)?.{0,200}") {
        prop_assert!(kit::PrivateKey::parse(&text).is_err());
    }

    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(
        body in body(),
        other in body(),
        nonce in "[a-zA-Z0-9]{1,64}",
    ) {
        prop_assume!(body != other);
        let sign = signature::sign(&key(V2_KEY), &nonce, TIMESTAMP, body.as_bytes());
        let call = Call {
            nonce: Some(&nonce),
            ..Call::v2(Interface::TenantSync, &body, &sign)
        };
        let proven = call.read().map_or_else(|it| it.key.is_some(), |_| true);
        prop_assert!(proven);
        let changed = Call { body: other.as_bytes(), ..call };
        let proven = changed.read().map_or_else(|it| it.key.is_some(), |_| true);
        prop_assert!(!proven);
    }
}
