//! One question about one order, from the request to the record.

use std::sync::Arc;

use tenure_domain::{Command, Intent, OrderDetails, OrderLineId, WhenAbsent};
use tenure_journal::transact::{Arrived, Call, Done, Request};
use tenure_journal::{Actor, Clock, Queue, Unavailable, Verdict};
use tenure_koogallery::OpenApiError;
use tenure_koogallery::open_api::{Reaction, order};

use super::Pending;
use crate::activator::{Account, METHOD};
use crate::client::Received;
use crate::send_error::SendError;
use crate::worker::{self, Attempted, Ending, Outcome};

/// The activity that the receipts of answers carry.
const ACTIVITY: &str = "orderQuery";

/// The most bytes that are kept of an answer without the details. Those of the guides have less
/// than a thousand, and the same one may come again for as long as its order is pending.
const NOTED_BYTES_MAX: usize = 16 * 1024;

/// What a question needs.
pub(super) struct Question {
    pub(super) account: Account,
    pub(super) order: Pending,
    /// The stable code of what came of the last question about it, if it brought nothing.
    pub(super) heard: Option<&'static str>,
    pub(super) queue: Queue,
    pub(super) clock: Arc<dyn Clock>,
}

impl Question {
    pub(super) async fn ask(self) -> Attempted {
        let request = order::request(&self.order.order, self.line());
        match self.account.client.send(&request).await {
            Ok(received) => Attempted {
                outcome: self.record(&request.target(), &received).await,
                clock_skew_seconds: received.clock_skew_seconds,
            },
            Err(error) => Attempted::without_answer(unsent(&error), error.code()),
        }
    }

    /// The line to ask about, as the marketplace knows it. V1.0 of its calls names orders without
    /// lines; the line of those has the id of the order, and is of our making.
    fn line(&self) -> Option<&OrderLineId> {
        let Pending { order, line, .. } = &self.order;
        line.as_ref().filter(|line| line.as_str() != order.as_str())
    }

    async fn record(&self, parameters: &str, received: &Received) -> Outcome {
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
            Outcome::Nothing {
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
    ) -> Result<Outcome, Unavailable> {
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
            Verdict::Applied => Outcome::Done,
            Verdict::AlreadyApplied => Outcome::AlreadyDone,
            Verdict::Answered
            | Verdict::Refused
            | Verdict::Rejected
            | Verdict::Quarantined
            | Verdict::Probe => Outcome::Nothing {
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
    ) -> Result<Outcome, Unavailable> {
        if ending == Ending::Failed && self.heard == Some(kind) {
            return Ok(Outcome::Nothing { ending, kind });
        }
        let request = Request::Noted {
            verdict,
            reason: Some(kind.into()),
        };
        let body = cut(order::redacted(&received.body));
        self.submit(parameters, received, body, request).await?;
        Ok(Outcome::Nothing { ending, kind })
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
                sealed_with: None,
                activity: Some(ACTIVITY.into()),
                // The marketplace proved who it is by its certificate.
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer: Box::new(|_decided| Vec::new()),
        };
        worker::record(&self.queue, self.clock.as_ref(), call).await
    }
}

/// What a question comes to that brought no answer.
fn unsent(error: &SendError) -> Ending {
    match error {
        SendError::Unreachable(_) | SendError::TimedOut(_) | SendError::Broken(_) => Ending::Failed,
        // Nobody that can be trusted is there: the next order would fare no better.
        SendError::Untrusted(_) | SendError::Address(_) => Ending::Denied,
        SendError::TooLarge { .. } => Ending::Final,
    }
}

/// What a question comes to that the marketplace did not answer as asked.
fn of(received: &Received, error: &OpenApiError) -> (Verdict, Ending, &'static str) {
    let is_its_own = order::may_be_of_one_order(received.status, &received.body);
    let ending = match (error.reaction(), is_its_own) {
        (Reaction::Retry, false) => Ending::Failed,
        (Reaction::Alarm, false) => Ending::Denied,
        (Reaction::Alarm, true) => Ending::ItemDenied,
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
