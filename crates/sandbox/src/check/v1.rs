//! The debugging page of V1.0: every scene and every mistake of SaaS V1.0 and License 1.0.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::case::Expectation;
use super::{CaseReport, Choice, Family, Target};
use crate::client::{Client, Exchange};
use crate::clock::real_now;
use crate::random::Random;
use crate::v1::call::Call;
use crate::v1::signer::{SignedCall, Style, sign};

mod mistakes;
mod scenes;

/// A call to try.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    /// A call of the same order that is sent before, without a mistake, and must succeed.
    before: Option<Call>,
    call: Call,
    style: Style,
    fault: Option<Fault>,
    expectation: Expectation,
}

/// A mistake in the query string, after it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Signed with a key that is not the merchant's.
    WrongKey,
    /// A parameter is absent.
    Without(&'static str),
    /// A parameter was changed.
    Changed(&'static str),
    /// A parameter was added.
    Added,
    /// Signed wrongly, as [`Style`] says.
    Missigned,
}

impl Case {
    /// A case without a mistake.
    fn good(name: impl Into<String>, call: Call) -> Self {
        Self {
            name: name.into(),
            before: None,
            call,
            style: Style::default(),
            fault: None,
            expectation: Expectation::Success,
        }
    }

    /// A case that must be answered with one of the codes.
    fn bad(name: impl Into<String>, call: Call, codes: &'static [&'static str]) -> Self {
        Self {
            expectation: Expectation::OneOf(codes),
            ..Self::good(name, call)
        }
    }

    /// Signs the call, and makes the mistake that the case is about.
    fn signed(&self, target: &Target, now: DateTime<Utc>) -> SignedCall {
        let Self {
            name: _,
            before: _,
            call,
            style,
            fault,
            expectation: _,
        } = self;
        let signed = |key: &SecretString| sign(&target.url, key, call, now, *style);
        match *fault {
            None | Some(Fault::Missigned) => signed(&target.key),
            Some(Fault::WrongKey) => signed(&SecretString::from("not-the-key-of-this-merchant")),
            Some(Fault::Without(name)) => signed(&target.key).without(name),
            Some(Fault::Changed(name)) => signed(&target.key)
                .without(name)
                .with(name, "changed-after-signing"),
            Some(Fault::Added) => signed(&target.key).with("addedAfter", "signing"),
        }
    }

    /// Why the answer is not right; nothing when it is.
    fn unmet_by(&self, exchange: &Exchange) -> Option<String> {
        let of_body_sign = exchange
            .failure
            .as_ref()
            .filter(|failure| failure.is_of_body_sign());
        match of_body_sign {
            // A merchant cannot know which of its keys a call means that none has signed.
            Some(failure) if self.fault.is_none() => Some(failure.to_string()),
            _ => self.expectation.unmet_by(exchange),
        }
    }
}

/// The names of a family's scenes.
pub(super) fn names_of_scenes(family: Family) -> BTreeSet<String> {
    let scenes = scenes::scenes(family, &no_key(), real_now(), &mut Random::new(0));
    scenes.into_iter().map(|(name, _)| name).collect()
}

/// The names of a family's cases that a merchant must accept.
pub(super) fn names_of_accepted(family: Family) -> BTreeSet<String> {
    let cases = scenes::cases(family, &no_key(), real_now(), &mut Random::new(0));
    cases.into_iter().map(|case| case.name).collect()
}

/// Stands in where only names are asked for, in which no key has a part.
fn no_key() -> SecretString {
    SecretString::from(String::new())
}

/// Tries the chosen cases of a family, one after the other.
pub(super) async fn check(
    client: &Client,
    target: &Target,
    family: Family,
    choice: Choice<'_>,
    random: &mut Random,
) -> Vec<CaseReport> {
    let mut reports = Vec::new();
    let now = real_now();
    let mut cases = scenes::cases(family, &target.key, now, random);
    cases.extend(mistakes::cases(family, &target.key, now, random));
    for case in cases
        .into_iter()
        .filter(|case| choice.takes(&case.name, case.expectation))
    {
        reports.push(run(client, target, &case).await);
    }
    reports
}

async fn run(client: &Client, target: &Target, case: &Case) -> CaseReport {
    let report = |exchange: &Exchange, why| {
        CaseReport::new(case.name.clone(), case.expectation, exchange, why)
    };
    let send = async |call: &SignedCall| client.get(call, &target.key).await;
    let mut before = None;
    if let Some(call) = &case.before {
        let call = sign(&target.url, &target.key, call, real_now(), Style::default());
        let exchange = send(&call).await;
        if let Some(failure) = &exchange.failure {
            let why = format!("the call before it: {failure}");
            return report(&exchange, Some(why));
        }
        before = Some(exchange);
    }
    let exchange = send(&case.signed(target, real_now())).await;
    let why = case.unmet_by(&exchange);
    let why = why.or_else(|| differing(&before?, &exchange));
    report(&exchange, why)
}

/// How a repeated purchase gives something else than the first one gave; nothing when it does not.
fn differing(before: &Exchange, after: &Exchange) -> Option<String> {
    ["instanceId", "license"].into_iter().find_map(|name| {
        let (before, after) = (before.member(name)?, after.member(name)?);
        (before != after)
            .then(|| format!("`{name}` is `{after}`, and was `{before}` when the order came first"))
    })
}
