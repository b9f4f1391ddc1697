//! Keys that personal data is sealed with, before it reaches a record or a receipt.
//!
//! A journal cannot forget. So what it must be able to forget goes into it sealed, under a key of
//! the [`Owner`] whom it tells about; the keys are here, in a file of their own, each wrapped under
//! the [`MasterKey`] that the operator holds. [`Vault::destroy`] overwrites the keys of an owner,
//! and what they sealed is gone from every copy of the journal, while no record, receipt or
//! checksum changes.
//!
//! ```text
//! MasterKey ──wraps──> DataKey of acme/tenant/t-0001 ──seals──> what records and receipts hold
//! (a file or a secret store)   (this vault, a file)             (the journal)
//! ```
//!
//! Every call reads the file, and no key is kept in memory between calls: a key that another
//! process destroyed, or wrapped anew, is so for this one from then on.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_domain::{SealKey, Sealed};
use zeroize::Zeroizing;

use crate::clock::Clock;

mod cipher;
mod data_key;
mod envelope;
mod error;
mod master;
mod owner;
mod store;

pub use data_key::{DataKey, PLAIN_BYTES_MAX};
pub use error::VaultError;
pub use master::{MasterKey, MasterKeyError};
pub use owner::Owner;

use envelope::Envelope;
use store::{Kept, Store};

/// The keys of one installation. Clones are the same vault; calls block, for as long as a write to
/// the disk takes.
#[derive(Clone)]
pub struct Vault {
    clock: Arc<dyn Clock>,
    unlocked: Arc<Mutex<Unlocked>>,
}

struct Unlocked {
    store: Store,
    envelope: Envelope,
}

/// What a sealed text turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// The text.
    Text(Zeroizing<Vec<u8>>),
    /// Nothing any more: its key was destroyed.
    Erased,
}

impl Vault {
    /// Opens the vault in a file, or makes one there that only its owner may read.
    ///
    /// The mode of a file that exists is left as it is.
    ///
    /// # Errors
    /// [`VaultError::WrongMaster`] if it was made with another master key.
    pub fn open(path: &Path, master: MasterKey, clock: Arc<dyn Clock>) -> Result<Self, VaultError> {
        Self::unlock(Store::open(path)?, &master, clock)
    }

    /// Copies the vault in a file into one that does not exist yet: what is in it and nothing of
    /// what was. The keys stay wrapped, so that the copy opens with the same master key.
    pub fn copy(from: &Path, into: &Path) -> Result<(), VaultError> {
        Store::copy(from, into)
    }

    /// Whether a key was ever in it; one that was destroyed was.
    pub fn knows(&self, key: SealKey) -> Result<bool, VaultError> {
        Ok(self.lock().store.find(key)?.is_some())
    }

    /// How many keys of the vault in another file this one never had.
    pub fn lacks(&self, other: &Path) -> Result<u64, VaultError> {
        self.lock().store.lacks(other)
    }

    /// Makes a vault that ends with its last clone: for tests.
    pub fn in_memory(master: MasterKey, clock: Arc<dyn Clock>) -> Result<Self, VaultError> {
        Self::unlock(Store::in_memory()?, &master, clock)
    }

    fn unlock(
        mut store: Store,
        master: &MasterKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, VaultError> {
        let envelope = Envelope::under(master);
        store.prepare(envelope.fingerprint())?;
        let unlocked = Arc::new(Mutex::new(Unlocked { store, envelope }));
        Ok(Self { clock, unlocked })
    }

    /// The key of an owner, made if there is none. It is on disk before this returns: whoever
    /// asks, and however many at once, gets this one until it is destroyed.
    ///
    /// A text that is sealed under a key while another process destroys it is erased from the
    /// start.
    pub fn key(&self, owner: &Owner) -> Result<DataKey, VaultError> {
        let mut unlocked = self.lock();
        let Unlocked { store, envelope } = &mut *unlocked;
        let wrapped = match store.living(owner.as_str())? {
            Some(wrapped) => wrapped,
            None => store.add(envelope.fresh(owner.as_str())?, self.clock.now())?,
        };
        envelope.unwrap(&wrapped, store.path())
    }

    /// Reads a sealed text. `context` is the one it was sealed in.
    ///
    /// # Errors
    /// [`VaultError::Altered`] if it is not as it was sealed, or was sealed in another context;
    /// [`VaultError::UnknownKey`] if this vault never had its key.
    pub fn open_sealed(&self, context: &str, sealed: &Sealed) -> Result<Opened, VaultError> {
        self.opened(sealed.key, |key| key.open_sealed(context, sealed))
    }

    /// Reads sealed bytes that stand without a digest, such as the body of a receipt.
    ///
    /// # Errors
    /// As [`Vault::open_sealed`].
    pub fn open_bytes(
        &self,
        context: &str,
        key: SealKey,
        bytes: &[u8],
    ) -> Result<Opened, VaultError> {
        self.opened(key, |key| key.open(context, bytes))
    }

    fn opened(
        &self,
        id: SealKey,
        open: impl FnOnce(&DataKey) -> Result<Zeroizing<Vec<u8>>, VaultError>,
    ) -> Result<Opened, VaultError> {
        match self.find(id)? {
            Some(key) => open(&key).map(Opened::Text),
            None => Ok(Opened::Erased),
        }
    }

    /// A key by its id; none if it was destroyed.
    fn find(&self, id: SealKey) -> Result<Option<DataKey>, VaultError> {
        let unlocked = self.lock();
        let Unlocked { store, envelope } = &*unlocked;
        match store.find(id)? {
            Some(Kept::Living(wrapped)) => envelope.unwrap(&wrapped, store.path()).map(Some),
            Some(Kept::Destroyed) => Ok(None),
            None => Err(VaultError::UnknownKey {
                path: store.path().to_owned(),
                number: id.number(),
            }),
        }
    }

    /// Destroys the keys of an owner, and returns how many there were. What they sealed is
    /// [`Opened::Erased`] from then on; that there were such keys, and when they were destroyed,
    /// stays known. The next [`Vault::key`] of this owner is a new one.
    pub fn destroy(&self, owner: &Owner) -> Result<u64, VaultError> {
        self.lock().store.destroy(owner.as_str(), self.clock.now())
    }

    /// Wraps every key anew under another master key, all or none, and returns how many. From then
    /// on the vault opens with that one only, and whatever was left of keys under the former, on
    /// the disk or in a backup, ends with it.
    pub fn rewrap(&self, master: MasterKey) -> Result<u64, VaultError> {
        let mut unlocked = self.lock();
        let Unlocked { store, envelope } = &mut *unlocked;
        let next = Envelope::under(&master);
        let count = store.wrap_anew(envelope, &next)?;
        *envelope = next;
        Ok(count)
    }

    fn lock(&self) -> MutexGuard<'_, Unlocked> {
        // No change of what it holds can be half done: a transaction that was not committed is
        // rolled back, and the envelope is set in one step.
        self.unlocked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text([redacted], {} bytes)", text.len()),
            Self::Erased => f.write_str("Erased"),
        }
    }
}
