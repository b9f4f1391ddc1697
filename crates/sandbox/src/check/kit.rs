//! The debugging page of the joint-operation kit, V2.0 and V1.0.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use secrecy::SecretString;

use super::case::Expectation;
use super::{CaseReport, Choice, Family, Target};
use crate::client::{Client, Exchange};
use crate::clock::real_now;
use crate::kit::call::Call;
use crate::kit::signer::{SignedCall, Style, sign, sign_text};
use crate::kit::{Interface, Version};
use crate::random::Random;
use crate::signer::{NonceStyle, Stamp};

mod fields;
mod mistakes;
mod sample;
mod scenes;
mod secrets;

use sample::Sample;

/// A call to try.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    /// Calls that are sent before, without a mistake, and must succeed.
    before: Vec<Call>,
    interface: Interface,
    version: Version,
    /// The body as it is sent.
    text: String,
    style: Style,
    nonce: NonceStyle,
    fault: Option<Fault>,
    expectation: Expectation,
}

/// What is peculiar to the sending of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Signed with a key that is not the merchant's.
    WrongKey,
    /// The body was changed after signing.
    TamperedBody,
    /// The last digit of `x-sign` is another.
    LastDigit,
    /// Signed wrongly, as [`Style`] says, or so that nobody can tell by whom.
    Missigned,
    /// Signed at another time than now.
    SignedAt(TimeDelta),
    /// A header is absent.
    Without(&'static str),
    /// The timestamp is no number.
    TimestampInWords,
    /// The nonce of the call before, with another time and another body.
    RepeatedNonce,
    /// The very same request, twice.
    SentTwice,
}

/// The cases to try, and names and expectations of those that cannot be tried.
#[derive(Debug)]
struct Plan {
    cases: Vec<Case>,
    not_run: Vec<(String, Expectation)>,
}

impl Case {
    /// A case without a mistake.
    fn good(name: impl Into<String>, call: Call) -> Self {
        let text = call.text();
        Self::of_text(name, (call.version, call.interface), text)
    }

    /// A case that must be answered with one of the codes.
    fn bad(name: impl Into<String>, call: Call, codes: &'static [&'static str]) -> Self {
        Self {
            expectation: Expectation::OneOf(codes),
            ..Self::good(name, call)
        }
    }

    /// A case without a mistake, whose body is written in a way of its own.
    fn of_text(
        name: impl Into<String>,
        (version, interface): (Version, Interface),
        text: String,
    ) -> Self {
        Self {
            name: name.into(),
            before: Vec::new(),
            interface,
            version,
            text,
            style: Style::default(),
            nonce: NonceStyle::Hex,
            fault: None,
            expectation: Expectation::Success,
        }
    }

    /// The case after other calls.
    fn after(self, before: Vec<Call>) -> Self {
        Self { before, ..self }
    }

    /// The case with something peculiar to its sending.
    fn with_fault(self, fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..self
        }
    }

    /// Signs the call, and makes the mistake that the case is about.
    fn signed(&self, target: &Target, stamp: &Stamp) -> SignedCall {
        let signed = |key: &SecretString, stamp: &Stamp| {
            let (to, text) = ((self.version, self.interface), self.text.clone());
            sign_text(&target.url, key, to, text, self.style, stamp)
        };
        let right = || signed(&target.key, stamp);
        match self.fault {
            None | Some(Fault::Missigned | Fault::RepeatedNonce | Fault::SentTwice) => right(),
            Some(Fault::WrongKey) => {
                signed(&SecretString::from("not-the-key-of-this-merchant"), stamp)
            },
            Some(Fault::TamperedBody) => {
                let call = right();
                let body = call.body.replacen('{', r#"{"addedAfter":"signing","#, 1);
                SignedCall { body, ..call }
            },
            Some(Fault::LastDigit) => {
                let call = right();
                let mut digits = call.header("x-sign").unwrap_or_default().to_owned();
                let other = if digits.pop() == Some('0') { '1' } else { '0' };
                digits.push(other);
                call.with_header("x-sign", digits)
            },
            Some(Fault::SignedAt(delta)) => {
                let timestamp_ms = stamp.timestamp_ms + delta.num_milliseconds();
                let stamp = Stamp {
                    timestamp_ms,
                    ..stamp.clone()
                };
                signed(&target.key, &stamp)
            },
            Some(Fault::Without(name)) => right().without_header(name),
            Some(Fault::TimestampInWords) => right().with_header("x-timestamp", "now"),
        }
    }

    /// Why the answer is not right; nothing when it is.
    fn unmet_by(&self, exchange: &Exchange) -> Option<String> {
        let of_body_sign = exchange
            .failure
            .as_ref()
            .filter(|failure| failure.is_of_body_sign());
        match of_body_sign {
            // A merchant cannot know which of its keys a call means that none has signed, nor read
            // what is too long.
            Some(failure) if self.fault.is_none() && self.expectation != Expectation::Refusal => {
                Some(failure.to_string())
            },
            _ => self.expectation.unmet_by(exchange),
        }
    }
}

/// Tries those cases of a family that are chosen, one after the other. Names those that were not
/// tried, too: they need the merchant's public key.
pub(super) async fn check(
    client: &Client,
    target: &Target,
    family: Family,
    choice: Choice<'_>,
    random: &mut Random,
) -> (Vec<CaseReport>, Vec<String>) {
    let sample = Sample::new(version(family), real_now(), target.public_key.as_ref());
    let Plan { cases, not_run } = plan(&sample);
    let mut reports = Vec::new();
    for case in cases {
        if choice.takes(&case.name, case.expectation) {
            reports.push(run(client, target, &case, random).await);
        }
    }
    let not_run = not_run
        .into_iter()
        .filter(|(name, expectation)| choice.takes(name, *expectation))
        .map(|(name, _)| name);
    (reports, not_run.collect())
}

/// The names of the scenes that a merchant must accept as tests, and that need no public key.
pub(super) fn names_of_scenes(family: Family) -> BTreeSet<String> {
    let sample = Sample::new(version(family), real_now(), None);
    names_of_accepted_tests(&sample, scenes::scenes(&sample))
}

/// The names of the cases that a merchant must accept as tests, and that need no public key.
pub(super) fn names_of_accepted(family: Family) -> BTreeSet<String> {
    let sample = Sample::new(version(family), real_now(), None);
    names_of_accepted_tests(&sample, plan(&sample).cases)
}

fn names_of_accepted_tests(sample: &Sample<'_>, cases: Vec<Case>) -> BTreeSet<String> {
    let names = |cases: Vec<Case>| -> BTreeSet<String> {
        let accepted = cases
            .into_iter()
            .filter(|case| case.expectation == Expectation::Success);
        accepted.map(|case| case.name).collect()
    };
    let real = names(scenes::real_calls(sample));
    names(cases).difference(&real).cloned().collect()
}

fn version(family: Family) -> Version {
    match family {
        Family::KitV1 => Version::V1,
        Family::Kit
        | Family::License
        | Family::Saas
        | Family::OnlineLicense
        | Family::Order
        | Family::SaasV1
        | Family::LicenseV1 => Version::V2,
    }
}

fn plan(sample: &Sample<'_>) -> Plan {
    let mut plan = Plan {
        cases: scenes::scenes(sample),
        not_run: Vec::new(),
    };
    secrets::plan(sample, &mut plan);
    plan.cases.extend(scenes::spellings(sample));
    plan.cases.extend(mistakes::cases(sample));
    plan.cases.extend(fields::cases(sample));
    plan
}

async fn run(client: &Client, target: &Target, case: &Case, random: &mut Random) -> CaseReport {
    let report = |exchange: &Exchange, why| {
        CaseReport::new(case.name.clone(), case.expectation, exchange, why)
    };
    let mut fresh = || Stamp::fresh(real_now().timestamp_millis(), case.nonce, random);
    let mut stamp = fresh();
    for call in &case.before {
        let call = sign(&target.url, &target.key, call, Style::default(), &stamp);
        let exchange = client.tell(&call, &target.key).await;
        if let Some(failure) = &exchange.failure {
            let why = format!("a call before it: {failure}");
            return report(&exchange, Some(why));
        }
        let next = fresh();
        stamp = match case.fault {
            Some(Fault::RepeatedNonce) => Stamp {
                nonce: stamp.nonce,
                ..next
            },
            _ => next,
        };
    }
    let call = case.signed(target, &stamp);
    let exchange = client.tell(&call, &target.key).await;
    let why = case.unmet_by(&exchange);
    if why.is_some() || case.fault != Some(Fault::SentTwice) {
        return report(&exchange, why);
    }
    let again = client.tell(&call, &target.key).await;
    let why = (again.answer != exchange.answer).then(|| {
        let answer = |exchange: &Exchange| exchange.answer.clone().unwrap_or_default();
        format!("first `{}`, then `{}`", answer(&exchange), answer(&again))
    });
    report(&again, why)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Family, names_of_accepted, names_of_scenes, plan, sample::Sample, version};
    use crate::clock::real_now;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        for family in [Family::Kit, Family::KitV1] {
            let plan = plan(&Sample::new(version(family), real_now(), None));
            let cases = plan.cases.into_iter().map(|case| case.name);
            let names: Vec<_> = cases
                .chain(plan.not_run.into_iter().map(|(name, _)| name))
                .collect();
            let distinct: BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
        }
    }

    #[test]
    fn scenes_are_among_the_cases_to_accept() {
        for family in [Family::Kit, Family::KitV1] {
            let (scenes, accepted) = (names_of_scenes(family), names_of_accepted(family));
            assert!(scenes.is_subset(&accepted));
            assert!(scenes.iter().all(|name| !name.starts_with("a real ")));
        }
    }
}
