//! The calls that a merchant must refuse, each with the result codes that are right.

use chrono::{DateTime, TimeDelta, Utc};

use super::Family;
use super::case::{Case, Fault};
use super::scenes::{EVENT, FINGERPRINT_CHARACTERS_MAX, order, scenes};
use crate::body::{self, Body};
use crate::signer::{Inner, Style};

const UNAUTHENTICATED: &[&str] = &["000001"];
const INVALID: &[&str] = &["000002"];
const UNKNOWN: &[&str] = &["000003"];

/// A merchant that verifies the sorted form only cannot tell a broken body from a forged one.
const BROKEN: &[&str] = &["000002", "000001"];

/// The License 2.0 guide leaves it to the merchant to remember what it cannot know yet.
const UNKNOWN_OR_REMEMBERED: &[&str] = &["000003", "000000"];

/// A code and an instance that no marketplace has issued.
const MADE_UP: &str = "SANDBOX-MADE-UP-0000000000000001";

/// Members that a call may do without.
const OPTIONAL: &[&str] = &["testFlag", "productId"];

/// Every mistake of a family.
pub(super) fn cases(family: Family, now: DateTime<Utc>) -> Vec<Case> {
    let scenes = scenes(family, now);
    let mut cases = Vec::new();
    if let Some((_, body)) = scenes.first() {
        cases.extend(signatures(body));
        cases.push(
            Case::bad("a body that is not JSON", body.clone(), BROKEN)
                .with_fault(Fault::BrokenJson),
        );
        cases.push(Case::bad(
            "no activity",
            body.clone().without("activity"),
            INVALID,
        ));
        let unknown = body.clone().with("activity", "sandboxActivity");
        cases.push(Case::bad("an unknown activity", unknown, INVALID));
    }
    cases.extend(missing_members(&scenes));
    cases.extend(match family {
        Family::License => vec![Case::bad(
            "a real call for a made-up code",
            body::update_license_code_status(MADE_UP, "FREEZE"),
            UNKNOWN_OR_REMEMBERED,
        )],
        Family::Saas => {
            let mut cases = instances(now);
            cases.push(unknown(body::upgrade_instance(MADE_UP, &order())));
            cases
        },
        Family::OnlineLicense => {
            let mut cases = instances(now);
            cases.extend(applications(now));
            cases
        },
        Family::Order | Family::SaasV1 | Family::LicenseV1 | Family::Kit | Family::KitV1 => {
            Vec::new()
        },
    });
    cases
}

fn signatures(body: &Body) -> Vec<Case> {
    let refused = |name: &str, codes, fault| Case::bad(name, body.clone(), codes).with_fault(fault);
    let past = Fault::SignedAt(TimeDelta::seconds(-61));
    let future = Fault::SignedAt(TimeDelta::seconds(61));
    let repeated = Case {
        before: Some(body.clone()),
        ..Case::bad(
            "a nonce for the second time",
            body.clone().with("again", "1"),
            UNAUTHENTICATED,
        )
    };
    let plain = Case {
        style: Style {
            inner: Inner::PlainSha256,
            ..Style::default()
        },
        ..Case::bad(
            "SHA-256 instead of the inner HMAC",
            body.clone(),
            UNAUTHENTICATED,
        )
    };
    vec![
        refused("signed with another key", UNAUTHENTICATED, Fault::WrongKey),
        refused(
            "changed after signing",
            UNAUTHENTICATED,
            Fault::TamperedBody,
        ),
        refused("signed 61 s ago", INVALID, past),
        refused("signed 61 s in the future", INVALID, future),
        repeated.with_fault(Fault::RepeatedNonce),
        plain,
        refused("no signature", UNAUTHENTICATED, Fault::Without("signature")),
        refused("no nonce", INVALID, Fault::Without("nonce")),
        refused("no timestamp", INVALID, Fault::Without("timestamp")),
        refused(
            "a timestamp that is no number",
            INVALID,
            Fault::TimestampInWords,
        ),
    ]
}

/// Every activity without each of its mandatory members.
fn missing_members(scenes: &[(String, Body)]) -> Vec<Case> {
    let mut seen = Vec::new();
    let mut cases = Vec::new();
    for (_, body) in scenes {
        if seen.contains(&body.activity()) {
            continue;
        }
        seen.push(body.activity());
        for name in body
            .names()
            .filter(|name| *name != "activity" && !OPTIONAL.contains(name))
        {
            let title = format!("{} without {name}", body.activity());
            cases.push(Case::bad(title, body.clone().without(name), INVALID));
        }
    }
    cases
}

fn unknown(body: Body) -> Case {
    let name = format!("a real {} for a made-up instance", body.activity());
    Case::bad(name, body, UNKNOWN)
}

fn instances(now: DateTime<Utc>) -> Vec<Case> {
    let order = order();
    let many: Vec<String> = (1..=101)
        .map(|number| format!("{MADE_UP}-{number}"))
        .collect();
    vec![
        Case::bad(
            "queryInstance of 101 instances",
            body::query_instance(&many.join(",")).with_test_flag(),
            INVALID,
        ),
        unknown(body::query_instance(MADE_UP)),
        unknown(body::refresh_instance(
            "RENEWAL",
            MADE_UP,
            &order,
            None,
            now + TimeDelta::days(365),
        )),
        unknown(body::update_instance_status(MADE_UP, "FREEZE")),
        unknown(body::release_instance(MADE_UP, None)),
    ]
}

/// What is wrong with an application for a license; what is missing from it is found elsewhere.
fn applications(now: DateTime<Utc>) -> Vec<Case> {
    let apply = |id| body::get_license_async(id, EVENT, now, None);
    let wrong = |name: &str, body: Body| Case::bad(name, body.with_test_flag(), INVALID);
    let instance = "instance-1";
    let too_long = "x".repeat(FINGERPRINT_CHARACTERS_MAX + 1);
    vec![
        wrong(
            "getLicenseAsync with a device fingerprint of 1025 characters",
            apply(instance).with("deviceFingerprint", too_long),
        ),
        wrong(
            "getLicenseAsync with an effectiveTime that is no time",
            apply(instance).with("effectiveTime", "at once"),
        ),
        wrong(
            "getLicenseAsync with an expireTime that is no time",
            apply(instance).with("expireTime", "never"),
        ),
        unknown(apply(MADE_UP)),
    ]
}
