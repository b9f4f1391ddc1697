//! The client secret, which the marketplace encrypts with the merchant's public key.
//!
//! The guide says RSA of at least 3072 bits with OAEP padding, and not which hash functions the
//! padding has. Every set of [`Parameters`] that is likely is tried, with every private key: a
//! cipher text opens with its own set only.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::{PaddingScheme, PublicKeyParts};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::Sha256;

use crate::result_code::ResultCode;

pub use rsa::rand_core::TryCryptoRng;

/// The fewest bits of a key, as the guide says.
pub const KEY_BITS_MIN: u32 = 3_072;

/// The most characters of a secret as it is sent: the largest keys need 1,368, and blanks may
/// stand between them.
pub(super) const ENCRYPTED_CHARACTERS_MAX: usize = 4_096;

/// One private key of the merchant. Its numbers are wiped from memory when it is dropped.
#[derive(Clone)]
pub struct PrivateKey(rsa::PrivateKey);

/// Why a text is not a private key that the kit can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is neither PEM nor Base64.
    #[error("private key is neither PEM nor Base64")]
    NotBase64,
    /// It is encrypted, or of another kind than PKCS#8, or no key at all.
    #[error("private key is not an unencrypted RSA key in the form PKCS#8")]
    NotPkcs8,
    /// It has fewer bits than the guide asks for.
    #[error("private key has fewer than {KEY_BITS_MIN} bits")]
    TooShort,
}

impl PrivateKey {
    /// Reads a key in the form PKCS#8: PEM, or the Base64 inside of one without the lines that
    /// begin and end it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
        for line in text.lines().map(str::trim) {
            match line {
                "-----BEGIN PRIVATE KEY-----" | "-----END PRIVATE KEY-----" => {},
                _ if line.starts_with("-----") => return Err(KeyError::NotPkcs8),
                _ => base64.extend(line.split_ascii_whitespace()),
            }
        }
        let der = STANDARD.decode(base64.as_bytes());
        let der = Zeroizing::new(der.or(Err(KeyError::NotBase64))?);
        let key = rsa::PrivateKey::from_pkcs8_der(&der).or(Err(KeyError::NotPkcs8))?;
        if key.n().bit_width() < KEY_BITS_MIN {
            return Err(KeyError::TooShort);
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey([redacted])")
    }
}

/// `clientSecret` as it was sent. No debug form shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedSecret(Box<str>);

impl fmt::Debug for EncryptedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedSecret([redacted])")
    }
}

/// A client secret in the clear. It is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// The text of the secret, for the token call of the login and for sealing. Never write it
    /// anywhere else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret([redacted])")
    }
}

/// The hash functions of the padding, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameters {
    /// SHA-256, and SHA-256 in the mask.
    Sha256,
    /// SHA-256, and SHA-1 in the mask: what Java's own provider means by
    /// `OAEPWithSHA-256AndMGF1Padding`.
    Sha256MaskSha1,
    /// SHA-1, and SHA-1 in the mask.
    Sha1,
}

impl Parameters {
    /// Every set, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha256MaskSha1, Self::Sha1];

    fn decrypt<R: TryCryptoRng + ?Sized>(
        self,
        key: &PrivateKey,
        bytes: &[u8],
        rng: &mut R,
    ) -> rsa::Result<Vec<u8>> {
        match self {
            Self::Sha256 => Oaep::<Sha256>::new().decrypt(Some(rng), &key.0, bytes),
            Self::Sha256MaskSha1 => {
                Oaep::<Sha256, Sha1>::new_with_mgf_hash().decrypt(Some(rng), &key.0, bytes)
            },
            Self::Sha1 => Oaep::<Sha1>::new().decrypt(Some(rng), &key.0, bytes),
        }
    }
}

/// A client secret, and what opened it: worth noting, since the guide does not say it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The secret.
    pub secret: ClientSecret,
    /// Which of the private keys it was, counted from 0.
    pub key: usize,
    /// The hash functions of the padding.
    pub parameters: Parameters,
}

/// Why a client secret cannot be decrypted. All but the last are answered alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not Base64.
    #[error("client secret is not base64")]
    NotBase64,
    /// It is as long as no private key is, or there is no private key.
    #[error("client secret has the length of no private key")]
    WrongLength,
    /// No private key opens it, with no set of parameters.
    #[error("client secret was encrypted with another key or another padding")]
    Undecryptable,
    /// What was encrypted is not UTF-8, or nothing.
    #[error("client secret is not a text")]
    NotText,
    /// There was no randomness to protect the computation with.
    #[error("no random numbers to decrypt the client secret with")]
    NoRandomness,
}

impl SecretError {
    /// The code for the marketplace. The guides have none for this; its sample answers `000101`.
    pub fn result_code(self) -> ResultCode {
        match self {
            Self::NotBase64 | Self::WrongLength | Self::Undecryptable | Self::NotText => {
                ResultCode::MobileNumber
            },
            Self::NoRandomness => ResultCode::InternalError,
        }
    }
}

impl EncryptedSecret {
    pub(super) fn new(text: String) -> Self {
        Self(text.into())
    }

    pub(super) fn decrypt(
        &self,
        keys: &[PrivateKey],
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Opened, SecretError> {
        let base64: String = self.0.split_whitespace().collect();
        let bytes = STANDARD.decode(base64).or(Err(SecretError::NotBase64))?;
        let fitting = |key: &PrivateKey| key.0.size() == bytes.len();
        if !keys.iter().any(fitting) {
            return Err(SecretError::WrongLength);
        }
        for (index, key) in keys.iter().enumerate().filter(|(_, key)| fitting(key)) {
            for parameters in Parameters::ALL {
                match parameters.decrypt(key, &bytes, rng) {
                    Ok(plain) => {
                        return Ok(Opened {
                            secret: secret_text(plain)?,
                            key: index,
                            parameters,
                        });
                    },
                    Err(rsa::Error::Rng) => return Err(SecretError::NoRandomness),
                    Err(_) => {},
                }
            }
        }
        Err(SecretError::Undecryptable)
    }
}

/// Takes the bytes over without a copy that would stay behind.
fn secret_text(plain: Vec<u8>) -> Result<ClientSecret, SecretError> {
    match String::from_utf8(plain) {
        Ok(text) if text.is_empty() => Err(SecretError::NotText),
        Ok(text) => Ok(ClientSecret(SecretString::from(text))),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(SecretError::NotText)
        },
    }
}
