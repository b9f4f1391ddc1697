//! One batch of reports, from the journal to the marketplace and back.

use std::sync::Arc;

use tenure_domain::usage::Command;
use tenure_domain::{License, UsageSerial};
use tenure_journal::transact::{Arrived, Call, Request};
use tenure_journal::vault::{Owner, Vault};
use tenure_journal::{Actor, Clock, Queue, StreamId, Verdict};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::open_api::software_usage::{self, Reported};
use tenure_koogallery::open_api::{Reaction, usage, usage_old};
use tenure_koogallery::{OpenApiError, OpenApiRequest};

use super::batch::{self, Again, Batch, Content, Interface, Told};
use super::sizes::Sizes;
use super::{OpenReader, Pending, Push, Reporter};
use crate::activator::METHOD;
use crate::client::Received;
use crate::send_error::SendError;
use crate::worker::{self, Attempted, Cause, Ending, Outcome};

/// The bytes of randomness in a nonce.
const NONCE_BYTES: usize = 16;

/// The HTTP status of a body that is too large.
const TOO_LARGE: u16 = 413;

/// What passing reports on needs.
pub(super) struct Passing {
    pub(super) open_reader: OpenReader,
    pub(super) vault: Vault,
    pub(super) queue: Queue,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sizes: Sizes,
}

/// What became of a batch.
enum Sent {
    /// The marketplace took it, or will not take it.
    Settled {
        /// The marketplace's code, if it will not.
        denied: Option<Box<str>>,
    },
    /// It is to be sent again.
    Not(Ending, &'static str),
}

impl Passing {
    /// The next batch of a license: the first reports of those that are pending.
    pub(super) fn read(&self, of: &Pending, push: Push) -> Result<Option<Batch>, Cause> {
        let mut log = (self.open_reader)()?;
        let head = log.head()?.position;
        let stream = StreamId::usage(&of.merchant, &of.license);
        let records = log.read_stream(&stream, head)?;
        let told = Told::read(&records, self.clock.now());
        let interface = match push {
            Push::New => Interface::New,
            Push::Old => {
                let stream = StreamId::license(&of.merchant, &of.license);
                let records = log.read_stream(&stream, head)?;
                let events = records
                    .iter()
                    .filter_map(|record| record.event.as_license());
                let license = License::replay(events);
                let product = license.living().and_then(|living| living.product.clone());
                Interface::Old { product }
            },
        };
        let reports_max = self.sizes.of(of);
        Ok(batch::next(of, &told, interface, &self.vault, reports_max)?)
    }

    /// Sends a batch, and records what came of it. The outcome is `None` if the marketplace will
    /// not take the batch as a whole, which may be for one report in it.
    pub(super) async fn pass(
        &self,
        of: &Pending,
        reporter: &Reporter,
        batch: &Batch,
        heard: Option<&'static str>,
    ) -> Option<Attempted> {
        let serials = &batch.serials;
        match &batch.content {
            Content::Again(told) => self.pass_again(of, reporter, serials, told, heard).await,
            Content::Once(usages) => {
                let (client, request) = (&reporter.account.client, usage_old::request(usages));
                Some(self.pass_once(of, client, serials, &request).await)
            },
            Content::Unsold => Some(Attempted::without_answer(Ending::Final, "no_product")),
            Content::Unsent(why) => {
                let command = Command::Settle {
                    serials: serials.clone(),
                    denied: Some(why.code().into()),
                };
                let settled = self.note(of, why.activity(), command).await;
                Some(attempted(settled, None))
            },
        }
    }

    async fn pass_again(
        &self,
        of: &Pending,
        reporter: &Reporter,
        serials: &[UsageSerial],
        told: &Again,
        heard: Option<&'static str>,
    ) -> Option<Attempted> {
        let request = match self.request(reporter, told) {
            Ok(request) => request,
            Err((ending, kind)) => return Some(Attempted::without_answer(ending, kind)),
        };
        let received = match reporter.account.client.send(&request).await {
            Ok(received) => received,
            Err(error) => return Some(Attempted::without_answer(unsent(&error), error.code())),
        };
        let sent = of_answer(told, &received);
        match &sent {
            Sent::Settled { denied: Some(_) } if serials.len() > 1 => {
                self.sizes.denied(of, serials.len());
                return None;
            },
            Sent::Settled { denied: None } => self.sizes.taken(of),
            // It may be too large for a proxy, where a smaller one is not.
            Sent::Not(..) if received.status == TOO_LARGE && serials.len() > 1 => {
                self.sizes.denied(of, serials.len());
                return None;
            },
            Sent::Settled { denied: Some(_) } | Sent::Not(..) => {},
        }
        let (command, failed) = match sent {
            Sent::Settled { denied } => {
                let serials = serials.to_vec();
                (settling(of, Command::Settle { serials, denied }), None)
            },
            // Of a failure that comes again and again, only the first one's receipt is kept.
            Sent::Not(ending, kind) if heard == Some(kind) => {
                let outcome = Outcome::Nothing { ending, kind };
                return Some(attempted(outcome, received.clock_skew_seconds));
            },
            Sent::Not(ending, kind) => {
                let noted = Request::Noted {
                    verdict: Verdict::Rejected,
                    reason: Some(kind.into()),
                };
                (noted, Some(Outcome::Nothing { ending, kind }))
            },
        };
        let Some(arrived) = self.arrived(of, told, &request, &received).await else {
            let kind = "vault_unavailable";
            return Some(Attempted::without_answer(Ending::Failed, kind));
        };
        let recorded = self.submit_again(of, arrived, command).await;
        let outcome = failed.unwrap_or(recorded);
        Some(attempted(outcome, received.clock_skew_seconds))
    }

    fn request(
        &self,
        reporter: &Reporter,
        told: &Again,
    ) -> Result<OpenApiRequest, (Ending, &'static str)> {
        match told {
            Again::Amounts(usages) => {
                let key = reporter
                    .key
                    .as_ref()
                    .ok_or((Ending::Final, "no_base_key"))?;
                let nonce = draw_nonce().ok_or((Ending::Failed, "no_randomness"))?;
                Ok(usage::request(usages, key, &nonce, self.clock.now()))
            },
            Again::Clients(report) => Ok(software_usage::request(report)),
        }
    }

    /// Records what we know without having heard anybody. Its receipt is the operator's: whoever
    /// operates the service, and not the marketplace, says so.
    pub(super) async fn note(&self, of: &Pending, activity: &str, command: Command) -> Outcome {
        let arrived = Arrived {
            listing: of.listing.as_str().into(),
            at: self.clock.now(),
            method: METHOD.into(),
            parameters: "".into(),
            body: Box::default(),
            sealed_with: None,
            activity: Some(activity.into()),
            authentic: true,
            actor: Actor::Operator,
        };
        self.submit_again(of, arrived, settling(of, command)).await
    }

    /// What the receipt of an answer keeps; nothing, if the vault is away.
    async fn arrived(
        &self,
        of: &Pending,
        told: &Again,
        request: &OpenApiRequest,
        received: &Received,
    ) -> Option<Arrived> {
        let (activity, body, sealed_with) = match told {
            Again::Amounts(_) => ("usagePush", received.body.clone().into(), None),
            // What failed a check may be the account of a user.
            Again::Clients(_) => {
                let (body, key) = self.sealed(of, &received.body).await?;
                ("softwareUsage", body, Some(key))
            },
        };
        Some(Arrived {
            body,
            sealed_with,
            ..arrived(of, activity, request, received)
        })
    }

    async fn sealed(
        &self,
        of: &Pending,
        body: &[u8],
    ) -> Option<(Box<[u8]>, tenure_domain::SealKey)> {
        let owner = Owner::license(&of.merchant, &of.license);
        let (vault, body) = (self.vault.clone(), body.to_vec());
        let sealing = tokio::task::spawn_blocking(move || {
            let key = vault.key(&owner)?;
            let sealed = key.seal(RECEIPT_BODY, &body)?;
            Ok::<_, tenure_journal::vault::VaultError>((sealed.bytes, sealed.key))
        });
        match sealing.await.ok()? {
            Ok(sealed) => Some(sealed),
            Err(error) => {
                tracing::warn!(%error, "an answer to a usage report cannot be sealed");
                None
            },
        }
    }

    /// Submits what is known only now, and would be lost. The journal may have been late only, so it
    /// is tried twice: commands about usage do nothing when they are repeated.
    pub(super) async fn submit_again(
        &self,
        of: &Pending,
        arrived: Arrived,
        request: Request,
    ) -> Outcome {
        let first = self.submit(of, arrived.clone(), request.clone()).await;
        match first {
            Outcome::Nothing { .. } => self.submit(of, arrived, request).await,
            Outcome::Done
            | Outcome::AlreadyDone
            | Outcome::Promised { .. }
            | Outcome::NotYet { .. } => first,
        }
    }

    async fn submit(&self, of: &Pending, arrived: Arrived, request: Request) -> Outcome {
        let call = Call {
            arrived,
            request,
            answer: Box::new(|_decided| Vec::new()),
        };
        match worker::record(&self.queue, self.clock.as_ref(), call).await {
            Ok(done) if done.verdict == Verdict::Applied => Outcome::Done,
            Ok(_) => Outcome::AlreadyDone,
            Err(error) => {
                tracing::warn!(
                    listing = %of.listing,
                    %error,
                    "what became of usage reports was not recorded"
                );
                Outcome::Nothing {
                    ending: Ending::Failed,
                    kind: "journal_unavailable",
                }
            },
        }
    }
}

/// What the receipt of an answer keeps, as it was received.
pub(super) fn arrived(
    of: &Pending,
    activity: &str,
    request: &OpenApiRequest,
    received: &Received,
) -> Arrived {
    Arrived {
        listing: of.listing.as_str().into(),
        at: received.at,
        method: METHOD.into(),
        parameters: request.target().into(),
        body: received.body.as_slice().into(),
        sealed_with: None,
        activity: Some(activity.into()),
        // The marketplace proved who it is by its certificate.
        authentic: true,
        actor: Actor::Koogallery,
    }
}

pub(super) fn settling(of: &Pending, command: Command) -> Request {
    Request::Usage {
        merchant: of.merchant.clone(),
        id: of.license.clone(),
        command,
    }
}

pub(super) fn attempted(outcome: Outcome, clock_skew_seconds: Option<i64>) -> Attempted {
    Attempted {
        outcome,
        clock_skew_seconds,
    }
}

/// What the marketplace's answer means for a batch.
fn of_answer(told: &Again, received: &Received) -> Sent {
    let (status, body) = (received.status, &received.body);
    let read = match told {
        Again::Amounts(_) => usage::read(status, body).map(|()| Reported::All),
        Again::Clients(_) => software_usage::read(status, body),
    };
    match read {
        Ok(Reported::All) => Sent::Settled { denied: None },
        Ok(Reported::CheckFailed(_)) => Sent::Settled {
            denied: Some("check_failed".into()),
        },
        Err(error) => match error.reaction() {
            Reaction::Retry => Sent::Not(Ending::Failed, error.code()),
            Reaction::Alarm => Sent::Not(Ending::Denied, error.code()),
            Reaction::GiveUp if is_about_data(&error) || is_about_code(told, &error) => {
                Sent::Settled {
                    denied: Some(code_of(&error)),
                }
            },
            Reaction::GiveUp => Sent::Not(Ending::Final, error.code()),
        },
    }
}

/// What the table of the SaaS guide says of reports: the instance is unknown, not one of the
/// seller's or not paid by use, or its time is not one that is billed.
const ABOUT_REPORTS: [&str; 5] = ["9001", "9002", "9003", "9004", "9005"];

/// Whether the marketplace said that the data are wrong. Whatever no guide has, such as a 404 of a
/// proxy, says nothing about them: amounts are money, and are not given up for it.
pub(super) fn is_about_data(error: &OpenApiError) -> bool {
    match error {
        OpenApiError::InvalidParameter => true,
        OpenApiError::Other { status: _, code } => {
            let number = code
                .strip_prefix("MKT.")
                .or_else(|| code.strip_prefix("CBC."));
            number.is_some_and(|number| ABOUT_REPORTS.contains(&number))
        },
        OpenApiError::IllegalState
        | OpenApiError::NotClaimed
        | OpenApiError::UnknownCode
        | OpenApiError::NotActivated
        | OpenApiError::FileRefused { .. }
        | OpenApiError::Denied
        | OpenApiError::Throttled
        | OpenApiError::Unavailable
        | OpenApiError::Unreadable => false,
    }
}

/// Whether it said so of the authorization code whose clients it was told.
fn is_about_code(told: &Again, error: &OpenApiError) -> bool {
    let is_about_code = matches!(
        error,
        OpenApiError::IllegalState
            | OpenApiError::NotClaimed
            | OpenApiError::UnknownCode
            | OpenApiError::NotActivated
    );
    is_about_code && matches!(told, Again::Clients(_))
}

/// The marketplace's own code where it has one of its own.
pub(super) fn code_of(error: &OpenApiError) -> Box<str> {
    if let OpenApiError::Other { status: _, code } = error
        && !code.is_empty()
    {
        return code.as_str().into();
    }
    error.code().into()
}

/// What a request that brought no answer means for the pace. Whether its reports may be sent again
/// is not said by it.
pub(super) fn unsent(error: &SendError) -> Ending {
    match error {
        SendError::Unreachable(_)
        | SendError::TimedOut(_)
        | SendError::Broken(_)
        | SendError::TooLarge { .. } => Ending::Failed,
        SendError::Untrusted(_) | SendError::Address(_) => Ending::Denied,
    }
}

fn draw_nonce() -> Option<usage::Nonce> {
    let mut random = [0; NONCE_BYTES];
    getrandom::fill(&mut random).ok()?;
    usage::Nonce::parse(&hex::encode(random)).ok()
}
