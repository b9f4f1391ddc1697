//! One call of the joint-operation kit, from its bytes to its answer.
//!
//! What such a call tells is about people, so it goes nowhere in the clear. The body of a call that
//! a key of ours vouches for is kept sealed, with the key of the enterprise that it is about; of all
//! others only its length is. What becomes events is sealed [piece by piece](command).
//!
//! All of that takes computing and the vault, which is a file: it is done on threads that may
//! block, few calls at a time.

mod command;
mod judge;

use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use tenure_domain::tenant::Others;
use tenure_journal::vault::Vault;
use tenure_journal::{Unavailable, Verdict};
use tenure_koogallery::kit::{Headers, Interface, PrivateKey, Trace, Version};
use tenure_koogallery::v1::body_sign;
use tenure_koogallery::{AccessKey, Answer, Rejection, ResultCode};
use tokio::sync::Semaphore;

use crate::body::{Room, Taken};
use crate::callback::{Ingress, Known, bounded, never_recorded};
use crate::exchange::{Incoming, Reply, told, unavailable, unread};
use crate::listing::Listing;
use crate::requests::Prepared;
use judge::Judged;

/// How many calls are computed at a time: their bodies are large, and a private key is slow.
const COMPUTED_MAX: usize = 4;

/// What a listing has for the kit alone.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What client secrets are decrypted with, newest first.
    pub private_keys: Arc<[PrivateKey]>,
    /// What becomes of departments that a list does not name. Of test calls, none goes.
    pub departments: Others,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            private_keys: Arc::default(),
            departments: Others::Keep,
        }
    }
}

/// What calls of the kit need, beside what all calls need.
pub(crate) struct Kit {
    vault: Vault,
    room: Room,
    computing: Arc<Semaphore>,
}

impl Kit {
    pub(crate) fn new(vault: Vault) -> Self {
        Self {
            vault,
            room: Room::default(),
            computing: Arc::new(Semaphore::new(COMPUTED_MAX)),
        }
    }

    /// The room for the bodies of its calls.
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }
}

/// A call as HTTP brought it.
pub struct KitCall {
    /// What it has in common with all others.
    pub incoming: Incoming,
    /// Which of the two addresses was called.
    pub version: Version,
    /// The last segment of the address.
    pub interface: String,
    /// The headers that prove who calls.
    pub proof: ProofHeaders,
}

/// The headers of a call, as far as they were sent and are texts.
#[derive(Default)]
pub struct ProofHeaders {
    /// `x-sign`.
    pub sign: Option<String>,
    /// `x-timestamp`.
    pub timestamp: Option<String>,
    /// `x-nonce`.
    pub nonce: Option<String>,
    /// `authToken`.
    pub auth_token: Option<String>,
}

impl ProofHeaders {
    fn as_headers(&self) -> Headers<'_> {
        Headers {
            sign: self.sign.as_deref(),
            timestamp: self.timestamp.as_deref(),
            nonce: self.nonce.as_deref(),
            auth_token: self.auth_token.as_deref(),
        }
    }
}

impl KitCall {
    fn interface(&self) -> Option<Interface> {
        Interface::from_path(&self.interface)
    }

    /// What its receipt keeps of its headers.
    fn trace(&self) -> Trace {
        let kept = |text: &Option<String>| text.as_deref().map(|text| bounded(text).to_owned());
        Trace {
            timestamp: kept(&self.proof.timestamp),
            nonce: kept(&self.proof.nonce),
            body_bytes: Some(self.incoming.body.bytes.len() as u64),
            call: None,
        }
    }
}

impl Ingress {
    /// Whether a body is worth reading: there is nothing at any other address.
    pub(crate) fn takes_kit_calls(&self, listing: &str, interface: &str) -> bool {
        self.listings.find(listing).is_some() && Interface::from_path(interface).is_some()
    }

    /// Answers a call of the kit, once its receipt and its events are on disk.
    pub async fn answer_kit(self: Arc<Self>, call: KitCall) -> Reply {
        let (version, segment) = (call.version, call.incoming.listing.clone());
        let (reply, key) = match self.reached(&call) {
            Ok(interface) => Arc::clone(&self).answer_read(call, interface).await,
            Err(rejection) => (self.turn_away(call, rejection).await, None),
        };
        self.signed(version, &segment, key, reply)
    }

    /// Turns away a call that used the wrong method, with a receipt like any other.
    pub async fn refuse_kit_method(self: Arc<Self>, mut call: KitCall) -> Reply {
        let answer = Answer::of(ResultCode::InvalidParameter);
        let known = Known {
            listing: self.listings.find(&call.incoming.listing),
            activity: call.interface().map(Interface::name),
            authentic: false,
            prepared: Prepared::noted(Verdict::Rejected, Some("wrong_method"), &answer),
            nonce: None,
            sealed_with: None,
        };
        call.incoming.query = call.trace().to_text();
        let reply = Reply {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..self.record(&call.incoming, known).await
        };
        self.signed(call.version, &call.incoming.listing, None, reply)
    }

    /// The interface that a call has reached, with all of its body.
    fn reached(&self, call: &KitCall) -> Result<Interface, Rejection> {
        if let Some(rejection) = call.incoming.body.rejection {
            return Err(rejection);
        }
        if self.listings.find(&call.incoming.listing).is_none() {
            return Err(Rejection::UnknownListing);
        }
        call.interface().ok_or(Rejection::UnsupportedActivity)
    }

    /// Answers a call that was read; the key that proved it comes back with the answer.
    async fn answer_read(
        self: Arc<Self>,
        call: KitCall,
        interface: Interface,
    ) -> (Reply, Option<AccessKey>) {
        match Arc::clone(&self).compute(call, interface).await {
            Some((incoming, judged)) => {
                let key = judged.key.clone();
                (self.conclude(incoming, interface, judged).await, key)
            },
            None => (unavailable(), None),
        }
    }

    /// Turns away a call whose body was not read to its end. What was read may be about people, and
    /// no key tells whom: it is not kept.
    async fn turn_away(&self, mut call: KitCall, rejection: Rejection) -> Reply {
        let trace = call.trace();
        let known = Known {
            listing: self.listings.find(&call.incoming.listing),
            activity: call.interface().map(Interface::name),
            authentic: false,
            prepared: Prepared::rejection(rejection),
            nonce: None,
            sealed_with: None,
        };
        call.incoming.body = Taken::default();
        call.incoming.query = trace.to_text();
        unread(self.record(&call.incoming, known).await, rejection)
    }

    /// Judges a call where it may block; `None` if that cannot be done in time, or at all.
    async fn compute(
        self: Arc<Self>,
        call: KitCall,
        interface: Interface,
    ) -> Option<(Incoming, Judged)> {
        let permit = tokio::time::timeout(
            self.time_left(call.incoming.arrived_at),
            Arc::clone(&self.kit.computing).acquire_owned(),
        );
        let Ok(Ok(permit)) = permit.await else {
            tracing::warn!("calls of the kit come faster than they can be read");
            return None;
        };
        let ingress = Arc::clone(&self);
        // The place is taken for as long as the thread is, even if the caller goes away.
        let judging = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let listing = ingress.listings.find(&call.incoming.listing)?;
            judge::judge(&ingress, listing, call, interface)
        });
        match judging.await {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(%error, "a call of the kit could not be read");
                None
            },
        }
    }

    /// Brings a judged call to the disk, and takes note of what became of it.
    async fn conclude(&self, incoming: Incoming, interface: Interface, judged: Judged) -> Reply {
        let listing = self.listings.find(&incoming.listing);
        let known = Known {
            listing,
            activity: Some(interface.name()),
            authentic: judged.key.is_some(),
            prepared: judged.prepared,
            nonce: None,
            sealed_with: judged.sealed_with,
        };
        let done = self.bring_to_disk(&incoming, known).await;
        if let (Some(listing), Some(marks)) = (listing, &judged.marks) {
            let name = listing.id.as_str();
            if had_effect(done.as_ref().map(|done| done.verdict)) {
                self.nonces
                    .remember_kit_answer(name, marks, incoming.arrived_at);
            } else if judged.is_first && done.as_ref().err().copied().is_none_or(never_recorded) {
                self.nonces.forget_kit(name, marks);
            }
        }
        done.map_or_else(|_unavailable| unavailable(), told)
    }

    /// Version 1.0 signs every answer, with the key that proved the call or else with the first of
    /// the listing.
    fn signed(
        &self,
        version: Version,
        listing: &str,
        key: Option<AccessKey>,
        reply: Reply,
    ) -> Reply {
        let first = || {
            let listing: &Listing = self.listings.find(listing)?;
            listing.keys.kit.iter().next().cloned()
        };
        let key = match version {
            Version::V1 => key.or_else(first),
            Version::V2 => None,
        };
        Reply {
            body_sign: key.map(|key| body_sign::value(&key, &reply.body)),
            ..reply
        }
    }
}

/// Whether the same call must not be decided again. What was turned away may come once more, as may
/// what waits for a person.
fn had_effect(verdict: Result<Verdict, &Unavailable>) -> bool {
    matches!(
        verdict,
        Ok(Verdict::Applied | Verdict::AlreadyApplied | Verdict::Probe)
    )
}

impl fmt::Debug for KitCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KitCall")
            .field("incoming", &self.incoming)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProofHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofHeaders").finish_non_exhaustive()
    }
}
