//! One callback, from its bytes to its answer.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use tenure_domain::{Instant, License, SealKey};
use tenure_journal::transact::{Arrived, Call, Done};
use tenure_journal::vault::Vault;
use tenure_journal::{Actor, Clock, Queue, ReadError, ReadLog, Unavailable, Verdict};
use tenure_koogallery::{
    Activity, Answer, Environment, NonceRefused, Rejected, Rejection, Request, ResultCode,
    Verified, call, v1,
};
use tokio::sync::oneshot;

use crate::access::Sent;
use crate::change::AskChange;
use crate::exchange::{Incoming, Reply, told, unavailable, unread};
use crate::kit::Kit;
use crate::license_file::kept_body;
use crate::listing::{Listing, Listings};
use crate::metrics::{Answered, Metrics};
use crate::nonces::Nonces;
use crate::requests::{self, Form, Prepared, PurchaseForm};
use crate::usage::FindUsage;

/// When the answer is due, in seconds after the arrival: the marketplace waits five, and the
/// answer has its way to make.
const ANSWER_SECONDS_MAX: i64 = 4;

/// The most bytes kept of the address and the method that a caller used.
const WORD_BYTES_MAX: usize = 128;

/// Everything that callbacks need.
pub struct Ingress {
    pub(crate) listings: Listings,
    queue: Queue,
    pub(crate) reader: Arc<Mutex<Box<dyn ReadLog>>>,
    pub(crate) nonces: Nonces,
    pub(crate) kit: Kit,
    pub(crate) vault: Vault,
    pub(crate) ask_change: Option<AskChange>,
    pub(crate) find_usage: Option<FindUsage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
}

/// What is known of a call when it goes to the journal.
pub(crate) struct Known<'a> {
    pub(crate) listing: Option<&'a Listing>,
    pub(crate) activity: Option<&'static str>,
    pub(crate) authentic: bool,
    pub(crate) prepared: Prepared,
    /// The nonce that this call has used up, if it has one.
    pub(crate) nonce: Option<&'a str>,
    /// The key that its body was sealed with, if it was.
    pub(crate) sealed_with: Option<SealKey>,
}

/// A call that came from the marketplace and asks for something.
pub(crate) struct Understood<'a> {
    pub(crate) activity: &'static str,
    pub(crate) environment: Environment,
    pub(crate) request: Request,
    pub(crate) form: Form,
    /// The nonce that it has used up, if its version has one.
    pub(crate) nonce: Option<&'a str>,
}

impl Ingress {
    /// Puts it together, and remembers the nonces of the last two minutes from their receipts.
    pub fn new(
        listings: Listings,
        queue: Queue,
        mut reader: Box<dyn ReadLog>,
        vault: Vault,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self, ReadError> {
        let nonces = Nonces::from_receipts(reader.as_mut(), clock.now())?;
        Ok(Self {
            listings,
            queue,
            reader: Arc::new(Mutex::new(reader)),
            nonces,
            kit: Kit::new(vault.clone()),
            vault,
            ask_change: None,
            find_usage: None,
            clock,
            metrics,
        })
    }

    /// Lets listings that are configured so ask the merchant's application about changes.
    #[must_use]
    pub fn asking(self, ask_change: AskChange) -> Self {
        Self {
            ask_change: Some(ask_change),
            ..self
        }
    }

    /// Lets queries tell what was used.
    #[must_use]
    pub fn finding_usage(self, find_usage: FindUsage) -> Self {
        Self {
            find_usage: Some(find_usage),
            ..self
        }
    }

    /// The present instant, for the arrival of a call.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Answers a call, once its receipt and its events are on disk.
    pub async fn answer(self: Arc<Self>, incoming: Incoming) -> Reply {
        if let Some(rejection) = incoming.body.rejection {
            let listing = self.listings.find(&incoming.listing);
            let reply = self.reject(&incoming, listing, rejected(rejection)).await;
            return unread(reply, rejection);
        }
        let Some(listing) = self.listings.find(&incoming.listing) else {
            return self
                .reject(&incoming, None, rejected(Rejection::UnknownListing))
                .await;
        };
        let read = call::read(
            &listing.id,
            &listing.keys,
            &listing.settings,
            &incoming.query,
            &incoming.body.bytes,
            incoming.arrived_at,
        );
        match read {
            Ok(verified) => self.answer_verified(&incoming, listing, verified).await,
            Err(rejected) => self.reject(&incoming, Some(listing), rejected).await,
        }
    }

    /// Turns away a call that used the wrong method, with a receipt like any other.
    pub async fn refuse_method(self: Arc<Self>, incoming: Incoming) -> Reply {
        let answer = Answer::of(ResultCode::InvalidParameter);
        let known = Known {
            listing: self.listings.find(&incoming.listing),
            activity: None,
            authentic: false,
            prepared: Prepared::noted(Verdict::Rejected, Some("wrong_method"), &answer),
            nonce: None,
            sealed_with: None,
        };
        let reply = self.record(&incoming, known).await;
        Reply {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..reply
        }
    }

    async fn answer_verified(
        &self,
        incoming: &Incoming,
        listing: &Listing,
        verified: Verified,
    ) -> Reply {
        let activity = verified.notification.activity();
        match self
            .nonces
            .remember(listing.id.as_str(), &verified.nonce, incoming.arrived_at)
        {
            Ok(()) => {},
            Err(NonceRefused::Seen) => {
                let rejected = Rejected {
                    rejection: Rejection::ReplayedNonce,
                    authentic: true,
                    activity: Some(activity),
                };
                return self.reject(incoming, Some(listing), rejected).await;
            },
            Err(NonceRefused::Full) => return unavailable(),
        }
        let request = Request::from_notification(
            &listing.id,
            &listing.settings,
            verified.notification,
            incoming.arrived_at,
        );
        let form = Form {
            purchase: (activity == Activity::NewInstance).then_some(PurchaseForm::AppInfo),
            app_info: listing.app_info.clone(),
            ..Form::default()
        };
        let understood = Understood {
            activity: activity.name(),
            environment: verified.environment,
            request,
            form,
            nonce: Some(&verified.nonce),
        };
        self.answer_understood(incoming, listing, understood).await
    }

    /// Answers a call that came from the marketplace, of any version.
    pub(crate) async fn answer_understood(
        &self,
        incoming: &Incoming,
        listing: &Listing,
        understood: Understood<'_>,
    ) -> Reply {
        let Understood {
            activity,
            environment,
            request,
            form,
            nonce,
        } = understood;
        let sent = Sent::default();
        let preparing = async {
            let sealed = self.sealed(listing, incoming, &request).await?;
            let prepared = match environment {
                Environment::Test => {
                    let answer = requests::answer_probe(&form, &request);
                    Prepared::noted(Verdict::Probe, None, &answer)
                },
                Environment::Real => {
                    self.prepare(listing, incoming, request, form, &sent)
                        .await?
                },
            };
            Ok((prepared, sealed))
        };
        // Journal and vault are files that somebody else may hold: each waits for its own time.
        let time_left = self.time_left(incoming.arrived_at);
        let prepared = tokio::time::timeout(time_left, preparing)
            .await
            .unwrap_or_else(|elapsed| Err(ReadError::Unavailable(elapsed.into())));
        match prepared {
            Ok((prepared, sealed)) => {
                let (kept, sealed_with) = match &sealed {
                    Some((sealed, key)) => (sealed, Some(*key)),
                    None => (incoming, None),
                };
                let known = Known {
                    listing: Some(listing),
                    activity: Some(activity),
                    authentic: true,
                    prepared,
                    nonce,
                    sealed_with,
                };
                self.record_and_send(kept, known, &sent).await
            },
            Err(error) => {
                tracing::error!(%error, "a question could not be answered from the journal");
                if let Some(nonce) = nonce {
                    self.nonces.forget(listing.id.as_str(), nonce);
                }
                unavailable()
            },
        }
    }

    /// What is asked of the journal for a call that was understood, and how it is answered.
    async fn prepare(
        &self,
        listing: &Listing,
        incoming: &Incoming,
        request: Request,
        form: Form,
        sent: &Sent,
    ) -> Result<Prepared, ReadError> {
        match request {
            Request::License { id, command } => {
                let form = self.for_purchase(listing, form, &id).await?;
                let sent = sent.clone();
                Ok(Prepared::license(listing, form, id, command, sent))
            },
            Request::LicenseFile(wanted) => self.ask_for_file(listing, incoming, wanted).await,
            Request::Order { order, command } => Ok(Prepared::order(listing, order, command)),
            Request::Query { ids } => {
                let found = self.licenses(listing, ids).await?;
                let form = self.with_access(listing, form, &found).await?;
                let shown = requests::shown(listing, &found);
                let usage = self.usage(listing, incoming.arrived_at, shown).await;
                let form = Form { usage, ..form };
                Ok(Prepared::query(listing, &form, &found, sent))
            },
            Request::ChangeCheck { id } => {
                let found = self.licenses(listing, vec![id.clone()]).await?;
                let license = found
                    .first()
                    .map_or(&License::Absent, |(_, license)| license);
                Ok(self.check_change(listing, incoming, id, license).await)
            },
        }
    }

    async fn reject(
        &self,
        incoming: &Incoming,
        listing: Option<&Listing>,
        rejected: Rejected,
    ) -> Reply {
        let Rejected {
            rejection,
            authentic,
            activity,
        } = rejected;
        let known = Known {
            listing,
            activity: activity.map(Activity::name),
            authentic,
            prepared: Prepared::rejection(rejection),
            nonce: None,
            sealed_with: None,
        };
        self.record(incoming, known).await
    }

    /// Brings a call to the disk, and answers.
    pub(crate) async fn record(&self, incoming: &Incoming, known: Known<'_>) -> Reply {
        self.record_and_send(incoming, known, &Sent::default())
            .await
    }

    /// Brings a call to the disk, and answers with what is to be sent.
    async fn record_and_send(&self, incoming: &Incoming, known: Known<'_>, sent: &Sent) -> Reply {
        let (listing, nonce) = (known.listing, known.nonce);
        match self.bring_to_disk(incoming, known).await {
            Ok(done) => {
                let reply = told(done);
                Reply {
                    body: sent.instead_of(reply.body),
                    ..reply
                }
            },
            Err(error) => {
                if let (Some(listing), Some(nonce), true) = (listing, nonce, never_recorded(error))
                {
                    self.nonces.forget(listing.id.as_str(), nonce);
                }
                unavailable()
            },
        }
    }

    /// Brings a call to the disk, and counts what became of it.
    pub(crate) async fn bring_to_disk(
        &self,
        incoming: &Incoming,
        known: Known<'_>,
    ) -> Result<Done, Unavailable> {
        let call = Call {
            arrived: Arrived {
                listing: bounded(&incoming.listing).into(),
                at: incoming.arrived_at,
                method: bounded(&incoming.method).into(),
                parameters: v1::without_personal_data(&incoming.query).into(),
                body: kept_body(incoming, &known).into(),
                sealed_with: known.sealed_with,
                activity: known.activity.map(Into::into),
                authentic: known.authentic,
                actor: Actor::Koogallery,
            },
            request: known.prepared.request,
            answer: known.prepared.answer,
        };
        let done = self.submit(call, incoming.arrived_at).await;
        self.count(incoming, known.listing, known.activity, &done);
        match &done {
            Ok(done) => tracing::debug!(
                listing = known.listing.map(|listing| listing.id.as_str()),
                activity = known.activity,
                verdict = done.verdict.name(),
                reason = done.reason.as_deref(),
                receipt = %done.receipt_id,
                "callback"
            ),
            Err(error) => {
                tracing::warn!(activity = known.activity, %error, "callback not recorded");
            },
        }
        done
    }

    async fn submit(&self, call: Call, arrived_at: Instant) -> Result<Done, Unavailable> {
        let deadline = arrived_at.plus_seconds(ANSWER_SECONDS_MAX);
        let (sender, receiver) = oneshot::channel();
        // Whoever waited may have given up; the call is recorded all the same.
        self.queue.submit(
            call,
            deadline,
            Box::new(move |reply| drop(sender.send(reply))),
        )?;
        match tokio::time::timeout(self.time_left(arrived_at), receiver).await {
            Ok(Ok(done)) => done,
            Ok(Err(_gone)) => Err(Unavailable::Failed),
            Err(_elapsed) => Err(Unavailable::Late),
        }
    }

    /// How long the answer to a call that arrived then may still take.
    pub(crate) fn time_left(&self, arrived_at: Instant) -> Duration {
        let deadline = arrived_at.plus_seconds(ANSWER_SECONDS_MAX);
        let micros = deadline.micros_since(self.clock.now());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    fn count(
        &self,
        incoming: &Incoming,
        listing: Option<&Listing>,
        activity: Option<&str>,
        done: &Result<Done, Unavailable>,
    ) {
        let micros = self.clock.now().micros_since(incoming.arrived_at).max(0);
        self.metrics
            .nonces
            .set(i64::try_from(self.nonces.len()).unwrap_or(i64::MAX));
        self.metrics.count(&Answered {
            listing: listing.map(|listing| listing.id.as_str()),
            activity,
            verdict: done
                .as_ref()
                .map_or("unavailable", |done| done.verdict.name()),
            reason: done.as_ref().ok().and_then(|done| done.reason.as_deref()),
            seconds: Duration::from_micros(micros.unsigned_abs()).as_secs_f64(),
        });
    }
}

/// As much of a stranger's word as is worth keeping.
pub(crate) fn bounded(word: &str) -> &str {
    &word[..word.floor_char_boundary(WORD_BYTES_MAX)]
}

/// A call that was turned away before anything could vouch for it.
fn rejected(rejection: Rejection) -> Rejected {
    Rejected {
        rejection,
        authentic: false,
        activity: None,
    }
}

impl fmt::Debug for Ingress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingress")
            .field("listings", &self.listings)
            .finish_non_exhaustive()
    }
}

/// Whether a call that brought no answer has certainly not been recorded. Only then may the very
/// same call come again: whoever gave up waiting does not know what the writer does afterwards.
pub(crate) fn never_recorded(error: Unavailable) -> bool {
    match error {
        Unavailable::Full | Unavailable::Stopped => true,
        Unavailable::Late | Unavailable::Failed => false,
    }
}
