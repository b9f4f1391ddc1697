//! How instances come to be, as configured.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::SecretString;
use serde::Deserialize;
use tenure_ingress::ChangeCheck;
use tenure_ingress::change::Allows;
use tenure_koogallery::{AppInfo, v1};
use tenure_outbound::webhook::{Secrets as WebhookSecrets, WebhookAddress};

use super::secret::Secrets;
use super::word;

/// How long a webhook may leave open when an application is ready, where nothing else is
/// configured.
const REMIND_SECONDS: u32 = 60 * 60;

/// How instances come to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Provisioning {
    /// Ready at once, or when somebody says so.
    #[serde(deserialize_with = "word::read")]
    pub mode: ProvisioningMode,
    /// Where the buyer finds the application.
    pub front_end_url: Option<String>,
    /// Where the buyer's administrator finds it.
    pub admin_url: Option<String>,
    /// The name of the account with which every buyer begins. V1.0 only.
    pub user_name: Option<SecretString>,
    /// The password of that account.
    pub password: Option<SecretString>,
    /// Or a file that holds it.
    pub password_file: Option<PathBuf>,
    /// A remark for the buyer.
    pub memo: Option<String>,
    /// Where the merchant's application is told of purchases, and asked about changes.
    pub webhook_url: Option<String>,
    /// What messages to it are signed with, the newest first: every one signs.
    pub webhook_secret: Vec<SecretString>,
    /// Or a file with one a line.
    pub webhook_secret_file: Option<PathBuf>,
    /// Whether it may be reached unencrypted outside of this machine.
    pub webhook_allow_http: bool,
    /// After how many seconds it is reminded of a purchase that it answered with 202.
    pub webhook_remind_seconds: u32,
    /// Whether a renewal may change the specification, and who decides.
    #[serde(deserialize_with = "word::read_some")]
    pub change_check: Option<ChangeCheckMode>,
    /// What is told if the application that is asked does not decide.
    #[serde(deserialize_with = "word::read")]
    pub change_check_default: ChangeDefault,
    /// What `change_check` was before it could ask.
    pub allow_change: Option<bool>,
}

/// When an instance is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProvisioningMode {
    /// At once: one application serves all buyers.
    Static,
    /// When the merchant says so: `POST /v1/licenses/{id}/provisioned`.
    Manual,
    /// When the merchant's application says so, which is told of each purchase.
    Webhook,
}

/// Who decides whether a renewal may change the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeCheckMode {
    /// It may.
    Allow,
    /// It may not.
    Deny,
    /// The merchant's application.
    Webhook,
}

/// What is told if nobody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeDefault {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            mode: ProvisioningMode::Static,
            front_end_url: None,
            admin_url: None,
            user_name: None,
            password: None,
            password_file: None,
            memo: None,
            webhook_url: None,
            webhook_secret: Vec::new(),
            webhook_secret_file: None,
            webhook_allow_http: false,
            webhook_remind_seconds: REMIND_SECONDS,
            change_check: None,
            change_check_default: ChangeDefault::Allow,
            allow_change: None,
        }
    }
}

impl Provisioning {
    /// Where every buyer finds the application of whom nothing else is told.
    pub(crate) fn app_info(&self) -> Option<AppInfo> {
        Some(AppInfo {
            front_end_url: self.front_end_url.clone()?,
            admin_url: self.admin_url.clone(),
            user_name: None,
            password: None,
            memo: self.memo.clone(),
        })
    }

    /// The account with which every buyer begins, as far as there is one.
    pub(super) fn account(&self) -> anyhow::Result<v1::InitialAccount> {
        let one = |inline: &Option<SecretString>, file: Option<&Path>, name: &str| {
            let inline: Vec<_> = inline.iter().cloned().collect();
            let secrets = Secrets {
                inline: &inline,
                file,
            };
            anyhow::Ok(secrets.read(name)?.into_iter().next())
        };
        let user_name = one(&self.user_name, None, "provisioning.user_name")?;
        let file = self.password_file.as_deref();
        let password = one(&self.password, file, "provisioning.password")?;
        v1::InitialAccount::parse(user_name, password)
            .context("provisioning.user_name or provisioning.password cannot be told to buyers")
    }

    /// What `changeInstanceCheck` is told.
    pub(super) fn change_check(&self) -> anyhow::Result<ChangeCheck> {
        let otherwise = match self.change_check_default {
            ChangeDefault::Allow => Allows::Yes,
            ChangeDefault::Deny => Allows::No,
        };
        match (self.change_check, self.allow_change) {
            (Some(_), Some(_)) => bail!(
                "provisioning.allow_change is the older name of provisioning.change_check: take it \
                 out"
            ),
            (Some(ChangeCheckMode::Allow), None) | (None, None | Some(true)) => {
                Ok(ChangeCheck::Allow)
            },
            (Some(ChangeCheckMode::Deny), None) | (None, Some(false)) => Ok(ChangeCheck::Deny),
            (Some(ChangeCheckMode::Webhook), None) => Ok(ChangeCheck::Ask { otherwise }),
        }
    }

    /// The merchant's application, if it is told or asked anything.
    pub(crate) fn webhook(&self) -> anyhow::Result<Option<(WebhookAddress, WebhookSecrets)>> {
        let is_used = self.mode == ProvisioningMode::Webhook
            || self.change_check == Some(ChangeCheckMode::Webhook);
        if !is_used {
            return Ok(None);
        }
        let url = self.webhook_url.as_deref().context(
            "provisioning.webhook_url is missing: mode or change_check says that there is one",
        )?;
        self.webhook_at(url, "provisioning.webhook_url").map(Some)
    }

    /// The merchant's application at an address, with the secrets that every message to it is
    /// signed with. What stands under the key is not repeated: a token may be part of it.
    pub(super) fn webhook_at(
        &self,
        url: &str,
        key: &str,
    ) -> anyhow::Result<(WebhookAddress, WebhookSecrets)> {
        let address = WebhookAddress::parse(url, self.webhook_allow_http)
            .with_context(|| format!("{key} cannot be used"))?;
        let secrets = Secrets {
            inline: &self.webhook_secret,
            file: self.webhook_secret_file.as_deref(),
        }
        .read("provisioning.webhook_secret")?;
        let secrets = WebhookSecrets::parse(&secrets).context(
            "provisioning.webhook_secret cannot be used; make one by: \
             echo whsec_$(head -c 32 /dev/urandom | base64)",
        )?;
        Ok((address, secrets))
    }
}
