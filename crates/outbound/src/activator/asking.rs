//! Asking the marketplace in the name of a listing, and putting its answers into the journal.

use tenure_domain::{LicenseId, ListingId};
use tenure_journal::transact::{Answer, Arrived, Call, Done, Request};
use tenure_journal::{Actor, ReceiptId, Unavailable, Verdict};
use tenure_koogallery::open_api::OpenApiError;
use tenure_koogallery::open_api::query::LicenseInfo;

use super::question::{Question, read_query};
use super::{Account, Activator, Edition, METHOD};
use crate::client::Received;
use crate::send_error::SendError;
use crate::worker;

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) activator: &'a Activator,
    pub(super) account: &'a Account,
    pub(super) listing: &'a ListingId,
    pub(super) edition: Edition,
}

/// An answer of the marketplace that is still to be recorded.
pub(super) struct Answered {
    activity: &'static str,
    target: String,
    pub(super) received: Received,
}

/// Why a question was not answered as it should be.
pub(crate) enum AskError {
    /// Nobody was heard.
    Send(SendError),
    /// The marketplace said no, and that is recorded.
    Marketplace {
        error: OpenApiError,
        receipt_id: ReceiptId,
    },
    /// It could not be recorded.
    Journal(Unavailable),
}

impl From<Unavailable> for AskError {
    fn from(error: Unavailable) -> Self {
        Self::Journal(error)
    }
}

impl From<SendError> for AskError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl Asking<'_> {
    pub(super) async fn ask(&self, question: &Question) -> Result<Answered, SendError> {
        let metrics = &self.activator.metrics;
        let received = self.account.client.send(&question.request).await;
        let outcome = received
            .as_ref()
            .map_or_else(SendError::code, |_| "answered");
        metrics.count(self.listing, question.activity, outcome);
        Ok(Answered {
            activity: question.activity,
            target: question.request.target(),
            received: received?,
        })
    }

    /// Asks what a code is. The form of the second edition's answer is not public: where it cannot
    /// be read, the first edition is asked.
    pub(super) async fn query(
        &self,
        code: &LicenseId,
        question: impl Fn(Edition) -> Question,
    ) -> Result<(Answered, LicenseInfo), AskError> {
        let answered = self.ask(&question(self.edition)).await?;
        match (
            read_query(self.edition, code, &answered.received),
            self.edition,
        ) {
            (Ok(info), _) => return Ok((answered, info)),
            (Err(error @ OpenApiError::Unreadable), Edition::V2) => {
                self.note_error(&answered, &error).await?;
            },
            (Err(error), _) => return Err(self.refused(&answered, error).await?),
        }
        let answered = self.ask(&question(Edition::V1)).await?;
        match read_query(Edition::V1, code, &answered.received) {
            Ok(info) => Ok((answered, info)),
            Err(error) => Err(self.refused(&answered, error).await?),
        }
    }

    /// Records that the marketplace said no.
    async fn refused(
        &self,
        answered: &Answered,
        error: OpenApiError,
    ) -> Result<AskError, Unavailable> {
        let receipt_id = self.note_error(answered, &error).await?;
        Ok(AskError::Marketplace { error, receipt_id })
    }

    pub(super) async fn note_error(
        &self,
        answered: &Answered,
        error: &OpenApiError,
    ) -> Result<ReceiptId, Unavailable> {
        self.note(answered, verdict(error), Some(error.code()))
            .await
    }

    pub(super) async fn note(
        &self,
        answered: &Answered,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Result<ReceiptId, Unavailable> {
        let request = Request::Noted {
            verdict,
            reason: reason.map(Into::into),
        };
        let done = self.submit(answered, request, nothing()).await?;
        Ok(done.receipt_id)
    }

    /// Records an answer, and what it asks for. `answer` sees what was decided.
    pub(super) async fn submit(
        &self,
        answered: &Answered,
        request: Request,
        answer: Answer,
    ) -> Result<Done, Unavailable> {
        let call = Call {
            arrived: Arrived {
                listing: self.listing.as_str().into(),
                at: answered.received.at,
                method: METHOD.into(),
                parameters: answered.target.as_str().into(),
                body: answered.received.body.as_slice().into(),
                sealed_with: None,
                activity: Some(answered.activity.into()),
                // The marketplace proved who it is by its certificate.
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer,
        };
        let Activator { queue, clock, .. } = self.activator;
        worker::record(queue, clock.as_ref(), call).await
    }
}

/// Nobody waits for an answer of ours.
pub(super) fn nothing() -> Answer {
    Box::new(|_decided| Vec::new())
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
        | OpenApiError::FileRefused { .. }
        | OpenApiError::Other { .. } => Verdict::Rejected,
    }
}
