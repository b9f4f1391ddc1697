//! One question about one order, from the request to the record.

use std::sync::Arc;

use tenure_domain::{Command, Intent, OrderDetails, WhenAbsent};
use tenure_journal::transact::{Arrived, Call, Done, Request};
use tenure_journal::{Actor, Clock, Queue, Unavailable, Verdict};
use tenure_koogallery::OpenApiError;
use tenure_koogallery::open_api::{Reaction, order};
use tokio::sync::oneshot;

use super::Pending;
use super::lane::Ending;
use crate::activator::{Account, METHOD, RECORDING_SECONDS_MAX};
use crate::client::Received;
use crate::send_error::SendError;

/// The activity that the receipts of answers carry.
const ACTIVITY: &str = "orderQuery";

/// What a question needs.
pub(super) struct Question {
    pub(super) account: Account,
    pub(super) order: Pending,
    pub(super) queue: Queue,
    pub(super) clock: Arc<dyn Clock>,
}

/// What came of a question.
pub(super) struct Asked {
    pub(super) order: Pending,
    pub(super) told: Told,
    /// How far the marketplace's clock is ahead of ours, if it answered and told.
    pub(super) clock_skew_seconds: Option<i64>,
}

/// What the marketplace told, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The details were recorded.
    Learned,
    /// They were known already.
    Known,
    /// There are none.
    Nothing {
        /// What that means for the next questions.
        ending: Ending,
        /// The stable code of the failure.
        kind: &'static str,
    },
}

impl Told {
    pub(super) fn ending(self) -> Ending {
        match self {
            Self::Learned | Self::Known => Ending::Known,
            Self::Nothing { ending, .. } => ending,
        }
    }
}

impl Question {
    pub(super) async fn ask(self) -> Asked {
        let request = order::request(&self.order.order, self.order.line.as_ref());
        let (told, clock_skew_seconds) = match self.account.client.send(&request).await {
            Ok(received) => (
                self.record(&request.target(), &received).await,
                received.clock_skew_seconds,
            ),
            Err(error) => (unsent(&error), None),
        };
        Asked {
            order: self.order,
            told,
            clock_skew_seconds,
        }
    }

    async fn record(&self, parameters: &str, received: &Received) -> Told {
        let told = match order::read(received.status, &received.body) {
            Ok(lines) => match self.wanted(lines) {
                Ok(details) => self.learn(parameters, received, details).await,
                Err(kind) => {
                    let noted = (Verdict::Refused, Ending::Final, kind);
                    self.note(parameters, received, noted).await
                },
            },
            Err(error) => self.note(parameters, received, of(&error)).await,
        };
        told.unwrap_or_else(|unavailable| {
            tracing::warn!(
                listing = %self.order.listing,
                error = %unavailable,
                "what the marketplace told of an order was not recorded"
            );
            Told::Nothing {
                ending: Ending::Failed,
                kind: "journal_unavailable",
            }
        })
    }

    /// The line that was asked about. Without one it is the only one of the order: which of
    /// several a license belongs to, nobody says.
    fn wanted(&self, lines: Vec<OrderDetails>) -> Result<OrderDetails, &'static str> {
        let Pending { order, line, .. } = &self.order;
        let is_wanted = |told: &OrderDetails| {
            told.order.order == *order && line.as_ref().is_none_or(|line| told.order.line == *line)
        };
        let mut wanted = lines.into_iter().filter(is_wanted);
        match (wanted.next(), wanted.next()) {
            (Some(details), None) => Ok(details),
            (Some(_), Some(_)) => Err("ambiguous_order"),
            (None, _) => Err("unknown_order"),
        }
    }

    async fn learn(
        &self,
        parameters: &str,
        received: &Received,
        details: OrderDetails,
    ) -> Result<Told, Unavailable> {
        let request = Request::License {
            merchant: self.order.merchant.clone(),
            id: self.order.license.clone(),
            command: Command {
                listing: self.order.listing.clone(),
                family: self.order.family,
                at: received.at,
                when_absent: WhenAbsent::Refuse,
                intent: Intent::LearnOrder(Box::new(details)),
            },
        };
        let done = self.submit(parameters, received, request).await?;
        Ok(match done.verdict {
            Verdict::Applied => Told::Learned,
            Verdict::AlreadyApplied => Told::Known,
            Verdict::Answered
            | Verdict::Refused
            | Verdict::Rejected
            | Verdict::Quarantined
            | Verdict::Probe => Told::Nothing {
                ending: Ending::Final,
                kind: "not_recorded",
            },
        })
    }

    /// Keeps the receipt of an answer that holds no details of the order.
    async fn note(
        &self,
        parameters: &str,
        received: &Received,
        (verdict, ending, kind): (Verdict, Ending, &'static str),
    ) -> Result<Told, Unavailable> {
        let request = Request::Noted {
            verdict,
            reason: Some(kind.into()),
        };
        self.submit(parameters, received, request).await?;
        Ok(Told::Nothing { ending, kind })
    }

    async fn submit(
        &self,
        parameters: &str,
        received: &Received,
        request: Request,
    ) -> Result<Done, Unavailable> {
        let call = Call {
            arrived: Arrived {
                listing: self.order.listing.as_str().into(),
                at: received.at,
                method: METHOD.into(),
                parameters: parameters.into(),
                // A receipt is for ever: what the answer tells about persons does not come into one.
                body: order::redacted(&received.body).into(),
                activity: Some(ACTIVITY.into()),
                // The marketplace proved who it is by its certificate.
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer: Box::new(|_decided| Vec::new()),
        };
        let (reply_to, reply) = oneshot::channel();
        let deadline = self.clock.now().plus_seconds(RECORDING_SECONDS_MAX);
        self.queue.submit(
            call,
            deadline,
            // Whoever waited may have stopped; the answer is recorded all the same.
            Box::new(move |done| drop(reply_to.send(done))),
        )?;
        reply.await.map_err(|_gone| Unavailable::Stopped)?
    }
}

/// What a question comes to that brought no answer.
fn unsent(error: &SendError) -> Told {
    let ending = match error {
        SendError::Unreachable(_) | SendError::TimedOut(_) | SendError::Broken(_) => Ending::Failed,
        // Nobody that can be trusted is there: the next order would fare no better.
        SendError::Untrusted(_) | SendError::Address(_) => Ending::Denied,
        SendError::TooLarge { .. } => Ending::Final,
    };
    Told::Nothing {
        ending,
        kind: error.code(),
    }
}

/// What a question comes to that the marketplace did not answer as asked.
fn of(error: &OpenApiError) -> (Verdict, Ending, &'static str) {
    let ending = match error.reaction() {
        Reaction::Retry => Ending::Failed,
        Reaction::Alarm => Ending::Denied,
        Reaction::GiveUp => Ending::Final,
    };
    (Verdict::Rejected, ending, error.code())
}
