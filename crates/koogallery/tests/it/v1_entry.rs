//! The entry of V1.0: the order in which calls are turned away, and bytes of every kind.

use proptest::prelude::*;
use tenure_domain::Instant;
use tenure_koogallery::v1::without_personal_data;
use tenure_koogallery::v1::{self, Activity, Parameters, Rejected, Verified, auth_token};
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
            malformed("timeStamp", Fault::BadValue),
            "000002",
        ),
        (
            "activity=nonsense&timeStamp=1&authToken=x".to_owned(),
            Rejection::WrongAuthToken,
            "000001",
        ),
        (
            signed(LICENSE, "activity=nonsense&timeStamp=1"),
            Rejection::WrongAuthToken,
            "000001",
        ),
        (
            signed(BASE, "timeStamp=1"),
            malformed("activity", Fault::Missing),
            "000002",
        ),
        (
            signed(BASE, "activity=nonsense&timeStamp=1&instanceId=a%26b"),
            malformed("instanceId", Fault::BadCharacter),
            "000002",
        ),
        (
            signed(BASE, "activity=nonsense&timeStamp=1"),
            Rejection::UnsupportedActivity,
            "000002",
        ),
        (
            signed(BASE, "activity=instanceStatus&timeStamp=1&testFlag=111"),
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
    let query = signed(BASE, "activity=upgrade&timeStamp=1");
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
    for stamp in ["20170621185532", "201706211855321", "1"] {
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

#[test]
fn the_time_of_a_call_is_digits_since_it_is_part_of_a_key() {
    // Keys that differ in NULs at their end are one key to HMAC.
    for (stamp, fault) in [
        ("20260921131320000%00", Fault::BadValue),
        ("%00", Fault::BadValue),
        ("2026-09-21", Fault::BadValue),
        ("%EF%BC%91", Fault::BadValue),
        ("123456789012345678901", Fault::TooLong),
    ] {
        let query = FREEZE.replace("20260921131320000", stamp);
        let expected = malformed("timeStamp", fault);
        assert_eq!(rejection(&signed(BASE, &query)), expected, "{stamp}");
        assert_eq!(rejection(&format!("{query}&authToken=x")), expected);
    }
}

const PURCHASE: &str = "activity=newInstance&businessId=b-1&chargingMode=0&customerId=c-1&orderId=o-1&productId=p-1&skuCode=s-1&timeStamp=20260921131320000";

#[test]
fn what_could_be_cut_in_two_ways_is_refused() {
    for (query, field) in [
        (
            PURCHASE.replace("&chargingMode=0", "%26chargingMode%3D0"),
            "businessId",
        ),
        (PURCHASE.replace("s-1", "S%26testFlag%3D1"), "skuCode"),
        (PURCHASE.replace("s-1", "S%26"), "skuCode"),
        (format!("{PURCHASE}&userId=a%26b"), "userId"),
        (format!("{PURCHASE}&x=a%26b"), "query"),
        (format!("{PURCHASE}&a%26b=x"), "query"),
        (format!("{PURCHASE}&a%3Db=x"), "query"),
        (format!("{PURCHASE}&userName=a%26testFlag%3D1"), "userName"),
        (
            format!("{PURCHASE}&customerName=a%26b%3D%26expireTime%3D2"),
            "customerName",
        ),
    ] {
        let expected = malformed(field, Fault::BadCharacter);
        assert_eq!(rejection(&signed(BASE, &query)), expected, "{query}");
        assert_eq!(rejection(&query), Rejection::MissingAuthToken);
    }
    // People and their companies have names with ampersands, and values have equals signs.
    for query in [
        format!("{PURCHASE}&customerName=Smith+%26+Sons%26a%3Db&userName=%26%3D%26"),
        PURCHASE.replace("s-1", "S%3D%3D"),
    ] {
        assert!(read_on(&ring(BASE), None, &signed(BASE, &query)).is_ok());
    }
}

/// A call that is right, with some names of people.
fn bought() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = || {
        prop_oneof![
            9 => "([a-z ]|&|=|&[a-z]=){0,6}",
            1 => "[a-z]{0,3}&testFlag=1",
        ]
    };
    let optional = prop::sample::subsequence(
        vec![
            ("email", "bWFpbA=="),
            ("expireTime", "20270102155959"),
            ("mobilePhone", "cGhvbmU="),
            ("saasExtendParams", "W10="),
            ("testFlag", "1"),
            ("trialFlag", "1"),
            ("unknown", "1"),
        ],
        0..=7,
    );
    (name(), name(), optional).prop_map(|(customer, user, optional)| {
        let mut parameters: Vec<_> = form_urlencoded::parse(PURCHASE.as_bytes())
            .into_owned()
            .collect();
        parameters.push(("customerName".to_owned(), customer));
        parameters.push(("userName".to_owned(), user));
        parameters.extend(
            optional
                .into_iter()
                .map(|(a, b)| (a.to_owned(), b.to_owned())),
        );
        parameters
    })
}

/// The text under the token of a call, cut into parameters elsewhere: at some ampersands not, and at
/// another equals sign.
fn cut_again(
    text: &str,
    joined: &[prop::sample::Index],
    equals: &[usize],
) -> Vec<(String, String)> {
    let pieces: Vec<_> = text.split('&').collect();
    let joined: Vec<_> = joined
        .iter()
        .map(|index| index.index(pieces.len()))
        .collect();
    let mut cut: Vec<String> = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        match cut.last_mut() {
            // What has no equals sign cannot be a parameter.
            Some(last) if joined.contains(&index) || !piece.contains('=') => {
                last.push('&');
                last.push_str(piece);
            },
            _ => cut.push(piece.to_owned()),
        }
    }
    let split = |(text, equals): (String, &usize)| {
        let at = text.match_indices('=').map(|(at, _)| at).nth(*equals);
        let (name, value) = text.split_at(at.unwrap_or_else(|| text.find('=').unwrap()));
        (name.to_owned(), value[1..].to_owned())
    };
    cut.into_iter()
        .zip(equals.iter().cycle())
        .map(split)
        .collect()
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
    fn a_call_that_is_cut_again_never_reads_as_another(
        parameters in bought(),
        joined in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        equals in prop::collection::vec(prop_oneof![6 => Just(0_usize), 1 => 1..3_usize], 1..20),
    ) {
        let encoded = |parameters: &[(String, String)]| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(parameters).finish()
        };
        let query = signed(BASE, &encoded(&parameters));
        let (_, token) = query.rsplit_once("&authToken=").unwrap();
        let said = |query: &str| {
            let verified = read_on(&ring(BASE), None, query).ok()?;
            Some((verified.activity, verified.environment, verified.notification))
        };
        let original = said(&query);
        // What the marketplace itself makes ambiguous is refused, and is out of our hands after that.
        prop_assume!(original.is_some());
        let mut sorted = parameters;
        sorted.sort();
        let text: Vec<_> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let other = cut_again(&text.join("&"), &joined, &equals);
        let other = said(&format!("{}&authToken={token}", encoded(&other)));
        prop_assert!(other.is_none() || other == original);
    }

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
}
