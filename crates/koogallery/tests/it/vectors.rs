//! Signatures of calls, computed with Python's `hmac` and `hashlib`.

use tenure_koogallery::canonical::canonical_form;
use tenure_koogallery::signature::{sign, verify};
use tenure_koogallery::{Reading, SignatureParameters};

use crate::caller::{BASE, LICENSE, NONCE, TIMESTAMP, key, ring};

struct Vector {
    key: &'static str,
    body: &'static str,
    timestamp: &'static str,
    nonce: &'static str,
}

impl Vector {
    #[track_caller]
    fn check(&self, signature: &str, reading: Option<Reading>) {
        for signature in [signature.to_owned(), signature.to_uppercase()] {
            let parameters = SignatureParameters {
                signature,
                timestamp: self.timestamp.to_owned(),
                nonce: self.nonce.to_owned(),
            };
            let verdict = verify(&ring(self.key), &parameters, self.body.as_bytes());
            assert_eq!(verdict, reading);
        }
        if reading == Some(Reading::RawBytes) {
            let made = sign(
                &key(self.key),
                self.nonce,
                self.timestamp,
                self.body.as_bytes(),
            );
            assert_eq!(made, signature);
        }
    }
}

fn license(body: &'static str) -> Vector {
    Vector {
        key: LICENSE,
        body,
        timestamp: "1666677988730",
        nonce: NONCE,
    }
}

fn saas(body: &'static str) -> Vector {
    Vector {
        key: BASE,
        body,
        timestamp: TIMESTAMP,
        nonce: NONCE,
    }
}

const FREEZE_CODE: &str = r#"{"activity":"updateLicenseCodeStatus","license":"PLTEST0001","status":"FREEZE","testFlag":"1"}"#;

#[test]
fn license_refresh() {
    license(r#"{"activity":"refreshLicenseCode","expireTime":"20230523201932","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","productId":"OFFI0000001","scene":"RENEWAL","testFlag":"1"}"#)
        .check("34df5422f079c1090ad92452b66e2621260dc26429dd5c8f7ce90e08fc947fdf", Some(Reading::RawBytes));
}

#[test]
fn license_status() {
    license(FREEZE_CODE).check(
        "3d96a1e6c110529d3bd8381eccc5999d21c12cf67b263d0e51f7fe88c310fc17",
        Some(Reading::RawBytes),
    );
}

#[test]
fn license_release() {
    license(r#"{"activity":"releaseLicenseCode","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}"#)
        .check("144da859f82ad52459a5b6edb01dd11d71a7762d0601931843db7f2f93e06366", Some(Reading::RawBytes));
}

#[test]
fn license_body_that_is_not_ascii() {
    license(r#"{"activity":"refreshLicenseCode","expireTime":"20230523201932","license":"PL测试0001","orderId":"CS1","orderLineId":"CS1-000001","scene":"RENEWAL"}"#)
        .check("eb79b8225a6b4407f88aabadc98c241d4048260fc2f13089cd37494d00c69c22", Some(Reading::RawBytes));
}

#[test]
fn license_nonce_of_64_digits() {
    let vector = Vector {
        timestamp: "1680508066618",
        nonce: "50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA",
        ..license(FREEZE_CODE)
    };
    vector.check(
        "2f54f8052f454feb31dad4b668365d6d84fdea4319db594c97171196b2fb0606",
        Some(Reading::RawBytes),
    );
}

#[test]
fn a_plain_hash_inside_is_not_a_signature() {
    license(FREEZE_CODE).check(
        "ee8680473b84c29dff9788424356badd08e0284cce17e7483c59302c13c6ecc6",
        None,
    );
    saas(NEW_INSTANCE).check(
        "53ee5025a56bde389580965ea1f742021d361484c908eb532408e08542813661",
        None,
    );
}

#[test]
fn license_body_out_of_form_has_two_readings_and_no_third() {
    let vector = license(
        r#"{"testFlag": "1", "status": "UNFREEZE", "license": "PLTEST0001", "extra": null, "activity": "updateLicenseCodeStatus"}"#,
    );
    vector.check(
        "6532e5d95f5146a94549b2ad637abd5fbb688f80a0552655d9a59ba495737772",
        Some(Reading::RawBytes),
    );
    vector.check(
        "1e9aac52132dc1b52cb4dd2573d36393d72bb57c3f0aa155fa6ea3dde4020d25",
        Some(Reading::Canonical),
    );
    // The signature of the same body in form FREEZE.
    vector.check(
        "3d96a1e6c110529d3bd8381eccc5999d21c12cf67b263d0e51f7fe88c310fc17",
        None,
    );
}

const NEW_INSTANCE: &str = r#"{"activity":"newInstance","businessId":"87b94795-0603-4e24-8ae5-69420d60e3c8","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}"#;

#[test]
fn saas_new_instance() {
    saas(NEW_INSTANCE).check(
        "d2085661e8e4f7b14e4caead65f0a97f9eb8510ae4d26a7afc63bc60d9f76f2c",
        Some(Reading::RawBytes),
    );
}

#[test]
fn saas_body_with_unsorted_names() {
    let body = r#"{"testFlag":"1","status":"FREEZE","instanceId":"10e758d0-31ad-4c4b-8f1b-81d03469a10e","activity":"updateInstanceStatus"}"#;
    let vector = Vector {
        timestamp: "1680509558159",
        nonce: "9F26B85CAEB3A8439221BA293E9250BC5EA689225B523C291EA75CC76B469510",
        ..saas(body)
    };
    vector.check(
        "9fe8635477d3730f36da99d9068df377b99bdb0b2cadf8a79ad45b3581fba658",
        Some(Reading::Canonical),
    );
    vector.check(
        "3c65e23cb3b59c5174b71d70c1a7643a1493b2442fc145690dab206c626555b4",
        Some(Reading::RawBytes),
    );
    assert_eq!(
        canonical_form(body.as_bytes()).unwrap(),
        br#"{"activity":"updateInstanceStatus","instanceId":"10e758d0-31ad-4c4b-8f1b-81d03469a10e","status":"FREEZE","testFlag":"1"}"#
    );
}

#[test]
fn saas_body_that_is_not_ascii() {
    let signature = "9d177372d62c288895baf349630866d5d08a67356438ba5f4ad646cbbe9eb35b";
    saas(r#"{"activity":"queryInstance","instanceId":"实例-1,实例-2","testFlag":"1"}"#)
        .check(signature, Some(Reading::RawBytes));
    // The same, escaped on the wire.
    saas(r#"{"activity":"queryInstance","instanceId":"\u5b9e\u4f8b-1,\u5b9e\u4f8b-2","testFlag":"1"}"#)
        .check(signature, Some(Reading::Canonical));
}
