//! The worked example of the signing guide, a vector of a public client, and vectors of ours that
//! an independent program computed.

use chrono::TimeDelta;
use secrecy::SecretString;

use super::{Credentials, Request, SdkError, authorize, parse_date, verify};

struct Vector {
    credentials: Credentials,
    method: &'static str,
    path: &'static str,
    query: &'static str,
    headers: Vec<(String, String)>,
    body: &'static str,
}

impl Vector {
    fn new(id: &str, secret: &str, method: &'static str, path: &'static str) -> Self {
        let credentials = Credentials {
            access_key_id: id.to_owned(),
            secret_access_key: SecretString::from(secret),
        };
        Self {
            credentials,
            method,
            path,
            query: "",
            headers: Vec::new(),
            body: "",
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn request(&self) -> Request<'_> {
        let Self {
            method,
            path,
            query,
            headers,
            body,
            credentials: _,
        } = self;
        Request {
            method,
            path,
            query,
            headers,
            body: body.as_bytes(),
        }
    }

    fn authorized(mut self) -> Self {
        let names: Vec<String> = self.headers.iter().map(|(name, _)| name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let value = authorize(self.request(), &names, &self.credentials);
        self.headers.push(("authorization".to_owned(), value));
        self
    }

    fn verify_minutes_later(&self, minutes: i64) -> Result<(), SdkError> {
        let signed_at = parse_date(self.request().header("x-sdk-date").unwrap()).unwrap();
        verify(
            self.request(),
            &self.credentials,
            signed_at + TimeDelta::minutes(minutes),
        )
    }

    #[track_caller]
    fn check(self, signature: &str) {
        let vector = self.authorized();
        let request = vector.request();
        let header = request.header("authorization").unwrap();
        assert!(
            header.ends_with(&format!("Signature={signature}")),
            "{header}"
        );
        assert_eq!(vector.verify_minutes_later(0), Ok(()));
    }
}

fn ours(method: &'static str, path: &'static str) -> Vector {
    Vector::new("AKEXAMPLE", "sk-example-0123456789", method, path)
        .header("host", "mkt.myhuaweicloud.com")
        .header("x-sdk-date", "20260102T030405Z")
}

fn activate() -> Vector {
    let mut vector = ours("POST", "/api/mkp-openapi-public/global/v1/license/activate")
        .header("content-type", "application/json");
    vector.body = r#"{"license":"PLTEST0001"}"#;
    vector
}

#[test]
fn published_vectors() {
    let mut guide = Vector::new(
        "QTWAOYTTINDUT2QVKYUC",
        "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
        "GET",
        "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs/",
    )
    .header("content-type", "application/json")
    .header("host", "service.region.example.com")
    .header("x-sdk-date", "20191115T033655Z");
    guide.query = "limit=2&marker=13551d6b-755d-4757-b956-536f674975c0";
    guide.check("7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe");

    Vector::new(
        "test",
        "123",
        "POST",
        "/api/mkp-openapi-public/global/v1/license/activate",
    )
    .header("content-type", "application/json")
    .header("host", "mkt.myhuaweicloud.com")
    .header("x-sdk-date", "20240317T144237Z")
    .header("x-stage", "RELEASE")
    .check("77595ad624b6e4e49990b8c4e84bf1c287457fca61069c4e60b9b6765b52053d");
}

#[test]
fn own_vectors() {
    activate().check("73d02982fe381cd14b23ece37a3c0a7e60a3ef8a737a80740d36896f5288c16f");

    let mut batch = ours("POST", "/api/mkp-openapi-public/global/v2/license/activate")
        .header("content-type", "application/json");
    batch.body =
        r#"{"license_list":["PLTEST0001","PLTEST0002"],"real_effect_time":"20260102153555"}"#;
    batch.check("932a37ab6bace4fbb8bda4eab2b01b9047368cb0bcc7330df20312cb0c79b984");

    let mut query = ours("GET", "/api/mkp-openapi-public/global/v1/order/query");
    query.query = "orderId=CS2211181819B4LVS";
    query.check("62b484d1ad5e704a2a84d2c812d894061cd3dc8d85cca8e986263192e8e5606b");
}

#[test]
fn vectors_of_order_query_and_usage_push() {
    let vector = |method, path| {
        let secret = "SKexample0000000000000000000000000000001";
        Vector::new("AKEXAMPLE00000000001", secret, method, path)
            .header("content-type", "application/json")
            .header("host", "mkt.myhuaweicloud.com")
    };
    let mut query = vector("GET", "/api/mkp-openapi-public/global/v1/order/query")
        .header("x-sdk-date", "20240317T144237Z");
    query.query = "orderId=MOCKPERIODYEARNEW&orderLineId=MOCKPERIODYEARNEW-000001";
    query.check("ba55a7fe5365bc91f31d334b9c7c5e33dfbe842dd10efb969a2ffb8188d32fb3");

    let mut push = vector("POST", "/api/mkp-openapi-public/global/v1/isv/usage-data")
        .header("x-sdk-date", "20240306T020745Z");
    push.body = r#"{"usage_records":[{"begin_time":"20220809T080000Z","end_time":"20220809T090000Z","instance_id":"7f141bf1-aec8-4859-8323-fb3a8ad50721","metering_sn":"c4a7b0de-0001-4000-8000-000000000001","record_time":"20220809T091000Z","usage_value":"99"}]}"#;
    push.check("4fac17e1aabb21e2a6e99cc8f588f7f8338f6b7d31da14e4699cbc953f40ac72");
}

#[test]
fn a_clock_may_be_fifteen_minutes_off_and_no_more() {
    let vector = activate().authorized();
    assert_eq!(vector.verify_minutes_later(15), Ok(()));
    assert_eq!(vector.verify_minutes_later(-15), Ok(()));
    assert_eq!(vector.verify_minutes_later(16), Err(SdkError::Stale));
    assert_eq!(vector.verify_minutes_later(-16), Err(SdkError::Stale));
}

#[test]
fn what_was_changed_does_not_verify() {
    let mut vector = activate().authorized();
    vector.body = r#"{"license":"PLTEST0002"}"#;
    assert_eq!(vector.verify_minutes_later(0), Err(SdkError::Mismatch));

    let mut vector = activate().authorized();
    vector.credentials.access_key_id = "AKOTHER".to_owned();
    assert_eq!(vector.verify_minutes_later(0), Err(SdkError::UnknownKey));

    assert_eq!(activate().verify_minutes_later(0), Err(SdkError::Missing));
    let garbled = activate().header("authorization", "SDK-HMAC-SHA256 Access=AKEXAMPLE");
    assert_eq!(garbled.verify_minutes_later(0), Err(SdkError::Malformed));
}

#[test]
fn the_date_must_be_signed() {
    let mut vector = activate();
    let value = authorize(vector.request(), &["host"], &vector.credentials);
    vector.headers.push(("authorization".to_owned(), value));
    assert_eq!(vector.verify_minutes_later(0), Err(SdkError::Malformed));
    assert!(parse_date("20260102").is_none());
}
