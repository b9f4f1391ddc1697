//! What is paid by use: records, periods, and what becomes of a push.

use tenure_domain::{Instant, LicenseId, ProductId};
use tenure_koogallery::open_api::bounded::{BoundError, List, Text};
use tenure_koogallery::open_api::usage::{
    self, AGE_SECONDS_MAX, MeteredUsage, Nonce, NonceError, Usage, UsagePeriod, UsagePeriodError,
};
use tenure_koogallery::open_api::usage_old::{self, ProductUsage};
use tenure_koogallery::open_api::{OpenApiError, OpenApiRequest, Reaction};

use crate::caller::{BASE, LICENSE, key};

pub(crate) const NONCE: &str = "6c63c221-1f6b-4141-8ff4-22f5dfe82b65";
pub(crate) const TIMESTAMP_MILLIS: i64 = 1_709_690_865_879;

/// 2022-08-09T08:00:00Z
const BEGIN_SECONDS: i64 = 1_660_032_000;

fn seconds(seconds: i64) -> Instant {
    Instant::from_seconds(BEGIN_SECONDS + seconds)
}

fn used(value: &str) -> Usage {
    Usage {
        instance: LicenseId::parse("7f141bf1-aec8-4859-8323-fb3a8ad50721").unwrap(),
        package_instance: None,
        period: UsagePeriod::new(seconds(0), seconds(3_600)).unwrap(),
        recorded_at: seconds(4_200),
        value: tenure_domain::usage::Amount::parse(value).unwrap(),
    }
}

pub(crate) fn metered(value: &str) -> MeteredUsage {
    MeteredUsage {
        usage: used(value),
        metering_serial_number: Text::parse("c4a7b0de-0001-4000-8000-000000000001").unwrap(),
    }
}

pub(crate) fn sold(product: &str, value: &str) -> ProductUsage {
    ProductUsage {
        product: ProductId::parse(product).unwrap(),
        usage: used(value),
    }
}

fn push(usages: Vec<MeteredUsage>, key_text: &str, nonce: &str, millis: i64) -> OpenApiRequest {
    usage::request(
        &List::new(usages).unwrap(),
        &key(key_text),
        &Nonce::parse(nonce).unwrap(),
        Instant::from_micros(millis * 1_000),
    )
}

#[test]
fn members_stand_in_the_order_of_their_names() {
    let mut metered = metered("12.5000");
    metered.usage.package_instance = Some(LicenseId::parse("pkg-1").unwrap());
    let request = push(vec![metered], BASE, NONCE, TIMESTAMP_MILLIS);
    let body = String::from_utf8(request.body.unwrap()).unwrap();
    assert!(
        body.ends_with(
            r#""record_time":"20220809T091000Z","relate_pkg_instance":"pkg-1","usage_value":"12.5"}]}"#
        ),
        "{body}"
    );
    let mut sold = sold("OFFI0000001", "0.0001");
    sold.usage.package_instance = Some(LicenseId::parse("pkg-1").unwrap());
    let older = usage_old::request(&List::new(vec![sold]).unwrap());
    for body in [body, String::from_utf8(older.body.unwrap()).unwrap()] {
        // The canonical form sorts the members of every object.
        let canonical = tenure_koogallery::canonical::canonical_form(body.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(canonical).unwrap(), body);
        assert!(!body.contains("null"));
    }
}

#[test]
fn the_signature_covers_key_time_nonce_and_body() {
    let signature =
        |usages, key, nonce, millis| push(usages, key, nonce, millis).headers[0].clone();
    let signed = signature(vec![metered("99")], BASE, NONCE, TIMESTAMP_MILLIS);
    assert_eq!(signed.0, "signature");
    for other in [
        signature(vec![metered("98")], BASE, NONCE, TIMESTAMP_MILLIS),
        signature(vec![metered("99")], LICENSE, NONCE, TIMESTAMP_MILLIS),
        signature(vec![metered("99")], BASE, "n", TIMESTAMP_MILLIS),
        signature(vec![metered("99")], BASE, NONCE, TIMESTAMP_MILLIS + 1),
    ] {
        assert_ne!(signed, other);
    }
    assert_eq!(
        signed,
        signature(vec![metered("99.0")], BASE, NONCE, TIMESTAMP_MILLIS)
    );
}

#[test]
fn a_push_has_1_to_1000_records() {
    type Metered = List<MeteredUsage, 1_000>;
    assert_eq!(Metered::new(Vec::new()), Err(BoundError::Empty));
    let many = vec![metered("1"); 1_001];
    assert_eq!(
        Metered::new(many.clone()),
        Err(BoundError::TooMuch { max: 1_000 })
    );
    let full = push(many[1..].to_vec(), BASE, NONCE, TIMESTAMP_MILLIS);
    let body = String::from_utf8(full.body.unwrap()).unwrap();
    assert_eq!(body.matches("metering_sn").count(), 1_000);
    let older = vec![sold("OFFI0000001", "1"); 1_001];
    assert!(List::<_, 1_000>::new(older).is_err());
}

#[test]
fn names_of_records_are_bounded() {
    assert!(Text::<64>::parse(&"s".repeat(64)).is_ok());
    assert!(Text::<64>::parse(&"s".repeat(65)).is_err());
}

#[test]
fn a_nonce_is_bounded_and_cannot_stand_for_something_else() {
    assert!(Nonce::parse(&"n".repeat(64)).is_ok());
    for text in [
        "",
        &"n".repeat(65),
        "a&body=",
        "a=b",
        "a b",
        "a\r\nx: y",
        "码",
    ] {
        assert_eq!(Nonce::parse(text), Err(NonceError), "{text}");
    }
}

#[test]
fn a_period_does_not_end_before_it_begins() {
    assert!(UsagePeriod::new(seconds(0), seconds(0)).is_ok());
    assert_eq!(
        UsagePeriod::new(seconds(1), seconds(0)),
        Err(UsagePeriodError::Backwards)
    );
}

#[test]
fn a_period_is_reported_once_it_is_over_and_for_21_days() {
    let period = UsagePeriod::new(seconds(0), seconds(3_600)).unwrap();
    let at = |offset| period.reportable_at(seconds(offset));
    assert_eq!(AGE_SECONDS_MAX, 1_814_400);
    assert_eq!(at(3_599), Err(UsagePeriodError::NotOver));
    assert_eq!(at(3_600), Ok(()));
    assert_eq!(at(AGE_SECONDS_MAX), Ok(()));
    assert_eq!(at(AGE_SECONDS_MAX + 1), Err(UsagePeriodError::TooOld));
}

#[track_caller]
fn check_read(status: u16, body: &str, expected: Result<(), OpenApiError>) {
    assert_eq!(usage::read(status, body.as_bytes()), expected, "{body}");
    assert_eq!(usage_old::read(status, body.as_bytes()), expected, "{body}");
}

#[test]
fn an_answer_to_a_push_says_success_or_why_not() {
    for body in [
        r#"{"error_code":"MKT.0000","error_msg":"success"}"#,
        r#"{"error_code":"CBC.0000","extra_info":{}}"#,
        r#"{"resultCode":"MKT.0000","resultMsg":"success"}"#,
    ] {
        check_read(200, body, Ok(()));
    }
    let too_old = OpenApiError::Other {
        status: 500,
        code: "MKT.9004".to_owned(),
    };
    assert_eq!(too_old.reaction(), Reaction::GiveUp);
    check_read(500, r#"{"error_code":"MKT.9004"}"#, Err(too_old));
    check_read(
        400,
        r#"{"resultCode":"CBC.0102","resultMsg":"text"}"#,
        Err(OpenApiError::Denied),
    );
    check_read(
        406,
        r#"{"error_code":"CBC.0250"}"#,
        Err(OpenApiError::Throttled),
    );
    check_read(502, "<html>", Err(OpenApiError::Unavailable));
}
