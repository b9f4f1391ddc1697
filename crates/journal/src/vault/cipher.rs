//! AES-256-GCM and HMAC-SHA256, as the vault uses them.

use std::fmt;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The bytes of a key.
pub(super) const KEY_BYTES: usize = 32;
/// The random nonce in front of a ciphertext: 96 bits, good for 2^32 texts under one key.
const NONCE_BYTES: usize = 12;
/// The tag behind a ciphertext.
const TAG_BYTES: usize = 16;
/// What sealing adds to the length of a text.
pub(super) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// A key for one purpose. The memory it stood in is overwritten when it goes.
#[derive(Clone)]
pub(super) struct SecretKey(Zeroizing<[u8; KEY_BYTES]>);

impl SecretKey {
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut key = Self(Zeroizing::default());
        getrandom::fill(key.0.as_mut_slice())?;
        Ok(key)
    }

    pub(super) fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// `None` unless there are as many bytes as a key has.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key for a purpose: HKDF-Expand of RFC 5869 with SHA-256, one block long. So that no key
    /// serves two ends, and none tells about another.
    pub(super) fn derive(&self, purpose: &str) -> Self {
        let mac = self.mac().chain_update(purpose).chain_update([1]);
        Self(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    pub(super) fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.bytes()).expect("HMAC takes keys of any length")
    }

    /// Nonce, ciphertext and tag. `associated` is not in them, and must be the same on opening.
    pub(super) fn seal(
        &self,
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, getrandom::Error> {
        let mut nonce = Nonce::default();
        getrandom::fill(nonce.as_mut_slice())?;
        // As large as it will be: a vector that grows would leave the text where it stood before.
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        sealed.extend_from_slice(nonce.as_slice());
        sealed.extend_from_slice(plain);
        let tag = self
            .cipher()
            .encrypt_inout_detached(&nonce, associated, (&mut sealed[NONCE_BYTES..]).into())
            .expect("AES-GCM takes texts of up to 64 GiB");
        sealed.extend_from_slice(tag.as_slice());
        Ok(sealed)
    }

    /// The text; `None` if this key did not seal these bytes with what is `associated`.
    pub(super) fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>()?;
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
        self.cipher()
            .decrypt_inout_detached(&nonce, associated, text.as_mut_slice().into(), &tag)
            .ok()?;
        Some(text)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.bytes().into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
