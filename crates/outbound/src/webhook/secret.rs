//! What messages are signed with.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};
use sha2::Sha256;

/// What a secret begins with, so that it is told from other words.
const PREFIX: &str = "whsec_";

/// The fewest and the most bytes of a secret, by the specification of Standard Webhooks.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// One or more secrets. Every one signs, so that the receiver can exchange its own without a gap.
#[derive(Clone)]
pub struct Secrets(Arc<[SecretBox<Vec<u8>>]>);

/// Why a text is not a secret. It does not show the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("there is no secret")]
    Missing,
    /// It is no Base64, or has not as many bytes as it must.
    #[error("a secret is whsec_ and the Base64 of 24 to 64 random bytes")]
    Malformed,
}

impl Secrets {
    /// Reads secrets, the newest first: `whsec_` and Base64.
    pub fn parse(texts: &[SecretString]) -> Result<Self, SecretError> {
        if texts.is_empty() {
            return Err(SecretError::Missing);
        }
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// The value of the header `webhook-signature`: `v1,` and the Base64 of HMAC-SHA256 over
    /// `id.timestamp.body`, for each secret.
    pub(super) fn signature(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let signatures = self.0.iter().map(|secret| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret());
            let mac = mac.expect("HMAC takes keys of any length");
            let mac = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
                .into_iter()
                .fold(mac, Mac::chain_update);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

fn parse(text: &SecretString) -> Result<SecretBox<Vec<u8>>, SecretError> {
    let text = text.expose_secret();
    let text = text.strip_prefix(PREFIX).unwrap_or(text);
    let mut secret = SecretBox::<Vec<u8>>::default();
    STANDARD
        .decode_vec(text, secret.expose_secret_mut())
        .map_err(|_no_base64| SecretError::Malformed)?;
    if SECRET_BYTES.contains(&secret.expose_secret().len()) {
        Ok(secret)
    } else {
        Err(SecretError::Malformed)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets([redacted], {})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, made again with another implementation of HMAC.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secrets(texts: &[&str]) -> Result<Secrets, SecretError> {
        let texts: Vec<_> = texts.iter().map(|text| SecretString::from(*text)).collect();
        Secrets::parse(&texts)
    }

    #[test]
    fn the_published_example_is_signed_as_published() {
        for text in [SECRET, SECRET.strip_prefix(PREFIX).unwrap()] {
            let signature = secrets(&[text]).unwrap().signature(ID, TIMESTAMP, BODY);
            assert_eq!(signature, SIGNATURE);
        }
    }

    #[test]
    fn every_secret_signs() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let signature = secrets(&[other, SECRET]).unwrap();
        assert_eq!(
            signature.signature(ID, TIMESTAMP, BODY),
            format!("v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI= {SIGNATURE}")
        );
    }

    #[test]
    fn a_secret_has_as_many_bytes_as_the_specification_says() {
        assert_eq!(secrets(&[]).unwrap_err(), SecretError::Missing);
        for length in [0, 23, 65] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            assert_eq!(secrets(&[&text]).unwrap_err(), SecretError::Malformed);
        }
        for length in [24, 64] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            assert!(secrets(&[&text]).is_ok());
        }
        for text in ["whsec_hunter2", "whsec_", SIGNATURE] {
            assert_eq!(secrets(&[text]).unwrap_err(), SecretError::Malformed);
        }
    }

    #[test]
    fn no_debug_form_shows_a_secret() {
        let shown = format!("{:?}", secrets(&[SECRET]).unwrap());
        assert_eq!(shown, "Secrets([redacted], 1)");
    }
}
