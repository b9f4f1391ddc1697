//! Whole requests to the open APIs with their signatures, computed with Python's `hmac` and
//! `hashlib`.

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tenure_domain::Instant;
use tenure_koogallery::OpenApiRequest;
use tenure_koogallery::open_api::bounded::List;
use tenure_koogallery::open_api::upload::{self, Boundary, EventId, FileContent, FileName, Upload};
use tenure_koogallery::open_api::{activate_v2, software_usage, usage, usage_old};
use tenure_koogallery::sdk_signature::{CanonicalRequest, Credentials, authorization};

use crate::caller::{BASE, key};
use crate::open_api_batches::{client_report, codes};
use crate::open_api_usage::{NONCE, TIMESTAMP_MILLIS, metered, sold};

const HOST: &str = "mkt.myhuaweicloud.com";
const AK: &str = "AKEXAMPLE00000000001";

/// What a vector names: the secret and the date that sign, and what comes of it.
struct Signed {
    secret: &'static str,
    date: &'static str,
    signature: &'static str,
}

impl Signed {
    const fn ours(signature: &'static str) -> Self {
        Self {
            secret: "sk-example-0123456789",
            date: "20260102T030405Z",
            signature,
        }
    }

    #[track_caller]
    fn check(&self, request: &OpenApiRequest) {
        let credentials = Credentials {
            access_key_id: AK.to_owned(),
            secret_access_key: SecretString::from(self.secret),
        };
        assert_eq!(
            authorization(&credentials, request, HOST, self.date),
            format!(
                "SDK-HMAC-SHA256 Access={AK}, SignedHeaders=content-type;host;x-sdk-date, \
                 Signature={}",
                self.signature
            )
        );
    }
}

/// The hash of the canonical request, which the vectors name too.
fn canonical_hash(request: &OpenApiRequest, date: &str) -> String {
    let canonical = CanonicalRequest {
        method: request.method.name(),
        path: &request.path,
        query: &request.query,
        headers: &[
            ("content-type", &request.content_type),
            ("host", HOST),
            ("x-sdk-date", date),
        ],
        body: request.body.as_deref().unwrap(),
    };
    hex::encode(Sha256::digest(canonical.text()))
}

#[track_caller]
fn check_body(request: &OpenApiRequest, expected: &str) {
    let body = request.body.clone().unwrap();
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn an_activation_of_two_codes() {
    let request = activate_v2::request(
        &codes(&["PLTEST0001", "PLTEST0002"]),
        Some(Instant::from_seconds(1_767_368_155)),
    );
    check_body(
        &request,
        r#"{"license_list":["PLTEST0001","PLTEST0002"],"real_effect_time":"20260102153555"}"#,
    );
    assert_eq!(
        canonical_hash(&request, "20260102T030405Z"),
        "411a0eed6a91d8c2dc26bf7c7d9ee1b3532760b593034ec2fcf9adce3bdc32dd"
    );
    Signed::ours("932a37ab6bace4fbb8bda4eab2b01b9047368cb0bcc7330df20312cb0c79b984")
        .check(&request);
}

#[test]
fn a_usage_push_has_two_signatures() {
    let request = usage::request(
        &List::new(vec![metered("99")]).unwrap(),
        &key(BASE),
        &usage::Nonce::parse(NONCE).unwrap(),
        Instant::from_micros(TIMESTAMP_MILLIS * 1_000),
    );
    check_body(
        &request,
        concat!(
            r#"{"usage_records":[{"begin_time":"20220809T080000Z","end_time":"20220809T090000Z","#,
            r#""instance_id":"7f141bf1-aec8-4859-8323-fb3a8ad50721","#,
            r#""metering_sn":"c4a7b0de-0001-4000-8000-000000000001","#,
            r#""record_time":"20220809T091000Z","usage_value":"99"}]}"#
        ),
    );
    assert_eq!(
        request.target(),
        "/api/mkp-openapi-public/global/v1/isv/usage-data"
    );
    assert_eq!(
        request.headers,
        [
            ("signature", "LlYrtBMyVIJQ+zoigc6mDGIL0Iq8rPR27cqJVMXj1J4="),
            ("ts", "1709690865879"),
            ("nonce", NONCE),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    );
    let date = "20240306T020745Z";
    assert_eq!(
        canonical_hash(&request, date),
        "16f8999580d4ea06c38ace144f53e9f6a07ad641a2fab1ec7227243639c6a400"
    );
    let signed = Signed {
        secret: "SKexample0000000000000000000000000000001",
        date,
        signature: "4fac17e1aabb21e2a6e99cc8f588f7f8338f6b7d31da14e4699cbc953f40ac72",
    };
    signed.check(&request);
}

#[test]
fn the_older_usage_push_has_one() {
    let request = usage_old::request(&List::new(vec![sold("OFFI0000001", "99")]).unwrap());
    check_body(
        &request,
        concat!(
            r#"{"usage_records":[{"begin_time":"20220809T080000Z","end_time":"20220809T090000Z","#,
            r#""instance_id":"7f141bf1-aec8-4859-8323-fb3a8ad50721","#,
            r#""product_id":"OFFI0000001","#,
            r#""record_time":"20220809T091000Z","usage_value":"99"}]}"#
        ),
    );
    assert_eq!(request.target(), "/rest/marketplace/v1/isv/usage-data");
    assert_eq!(request.headers, []);
    Signed::ours("631fa6bb74bd9b465591148b6c3cf1218b8768e9285d388b55580f651ac6e9c7")
        .check(&request);
}

#[test]
fn a_report_of_one_client() {
    let request = software_usage::request(&client_report("PLTEST0001", &["device-7"]));
    check_body(
        &request,
        r#"{"usage_info":[{"license":"PLTEST0001","software_usage_Info":[{"id":"device-7"}]}]}"#,
    );
    Signed::ours("6555c5f7688d31a7698a25763c8ccc478e059d222fa40419557b8f3b65600fa5")
        .check(&request);
}

#[test]
fn an_upload_is_signed_over_its_raw_body() {
    let request = upload::request(
        &EventId::parse("EV-1").unwrap(),
        &Upload::File {
            name: FileName::parse("CAD \"Pro\" 授权.lic").unwrap(),
            content: FileContent::new(b"licence\x00\xff\r\n--body".to_vec()).unwrap(),
        },
        &Boundary::parse("----tenure0123456789abcdef").unwrap(),
    )
    .unwrap();
    let body = request.body.as_deref().unwrap();
    assert_eq!(
        hex::encode(Sha256::digest(body)),
        "74fe20e4bc33a2704327db1c38e37ac2d6c0715fcac960e5ec95aab8d87653e6"
    );
    Signed::ours("711d69f6adef7502b12859525efb8e6d3bb8de85376b2ad4a9832e1d68691d81")
        .check(&request);
}
