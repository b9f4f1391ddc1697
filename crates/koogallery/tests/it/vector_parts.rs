//! The steps between a vector's input and its signature, which the vectors name too, so that a
//! wrong signature shows where it went wrong. Computed with Python's `hmac` and `hashlib`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use tenure_domain::{LicenseId, OrderId};
use tenure_koogallery::canonical::canonical_form;
use tenure_koogallery::kit;
use tenure_koogallery::open_api::{OpenApiRequest, activate, order};
use tenure_koogallery::sdk_signature::CanonicalRequest;
use tenure_koogallery::signature::sign;
use tenure_koogallery::v1::Parameters;

use crate::caller::{BASE, LICENSE, NONCE, TIMESTAMP, key};
use crate::kit_caller::V2_KEY;
use crate::kit_vectors::{S1, S1_CANONICAL, S2, S3, S4, S5};

const LICENSE_TIMESTAMP: &str = "1666677988730";

fn code(key: &str, text: &[u8]) -> String {
    let code = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    hex::encode(code.chain_update(text).finalize().into_bytes())
}

fn canonical(body: &str) -> Vec<u8> {
    canonical_form(body.as_bytes()).unwrap()
}

/// The code of a payload, and the signature that is the code of a text with it at its end.
#[track_caller]
fn check_inner(key_text: &str, timestamp: &str, payload: &[u8], inner: &str) {
    assert_eq!(code(key_text, payload), inner);
    let text = [key_text, NONCE, timestamp, inner].concat();
    assert_eq!(
        sign(&key(key_text), NONCE, timestamp, payload),
        code(key_text, text.as_bytes())
    );
}

#[test]
fn saas_calls() {
    let check = |body: &str, inner| check_inner(BASE, TIMESTAMP, &canonical(body), inner);
    check(
        r#"{"activity":"newInstance","businessId":"87b94795-0603-4e24-8ae5-69420d60e3c8","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}"#,
        "bfdc95389d809331ca6eefa4fe569a7739c904a8d4e701c82401bb9682fda93b",
    );
    check(
        r#"{"testFlag":"1","status":"FREEZE","instanceId":"10e758d0-31ad-4c4b-8f1b-81d03469a10e","activity":"updateInstanceStatus"}"#,
        "7d7fe62372e23ae48c832509bb5ffcc460baa07a066671b44ea84d359d66686a",
    );
    check(
        r#"{"activity":"queryInstance","instanceId":"实例-1,实例-2","testFlag":"1"}"#,
        "9b9a2360150a78176a3c31ab6ea4fc2c8693560774ff004bf965286f71b0d3a6",
    );
}

#[test]
fn license_calls() {
    let check = |payload: &[u8], inner| check_inner(LICENSE, LICENSE_TIMESTAMP, payload, inner);
    check(
        br#"{"activity":"refreshLicenseCode","expireTime":"20230523201932","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","productId":"OFFI0000001","scene":"RENEWAL","testFlag":"1"}"#,
        "d2e33e8d6d5223ff638282afd9a27f453a65d1e933653edac45174bd1abd6497",
    );
    check(
        br#"{"activity":"updateLicenseCodeStatus","license":"PLTEST0001","status":"FREEZE","testFlag":"1"}"#,
        "6ad9e07fd94ead06a6adf2ef26659221c4df40b95d3ce4f7eef706c75480a801",
    );
    check(
        br#"{"activity":"releaseLicenseCode","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}"#,
        "0d0ac316af855b87cca86ec4199ddca20e0d1bef7c8040f2b4aa1cfa5fb91419",
    );
    check(
        r#"{"activity":"refreshLicenseCode","expireTime":"20230523201932","license":"PL测试0001","orderId":"CS1","orderLineId":"CS1-000001","scene":"RENEWAL"}"#.as_bytes(),
        "16828d16f67886959afee7e5fd567f092788ff688a3e2fee9b8c7cdf689d0560",
    );
    let out_of_form = r#"{"testFlag": "1", "status": "UNFREEZE", "license": "PLTEST0001", "extra": null, "activity": "updateLicenseCodeStatus"}"#;
    check(
        out_of_form.as_bytes(),
        "6f683451885a94cfffb8aa6269c1b06d3decd480227f2ee199c277c6a577325d",
    );
    check(
        &canonical(out_of_form),
        "6ecb3d214fe729b8798d3add1a8a17318fa4eb6203d275791206aba683cf77e6",
    );
}

#[test]
fn kit_payloads() {
    let check = |body: &str, bytes: usize, hash: &str| {
        let payload = canonical(body);
        assert_eq!(payload.len(), bytes);
        assert_eq!(hex::encode(Sha256::digest(&payload)), hash);
    };
    check(
        S1,
        257,
        "60fb0886fa5d2627de8e97da263a2e6aa19a1231beaf6602d2651395aa270159",
    );
    check(
        S2,
        177,
        "d7a49f5ed7932aad1c86a1952736220055fe39a8fe463193025036a98570b6d9",
    );
    check(
        S3,
        401,
        "26271c4c920fb0d89db14713e815b6377844d83cc6c4cf70756f44f4a50d3c13",
    );
    check(
        S4,
        261,
        "06f453f8de89287108cb64b0f549f7e0c11124403bedd9b9fc42e648120a790f",
    );
    assert_eq!(
        STANDARD.encode(canonical(S5)),
        "eyJmbGFnIjoxLCJpbnN0YW5jZUlkIjoiaW5zdC0xIiwib3JnQ29kZSI6IjEwMDAwIiwib3JnTmFtZSI6IlImRFx0XHUwMDFGL+KAqH9cInhcXCIsInBhcmVudENvZGUiOiIiLCJ0ZW5hbnRJZCI6InQtMDAwMSIsInRlc3RGbGFnIjowLCJ0aW1lU3RhbXAiOiIyMDIyMDQxMzA5MzUzOTUzNCJ9"
    );
    // What the signature of the order interfaces has inside, over the payload of S1.
    assert_eq!(
        code(V2_KEY, S1_CANONICAL.as_bytes()),
        "c6c583f11fcd79e91b1419b6775e036f7a1bc06ca90493d095eb26886210b2c0"
    );
}

#[test]
fn kit_signatures_with_the_keys_of_the_other_guides() {
    let check = |key_text: &str, timestamp: &str, payload: &str, expected: &str| {
        let signature = kit::signature::sign(&key(key_text), NONCE, timestamp, payload.as_bytes());
        assert_eq!(signature, expected);
    };
    check(
        BASE,
        TIMESTAMP,
        r#"{"domainName":"example","tenantId":"t-001","timeStamp":"20230327065233980"}"#,
        "b3ac5a969159764e1cf611143823e40d4513836ef77c5e8a624b15f654df39b7",
    );
    check(
        LICENSE,
        LICENSE_TIMESTAMP,
        r#"{"flag":1,"instanceId":"huaiweitest123456","testFlag":0,"timeStamp":"20220413093539534"}"#,
        "16c3058ff72ac10852a5d7e1ae20e1e332c60b9e974c15ece0be5520a294c9f3",
    );
}

#[test]
fn canonical_requests_of_our_own_calls() {
    let check = |request: &OpenApiRequest, has_type: bool, expected: &str| {
        let mut headers = vec![
            ("host", "mkt.myhuaweicloud.com"),
            ("x-sdk-date", "20260102T030405Z"),
        ];
        if has_type {
            headers.push(("content-type", "application/json"));
        }
        let canonical = CanonicalRequest {
            method: request.method.name(),
            path: &request.path,
            query: &request.query,
            headers: &headers,
            body: request.body.as_deref().unwrap_or_default(),
        };
        assert_eq!(hex::encode(Sha256::digest(canonical.text())), expected);
    };
    let activation = activate::request(&LicenseId::parse("PLTEST0001").unwrap(), None);
    assert_eq!(
        hex::encode(Sha256::digest(activation.body.as_ref().unwrap())),
        "0dc02b17d18ece7fb6190cf80def126e84d36f50a7e46f25272e1925d6789757"
    );
    check(
        &activation,
        true,
        "11d49f4f05a4cb038910e4d13b2a36a74ca2ab54ff134af37241e63ad4041d79",
    );
    let question = order::request(&OrderId::parse("CS2211181819B4LVS").unwrap(), None);
    check(
        &question,
        false,
        "b08aed90f748cf7f1ecf2f039cbe10a156ec5a80af97cec1339101f9971be171",
    );
}

#[test]
fn the_encodings_of_a_whole_v1_call() {
    let parameters = Parameters::parse(
        "saasExtendParams=W3sibmFtZSI6ImVtYWlsRG9tYWluTmFtZSIsInZhbHVlIjoidGVzdC5leGFtcGxlLmNvbSJ9LHsibmFtZSI6ImV4dGVuZFBhcmFtTmFtZSIsInZhbHVlIjoiZXh0ZW5kUGFyYW1WYWx1ZSJ9XQ%3D%3D&userName=%E5%BC%A0%E4%B8%89&authToken=EH%2BWOECncoEL9fJbJkRyw3oCeHRVK8yFzksmylhweyg%3D",
    );
    let extended = STANDARD.decode(parameters.value("saasExtendParams").unwrap());
    assert_eq!(
        String::from_utf8(extended.unwrap()).unwrap(),
        r#"[{"name":"emailDomainName","value":"test.example.com"},{"name":"extendParamName","value":"extendParamValue"}]"#
    );
    assert_eq!(parameters.value("userName"), Some("张三"));
    assert_eq!(
        parameters.value("authToken"),
        Some("EH+WOECncoEL9fJbJkRyw3oCeHRVK8yFzksmylhweyg=")
    );
}
