//! The signature of the marketplace's calls: SaaS V2.0, License 2.0 and order notifications.
//!
//! ```text
//! inner     = lower(hex(HMAC-SHA256(key, payload)))
//! signature = hex(HMAC-SHA256(key, key ‖ nonce ‖ timestamp ‖ inner))
//! ```
//!
//! The guides leave open whether the payload is the body as sent or its canonical form; a call is
//! good under either reading, and the bytes as sent are tried first.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::canonical::canonical_form;
use crate::key::{AccessKey, KeyRing};
use crate::rejection::Rejection;

/// The most characters of a nonce. The longest in the guides has 64.
pub const NONCE_CHARACTERS_MAX: usize = 128;

/// What the marketplace adds to the query of a signed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureParameters {
    /// 64 hexadecimal digits of either case, if it is well formed.
    pub signature: String,
    /// The time of the call, exactly as it was sent: the text is signed, not the number.
    pub timestamp: String,
    /// A text that is used once.
    pub nonce: String,
}

/// Which bytes a signature was made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// The body as it was sent.
    RawBytes,
    /// The [canonical form](crate::canonical) of the body.
    Canonical,
}

impl Reading {
    /// The name under which the reading is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::RawBytes => "raw_bytes",
            Self::Canonical => "canonical",
        }
    }
}

impl SignatureParameters {
    /// Reads the parameters from a query string as it was sent, without its question mark.
    ///
    /// Names and values are decoded once; of a repeated name the first value counts, and unknown
    /// names are ignored. If several parameters are at fault, the timestamp is named before the
    /// nonce, and the nonce before the signature.
    pub fn parse(query: &str) -> Result<Self, Rejection> {
        let received = ReceivedParameters::read(query);
        received.timestamp()?;
        received.complete()
    }
}

/// The parameters as far as the query has them, so that a caller can look at the timestamp's age
/// before it asks for the rest.
#[derive(Debug, Default)]
pub(crate) struct ReceivedParameters {
    signature: Option<String>,
    timestamp: Option<String>,
    nonce: Option<String>,
}

impl ReceivedParameters {
    pub(crate) fn read(query: &str) -> Self {
        let mut received = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "signature" => &mut received.signature,
                "timestamp" => &mut received.timestamp,
                "nonce" => &mut received.nonce,
                _ => continue,
            };
            if place.is_none() {
                *place = Some(value.into_owned());
            }
        }
        received
    }

    pub(crate) fn timestamp(&self) -> Result<&str, Rejection> {
        self.timestamp.as_deref().ok_or(Rejection::MissingTimestamp)
    }

    pub(crate) fn complete(self) -> Result<SignatureParameters, Rejection> {
        let present = |text: &String| !text.is_empty();
        let timestamp = self.timestamp.ok_or(Rejection::MissingTimestamp)?;
        let nonce = self.nonce.filter(present).ok_or(Rejection::MissingNonce)?;
        if nonce.chars().count() > NONCE_CHARACTERS_MAX {
            return Err(Rejection::MalformedNonce);
        }
        let signature = self
            .signature
            .filter(present)
            .ok_or(Rejection::MissingSignature)?;
        Ok(SignatureParameters {
            signature,
            timestamp,
            nonce,
        })
    }
}

/// Signs a payload: 64 lower-case hexadecimal digits.
pub fn sign(key: &AccessKey, nonce: &str, timestamp: &str, payload: &[u8]) -> String {
    hex::encode(code(key, nonce, timestamp, payload).finalize().as_bytes())
}

/// Looks for a key of the ring that made the signature, over the body as sent and then over its
/// canonical form. Digits are compared without regard to case, and in constant time.
pub fn verify(ring: &KeyRing, parameters: &SignatureParameters, body: &[u8]) -> Option<Reading> {
    let mut signature = [0; 32];
    hex::decode_to_slice(&parameters.signature, &mut signature).ok()?;
    if ring.is_empty() {
        return None;
    }
    let made_over = |payload: &[u8]| {
        ring.iter().any(|key| {
            code(key, &parameters.nonce, &parameters.timestamp, payload)
                .verify_slice(&signature)
                .is_ok()
        })
    };
    if made_over(body) {
        return Some(Reading::RawBytes);
    }
    let canonical = canonical_form(body)?;
    (canonical != body && made_over(&canonical)).then_some(Reading::Canonical)
}

/// The outer code, ready to be finished. The text it covers contains the key, so it is fed in
/// piece by piece.
fn code(key: &AccessKey, nonce: &str, timestamp: &str, payload: &[u8]) -> Hmac<Sha256> {
    let inner = keyed(key.bytes()).chain_update(payload).finalize();
    keyed(key.bytes())
        .chain_update(key.bytes())
        .chain_update(nonce)
        .chain_update(timestamp)
        .chain_update(hex::encode(inner.as_bytes()))
}

pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUERY: &str = "nonce=n&timestamp=1&signature=s";

    #[test]
    fn parameters_are_decoded_once_and_the_first_value_counts() {
        let parameters = SignatureParameters::parse(
            "x=1&nonce=a%2Bb%2541+c&nonce=second&timestamp=1666677988730&signature=AB&signature=CD",
        );
        assert_eq!(
            parameters,
            Ok(SignatureParameters {
                signature: "AB".to_owned(),
                timestamp: "1666677988730".to_owned(),
                nonce: "a+b%41 c".to_owned(),
            })
        );
    }

    #[test]
    fn the_first_missing_parameter_is_named() {
        let parse = SignatureParameters::parse;
        assert_eq!(parse("").unwrap_err(), Rejection::MissingTimestamp);
        assert_eq!(
            parse("nonce=n&signature=s").unwrap_err(),
            Rejection::MissingTimestamp
        );
        assert_eq!(parse("timestamp=1").unwrap_err(), Rejection::MissingNonce);
        assert_eq!(
            parse("timestamp=1&nonce=&signature=s").unwrap_err(),
            Rejection::MissingNonce
        );
        assert_eq!(
            parse("timestamp=1&nonce=n").unwrap_err(),
            Rejection::MissingSignature
        );
        assert_eq!(
            parse("timestamp=1&nonce=n&signature=").unwrap_err(),
            Rejection::MissingSignature
        );
        assert!(parse(QUERY).is_ok());
    }

    #[test]
    fn a_nonce_is_bounded() {
        let parse = |length| {
            SignatureParameters::parse(
                &format!("{QUERY}&x=1")
                    .replace("nonce=n", &format!("nonce={}", "n".repeat(length))),
            )
        };
        assert!(parse(NONCE_CHARACTERS_MAX).is_ok());
        assert_eq!(parse(129).unwrap_err(), Rejection::MalformedNonce);
    }

    fn key(text: &str) -> AccessKey {
        AccessKey::new(text.to_owned())
    }

    #[test]
    fn every_key_of_a_ring_verifies_and_an_empty_ring_does_not() {
        let parameters = SignatureParameters {
            signature: sign(&key("old"), "n", "1", b"{}"),
            timestamp: "1".to_owned(),
            nonce: "n".to_owned(),
        };
        let verdict = |keys: &[&str]| {
            let ring = KeyRing::new(keys.iter().map(|text| key(text)).collect());
            verify(&ring, &parameters, b"{}")
        };
        assert_eq!(verdict(&["new", "old"]), Some(Reading::RawBytes));
        assert_eq!(verdict(&["new"]), None);
        assert_eq!(verdict(&[]), None);
    }

    #[test]
    fn a_signature_that_is_not_64_digits_is_wrong() {
        let ring = KeyRing::new(vec![key("k")]);
        for signature in [
            "",
            "00",
            &"0".repeat(63),
            &"0".repeat(66),
            &"g".repeat(64),
            &"码".repeat(64),
        ] {
            let parameters = SignatureParameters {
                signature: signature.to_owned(),
                timestamp: "1".to_owned(),
                nonce: "n".to_owned(),
            };
            assert_eq!(verify(&ring, &parameters, b"{}"), None);
        }
    }

    fn flip(bytes: &mut [u8], bit: prop::sample::Index) {
        let bit = bit.index(bytes.len().saturating_mul(8));
        if let Some(byte) = bytes.get_mut(bit.wrapping_div(8)) {
            *byte ^= 1_u8.rotate_left(u32::try_from(bit & 7).unwrap());
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_a_flipped_bit_does_not(
            text in ".{1,40}",
            nonce in "[A-Za-z0-9]{1,64}",
            timestamp in "[0-9]{10,13}",
            body in prop::collection::vec(any::<u8>(), 1..200),
            bit in any::<prop::sample::Index>(),
        ) {
            let ring = KeyRing::new(vec![key(&text)]);
            let signature = sign(&key(&text), &nonce, &timestamp, &body);
            let parameters = SignatureParameters { signature, timestamp, nonce };
            prop_assert_eq!(verify(&ring, &parameters, &body), Some(Reading::RawBytes));

            let mut upper = parameters.clone();
            upper.signature.make_ascii_uppercase();
            prop_assert_eq!(verify(&ring, &upper, &body), Some(Reading::RawBytes));

            let mut other = body.clone();
            flip(&mut other, bit);
            prop_assert_eq!(verify(&ring, &parameters, &other), None);

            let mut digits = hex::decode(&parameters.signature).unwrap();
            flip(&mut digits, bit);
            let forged = SignatureParameters { signature: hex::encode(digits), ..parameters };
            prop_assert_eq!(verify(&ring, &forged, &body), None);
        }
    }
}
