//! Requests for license files: what they say of a device is sealed, in the command and in the
//! receipt, with the key of the license.

use std::borrow::Cow;

use actix_web::web::Bytes;
use tenure_domain::file::{FileKey, FileProgress, FileRequest};
use tenure_domain::{Command, Intent, License, LicenseId, SealKey, Sealed};
use tenure_journal::vault::Owner;
use tenure_journal::{Decided, ReadError, transact};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::license_file::{FINGERPRINT_CONTEXT, without_fingerprint};
use tenure_koogallery::notification::license_file::GetLicense;
use tenure_koogallery::{Activity, Answer, Request, ResultCode};

use crate::body::Taken;
use crate::callback::{Ingress, Known};
use crate::exchange::Incoming;
use crate::listing::Listing;
use crate::requests::{Prepared, answer_decided};

impl Ingress {
    /// A call as it is kept, if that differs from how it came: sealed, if it may name a device.
    pub(crate) async fn sealed(
        &self,
        listing: &Listing,
        incoming: &Incoming,
        request: &Request,
    ) -> Result<Option<(Incoming, SealKey)>, ReadError> {
        let Request::LicenseFile(wanted) = request else {
            return Ok(None);
        };
        let body = incoming.body.bytes.to_vec();
        let body = self.seal(listing, &wanted.id, RECEIPT_BODY, body).await?;
        let sealed = Incoming {
            listing: incoming.listing.clone(),
            method: incoming.method.clone(),
            query: incoming.query.clone(),
            body: Taken {
                bytes: Bytes::from(Vec::from(body.bytes)),
                ..Taken::default()
            },
            arrived_at: incoming.arrived_at,
        };
        Ok(Some((sealed, body.key)))
    }

    /// What is asked of the journal for a license file, and how it is answered.
    pub(crate) async fn ask_for_file(
        &self,
        listing: &Listing,
        incoming: &Incoming,
        wanted: GetLicense,
    ) -> Result<Prepared, ReadError> {
        let fingerprint = match &wanted.fingerprint {
            Some(fingerprint) => {
                let text = fingerprint.as_str().as_bytes().to_vec();
                let sealing = self.seal(listing, &wanted.id, FINGERPRINT_CONTEXT, text);
                Some(sealing.await?)
            },
            None => None,
        };
        let request = FileRequest {
            event: wanted.event,
            fingerprint,
            effective_at: wanted.effective_at,
            expires_at: wanted.expires_at,
        };
        let key = request.key();
        Ok(Prepared {
            request: transact::Request::License {
                merchant: listing.merchant.clone(),
                id: wanted.id,
                command: Command {
                    listing: listing.id.clone(),
                    family: listing.settings.instance_family,
                    at: incoming.arrived_at,
                    when_absent: listing.settings.when_absent,
                    intent: Intent::RequestFile {
                        request: Box::new(request),
                        rules: listing.file_rules,
                    },
                },
            },
            answer: Box::new(move |decided| answer(decided, &key).to_json()),
        })
    }

    /// Seals a text with the key of a license, where it may block.
    async fn seal(
        &self,
        listing: &Listing,
        license: &LicenseId,
        context: &'static str,
        text: Vec<u8>,
    ) -> Result<Sealed, ReadError> {
        let vault = self.vault.clone();
        let owner = Owner::license(&listing.merchant, license);
        let sealing = move || vault.key(&owner)?.seal(context, &text);
        let sealing = tokio::task::spawn_blocking(sealing);
        match sealing.await {
            Ok(Ok(sealed)) => Ok(sealed),
            Ok(Err(error)) => Err(ReadError::Unavailable(error.into())),
            Err(stopped) => Err(ReadError::Unavailable(stopped.into())),
        }
    }
}

/// The body of a call as it is kept: what was sealed as it is, everything else without what it may
/// say of a device.
pub(crate) fn kept_body<'a>(incoming: &'a Incoming, known: &Known<'_>) -> Cow<'a, [u8]> {
    let body = incoming.body.bytes.as_ref();
    let asks_for_a_file = |activity| activity == Activity::GetLicenseAsync.name();
    if known.sealed_with.is_none() && known.activity.is_none_or(asks_for_a_file) {
        without_fingerprint(body)
    } else {
        Cow::Borrowed(body)
    }
}

/// A file that the marketplace has is a success; one that it has still to get is "being processed".
/// One that it would not take is a failure, which a person has to look into.
fn answer(decided: &Decided<'_>, key: &FileKey) -> Answer {
    let Decided::License {
        outcome: Ok(_),
        license: License::Living(living),
    } = decided
    else {
        return answer_decided(decided);
    };
    let code = match living.file(key).map(|file| &file.progress) {
        Some(FileProgress::Delivered(_)) => ResultCode::Success,
        Some(FileProgress::Requested | FileProgress::Made(_)) => ResultCode::Processing,
        Some(FileProgress::Denied(_)) | None => ResultCode::InternalError,
    };
    Answer::of(code)
}
