//! Whether a call came before.

use tenure_domain::Instant;

use crate::freshness::{NonceMemory, NonceRefused};

/// Whether a call is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub enum Novelty {
    /// It never came before, as far as can be told.
    New,
    /// The very same call came before and has no answer yet: both are one, and it does not matter
    /// which of them has the effect.
    Underway,
    /// The very same call came before, and its answer is the answer. It must have no effect
    /// again: another call may have undone it meanwhile.
    Answered,
}

/// What is remembered of a call of version 2.0, in a memory that the order interfaces may share:
/// no nonce of theirs is one of these texts. Version 1.0 has no nonces, and every call of it is
/// new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    nonce: String,
    whole: String,
    answered: String,
}

impl Marks {
    /// The marks of a call: of its nonce, and of a digest of all that is particular to it.
    pub fn of(nonce: &str, call: [u8; 16]) -> Self {
        let call = hex::encode(call);
        Self {
            nonce: format!("kit nonce\n{nonce}"),
            whole: format!("kit call\n{call}"),
            answered: format!("kit answer\n{call}"),
        }
    }
}

/// Takes note of a call. A nonce that another call had is [`NonceRefused::Seen`].
pub fn remember(
    memory: &mut NonceMemory,
    listing: &str,
    marks: &Marks,
    now: Instant,
) -> Result<Novelty, NonceRefused> {
    match memory.remember(listing, &marks.nonce, now) {
        Ok(()) => {
            memory
                .remember(listing, &marks.whole, now)
                .inspect_err(|_| memory.forget(listing, &marks.nonce))?;
            Ok(Novelty::New)
        },
        Err(NonceRefused::Full) => Err(NonceRefused::Full),
        Err(NonceRefused::Seen) if !memory.contains(listing, &marks.whole) => {
            Err(NonceRefused::Seen)
        },
        Err(NonceRefused::Seen) if memory.contains(listing, &marks.answered) => {
            Ok(Novelty::Answered)
        },
        Err(NonceRefused::Seen) => Ok(Novelty::Underway),
    }
}

/// Takes note that a call that was remembered has its effect, and was answered so.
pub fn remember_answer(
    memory: &mut NonceMemory,
    listing: &str,
    marks: &Marks,
    now: Instant,
) -> Result<(), NonceRefused> {
    memory.remember(listing, &marks.answered, now)
}

/// Takes a call out again: it had no effect, and may come once more.
pub fn forget(memory: &mut NonceMemory, listing: &str, marks: &Marks) {
    for mark in [&marks.nonce, &marks.whole, &marks.answered] {
        memory.forget(listing, mark);
    }
}
