//! One callback, from its bytes to its answer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use tenure_domain::{Instant, License, LicenseId};
use tenure_journal::transact::{Arrived, Call, Done};
use tenure_journal::{
    Actor, AsOf, Clock, Queue, ReadError, ReadLog, StreamId, Unavailable, Verdict, as_of,
};
use tenure_koogallery::{
    Activity, Answer, Environment, NonceRefused, Rejected, Rejection, Request, ResultCode,
    Verified, call, v1,
};
use tokio::sync::oneshot;

use crate::exchange::{Incoming, Reply};
use crate::listing::{Listing, Listings};
use crate::metrics::{Answered, Metrics};
use crate::nonces::Nonces;
use crate::requests::{self, Form, Prepared, PurchaseForm};

/// When the answer is due, in seconds after the arrival: the marketplace waits five, and the
/// answer has its way to make.
const ANSWER_SECONDS_MAX: i64 = 4;

/// The most bytes kept of the address and the method that a caller used.
const WORD_BYTES_MAX: usize = 128;

/// Everything that callbacks need.
pub struct Ingress {
    pub(crate) listings: Listings,
    queue: Queue,
    reader: Arc<Mutex<Box<dyn ReadLog>>>,
    nonces: Nonces,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
}

/// What is known of a call when it goes to the journal.
pub(crate) struct Known<'a> {
    pub(crate) listing: Option<&'a Listing>,
    pub(crate) activity: Option<&'static str>,
    pub(crate) authentic: bool,
    pub(crate) prepared: Prepared,
    /// The nonce that this call has used up, if it has one.
    pub(crate) nonce: Option<&'a str>,
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
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self, ReadError> {
        let nonces = Nonces::from_receipts(reader.as_mut(), clock.now())?;
        Ok(Self {
            listings,
            queue,
            reader: Arc::new(Mutex::new(reader)),
            nonces,
            clock,
            metrics,
        })
    }

    /// The present instant, for the arrival of a call.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Answers a call, once its receipt and its events are on disk.
    pub async fn answer(self: Arc<Self>, incoming: Incoming) -> Reply {
        if let Some(rejection) = incoming.body.rejection {
            let listing = self.listings.find(&incoming.listing);
            let status = if rejection == Rejection::BodyTooLarge {
                StatusCode::PAYLOAD_TOO_LARGE
            } else if rejection == Rejection::SlowBody {
                StatusCode::REQUEST_TIMEOUT
            } else {
                StatusCode::OK
            };
            let reply = self.reject(&incoming, listing, rejected(rejection)).await;
            return Reply {
                status,
                close: true,
                ..reply
            };
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
            encrypt_type: None,
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
        match self.prepare(listing, environment, request, form).await {
            Ok(prepared) => {
                let known = Known {
                    listing: Some(listing),
                    activity: Some(activity),
                    authentic: true,
                    prepared,
                    nonce,
                };
                self.record(incoming, known).await
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
        environment: Environment,
        request: Request,
        form: Form,
    ) -> Result<Prepared, ReadError> {
        match (environment, request) {
            (Environment::Test, request) => {
                let answer = requests::answer_probe(&form, &request);
                Ok(Prepared::noted(Verdict::Probe, None, &answer))
            },
            (Environment::Real, Request::License { id, command }) => {
                Ok(Prepared::license(listing, form, id, command))
            },
            (Environment::Real, Request::Order { order, command }) => {
                Ok(Prepared::order(listing, order, command))
            },
            (Environment::Real, Request::Query { ids }) => {
                let found = self.licenses(listing, ids).await?;
                Ok(answered(&requests::answer_query(listing, &form, &found)))
            },
            (Environment::Real, Request::ChangeCheck { id }) => {
                let found = self.licenses(listing, vec![id]).await?;
                let license = found
                    .first()
                    .map_or(&License::Absent, |(_, license)| license);
                Ok(answered(&requests::answer_change_check(listing, license)))
            },
        }
    }

    /// Folds licenses from the journal itself, so that what was acknowledged is seen.
    async fn licenses(
        &self,
        listing: &Listing,
        ids: Vec<LicenseId>,
    ) -> Result<Vec<(LicenseId, License)>, ReadError> {
        let (reader, merchant) = (Arc::clone(&self.reader), listing.merchant.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            ids.into_iter()
                .map(|id| {
                    let stream = StreamId::license(&merchant, &id);
                    let view = as_of::license(reader.as_mut(), &stream, Instant::MAX, AsOf::Head)?;
                    Ok((id, view.license))
                })
                .collect()
        });
        reading
            .await
            .map_err(|stopped| ReadError::Unavailable(stopped.into()))?
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
        };
        self.record(incoming, known).await
    }

    /// Brings a call to the disk, and answers.
    pub(crate) async fn record(&self, incoming: &Incoming, known: Known<'_>) -> Reply {
        let call = Call {
            arrived: Arrived {
                listing: bounded(&incoming.listing).into(),
                at: incoming.arrived_at,
                method: bounded(&incoming.method).into(),
                parameters: v1::without_personal_data(&incoming.query).into(),
                body: incoming.body.bytes.as_ref().into(),
                activity: known.activity.map(Into::into),
                authentic: known.authentic,
                actor: Actor::Koogallery,
            },
            request: known.prepared.request,
            answer: known.prepared.answer,
        };
        let done = self.submit(call, incoming.arrived_at).await;
        self.count(incoming, known.listing, known.activity, &done);
        match done {
            Ok(done) => {
                tracing::debug!(
                    listing = known.listing.map(|listing| listing.id.as_str()),
                    activity = known.activity,
                    verdict = done.verdict.name(),
                    reason = done.reason.as_deref(),
                    receipt = %done.receipt_id,
                    "callback"
                );
                Reply {
                    status: StatusCode::OK,
                    body: done.answer.into(),
                    close: false,
                    body_sign: None,
                }
            },
            Err(error) => {
                tracing::warn!(activity = known.activity, %error, "callback not recorded");
                if let (Some(listing), Some(nonce)) = (known.listing, known.nonce) {
                    self.nonces.forget(listing.id.as_str(), nonce);
                }
                unavailable()
            },
        }
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
        let left = u64::try_from(deadline.micros_since(self.clock.now())).unwrap_or(0);
        match tokio::time::timeout(Duration::from_micros(left), receiver).await {
            Ok(Ok(done)) => done,
            Ok(Err(_gone)) => Err(Unavailable::Stopped),
            Err(_elapsed) => Err(Unavailable::Late),
        }
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
fn bounded(word: &str) -> &str {
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

/// The answer to a question: refused if what it asks about is not there.
fn answered(answer: &Answer) -> Prepared {
    if answer.code == ResultCode::NotFound {
        let reason = tenure_domain::Refusal::Unknown.code();
        Prepared::noted(Verdict::Refused, Some(reason), answer)
    } else {
        Prepared::noted(Verdict::Answered, None, answer)
    }
}

/// Nothing was acknowledged: the marketplace makes the call again.
pub(crate) fn unavailable() -> Reply {
    let body = Answer::of(ResultCode::InternalError).to_json();
    Reply {
        status: StatusCode::OK,
        body,
        close: false,
        body_sign: None,
    }
}

impl fmt::Debug for Ingress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingress")
            .field("listings", &self.listings)
            .finish_non_exhaustive()
    }
}
