//! One signed call, from its bytes to a notification.

use tenure_domain::{Family, Instant, ListingId, WhenAbsent};

use crate::freshness;
use crate::key::{InterfaceType, Keys};
use crate::notification::{Activity, Fields, Notification};
use crate::rejection::Rejection;
use crate::signature::{self, Reading, ReceivedParameters, SignatureParameters};
use crate::wire::Environment;

/// What the guides leave open, decided for one listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether a `timestamp` of ten digits is a number of seconds.
    pub accept_timestamp_in_seconds: bool,
    /// How far the zone of `expireTime` is ahead of UTC, in minutes.
    pub expire_time_offset_minutes: i32,
    /// The grace after a term's end, in seconds.
    pub grace_seconds: u32,
    /// What to do about an authorization code that was never seen here.
    pub when_absent: WhenAbsent,
    /// What the base interfaces deliver: SaaS instances or online licenses. (Authorization codes
    /// have an interface of their own.)
    pub instance_family: Family,
    /// Whether an instance is ready as soon as it is bought.
    pub ready_at_once: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accept_timestamp_in_seconds: true,
            expire_time_offset_minutes: 0,
            grace_seconds: 0,
            when_absent: WhenAbsent::Remember,
            instance_family: Family::Saas,
            ready_at_once: true,
        }
    }
}

/// A call that the marketplace made, and that we understand.
///
/// Whether its nonce is new has still to be asked of a
/// [`NonceMemory`](crate::freshness::NonceMemory).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The production address it came through.
    pub listing: ListingId,
    /// What it says.
    pub notification: Notification,
    /// Whether it may have an effect.
    pub environment: Environment,
    /// The interface type whose key signed it.
    pub interface: InterfaceType,
    /// Its nonce.
    pub nonce: String,
    /// Which bytes were signed.
    pub reading: Reading,
}

/// A call that is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call was turned away")]
pub struct Rejected {
    /// Why.
    #[source]
    pub rejection: Rejection,
    /// Whether a key of ours signed it, so that it comes from the marketplace although we cannot
    /// use it. `false` also where a call was turned away before its signature was looked at.
    pub authentic: bool,
    /// What it claims to be about, as far as that was read.
    pub activity: Option<Activity>,
}

/// Reads a call to a listing: its query string as sent, its body as sent, and when it arrived.
///
/// The body names its activity, and the activity tells the interface type whose keys count: so it
/// is peeked at before the signature is verified, and nothing else is looked at until then. A key of
/// one type never verifies a call of another. Where no activity can be told, any key may show that
/// the call is the marketplace's, but it is turned away all the same.
pub fn read(
    listing: &ListingId,
    keys: &Keys,
    settings: &Settings,
    query: &str,
    body: &[u8],
    arrived_at: Instant,
) -> Result<Verified, Rejected> {
    let parameters =
        fresh_parameters(settings, query, arrived_at).map_err(Rejected::without_proof)?;
    let understood =
        Fields::parse(body).and_then(|fields| fields.activity().map(|activity| (activity, fields)));
    let (activity, fields) = match understood {
        Ok(understood) => understood,
        Err(rejection) => {
            let authentic = InterfaceType::ALL.into_iter().any(|interface| {
                signature::verify(keys.ring(interface), &parameters, body).is_some()
            });
            return Err(if authentic {
                Rejected {
                    rejection,
                    authentic,
                    activity: None,
                }
            } else {
                Rejected::without_proof(Rejection::WrongSignature)
            });
        },
    };
    let rejected = |rejection, authentic| Rejected {
        rejection,
        authentic,
        activity: Some(activity),
    };
    let interface = activity.interface();
    let ring = keys.ring(interface);
    if ring.is_empty() {
        return Err(rejected(Rejection::WrongFamily, false));
    }
    let reading = signature::verify(ring, &parameters, body)
        .ok_or_else(|| rejected(Rejection::WrongSignature, false))?;
    let malformed = |rejection| rejected(rejection, true);
    Ok(Verified {
        listing: listing.clone(),
        notification: Notification::read(activity, &fields, settings).map_err(malformed)?,
        environment: fields.environment().map_err(malformed)?,
        interface,
        nonce: parameters.nonce,
        reading,
    })
}

/// The parameters of a call whose time is right. The time is looked at before anything else, as
/// in the marketplace's sample.
fn fresh_parameters(
    settings: &Settings,
    query: &str,
    arrived_at: Instant,
) -> Result<SignatureParameters, Rejection> {
    let received = ReceivedParameters::read(query);
    freshness::check(
        received.timestamp()?,
        arrived_at,
        settings.accept_timestamp_in_seconds,
    )?;
    received.complete()
}

impl Rejected {
    fn without_proof(rejection: Rejection) -> Self {
        Self {
            rejection,
            authentic: false,
            activity: None,
        }
    }
}
