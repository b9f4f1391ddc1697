//! The client secret, which is encrypted with the public key that the merchant uploaded.
//!
//! The marketplace's guide says RSA of at least 3072 bits with OAEP padding, and not which hash
//! functions the padding has.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use rsa::Oaep;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::{PaddingScheme, PublicKeyParts};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha1::Sha1;
use sha2::Sha256;

/// The fewest bits of a key, as the guide says.
pub const KEY_BITS_MIN: u32 = 3072;

/// The merchant's public key.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicKey(rsa::PublicKey);

/// Why a text is no public key for the kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// It is neither PEM nor Base64.
    #[error("the public key is neither PEM nor Base64")]
    NotBase64,
    /// It is no RSA key in the form that the console takes.
    #[error("the public key is not an RSA key in the form SubjectPublicKeyInfo")]
    NotSpki,
    /// It has fewer bits than the guide asks for.
    #[error("the public key has fewer than {KEY_BITS_MIN} bits")]
    TooShort,
}

/// A secret that cannot be encrypted: it is longer than the key allows, or there was no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client secret cannot be encrypted")]
pub struct NotEncrypted;

/// The hash functions of the padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// SHA-256, and SHA-256 in the mask.
    #[default]
    Sha256,
    /// SHA-256, and SHA-1 in the mask: what Java's own provider means by
    /// `OAEPWithSHA-256AndMGF1Padding`.
    Sha256MaskSha1,
    /// SHA-1, and SHA-1 in the mask.
    Sha1,
}

impl Padding {
    /// Every set that is likely.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha256MaskSha1, Self::Sha1];
}

impl fmt::Display for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "OAEP with SHA-256 and MGF1 with SHA-256",
            Self::Sha256MaskSha1 => "OAEP with SHA-256 and MGF1 with SHA-1",
            Self::Sha1 => "OAEP with SHA-1 and MGF1 with SHA-1",
        })
    }
}

impl PublicKey {
    /// Reads a key in the form `SubjectPublicKeyInfo`: PEM, or the Base64 inside of one, which is
    /// what the console takes.
    pub fn parse(text: &str) -> Result<Self, PublicKeyError> {
        let lines = text.lines().map(str::trim);
        let base64: String = lines
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::split_ascii_whitespace)
            .collect();
        let der = STANDARD.decode(base64);
        let der = der.map_err(|_base64| PublicKeyError::NotBase64)?;
        let key = rsa::PublicKey::from_public_key_der(&der);
        let key = key.map_err(|_der| PublicKeyError::NotSpki)?;
        if key.n().bit_width() < KEY_BITS_MIN {
            return Err(PublicKeyError::TooShort);
        }
        Ok(Self(key))
    }

    /// Encrypts a secret, in Base64.
    pub fn encrypt(&self, secret: &SecretString, padding: Padding) -> Result<String, NotEncrypted> {
        let (key, plain, rng) = (&self.0, secret.expose_secret().as_bytes(), &mut SysRng);
        let encrypted = match padding {
            Padding::Sha256 => Oaep::<Sha256>::new().encrypt(rng, key, plain),
            Padding::Sha256MaskSha1 => {
                Oaep::<Sha256, Sha1>::new_with_mgf_hash().encrypt(rng, key, plain)
            },
            Padding::Sha1 => Oaep::<Sha1>::new().encrypt(rng, key, plain),
        };
        let encrypted = encrypted.map_err(|_rsa| NotEncrypted)?;
        Ok(STANDARD.encode(encrypted))
    }

    /// The length of whatever it encrypts, in bytes.
    pub fn encrypted_bytes(&self) -> usize {
        self.0.size()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bits)", self.0.n().bit_width())
    }
}

#[cfg(test)]
mod tests;
