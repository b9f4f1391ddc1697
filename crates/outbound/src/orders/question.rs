//! One question about one order, from the request to the record.

use std::sync::Arc;

use tenure_domain::{Command, Intent, OrderDetails, OrderLineId, WhenAbsent};
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

/// The most bytes that are kept of an answer without the details. Those of the guides have less
/// than a thousand, and the same one may come again for as long as its order is pending.
const NOTED_BYTES_MAX: usize = 16 * 1024;

/// The stable code of a denied access.
pub(super) const DENIED: &str = "denied";

/// What a question needs.
pub(super) struct Question {
    pub(super) account: Account,
    pub(super) order: Pending,
    /// The stable code of what came of the last question about it, if it brought nothing.
    pub(super) heard: Option<&'static str>,
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

    /// The stable code of the failure, if it is one.
    pub(super) fn kind(self) -> Option<&'static str> {
        match self {
            Self::Learned | Self::Known => None,
            Self::Nothing { kind, .. } => Some(kind),
        }
    }
}

impl Question {
    pub(super) async fn ask(self) -> Asked {
        let request = order::request(&self.order.order, self.line());
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

    /// The line to ask about, as the marketplace knows it. V1.0 of its calls names orders without
    /// lines; the line of those has the id of the order, and is of our making.
    fn line(&self) -> Option<&OrderLineId> {
        let Pending { order, line, .. } = &self.order;
        line.as_ref().filter(|line| line.as_str() != order.as_str())
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
            Err(error) => self.note(parameters, received, of(received, &error)).await,
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

    /// The line that was asked about, under the id that the license knows. If none was asked
    /// about, it is the only one of the order: which of several a license belongs to, nobody says.
    fn wanted(&self, lines: Vec<OrderDetails>) -> Result<OrderDetails, &'static str> {
        let (order, line) = (&self.order.order, self.line());
        let is_wanted = |told: &OrderDetails| {
            told.order.order == *order && line.is_none_or(|line| told.order.line == *line)
        };
        let mut wanted = lines.into_iter().filter(is_wanted);
        match (wanted.next(), wanted.next()) {
            (Some(mut details), None) => {
                if let Some(known) = &self.order.line {
                    details.order.line = known.clone();
                }
                Ok(details)
            },
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
        let body = order::redacted(&received.body);
        let done = self.submit(parameters, received, body, request).await?;
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

    /// Keeps the receipt of an answer that holds no details of the order; of a failure that comes
    /// again and again, only the first one's.
    async fn note(
        &self,
        parameters: &str,
        received: &Received,
        (verdict, ending, kind): (Verdict, Ending, &'static str),
    ) -> Result<Told, Unavailable> {
        if ending == Ending::Failed && self.heard == Some(kind) {
            return Ok(Told::Nothing { ending, kind });
        }
        let request = Request::Noted {
            verdict,
            reason: Some(kind.into()),
        };
        let body = cut(order::redacted(&received.body));
        self.submit(parameters, received, body, request).await?;
        Ok(Told::Nothing { ending, kind })
    }

    async fn submit(
        &self,
        parameters: &str,
        received: &Received,
        // A receipt is for ever: what the answer tells about persons does not come into one.
        redacted: Vec<u8>,
        request: Request,
    ) -> Result<Done, Unavailable> {
        let call = Call {
            arrived: Arrived {
                listing: self.order.listing.as_str().into(),
                at: received.at,
                method: METHOD.into(),
                parameters: parameters.into(),
                body: redacted.into(),
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
fn of(received: &Received, error: &OpenApiError) -> (Verdict, Ending, &'static str) {
    let is_its_own = order::may_be_of_one_order(received.status, &received.body);
    let ending = match (error.reaction(), is_its_own) {
        (Reaction::Retry, false) => Ending::Failed,
        (Reaction::Alarm, false) => Ending::Denied,
        (Reaction::Alarm, true) => Ending::OrderDenied,
        (Reaction::Retry, true) | (Reaction::GiveUp, _) => Ending::Final,
    };
    (Verdict::Rejected, ending, error.code())
}

/// The start of a text, no longer than is kept of it.
fn cut(mut text: Vec<u8>) -> Vec<u8> {
    let is_inside = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let mut end = NOTED_BYTES_MAX;
    while end > 0 && text.get(end).is_some_and(is_inside) {
        end -= 1;
    }
    text.truncate(end);
    text
}
