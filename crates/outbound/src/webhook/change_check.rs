//! Asking the merchant's application whether a renewal may change a license.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Message, Webhook, code};

/// How long the application may take: the marketplace waits for our own answer meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeQuestion {
    /// What tells this question from every other.
    pub name: String,
    /// The license, as it is shown to the merchant.
    pub license: Value,
    /// What it is to become, as the marketplace wrote it.
    pub product_info: Value,
}

/// What the application decided.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Allowed {
    /// Whether the license may change so.
    pub allowed: bool,
    /// Why not: a text that the marketplace gets to see.
    pub reason: Option<String>,
}

impl Webhook {
    /// Asks, within two seconds. An error is the stable code of why there is no decision.
    pub async fn ask_change(&self, question: ChangeQuestion) -> Result<Allowed, &'static str> {
        let body = json!({
            "event": "license.change_check",
            "license": question.license,
            "product_info": question.product_info,
        });
        let message = Message::about(&["license.change_check", &question.name], bytes(&body));
        let said = tokio::time::timeout(PATIENCE, self.send(&message)).await;
        let said = said
            .map_err(|_elapsed| "webhook_timed_out")?
            .map_err(|error| code(&error))?;
        if said.status != reqwest::StatusCode::OK {
            return Err("webhook_refused");
        }
        serde_json::from_slice(&said.body).map_err(|_unreadable| "webhook_answer_unreadable")
    }
}

/// A body that is sent and signed.
pub(crate) fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
