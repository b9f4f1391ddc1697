//! The scenes that a merchant must serve in V1.0, and the spellings it must bear with.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::super::Family;
use super::Case;
use crate::random::Random;
use crate::v1::call::{self, Call, Purchase, about, extend_params};
use crate::v1::cipher::{EncryptType, encrypt, fresh_iv};
use crate::v1::signer::{Spelling, Style};

/// What the debugging page of V1.0 fills in.
pub(super) const INSTANCE: &str = "huaweitest123456";
pub(super) const ORDER: &str = "CS1906666666ABCDE";
pub(super) const PRODUCT: &str = "00301-666666-0--0";
const CUSTOMER: &str = "68cbc86abc2018ab880d92f36422fa0e";
const BUSINESS: &str = "61e834ba-7b97-4418-b8f7-e5345137278c";
const ANOTHER_BUSINESS: &str = "7d0ff4d6-58a6-4c0e-9a2f-0b7f6f1c2e11";

/// A long while, for terms.
pub(super) const YEAR: TimeDelta = TimeDelta::days(365);

/// Every scene of a family once and once more, and the first one in every spelling.
pub(super) fn cases(
    family: Family,
    key: &SecretString,
    now: DateTime<Utc>,
    random: &mut Random,
) -> Vec<Case> {
    let scenes = scenes(family, key, now, random);
    let spellings: Vec<Case> = scenes
        .first()
        .into_iter()
        .flat_map(|(_, call)| spellings(call))
        .collect();
    let mut cases = Vec::new();
    for (name, call) in scenes {
        let again = Case {
            before: Some(call.clone()),
            ..Case::good(
                format!("{name}, repeated"),
                with_new_business_id(call.clone()),
            )
        };
        cases.extend([Case::good(name, call), again]);
    }
    cases.extend(spellings);
    cases
}

/// The scenes of a family by name, as debugging calls.
pub(super) fn scenes(
    family: Family,
    key: &SecretString,
    now: DateTime<Utc>,
    random: &mut Random,
) -> Vec<(String, Call)> {
    let calls = match family {
        Family::SaasV1 => saas(key, now, random),
        Family::LicenseV1 => license(now),
        Family::License
        | Family::Saas
        | Family::OnlineLicense
        | Family::Order
        | Family::Kit
        | Family::KitV1 => Vec::new(),
    };
    let scenes = calls.into_iter().map(|(note, call)| {
        let name = format!("{} {note}", call.activity());
        (name.trim_end().to_owned(), call.with_test_flag())
    });
    scenes.collect()
}

fn bought(activity: &str) -> Call {
    call::purchase(
        activity,
        &Purchase {
            business_id: BUSINESS,
            customer: CUSTOMER,
            order: ORDER,
            product: PRODUCT,
        },
    )
    .with("provisionType", "1")
}

fn by_period(activity: &str, now: DateTime<Utc>) -> Call {
    bought(activity)
        .with("chargingMode", "1")
        .with("periodType", "year")
        .with("periodNumber", "1")
        .with("orderAmount", "199.000")
        .expiring(now + YEAR)
}

fn saas(key: &SecretString, now: DateTime<Utc>, random: &mut Random) -> Vec<(&'static str, Call)> {
    let mut calls = purchases(key, now, random);
    let refresh = || call::refresh("refreshInstance", INSTANCE, ORDER, now + YEAR);
    let formal = || refresh().with("trialToFormal", "1");
    let upgrade = || call::upgrade(INSTANCE, ORDER, PRODUCT);
    let many: Vec<String> = (1..=100)
        .map(|number| format!("{INSTANCE}-{number}"))
        .collect();
    calls.extend([
        ("", refresh()),
        ("with productId", refresh().with("productId", PRODUCT)),
        ("with an empty productId", refresh().with("productId", "")),
        ("with trialToFormal", formal()),
        (
            "with trialToFormal and productId",
            formal().with("productId", PRODUCT),
        ),
        (
            "of a refund",
            refresh().with("orderAmount", "-199.000").expiring(now),
        ),
        ("", about("expireInstance", INSTANCE, ORDER)),
        ("", about("releaseInstance", INSTANCE, ORDER)),
        (
            "with orderAmount",
            about("releaseInstance", INSTANCE, ORDER).with("orderAmount", "199.000"),
        ),
        ("", upgrade()),
        (
            "of the capacity",
            upgrade()
                .with("amount", "20")
                .with("diskSize", "200")
                .with("bandWidth", "100"),
        ),
        ("FREEZE", call::instance_status(INSTANCE, "FREEZE")),
        ("NORMAL", call::instance_status(INSTANCE, "NORMAL")),
        ("", call::query_instance(INSTANCE)),
        ("of 100", call::query_instance(&many.join(","))),
    ]);
    calls
}

fn purchases(
    key: &SecretString,
    now: DateTime<Utc>,
    random: &mut Random,
) -> Vec<(&'static str, Call)> {
    let mut encrypted = |plain| encrypt(key, EncryptType::Aes256, fresh_iv(random), plain);
    let by_year = || by_period("newInstance", now);
    vec![
        ("by the year", by_year()),
        (
            "once for all",
            bought("newInstance").with("chargingMode", "3"),
        ),
        ("by use", bought("newInstance").with("chargingMode", "0")),
        ("on trial", by_year().with("trialFlag", "1")),
        ("after acceptance", by_year().with("provisionType", "2")),
        (
            "with phone and e-mail",
            by_year()
                .with("mobilePhone", encrypted("13800000000"))
                .with("email", encrypted("buyer@example.com")),
        ),
        (
            "with extend parameters",
            by_year().with(
                "saasExtendParams",
                extend_params(&[
                    ("emailDomainName", "test.example.com"),
                    ("extendParamName", "参数"),
                    ("platformParams", r#"{"tenantName":"example"}"#),
                ]),
            ),
        ),
        (
            "with amounts",
            by_year()
                .with("amount", "10")
                .with("diskSize", "100")
                .with("bandWidth", "50"),
        ),
    ]
}

fn license(now: DateTime<Utc>) -> Vec<(&'static str, Call)> {
    let refresh = || call::refresh("refreshLicense", INSTANCE, ORDER, now + YEAR);
    vec![
        ("by the year", by_period("getLicense", now)),
        (
            "once for all",
            bought("getLicense").with("chargingMode", "3"),
        ),
        (
            "with extend parameters",
            by_period("getLicense", now).with(
                "saasExtendParams",
                extend_params(&[("identificationCode", "00-11-22-33")]),
            ),
        ),
        ("", refresh()),
        ("with productId", refresh().with("productId", PRODUCT)),
        ("", about("expireLicense", INSTANCE, ORDER)),
        ("", about("releaseLicense", INSTANCE, ORDER)),
    ]
}

/// The marketplace's guide says that `businessId` is another one on every call, also on repeats.
fn with_new_business_id(call: Call) -> Call {
    match call.value_of("businessId") {
        Some(_) => call.with("businessId", ANOTHER_BUSINESS),
        None => call,
    }
}

/// The call in the name of a customer that a query string must escape.
pub(super) fn named(call: &Call) -> Call {
    call.clone().with("customerName", "Example + Söhne & 公司")
}

fn spellings(call: &Call) -> Vec<Case> {
    let good = |name: &str, call: Call, style| Case {
        style,
        ..Case::good(name, call)
    };
    let named = || named(call);
    let spelt = |spelling| Style {
        spelling,
        ..Style::default()
    };
    let reversed = Style {
        reversed: true,
        ..Style::default()
    };
    let awkward = Style {
        awkward_token: true,
        ..Style::default()
    };
    vec![
        good("blanks as +", named(), spelt(Spelling::Form)),
        good("blanks as %20", named(), spelt(Spelling::PercentBlank)),
        good("escapes in lower case", named(), spelt(Spelling::LowerCase)),
        good("parameters in descending order", named(), reversed),
        good("a token with %2B and %2F", call.clone(), awkward),
        Case::good(
            "a parameter that no document names",
            call.clone().with("sandboxNote", "new"),
        ),
        Case::good("an empty parameter", call.clone().with("sandboxNote", "")),
    ]
}
