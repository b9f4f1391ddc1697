//! The key that wraps the others. It is never in the vault.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::VaultError;
use super::cipher::{KEY_BYTES, SecretKey};

const HEX_CHARACTERS: usize = 2 * KEY_BYTES;
const BASE64_CHARACTERS: usize = 44;

/// The operator's key: 32 random bytes, without which the vault is noise.
#[derive(Debug)]
pub struct MasterKey(SecretKey);

/// Why a text is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// It has neither of the two lengths.
    #[error(
        "the master key has {found} characters: write its 32 bytes as 64 hexadecimal digits or as \
         44 characters of Base64, as `openssl rand -hex 32` does"
    )]
    Length {
        /// How many it has.
        found: usize,
    },
    /// It has a character that does not belong there.
    #[error(
        "the master key is neither hexadecimal nor Base64: look for a character that was changed \
         or lost on the way"
    )]
    Form,
}

impl MasterKey {
    /// Parses 64 hexadecimal digits or 44 characters of Base64; white space around them is ignored.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let key = match text.len() {
            HEX_CHARACTERS => from_hex(text),
            BASE64_CHARACTERS => from_base64(text),
            _ => {
                let found = text.chars().count();
                return Err(MasterKeyError::Length { found });
            },
        };
        key.map(Self).ok_or(MasterKeyError::Form)
    }

    /// Makes a new one of the operating system's random bytes.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`] if there are none.
    pub fn generate() -> Result<Self, VaultError> {
        SecretKey::generate()
            .map(Self)
            .map_err(VaultError::NoRandomness)
    }

    /// The key as 64 hexadecimal digits, for the file that keeps it.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.bytes()))
    }

    pub(super) fn secret(&self) -> &SecretKey {
        &self.0
    }
}

fn from_hex(text: &str) -> Option<SecretKey> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    hex::decode_to_slice(text, bytes.as_mut_slice()).ok()?;
    Some(SecretKey::from_bytes(bytes))
}

fn from_base64(text: &str) -> Option<SecretKey> {
    // The decoder wants room for whole groups of three bytes.
    let mut bytes = Zeroizing::new([0; KEY_BYTES + 1]);
    let length = STANDARD.decode_slice(text, bytes.as_mut_slice()).ok()?;
    SecretKey::from_slice(bytes.get(..length)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn both_forms_are_the_same_key_and_white_space_around_them_is_none_of_it() {
        let upper = HEX.to_uppercase();
        for text in [HEX, &upper, BASE64, &format!("\n {BASE64}\r\n")] {
            assert_eq!(*MasterKey::parse(text).unwrap().to_hex(), HEX, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let wrong = |text: &str| MasterKey::parse(text).unwrap_err();
        for (text, found) in [("", 0), (&HEX[2..], 62), ("schlüssel", 9)] {
            assert_eq!(wrong(text), MasterKeyError::Length { found });
        }
        let with_gap = format!("{} {}", &HEX[..32], &HEX[33..]);
        let of_33_bytes = BASE64.replace('=', "A");
        for text in [&*"g".repeat(64), &"*".repeat(44), &with_gap, &of_33_bytes] {
            assert_eq!(wrong(text), MasterKeyError::Form);
            assert!(!wrong(text).to_string().contains(text));
        }
    }

    #[test]
    fn generated_keys_differ_and_survive_the_file() {
        let (one, other) = (
            MasterKey::generate().unwrap(),
            MasterKey::generate().unwrap(),
        );
        assert_ne!(one.to_hex(), other.to_hex());
        let read = MasterKey::parse(&one.to_hex()).unwrap();
        assert_eq!(read.to_hex(), one.to_hex());
    }

    #[test]
    fn no_debug_form_shows_the_key() {
        let shown = format!("{:?}", MasterKey::parse(HEX).unwrap());
        assert_eq!(shown, "MasterKey([redacted])");
    }
}
