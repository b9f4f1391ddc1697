//! From calls to a batch: fold the streams, decide, and draft what to append.
//!
//! Calls are decided in the order in which they came, each on top of those before it, whether or
//! not those are on disk yet. The batch is appended whole or not at all, so no call sees a state
//! that others do not come to see.

use std::collections::BTreeMap;
use std::fmt;

use tenure_domain::{Command, Instant, License, MerchantId, Refusal, order};

use crate::event::Event;
use crate::log::{AppendError, Batch, Draft, Head, Log, ReadError};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId, Verdict};
use crate::record::Actor;
use crate::record_ids::RecordIds;
use crate::stream::StreamId;

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

/// Decides calls and appends what came of them, as one batch: all of them, or none.
pub fn transact<L: Log + ?Sized>(
    log: &mut L,
    ids: &mut RecordIds,
    now: Instant,
    calls: &[Call],
) -> Result<Vec<Done>, TransactError> {
    let mut conflicts = 0;
    loop {
        let head = log.begin()?;
        let (batch, mut done) = Staging::new(log, ids, head, now).stage(calls)?;
        match log.append(&batch) {
            Ok(head) => {
                for done in &mut done {
                    done.head = head.position;
                }
                return Ok(done);
            },
            Err(AppendError::Conflict { .. }) if conflicts < CONFLICTS_MAX => conflicts += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// A batch in the making.
struct Staging<'a, L: ?Sized> {
    log: &'a mut L,
    ids: &'a mut RecordIds,
    recorded_at: Instant,
    head: Head,
    licenses: BTreeMap<StreamId, (License, StreamVersion)>,
    orders: BTreeMap<StreamId, (order::Order, StreamVersion)>,
    batch: Batch,
}

/// What one call came to.
struct Concluded {
    verdict: Verdict,
    reason: Option<Box<str>>,
    answer: Vec<u8>,
    records: usize,
}

impl<'a, L: Log + ?Sized> Staging<'a, L> {
    fn new(log: &'a mut L, ids: &'a mut RecordIds, head: Head, now: Instant) -> Self {
        if let Some(last) = head.last_id {
            ids.skip_to(last);
        }
        Self {
            log,
            ids,
            // Transaction time never goes back, whatever the clock does.
            recorded_at: now.max(head.recorded_at),
            head,
            licenses: BTreeMap::new(),
            orders: BTreeMap::new(),
            batch: Batch::default(),
        }
    }

    fn stage(mut self, calls: &[Call]) -> Result<(Batch, Vec<Done>), ReadError> {
        let mut all_done = Vec::with_capacity(calls.len());
        for call in calls {
            let receipt_id = ReceiptId::new(self.ids.next(self.recorded_at));
            let concluded = self.conclude(call, receipt_id)?;
            all_done.push(Done {
                receipt_id,
                verdict: concluded.verdict,
                reason: concluded.reason.clone(),
                answer: concluded.answer.clone().into(),
                head: self.head.position,
                records: concluded.records,
            });
            self.batch
                .receipts
                .push(receipt(receipt_id, &call.arrived, concluded));
        }
        Ok((self.batch, all_done))
    }

    fn conclude(&mut self, call: &Call, receipt_id: ReceiptId) -> Result<Concluded, ReadError> {
        match &call.request {
            Request::Noted { verdict, reason } => Ok(Concluded {
                verdict: *verdict,
                reason: reason.clone(),
                answer: (call.answer)(&Decided::Noted),
                records: 0,
            }),
            Request::License {
                merchant,
                id,
                command,
            } => {
                let stream = StreamId::license(merchant, id);
                self.conclude_license(call, stream, command, receipt_id)
            },
            Request::Order {
                merchant,
                order,
                command,
            } => {
                let stream = StreamId::order(merchant, order);
                self.conclude_order(call, stream, command, receipt_id)
            },
        }
    }

    fn conclude_license(
        &mut self,
        call: &Call,
        stream: StreamId,
        command: &Command,
        receipt_id: ReceiptId,
    ) -> Result<Concluded, ReadError> {
        let (mut license, mut version) = match self.licenses.remove(&stream) {
            Some(staged) => staged,
            None => match self.read_license(&stream) {
                Ok(read) => read,
                Err(error) => return quarantine(call, &stream, error),
            },
        };
        let decision = tenure_domain::decide(&license, command);
        let effective_at = effective_at(command);
        let mut records = 0;
        for event in decision.iter().flatten() {
            license = license.evolve(event);
            let event = Event::License(event.clone());
            self.draft(
                &stream,
                version,
                event,
                effective_at,
                call.arrived.actor,
                receipt_id,
            );
            version = version.next();
            records += 1;
        }
        let outcome = decision.map(|events| Outcome::of(events.len()));
        let (verdict, reason) = match &outcome {
            Ok(outcome) => (outcome.verdict(), None),
            Err(refusal) => (Verdict::Refused, Some(refusal.code().into())),
        };
        let answer = (call.answer)(&Decided::License {
            outcome,
            license: &license,
        });
        self.licenses.insert(stream, (license, version));
        Ok(Concluded {
            verdict,
            reason,
            answer,
            records,
        })
    }

    fn conclude_order(
        &mut self,
        call: &Call,
        stream: StreamId,
        command: &order::Command,
        receipt_id: ReceiptId,
    ) -> Result<Concluded, ReadError> {
        let (mut order, mut version) = match self.orders.remove(&stream) {
            Some(staged) => staged,
            None => match self.read_order(&stream) {
                Ok(read) => read,
                Err(error) => return quarantine(call, &stream, error),
            },
        };
        let events = order::decide(&order, command);
        for event in &events {
            order = order.evolve(event);
            let event = Event::Order(event.clone());
            let (at, actor) = (call.arrived.at, call.arrived.actor);
            self.draft(&stream, version, event, at, actor, receipt_id);
            version = version.next();
        }
        let outcome = Outcome::of(events.len());
        let answer = (call.answer)(&Decided::Order(outcome));
        self.orders.insert(stream, (order, version));
        Ok(Concluded {
            verdict: outcome.verdict(),
            reason: None,
            answer,
            records: events.len(),
        })
    }

    fn read_license(&mut self, stream: &StreamId) -> Result<(License, StreamVersion), ReadError> {
        let events = self.log.events(stream)?;
        let license = License::replay(events.iter().filter_map(Event::as_license));
        Ok((license, StreamVersion::after(&events)))
    }

    fn read_order(
        &mut self,
        stream: &StreamId,
    ) -> Result<(order::Order, StreamVersion), ReadError> {
        let events = self.log.events(stream)?;
        let order = events
            .iter()
            .filter_map(Event::as_order)
            .fold(order::Order::Unknown, order::Order::evolve);
        Ok((order, StreamVersion::after(&events)))
    }

    fn draft(
        &mut self,
        stream: &StreamId,
        expected: StreamVersion,
        event: Event,
        effective_at: Instant,
        actor: Actor,
        receipt_id: ReceiptId,
    ) {
        let draft = Draft {
            stream: stream.clone(),
            expected,
            record_id: self.ids.next(self.recorded_at),
            event,
            effective_at,
            recorded_at: self.recorded_at,
            actor,
            receipt_id,
        };
        self.batch.drafts.push(draft);
    }
}

/// A stream that holds what cannot be read stops its own calls, and no others.
fn quarantine(call: &Call, stream: &StreamId, error: ReadError) -> Result<Concluded, ReadError> {
    let ReadError::Corrupt { what } = &error else {
        return Err(error);
    };
    tracing::error!(%stream, what, "a call waits for a person");
    Ok(Concluded {
        verdict: Verdict::Quarantined,
        reason: Some("unreadable_stream".into()),
        answer: (call.answer)(&Decided::Unreadable),
        records: 0,
    })
}

/// Since when the events of a command hold. An activation tells its own instant, which lies
/// before its answer reached us; everything else holds from its arrival.
fn effective_at(command: &Command) -> Instant {
    match &command.intent {
        tenure_domain::Intent::Activate(activation) => activation.activated_at.min(command.at),
        tenure_domain::Intent::Purchase { .. }
        | tenure_domain::Intent::ReportProvisioned
        | tenure_domain::Intent::Renew(_)
        | tenure_domain::Intent::CancelRenewal(_)
        | tenure_domain::Intent::ConvertToPaid(_)
        | tenure_domain::Intent::Upgrade { .. }
        | tenure_domain::Intent::Freeze
        | tenure_domain::Intent::Expire
        | tenure_domain::Intent::Unfreeze
        | tenure_domain::Intent::Release { .. }
        | tenure_domain::Intent::LearnOrder(_) => command.at,
    }
}

fn receipt(id: ReceiptId, arrived: &Arrived, concluded: Concluded) -> Receipt {
    let kept = if arrived.authentic {
        usize::MAX
    } else {
        STRANGER_BYTES_MAX
    };
    let parameters: &str = &arrived.parameters;
    Receipt {
        id,
        listing: arrived.listing.clone(),
        arrived_at: arrived.at,
        method: arrived.method.clone(),
        parameters: parameters[..parameters.floor_char_boundary(kept)].into(),
        body: arrived.body[..arrived.body.len().min(kept)].into(),
        activity: arrived.activity.clone(),
        authentic: arrived.authentic,
        verdict: concluded.verdict,
        reason: concluded.reason,
        answer: concluded.answer.into(),
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
