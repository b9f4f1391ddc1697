//! From calls to a batch: fold the streams, decide, and draft what to append.
//!
//! Calls are decided in the order in which they came, each on top of those before it, whether or
//! not those are on disk yet. The batch is appended whole or not at all, so no call sees a state
//! that others do not come to see.

use std::fmt;

use tenure_domain::tenant::TenantKey;
use tenure_domain::{
    Command, Instant, License, MerchantId, Refusal, SealKey, order, tenant, usage,
};

use crate::log::{AppendError, Log, ReadError};
use crate::position::Position;
use crate::receipt::{ReceiptId, Verdict};
use crate::record::Actor;
use crate::record_ids::RecordIds;

mod folds;
mod staging;

use staging::Staging;

pub use folds::Folds;

/// How much of the body, and of the parameters, of a call that nobody authenticated is kept.
pub const STRANGER_BYTES_MAX: usize = 4 * 1024;

/// How often a batch is decided anew because another node changed its streams meanwhile.
const CONFLICTS_MAX: usize = 8;

/// A call to be recorded, and what is to be decided about it.
pub struct Call {
    /// The call as bytes.
    pub arrived: Arrived,
    /// What it asks.
    pub request: Request,
    /// Makes the body of our answer from what was decided.
    pub answer: Answer,
}

/// Makes the body of an answer. Called once a decision, more than once if the batch is decided
/// anew.
pub type Answer = Box<dyn Fn(&Decided<'_>) -> Vec<u8> + Send>;

/// A call as bytes.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The production address that was called, as the caller wrote it.
    pub listing: Box<str>,
    /// When its bytes were taken in.
    pub at: Instant,
    /// The HTTP method.
    pub method: Box<str>,
    /// The query string as received.
    pub parameters: Box<str>,
    /// The body as received.
    pub body: Box<[u8]>,
    /// The key of the vault, if the body is about people and was sealed: then its bytes are.
    pub sealed_with: Option<SealKey>,
    /// The interface that was called, as far as it could be told.
    pub activity: Option<Box<str>>,
    /// Whether a key of ours vouches for it.
    pub authentic: bool,
    /// Who is behind it.
    pub actor: Actor,
}

/// What a call asks.
#[derive(Debug, Clone)]
pub enum Request {
    /// Nothing to decide: the verdict is reached.
    Noted {
        /// The verdict.
        verdict: Verdict,
        /// Why: a stable code.
        reason: Option<Box<str>>,
    },
    /// To change a license.
    License {
        /// Whose stream.
        merchant: MerchantId,
        /// Which license.
        id: tenure_domain::LicenseId,
        /// What is wanted.
        command: Command,
    },
    /// To take note of an order.
    Order {
        /// Whose stream.
        merchant: MerchantId,
        /// Which order line.
        order: tenure_domain::OrderLine,
        /// What is wanted.
        command: order::Command,
    },
    /// To take note of what an enterprise is.
    Tenant {
        /// Whose stream.
        merchant: MerchantId,
        /// Which enterprise.
        key: TenantKey,
        /// What is wanted.
        command: tenant::Command,
    },
    /// To take note of the use of a license.
    Usage {
        /// Whose stream.
        merchant: MerchantId,
        /// Which license.
        id: tenure_domain::LicenseId,
        /// What is wanted.
        command: usage::Command,
    },
}

/// What was decided about a call.
#[derive(Debug)]
pub enum Decided<'a> {
    /// Nothing was to be decided.
    Noted,
    /// About a license.
    License {
        /// What came of the command.
        outcome: Result<Outcome, Refusal>,
        /// The license as it is now.
        license: &'a License,
    },
    /// About an order.
    Order(Outcome),
    /// About an enterprise.
    Tenant(Outcome),
    /// About the use of a license.
    Usage(Result<Outcome, Refusal>),
    /// Nothing could be: what the journal holds of this stream cannot be read. The call waits for
    /// a person, and the other calls of its batch go on.
    Unreadable,
}

/// What came of a command that was not refused. Doing it again is a success, and says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Events were recorded.
    Recorded,
    /// Nothing was left to do.
    AlreadyApplied,
}

/// What became of a call, once it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its receipt.
    pub receipt_id: ReceiptId,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, if it was not applied: a stable code.
    pub reason: Option<Box<str>>,
    /// The body of our answer.
    pub answer: Box<[u8]>,
    /// The head of the journal after the batch that holds it: what a reader must have folded to
    /// see it.
    pub head: Position,
    /// How many records it caused.
    pub records: usize,
}

/// Why a batch of calls was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum TransactError {
    /// A stream could not be read.
    #[error("a stream could not be read")]
    Read(#[from] ReadError),
    /// The batch could not be appended.
    #[error("a batch could not be appended")]
    Append(#[from] AppendError),
}

/// Decides calls and appends what came of them, as one batch: all of them, or none. Remembers
/// nothing: who writes many batches lets [`Folds`] do it.
pub fn transact<L: Log + ?Sized>(
    log: &mut L,
    ids: &mut RecordIds,
    now: Instant,
    calls: &[Call],
) -> Result<Vec<Done>, TransactError> {
    Folds::default().transact(log, ids, now, calls)
}

impl Folds {
    /// Decides calls and appends what came of them, as one batch: all of them, or none. States
    /// that are remembered are not folded anew.
    pub fn transact<L: Log + ?Sized>(
        &mut self,
        log: &mut L,
        ids: &mut RecordIds,
        now: Instant,
        calls: &[Call],
    ) -> Result<Vec<Done>, TransactError> {
        let mut conflicts = 0;
        loop {
            match self.attempt(log, ids, now, calls) {
                Ok(done) => return Ok(done),
                Err(error) => {
                    *self = Self::default();
                    let is_conflict =
                        matches!(error, TransactError::Append(AppendError::Conflict { .. }));
                    if !is_conflict || conflicts >= CONFLICTS_MAX {
                        return Err(error);
                    }
                    conflicts += 1;
                },
            }
        }
    }

    fn attempt<L: Log + ?Sized>(
        &mut self,
        log: &mut L,
        ids: &mut RecordIds,
        now: Instant,
        calls: &[Call],
    ) -> Result<Vec<Done>, TransactError> {
        let head = log.begin()?;
        // Somebody else wrote: what is remembered may not hold any more.
        if head.position != self.head {
            *self = Self::default();
        }
        let (batch, left, mut done) = Staging::new(log, self, ids, head, now).stage(calls)?;
        let head = log.append(&batch)?;
        self.head = head.position;
        self.tenants.keep(left.tenants);
        self.usages.keep(left.usages);
        for done in &mut done {
            done.head = head.position;
        }
        Ok(done)
    }
}

impl Outcome {
    fn of(events: usize) -> Self {
        if events == 0 {
            Self::AlreadyApplied
        } else {
            Self::Recorded
        }
    }

    fn verdict(self) -> Verdict {
        match self {
            Self::Recorded => Verdict::Applied,
            Self::AlreadyApplied => Verdict::AlreadyApplied,
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
