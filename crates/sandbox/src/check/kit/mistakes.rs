//! Calls whose proof or whose form is wrong, each with the result codes that are right.

use chrono::TimeDelta;

use super::sample::Sample;
use super::{Case, Expectation, Fault};
use crate::kit::call::Call;
use crate::kit::signer::{Payload, Style, TokenKey};
use crate::kit::{Flag, Version};

const UNAUTHENTICATED: &[&str] = &["000001"];
const INVALID: &[&str] = &["000002"];

/// Without the time there is no key, so that either code says what is wrong.
const UNSTAMPED: &[&str] = &["000001", "000002"];

/// A merchant that verifies the canonical form only cannot tell a broken body from a forged one.
const BROKEN: &[&str] = &["000002", "000001"];

/// More bytes than any list of the kit has.
const BODY_BYTES: usize = 2 * 1024 * 1024;

/// Every mistake that is the same on all interfaces, made on the first of them.
pub(super) fn cases(sample: &Sample<'_>) -> Vec<Case> {
    let call = sample.tenant(Flag::Create);
    let mut cases = match sample.version() {
        Version::V1 => tokens(&call),
        Version::V2 => signatures(&call),
    };
    let to = (call.version, call.interface);
    let broken = call.text().trim_end_matches('}').to_owned();
    for (name, text) in [
        ("a body that is not JSON", broken),
        ("a body that is an array", format!("[{}]", call.text())),
        ("no body", String::new()),
    ] {
        let case = Case {
            expectation: Expectation::OneOf(BROKEN),
            ..Case::of_text(name, to, text)
        };
        cases.push(case.with_fault(Fault::Missigned));
    }
    let long = call.with("sandboxNote", "x".repeat(BODY_BYTES));
    cases.push(Case {
        expectation: Expectation::Refusal,
        ..Case::good("a body of more than 2 MiB", long)
    });
    cases
}

fn signatures(call: &Call) -> Vec<Case> {
    let refused = |name: &str, codes, fault| Case::bad(name, call.clone(), codes).with_fault(fault);
    let at = |seconds| Fault::SignedAt(TimeDelta::seconds(seconds));
    let good = |name: &str, fault| Case::good(name, call.clone()).with_fault(fault);
    let another_body = call.clone().with("name", "Another Example");
    let as_an_order = Style {
        payload: Payload::Digest,
        ..Style::default()
    };
    vec![
        refused("signed with another key", UNAUTHENTICATED, Fault::WrongKey),
        refused(
            "the last digit of x-sign is another",
            UNAUTHENTICATED,
            Fault::LastDigit,
        ),
        refused(
            "changed after signing",
            UNAUTHENTICATED,
            Fault::TamperedBody,
        ),
        Case {
            style: as_an_order,
            ..refused(
                "the signature of the order interfaces",
                UNAUTHENTICATED,
                Fault::Missigned,
            )
        },
        good("signed 55 s ago", at(-55)),
        good("signed 55 s in the future", at(55)),
        refused("signed 61 s ago", INVALID, at(-61)),
        refused("signed 61 s in the future", INVALID, at(61)),
        Case::bad(
            "a nonce for the second time, with another body",
            another_body,
            UNAUTHENTICATED,
        )
        .after(vec![call.clone()])
        .with_fault(Fault::RepeatedNonce),
        refused("no x-sign", UNAUTHENTICATED, Fault::Without("x-sign")),
        refused("no x-nonce", INVALID, Fault::Without("x-nonce")),
        refused("no x-timestamp", INVALID, Fault::Without("x-timestamp")),
        refused(
            "an x-timestamp that is no number",
            INVALID,
            Fault::TimestampInWords,
        ),
    ]
}

fn tokens(call: &Call) -> Vec<Case> {
    let refused = |name: &str, codes, fault| Case::bad(name, call.clone(), codes).with_fault(fault);
    let unstamped = Style {
        token_key: TokenKey::WithoutTimeStamp,
        ..Style::default()
    };
    vec![
        refused("signed with another key", UNAUTHENTICATED, Fault::WrongKey),
        refused(
            "changed after signing",
            UNAUTHENTICATED,
            Fault::TamperedBody,
        ),
        refused("no authToken", UNAUTHENTICATED, Fault::Without("authToken")),
        Case {
            style: unstamped,
            ..refused(
                "the access key alone as the key of the token",
                UNAUTHENTICATED,
                Fault::Missigned,
            )
        },
        Case::bad("no timeStamp", call.clone().without("timeStamp"), UNSTAMPED)
            .with_fault(Fault::Missigned),
    ]
}
