//! Signs calls to a merchant's production address, as the marketplace does since its V2.0.
//!
//! The marketplace's License 2.0 guide says: the body's HMAC-SHA256 in lower-case hex, appended to
//! access key, nonce and timestamp, and the HMAC-SHA256 of that text; both under the access key.

use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::body::Body;
use crate::random::Random;

/// The spelling of the signature's hexadecimal digits; both occur in the marketplace's examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HexCase {
    /// `0-9a-f`.
    #[default]
    Lower,
    /// `0-9A-F`.
    Upper,
}

/// The shape of a nonce; all three occur in the marketplace's examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NonceStyle {
    /// 16 letters and digits.
    #[default]
    Short,
    /// 32 letters and digits.
    Long,
    /// 64 upper-case hexadecimal digits.
    Hex,
}

/// The order of the body's members on the wire and under the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyOrder {
    /// Sent in ascending order, which is also what is signed.
    #[default]
    Sorted,
    /// Sent in descending order, signed over the bytes as they are sent.
    ReversedSignedAsSent,
    /// Sent in descending order, signed over the ascending form.
    ReversedSignedSorted,
}

/// What the inner digest is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inner {
    /// HMAC-SHA256 under the access key, as the guide says.
    #[default]
    Hmac,
    /// A plain SHA-256: a mistake that is seen in public code and must not verify.
    PlainSha256,
}

/// How a call is written down, within what the marketplace's documents leave open.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// Digits of the signature.
    pub hex: HexCase,
    /// Shape of the nonce.
    pub nonce: NonceStyle,
    /// Order of the members.
    pub order: BodyOrder,
    /// Adds a member that no document names.
    pub unknown_member: bool,
    /// The `Content-Type`; `application/json;charset=utf8` when none is given.
    pub content_type: Option<&'static str>,
    /// The inner digest.
    pub inner: Inner,
}

/// When a call is signed, and its once-only value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Unix time in milliseconds.
    pub timestamp_ms: i64,
    /// The nonce.
    pub nonce: String,
}

impl Stamp {
    /// A stamp with a new nonce.
    pub fn fresh(timestamp_ms: i64, style: NonceStyle, random: &mut Random) -> Self {
        let nonce = match style {
            NonceStyle::Short => random.text(ALPHANUMERICS, 16),
            NonceStyle::Long => random.text(ALPHANUMERICS, 32),
            NonceStyle::Hex => random.text(b"0123456789ABCDEF", 64),
        };
        Self {
            timestamp_ms,
            nonce,
        }
    }
}

pub(crate) const ALPHANUMERICS: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A call that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCall {
    /// The production address, without the parameters of the signature.
    pub address: String,
    /// The parameters that the marketplace adds to the address.
    pub parameters: Vec<(&'static str, String)>,
    /// The body as it is sent.
    pub body: String,
    /// Headers by name.
    pub headers: Vec<(&'static str, String)>,
    /// The activity that the body names, which decides what an answer must hold.
    pub activity: String,
}

impl SignedCall {
    /// The address with its parameters.
    pub fn url(&self) -> String {
        let separator = if self.address.contains('?') { '&' } else { '?' };
        let query = Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .finish();
        format!("{}{separator}{query}", self.address)
    }

    /// The call without one of its signature parameters.
    #[must_use]
    pub fn without_parameter(mut self, name: &str) -> Self {
        self.parameters.retain(|(present, _)| *present != name);
        self
    }

    /// The call as a curl command line, as the debugging page prints it.
    pub fn curl(&self) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("-H '{name}: {value}'"))
            .collect();
        let body = self.body.replace('\'', r"'\''");
        format!(
            "curl -X POST '{}' {} -d '{body}'",
            self.url(),
            headers.join(" ")
        )
    }
}

/// Signs a body for a production address.
pub fn sign(
    address: &str,
    key: &SecretString,
    body: &Body,
    style: &Style,
    stamp: &Stamp,
) -> SignedCall {
    let mut body = body.clone();
    if style.unknown_member {
        body = body.with("sandboxNote", "a member that no document names");
    }
    let (sent, signed) = match style.order {
        BodyOrder::Sorted => (body.sorted(), body.sorted()),
        BodyOrder::ReversedSignedAsSent => (body.reversed(), body.reversed()),
        BodyOrder::ReversedSignedSorted => (body.reversed(), body.sorted()),
    };
    sign_text(address, key, body.activity(), sent, &signed, style, stamp)
}

/// Signs `signed` and sends `sent`: they differ where a call is meant to be wrong or unsorted.
pub fn sign_text(
    address: &str,
    key: &SecretString,
    activity: &str,
    sent: String,
    signed: &str,
    style: &Style,
    stamp: &Stamp,
) -> SignedCall {
    let mut digits = signature(key, stamp, signed.as_bytes(), style.inner);
    if style.hex == HexCase::Upper {
        digits.make_ascii_uppercase();
    }
    let content_type = style
        .content_type
        .unwrap_or("application/json;charset=utf8");
    SignedCall {
        address: address.to_owned(),
        parameters: vec![
            ("signature", digits),
            ("timestamp", stamp.timestamp_ms.to_string()),
            ("nonce", stamp.nonce.clone()),
        ],
        body: sent,
        headers: vec![
            ("Accept", "application/json".to_owned()),
            ("Content-Type", content_type.to_owned()),
        ],
        activity: activity.to_owned(),
    }
}

/// The signature of a payload, in lower-case hexadecimal digits.
pub fn signature(key: &SecretString, stamp: &Stamp, payload: &[u8], inner: Inner) -> String {
    let key = key.expose_secret();
    let digest = match inner {
        Inner::Hmac => hmac_sha256(key, payload),
        Inner::PlainSha256 => hex::encode(Sha256::digest(payload)),
    };
    let canonical = format!("{key}{}{}{digest}", stamp.nonce, stamp.timestamp_ms);
    hmac_sha256(key, canonical.as_bytes())
}

fn hmac_sha256(key: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests;
