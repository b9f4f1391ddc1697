//! Vectors computed by an independent program from the marketplace's formula.

use chrono::{DateTime, NaiveDateTime, Utc};
use secrecy::SecretString;

use super::{Signed, SignedCall, Spelling, Style, sign, time_stamp};
use crate::v1::call::{Call, extend_params};

const KEY: &str = "11111111-2222-3333-4444-555555555555";

fn at(stamp: &str) -> DateTime<Utc> {
    let (seconds, milliseconds) = stamp.split_at(14);
    NaiveDateTime::parse_from_str(&format!("{seconds}.{milliseconds}"), "%Y%m%d%H%M%S.%3f")
        .unwrap()
        .and_utc()
}

fn signed(call: &Call, stamp: &str, style: Style) -> SignedCall {
    let key = SecretString::from(KEY);
    sign("https://example.com/in", &key, call, at(stamp), style)
}

fn token(call: &SignedCall) -> &str {
    let token = call.parameters.iter().find(|(name, _)| name == "authToken");
    &token.unwrap().1
}

/// The calls of the vectors have no order of their own: only the sum of their parameters counts.
fn call(parameters: &[(&str, &str)]) -> Call {
    let (first, rest) = parameters.split_first().unwrap();
    let call = Call::new("").without("activity").with(first.0, first.1);
    rest.iter()
        .fold(call, |call, (name, value)| call.with(name, *value))
}

fn full() -> Call {
    let params = extend_params(&[
        ("emailDomainName", "test.example.com"),
        ("extendParamName", "extendParamValue"),
    ]);
    call(&[
        ("userName", "张三"),
        ("testFlag", "1"),
        ("saasExtendParams", &params),
        ("productId", "00301-666666-0--0"),
        ("orderId", "CS1906666666ABCDE"),
        ("mobilePhone", "Z9y8X7w6V5u4T3s2hsdfvnDIsWRTb7pRUXNp0Q=="),
        ("expireTime", "20200727153156"),
        ("customerId", "68cbc86abc2018ab880d92f36422fa0e"),
        ("businessId", "61e834ba-7b97-4418-b8f7-e5345137278c"),
        ("activity", "newInstance"),
    ])
}

#[test]
fn a_token_over_few_parameters() {
    // The documents' stamp has 15 digits, which no instant has.
    assert_eq!(
        super::token(
            &format!("{KEY}201706211855321"),
            "p1=1&p2=2&p3=3&timeStamp=201706211855321"
        ),
        "8hK+b/7Z9v4jSh+c8NSIcKW0Nmm7RkSHE0z9xn6sIKI="
    );
}

#[test]
fn a_whole_request() {
    let signed = signed(&full(), "20200727073711903", Style::default());
    assert_eq!(
        signed.query(),
        "activity=newInstance&businessId=61e834ba-7b97-4418-b8f7-e5345137278c&customerId=68cbc86abc2018ab880d92f36422fa0e&expireTime=20200727153156&mobilePhone=Z9y8X7w6V5u4T3s2hsdfvnDIsWRTb7pRUXNp0Q%3D%3D&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&saasExtendParams=W3sibmFtZSI6ImVtYWlsRG9tYWluTmFtZSIsInZhbHVlIjoidGVzdC5leGFtcGxlLmNvbSJ9LHsibmFtZSI6ImV4dGVuZFBhcmFtTmFtZSIsInZhbHVlIjoiZXh0ZW5kUGFyYW1WYWx1ZSJ9XQ%3D%3D&testFlag=1&timeStamp=20200727073711903&userName=%E5%BC%A0%E4%B8%89&authToken=EH%2BWOECncoEL9fJbJkRyw3oCeHRVK8yFzksmylhweyg%3D"
    );
}

#[test]
fn vectors_of_other_keys() {
    for (key, stamp, text, expected) in [
        (
            "xxxxxxx",
            "20200727073711903",
            "activity=newInstance&businessId=61e834ba-7b97-4418-b8f7-e5345137278c&customerId=68cbc86abc2018ab880d92f36422fa0e&expireTime=20200727153156&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&testFlag=1&timeStamp=20200727073711903",
            "Gzbfjf9LHRBcI3bFVi++sLinCNOBF6qa7is1fvjEgYQ=",
        ),
        (
            "d0c5a1b2-3e4f-4a5b-8c6d-7e8f90a1b2c3",
            "20260102030405678",
            "activity=getLicense&businessId=03pf80c2-bae9-6vc4-9b80-b917bea776d7&customerId=68cbc86abc2018ab880d92f36422fa0e&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&testFlag=1&timeStamp=20260102030405678",
            "WJYUt6/Io4/3Fc1lLxVZocpZDEHB2nCXjG4WLAz5OXA=",
        ),
    ] {
        let pairs: Vec<(&str, &str)> = text
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .filter(|(name, _)| *name != "timeStamp")
            .collect();
        let key = SecretString::from(key);
        let signed = sign("", &key, &call(&pairs), at(stamp), Style::default());
        assert_eq!(token(&signed), expected);
        assert_eq!(time_stamp(at(stamp)), stamp);
    }
}

#[test]
fn names_are_sorted_by_their_characters() {
    let call = call(&[
        ("trialToFormal", ""),
        ("trialFlag", ""),
        ("testFlag", ""),
        ("orderId", ""),
        ("orderAmount", ""),
    ]);
    let signed = signed(&call, "20200727073711903", Style::default());
    let names: Vec<_> = signed.parameters.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "orderAmount",
            "orderId",
            "testFlag",
            "timeStamp",
            "trialFlag",
            "trialToFormal",
            "authToken"
        ]
    );
}

#[test]
fn spellings_of_one_text() {
    let call = call(&[("customerName", "A & B+C")]);
    let query = |spelling| {
        let style = Style {
            spelling,
            ..Style::default()
        };
        signed(&call, "20200727073711903", style)
            .without("authToken")
            .query()
    };
    let rest = "&timeStamp=20200727073711903";
    let expected = |text: &str| format!("customerName={text}{rest}");
    assert_eq!(query(Spelling::Form), expected("A+%26+B%2BC"));
    assert_eq!(query(Spelling::PercentBlank), expected("A%20%26%20B%2BC"));
    assert_eq!(query(Spelling::LowerCase), expected("A+%26+B%2bC"));
}

#[test]
fn an_awkward_token_holds_what_must_be_escaped() {
    let style = Style {
        awkward_token: true,
        reversed: true,
        ..Style::default()
    };
    let signed = signed(&full(), "20200727073711903", style);
    assert_eq!(signed.parameters[0].0, "authToken");
    assert!(token(&signed).contains('+') && token(&signed).contains('/'));
    assert!(signed.query().contains("%2B") && signed.query().contains("%2F"));
}

#[test]
fn mistakes_give_other_tokens() {
    let token_of = |signed_by| {
        let style = Style {
            signed: signed_by,
            ..Style::default()
        };
        token(&signed(&full(), "20200727073711903", style)).to_owned()
    };
    let right = token_of(Signed::Decoded);
    assert_ne!(token_of(Signed::Encoded), right);
    assert_ne!(token_of(Signed::WithoutTimeStamp), right);
}

#[test]
fn an_address_may_have_parameters_of_its_own() {
    let key = SecretString::from(KEY);
    let address = "https://example.com/in?shop=1";
    let call = Call::new("a");
    let signed = sign(
        address,
        &key,
        &call,
        at("20200727073711903"),
        Style::default(),
    );
    let signed = signed.without("authToken").with("b", "1");
    assert_eq!(
        signed.url(),
        "https://example.com/in?shop=1&activity=a&timeStamp=20200727073711903&b=1"
    );
}
