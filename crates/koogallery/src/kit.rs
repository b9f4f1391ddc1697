//! The joint-operation kit: what the marketplace tells about enterprises, their applications,
//! their members and their departments.
//!
//! [`read`] turns the headers and the body of one call into a [`Notification`], or says why not.
//! Version 2.0 has a [signature] of its own, in headers, which is not the signature of the order
//! interfaces; version 1.0 has an authorization token.
//!
//! A call names everything by natural keys, and there is no order between calls: an application
//! may come before its enterprise, and a member before the department. So every notification asks
//! to put something or to take it away, and asking twice is the same as asking once.
//!
//! The guides say so much of the fields; where they are silent or disagree, reading is tolerant:
//! of a name that occurs twice the last value counts (a printed example has `instanceId` twice),
//! numbers may be written as texts, and lists as texts that hold JSON. What takes something away
//! needs its natural key only, so that access does not survive because a name was missing.

mod answer;
pub mod application;
pub mod contexts;
pub mod department;
mod domain_name;
mod fields;
mod ids;
mod list;
mod notification;
mod personal;
mod profile;
mod repeat;
pub mod secret;
pub mod signature;
mod sync_time;
pub mod tenant;
mod token;
mod trace;
pub mod user;

use sha2::{Digest, Sha256};
use tenure_domain::Instant;

pub use answer::Answer;
pub use domain_name::{AuthenticationCentre, DomainName};
pub use ids::{
    ApplicationId, ApplicationKey, DepartmentCode, DepartmentKey, TenantId, TenantKey, UserName,
};
pub use notification::{Interface, Notification};
pub use personal::Personal;
pub use profile::Profile;
pub use repeat::{Marks, Novelty, forget, remember, remember_answer};
pub use secret::{ClientSecret, Opened, PrivateKey, SecretError};
pub use sync_time::SyncTime;
pub use token::Values;
pub use trace::Trace;

use crate::freshness;
use crate::key::{AccessKey, KeyRing};
use crate::rejection::{Fault, Rejection};
use crate::signature::{NONCE_CHARACTERS_MAX, Reading, SignatureParameters};
use crate::wire::Environment;
use fields::{Fields, malformed};
use secret::EncryptedSecret;

/// The most bytes of a body. The guides name no bound; five hundred members are far below it.
pub const BODY_BYTES_MAX: usize = 2_097_152;

/// The most digits of `timeStamp` in version 1.0. The guides have 17.
const TIME_STAMP_DIGITS_MAX: usize = 20;

/// The versions of the kit. Their addresses differ, and so do their proofs of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `produceAPI/…`: for products listed before 2024-04-27.
    V1,
    /// `produceAPI/v2/…`.
    V2,
}

/// The headers that prove who calls, as they were sent, if they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    /// `x-sign`, version 2.0.
    pub sign: Option<&'a str>,
    /// `x-timestamp`, version 2.0.
    pub timestamp: Option<&'a str>,
    /// `x-nonce`, version 2.0.
    pub nonce: Option<&'a str>,
    /// `authToken`, version 1.0.
    pub auth_token: Option<&'a str>,
}

/// How a call proved that the marketplace made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Version 2.0. Whether the nonce is new has still to be asked: see [`remember`].
    Signature {
        /// The nonce of the call.
        nonce: String,
        /// Which bytes were signed.
        reading: Reading,
    },
    /// Version 1.0, where a call that comes again cannot be told from the first.
    AuthToken {
        /// Which values were signed.
        values: Values,
    },
}

/// A call of the kit that the marketplace made, and that we understand. Only [`read`] makes one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verified {
    /// What it says.
    pub notification: Notification,
    /// Whether it is about real things. Test calls are stored like real ones, in a partition of
    /// their own: the seller logs in with the test enterprise.
    pub environment: Environment,
    /// How it proved its sender.
    pub proof: Proof,
    /// The key that proved it. In version 1.0 it [signs](crate::v1::body_sign) the answer.
    pub key: AccessKey,
    /// The SHA-256 of all that is particular to it: two calls that share one are one call, sent
    /// twice. It is a digest of what is about people: never keep it but in a keyed digest.
    pub fingerprint: [u8; 32],
}

impl Verified {
    /// Decrypts the client secret, if the call carries one. It takes a verified call, so that
    /// nobody else can make the private keys work.
    ///
    /// `rng` blinds the computation against those who measure how long it takes.
    pub fn client_secret(
        &self,
        keys: &[PrivateKey],
        rng: &mut (impl secret::TryCryptoRng + ?Sized),
    ) -> Result<Option<Opened>, SecretError> {
        self.encrypted_secret()
            .map(|encrypted| encrypted.decrypt(keys, rng))
            .transpose()
    }

    fn encrypted_secret(&self) -> Option<&EncryptedSecret> {
        match &self.notification {
            Notification::ApplicationSync(sync) => {
                sync.change.client().map(|client| &client.secret)
            },
            Notification::TenantSync(_)
            | Notification::AuthSync(_)
            | Notification::SingleOrgSync(_)
            | Notification::AllOrgSync(_) => None,
        }
    }
}

/// The enterprise that a body names, so that what was turned away can be kept with the key of whom
/// it is about.
pub fn tenant_named(body: &[u8]) -> Option<TenantId> {
    let key = Fields::parse_body(body).ok()?.tenant_key();
    key.ok().map(|key| key.tenant)
}

/// A call of the kit that is turned away.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the call was turned away")]
pub struct Rejected {
    /// Why.
    #[source]
    pub rejection: Rejection,
    /// The key of ours that proved its sender, so that it comes from the marketplace although we
    /// cannot use it. `None` also where it was turned away before its proof was looked at.
    pub key: Option<AccessKey>,
}

impl Rejected {
    fn without_proof(rejection: Rejection) -> Self {
        Self {
            rejection,
            key: None,
        }
    }
}

/// Reads a call of the kit: `keys` are those of the interface type `kit`.
///
/// What is looked at first is answered first: the size, the time (version 2.0), the nonce (2.0),
/// the presence of the proof, whether the body is a JSON object, the digits of its time (1.0), the
/// proof itself, whether what is signed can be cut in one way only (1.0), the fields.
/// Nothing of the body but its form is looked at before the proof is verified.
pub fn read(
    version: Version,
    interface: Interface,
    keys: &KeyRing,
    headers: &Headers<'_>,
    body: &[u8],
    arrived_at: Instant,
) -> Result<Verified, Rejected> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Rejected::without_proof(Rejection::BodyTooLarge));
    }
    let proven = match version {
        Version::V1 => prove_by_token(keys, headers, body)?,
        Version::V2 => prove_by_signature(keys, headers, body, arrived_at)?,
    };
    let understood = || {
        let decoded;
        let fields = match proven.proof {
            Proof::AuthToken {
                values: Values::UrlDecoded,
            } => {
                decoded = proven.fields.url_decoded();
                let fields = Fields::parse(&decoded).map_err(|fault| malformed("body", fault))?;
                &token::covered(fields)?
            },
            Proof::AuthToken {
                values: Values::AsSent,
            } => &token::covered(proven.fields)?,
            Proof::Signature { .. } => &proven.fields,
        };
        let environment = fields.environment()?;
        Ok((environment, Notification::read(version, interface, fields)?))
    };
    let (environment, notification) = understood().map_err(|rejection| Rejected {
        rejection,
        key: Some(proven.key.clone()),
    })?;
    Ok(Verified {
        notification,
        environment,
        proof: proven.proof,
        key: proven.key.clone(),
        fingerprint: fingerprint(interface, &proven.marks, body),
    })
}

/// What was proved, and how.
struct Proven<'a> {
    key: &'a AccessKey,
    proof: Proof,
    fields: Fields<'a>,
    /// What, besides the body, makes the call differ from another.
    marks: [String; 2],
}

fn prove_by_signature<'a>(
    keys: &'a KeyRing,
    headers: &Headers<'_>,
    body: &'a [u8],
    arrived_at: Instant,
) -> Result<Proven<'a>, Rejected> {
    let parameters = signature_parameters(headers, arrived_at).map_err(Rejected::without_proof)?;
    let fields = Fields::parse_body(body).map_err(|fault| Rejected {
        rejection: malformed("body", fault),
        key: signature::signer(keys, &parameters, body).cloned(),
    })?;
    refuse_empty(keys)?;
    let (key, reading) = signature::verify(keys, &parameters, body, &fields)
        .ok_or_else(|| Rejected::without_proof(Rejection::WrongSignature))?;
    let SignatureParameters {
        nonce, timestamp, ..
    } = parameters;
    Ok(Proven {
        key,
        marks: [nonce.clone(), timestamp],
        proof: Proof::Signature { nonce, reading },
        fields,
    })
}

/// Reads the headers of version 2.0, in the order in which their faults are answered.
fn signature_parameters(
    headers: &Headers<'_>,
    arrived_at: Instant,
) -> Result<SignatureParameters, Rejection> {
    let timestamp = headers.timestamp.ok_or(Rejection::MissingTimestamp)?;
    // The kit's guide counts milliseconds, and no page of it counts seconds.
    freshness::check(timestamp, arrived_at, false)?;
    let nonce = present(headers.nonce).ok_or(Rejection::MissingNonce)?;
    if nonce.chars().count() > NONCE_CHARACTERS_MAX {
        return Err(Rejection::MalformedNonce);
    }
    let signature = present(headers.sign).ok_or(Rejection::MissingSignature)?;
    Ok(SignatureParameters {
        signature: signature.to_owned(),
        timestamp: timestamp.to_owned(),
        nonce: nonce.to_owned(),
    })
}

fn prove_by_token<'a>(
    keys: &'a KeyRing,
    headers: &Headers<'_>,
    body: &'a [u8],
) -> Result<Proven<'a>, Rejected> {
    let token = present(headers.auth_token)
        .ok_or_else(|| Rejected::without_proof(Rejection::MissingAuthToken))?;
    let unreadable = |field, fault| Rejected::without_proof(malformed(field, fault));
    let fields = Fields::parse_body(body).map_err(|fault| unreadable("body", fault))?;
    // Part of the key: without it a signed answer of ours might pass for a token, and keys that
    // differ in NULs at their end are one to the algorithm.
    let name = "timeStamp";
    let time_stamp = fields.signed_text(name);
    let time_stamp = time_stamp.ok_or_else(|| unreadable(name, Fault::Missing))?;
    if time_stamp.len() > TIME_STAMP_DIGITS_MAX {
        return Err(unreadable(name, Fault::TooLong));
    }
    if !time_stamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable(name, Fault::BadValue));
    }
    refuse_empty(keys)?;
    let (key, values) = token::verify(keys, token, &fields)
        .ok_or_else(|| Rejected::without_proof(Rejection::WrongAuthToken))?;
    Ok(Proven {
        key,
        marks: [token.to_owned(), time_stamp.into_owned()],
        proof: Proof::AuthToken { values },
        fields,
    })
}

/// A listing without a key for the kit does not take part in joint operations.
fn refuse_empty(keys: &KeyRing) -> Result<(), Rejected> {
    if keys.is_empty() {
        return Err(Rejected::without_proof(Rejection::WrongFamily));
    }
    Ok(())
}

fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn fingerprint(interface: Interface, marks: &[String], body: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new()
        .chain_update(interface.name())
        .chain_update([0]);
    for mark in marks {
        digest.update(mark.len().to_be_bytes());
        digest.update(mark);
    }
    digest.chain_update(body).finalize().into()
}
