//! The entry point: the order of the checks, whose key counts, and bytes of every kind.

use proptest::prelude::*;
use tenure_domain::Instant;
use tenure_koogallery::call::{self, Settings};
use tenure_koogallery::signature::sign;
use tenure_koogallery::{Activity, Fault, KeyRing, Keys, Reading, Rejection, SignatureParameters};

use crate::caller::{
    BASE, GENERAL, KIT, LICENSE, NONCE, TIMESTAMP, call, instant, key, keys, listing, query, read,
};

const FREEZE_CODE: &[u8] =
    br#"{"activity":"updateLicenseCodeStatus","license":"PLTEST0001","status":"FREEZE"}"#;
const FREEZE_INSTANCE: &[u8] =
    br#"{"activity":"updateInstanceStatus","instanceId":"i-1","status":"FREEZE"}"#;
const NOTIFY: &[u8] = br#"{"activity":"orderNotify","orderId":"CS1","orderLineId":"CS1-000001"}"#;

#[track_caller]
fn check(query: &str, body: &[u8], rejection: Rejection, authentic: bool) {
    let rejected = read(query, body).unwrap_err();
    assert_eq!(rejected.rejection, rejection, "{query}");
    assert_eq!(rejected.authentic, authentic);
}

/// Walks down the order of the checks: each row mends the fault of the row before.
#[test]
fn the_first_fault_in_the_order_of_the_checks_wins() {
    let body = br#"{"activity":"updateLicenseCodeStatus","license":"PLTEST0001"}"#;
    let signature = sign(&key(LICENSE), NONCE, TIMESTAMP, body);
    let long = "n".repeat(129);
    let missing_status = Rejection::MalformedBody {
        field: "status",
        fault: Fault::Missing,
    };
    for (query, rejection, authentic) in [
        (String::new(), Rejection::MissingTimestamp, false),
        (
            "timestamp=x".to_owned(),
            Rejection::MalformedTimestamp,
            false,
        ),
        (
            "timestamp=1680508006617".to_owned(),
            Rejection::StaleTimestamp,
            false,
        ),
        (
            "timestamp=1680508126619".to_owned(),
            Rejection::FutureTimestamp,
            false,
        ),
        (
            format!("timestamp={TIMESTAMP}"),
            Rejection::MissingNonce,
            false,
        ),
        (
            format!("timestamp={TIMESTAMP}&nonce={long}"),
            Rejection::MalformedNonce,
            false,
        ),
        (
            format!("timestamp={TIMESTAMP}&nonce={NONCE}"),
            Rejection::MissingSignature,
            false,
        ),
        (
            query("abc", TIMESTAMP, NONCE),
            Rejection::WrongSignature,
            false,
        ),
        (query(&signature, TIMESTAMP, NONCE), missing_status, true),
    ] {
        check(&query, body, rejection, authentic);
    }
}

#[test]
fn the_signature_covers_key_nonce_time_and_body() {
    let signature = sign(&key(LICENSE), NONCE, TIMESTAMP, FREEZE_CODE);
    let wrong = Rejection::WrongSignature;
    assert!(read(&query(&signature, TIMESTAMP, NONCE), FREEZE_CODE).is_ok());
    check(
        &query(&signature, TIMESTAMP, "other"),
        FREEZE_CODE,
        wrong,
        false,
    );
    check(
        &query(&signature, "1680508066619", NONCE),
        FREEZE_CODE,
        wrong,
        false,
    );
    let other = String::from_utf8_lossy(FREEZE_CODE).replace("FREEZE", "UNFREEZE");
    check(
        &query(&signature, TIMESTAMP, NONCE),
        other.as_bytes(),
        wrong,
        false,
    );
}

#[test]
fn a_digit_moved_between_nonce_and_timestamp_makes_no_new_call() {
    let signature = sign(&key(LICENSE), "nonce0", TIMESTAMP, FREEZE_CODE);
    assert!(read(&query(&signature, TIMESTAMP, "nonce0"), FREEZE_CODE).is_ok());
    let moved = query(&signature, &format!("0{TIMESTAMP}"), "nonce");
    check(&moved, FREEZE_CODE, Rejection::MalformedTimestamp, false);
}

#[test]
fn a_key_of_one_interface_type_never_verifies_a_call_of_another() {
    for (body, right) in [
        (FREEZE_CODE, LICENSE),
        (FREEZE_INSTANCE, BASE),
        (NOTIFY, GENERAL),
    ] {
        for signer in [BASE, LICENSE, GENERAL, KIT] {
            let outcome = call(signer, body);
            if signer == right {
                assert!(outcome.is_ok());
            } else {
                let rejected = outcome.unwrap_err();
                assert_eq!(rejected.rejection, Rejection::WrongSignature);
                assert!(!rejected.authentic);
            }
        }
    }
}

#[test]
fn without_a_key_of_the_interface_type_the_family_is_wrong() {
    let keys = Keys {
        license: KeyRing::default(),
        ..keys()
    };
    let signature = sign(&key(LICENSE), NONCE, TIMESTAMP, FREEZE_CODE);
    let rejected = call::read(
        &listing(),
        &keys,
        &Settings::default(),
        &query(&signature, TIMESTAMP, NONCE),
        FREEZE_CODE,
        instant(TIMESTAMP),
    )
    .unwrap_err();
    assert_eq!(rejected.rejection, Rejection::WrongFamily);
    assert_eq!(rejected.rejection.result_code().code(), "000001");
    assert_eq!(rejected.activity, Some(Activity::UpdateLicenseCodeStatus));
}

#[test]
fn during_a_rotation_both_keys_verify() {
    let keys = Keys {
        license: KeyRing::new(vec![key("the-next-key"), key(LICENSE)]),
        ..keys()
    };
    for signer in ["the-next-key", LICENSE] {
        let signature = sign(&key(signer), NONCE, TIMESTAMP, FREEZE_CODE);
        let verified = call::read(
            &listing(),
            &keys,
            &Settings::default(),
            &query(&signature, TIMESTAMP, NONCE),
            FREEZE_CODE,
            instant(TIMESTAMP),
        );
        assert!(verified.is_ok());
    }
}

#[test]
fn bodies_that_say_nothing_are_told_apart_by_who_signed_them() {
    let unreadable = Rejection::MalformedBody {
        field: "body",
        fault: Fault::Unreadable,
    };
    let activity = |fault| Rejection::MalformedBody {
        field: "activity",
        fault,
    };
    let long = format!(r#"{{"activity":"{}"}}"#, "a".repeat(33));
    let bodies: [(&[u8], Rejection); 9] = [
        (b"", unreadable),
        (b"{", unreadable),
        (b"[]", unreadable),
        (b"\xff", unreadable),
        (
            b"{\"activity\":\"orderNotify\",\"orderId\":\"\xff\"}",
            unreadable,
        ),
        (b"{}", activity(Fault::Missing)),
        (br#"{"activity":7}"#, activity(Fault::WrongType)),
        (long.as_bytes(), activity(Fault::TooLong)),
        (
            br#"{"activity":"expireInstance"}"#,
            Rejection::UnsupportedActivity,
        ),
    ];
    for (body, rejection) in bodies {
        for signer in [BASE, LICENSE, GENERAL] {
            let rejected = call(signer, body).unwrap_err();
            assert_eq!(rejected.rejection, rejection);
            assert_eq!(rejected.rejection.result_code().code(), "000002");
            assert!(rejected.authentic);
            assert_eq!(rejected.activity, None);
        }
        let rejected = call("nobody's key", body).unwrap_err();
        assert_eq!(rejected.rejection, Rejection::WrongSignature);
        assert!(!rejected.authentic);
    }
}

#[test]
fn seconds_are_accepted_if_the_setting_says_so() {
    let seconds = "1680508066";
    let signature = sign(&key(LICENSE), NONCE, seconds, FREEZE_CODE);
    let outcome = |accept_timestamp_in_seconds| {
        let settings = Settings {
            accept_timestamp_in_seconds,
            ..Settings::default()
        };
        call::read(
            &listing(),
            &keys(),
            &settings,
            &query(&signature, seconds, NONCE),
            FREEZE_CODE,
            instant(TIMESTAMP),
        )
        .map(|verified| verified.reading)
        .map_err(|rejected| rejected.rejection)
    };
    assert_eq!(outcome(true), Ok(Reading::RawBytes));
    assert_eq!(outcome(false), Err(Rejection::StaleTimestamp));
}

#[test]
fn the_reading_is_told() {
    let sent = br#"{ "status": "FREEZE", "license": "PLTEST0001", "activity": "updateLicenseCodeStatus" }"#;
    let signature = sign(&key(LICENSE), NONCE, TIMESTAMP, FREEZE_CODE);
    let verified = read(&query(&signature, TIMESTAMP, NONCE), sent).unwrap();
    assert_eq!(verified.reading, Reading::Canonical);
    assert_eq!(
        verified.notification,
        call(LICENSE, FREEZE_CODE).unwrap().notification
    );
}

/// Bodies that come close: known names with values of every kind.
fn near_body() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("activity"),
        Just("orderId"),
        Just("orderLineId"),
        Just("instanceId"),
        Just("license"),
        Just("status"),
        Just("scene"),
        Just("expireTime"),
        Just("testFlag"),
        Just("productInfo"),
    ];
    let value = prop_oneof![
        prop::sample::select(Activity::ALL.to_vec())
            .prop_map(|activity| format!("{:?}", activity.name())),
        Just(r#""FREEZE""#.to_owned()),
        Just(r#""20270523155959""#.to_owned()),
        Just("null".to_owned()),
        Just("{}".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    prop::collection::vec((name, value), 0..8).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_query_and_no_body_panic(
        query in any::<String>(),
        body in any::<Vec<u8>>(),
        arrived_at in any::<i64>(),
    ) {
        let rejected = call::read(
            &listing(),
            &keys(),
            &Settings::default(),
            &query,
            &body,
            Instant::from_micros(arrived_at),
        );
        prop_assert!(!rejected.unwrap_err().authentic);
    }

    #[test]
    fn no_signed_body_panics(body in near_body(), signer in prop_oneof![Just(BASE), Just(LICENSE), Just(GENERAL)]) {
        match call(signer, body.as_bytes()) {
            Ok(verified) => prop_assert_eq!(verified.nonce, NONCE),
            Err(rejected) if rejected.authentic => {
                prop_assert_eq!(rejected.rejection.result_code().code(), "000002");
            },
            Err(rejected) => prop_assert_eq!(rejected.rejection, Rejection::WrongSignature),
        }
    }

    #[test]
    fn parameters_survive_the_query(nonce in ".{1,128}", timestamp in "[0-9]{1,20}") {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("signature", "ab")
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .finish();
        let parameters = SignatureParameters::parse(&query);
        let expected = SignatureParameters { signature: "ab".to_owned(), timestamp, nonce };
        prop_assert_eq!(parameters, Ok(expected));
    }
}
