//! One license file, from its request to the record that it is made.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;
use tenure_domain::file::{File, FileProgress};
use tenure_domain::{Family, Intent};
use tenure_journal::Actor;
use tenure_journal::vault::Opened;
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::license_file::{FINGERPRINT_CONTEXT, Made};
use tenure_koogallery::open_api::bounded::Text;
use tenure_koogallery::open_api::upload::Upload;
use tenure_koogallery::wire;

use super::Maker;
use crate::license_files::{Files, Kept, Pending, device_name, failed, nothing};
use crate::provisioning::{self, Show, Told};
use crate::webhook::change_check::bytes;
use crate::webhook::{Message, Said, code, refused, unsent};
use crate::worker::{Cause, Ending, Outcome};

/// The event, which is also the activity that receipts carry.
const EVENT: &str = "license.file_requested";

/// The methods of the receipts of files that a webhook made, and that nobody had to make.
const WEBHOOK: &str = "WEBHOOK";
const STATIC: &str = "STATIC";

/// The most bytes of an answer: a file of the largest size in Base64, and some for its name.
const ANSWER_BYTES_MAX: usize = 384 * 1024;

/// What making a file needs.
pub(super) struct Attempt {
    pub(super) maker: Maker,
    pub(super) show: Arc<Show>,
    pub(super) files: Files,
    pub(super) file: Pending,
}

impl Attempt {
    pub(super) async fn make(self) -> Outcome {
        let asked = match self.files.file(&self.file).await {
            Ok(Some(file)) if file.progress == FileProgress::Requested => file,
            // The read model was late.
            Ok(_) => return Outcome::AlreadyDone,
            Err(error) => return failed(&self.file, &error, "file_unreadable"),
        };
        match &self.maker {
            Maker::Static => self.make_text().await,
            Maker::Webhook(told) => self.ask(told, &asked).await,
        }
    }

    async fn make_text(&self) -> Outcome {
        let Ok(text) = Text::parse(self.file.license.as_str()) else {
            return nothing(Ending::Final, "not_uploadable");
        };
        self.record(STATIC, "", None, Upload::Characters(text))
            .await
    }

    async fn ask(&self, told: &Told, asked: &File) -> Outcome {
        let message = match self.message(asked).await {
            Ok(Some(message)) => message,
            Ok(None) => return nothing(Ending::Final, "erased"),
            Err(error) => return failed(&self.file, &error, "file_unreadable"),
        };
        let said = match told.webhook.send_for(&message, ANSWER_BYTES_MAX).await {
            Ok(said) => said,
            Err(error) => return nothing(unsent(&error), code(&error)),
        };
        let made = match read(&said) {
            Ok(Some(made)) => made,
            Ok(None) => {
                return Outcome::Promised {
                    seconds: i64::from(told.remind_seconds),
                };
            },
            Err((ending, kind)) => {
                let status = said.status.as_u16();
                tracing::debug!(license = %self.file.license, status, "webhook");
                return nothing(ending, kind);
            },
        };
        let status = format!("status={}", said.status.as_u16());
        self.record(WEBHOOK, &status, Some(said.body), made.upload)
            .await
    }

    /// What the webhook is told, under the id that every message about this file has; nothing, if
    /// what is known of the device was erased.
    async fn message(&self, asked: &File) -> Result<Option<Message>, Cause> {
        let Pending {
            merchant,
            license,
            listing,
            key,
        } = &self.file;
        let request = &asked.request;
        let fingerprint = match &request.fingerprint {
            Some(sealed) => match self.files.open(FINGERPRINT_CONTEXT, sealed).await? {
                Opened::Text(text) => Some(String::from_utf8(text.to_vec())?),
                Opened::Erased => return Ok(None),
            },
            None => None,
        };
        let show = Arc::clone(&self.show);
        let shown = provisioning::Pending {
            merchant: merchant.clone(),
            license: license.clone(),
            family: Family::OnlineLicense,
            listing: listing.clone(),
        };
        let shown = tokio::task::spawn_blocking(move || show(&shown)).await??;
        let device = key.device.map(device_name);
        let body = json!({
            "event": EVENT,
            "license": shown,
            "event_id": key.event.as_str(),
            "device": device,
            "fingerprint": fingerprint,
            "effective_at": wire::rfc3339_time(request.effective_at),
            "expires_at": request.expires_at.map(wire::rfc3339_time),
        });
        let device = device.unwrap_or_default();
        let parts = [
            EVENT,
            merchant.as_str(),
            license.as_str(),
            key.event.as_str(),
            &device,
        ];
        Ok(Some(Message::about(&parts, bytes(&body))))
    }

    async fn record(
        &self,
        method: &'static str,
        parameters: &str,
        said: Option<Vec<u8>>,
        made: Upload,
    ) -> Outcome {
        let sealed = async {
            let body = match said {
                Some(said) => Some(self.files.seal(&self.file, RECEIPT_BODY, said).await?),
                None => None,
            };
            Ok::<_, Cause>((body, self.files.content(&self.file, made).await?))
        };
        let (body, content) = match sealed.await {
            Ok(sealed) => sealed,
            Err(error) => return failed(&self.file, &error, "vault_unavailable"),
        };
        let kept = Kept {
            method,
            activity: EVENT,
            parameters: parameters.into(),
            body,
            actor: Actor::Operator,
        };
        let intent = Intent::MakeFile {
            key: self.file.key.clone(),
            content,
        };
        let request = self.files.command(&self.file, intent);
        self.files.record(&self.file, kept, request).await
    }
}

/// What an answer means: the file, or that it comes later; otherwise what follows for the next ones,
/// and the stable code.
fn read(said: &Said) -> Result<Option<Made>, (Ending, &'static str)> {
    match said.status {
        StatusCode::ACCEPTED => Ok(None),
        StatusCode::OK | StatusCode::CREATED => {
            Made::parse(&said.body).map(Some).map_err(|error| {
                tracing::warn!(%error, "the answer of a webhook cannot be read");
                (Ending::Failed, "webhook_answer_unreadable")
            })
        },
        status => Err(refused(status)),
    }
}
