//! The debugging page: every scene and every mistake, tried against a production address.
//!
//! Calls that a merchant must accept carry `testFlag=1`. The few that do not are about made-up
//! codes and instances, so that they cannot touch what a customer has bought.
//!
//! Login addresses are tried apart from that, by [`check_login`].

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::clock::real_now;
use crate::kit::secret::PublicKey;
use crate::random::Random;
use crate::signer::{Stamp, sign};

mod case;
mod junit;
mod kit;
mod login;
mod mistakes;
mod report;
mod scenes;
mod subject;
mod v1;

use case::{Case, Expectation, Fault};

pub(crate) use junit::Escaped;
pub use junit::Junit;
pub use login::{Login, LoginCheckError, PATIENCE, check_login};
pub use report::{CaseReport, Outcome, Report};
pub use subject::{Subject, UnknownSubject};

/// What an address offers, each family with its own activities and its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// License authorization codes, License 2.0.
    License,
    /// Instances, SaaS V2.0.
    Saas,
    /// Online licenses: instances of V2.0 for which a license is applied for.
    OnlineLicense,
    /// Order notification.
    Order,
    /// Instances, SaaS V1.0.
    SaasV1,
    /// Licenses that the merchant makes, License 1.0.
    LicenseV1,
    /// The joint-operation kit, V2.0.
    Kit,
    /// The joint-operation kit, V1.0.
    KitV1,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 8] = [
        Self::License,
        Self::Saas,
        Self::OnlineLicense,
        Self::Order,
        Self::SaasV1,
        Self::LicenseV1,
        Self::Kit,
        Self::KitV1,
    ];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Saas => "saas",
            Self::OnlineLicense => "online-license",
            Self::Order => "order",
            Self::SaasV1 => "saas-v1",
            Self::LicenseV1 => "license-v1",
            Self::Kit => "kit",
            Self::KitV1 => "kit-v1",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a family is one of license, saas, online-license, order, saas-v1, license-v1, kit, kit-v1"
)]
pub struct UnknownFamily;

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|family| family.name() == text)
            .ok_or(UnknownFamily)
    }
}

/// The address under test.
#[derive(Debug, Clone)]
pub struct Target {
    /// The production address.
    pub url: String,
    /// The access key of the family's interface type.
    pub key: SecretString,
    /// The merchant's public key, for client secrets of the kit. Cases that need it are not run
    /// without it.
    pub public_key: Option<PublicKey>,
}

/// Tries every case of a family, one after the other, and reports on each.
pub async fn check(client: &Client, target: &Target, family: Family) -> Report {
    try_all(client, target, family, Choice::All).await
}

/// Tries those cases of a family that a merchant must accept and that have one of the names, each
/// freshly signed.
pub async fn replay(
    client: &Client,
    target: &Target,
    family: Family,
    names: &BTreeSet<String>,
) -> Report {
    try_all(client, target, family, Choice::Accepted(names)).await
}

/// The names of a family's scenes: each is tried once, in the spelling that the marketplace's
/// debugging page has.
pub fn names_of_scenes(family: Family) -> BTreeSet<String> {
    match family {
        Family::SaasV1 | Family::LicenseV1 => v1::names_of_scenes(family),
        Family::Kit | Family::KitV1 => kit::names_of_scenes(family),
        Family::License | Family::Saas | Family::OnlineLicense | Family::Order => {
            let scenes = scenes::scenes(family, real_now()).into_iter();
            scenes.map(|(name, _)| name).collect()
        },
    }
}

/// The names of a family's cases that a merchant must accept: its scenes, their repetitions, and
/// the spellings.
pub fn names_of_accepted(family: Family) -> BTreeSet<String> {
    match family {
        Family::SaasV1 | Family::LicenseV1 => v1::names_of_accepted(family),
        Family::Kit | Family::KitV1 => kit::names_of_accepted(family),
        Family::License | Family::Saas | Family::OnlineLicense | Family::Order => {
            let cases = scenes::cases(family, real_now()).into_iter();
            cases.map(|case| case.name).collect()
        },
    }
}

/// Which cases are tried.
#[derive(Debug, Clone, Copy)]
enum Choice<'a> {
    All,
    /// Those that must be accepted and have one of the names.
    Accepted(&'a BTreeSet<String>),
}

impl Choice<'_> {
    fn takes(self, name: &str, expectation: Expectation) -> bool {
        match self {
            Self::All => true,
            Self::Accepted(names) => expectation == Expectation::Success && names.contains(name),
        }
    }
}

async fn try_all(client: &Client, target: &Target, family: Family, choice: Choice<'_>) -> Report {
    let started_at = real_now();
    let mut random = Random::new(started_at.timestamp_micros().unsigned_abs());
    let mut not_run = Vec::new();
    let cases = match family {
        Family::SaasV1 | Family::LicenseV1 => {
            v1::check(client, target, family, choice, &mut random).await
        },
        Family::Kit | Family::KitV1 => {
            let cases;
            (cases, not_run) = kit::check(client, target, family, choice, &mut random).await;
            cases
        },
        Family::License | Family::Saas | Family::OnlineLicense | Family::Order => {
            let mut reports = Vec::new();
            let cases = cases(family, started_at).into_iter();
            for case in cases.filter(|case| choice.takes(&case.name, case.expectation)) {
                reports.push(run(client, target, case, &mut random).await);
            }
            reports
        },
    };
    Report {
        family: family.into(),
        url: target.url.clone(),
        cases,
        not_run,
    }
}

fn cases(family: Family, now: DateTime<Utc>) -> Vec<Case> {
    let mut cases = scenes::cases(family, now);
    cases.extend(mistakes::cases(family, now));
    cases
}

async fn run(client: &Client, target: &Target, case: Case, random: &mut Random) -> CaseReport {
    let mut stamp = fresh(&case, random);
    if let Some(before) = &case.before {
        let call = sign(&target.url, &target.key, before, &case.style, &stamp);
        let exchange = client.send(&call).await;
        if let Some(failure) = &exchange.failure {
            let why = format!("the call before it: {failure}");
            return CaseReport::new(case.name, case.expectation, &exchange, Some(why));
        }
        let next = fresh(&case, random);
        stamp = match case.fault {
            Some(Fault::RepeatedNonce) => Stamp {
                nonce: stamp.nonce,
                ..next
            },
            _ => next,
        };
    }
    let exchange = client.send(&case.call(target, stamp)).await;
    let why = case.expectation.unmet_by(&exchange);
    CaseReport::new(case.name, case.expectation, &exchange, why)
}

fn fresh(case: &Case, random: &mut Random) -> Stamp {
    Stamp::fresh(real_now().timestamp_millis(), case.style.nonce, random)
}
