//! The key of one owner: sealing, opening, and telling the same again.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tenure_domain::{Digest, SealKey, Sealed};
use zeroize::Zeroizing;

use super::VaultError;
use super::cipher::{OVERHEAD_BYTES, SecretKey};

/// The most bytes that are sealed in one: more than any call may have.
pub const PLAIN_BYTES_MAX: usize = 4 * 1024 * 1024;

// Persisted in what was sealed: never change one.
const SEALS: &str = "tenure/vault/seal/1";
const DIGESTS: &str = "tenure/vault/digest/1";

/// The key of an owner, unwrapped. Hold it for one call: while it is held, its destruction has no
/// effect.
///
/// A *context* names the place that a text is for, such as `person/email`: what was sealed in one
/// does not open in another. Contexts are persisted with what they sealed.
pub struct DataKey {
    id: SealKey,
    seals: SecretKey,
    digests: SecretKey,
}

impl DataKey {
    pub(super) fn new(id: SealKey, secret: &SecretKey) -> Self {
        Self {
            id,
            seals: secret.derive(SEALS),
            digests: secret.derive(DIGESTS),
        }
    }

    /// The name under which the vault keeps it.
    pub fn id(&self) -> SealKey {
        self.id
    }

    /// Seals a text with AES-256-GCM under a random nonce, and adds its digest. The length of the
    /// text shows.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] for more than [`PLAIN_BYTES_MAX`]; [`VaultError::NoRandomness`].
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Sealed, VaultError> {
        if plain.len() > PLAIN_BYTES_MAX {
            return Err(VaultError::TooLong {
                bytes: plain.len(),
                bytes_max: PLAIN_BYTES_MAX,
            });
        }
        let bytes = self
            .seals
            .seal(&self.associated(context), plain)
            .map_err(VaultError::NoRandomness)?;
        Ok(Sealed {
            key: self.id,
            digest: self.digest(context, plain),
            bytes: bytes.into(),
        })
    }

    /// The digest of a text in a context: HMAC-SHA256, the first 16 bytes.
    pub fn digest(&self, context: &str, text: &[u8]) -> Digest {
        let whole = self.digesting(context, text).finalize().into_bytes();
        let mut first = [0; 16];
        first.copy_from_slice(&whole[..16]);
        Digest::new(first)
    }

    pub(super) fn open_sealed(
        &self,
        context: &str,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let text = self.open(context, &sealed.bytes)?;
        // A digest that was changed would make the same text another one for whoever decides.
        match self
            .digesting(context, &text)
            .verify_truncated_left(&sealed.digest.bytes())
        {
            Ok(()) => Ok(text),
            Err(_differs) => Err(VaultError::Altered),
        }
    }

    pub(super) fn open(
        &self,
        context: &str,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if bytes.len() > PLAIN_BYTES_MAX + OVERHEAD_BYTES {
            return Err(VaultError::Altered);
        }
        self.seals
            .open(&self.associated(context), bytes)
            .ok_or(VaultError::Altered)
    }

    /// What a sealed text is bound to.
    fn associated(&self, context: &str) -> Vec<u8> {
        [&self.id.number().to_be_bytes(), context.as_bytes()].concat()
    }

    /// The lengths keep a context and a text from being cut elsewhere to the same bytes.
    fn digesting(&self, context: &str, text: &[u8]) -> Hmac<Sha256> {
        let part = |mac: Hmac<Sha256>, bytes: &[u8]| {
            mac.chain_update((bytes.len() as u64).to_be_bytes())
                .chain_update(bytes)
        };
        part(part(self.digests.mac(), context.as_bytes()), text)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another implementation of the same algorithms: what was sealed must open for ever.
    #[test]
    fn the_stored_forms_stay_as_they_are() {
        let secret = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let id = SealKey::new(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        let key = DataKey::new(id, &SecretKey::from_bytes(Zeroizing::new(secret)));
        let digest = "54b84a8a1e087fcff08bc93cadc54e8c";
        let bytes = "a0a1a2a3a4a5a6a7a8a9aaab0becbb288286047eb1ed8d37927ae93a2de1e126a50dfef19512b8\
                     5e2801b1d3d0fc";
        let sealed = Sealed {
            key: id,
            digest: Digest::new(hex::decode(digest).unwrap().try_into().unwrap()),
            bytes: hex::decode(bytes).unwrap().into(),
        };
        let text = key.open_sealed("person/email", &sealed).unwrap();
        assert_eq!(*text, b"li.lei@example.com");
        assert_eq!(key.digest("person/email", &text), sealed.digest);
    }
}
