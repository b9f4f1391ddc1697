//! Stored bytes that are no event, and the round trip of every event.

use proptest::prelude::*;
use proptest::sample::select;
use tenure_domain::{Digest, SealKey, Sealed, order};
use tenure_journal::Event;
use tenure_journal::stored::{FORMATS, StoredError, decode, encode};
use tenure_testkit::{events, families, listing, order_line};

const KNOWN: &str =
    r#"{"order_id":"CS1","order_line_id":"CS1-1","kind":"other","kind_received":"GIFT"}"#;
const RENEWED: &str = r#"{"scene":"RENEWAL","order_id":"CS1","order_line_id":"CS1-1","expires_at":1,"expires_at_received":"1","grace_seconds":0}"#;

#[track_caller]
fn assert_damaged(name: &str, data: &str, why: &str) {
    match decode(name, 1, data) {
        Err(StoredError::Damaged { name: of, reason }) => {
            assert_eq!(of, name);
            assert!(reason.contains(why), "{reason:?} does not say {why:?}");
        },
        other => panic!("{name} {data}: {other:?}"),
    }
}

#[test]
fn a_name_that_nobody_knows_is_told_and_cut_to_a_length() {
    let error = decode("transferred", 1, "{}").unwrap_err();
    assert_eq!(error, StoredError::UnknownName("transferred".to_owned()));
    let error = decode(&"码".repeat(1_000), 1, "{}").unwrap_err();
    assert_eq!(error, StoredError::UnknownName("码".repeat(64)));
    for name in ["", "Renewed", "renewed "] {
        let error = decode(name, 1, RENEWED).unwrap_err();
        assert_eq!(error, StoredError::UnknownName(name.to_owned()));
    }
}

#[test]
fn a_newer_format_is_refused_even_if_its_data_would_read() {
    decode("renewed", 1, RENEWED).unwrap();
    for (name, newest) in FORMATS {
        for format in [newest + 1, u16::MAX] {
            let error = decode(name, format, RENEWED).unwrap_err();
            let expected = StoredError::Newer {
                name: name.to_owned(),
                format,
                newest,
            };
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn a_format_that_never_was_is_damage() {
    let error = decode("renewed", 0, RENEWED).unwrap_err();
    assert!(matches!(error, StoredError::Damaged { .. }), "{error}");
}

#[test]
fn a_member_that_this_version_does_not_know_is_damage() {
    for (name, _) in FORMATS {
        assert_damaged(name, r#"{"seats":1}"#, "unknown field `seats`");
    }
    let nested = r#"{"order":{"order_id":"a","order_line_id":"b","seats":1}}"#;
    assert_damaged("released", nested, "unknown field `seats`");
}

#[test]
fn data_of_another_shape_is_damage() {
    for (name, _) in FORMATS {
        for data in ["", "{", "null", "1", "\"\"", "{} {}"] {
            assert_damaged(name, data, "");
        }
    }
}

#[test]
fn a_missing_member_and_a_member_twice_are_damage() {
    assert_damaged("renewed", "{}", "missing field");
    let twice = RENEWED.replace('}', r#","grace_seconds":1}"#);
    assert_damaged("renewed", &twice, "duplicate field `grace_seconds`");
}

#[test]
fn members_of_another_type_are_damage() {
    for (from, to) in [
        (r#""expires_at":1"#, r#""expires_at":"1""#),
        (r#""expires_at":1"#, r#""expires_at":1.5"#),
        (r#""expires_at":1"#, r#""expires_at":9223372036854775808"#),
        (r#""expires_at":1"#, r#""expires_at":null"#),
        (r#""grace_seconds":0"#, r#""grace_seconds":-1"#),
        (r#""grace_seconds":0"#, r#""grace_seconds":4294967296"#),
        (r#""order_id":"CS1""#, r#""order_id":1"#),
        (r#""order_id":"CS1""#, r#""order_id":"\ud800""#),
    ] {
        let changed = RENEWED.replace(from, to);
        assert_ne!(changed, RENEWED, "{from}");
        assert_damaged("renewed", &changed, "");
    }
}

#[test]
fn ids_that_no_parser_lets_through_are_damage() {
    let long = "x".repeat(65);
    for (id, why) in [
        (&*long, "longer than"),
        ("", "empty"),
        ("a\\u0000", "not allowed"),
    ] {
        let order = |member: &str| {
            let from = format!(r#""{member}":"CS1"#);
            assert!(RENEWED.contains(&from));
            let end = if member == "order_id" { "" } else { "-1" };
            RENEWED.replace(&format!("{from}{end}\""), &format!(r#""{member}":"{id}""#))
        };
        assert_damaged("renewed", &order("order_id"), why);
        assert_damaged("renewed", &order("order_line_id"), why);
        let activated = format!(r#"{{"activated_at":1,"grace_seconds":0,"product_id":"{id}"}}"#);
        assert_damaged("activated", &activated, why);
        assert_damaged("issued", &format!(r#"{{"listing":"{id}"}}"#), why);
    }
    let zero = r#"{"activated_at":1,"grace_seconds":0,"quantity":0}"#;
    assert_damaged("activated", zero, "quantity is zero");
    let family = r#"{"listing":"a","family":"Saas","order":{"order_id":"a","order_line_id":"b"}}"#;
    assert_damaged("purchased", family, "no such family");
}

#[test]
fn an_order_of_a_kind_or_a_mode_that_never_was_is_damage() {
    decode("order_known", 1, KNOWN).unwrap();
    let long = format!(r#""kind_received":"{}""#, "x".repeat(65));
    for (from, to, why) in [
        (r#""kind":"other""#, r#""kind":"new""#, "no word of its own"),
        (r#","kind_received":"GIFT""#, "", "no such kind"),
        (r#""kind_received":"GIFT""#, &long, "too long"),
        (
            "}",
            r#","charging_mode":"Period"}"#,
            "no such charging mode",
        ),
        ("}", r#","sku_code":""}"#, "sku code is empty"),
        ("}", r#","customer_id":""}"#, "customer id is empty"),
        ("}", r#","quantity":0}"#, "quantity is zero"),
        ("}", r#","expires_at":"2027"}"#, "invalid type"),
        ("}", r#","customer_name":"x"}"#, "unknown field"),
    ] {
        let changed = KNOWN.replace(from, to);
        assert_ne!(changed, KNOWN, "{from}");
        assert_damaged("order_known", &changed, why);
    }
}

#[test]
fn what_is_wrong_with_a_stored_event_is_said_in_a_sentence() {
    let error = decode("issued", 1, r#"{"listing":""}"#).unwrap_err();
    assert_eq!(error.to_string(), "issued is damaged: listing id is empty");
    let error = decode("issued", 7, "{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "issued has format 7, and this version reads up to 1"
    );
}

proptest! {
    #[test]
    fn every_event_survives_the_round_trip(event in events()) {
        let event = Event::License(event);
        let stored = encode(&event);
        prop_assert!(FORMATS.contains(&(stored.name, stored.format)));
        prop_assert_eq!(decode(stored.name, stored.format, &stored.data), Ok(event));
    }

    #[test]
    fn every_order_event_survives_the_round_trip(number in 0..10_000_u32) {
        let event = Event::Order(order::Event::Notified {
            listing: listing(),
            order: order_line(number),
        });
        let stored = encode(&event);
        prop_assert_eq!(decode(stored.name, stored.format, &stored.data), Ok(event));
    }

    #[test]
    fn a_sealed_text_survives_the_round_trip(key: u128, digest: [u8; 16], bytes: Vec<u8>) {
        let event = Event::License(tenure_domain::Event::AccessTold {
            access: Sealed {
                key: SealKey::new(key),
                digest: Digest::new(digest),
                bytes: bytes.into(),
            },
        });
        let stored = encode(&event);
        prop_assert_eq!(decode(stored.name, stored.format, &stored.data), Ok(event));
    }

    #[test]
    fn no_text_makes_decoding_panic(
        (name, _) in select(FORMATS.to_vec()),
        other in any::<String>(),
        format: u16,
        data in any::<String>(),
    ) {
        for (name, format) in [(name, 1), (name, format), (&other, format)] {
            if let Ok(event) = decode(name, format, &data) {
                prop_assert_eq!(event.name(), name);
            }
        }
    }

    #[test]
    fn no_piece_of_an_event_reads_as_one(event in events(), cut: prop::sample::Index) {
        let stored = encode(&Event::License(event));
        let cut = stored.data.floor_char_boundary(cut.index(stored.data.len()));
        prop_assert!(decode(stored.name, stored.format, &stored.data[..cut]).is_err());
    }

    #[test]
    fn an_event_under_the_name_of_another_never_panics(event in events(), family in families()) {
        let stored = encode(&Event::License(event));
        for (name, format) in FORMATS {
            if let Ok(read) = decode(name, format, &stored.data) {
                prop_assert_eq!(read.name(), name);
            }
        }
        prop_assert!(decode(family.name(), 1, &stored.data).is_err());
    }
}
