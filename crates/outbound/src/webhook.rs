//! Calls to the merchant's own application: signed, bounded in time and size, never redirected.
//!
//! They have the form of [Standard Webhooks](https://www.standardwebhooks.com): the headers
//! `webhook-id`, `webhook-timestamp` and `webhook-signature`, so that the receiver can verify them
//! with any library of that name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use sha2::{Digest, Sha256};
use tenure_journal::Clock;

use crate::send_error::SendError;
use crate::worker::Ending;

mod address;
pub(crate) mod change_check;
mod secret;

pub use address::{WebhookAddress, WebhookAddressError};
pub use change_check::{Allowed, ChangeQuestion};
pub use secret::{SecretError, Secrets};

/// How long the application may take, from the first byte sent to the last one read.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The most bytes that an answer may have.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where one listing's application is told and asked. Clones share their connections.
#[derive(Clone)]
pub struct Webhook {
    address: WebhookAddress,
    secrets: Secrets,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// What the application said.
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    /// May hold a password.
    pub(crate) body: Vec<u8>,
}

/// A message, and the name that it keeps however often it is sent.
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: Vec<u8>,
}

impl Webhook {
    /// Makes one. The process must have a TLS provider installed by then.
    pub fn new(
        address: WebhookAddress,
        secrets: Secrets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WebhookError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(WebhookError::NoTls);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("tenure/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(WebhookError::Http)?;
        Ok(Self {
            address,
            secrets,
            http,
            clock,
        })
    }

    /// Looks whether somebody answers there, whatever it is; says the status. Nothing is told and
    /// nothing is signed.
    pub async fn reach(&self) -> Result<u16, WebhookError> {
        let response = self.http.head(self.address.url()).send().await;
        let response = response.map_err(|error| WebhookError::Send(SendError::of(error)))?;
        Ok(response.status().as_u16())
    }

    /// Sends a message, signed for this moment.
    pub(crate) async fn send(&self, message: &Message) -> Result<Said, SendError> {
        self.send_for(message, ANSWER_BYTES_MAX).await
    }

    /// Sends a message whose answer may have so many bytes.
    pub(crate) async fn send_for(
        &self,
        message: &Message,
        answer_bytes_max: usize,
    ) -> Result<Said, SendError> {
        let timestamp = self.clock.now().micros().div_euclid(1_000_000).to_string();
        let signature = self
            .secrets
            .signature(&message.id, &timestamp, &message.body);
        let building = self
            .http
            .post(self.address.url())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(message.body.clone());
        let mut response = building.send().await.map_err(SendError::of)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(SendError::of)? {
            if body.len() + chunk.len() > answer_bytes_max {
                return Err(SendError::TooLarge {
                    max: answer_bytes_max,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Said {
            status: response.status(),
            body,
        })
    }
}

impl Message {
    /// A message about a thing that the parts name: the same ones always make the same id.
    pub(crate) fn about(parts: &[&str], body: Vec<u8>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest = digest.finalize();
        let id = digest[..16].iter().map(|byte| format!("{byte:02x}"));
        Self {
            // No dot may stand in it: dots part what is signed.
            id: format!("msg_{}", id.collect::<String>()),
            body,
        }
    }
}

/// Why a webhook cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The program has not chosen how to encrypt.
    #[error("no TLS provider is installed for this process")]
    NoTls,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
    /// Nobody answered.
    #[error("the webhook cannot be reached")]
    Send(#[source] SendError),
}

/// The stable code under which a failed call to a webhook is shown and counted.
pub(crate) fn code(error: &SendError) -> &'static str {
    match error {
        SendError::Unreachable(_) => "webhook_unreachable",
        SendError::Untrusted(_) => "webhook_untrusted",
        SendError::TimedOut(_) => "webhook_timed_out",
        SendError::Broken(_) => "webhook_connection_broken",
        SendError::TooLarge { .. } => "webhook_answer_too_large",
        SendError::Address(_) => "webhook_address",
    }
}

/// What a call comes to that nobody answered.
pub(crate) fn unsent(error: &SendError) -> Ending {
    match error {
        SendError::Unreachable(_)
        | SendError::TimedOut(_)
        | SendError::Broken(_)
        | SendError::TooLarge { .. } => Ending::Failed,
        SendError::Untrusted(_) | SendError::Address(_) => Ending::Denied,
    }
}

/// What an answer comes to that tells nothing but its status, and the stable code of that.
pub(crate) fn refused(status: StatusCode) -> (Ending, &'static str) {
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            (Ending::Failed, "webhook_busy")
        },
        status if status.is_server_error() => (Ending::Failed, "webhook_failed"),
        status if status.is_redirection() => (Ending::Denied, "webhook_redirects"),
        _ => (Ending::ItemDenied, "webhook_refused"),
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("address", &self.address)
            .field("secrets", &self.secrets)
            .finish_non_exhaustive()
    }
}
