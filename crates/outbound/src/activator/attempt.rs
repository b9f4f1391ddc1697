//! One activation.

use tenure_domain::{Activation, CodeStatus, Command, Family, Intent, LicenseId, WhenAbsent};
use tenure_journal::transact::{Outcome, Request};
use tenure_journal::{Unavailable, Verdict};
use tenure_koogallery::open_api::query::LicenseInfo;
use tenure_koogallery::open_api::{OpenApiError, activate};

use super::Activated;
use super::asking::{Answered, AskError, Asking, nothing};
use super::question::{Question, read_activation};
use crate::activate_error::ActivateError;

/// One activation under way.
pub(super) struct Attempt<'a> {
    pub(super) asking: &'a Asking<'a>,
    pub(super) code: &'a LicenseId,
}

impl Attempt<'_> {
    /// Activates the code.
    pub(super) async fn run(&self) -> Result<Activated, ActivateError> {
        self.told(self.activate().await)
    }

    /// Records the code as one that the marketplace activated already.
    pub(super) async fn run_activated(&self) -> Result<Activated, ActivateError> {
        self.told(self.active_already().await)
    }

    fn told(
        &self,
        activated: Result<Activated, ActivateError>,
    ) -> Result<Activated, ActivateError> {
        let listing = self.asking.listing;
        match &activated {
            Ok(activated) => tracing::info!(
                %listing,
                receipt = %activated.receipt_id,
                news = activated.outcome == Outcome::Recorded,
                estimate = activated.estimate,
                "code activated"
            ),
            Err(error) => tracing::warn!(%listing, code = error.code(), "code not activated"),
        }
        activated
    }

    async fn activate(&self) -> Result<Activated, ActivateError> {
        let edition = self.asking.edition;
        let question = Question::activate(edition, self.code);
        let answered = self.asking.ask(&question).await?;
        match read_activation(edition, &answered.received) {
            Ok(told) => self.activated(answered, told).await,
            Err(OpenApiError::IllegalState) => {
                // Perhaps active since an earlier call whose answer was lost.
                let error = OpenApiError::IllegalState;
                self.asking.note_error(&answered, &error).await?;
                self.active_already().await
            },
            Err(error) => {
                let receipt_id = self.asking.note_error(&answered, &error).await?;
                Err(ActivateError::Marketplace { error, receipt_id })
            },
        }
    }

    /// The marketplace activated the code just now; a query tells the end of the term.
    async fn activated(
        &self,
        answered: Answered,
        told: activate::Activated,
    ) -> Result<Activated, ActivateError> {
        let info = self.authoritative().await?;
        let estimate = info.as_ref().is_none_or(|info| info.expires_at.is_none());
        let at = answered.received.at;
        let activation = Activation {
            activated_at: info
                .as_ref()
                .and_then(|info| info.activated_at)
                .unwrap_or(at),
            expires_at: info
                .as_ref()
                .and_then(|info| info.expires_at)
                .or(told.expires_at),
            grace_seconds: self.asking.account.grace_seconds,
            product: info
                .as_ref()
                .and_then(|info| info.product.clone())
                .or(told.product),
            quantity: info
                .as_ref()
                .and_then(|info| info.quantity)
                .or(told.quantity),
            order: info.and_then(|info| info.order).or(told.order),
        };
        self.record(answered, activation, estimate).await
    }

    /// What a query tells after an activation; nothing if it fails, which is no reason to fail
    /// the activation.
    async fn authoritative(&self) -> Result<Option<LicenseInfo>, Unavailable> {
        let code = match self.query().await {
            Ok((answered, info)) => {
                self.asking.note(&answered, Verdict::Answered, None).await?;
                return Ok(Some(info));
            },
            Err(AskError::Journal(error)) => return Err(error),
            Err(AskError::Send(error)) => error.code(),
            Err(AskError::Marketplace { error, .. }) => error.code(),
        };
        tracing::warn!(listing = %self.asking.listing, code, "query failed");
        Ok(None)
    }

    /// The code is active, or its state does not allow an activation: a query tells.
    async fn active_already(&self) -> Result<Activated, ActivateError> {
        let (answered, info) = self.query().await?;
        let status = match info.status {
            CodeStatus::Alive | CodeStatus::Expired => {
                let activation = Activation {
                    activated_at: info.activated_at.unwrap_or(answered.received.at),
                    expires_at: info.expires_at,
                    grace_seconds: self.asking.account.grace_seconds,
                    product: info.product,
                    quantity: info.quantity,
                    order: info.order,
                };
                return self.record(answered, activation, false).await;
            },
            over @ (CodeStatus::Released | CodeStatus::Other(_)) => over.word().to_owned(),
        };
        let reason = Some("code_not_in_force");
        let receipt_id = self
            .asking
            .note(&answered, Verdict::Refused, reason)
            .await?;
        Err(ActivateError::NotInForce { status, receipt_id })
    }

    async fn query(&self) -> Result<(Answered, LicenseInfo), AskError> {
        let question = |edition| Question::query(edition, self.code);
        self.asking.query(self.code, question).await
    }

    async fn record(
        &self,
        answered: Answered,
        activation: Activation,
        estimate: bool,
    ) -> Result<Activated, ActivateError> {
        let expires_at = activation.expires_at;
        let request = Request::License {
            merchant: self.asking.account.merchant.clone(),
            id: self.code.clone(),
            command: Command {
                listing: self.asking.listing.clone(),
                family: Family::LicenseCode,
                at: answered.received.at,
                when_absent: WhenAbsent::Remember,
                intent: Intent::Activate(activation),
            },
        };
        let done = self.asking.submit(&answered, request, nothing()).await?;
        let outcome = match done.verdict {
            Verdict::Applied => Outcome::Recorded,
            Verdict::AlreadyApplied => Outcome::AlreadyApplied,
            Verdict::Answered
            | Verdict::Refused
            | Verdict::Rejected
            | Verdict::Quarantined
            | Verdict::Probe => {
                return Err(ActivateError::Refused {
                    reason: done.reason.unwrap_or_default(),
                    receipt_id: done.receipt_id,
                });
            },
        };
        Ok(Activated {
            outcome,
            receipt_id: done.receipt_id,
            head: done.head,
            expires_at,
            estimate,
        })
    }
}
