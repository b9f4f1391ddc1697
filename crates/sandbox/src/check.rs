//! The debugging page: every scene and every mistake, tried against a production address.
//!
//! Calls that a merchant must accept carry `testFlag=1`. The few that do not are about made-up
//! codes and instances, so that they cannot touch what a customer has bought.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;

use crate::client::Client;
use crate::clock::real_now;
use crate::random::Random;
use crate::signer::{Stamp, sign};

mod case;
mod junit;
mod mistakes;
mod report;
mod scenes;
mod v1;

use case::{Case, Fault};

pub use junit::Junit;
pub use report::{CaseReport, Outcome, Report};

/// What an address offers, each family with its own activities and its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// License authorization codes, License 2.0.
    License,
    /// Instances, SaaS V2.0.
    Saas,
    /// Order notification.
    Order,
    /// Instances, SaaS V1.0.
    SaasV1,
    /// Licenses that the merchant makes, License 1.0.
    LicenseV1,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] = [
        Self::License,
        Self::Saas,
        Self::Order,
        Self::SaasV1,
        Self::LicenseV1,
    ];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Saas => "saas",
            Self::Order => "order",
            Self::SaasV1 => "saas-v1",
            Self::LicenseV1 => "license-v1",
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
#[error("a family is one of license, saas, order, saas-v1, license-v1")]
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
}

/// Tries every case of a family, one after the other, and reports on each.
pub async fn check(client: &Client, target: &Target, family: Family) -> Report {
    let started_at = real_now();
    let mut random = Random::new(started_at.timestamp_micros().unsigned_abs());
    let cases = match family {
        Family::SaasV1 | Family::LicenseV1 => v1::check(client, target, family, &mut random).await,
        Family::License | Family::Saas | Family::Order => {
            let mut reports = Vec::new();
            for case in cases(family, started_at) {
                reports.push(run(client, target, case, &mut random).await);
            }
            reports
        },
    };
    Report {
        family,
        url: target.url.clone(),
        cases,
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
