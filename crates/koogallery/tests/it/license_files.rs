//! `getLicenseAsync`: its example, its times, and what it does not show.

use serde_json::json;
use tenure_domain::{FileEventId, Instant, LicenseId};
use tenure_koogallery::notification::license_file::GetLicense;
use tenure_koogallery::signature::sign;
use tenure_koogallery::{Fault, Notification, Rejection, Request, Settings};

use crate::caller::{self, BASE, NONCE, TIMESTAMP};

const EXAMPLE: &str = r#"{"activity":"getLicenseAsync","deviceFingerprint":"00-1B-63-84-45-E6|S4EVNX0R|PF2ABCDE|BFEBFBFF000906E9","effectiveTime":"2023-10-27 10:30:15 z","eventId":"EV-20231027-000001","expireTime":"2024-10-27 10:30:15 z","instanceId":"10e758d0-31ad-4c4b-8f1b-81d03469a10e","testFlag":"1"}"#;

fn read(body: &str) -> Result<GetLicense, Rejection> {
    let verified = caller::call(BASE, body.as_bytes()).map_err(|it| it.rejection)?;
    let Notification::GetLicenseAsync(wanted) = verified.notification else {
        unreachable!("a request for a license file is read as one");
    };
    Ok(wanted)
}

/// The signature was computed with Python's `hmac` and `hashlib`.
#[test]
fn the_example_is_signed_and_read() {
    let signature = sign(&caller::key(BASE), NONCE, TIMESTAMP, EXAMPLE.as_bytes());
    assert_eq!(
        signature,
        "08770f829239944b1c2e25522a8af312283224cdfeaa076f90a6878bc2213f58"
    );
    let wanted = read(EXAMPLE).unwrap();
    let fingerprint = wanted.fingerprint.as_ref().unwrap().as_str();
    assert_eq!(
        fingerprint,
        "00-1B-63-84-45-E6|S4EVNX0R|PF2ABCDE|BFEBFBFF000906E9"
    );
    assert_eq!(
        wanted,
        GetLicense {
            id: LicenseId::parse("10e758d0-31ad-4c4b-8f1b-81d03469a10e").unwrap(),
            event: FileEventId::parse("EV-20231027-000001").unwrap(),
            fingerprint: wanted.fingerprint.clone(),
            effective_at: Instant::from_seconds(1_698_402_615),
            expires_at: Some(Instant::from_seconds(1_730_025_015)),
        }
    );
}

#[test]
fn it_asks_for_a_license_file() {
    let wanted = read(EXAMPLE).unwrap();
    let request = Request::from_notification(
        &caller::listing(),
        &Settings::default(),
        Notification::GetLicenseAsync(wanted.clone()),
        Instant::from_seconds(7),
    );
    assert_eq!(request, Request::LicenseFile(wanted));
}

#[track_caller]
fn refused(field: &'static str, value: &str, fault: Fault) {
    let mut body: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    body[field] = json!(value);
    let expected = Rejection::MalformedBody { field, fault };
    assert_eq!(read(&body.to_string()), Err(expected), "{field}: {value}");
}

#[test]
fn times_exist_and_event_ids_fit_into_an_address() {
    for field in ["effectiveTime", "expireTime"] {
        for value in ["tomorrow", "2023-10-27", "2023-02-29 00:00:00 z"] {
            refused(field, value, Fault::BadValue);
        }
    }
    for value in ["a/b", "..", "."] {
        refused("eventId", value, Fault::BadCharacter);
    }
}

#[test]
fn no_debug_form_shows_a_fingerprint() {
    let shown = format!("{:?}", read(EXAMPLE).unwrap());
    assert!(shown.contains("[redacted]"), "{shown}");
    assert!(!shown.contains("00-1B-63"), "{shown}");
}
