//! How V1.0 writes personal data and accounts: 16 letters, then AES-CBC in Base64.
//!
//! The marketplace's SaaS V1.0 guide gives Java code in which the AES key is the first output of
//! the generator `SHA1PRNG` seeded with the access key, and the letters are the initialization
//! vector. That generator is part of the protocol, and repeated here.

use aes::{Aes128, Aes256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};

use crate::random::Random;
use crate::signer::ALPHANUMERICS;

/// How long the AES key is: `encryptType` in an answer, a setting of the seller console for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EncryptType {
    /// `1`: 32 bytes.
    #[default]
    Aes256,
    /// `2`: 16 bytes.
    Aes128,
}

impl EncryptType {
    /// The type of its number on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::Aes256),
            "2" => Some(Self::Aes128),
            _ => None,
        }
    }
}

/// Why a text cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// It is no 16 characters and Base64 of whole blocks.
    #[error("not 16 characters and Base64")]
    Shape,
    /// The padding is wrong, or what came out is no text: it was encrypted with another key.
    #[error("not encrypted with this key")]
    Key,
}

/// The bytes of an initialization vector: letters and digits.
pub type Iv = [u8; 16];

/// A new initialization vector.
pub fn fresh_iv(random: &mut Random) -> Iv {
    let letters = random.text(ALPHANUMERICS, 16);
    let mut letters = letters.bytes();
    std::array::from_fn(|_| letters.next().unwrap_or(b'0'))
}

/// Encrypts a text as the marketplace writes `mobilePhone` and `email`.
pub fn encrypt(key: &SecretString, of: EncryptType, iv: Iv, plain: &str) -> String {
    let (long, plain) = (derived(key), plain.as_bytes());
    let encrypted = match of {
        EncryptType::Aes256 => {
            Encryptor::<Aes256>::new(&long.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain)
        },
        EncryptType::Aes128 => Encryptor::<Aes128>::new(&short(long).into(), &iv.into())
            .encrypt_padded_vec::<Pkcs7>(plain),
    };
    let letters = String::from_utf8_lossy(&iv);
    format!("{letters}{}", STANDARD.encode(encrypted))
}

/// Decrypts what a merchant answered as `userName` or `password`.
pub fn decrypt(key: &SecretString, of: EncryptType, value: &str) -> Result<String, CipherError> {
    let (iv, encrypted) = value
        .as_bytes()
        .split_first_chunk::<16>()
        .ok_or(CipherError::Shape)?;
    let encrypted = STANDARD
        .decode(encrypted)
        .map_err(|_base64| CipherError::Shape)?;
    if encrypted.is_empty() || !encrypted.len().is_multiple_of(iv.len()) {
        return Err(CipherError::Shape);
    }
    let long = derived(key);
    let plain = match of {
        EncryptType::Aes256 => Decryptor::<Aes256>::new(&long.into(), iv.into())
            .decrypt_padded_vec::<Pkcs7>(&encrypted),
        EncryptType::Aes128 => Decryptor::<Aes128>::new(&short(long).into(), iv.into())
            .decrypt_padded_vec::<Pkcs7>(&encrypted),
    };
    let plain = plain.map_err(|_padding| CipherError::Key)?;
    String::from_utf8(plain).map_err(|_encoding| CipherError::Key)
}

fn short(key: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|index| key[index])
}

/// The first 32 bytes of `SHA1PRNG` seeded with the access key.
fn derived(key: &SecretString) -> [u8; 32] {
    let state: [u8; 20] = Sha1::digest(key.expose_secret()).into();
    let first: [u8; 20] = Sha1::digest(state).into();
    let second: [u8; 20] = Sha1::digest(following(state, first)).into();
    let mut output = first.into_iter().chain(second);
    std::array::from_fn(|_| output.next().unwrap_or_default())
}

/// The generator's next state: state and output added, lowest byte first, and one more.
///
/// Java's bytes are signed, so its carry may be -1; with an unsigned carry nearly every key of 32
/// bytes comes out another.
fn following(state: [u8; 20], output: [u8; 20]) -> [u8; 20] {
    let mut carry = 1;
    let mut next = [0; 20];
    for (next, (state, output)) in next.iter_mut().zip(state.into_iter().zip(output)) {
        let sum = i32::from(state.cast_signed()) + i32::from(output.cast_signed()) + carry;
        [*next, ..] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    if next == state {
        next[0] = next[0].wrapping_add(1);
    }
    next
}

#[cfg(test)]
mod tests;
