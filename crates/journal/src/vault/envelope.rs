//! How keys stand in the file: wrapped under the master key.

use std::fmt;
use std::path::Path;

use tenure_domain::SealKey;

use super::cipher::{KEY_BYTES, OVERHEAD_BYTES, SecretKey};
use super::{DataKey, MasterKey, VaultError};

/// The bytes of a wrapped key.
pub(super) const WRAPPED_BYTES: usize = KEY_BYTES + OVERHEAD_BYTES;

// Persisted in what was wrapped: never change one.
const WRAPS: &str = "tenure/vault/wrap/1";
const FINGERPRINT: &str = "tenure/vault/fingerprint/1";

/// Tells one master key from another, and nothing else about it.
pub(super) type Fingerprint = [u8; 16];

/// Wraps keys, and unwraps what was wrapped under the same master key.
pub(super) struct Envelope {
    wraps: SecretKey,
    fingerprint: Fingerprint,
}

/// A key as it stands in the file.
#[derive(Clone)]
pub(super) struct Wrapped {
    pub(super) id: SealKey,
    /// Whose it is, in the stored form.
    pub(super) owner: Box<str>,
    /// The master key it is wrapped under.
    pub(super) master: Fingerprint,
    pub(super) bytes: [u8; WRAPPED_BYTES],
}

impl Envelope {
    pub(super) fn under(master: &MasterKey) -> Self {
        let mut fingerprint = Fingerprint::default();
        let whole = master.secret().derive(FINGERPRINT);
        fingerprint.copy_from_slice(&whole.bytes()[..16]);
        Self {
            wraps: master.secret().derive(WRAPS),
            fingerprint,
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Makes a key for an owner.
    pub(super) fn fresh(&self, owner: &str) -> Result<Wrapped, VaultError> {
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(VaultError::NoRandomness)?;
        let secret = SecretKey::generate().map_err(VaultError::NoRandomness)?;
        let id = SealKey::new(u128::from_be_bytes(number));
        self.wrap(id, owner, &secret)
    }

    /// Unwraps a key. `path` is the vault's, for what may have to be said about it.
    pub(super) fn unwrap(&self, wrapped: &Wrapped, path: &Path) -> Result<DataKey, VaultError> {
        let secret = self.secret_of(wrapped, path)?;
        Ok(DataKey::new(wrapped.id, &secret))
    }

    /// The same key, wrapped in this envelope instead of its own.
    pub(super) fn take_over(
        &self,
        from: &Self,
        wrapped: &Wrapped,
        path: &Path,
    ) -> Result<Wrapped, VaultError> {
        let secret = from.secret_of(wrapped, path)?;
        self.wrap(wrapped.id, &wrapped.owner, &secret)
    }

    fn wrap(&self, id: SealKey, owner: &str, secret: &SecretKey) -> Result<Wrapped, VaultError> {
        let sealed = self
            .wraps
            .seal(&associated(id, owner), secret.bytes())
            .map_err(VaultError::NoRandomness)?;
        let mut bytes = [0; WRAPPED_BYTES];
        bytes.copy_from_slice(&sealed);
        Ok(Wrapped {
            id,
            owner: owner.into(),
            master: self.fingerprint,
            bytes,
        })
    }

    fn secret_of(&self, wrapped: &Wrapped, path: &Path) -> Result<SecretKey, VaultError> {
        if wrapped.master != self.fingerprint {
            return Err(VaultError::WrongMaster {
                path: path.to_owned(),
            });
        }
        self.wraps
            .open(&associated(wrapped.id, &wrapped.owner), &wrapped.bytes)
            .and_then(|bytes| SecretKey::from_slice(&bytes))
            .ok_or_else(|| VaultError::Damaged {
                path: path.to_owned(),
                what: format!(
                    "the key {:032x} is not as it was wrapped",
                    wrapped.id.number()
                ),
            })
    }
}

/// What a wrapped key is bound to.
fn associated(id: SealKey, owner: &str) -> Vec<u8> {
    [&id.number().to_be_bytes(), owner.as_bytes()].concat()
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another implementation of the same algorithms: what was wrapped must open for ever.
    #[test]
    fn the_stored_forms_stay_as_they_are() {
        let master = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
        let envelope = Envelope::under(&MasterKey::parse(master).unwrap());
        let fingerprint = hex::encode(envelope.fingerprint());
        assert_eq!(fingerprint, "3e554868d35b812aa6c7879c7203d368");
        let bytes = "b0b1b2b3b4b5b6b7b8b9babb7b44bee94b580a9059bd4e5266dcaf14e35b640d8fa3067aa94481\
                     bc30f14962527df11aae884cc7e531633c2968aaa2";
        let wrapped = Wrapped {
            id: SealKey::new(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
            owner: "acme/tenant/t-0001".into(),
            master: envelope.fingerprint(),
            bytes: hex::decode(bytes).unwrap().try_into().unwrap(),
        };
        let secret = envelope.secret_of(&wrapped, Path::new("vault.db")).unwrap();
        assert!(secret.bytes().iter().copied().eq(0..32));
    }
}
