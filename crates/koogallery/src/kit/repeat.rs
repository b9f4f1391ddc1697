//! Whether a call came before.

use tenure_domain::Instant;

use super::{Proof, Verified};
use crate::freshness::{NonceMemory, NonceRefused};

/// Whether a call is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub enum Novelty {
    /// It never came before, as far as can be told.
    New,
    /// The very same call came before, byte for byte: its answer is the answer.
    Repeated,
}

/// Takes note of a call in a memory that the order interfaces may share: their nonces and the
/// kit's never meet.
///
/// A nonce that another call had is [`NonceRefused::Seen`]. Version 1.0 has no nonces, and every
/// call of it is new.
pub fn remember(
    memory: &mut NonceMemory,
    listing: &str,
    call: &Verified,
    now: Instant,
) -> Result<Novelty, NonceRefused> {
    let Some(Marks { nonce, whole }) = Marks::of(call) else {
        return Ok(Novelty::New);
    };
    match memory.remember(listing, &nonce, now) {
        Ok(()) => {
            memory
                .remember(listing, &whole, now)
                .inspect_err(|_| memory.forget(listing, &nonce))?;
            Ok(Novelty::New)
        },
        Err(NonceRefused::Seen) => match memory.remember(listing, &whole, now) {
            Err(NonceRefused::Seen) => Ok(Novelty::Repeated),
            Ok(()) => {
                memory.forget(listing, &whole);
                Err(NonceRefused::Seen)
            },
            Err(NonceRefused::Full) => Err(NonceRefused::Seen),
        },
        Err(NonceRefused::Full) => Err(NonceRefused::Full),
    }
}

/// Takes a call out again: it could not be stored, and may come once more.
pub fn forget(memory: &mut NonceMemory, listing: &str, call: &Verified) {
    if let Some(Marks { nonce, whole }) = Marks::of(call) {
        memory.forget(listing, &nonce);
        memory.forget(listing, &whole);
    }
}

/// What is remembered of a call: two texts that no nonce of an order interface is.
struct Marks {
    nonce: String,
    whole: String,
}

impl Marks {
    fn of(call: &Verified) -> Option<Self> {
        match &call.proof {
            Proof::Signature { nonce, .. } => Some(Self {
                nonce: format!("kit nonce\n{nonce}"),
                whole: format!("kit call\n{}", hex::encode(call.fingerprint)),
            }),
            Proof::AuthToken { .. } => None,
        }
    }
}
