//! The scenes that a merchant must serve, and the spellings it must bear with.

use chrono::{DateTime, TimeDelta, Utc};

use super::Family;
use super::case::Case;
use crate::body::{self, Body, OrderLine};
use crate::signer::{BodyOrder, HexCase, NonceStyle, Style};

const CODE: &str = "PLTEST0001";
const INSTANCE: &str = "03pf80c2-bae9-6vc4-9b80-b917bea776d7";
const PRODUCT: &str = "OFFI0000001";

/// An application for a license. The guide says that one with the same id is the same one.
pub(super) const EVENT: &str = "c4a7b0de-0001-4000-8000-000000000001";

/// MAC, disk, main board, and no processor: one of the guide's kind.
const FINGERPRINT: &str = "00-11-22-33-44-55|WD-0001,WD-0002|MB-0001|";

/// The most characters of a fingerprint, as the guide's table has it.
pub(super) const FINGERPRINT_CHARACTERS_MAX: usize = 1024;

/// Every scene of a family once, once more, and the first one in every spelling.
pub(super) fn cases(family: Family, now: DateTime<Utc>) -> Vec<Case> {
    let scenes = scenes(family, now);
    let spellings: Vec<Case> = scenes
        .first()
        .into_iter()
        .flat_map(|(_, body)| {
            spellings().into_iter().map(|(name, style)| Case {
                style,
                ..Case::good(name, body.clone())
            })
        })
        .collect();
    let mut cases = Vec::new();
    for (name, body) in scenes {
        let again = Case {
            before: Some(body.clone()),
            ..Case::good(
                format!("{name}, repeated"),
                with_new_business_id(body.clone()),
            )
        };
        cases.extend([Case::good(name, body), again]);
    }
    cases.extend(spellings);
    cases
}

/// The scenes of a family by name, as debugging calls.
pub(super) fn scenes(family: Family, now: DateTime<Utc>) -> Vec<(String, Body)> {
    let bodies = match family {
        Family::License => license(now),
        Family::Saas => saas(now),
        Family::OnlineLicense => online_license(now),
        Family::Order => vec![("", body::order_notify(&order()))],
        Family::SaasV1 | Family::LicenseV1 | Family::Kit | Family::KitV1 => Vec::new(),
    };
    let scenes = bodies
        .into_iter()
        .map(|(note, body)| (title(&body, note), body.with_test_flag()));
    scenes.collect()
}

/// The order that all debugging calls are about.
pub(super) fn order() -> OrderLine {
    OrderLine::first_of("CS1906666666ABCDE")
}

fn license(now: DateTime<Utc>) -> Vec<(&'static str, Body)> {
    let order = order();
    let refresh = |scene, product| {
        body::refresh_license_code(scene, CODE, &order, product, now + TimeDelta::days(365))
    };
    vec![
        ("", refresh("RENEWAL", None)),
        ("with productId", refresh("RENEWAL", Some(PRODUCT))),
        ("", refresh("UNSUBSCRIBE_RENEWAL_PERIOD", None)),
        ("", body::update_license_code_status(CODE, "FREEZE")),
        ("", body::update_license_code_status(CODE, "UNFREEZE")),
        ("", body::release_license_code(CODE, None)),
        (
            "with an order",
            body::release_license_code(CODE, Some(&order)),
        ),
    ]
}

fn saas(now: DateTime<Utc>) -> Vec<(&'static str, Body)> {
    let order = order();
    let refresh = |scene, product| {
        body::refresh_instance(scene, INSTANCE, &order, product, now + TimeDelta::days(365))
    };
    vec![
        (
            "",
            body::new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order),
        ),
        ("", body::query_instance(INSTANCE)),
        (
            "of several",
            body::query_instance(&format!("{INSTANCE},{INSTANCE}-2,{INSTANCE}-3")),
        ),
        ("", refresh("TRIAL_TO_FORMAL", Some(PRODUCT))),
        ("", refresh("RENEWAL", None)),
        ("with productId", refresh("RENEWAL", Some(PRODUCT))),
        ("", refresh("UNSUBSCRIBE_RENEWAL_PERIOD", None)),
        ("", refresh("RENEWAL_CHANGE", Some(PRODUCT))),
        ("", body::update_instance_status(INSTANCE, "FREEZE")),
        ("", body::update_instance_status(INSTANCE, "UNFREEZE")),
        ("", body::release_instance(INSTANCE, None)),
        (
            "with an order",
            body::release_instance(INSTANCE, Some(&order)),
        ),
        ("", body::upgrade_instance(INSTANCE, &order)),
        ("", body::change_instance_check(INSTANCE, PRODUCT)),
    ]
}

/// The five scenes of the debugging page of online licenses, and the query.
fn online_license(now: DateTime<Utc>) -> Vec<(&'static str, Body)> {
    let order = order();
    let year = now + TimeDelta::days(365);
    let refresh = |scene| body::refresh_instance(scene, INSTANCE, &order, None, year);
    let apply = || body::get_license_async(INSTANCE, EVENT, now, None);
    let by_period = || body::get_license_async(INSTANCE, EVENT, now, Some(year));
    vec![
        (
            "",
            body::new_instance("61e834ba-7b97-4418-b8f7-e5345137278c", &order),
        ),
        ("", body::query_instance(INSTANCE)),
        ("", refresh("TRIAL_TO_FORMAL")),
        ("", refresh("RENEWAL")),
        ("", refresh("UNSUBSCRIBE_RENEWAL_PERIOD")),
        ("", body::update_instance_status(INSTANCE, "FREEZE")),
        ("", body::update_instance_status(INSTANCE, "UNFREEZE")),
        ("", body::release_instance(INSTANCE, None)),
        (
            "with an order",
            body::release_instance(INSTANCE, Some(&order)),
        ),
        ("", apply()),
        ("with expireTime", by_period()),
        (
            "with a device fingerprint",
            by_period().with("deviceFingerprint", FINGERPRINT),
        ),
        (
            "with the longest device fingerprint",
            apply().with("deviceFingerprint", "x".repeat(FINGERPRINT_CHARACTERS_MAX)),
        ),
    ]
}

fn title(body: &Body, note: &str) -> String {
    let scene = body
        .text_of("scene")
        .or_else(|| body.text_of("status"))
        .unwrap_or_default();
    let words = [body.activity(), scene, note];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The marketplace's guide says that `businessId` is another one on every call, also on repeats.
fn with_new_business_id(body: Body) -> Body {
    match body.text_of("businessId") {
        Some(_) => body.with("businessId", "7d0ff4d6-58a6-4c0e-9a2f-0b7f6f1c2e11"),
        None => body,
    }
}

fn spellings() -> Vec<(&'static str, Style)> {
    let plain = Style::default;
    let content_type = |text| Style {
        content_type: Some(text),
        ..plain()
    };
    vec![
        (
            "signature in upper case",
            Style {
                hex: HexCase::Upper,
                ..plain()
            },
        ),
        (
            "nonce of 32 characters",
            Style {
                nonce: NonceStyle::Long,
                ..plain()
            },
        ),
        (
            "nonce of 64 hex digits",
            Style {
                nonce: NonceStyle::Hex,
                ..plain()
            },
        ),
        (
            "unsorted body signed over its sorted form",
            Style {
                order: BodyOrder::ReversedSignedSorted,
                ..plain()
            },
        ),
        (
            "unsorted body signed as it is sent",
            Style {
                order: BodyOrder::ReversedSignedAsSent,
                ..plain()
            },
        ),
        (
            "a member that no document names",
            Style {
                unknown_member: true,
                ..plain()
            },
        ),
        (
            "Content-Type with charset=utf8",
            content_type("application/json;charset=utf8"),
        ),
        (
            "Content-Type with charset=UTF-8",
            content_type("application/json; charset=UTF-8"),
        ),
        (
            "Content-Type without a charset",
            content_type("application/json"),
        ),
    ]
}
