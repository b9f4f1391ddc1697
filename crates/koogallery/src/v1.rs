//! The marketplace's older protocols, whose calls are GETs: SaaS V1.0 and License 1.0.
//!
//! Everything stands in the query string, and [`auth_token`] proves whose it is. The keys are
//! those of the base interfaces: V1.0 had one key for everything. [`read`] is the entry, and
//! [`request::from_notification`] says what a call asks: the same as V2.0. Every answer carries
//! [`body_sign`], and may carry the [account] with which a buyer begins, [encrypted](cipher).
//!
//! The scheme has no nonce, and its signed text does not say where a value ends. That a call cannot
//! be cut into [another](Parameters) is looked after here. Most changes are the same when they are
//! told again, but an old freeze freezes once more: a listing may have calls of another time turned
//! away.

pub mod account;
pub mod activity;
pub mod auth_token;
pub mod body_sign;
pub mod cipher;
pub mod notification;
mod parameters;
mod redaction;
pub mod request;

use tenure_domain::Instant;

pub use account::InitialAccount;
pub use activity::Activity;
pub use cipher::{EncryptType, Iv};
pub use notification::Notification;
pub use parameters::Parameters;
pub use redaction::without_personal_data;

use crate::key::{AccessKey, KeyRing};
use crate::rejection::{Fault, Rejection};
use crate::wire::{self, Environment};
use parameters::{AUTH_TOKEN, TIME_STAMP, malformed};

/// The most digits of `timeStamp`. The guides have 17.
const TIME_STAMP_DIGITS_MAX: usize = 20;

/// What a listing has for V1.0 alone.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How many seconds the time of a call may lie from its arrival, on either side. The guides
    /// know no such rule: without it every call of every time is good.
    pub freshness_seconds: Option<u32>,
    /// How accounts are encrypted.
    pub encrypt_type: EncryptType,
    /// The account with which every buyer begins.
    pub account: InitialAccount,
}

/// A call that the marketplace made, and that we understand.
#[derive(Debug, Clone)]
pub struct Verified {
    /// What it is about.
    pub activity: Activity,
    /// What it says.
    pub notification: Notification,
    /// Whether it may have an effect.
    pub environment: Environment,
    /// The key that signed it, and signs the answer.
    pub key: AccessKey,
}

/// A call that is turned away.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the call was turned away")]
pub struct Rejected {
    /// Why.
    #[source]
    pub rejection: Rejection,
    /// The key of ours that signed it, if one did.
    pub key: Option<AccessKey>,
    /// What it claims to be about, as far as that was read.
    pub activity: Option<Activity>,
}

/// Reads a call: its query string as sent, and when it arrived.
///
/// The first fault decides: the token, present; the time, present and of digits; the token itself;
/// whether the signed text can be cut in one way only; the age of the call, if the listing bounds
/// it; the activity; and its parameters.
pub fn read(
    ring: &KeyRing,
    settings: &Settings,
    expire_time_offset_minutes: i32,
    query: &str,
    arrived_at: Instant,
) -> Result<Verified, Rejected> {
    let parameters = Parameters::parse(query);
    let named = parameters
        .value("activity")
        .filter(|name| !name.is_empty())
        .map(Activity::from_wire);
    let rejected = |rejection, key| Rejected {
        rejection,
        key,
        activity: named.flatten(),
    };
    let key = authenticate(ring, &parameters).map_err(|rejection| rejected(rejection, None))?;
    let understood = || {
        parameters.check_cut()?;
        if let Some(seconds) = settings.freshness_seconds {
            check_freshness(&parameters, arrived_at, seconds)?;
        }
        let activity = named
            .ok_or_else(|| malformed("activity", Fault::Missing))?
            .ok_or(Rejection::UnsupportedActivity)?;
        let notification = Notification::read(activity, &parameters, expire_time_offset_minutes)?;
        Ok(Verified {
            activity,
            notification,
            environment: Environment::from_test_flag(parameters.text("testFlag", 2)?),
            key: key.clone(),
        })
    };
    understood().map_err(|rejection| rejected(rejection, Some(key.clone())))
}

/// The key that made the token. Its absence is named before that of anything else, so that
/// whoever looks at the address with a browser learns nothing.
fn authenticate<'a>(
    ring: &'a KeyRing,
    parameters: &Parameters,
) -> Result<&'a AccessKey, Rejection> {
    if parameters.value(AUTH_TOKEN).is_none_or(str::is_empty) {
        return Err(Rejection::MissingAuthToken);
    }
    // It is part of a key, and keys that differ in NULs at their end are one to the algorithm.
    let stamp = parameters.mandatory_text(TIME_STAMP, TIME_STAMP_DIGITS_MAX)?;
    if !stamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(TIME_STAMP, Fault::BadValue));
    }
    if ring.is_empty() {
        return Err(Rejection::WrongFamily);
    }
    auth_token::verify(ring, parameters).ok_or(Rejection::WrongAuthToken)
}

/// `timeStamp`: `yyyyMMddHHmmssSSS` in UTC. It is read only where its age counts: the guide's own
/// example has two digits less.
fn check_freshness(
    parameters: &Parameters,
    arrived_at: Instant,
    seconds: u32,
) -> Result<(), Rejection> {
    let text = parameters.mandatory_text(TIME_STAMP, TIME_STAMP_DIGITS_MAX)?;
    let called_at = wire::expire_time(text, 0)
        .ok()
        .ok_or_else(|| malformed(TIME_STAMP, Fault::BadValue))?;
    let age = arrived_at.micros_since(called_at);
    if age.unsigned_abs() <= u64::from(seconds).saturating_mul(1_000_000) {
        Ok(())
    } else if age > 0 {
        Err(Rejection::StaleTimestamp)
    } else {
        Err(Rejection::FutureTimestamp)
    }
}
