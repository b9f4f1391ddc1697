//! The activation of authorization codes.
//!
//! The marketplace's License 2.0 guide makes activating an active code an error, calls the end of
//! the term in the activation's answer an estimate, and names the query as the authority. So an
//! activation is a call, a query, and a record of what both told; and a call whose answer was
//! lost is found out about by making it again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tenure_domain::{
    Activation, Command, Family, Instant, Intent, LicenseId, ListingId, MerchantId, WhenAbsent,
};
use tenure_journal::transact::{Arrived, Call, Done, Outcome, Request};
use tenure_journal::{Actor, Clock, Position, Queue, ReceiptId, Unavailable, Verdict};
use tenure_koogallery::open_api::{CodeStatus, OpenApiError, OpenApiRequest, activate, query};
use tokio::sync::oneshot;

use crate::activate_error::ActivateError;
use crate::client::{Client, Received};

/// The method of the receipts of answers to our own calls.
pub(crate) const METHOD: &str = "OPEN-API";

/// How long an answer of the marketplace may wait for its turn in the journal, in seconds.
pub(crate) const RECORDING_SECONDS_MAX: i64 = 10;

/// One listing's access to the open APIs.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose streams its codes are in.
    pub merchant: MerchantId,
    /// Signs with the merchant's access key.
    pub client: Client,
    /// The grace after a term's end, in seconds.
    pub grace_seconds: u32,
}

/// Activates codes.
#[derive(Clone)]
pub struct Activator {
    accounts: BTreeMap<ListingId, Account>,
    queue: Queue,
    clock: Arc<dyn Clock>,
}

/// A code is in force, and the journal says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// Whether that is news.
    pub outcome: Outcome,
    /// The receipt of the answer that it was recorded from.
    pub receipt_id: ReceiptId,
    /// The head of the journal after it: what a reader must have folded to see it.
    pub head: Position,
    /// When the term ends, by the marketplace's word.
    pub expires_at: Option<Instant>,
    /// Whether that is the estimate of the activation, because no query told the end.
    pub estimate: bool,
}

/// The two questions, under the names that their receipts carry.
#[derive(Debug, Clone, Copy)]
enum Question {
    Activate,
    Query,
}

impl Question {
    fn activity(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Query => "query",
        }
    }

    fn request(self, code: &LicenseId) -> OpenApiRequest {
        match self {
            Self::Activate => activate::request(code, None),
            Self::Query => query::request(code),
        }
    }
}

/// One activation under way.
struct Attempt<'a> {
    activator: &'a Activator,
    account: &'a Account,
    listing: &'a ListingId,
    code: &'a LicenseId,
}

/// An answer of the marketplace that is still to be recorded.
struct Answered {
    question: Question,
    received: Received,
}

impl Activator {
    /// Makes one that activates the codes of the listings that have an account.
    pub fn new(
        accounts: BTreeMap<ListingId, Account>,
        queue: Queue,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            accounts,
            queue,
            clock,
        }
    }

    /// Brings a code into force. Every answer of the marketplace on the way becomes a receipt.
    ///
    /// A code that is active already stays as it is, and that is a success. Nothing is retried.
    pub async fn activate(
        &self,
        listing: &ListingId,
        code: &LicenseId,
    ) -> Result<Activated, ActivateError> {
        let account = self
            .accounts
            .get(listing)
            .ok_or_else(|| ActivateError::NotConfigured {
                listing: listing.clone(),
            })?;
        let attempt = Attempt {
            activator: self,
            account,
            listing,
            code,
        };
        let activated = attempt.run().await;
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
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Activated, ActivateError> {
        let answered = self.ask(Question::Activate).await?;
        match activate::read(answered.received.status, &answered.received.body) {
            Ok(told) => self.activated(answered, told).await,
            Err(OpenApiError::IllegalState) => {
                // Perhaps active since an earlier call whose answer was lost.
                self.note_error(&answered, &OpenApiError::IllegalState)
                    .await?;
                self.active_already().await
            },
            Err(error) => {
                let receipt_id = self.note_error(&answered, &error).await?;
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
            grace_seconds: self.account.grace_seconds,
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
    async fn authoritative(&self) -> Result<Option<query::LicenseInfo>, Unavailable> {
        let answered = match self.ask(Question::Query).await {
            Ok(answered) => answered,
            Err(error) => {
                tracing::warn!(listing = %self.listing, code = error.code(), "query failed");
                return Ok(None);
            },
        };
        match query::read(answered.received.status, &answered.received.body) {
            Ok(info) => {
                self.note(&answered, Verdict::Answered, None).await?;
                Ok(Some(info))
            },
            Err(error) => {
                tracing::warn!(listing = %self.listing, code = error.code(), "query failed");
                self.note_error(&answered, &error).await?;
                Ok(None)
            },
        }
    }

    /// The state of the code does not allow an activation: a query tells why.
    async fn active_already(&self) -> Result<Activated, ActivateError> {
        let answered = self.ask(Question::Query).await?;
        let info = match query::read(answered.received.status, &answered.received.body) {
            Ok(info) => info,
            Err(error) => {
                let receipt_id = self.note_error(&answered, &error).await?;
                return Err(ActivateError::Marketplace { error, receipt_id });
            },
        };
        let status = match info.status {
            CodeStatus::Alive | CodeStatus::Expired => {
                let activation = Activation {
                    activated_at: info.activated_at.unwrap_or(answered.received.at),
                    expires_at: info.expires_at,
                    grace_seconds: self.account.grace_seconds,
                    product: info.product,
                    quantity: info.quantity,
                    order: info.order,
                };
                return self.record(answered, activation, false).await;
            },
            CodeStatus::Released => "RELEASED".to_owned(),
            CodeStatus::Other(word) => word,
        };
        let receipt_id = self
            .note(&answered, Verdict::Refused, Some("code_not_in_force"))
            .await?;
        Err(ActivateError::NotInForce { status, receipt_id })
    }

    async fn ask(&self, question: Question) -> Result<Answered, crate::SendError> {
        let request = question.request(self.code);
        let received = self.account.client.send(&request).await?;
        Ok(Answered { question, received })
    }

    async fn record(
        &self,
        answered: Answered,
        activation: Activation,
        estimate: bool,
    ) -> Result<Activated, ActivateError> {
        let expires_at = activation.expires_at;
        let request = Request::License {
            merchant: self.account.merchant.clone(),
            id: self.code.clone(),
            command: Command {
                listing: self.listing.clone(),
                family: Family::LicenseCode,
                at: answered.received.at,
                when_absent: WhenAbsent::Remember,
                intent: Intent::Activate(activation),
            },
        };
        let done = self.submit(&answered, request).await?;
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

    async fn note_error(
        &self,
        answered: &Answered,
        error: &OpenApiError,
    ) -> Result<ReceiptId, Unavailable> {
        self.note(answered, verdict(error), Some(error.code()))
            .await
    }

    async fn note(
        &self,
        answered: &Answered,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Result<ReceiptId, Unavailable> {
        let request = Request::Noted {
            verdict,
            reason: reason.map(Into::into),
        };
        let done = self.submit(answered, request).await?;
        Ok(done.receipt_id)
    }

    async fn submit(&self, answered: &Answered, request: Request) -> Result<Done, Unavailable> {
        let question = answered.question;
        let call = Call {
            arrived: Arrived {
                listing: self.listing.as_str().into(),
                at: answered.received.at,
                method: METHOD.into(),
                parameters: question.request(self.code).target().into(),
                body: answered.received.body.as_slice().into(),
                activity: Some(question.activity().into()),
                // The marketplace proved who it is by its certificate.
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer: Box::new(|_decided| Vec::new()),
        };
        let (sender, receiver) = oneshot::channel();
        let deadline = self
            .activator
            .clock
            .now()
            .plus_seconds(RECORDING_SECONDS_MAX);
        // Whoever waited may have given up; the answer is recorded all the same.
        self.activator.queue.submit(
            call,
            deadline,
            Box::new(move |reply| drop(sender.send(reply))),
        )?;
        receiver.await.map_err(|_gone| Unavailable::Stopped)?
    }
}

/// A rule of the marketplace said no, or we were not understood, or it was not.
fn verdict(error: &OpenApiError) -> Verdict {
    match error {
        OpenApiError::IllegalState
        | OpenApiError::NotClaimed
        | OpenApiError::UnknownCode
        | OpenApiError::NotActivated => Verdict::Refused,
        OpenApiError::InvalidParameter
        | OpenApiError::Denied
        | OpenApiError::Throttled
        | OpenApiError::Unavailable
        | OpenApiError::Unreadable
        | OpenApiError::Other { .. } => Verdict::Rejected,
    }
}

impl fmt::Debug for Activator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activator")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}
