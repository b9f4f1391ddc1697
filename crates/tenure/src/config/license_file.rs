//! License files of online licenses, as configured.

use anyhow::bail;
use serde::Deserialize;
use tenure_domain::file::FileRules;
use tenure_outbound::webhook::{Secrets, WebhookAddress};

use super::provisioning::Provisioning;
use super::word;

/// How license files come to be, and who gets one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LicenseFile {
    /// Who makes them.
    #[serde(deserialize_with = "word::read")]
    pub mode: LicenseFileMode,
    /// Whether a request must name a device; otherwise it is answered with `000903`.
    pub fingerprint_required: bool,
    /// How many an order has.
    #[serde(deserialize_with = "word::read")]
    pub quota: Quota,
    /// Where the merchant's application makes them; `provisioning.webhook_url` if nothing is said.
    /// Messages are signed with `provisioning.webhook_secret`.
    pub webhook_url: Option<String>,
}

/// Who makes license files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LicenseFileMode {
    /// Nobody: the text is the id of the license.
    Static,
    /// The merchant's application, which is told of each request.
    Webhook,
    /// The merchant: `POST /v1/licenses/{id}/files/{event_id}`.
    Manual,
}

/// How many license files an order has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quota {
    /// One for every unit that was bought; a device counts once.
    Quantity,
    /// As many as are asked for.
    Unlimited,
}

impl Default for LicenseFile {
    fn default() -> Self {
        Self {
            mode: LicenseFileMode::Static,
            fingerprint_required: false,
            quota: Quota::Quantity,
            webhook_url: None,
        }
    }
}

impl LicenseFile {
    /// What counts for requests.
    pub(super) fn rules(&self) -> FileRules {
        FileRules {
            needs_fingerprint: self.fingerprint_required,
            counts_units: self.quota == Quota::Quantity,
        }
    }

    /// The application that makes them, if one does.
    pub(crate) fn webhook(
        &self,
        provisioning: &Provisioning,
    ) -> anyhow::Result<Option<(WebhookAddress, Secrets)>> {
        if self.mode != LicenseFileMode::Webhook {
            return Ok(None);
        }
        let (url, key) = match (&self.webhook_url, &provisioning.webhook_url) {
            (Some(url), _) => (url, "license_file.webhook_url"),
            (None, Some(url)) => (url, "provisioning.webhook_url"),
            (None, None) => bail!(
                "license_file.webhook_url is missing, and provisioning.webhook_url too: \
                 license_file.mode says that there is one"
            ),
        };
        provisioning.webhook_at(url, key).map(Some)
    }
}
