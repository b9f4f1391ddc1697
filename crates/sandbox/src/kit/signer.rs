//! Signs calls of the kit: `x-sign` of V2.0, in headers, and `authToken` of V1.0, in one.
//!
//! The marketplace's guide says of V2.0: the HMAC-SHA256, in hexadecimal, of access key, nonce,
//! timestamp and sorted body. The order interfaces put a digest in the place of the body, which is
//! another signature. Of V1.0: the HMAC-SHA256 under access key and `timeStamp`, in Base64, of all
//! members that are not blank, in ascending order of their names, as `name=value` joined by `&`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::call::Call;
use super::canonical::canonical;
use super::{Interface, Version};
use crate::signer::{self, HexCase, Inner, Stamp};

/// What is signed in the place of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payload {
    /// Its canonical form; of what is no JSON object, the bytes.
    #[default]
    Canonical,
    /// Its bytes as they are sent.
    AsSent,
    /// The digest of its canonical form, as the order interfaces do: a mistake that must not verify.
    Digest,
}

/// What the token of V1.0 is keyed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenKey {
    /// The access key and `timeStamp`.
    #[default]
    Stamped,
    /// The access key alone: a mistake that must not verify.
    WithoutTimeStamp,
}

/// How a call is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Digits of `x-sign`.
    pub hex: HexCase,
    /// What `x-sign` covers.
    pub payload: Payload,
    /// The key of `authToken`.
    pub token_key: TokenKey,
}

/// A call that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCall {
    /// The whole address.
    pub url: String,
    /// In which version.
    pub version: Version,
    /// On which interface.
    pub interface: Interface,
    /// Headers by name.
    pub headers: Vec<(&'static str, String)>,
    /// The body as it is sent.
    pub body: String,
}

impl SignedCall {
    /// The call without one of its headers.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(present, _)| *present != name);
        self
    }

    /// The call with another value of one of its headers.
    #[must_use]
    pub fn with_header(self, name: &'static str, value: impl Into<String>) -> Self {
        let mut call = self.without_header(name);
        call.headers.push((name, value.into()));
        call
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(present, _)| *present == name)?;
        Some(value)
    }
}

/// Signs a call for a production address. The stamp is part of V2.0 only.
pub fn sign(
    production_address: &str,
    key: &SecretString,
    call: &Call,
    style: Style,
    stamp: &Stamp,
) -> SignedCall {
    let to = (call.version, call.interface);
    sign_text(production_address, key, to, call.text(), style, stamp)
}

/// Signs any text as the body of a call on an interface.
pub fn sign_text(
    production_address: &str,
    key: &SecretString,
    (version, interface): (Version, Interface),
    text: String,
    style: Style,
    stamp: &Stamp,
) -> SignedCall {
    let proof = match version {
        Version::V1 => {
            // What is no JSON has no token: anything stands for it.
            let token = auth_token(key, &text, style.token_key);
            vec![("authToken", token.unwrap_or_else(|| "none".to_owned()))]
        },
        Version::V2 => vec![
            ("x-sign", x_sign(key, stamp, &text, style)),
            ("x-timestamp", stamp.timestamp_ms.to_string()),
            ("x-nonce", stamp.nonce.clone()),
        ],
    };
    let content_type = ("Content-Type", "application/json;charset=utf8".to_owned());
    SignedCall {
        url: interface.address(version, production_address),
        version,
        interface,
        headers: [vec![content_type], proof].concat(),
        body: text,
    }
}

/// The signature of a body in V2.0, in hexadecimal.
pub fn x_sign(key: &SecretString, stamp: &Stamp, body: &str, style: Style) -> String {
    let payload = match style.payload {
        Payload::AsSent => None,
        Payload::Canonical | Payload::Digest => canonical(body),
    };
    let payload = payload.as_deref().unwrap_or(body);
    let mut digits = if style.payload == Payload::Digest {
        signer::signature(key, stamp, payload.as_bytes(), Inner::Hmac)
    } else {
        let key = key.expose_secret();
        let message = format!("{key}{}{}{payload}", stamp.nonce, stamp.timestamp_ms);
        hex::encode(hmac_sha256(key, &message))
    };
    if style.hex == HexCase::Upper {
        digits.make_ascii_uppercase();
    }
    digits
}

/// The token of a body in V1.0, in Base64; nothing if the body is no JSON object.
pub fn auth_token(key: &SecretString, body: &str, token_key: TokenKey) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(body).ok()?;
    let values: Vec<(&String, String)> = members
        .iter()
        .map(|(name, value)| (name, text_of(value)))
        .filter(|(_, text)| !text.trim().is_empty())
        .collect();
    let time_stamp = values.iter().find(|(name, _)| *name == "timeStamp");
    let time_stamp = time_stamp.map_or("", |(_, text)| text.as_str());
    let key = match token_key {
        TokenKey::Stamped => format!("{}{time_stamp}", key.expose_secret()),
        TokenKey::WithoutTimeStamp => key.expose_secret().to_owned(),
    };
    let pairs = values.iter();
    let pairs: Vec<_> = pairs.map(|(name, text)| format!("{name}={text}")).collect();
    Some(STANDARD.encode(hmac_sha256(&key, &pairs.join("&"))))
}

/// What a string says, how anything else is written, and nothing of null.
fn text_of(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        json => serde_json::from_str(json).unwrap_or_else(|_no_string| json.to_owned()),
    }
}

fn hmac_sha256(key: &str, message: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
