//! The entry of V1.0: the order in which calls are turned away, and bytes of every kind.

use proptest::prelude::*;
use tenure_domain::Instant;
use tenure_koogallery::v1::{self, Activity, Parameters, Rejected, Verified, auth_token};
use tenure_koogallery::v1::{extend_params, without_personal_data};
use tenure_koogallery::{Fault, KeyRing, Rejection};

use crate::caller::{BASE, LICENSE, key, ring};

/// 2026-09-21T13:13:20Z
const ARRIVED: Instant = Instant::from_seconds(1_789_996_400);

const FREEZE: &str =
    "activity=instanceStatus&instanceId=i-1&instanceStatus=FREEZE&timeStamp=20260921131320000";

fn signed(key_text: &str, query: &str) -> String {
    let token = auth_token::sign(&key(key_text), &Parameters::parse(query));
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("{query}&authToken={token}")
}

fn read_on(ring: &KeyRing, freshness: Option<u32>, query: &str) -> Result<Verified, Rejected> {
    let settings = v1::Settings {
        freshness_seconds: freshness,
        ..v1::Settings::default()
    };
    v1::read(ring, &settings, 0, query, ARRIVED)
}

fn rejection(query: &str) -> Rejection {
    read_on(&ring(BASE), None, query).unwrap_err().rejection
}

fn malformed(field: &'static str, fault: Fault) -> Rejection {
    Rejection::MalformedParameter { field, fault }
}

#[test]
fn the_first_fault_decides() {
    // Each repairs the fault before.
    for (query, expected, code) in [
        (String::new(), Rejection::MissingAuthToken, "000001"),
        (
            "activity=nonsense&authToken=".to_owned(),
            Rejection::MissingAuthToken,
            "000001",
        ),
        (
            "activity=nonsense&authToken=x".to_owned(),
            malformed("timeStamp", Fault::Missing),
            "000002",
        ),
        (
            "activity=nonsense&timeStamp=soon&authToken=x".to_owned(),
            Rejection::WrongAuthToken,
            "000001",
        ),
        (
            signed(LICENSE, "activity=nonsense&timeStamp=soon"),
            Rejection::WrongAuthToken,
            "000001",
        ),
        (
            signed(BASE, "timeStamp=soon"),
            malformed("activity", Fault::Missing),
            "000002",
        ),
        (
            signed(BASE, "activity=nonsense&timeStamp=soon"),
            Rejection::UnsupportedActivity,
            "000002",
        ),
        (
            signed(BASE, "activity=instanceStatus&timeStamp=soon&testFlag=111"),
            malformed("instanceStatus", Fault::Missing),
            "000002",
        ),
        (
            signed(BASE, &format!("{FREEZE}&testFlag=111")),
            malformed("testFlag", Fault::TooLong),
            "000002",
        ),
    ] {
        assert_eq!(rejection(&query), expected, "{query}");
        assert_eq!(expected.result_code().code(), code);
    }
    assert!(read_on(&ring(BASE), None, &signed(BASE, FREEZE)).is_ok());
}

#[test]
fn reasons_are_stored_under_stable_codes() {
    assert_eq!(Rejection::MissingAuthToken.code(), "missing_auth_token");
    assert_eq!(Rejection::WrongAuthToken.code(), "wrong_auth_token");
    let malformed = malformed("orderId", Fault::Missing);
    assert_eq!(malformed.code(), "malformed_parameter");
    assert_eq!(malformed.to_string(), "orderId is missing");
}

#[test]
fn a_rejected_call_is_named_as_far_as_it_was_read() {
    let rejected = read_on(&ring(BASE), None, "activity=upgrade").unwrap_err();
    assert_eq!(rejected.activity, Some(Activity::Upgrade));
    assert!(rejected.key.is_none());
    let query = signed(BASE, "activity=upgrade&timeStamp=soon");
    let rejected = read_on(&ring(BASE), None, &query).unwrap_err();
    assert!(rejected.key.is_some());
}

#[test]
fn every_key_verifies_and_a_listing_without_one_has_none() {
    let both = KeyRing::new(vec![key("newer"), key(BASE)]);
    let verified = read_on(&both, None, &signed(BASE, FREEZE)).unwrap();
    // The answer is signed with the same key.
    let sign = |key| v1::body_sign::value(key, b"{}");
    assert_eq!(sign(&verified.key), sign(&key(BASE)));
    let rejected = read_on(&KeyRing::default(), None, &signed(BASE, FREEZE)).unwrap_err();
    assert_eq!(rejected.rejection, Rejection::WrongFamily);
}

#[test]
fn the_time_of_a_call_counts_only_where_it_is_asked_for() {
    let at = |stamp: &str, freshness| {
        let query = signed(BASE, &FREEZE.replace("20260921131320000", stamp));
        let read = read_on(&ring(BASE), freshness, &query);
        read.map(|_| ()).map_err(|rejected| rejected.rejection)
    };
    for stamp in ["20170621185532", "201706211855321", "soon"] {
        assert_eq!(at(stamp, None), Ok(()), "{stamp}");
    }
    for stamp in ["20260921130820000", "20260921131820000", "20260921131320"] {
        assert_eq!(at(stamp, Some(300)), Ok(()), "{stamp}");
    }
    assert_eq!(
        at("20260921130819999", Some(300)),
        Err(Rejection::StaleTimestamp)
    );
    assert_eq!(
        at("20260921131820001", Some(300)),
        Err(Rejection::FutureTimestamp)
    );
    assert_eq!(
        at("201706211855321", Some(300)),
        Err(malformed("timeStamp", Fault::BadValue))
    );
    assert_eq!(
        at("20260921131320000000000", Some(300)),
        Err(malformed("timeStamp", Fault::TooLong))
    );
}

#[test]
fn a_repeated_parameter_counts_once_and_is_signed_once() {
    let query = format!("{}&instanceStatus=NORMAL", signed(BASE, FREEZE));
    let first = read_on(&ring(BASE), None, &signed(BASE, FREEZE)).unwrap();
    let again = read_on(&ring(BASE), None, &query).unwrap();
    assert_eq!(again.notification, first.notification);
    let changed = format!("instanceStatus=NORMAL&{}", signed(BASE, FREEZE));
    assert_eq!(rejection(&changed), Rejection::WrongAuthToken);
}

fn parameters() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "activity",
            "instanceId",
            "instanceStatus",
            "orderId",
            "productId",
            "customerId",
            "businessId",
            "expireTime",
            "orderAmount",
            "saasExtendParams",
            "chargingMode",
            "testFlag",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let value = prop_oneof![
        prop::sample::select(Activity::ALL.map(Activity::name).to_vec()).prop_map(str::to_owned),
        any::<String>(),
        "[0-9]{0,17}",
        "[-0-9.eE]{0,9}",
        "[A-Za-z0-9+/]{0,16}={0,2}",
    ];
    prop::collection::vec((name, value), 0..12)
}

fn encoded(parameters: &[(String, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    query.append_pair("timeStamp", "20260921131320000");
    query.finish()
}

proptest! {
    #[test]
    fn no_query_panics(query in any::<String>()) {
        assert!(read_on(&ring(BASE), Some(60), &query).is_err());
        let _kept = without_personal_data(&query);
    }

    #[test]
    fn no_signed_query_panics(parameters in parameters()) {
        let query = signed(BASE, &encoded(&parameters));
        if let Err(rejected) = read_on(&ring(BASE), Some(60), &query) {
            prop_assert_ne!(rejected.rejection, Rejection::WrongAuthToken);
        }
    }

    #[test]
    fn a_query_verifies_in_any_order_and_with_no_byte_changed(
        parameters in parameters(),
        turn in any::<prop::sample::Index>(),
        name in "[a-z]{1,8}",
    ) {
        let query = signed(BASE, &encoded(&parameters));
        let mut pieces: Vec<_> = query.split('&').collect();
        // The first of a name counts, so only different names may change places.
        let names: std::collections::BTreeSet<_> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, _)| name.into_owned())
            .collect();
        if names.len() == pieces.len() {
            let turn = turn.index(pieces.len());
            pieces.rotate_left(turn);
        }
        let turned = Parameters::parse(&pieces.join("&"));
        prop_assert!(auth_token::verify(&ring(BASE), &turned).is_some());
        prop_assume!(!names.contains(&name));
        let longer = Parameters::parse(&format!("{query}&{name}=1"));
        prop_assert!(auth_token::verify(&ring(BASE), &longer).is_none());
    }

    #[test]
    fn no_extend_params_panic(text in any::<String>(), base64 in "[A-Za-z0-9+/]{0,64}={0,2}") {
        let _one = extend_params::parse(&text);
        let _other = extend_params::parse(&base64);
    }
}
