//! The calls of V1.0 that a merchant must refuse, each with the result codes that are right.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::super::Family;
use super::scenes::{ORDER, PRODUCT, YEAR, named, scenes};
use super::{Case, Fault};
use crate::random::Random;
use crate::v1::call::{self, Call, about};
use crate::v1::signer::{Signed, Style};

const UNAUTHENTICATED: &[&str] = &["000001"];
const INVALID: &[&str] = &["000002"];
const UNKNOWN: &[&str] = &["000003"];

/// Without a stamp there is no key, so that either code says what is wrong.
const UNSTAMPED: &[&str] = &["000001", "000002"];

/// An instance that no marketplace has sold.
const MADE_UP: &str = "SANDBOX-MADE-UP-0000000000000001";

/// What the guide's tables call mandatory and no merchant can do without, besides activity, stamp and
/// token. An expiry and a release name the order of the purchase, which tells nothing new.
const MANDATORY: &[(&str, &[&str])] = &[
    (
        "newInstance",
        &["businessId", "customerId", "orderId", "productId"],
    ),
    ("refreshInstance", &["orderId", "instanceId", "expireTime"]),
    ("expireInstance", &["instanceId"]),
    ("releaseInstance", &["instanceId"]),
    (
        "upgrade",
        &["orderId", "instanceId", "skuCode", "productId"],
    ),
    ("instanceStatus", &["instanceId", "instanceStatus"]),
    ("queryInstance", &["instanceId"]),
    (
        "getLicense",
        &["businessId", "customerId", "orderId", "productId"],
    ),
    ("refreshLicense", &["orderId", "instanceId", "expireTime"]),
    ("expireLicense", &["instanceId"]),
    ("releaseLicense", &["instanceId"]),
];

/// Every mistake of a family.
pub(super) fn cases(
    family: Family,
    key: &SecretString,
    now: DateTime<Utc>,
    random: &mut Random,
) -> Vec<Case> {
    let scenes = scenes(family, key, now, random);
    let mut cases = Vec::new();
    if let Some((_, call)) = scenes.first() {
        cases.extend(tokens(call));
        let nameless = call.clone().without("activity");
        cases.push(Case::bad("no activity", nameless, INVALID));
        let unknown = call.clone().with("activity", "sandboxActivity");
        cases.push(Case::bad("an unknown activity", unknown, INVALID));
    }
    cases.extend(missing_parameters(&scenes));
    cases.extend(match family {
        Family::SaasV1 => instances(now),
        Family::LicenseV1 => licenses(now),
        Family::License
        | Family::Saas
        | Family::OnlineLicense
        | Family::Order
        | Family::Kit
        | Family::KitV1 => Vec::new(),
    });
    cases
}

fn tokens(call: &Call) -> Vec<Case> {
    let refused = |name: &str, codes, fault| Case {
        fault: Some(fault),
        ..Case::bad(name, call.clone(), codes)
    };
    let missigned = |name: &str, signed| Case {
        style: Style {
            signed,
            ..Style::default()
        },
        ..refused(name, UNAUTHENTICATED, Fault::Missigned)
    };
    vec![
        refused("signed with another key", UNAUTHENTICATED, Fault::WrongKey),
        refused("no token", UNAUTHENTICATED, Fault::Without("authToken")),
        refused("no timeStamp", UNSTAMPED, Fault::Without("timeStamp")),
        refused(
            "a parameter changed after signing",
            UNAUTHENTICATED,
            Fault::Changed("orderId"),
        ),
        refused(
            "a parameter added after signing",
            UNAUTHENTICATED,
            Fault::Added,
        ),
        missigned(
            "the access key alone as the key of the token",
            Signed::WithoutTimeStamp,
        ),
        Case {
            // Escaping must make a difference.
            call: named(call),
            ..missigned("a token over escaped values", Signed::Encoded)
        },
    ]
}

/// Every activity without each of its mandatory parameters.
fn missing_parameters(scenes: &[(String, Call)]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (activity, mandatory) in MANDATORY {
        let scene = scenes.iter().find(|(_, call)| call.activity() == *activity);
        let Some((_, call)) = scene else { continue };
        cases.extend(mandatory.iter().map(|name| {
            let title = format!("{activity} without {name}");
            Case::bad(title, call.clone().without(name), INVALID)
        }));
    }
    cases
}

fn unknown(call: Call) -> Case {
    let name = format!("a real {} for a made-up instance", call.activity());
    Case::bad(name, call, UNKNOWN)
}

fn instances(now: DateTime<Utc>) -> Vec<Case> {
    let many: Vec<String> = (1..=101)
        .map(|number| format!("{MADE_UP}-{number}"))
        .collect();
    vec![
        Case::bad(
            "queryInstance of 101 instances",
            call::query_instance(&many.join(",")).with_test_flag(),
            INVALID,
        ),
        unknown(call::query_instance(MADE_UP)),
        unknown(call::refresh("refreshInstance", MADE_UP, ORDER, now + YEAR)),
        unknown(about("expireInstance", MADE_UP, ORDER)),
        unknown(call::instance_status(MADE_UP, "FREEZE")),
        unknown(call::upgrade(MADE_UP, ORDER, PRODUCT)),
        unknown(about("releaseInstance", MADE_UP, ORDER)),
    ]
}

fn licenses(now: DateTime<Utc>) -> Vec<Case> {
    vec![
        unknown(call::refresh("refreshLicense", MADE_UP, ORDER, now + YEAR)),
        unknown(about("expireLicense", MADE_UP, ORDER)),
        unknown(about("releaseLicense", MADE_UP, ORDER)),
    ]
}
