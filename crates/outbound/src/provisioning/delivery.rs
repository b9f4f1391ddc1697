//! One purchase told to a webhook, from the message to the record.

use std::sync::Arc;

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;
use tenure_domain::{Command, Intent, Sealed, WhenAbsent};
use tenure_journal::transact::{Arrived, Call, Request};
use tenure_journal::vault::{Owner, Vault, VaultError};
use tenure_journal::{Actor, Clock, Queue, Verdict};
use tenure_koogallery::access::{self, Access};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;

use super::{Pending, ShowPurchase, Shown, Told};
use crate::webhook::change_check::bytes;
use crate::webhook::{Message, Said, code, refused, unsent};
use crate::worker::{self, Cause, Ending, Outcome};

/// The event, which is also the activity that the receipts of answers carry.
const EVENT: &str = "license.purchased";

/// The method of the receipts of answers.
const METHOD: &str = "WEBHOOK";

/// What telling of a purchase needs.
pub(super) struct Delivery {
    pub(super) told: Told,
    pub(super) license: Pending,
    pub(super) show: Arc<ShowPurchase>,
    pub(super) vault: Vault,
    pub(super) queue: Queue,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a webhook's answer means.
enum Answer {
    /// It is ready.
    Ready(Option<Access>),
    /// It will tell.
    Later,
}

/// An answer as it is kept.
struct Kept {
    /// Where the buyer finds the application, if that was told.
    access: Option<Sealed>,
    /// The whole body.
    body: Sealed,
}

impl Delivery {
    pub(super) async fn deliver(self) -> Outcome {
        let message = match self.message().await {
            Ok(Ok(message)) => message,
            Ok(Err(seconds)) => {
                return Outcome::NotYet {
                    seconds: i64::from(seconds),
                };
            },
            Err(error) => {
                tracing::warn!(license = %self.license.license, error, "it cannot be shown");
                return nothing(Ending::Failed, "license_unreadable");
            },
        };
        let said = match self.told.webhook.send(&message).await {
            Ok(said) => said,
            Err(error) => return nothing(unsent(&error), code(&error)),
        };
        match read(&said) {
            Ok(Answer::Later) => Outcome::Promised {
                seconds: i64::from(self.told.remind_seconds),
            },
            Ok(Answer::Ready(access)) => self.record(said, access).await,
            Err((ending, kind)) => {
                let status = said.status.as_u16();
                tracing::debug!(license = %self.license.license, status, "webhook");
                nothing(ending, kind)
            },
        }
    }

    /// The message, under the id that every message about this purchase has; or in how many seconds
    /// there is more to tell.
    async fn message(&self) -> Result<Result<Message, u8>, Cause> {
        let (show, license) = (Arc::clone(&self.show), self.license.clone());
        let shown = match tokio::task::spawn_blocking(move || show(&license)).await?? {
            Shown::Now(shown) => shown,
            Shown::InSeconds(seconds) => return Ok(Err(seconds)),
        };
        let body = json!({ "event": EVENT, "license": shown });
        let Pending {
            merchant, license, ..
        } = &self.license;
        let parts = [EVENT, merchant.as_str(), license.as_str()];
        Ok(Ok(Message::about(&parts, bytes(&body))))
    }

    async fn record(self, said: Said, access: Option<Access>) -> Outcome {
        let status = said.status.as_u16();
        let kept = match self.seal(said.body, access).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(license = %self.license.license, error, "it cannot be sealed");
                return nothing(Ending::Failed, "vault_unavailable");
            },
        };
        let now = self.clock.now();
        let call = Call {
            arrived: Arrived {
                listing: self.license.listing.as_str().into(),
                at: now,
                method: METHOD.into(),
                parameters: format!("status={status}").into(),
                body: kept.body.bytes,
                sealed_with: Some(kept.body.key),
                activity: Some(EVENT.into()),
                // The operator configured the webhook.
                authentic: true,
                actor: Actor::Operator,
            },
            request: Request::License {
                merchant: self.license.merchant.clone(),
                id: self.license.license.clone(),
                command: Command {
                    listing: self.license.listing.clone(),
                    family: self.license.family,
                    at: now,
                    when_absent: WhenAbsent::Refuse,
                    intent: Intent::ReportProvisioned {
                        access: kept.access,
                    },
                },
            },
            answer: Box::new(|_decided| Vec::new()),
        };
        match worker::record(&self.queue, self.clock.as_ref(), call).await {
            Ok(done) => match done.verdict {
                Verdict::Applied => Outcome::Done,
                Verdict::AlreadyApplied => Outcome::AlreadyDone,
                Verdict::Answered
                | Verdict::Refused
                | Verdict::Rejected
                | Verdict::Quarantined
                | Verdict::Probe => nothing(Ending::Final, "not_recorded"),
            },
            Err(error) => {
                tracing::warn!(
                    license = %self.license.license,
                    %error,
                    "what the webhook answered was not recorded"
                );
                nothing(Ending::Failed, "journal_unavailable")
            },
        }
    }

    /// Seals the answer with the key of the license: the password of its first account may stand in
    /// it.
    async fn seal(&self, body: Vec<u8>, access: Option<Access>) -> Result<Kept, Cause> {
        let vault = self.vault.clone();
        let owner = Owner::license(&self.license.merchant, &self.license.license);
        let sealing = tokio::task::spawn_blocking(move || {
            let key = vault.key(&owner)?;
            let access = access.map(|access| {
                let json = access.to_json();
                key.seal(access::CONTEXT, json.expose_secret().as_bytes())
            });
            Ok::<_, VaultError>(Kept {
                access: access.transpose()?,
                body: key.seal(RECEIPT_BODY, &body)?,
            })
        });
        Ok(sealing.await??)
    }
}

fn nothing(ending: Ending, kind: &'static str) -> Outcome {
    Outcome::Nothing { ending, kind }
}

/// What an answer means; otherwise what follows for the next ones, and the stable code.
fn read(said: &Said) -> Result<Answer, (Ending, &'static str)> {
    match said.status {
        StatusCode::ACCEPTED => Ok(Answer::Later),
        StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => {
            match Access::parse(&said.body) {
                Ok(access) => Ok(Answer::Ready(access)),
                Err(error) => {
                    tracing::warn!(%error, "the answer of a webhook cannot be read");
                    Err((Ending::Failed, "webhook_answer_unreadable"))
                },
            }
        },
        status => Err(refused(status)),
    }
}
