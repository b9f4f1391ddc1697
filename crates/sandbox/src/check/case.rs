//! One case of the debugging page: a call, the mistake in it, and the answers that are right.

use std::fmt;

use chrono::TimeDelta;
use secrecy::SecretString;

use super::Target;
use crate::body::Body;
use crate::client::{Exchange, Failure};
use crate::signer::{SignedCall, Stamp, Style, sign, sign_text};

/// A call to try.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: String,
    /// A call that is sent before, without a mistake, and must succeed.
    pub(super) before: Option<Body>,
    pub(super) body: Body,
    pub(super) style: Style,
    pub(super) fault: Option<Fault>,
    pub(super) expectation: Expectation,
}

/// A mistake in the signature or in the bytes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Signed with a key that is not the merchant's.
    WrongKey,
    /// The body was changed after signing.
    TamperedBody,
    /// Signed at another time than now.
    SignedAt(TimeDelta),
    /// The nonce of the call before, with another time and another body.
    RepeatedNonce,
    /// A parameter of the signature is absent.
    Without(&'static str),
    /// The timestamp is no number.
    TimestampInWords,
    /// The body, correctly signed, is not JSON.
    BrokenJson,
}

/// The answers that are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expectation {
    /// Success, with all that the answer must hold.
    Success,
    /// A readable answer with one of these result codes.
    OneOf(&'static [&'static str]),
    /// Anything but success, be it a status of HTTP or the end of the connection.
    Refusal,
}

impl Case {
    /// A case without a mistake.
    pub(super) fn good(name: impl Into<String>, body: Body) -> Self {
        Self {
            name: name.into(),
            before: None,
            body,
            style: Style::default(),
            fault: None,
            expectation: Expectation::Success,
        }
    }

    /// A case that must be answered with one of the codes.
    pub(super) fn bad(name: impl Into<String>, body: Body, codes: &'static [&'static str]) -> Self {
        Self {
            expectation: Expectation::OneOf(codes),
            ..Self::good(name, body)
        }
    }

    /// The case with a mistake in the signature or the bytes.
    pub(super) fn with_fault(self, fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..self
        }
    }

    /// Signs the call, and makes the mistake that the case is about.
    pub(super) fn call(&self, target: &Target, stamp: Stamp) -> SignedCall {
        let Self {
            name: _,
            before: _,
            body,
            style,
            fault,
            expectation: _,
        } = self;
        let signed = |key: &SecretString, stamp: &Stamp| sign(&target.url, key, body, style, stamp);
        let Some(fault) = *fault else {
            return signed(&target.key, &stamp);
        };
        match fault {
            Fault::WrongKey => signed(&SecretString::from("not-the-key-of-this-merchant"), &stamp),
            Fault::SignedAt(delta) => {
                let timestamp_ms = stamp.timestamp_ms + delta.num_milliseconds();
                signed(
                    &target.key,
                    &Stamp {
                        timestamp_ms,
                        ..stamp
                    },
                )
            },
            Fault::RepeatedNonce => signed(&target.key, &stamp),
            Fault::Without(name) => signed(&target.key, &stamp).without_parameter(name),
            Fault::TamperedBody => {
                let mut call = signed(&target.key, &stamp);
                call.body = body.clone().with("tamperedWith", "after signing").sorted();
                call
            },
            Fault::TimestampInWords => {
                let mut call = signed(&target.key, &stamp).without_parameter("timestamp");
                call.parameters.push(("timestamp", "now".to_owned()));
                call
            },
            Fault::BrokenJson => {
                let sorted = body.sorted();
                let broken = sorted.trim_end_matches('}');
                let activity = body.activity();
                let (url, key) = (&target.url, &target.key);
                sign_text(url, key, activity, broken.to_owned(), broken, style, &stamp)
            },
        }
    }
}

impl Expectation {
    /// Why the answer is not right; none when it is.
    pub(super) fn unmet_by(self, exchange: &Exchange) -> Option<String> {
        match self {
            Self::Success => exchange.failure.as_ref().map(ToString::to_string),
            Self::OneOf(codes) => match (&exchange.result_code, &exchange.failure) {
                (Some(code), _) if codes.contains(&code.as_str()) => None,
                (Some(code), _) => Some(format!("answered {code}")),
                (None, Some(failure)) => Some(failure.to_string()),
                (None, None) => Some(Failure::Missing("resultCode").to_string()),
            },
            Self::Refusal => match &exchange.failure {
                None => Some("answered success".to_owned()),
                Some(failure @ Failure::TooLate(_)) => Some(failure.to_string()),
                Some(_) => None,
            },
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::OneOf(codes) => f.write_str(&codes.join(" or ")),
            Self::Refusal => f.write_str("a refusal"),
        }
    }
}
