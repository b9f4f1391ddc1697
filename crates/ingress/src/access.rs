//! Telling a buyer where the application is, and keeping no more of it than may be kept.
//!
//! What a merchant told about one license is sealed in the journal, with the key of that license.
//! It is opened before the journal decides about a call, never by its writer, and the receipt of
//! an answer that tells it has the answer without what it tells: a receipt is for ever.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use tenure_domain::{Instant, License, LicenseId, Sealed};
use tenure_journal::vault::{Opened, Vault};
use tenure_journal::{AsOf, ReadError, StreamId, as_of};
use tenure_koogallery::access::{self, Access, Told};
use tenure_koogallery::v1::{EncryptType, Iv};
use tenure_koogallery::{AccessKey, Answer};

use crate::callback::Ingress;
use crate::listing::Listing;
use crate::requests::{Form, PurchaseForm};

/// How accounts are told.
#[derive(Debug, Clone, Default)]
pub(crate) enum Accounts {
    /// In the clear, by V2.0.
    #[default]
    Clear,
    /// Encrypted, by V1.0.
    Encrypted {
        /// The key that signed the call.
        key: AccessKey,
        /// Which AES.
        with: EncryptType,
    },
}

impl Accounts {
    /// What is told of an access; `None` if the system has no randomness to encrypt with.
    fn tell(&self, access: &Access) -> Option<Told> {
        match self {
            Self::Clear => Some(access.in_clear()),
            Self::Encrypted { key, with } => {
                let ivs = [draw()?, draw()?];
                Some(access.encrypted(key, *with, &ivs))
            },
        }
    }
}

/// What is sent in place of what is kept, once it is decided. A decision that met a conflict is made
/// anew: the last one holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Arc<Mutex<Option<Vec<u8>>>>);

impl Sent {
    /// Answers, and returns what is kept of the answer.
    pub(crate) fn answer(&self, form: &Form, answer: impl Fn(&Form) -> Answer) -> Vec<u8> {
        let whole = answer(form).to_json();
        let (kept, sent) = match form.kept() {
            Some(kept) => (answer(&kept).to_json(), Some(whole)),
            None => (whole, None),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sent;
        kept
    }

    /// What is sent, if it is not what is kept.
    pub(crate) fn instead_of(&self, kept: Vec<u8>) -> Vec<u8> {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        sent.unwrap_or(kept)
    }
}

impl Ingress {
    /// A purchase that is told again is answered like a query. What of the license cannot be read
    /// is left to the writer, which finds it too.
    pub(crate) async fn for_purchase(
        &self,
        listing: &Listing,
        form: Form,
        id: &LicenseId,
    ) -> Result<Form, ReadError> {
        if form.purchase != Some(PurchaseForm::AppInfo) {
            return Ok(form);
        }
        match self.licenses(listing, vec![id.clone()]).await {
            Ok(found) => self.with_access(listing, form, &found).await,
            Err(_unreadable) => Ok(form),
        }
    }

    /// Folds licenses from the journal itself, so that what was acknowledged is seen.
    pub(crate) async fn licenses(
        &self,
        listing: &Listing,
        ids: Vec<LicenseId>,
    ) -> Result<Vec<(LicenseId, License)>, ReadError> {
        let (reader, merchant) = (Arc::clone(&self.reader), listing.merchant.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            ids.into_iter()
                .map(|id| {
                    let stream = StreamId::license(&merchant, &id);
                    let view = as_of::license(reader.as_mut(), &stream, Instant::MAX, AsOf::Head)?;
                    Ok((id, view.license))
                })
                .collect()
        });
        reading
            .await
            .map_err(|stopped| ReadError::Unavailable(stopped.into()))?
    }

    /// Adds to a form where the buyers of these licenses find the application.
    pub(crate) async fn with_access(
        &self,
        listing: &Listing,
        mut form: Form,
        found: &[(LicenseId, License)],
    ) -> Result<Form, ReadError> {
        let sealed: Vec<_> = found
            .iter()
            .filter_map(|(id, license)| match license {
                License::Living(living) => Some((id.clone(), living.access.clone()?)),
                License::Absent | License::Released(_) => None,
            })
            .collect();
        if sealed.is_empty() {
            return Ok(form);
        }
        let vault = self.vault.clone();
        let opened = tokio::task::spawn_blocking(move || open(&vault, sealed)).await;
        let opened = opened.map_err(|stopped| ReadError::Unavailable(stopped.into()))?;
        for (id, access) in opened.map_err(ReadError::Unavailable)? {
            let told = form.accounts.tell(&access);
            let told = told.ok_or_else(|| ReadError::Unavailable("no randomness".into()))?;
            for member in told.left_out {
                tracing::warn!(
                    listing = %listing.id,
                    license = %id,
                    member,
                    "too long for V1.0, which a buyer is told by: tell it by other means"
                );
                self.metrics.left_out(&listing.id, member);
            }
            form.own.insert(id, told.app_info);
        }
        Ok(form)
    }
}

type Cause = Box<dyn Error + Send + Sync>;

/// Opens what merchants told; what was erased is as if it had never been told.
fn open(
    vault: &Vault,
    sealed: Vec<(LicenseId, Sealed)>,
) -> Result<Vec<(LicenseId, Access)>, Cause> {
    let mut all = Vec::with_capacity(sealed.len());
    for (id, sealed) in sealed {
        if let Opened::Text(text) = vault.open_sealed(access::CONTEXT, &sealed)?
            && let Some(access) = Access::parse(&text)?
        {
            all.push((id, access));
        }
    }
    Ok(all)
}

/// A vector that has not served before; `None` if the system has no randomness.
pub(crate) fn draw() -> Option<Iv> {
    let mut random = [0; Iv::RANDOM_BYTES];
    match getrandom::fill(&mut random) {
        Ok(()) => Some(Iv::from_random(&random)),
        Err(error) => {
            tracing::error!(%error, "the system has no randomness");
            None
        },
    }
}
