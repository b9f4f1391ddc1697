//! Vectors computed by an independent program from the marketplace's formula.

use secrecy::SecretString;

use super::{BodyOrder, HexCase, Inner, NonceStyle, Stamp, Style, sign, signature};
use crate::body::{self, OrderLine};
use crate::random::Random;

const LICENSE_KEY: &str = "d0c5a1b2-3e4f-4a5b-8c6d-7e8f90a1b2c3";
const SAAS_KEY: &str = "11111111-2222-3333-4444-555555555555";
const FREEZE: &str = r#"{"activity":"updateLicenseCodeStatus","license":"PLTEST0001","status":"FREEZE","testFlag":"1"}"#;

fn stamp(timestamp_ms: i64, nonce: &str) -> Stamp {
    Stamp {
        timestamp_ms,
        nonce: nonce.to_owned(),
    }
}

#[track_caller]
fn check(key: &str, stamp: &Stamp, payload: &str, expected: &str) {
    assert_eq!(
        signature(
            &SecretString::from(key),
            stamp,
            payload.as_bytes(),
            Inner::Hmac
        ),
        expected
    );
}

#[test]
fn license_vectors() {
    let at = stamp(1_666_677_988_730, "RLLUammMSInlrNWb");
    check(
        LICENSE_KEY,
        &at,
        r#"{"activity":"refreshLicenseCode","expireTime":"20230523201932","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","productId":"OFFI0000001","scene":"RENEWAL","testFlag":"1"}"#,
        "34df5422f079c1090ad92452b66e2621260dc26429dd5c8f7ce90e08fc947fdf",
    );
    check(
        LICENSE_KEY,
        &at,
        FREEZE,
        "3d96a1e6c110529d3bd8381eccc5999d21c12cf67b263d0e51f7fe88c310fc17",
    );
    check(
        LICENSE_KEY,
        &at,
        r#"{"activity":"releaseLicenseCode","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}"#,
        "144da859f82ad52459a5b6edb01dd11d71a7762d0601931843db7f2f93e06366",
    );
    check(
        LICENSE_KEY,
        &at,
        r#"{"activity":"refreshLicenseCode","expireTime":"20230523201932","license":"PL测试0001","orderId":"CS1","orderLineId":"CS1-000001","scene":"RENEWAL"}"#,
        "eb79b8225a6b4407f88aabadc98c241d4048260fc2f13089cd37494d00c69c22",
    );
    check(
        LICENSE_KEY,
        &at,
        r#"{"testFlag": "1", "status": "UNFREEZE", "license": "PLTEST0001", "extra": null, "activity": "updateLicenseCodeStatus"}"#,
        "6532e5d95f5146a94549b2ad637abd5fbb688f80a0552655d9a59ba495737772",
    );
}

#[test]
fn saas_vectors() {
    check(
        SAAS_KEY,
        &stamp(1_680_508_066_618, "RLLUammMSInlrNWb"),
        r#"{"activity":"queryInstance","instanceId":"实例-1,实例-2","testFlag":"1"}"#,
        "9d177372d62c288895baf349630866d5d08a67356438ba5f4ad646cbbe9eb35b",
    );
    let order = OrderLine::first_of("CS2211181819B4LVS");
    let body = body::new_instance("87b94795-0603-4e24-8ae5-69420d60e3c8", &order).with_test_flag();
    check(
        SAAS_KEY,
        &stamp(1_680_508_066_618, "RLLUammMSInlrNWb"),
        &body.sorted(),
        "d2085661e8e4f7b14e4caead65f0a97f9eb8510ae4d26a7afc63bc60d9f76f2c",
    );
}

#[test]
fn the_mistake_of_a_plain_inner_digest_can_be_made_on_purpose() {
    let at = stamp(1_666_677_988_730, "RLLUammMSInlrNWb");
    let key = SecretString::from(LICENSE_KEY);
    assert_eq!(
        signature(&key, &at, FREEZE.as_bytes(), Inner::PlainSha256),
        "ee8680473b84c29dff9788424356badd08e0284cce17e7483c59302c13c6ecc6",
    );
}

#[test]
fn an_unsorted_body_is_signed_over_either_form() {
    let at = stamp(
        1_680_509_558_159,
        "9F26B85CAEB3A8439221BA293E9250BC5EA689225B523C291EA75CC76B469510",
    );
    let body = body::update_instance_status("10e758d0-31ad-4c4b-8f1b-81d03469a10e", "FREEZE")
        .with_test_flag();
    let call = |order| {
        let style = Style {
            order,
            ..Style::default()
        };
        sign(
            "https://example.com/in",
            &SecretString::from(SAAS_KEY),
            &body,
            &style,
            &at,
        )
    };
    let sorted = call(BodyOrder::ReversedSignedSorted);
    let sent = r#"{"testFlag":"1","status":"FREEZE","instanceId":"10e758d0-31ad-4c4b-8f1b-81d03469a10e","activity":"updateInstanceStatus"}"#;
    assert_eq!(sorted.body, sent);
    assert_eq!(
        sorted.parameters[0].1,
        "9fe8635477d3730f36da99d9068df377b99bdb0b2cadf8a79ad45b3581fba658"
    );
    let as_sent = call(BodyOrder::ReversedSignedAsSent);
    assert_eq!(as_sent.body, sent);
    assert_eq!(
        as_sent.parameters[0].1,
        "3c65e23cb3b59c5174b71d70c1a7643a1493b2442fc145690dab206c626555b4"
    );
}

#[test]
fn upper_case_digits_and_the_whole_address() {
    let at = stamp(
        1_680_508_066_618,
        "50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA",
    );
    let style = Style {
        hex: HexCase::Upper,
        ..Style::default()
    };
    let body = body::update_license_code_status("PLTEST0001", "FREEZE").with_test_flag();
    let call = sign(
        "https://example.com/in?a=1",
        &SecretString::from(LICENSE_KEY),
        &body,
        &style,
        &at,
    );
    assert_eq!(
        call.url(),
        "https://example.com/in?a=1&signature=2F54F8052F454FEB31DAD4B668365D6D84FDEA4319DB594C97171196B2FB0606&timestamp=1680508066618&nonce=50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA"
    );
    assert!(
        call.curl()
            .starts_with("curl -X POST 'https://example.com/in?a=1&signature=2F54")
    );
    assert!(!call.without_parameter("nonce").url().contains("nonce"));
}

#[test]
fn nonces_have_the_documented_shapes() {
    let mut random = Random::new(7);
    let mut length = |style| Stamp::fresh(0, style, &mut random).nonce.len();
    assert_eq!(length(NonceStyle::Short), 16);
    assert_eq!(length(NonceStyle::Long), 32);
    assert_eq!(length(NonceStyle::Hex), 64);
}
