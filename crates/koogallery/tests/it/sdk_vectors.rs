//! Signatures of our own calls: the worked example of the API gateway's guide, a vector of a public
//! Ruby client, and ones computed with Python's `hmac` and `hashlib`.

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tenure_domain::LicenseId;
use tenure_koogallery::open_api::{OpenApiRequest, activate};
use tenure_koogallery::sdk_signature::{CanonicalRequest, Credentials, authorization};

const HOST: &str = "mkt.myhuaweicloud.com";

fn credentials(id: &str, secret: &str) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: SecretString::from(secret),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn hash(canonical: &CanonicalRequest<'_>) -> String {
    hex::encode(Sha256::digest(canonical.text()))
}

#[test]
fn the_worked_example_of_the_gateway() {
    let query = pairs(&[
        ("marker", "13551d6b-755d-4757-b956-536f674975c0"),
        ("limit", "2"),
    ]);
    let date = "20191115T033655Z";
    let canonical = CanonicalRequest {
        method: "GET",
        path: "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
        query: &query,
        headers: &[
            ("X-Sdk-Date", date),
            ("Host", "service.region.example.com"),
            ("Content-Type", "application/json"),
        ],
        body: b"",
    };
    assert_eq!(
        hash(&canonical),
        "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
    );
    let credentials = credentials(
        "QTWAOYTTINDUT2QVKYUC",
        "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
    );
    assert_eq!(
        canonical.signature(&credentials, date),
        "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
    );
}

#[test]
fn an_activation_with_one_more_header() {
    let date = "20240317T144237Z";
    let canonical = CanonicalRequest {
        method: "POST",
        path: "/api/mkp-openapi-public/global/v1/license/activate",
        query: &[],
        headers: &[
            ("Content-Type", "application/json"),
            ("Host", HOST),
            ("X-Sdk-Date", date),
            ("x-stage", "RELEASE"),
        ],
        body: b"",
    };
    assert_eq!(
        canonical.text(),
        concat!(
            "POST\n/api/mkp-openapi-public/global/v1/license/activate/\n\n",
            "content-type:application/json\nhost:mkt.myhuaweicloud.com\n",
            "x-sdk-date:20240317T144237Z\nx-stage:RELEASE\n\n",
            "content-type;host;x-sdk-date;x-stage\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
    );
    assert_eq!(
        hash(&canonical),
        "9a33b07351104f6c775075faa7dc0db58ec18bc532feaa8fd0b8fcf7990b1a9e"
    );
    assert_eq!(
        canonical.signature(&credentials("test", "123"), date),
        "77595ad624b6e4e49990b8c4e84bf1c287457fca61069c4e60b9b6765b52053d"
    );
}

#[test]
fn an_order_query_with_a_signed_content_type() {
    let query = pairs(&[
        ("orderId", "MOCKPERIODYEARNEW"),
        ("orderLineId", "MOCKPERIODYEARNEW-000001"),
    ]);
    let date = "20240317T144237Z";
    let canonical = CanonicalRequest {
        method: "GET",
        path: "/api/mkp-openapi-public/global/v1/order/query",
        query: &query,
        headers: &[
            ("content-type", "application/json"),
            ("host", HOST),
            ("x-sdk-date", date),
        ],
        body: b"",
    };
    assert_eq!(
        hash(&canonical),
        "d282ce755ed8d7764e1fc7da9c334c7565a00eb22fcbb5c9a7a10c427267e4af"
    );
    let credentials = credentials(
        "AKEXAMPLE00000000001",
        "SKexample0000000000000000000000000000001",
    );
    assert_eq!(
        canonical.authorization(&credentials, date),
        "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, \
         SignedHeaders=content-type;host;x-sdk-date, \
         Signature=ba55a7fe5365bc91f31d334b9c7c5e33dfbe842dd10efb969a2ffb8188d32fb3"
    );
}

#[track_caller]
fn check(request: &OpenApiRequest, signed_headers: &str, signature: &str) {
    let credentials = credentials("AKEXAMPLE00000000001", "sk-example-0123456789");
    assert_eq!(
        authorization(&credentials, request, HOST, "20260102T030405Z"),
        format!(
            "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders={signed_headers}, \
             Signature={signature}"
        )
    );
}

#[test]
fn our_own_activation() {
    let request = activate::request(&LicenseId::parse("PLTEST0001").unwrap(), None);
    check(
        &request,
        "content-type;host;x-sdk-date",
        "73d02982fe381cd14b23ece37a3c0a7e60a3ef8a737a80740d36896f5288c16f",
    );
}

#[test]
fn a_request_without_a_body() {
    let query = pairs(&[("orderId", "CS2211181819B4LVS")]);
    check(
        &OpenApiRequest::get("/v1/order/query", query),
        "host;x-sdk-date",
        "62b484d1ad5e704a2a84d2c812d894061cd3dc8d85cca8e986263192e8e5606b",
    );
}
