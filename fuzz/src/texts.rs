//! What stands in the fields of calls and answers, and what the merchant's application tells.

use secrecy::{ExposeSecret, SecretString};
use tenure_domain::Instant;
use tenure_koogallery::canonical::canonical_form;
use tenure_koogallery::kit::{DomainName, Trace};
use tenure_koogallery::license_file::Made;
use tenure_koogallery::login::{Centre, TrustedOrigin};
use tenure_koogallery::open_api::clock_skew_seconds;
use tenure_koogallery::open_api::upload::{self, Boundary, EventId, FileContent, FileName, Upload};
use tenure_koogallery::v1::cipher::{Plain, decrypt, encrypt};
use tenure_koogallery::v1::{EncryptType, Iv};
use tenure_koogallery::{Access, InterfaceType, freshness, wire};

use super::Target;
use super::marketplace::{arrived_at, key, line_and_rest};

pub(crate) const TARGETS: &[Target] = &[
    ("canonical_json", canonical_json),
    ("v1_cipher", v1_cipher),
    ("wire_times", wire_times),
    ("addresses", addresses),
    ("kit_trace", kit_trace),
    ("access", access),
    ("license_file", license_file),
    ("upload", upload),
];

fn canonical_json(bytes: &[u8]) -> bool {
    let Some(canonical) = canonical_form(bytes) else {
        return false;
    };
    assert!(canonical.len() <= bytes.len());
    assert_eq!(canonical_form(&canonical), Some(canonical));
    true
}

/// An encrypted value; and the same text as one to be encrypted.
fn v1_cipher(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let key = key(InterfaceType::Base);
    let mut is_understood = false;
    for with in [EncryptType::Aes256, EncryptType::Aes128] {
        if let Ok(plain) = decrypt(&key, with, text) {
            assert!(plain.expose_secret().len() < text.len());
            is_understood = true;
        }
    }
    if let Ok(plain) = Plain::parse(SecretString::from(text)) {
        let iv = Iv::parse("A1b2C3d4E5f6G7h8").expect("16 letters and digits");
        let sealed = encrypt(&key, EncryptType::Aes256, &iv, &plain);
        let opened = decrypt(&key, EncryptType::Aes256, &sealed).expect("its own key");
        assert_eq!(opened.expose_secret(), text);
    }
    is_understood
}

fn wire_times(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    if let Ok(time) = wire::expire_time(text, 0) {
        // What is written has no year 0: it is held inside the years 1 to 9999.
        let written = match text.len() {
            14 => wire::compact_time(time),
            _ => wire::long_time(time),
        };
        assert!(written == text || text.starts_with("0000"));
    }
    if let Some(time) = wire::answer_time(text) {
        assert_eq!(wire::utc_time(text), Some(time));
        assert_is_written(time);
    }
    if let Some(time) = wire::utc_time(text) {
        assert_is_written(time);
    }
    for offset_minutes in [i32::MIN, 480, i32::MAX] {
        assert_eq!(
            wire::expire_time(text, offset_minutes).is_ok(),
            wire::expire_time(text, 0).is_ok()
        );
    }
    for accept_seconds in [false, true] {
        if let Ok(time) = freshness::check(text, arrived_at(), accept_seconds) {
            assert!(arrived_at().micros_since(time).abs() <= 60_000_000);
        }
    }
    clock_skew_seconds(text, Instant::EPOCH).is_some() || wire::utc_time(text).is_some()
}

/// Whatever was read can be written, and read again in the form that was written.
fn assert_is_written(time: Instant) {
    let written = wire::rfc3339_time(time);
    let read = wire::answer_time(&written).expect("what we write we read");
    assert_eq!(wire::rfc3339_time(read), written);
}

fn addresses(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    if let Some(centre) = DomainName::new(text).centre() {
        assert_eq!(DomainName::new(centre.origin()).centre(), Some(centre));
        assert!(centre.origin().ends_with(centre.host()));
    }
    let trusted = TrustedOrigin::parse(text);
    if let Ok(origin) = &trusted {
        assert_eq!(TrustedOrigin::parse(origin.as_str()).as_ref(), Ok(origin));
        assert!(Centre::find(text, std::slice::from_ref(origin)).is_some_and(|it| it.is_trusted()));
    }
    let origin = TrustedOrigin::parse("http://sandbox:8090").expect("an origin");
    if let Some(centre) = Centre::find(text, &[origin]) {
        let inside = centre.base() == "http://sandbox:8090"
            || centre.base().starts_with("http://sandbox:8090/");
        assert_eq!(centre.is_trusted(), inside);
        assert!(inside || centre.base().starts_with("https://"));
        return true;
    }
    false
}

fn kit_trace(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let trace = Trace::from_text(text);
    let written = trace.to_text();
    // A name and a number may be added to what was there, and any byte may be escaped.
    assert!(written.len() <= 3 * text.len() + 64);
    assert_eq!(Trace::from_text(&written), trace);
    trace != Trace::default()
}

fn access(bytes: &[u8]) -> bool {
    let Ok(Some(access)) = Access::parse(bytes) else {
        return false;
    };
    let json = access.to_json();
    assert!(json.expose_secret().len() <= bytes.len() + 64);
    let again = Access::parse(json.expose_secret().as_bytes());
    let again = again
        .expect("what is sealed is read")
        .expect("and tells something");
    assert_eq!(again.to_json().expose_secret(), json.expose_secret());

    let ivs = [[0; 64], [1; 64]].map(|random| Iv::from_random(&random));
    for with in [EncryptType::Aes256, EncryptType::Aes128] {
        drop(access.encrypted(&key(InterfaceType::Base), with, &ivs));
    }
    let told = access.in_clear().app_info;
    assert_eq!(told.redacted().redacted(), told.redacted());
    true
}

fn license_file(bytes: &[u8]) -> bool {
    let Ok(made) = Made::parse(bytes) else {
        return false;
    };
    let event = EventId::parse("event-1").expect("an event id");
    check_upload(&event, &made.upload, bytes.len())
}

/// A name, a line break, and the content of a file; the name also as the id of an event and as a
/// boundary.
fn upload(bytes: &[u8]) -> bool {
    let (name, content) = line_and_rest(bytes);
    let Ok(name) = str::from_utf8(name) else {
        return false;
    };
    let event = EventId::parse(name).or_else(|_| EventId::parse("event-1"));
    let (Ok(name), Ok(content)) = (FileName::parse(name), FileContent::new(content.to_vec()))
    else {
        return false;
    };
    let upload = Upload::File { name, content };
    check_upload(&event.expect("an event id"), &upload, bytes.len())
}

fn check_upload(event: &EventId, upload: &Upload, bytes: usize) -> bool {
    let boundary = Boundary::parse("boundary-0123456789").expect("a boundary");
    let Ok(request) = upload::request(event, upload, &boundary) else {
        return false;
    };
    let body = request.body.expect("an upload has a body");
    // A name stands in it twice, and escaped.
    assert!(body.len() <= 9 * bytes + 1_024);
    let ends = b"--boundary-0123456789--\r\n";
    assert!(body.ends_with(ends));
    true
}
