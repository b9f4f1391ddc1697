//! License files, from the request of a buyer's software to the marketplace: what the two workers
//! have in common that [make](crate::making) and [deliver](crate::deliveries) them.
//!
//! Files and fingerprints are sealed wherever they are kept. They are opened for one attempt, and
//! go to nobody but the merchant's webhook and the marketplace.

use std::fmt;
use std::sync::Arc;

use tenure_domain::file::{File, FileContent, FileKey};
use tenure_domain::{
    Command, Digest, Family, Intent, License, LicenseId, ListingId, MerchantId, Sealed, WhenAbsent,
};
use tenure_journal::transact::{Arrived, Call, Done, Request};
use tenure_journal::vault::{DataKey, Opened, Owner, Vault, VaultError};
use tenure_journal::{Actor, Clock, Queue, Verdict};
use tenure_koogallery::license_file::CONTENT_CONTEXT;
use tenure_koogallery::open_api::upload::Upload;

use crate::worker::{self, Cause, Ending, Outcome};

/// A license file that is to be made, or to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Whose stream the license is in.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The listing through which the license came.
    pub listing: ListingId,
    /// Which of its files.
    pub key: FileKey,
}

/// Finds the license files of a listing that are pending, oldest first, at most so many. May block.
pub type FindPending = Box<dyn Fn(&ListingId, usize) -> Result<Vec<Pending>, Cause> + Send + Sync>;

/// Reads a license from the journal. May block.
pub type ReadLicense = Arc<dyn Fn(&MerchantId, &LicenseId) -> Result<License, Cause> + Send + Sync>;

/// Where license files are read from, and where what became of them goes. Clones are the same.
#[derive(Clone)]
pub struct Files {
    /// Reads licenses.
    pub read: ReadLicense,
    /// Opens and seals files.
    pub vault: Vault,
    /// Where commands go.
    pub queue: Queue,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
}

/// What the receipt of an attempt keeps.
pub(crate) struct Kept {
    pub(crate) method: &'static str,
    pub(crate) activity: &'static str,
    pub(crate) parameters: Box<str>,
    /// What was said.
    pub(crate) body: Option<Sealed>,
    pub(crate) actor: Actor,
}

impl Files {
    /// A file as the journal has it.
    pub(crate) async fn file(&self, pending: &Pending) -> Result<Option<File>, Cause> {
        let (read, pending) = (Arc::clone(&self.read), pending.clone());
        let reading = move || read(&pending.merchant, &pending.license).map(|it| (it, pending));
        let (license, pending) = tokio::task::spawn_blocking(reading).await??;
        let living = license.living();
        Ok(living.and_then(|living| living.file(&pending.key)).cloned())
    }

    /// Seals a text with the key of the license.
    pub(crate) async fn seal(
        &self,
        pending: &Pending,
        context: &'static str,
        text: Vec<u8>,
    ) -> Result<Sealed, Cause> {
        let vault = self.vault.clone();
        let owner = Owner::license(&pending.merchant, &pending.license);
        let sealing = move || vault.key(&owner)?.seal(context, &text);
        Ok(tokio::task::spawn_blocking(sealing).await??)
    }

    /// Opens a text.
    pub(crate) async fn open(
        &self,
        context: &'static str,
        sealed: &Sealed,
    ) -> Result<Opened, Cause> {
        let (vault, sealed) = (self.vault.clone(), sealed.clone());
        let opening = move || vault.open_sealed(context, &sealed);
        Ok(tokio::task::spawn_blocking(opening).await??)
    }

    /// Seals a file.
    pub(crate) async fn content(
        &self,
        pending: &Pending,
        made: Upload,
    ) -> Result<FileContent, Cause> {
        let vault = self.vault.clone();
        let owner = Owner::license(&pending.merchant, &pending.license);
        let sealing = move || sealed(&vault.key(&owner)?, &made);
        Ok(tokio::task::spawn_blocking(sealing).await??)
    }

    /// What is wanted of a license with such a file.
    pub(crate) fn command(&self, pending: &Pending, intent: Intent) -> Request {
        Request::License {
            merchant: pending.merchant.clone(),
            id: pending.license.clone(),
            command: Command {
                listing: pending.listing.clone(),
                // No other family has files.
                family: Family::OnlineLicense,
                at: self.clock.now(),
                when_absent: WhenAbsent::Refuse,
                intent,
            },
        }
    }

    /// Records what came of an attempt.
    pub(crate) async fn record(&self, pending: &Pending, kept: Kept, request: Request) -> Outcome {
        match self.submit(pending, kept, request).await {
            Ok(done) => of(&done),
            Err(outcome) => outcome,
        }
    }

    /// Brings what came of an attempt to the disk; otherwise what that comes to.
    pub(crate) async fn submit(
        &self,
        pending: &Pending,
        kept: Kept,
        request: Request,
    ) -> Result<Done, Outcome> {
        let (body, sealed_with) = match kept.body {
            Some(sealed) => (sealed.bytes, Some(sealed.key)),
            None => (Box::default(), None),
        };
        let call = Call {
            arrived: Arrived {
                listing: pending.listing.as_str().into(),
                at: self.clock.now(),
                method: kept.method.into(),
                parameters: kept.parameters,
                body,
                sealed_with,
                activity: Some(kept.activity.into()),
                // The marketplace and the webhook proved who they are by their certificates.
                authentic: true,
                actor: kept.actor,
            },
            request,
            answer: Box::new(|_decided| Vec::new()),
        };
        let recording = worker::record(&self.queue, self.clock.as_ref(), call);
        recording
            .await
            .map_err(|error| failed(pending, &error.into(), "journal_unavailable"))
    }
}

/// A license file as the journal has it, sealed with the key of its license.
pub fn sealed(key: &DataKey, made: &Upload) -> Result<FileContent, VaultError> {
    Ok(match made {
        Upload::Characters(text) => {
            FileContent::Characters(key.seal(CONTENT_CONTEXT, text.as_str().as_bytes())?)
        },
        Upload::File { name, content } => FileContent::File {
            name: name.as_str().into(),
            bytes: key.seal(CONTENT_CONTEXT, content.bytes())?,
        },
    })
}

/// What a device is called outside: its digest in hexadecimal.
pub fn device_name(device: Digest) -> String {
    device.bytes().map(|byte| format!("{byte:02x}")).concat()
}

fn of(done: &Done) -> Outcome {
    match done.verdict {
        Verdict::Applied => Outcome::Done,
        Verdict::AlreadyApplied => Outcome::AlreadyDone,
        Verdict::Answered
        | Verdict::Refused
        | Verdict::Rejected
        | Verdict::Quarantined
        | Verdict::Probe => nothing(Ending::Final, "not_recorded"),
    }
}

pub(crate) fn nothing(ending: Ending, kind: &'static str) -> Outcome {
    Outcome::Nothing { ending, kind }
}

/// Something here failed, and not the other side.
pub(crate) fn failed(pending: &Pending, error: &Cause, kind: &'static str) -> Outcome {
    tracing::warn!(
        listing = %pending.listing,
        license = %pending.license,
        error = %error,
        code = kind,
        "a license file could not be looked after"
    );
    nothing(Ending::Failed, kind)
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}
