//! Signs calls of V1.0: `authToken`, and the query string that carries it.
//!
//! The marketplace's guide says: all parameters but the token, decoded, in ascending order of their
//! names, as `name=value` joined by `&`; the HMAC-SHA256 of that text under the access key followed
//! by `timeStamp`, in Base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::call::Call;

/// The spelling of a query string, within what decoding must bear with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spelling {
    /// As the marketplace's Java writes it: a blank is `+`, escapes are in upper case.
    #[default]
    Form,
    /// A blank is `%20`.
    PercentBlank,
    /// Escapes are in lower case: `%2b`.
    LowerCase,
}

/// What the token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signed {
    /// The decoded values, as the guide says.
    #[default]
    Decoded,
    /// The values as they stand in the query string: a mistake that must not verify.
    Encoded,
    /// The access key alone is the key, without `timeStamp`: another one.
    WithoutTimeStamp,
}

/// How a call is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Of the query string.
    pub spelling: Spelling,
    /// In the descending order of the names, and the token first.
    pub reversed: bool,
    /// At the first instant from which a token comes that holds both characters that a query
    /// string must escape: `+` and `/`.
    pub awkward_token: bool,
    /// What is signed.
    pub signed: Signed,
}

/// A call that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCall {
    /// The production address.
    pub address: String,
    /// All parameters, the token among them, in the order in which they are sent.
    pub parameters: Vec<(String, String)>,
    /// How they are written.
    pub spelling: Spelling,
    /// What the call is about, which decides what an answer must hold.
    pub activity: String,
}

impl SignedCall {
    /// The query string.
    pub fn query(&self) -> String {
        encoded(&self.parameters, self.spelling)
    }

    /// The address with its query string.
    pub fn url(&self) -> String {
        let separator = if self.address.contains('?') { '&' } else { '?' };
        format!("{}{separator}{}", self.address, self.query())
    }

    /// The call without one of its parameters.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(present, _)| present != name);
        self
    }

    /// The call with one more parameter, which the token does not cover.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A call as a query string, before it is stamped and signed.
pub(crate) fn query(call: &Call) -> String {
    encoded(call.parameters(), Spelling::default())
}

/// The marketplace's `timeStamp`: UTC, `yyyyMMddHHmmssSSS`.
pub fn time_stamp(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%d%H%M%S%3f").to_string()
}

/// Signs a call at an instant for a production address.
pub fn sign(
    address: &str,
    key: &SecretString,
    call: &Call,
    now: DateTime<Utc>,
    style: Style,
) -> SignedCall {
    let at = |now| stamped(key, call, now, style);
    let (mut parameters, token) = if style.awkward_token {
        let later = (0..TOKENS_TRIED).map(|step| at(now + TimeDelta::milliseconds(step)));
        let mut awkward = later.filter(|(_, token)| token.contains('+') && token.contains('/'));
        awkward.next().unwrap_or_else(|| at(now))
    } else {
        at(now)
    };
    parameters.push(("authToken".to_owned(), token));
    if style.reversed {
        parameters.reverse();
    }
    SignedCall {
        address: address.to_owned(),
        parameters,
        spelling: style.spelling,
        activity: call.activity().to_owned(),
    }
}

/// Every fourth token or so is awkward: among so many there is one.
const TOKENS_TRIED: i64 = 1000;

/// The parameters in ascending order, and their token.
fn stamped(
    key: &SecretString,
    call: &Call,
    now: DateTime<Utc>,
    style: Style,
) -> (Vec<(String, String)>, String) {
    let stamp = time_stamp(now);
    let call = call.clone().with("timeStamp", stamp.as_str());
    let mut parameters = call.parameters().to_vec();
    parameters.sort();
    let key = key.expose_secret();
    let token = match style.signed {
        Signed::Decoded => token(&format!("{key}{stamp}"), &joined(&parameters)),
        Signed::Encoded => token(
            &format!("{key}{stamp}"),
            &encoded(&parameters, style.spelling),
        ),
        Signed::WithoutTimeStamp => token(key, &joined(&parameters)),
    };
    (parameters, token)
}

fn joined(parameters: &[(String, String)]) -> String {
    let pairs = parameters.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn token(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn encoded(parameters: &[(String, String)], spelling: Spelling) -> String {
    let query = Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    match spelling {
        Spelling::Form => query,
        // A plus of the text itself is escaped: what stands there is a blank.
        Spelling::PercentBlank => query.replace('+', "%20"),
        Spelling::LowerCase => with_lower_case_escapes(&query),
    }
}

fn with_lower_case_escapes(query: &str) -> String {
    let mut pieces = query.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (digits, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        text + "%" + &digits.to_ascii_lowercase() + rest
    })
}

#[cfg(test)]
mod tests;
