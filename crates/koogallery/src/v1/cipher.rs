//! How V1.0 encrypts personal data on its way to us, and first passwords on their way back.
//!
//! ```text
//! value = iv ‖ base64(AES-CBC-PKCS7(K, iv, text))
//! ```
//!
//! The initialisation vector is 16 letters and digits, used as the bytes that they are. K is the
//! beginning of what Java's `SHA1PRNG` yields when it is seeded with the access key: neither the
//! key itself nor a digest of it.
//!
//! The scheme has no integrity of its own. What comes in is covered by the
//! [token](super::auth_token) of its call, and what goes out by the
//! [signature](super::body_sign) of the body.

mod derivation;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use derivation::{derived, half};
use secrecy::{ExposeSecret, SecretString};

use crate::key::AccessKey;

/// The most characters of an encrypted value. The guide's bound counts the ciphertext and its
/// initialisation vector.
pub const VALUE_CHARACTERS_MAX: usize = 128;

/// The most bytes of a text whose encrypted form has at most [`VALUE_CHARACTERS_MAX`] characters:
/// five blocks less one byte of padding.
pub const PLAIN_BYTES_MAX: usize = 79;

const IV_CHARACTERS: usize = 16;
const LETTERS_AND_DIGITS: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The field `encryptType`: which AES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum EncryptType {
    /// AES with a key of 256 bits; what the guide takes where nothing is said.
    #[default]
    Aes256,
    /// AES with a key of 128 bits.
    Aes128,
}

impl EncryptType {
    /// The type with this value on the wire.
    pub fn from_wire(value: &str) -> Option<Self> {
        [Self::Aes256, Self::Aes128]
            .into_iter()
            .find(|known| known.wire() == value)
    }

    /// The value on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Aes256 => "1",
            Self::Aes128 => "2",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Aes256 => Self::Aes128,
            Self::Aes128 => Self::Aes256,
        }
    }
}

/// An initialisation vector: 16 letters and digits. One serves once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Iv([u8; IV_CHARACTERS]);

impl Iv {
    /// The bytes of randomness that one is made from.
    pub const RANDOM_BYTES: usize = 64;

    /// Makes one from random bytes: four for each character, so that none is likelier than
    /// another by more than one part in sixty million.
    pub fn from_random(random: &[u8; Self::RANDOM_BYTES]) -> Self {
        let mut characters = [b'A'; IV_CHARACTERS];
        let (drawn, _rest) = random.as_chunks::<4>();
        for (character, drawn) in characters.iter_mut().zip(drawn) {
            let index = u32::from_le_bytes(*drawn).checked_rem(62).unwrap_or(0);
            if let Some(letter) = LETTERS_AND_DIGITS.get(index as usize) {
                *character = *letter;
            }
        }
        Self(characters)
    }

    /// Reads one from its text.
    pub fn parse(text: &str) -> Option<Self> {
        let characters: [u8; IV_CHARACTERS] = text.as_bytes().try_into().ok()?;
        characters
            .iter()
            .all(u8::is_ascii_alphanumeric)
            .then_some(Self(characters))
    }
}

impl fmt::Debug for Iv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iv")
    }
}

/// A text that is short enough to be encrypted.
#[derive(Clone)]
pub struct Plain(SecretString);

/// A text is too long to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("longer than {PLAIN_BYTES_MAX} bytes")]
pub struct PlainTooLong;

impl Plain {
    /// Takes a text of at most [`PLAIN_BYTES_MAX`] bytes of UTF-8.
    pub fn parse(text: SecretString) -> Result<Self, PlainTooLong> {
        if text.expose_secret().len() > PLAIN_BYTES_MAX {
            return Err(PlainTooLong);
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain([redacted])")
    }
}

/// An encrypted value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// It is not a vector of 16 letters and digits, and Base64 after it.
    #[error("not an initialisation vector and Base64")]
    Malformed,
    /// Neither size of the key yields a text.
    #[error("not encrypted with this key")]
    OtherKey,
}

/// Encrypts a text.
#[expect(
    clippy::missing_panics_doc,
    reason = "keys and vectors have the length that the cipher wants"
)]
pub fn encrypt(key: &AccessKey, with: EncryptType, iv: &Iv, plain: &Plain) -> String {
    let key = derived(key);
    let text = plain.0.expose_secret().as_bytes();
    let sealed = match with {
        EncryptType::Aes256 => {
            cbc::Encryptor::<aes::Aes256>::new_from_slices(key.as_slice(), &iv.0)
                .expect("32 bytes and 16")
                .encrypt_padded_vec::<Pkcs7>(text)
        },
        EncryptType::Aes128 => cbc::Encryptor::<aes::Aes128>::new_from_slices(half(&key), &iv.0)
            .expect("16 bytes and 16")
            .encrypt_padded_vec::<Pkcs7>(text),
    };
    let mut value = String::with_capacity(VALUE_CHARACTERS_MAX);
    value.extend(iv.0.map(char::from));
    STANDARD.encode_string(sealed, &mut value);
    value
}

/// Decrypts a value, with the preferred size of the key or else with the other: merchants have seen
/// both from the marketplace.
pub fn decrypt(
    key: &AccessKey,
    preferred: EncryptType,
    value: &str,
) -> Result<SecretString, CipherError> {
    let (iv, sealed) = value
        .split_at_checked(IV_CHARACTERS)
        .ok_or(CipherError::Malformed)?;
    let iv = Iv::parse(iv).ok_or(CipherError::Malformed)?;
    let sealed = STANDARD.decode(sealed).ok().ok_or(CipherError::Malformed)?;
    let key = derived(key);
    [preferred, preferred.other()]
        .into_iter()
        .find_map(|with| open(&key, with, &iv, &sealed))
        .ok_or(CipherError::OtherKey)
}

fn open(key: &[u8; 32], with: EncryptType, iv: &Iv, sealed: &[u8]) -> Option<SecretString> {
    let text = match with {
        EncryptType::Aes256 => {
            let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, &iv.0).ok()?;
            cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok()?
        },
        EncryptType::Aes128 => {
            let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(half(key), &iv.0).ok()?;
            cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok()?
        },
    };
    // What is not a text goes without being wiped: it is nobody's.
    String::from_utf8(text).ok().map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "11111111-2222-3333-4444-555555555555";

    fn key(text: &str) -> AccessKey {
        AccessKey::new(text.to_owned())
    }

    fn plain(text: &str) -> Plain {
        Plain::parse(text.into()).unwrap()
    }

    #[test]
    fn a_vector_is_16_letters_and_digits_that_follow_from_the_random_bytes() {
        let iv = |byte| Iv::from_random(&[byte; Iv::RANDOM_BYTES]);
        assert_eq!(iv(0).0, [b'A'; 16]);
        // 0x01010101 is 27 more than a multiple of 62.
        assert_eq!(iv(1).0, [b'b'; 16]);
        assert!(Iv::parse("A1b2C3d4E5f6G7h8").is_some());
        for wrong in [
            "",
            "A1b2C3d4E5f6G7h",
            "A1b2C3d4E5f6G7h89",
            "A1b2C3d4E5f6G7h+",
        ] {
            assert!(Iv::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_longest_text_fills_128_characters_at_most() {
        let iv = Iv::parse("A1b2C3d4E5f6G7h8").unwrap();
        let longest = "x".repeat(PLAIN_BYTES_MAX);
        let value = encrypt(&key(KEY), EncryptType::Aes256, &iv, &plain(&longest));
        assert_eq!(value.len(), 124);
        assert!(value.len() <= VALUE_CHARACTERS_MAX);
        assert_eq!(
            Plain::parse("x".repeat(80).into()).unwrap_err(),
            PlainTooLong
        );
    }

    #[test]
    fn no_debug_form_shows_a_text() {
        let shown = format!("{:?}", plain("hunter2"));
        assert_eq!(shown, "Plain([redacted])");
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_read_again(
            text in ".{0,19}",
            random in any::<[u8; 32]>(),
            wide in any::<bool>(),
            seed in ".{1,40}",
        ) {
            let mut bytes = [0; Iv::RANDOM_BYTES];
            bytes.split_at_mut(32).0.copy_from_slice(&random);
            let with = if wide { EncryptType::Aes256 } else { EncryptType::Aes128 };
            let value = encrypt(&key(&seed), with, &Iv::from_random(&bytes), &plain(&text));
            let read = decrypt(&key(&seed), with, &value).unwrap();
            prop_assert_eq!(read.expose_secret(), text.as_str());
        }

        #[test]
        fn no_text_panics(value in any::<String>(), tail in "[A-Za-z0-9+/=]{0,64}") {
            drop(decrypt(&key(KEY), EncryptType::Aes256, &value));
            let value = format!("A1b2C3d4E5f6G7h8{tail}");
            drop(decrypt(&key(KEY), EncryptType::Aes128, &value));
        }
    }
}
