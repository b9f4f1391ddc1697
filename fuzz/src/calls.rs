//! What the marketplace sends.
//!
//! A call that is not signed is turned away before its body is read, so most of these targets sign
//! what they are given, as the marketplace would.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use getrandom::SysRng;
use serde_json::json;
use serde_json::value::RawValue;
use tenure_koogallery::call::{self, Rejected, Settings, Verified};
use tenure_koogallery::canonical::canonical_form;
use tenure_koogallery::kit::{self, Headers, Interface, PrivateKey, Version};
use tenure_koogallery::license_file::without_fingerprint;
use tenure_koogallery::v1::{self, Parameters, auth_token, without_personal_data};
use tenure_koogallery::{InterfaceType, Rejection, Request, signature};

use super::Target;
use super::marketplace::{
    NONCE, TIMESTAMP, arrived_at, chosen, key, keys, line_and_rest, listing, ring,
};

pub(crate) const TARGETS: &[Target] = &[
    ("callback", callback),
    ("notification", notification),
    ("v1_call", v1_call),
    ("kit_v2", kit_v2),
    ("kit_v1", kit_v1),
    ("kit_list", kit_list),
    ("client_secret", client_secret),
];

/// A query string, a line break, and a body: nobody signed them.
fn callback(bytes: &[u8]) -> bool {
    let (query, body) = line_and_rest(bytes);
    let Ok(query) = str::from_utf8(query) else {
        return false;
    };
    let rejected = read_call(query, body).expect_err("nobody has the keys");
    check_code(rejected.rejection);
    assert!(!rejected.authentic, "nobody has the keys: {rejected:?}");
    matches!(rejected.rejection, Rejection::WrongSignature)
}

/// A body, signed with the key of every interface type, over the bytes as sent and over their
/// canonical form.
fn notification(bytes: &[u8]) -> bool {
    let understood = InterfaceType::ALL
        .into_iter()
        .filter_map(|interface| signed_call(interface, bytes))
        .count();
    assert!(understood <= 1, "an activity has one interface type");

    let kept = without_fingerprint(bytes);
    assert!(kept.len() <= bytes.len() + 64);
    assert_eq!(without_fingerprint(&kept), kept);
    understood == 1
}

fn signed_call(interface: InterfaceType, body: &[u8]) -> Option<Verified> {
    let query = |payload: &[u8]| {
        let signature = signature::sign(&key(interface), NONCE, TIMESTAMP, payload);
        format!("signature={signature}&timestamp={TIMESTAMP}&nonce={NONCE}")
    };
    let read = read_call(&query(body), body);
    if let Some(canonical) = canonical_form(body) {
        let other = read_call(&query(&canonical), body);
        assert_eq!(
            read.as_ref().ok().map(|it| &it.notification),
            other.as_ref().ok().map(|it| &it.notification),
            "a call says the same under either reading of its signature"
        );
    }
    match read {
        Ok(verified) => {
            assert_eq!(verified.interface, interface);
            let settings = Settings::default();
            let notification = verified.notification.clone();
            drop(Request::from_notification(
                &listing(),
                &settings,
                notification,
                arrived_at(),
            ));
            Some(verified)
        },
        Err(rejected) => {
            check_code(rejected.rejection);
            let is_its_own = rejected
                .activity
                .is_none_or(|activity| activity.interface() == interface);
            assert_eq!(rejected.authentic, is_its_own, "{rejected:?}");
            None
        },
    }
}

fn read_call(query: &str, body: &[u8]) -> Result<Verified, Rejected> {
    call::read(
        &listing(),
        &keys(),
        &Settings::default(),
        query,
        body,
        arrived_at(),
    )
}

/// The codes that the guides have for a call that is turned away.
fn check_code(rejection: Rejection) {
    let code = rejection.result_code().code();
    assert!(matches!(code, "000001" | "000002"), "{rejection}: {code}");
}

/// The query string of a V1.0 or License 1.0 call, without its token.
fn v1_call(bytes: &[u8]) -> bool {
    let Ok(query) = str::from_utf8(bytes) else {
        return false;
    };
    let key = key(InterfaceType::Base);
    let token = auth_token::sign(&key, &Parameters::parse(query));
    let token = token.replace('+', "%2B").replace('/', "%2F");
    let signed = format!("authToken={token}&{query}");
    let mut is_understood = false;
    for settings in [None, Some(60)].map(|freshness_seconds| v1::Settings {
        freshness_seconds,
        ..v1::Settings::default()
    }) {
        let ring = ring(InterfaceType::Base);
        match v1::read(&ring, &settings, 0, &signed, arrived_at()) {
            Ok(v1::Verified {
                activity,
                notification,
                ..
            }) => {
                is_understood = true;
                drop(v1::request::from_notification(
                    &listing(),
                    &Settings::default(),
                    activity,
                    notification,
                    arrived_at(),
                ));
            },
            Err(rejected) => {
                check_code(rejected.rejection);
                let is_wrong = matches!(rejected.rejection, Rejection::WrongAuthToken);
                assert!(!is_wrong, "the token is right");
            },
        }
        let unsigned = v1::read(&ring, &settings, 0, query, arrived_at());
        assert!(unsigned.is_err(), "nobody has the key");
    }

    let kept = without_personal_data(query);
    assert!(kept.len() <= query.len() + kept.matches('=').count());
    assert_eq!(without_personal_data(&kept), kept);
    is_understood
}

/// A digit for the interface, and a body.
fn kit_v2(bytes: &[u8]) -> bool {
    let Some((interface, body)) = chosen(&Interface::ALL, bytes) else {
        return false;
    };
    let sign = kit::signature::sign(&key(InterfaceType::Kit), NONCE, TIMESTAMP, body);
    let headers = Headers {
        sign: Some(&sign),
        timestamp: Some(TIMESTAMP),
        nonce: Some(NONCE),
        auth_token: None,
    };
    match read_kit(Version::V2, interface, &headers, body) {
        Ok(verified) => {
            let tenant = &verified.notification.tenant().tenant;
            assert_eq!(verified.notification.interface(), interface);
            assert_eq!(kit::tenant_named(body).as_ref(), Some(tenant));
            true
        },
        Err(rejected) => {
            check_code(rejected.rejection);
            assert!(rejected.key.is_some(), "the signature is right");
            false
        },
    }
}

/// A digit for the interface, and a body whose token is made as far as its members can be told.
fn kit_v1(bytes: &[u8]) -> bool {
    let Some((interface, body)) = chosen(&Interface::ALL, bytes) else {
        return false;
    };
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(body).unwrap_or_default();
    let parameters: Parameters = members
        .into_iter()
        .filter(|(_, value)| value.get() != "null")
        .map(|(name, value)| {
            let text = serde_json::from_str(value.get());
            (name, text.unwrap_or_else(|_| value.get().to_owned()))
        })
        .filter(|(_, text)| !text.trim().is_empty())
        .collect();
    let token = auth_token::sign(&key(InterfaceType::Kit), &parameters);
    let headers = Headers {
        auth_token: Some(&token),
        ..Headers::default()
    };
    match read_kit(Version::V1, interface, &headers, body) {
        Ok(verified) => {
            assert_eq!(verified.notification.interface(), interface);
            true
        },
        Err(rejected) => {
            check_code(rejected.rejection);
            false
        },
    }
}

/// A list of departments, as an array and as a text that holds one, maybe with bare names.
fn kit_list(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let as_text = read_list(&json!(text).to_string());
    let array = serde_json::from_str::<&RawValue>(text).ok();
    let as_array = array
        .filter(|value| value.get().starts_with('['))
        .and_then(|value| read_list(value.get()));
    let is_understood = as_text.is_some();
    if let (Some(one), Some(other)) = (as_text, as_array) {
        assert_eq!(one, other, "a list says the same however it is written");
    }
    is_understood
}

fn read_list(value: &str) -> Option<kit::Notification> {
    let body = format!(
        r#"{{"tenantId":"t-0001","orgInfoList":{value},"flag":1,"testFlag":0,"timeStamp":"20220413093539534"}}"#
    );
    let sign = kit::signature::sign(&key(InterfaceType::Kit), NONCE, TIMESTAMP, body.as_bytes());
    let headers = Headers {
        sign: Some(&sign),
        timestamp: Some(TIMESTAMP),
        nonce: Some(NONCE),
        auth_token: None,
    };
    let read = read_kit(
        Version::V2,
        Interface::AllOrgSync,
        &headers,
        body.as_bytes(),
    );
    read.ok().map(|verified| verified.notification)
}

fn read_kit(
    version: Version,
    interface: Interface,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<kit::Verified, kit::Rejected> {
    let ring = ring(InterfaceType::Kit);
    kit::read(version, interface, &ring, headers, body, arrived_at())
}

/// A `clientSecret` as it is sent; and the same text as a private key.
fn client_secret(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let parsed = PrivateKey::parse(text);
    assert!(parsed.is_err(), "who finds a private key keeps it");

    let body = json!({
        "instanceId": "inst-1", "tenantId": "t-0001", "appId": "app-9", "name": "n", "flag": 1,
        "clientId": "c-1", "clientSecret": text, "testFlag": 0, "timeStamp": "20220413093539534",
    });
    let body = body.to_string();
    let sign = kit::signature::sign(&key(InterfaceType::Kit), NONCE, TIMESTAMP, body.as_bytes());
    let headers = Headers {
        sign: Some(&sign),
        timestamp: Some(TIMESTAMP),
        nonce: Some(NONCE),
        auth_token: None,
    };
    let read = read_kit(
        Version::V2,
        Interface::ApplicationSync,
        &headers,
        body.as_bytes(),
    );
    let Ok(verified) = read else {
        return false;
    };
    match verified.client_secret(private_keys(), &mut SysRng) {
        Ok(opened) => {
            assert!(opened.is_some_and(|it| it.secret.expose().len() <= 384));
            true
        },
        Err(error) => {
            assert_eq!(error.result_code().code(), "000101", "{error}");
            false
        },
    }
}

/// A key that was made for tests and is published with them.
fn private_keys() -> &'static [PrivateKey] {
    static KEYS: OnceLock<Vec<PrivateKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = PrivateKey::parse(include_str!("throw_away_key.txt"));
        vec![key.expect("a key of PKCS#8")]
    })
}
