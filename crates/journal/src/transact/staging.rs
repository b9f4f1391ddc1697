//! A batch in the making.

use std::collections::BTreeMap;

use tenure_domain::tenant::{Partition, Tenant, TenantKey};
use tenure_domain::usage::Usage;
use tenure_domain::{Command, Instant, License, order, tenant, usage};

use super::folds::{Folds, Lately};
use super::{Arrived, Call, Decided, Outcome, Request, STRANGER_BYTES_MAX};
use crate::event::Event;
use crate::log::{Batch, Draft, Head, Log, ReadError};
use crate::position::StreamVersion;
use crate::receipt::{Receipt, ReceiptId, Verdict};
use crate::record::Actor;
use crate::record_ids::RecordIds;
use crate::stream::StreamId;
use crate::transact::Done;

/// A batch in the making: the states that its calls left, and what is to be appended.
pub(super) struct Staging<'a, L: ?Sized> {
    log: &'a mut L,
    folds: &'a mut Folds,
    ids: &'a mut RecordIds,
    recorded_at: Instant,
    head: Head,
    licenses: Staged<License>,
    orders: Staged<order::Order>,
    left: Left,
    batch: Batch,
}

/// States that are worth remembering once the batch is appended.
#[derive(Default)]
pub(super) struct Left {
    pub(super) tenants: Staged<Tenant>,
    pub(super) usages: Staged<Usage>,
}

/// States as the calls of a batch left them.
pub(super) type Staged<S> = BTreeMap<StreamId, (S, StreamVersion)>;

/// What one call came to.
struct Concluded {
    verdict: Verdict,
    reason: Option<Box<str>>,
    answer: Vec<u8>,
    records: usize,
}

impl<'a, L: Log + ?Sized> Staging<'a, L> {
    pub(super) fn new(
        log: &'a mut L,
        folds: &'a mut Folds,
        ids: &'a mut RecordIds,
        head: Head,
        now: Instant,
    ) -> Self {
        if let Some(last) = head.last_id {
            ids.skip_to(last);
        }
        Self {
            log,
            folds,
            ids,
            // Transaction time never goes back, whatever the clock does.
            recorded_at: now.max(head.recorded_at),
            head,
            licenses: BTreeMap::new(),
            orders: BTreeMap::new(),
            left: Left::default(),
            batch: Batch::default(),
        }
    }

    pub(super) fn stage(mut self, calls: &[Call]) -> Result<(Batch, Left, Vec<Done>), ReadError> {
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
        Ok((self.batch, self.left, all_done))
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
            Request::Tenant {
                merchant,
                key,
                command,
            } => {
                let stream = StreamId::tenant(merchant, key);
                self.conclude_tenant(call, stream, key, command, receipt_id)
            },
            Request::Usage {
                merchant,
                id,
                command,
            } => {
                let stream = StreamId::usage(merchant, id);
                self.conclude_usage(call, stream, command, receipt_id)
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
        let known = state_of(&mut self.licenses, self.log, &stream, |events| {
            License::replay(events.iter().filter_map(Event::as_license))
        });
        let (mut license, mut version) = match known {
            Ok(known) => known,
            Err(error) => return quarantine(call, &stream, error),
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
        let known = state_of(&mut self.orders, self.log, &stream, |events| {
            let events = events.iter().filter_map(Event::as_order);
            events.fold(order::Order::Unknown, order::Order::evolve)
        });
        let (order, version) = match known {
            Ok(known) => known,
            Err(error) => return quarantine(call, &stream, error),
        };
        let events = order::decide(&order, command);
        let order = events.iter().fold(order, order::Order::evolve);
        let records = events.len();
        let events = events.into_iter().map(Event::Order);
        let version = self.draft_all(&stream, version, events, call, receipt_id);
        self.orders.insert(stream, (order, version));
        let outcome = Outcome::of(records);
        let answer = (call.answer)(&Decided::Order(outcome));
        Ok(Concluded::done(outcome.verdict(), answer, records))
    }

    /// What a test call tells is kept, in a stream that holds nothing else: its verdict says that
    /// nothing of it is real.
    fn conclude_tenant(
        &mut self,
        call: &Call,
        stream: StreamId,
        key: &TenantKey,
        command: &tenant::Command,
        receipt_id: ReceiptId,
    ) -> Result<Concluded, ReadError> {
        let known = remembered(
            &mut self.left.tenants,
            &mut self.folds.tenants,
            self.log,
            &stream,
            |events| Tenant::replay(events.iter().filter_map(Event::as_tenant)),
        );
        let (tenant, version) = match known {
            Ok(known) => known,
            Err(error) => return quarantine(call, &stream, error),
        };
        let events = tenant::decide(&tenant, command);
        let tenant = events.iter().fold(tenant, Tenant::evolve);
        let records = events.len();
        let events = events.into_iter().map(Event::Tenant);
        let version = self.draft_all(&stream, version, events, call, receipt_id);
        self.left.tenants.insert(stream, (tenant, version));
        let outcome = Outcome::of(records);
        let verdict = match key.partition {
            Partition::Real => outcome.verdict(),
            Partition::Test => Verdict::Probe,
        };
        let answer = (call.answer)(&Decided::Tenant(outcome));
        Ok(Concluded::done(verdict, answer, records))
    }

    fn conclude_usage(
        &mut self,
        call: &Call,
        stream: StreamId,
        command: &usage::Command,
        receipt_id: ReceiptId,
    ) -> Result<Concluded, ReadError> {
        let known = remembered(
            &mut self.left.usages,
            &mut self.folds.usages,
            self.log,
            &stream,
            |events| Usage::replay(events.iter().filter_map(Event::as_usage)),
        );
        let (usage, version) = match known {
            Ok(known) => known,
            Err(error) => return quarantine(call, &stream, error),
        };
        let decision = usage::decide(&usage, command);
        let events = decision.as_deref().unwrap_or_default();
        let usage = events.iter().fold(usage, Usage::evolve);
        let records = events.len();
        let drafts = events.iter().cloned().map(Event::Usage);
        let version = self.draft_all(&stream, version, drafts, call, receipt_id);
        self.left.usages.insert(stream, (usage, version));
        let outcome = decision.map(|events| Outcome::of(events.len()));
        let answer = (call.answer)(&Decided::Usage(outcome));
        Ok(match outcome {
            Ok(outcome) => Concluded::done(outcome.verdict(), answer, records),
            Err(refusal) => Concluded {
                reason: Some(refusal.code().into()),
                ..Concluded::done(Verdict::Refused, answer, records)
            },
        })
    }

    /// Drafts events that hold from the arrival of their call, and returns the version after them.
    fn draft_all(
        &mut self,
        stream: &StreamId,
        mut version: StreamVersion,
        events: impl Iterator<Item = Event>,
        call: &Call,
        receipt_id: ReceiptId,
    ) -> StreamVersion {
        let (at, actor) = (call.arrived.at, call.arrived.actor);
        for event in events {
            self.draft(stream, version, event, at, actor, receipt_id);
            version = version.next();
        }
        version
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

impl Concluded {
    fn done(verdict: Verdict, answer: Vec<u8>, records: usize) -> Self {
        Self {
            verdict,
            reason: None,
            answer,
            records,
        }
    }
}

/// The state of a stream: as an earlier call of the batch left it, or as the log has it.
fn state_of<S, L: Log + ?Sized>(
    staged: &mut Staged<S>,
    log: &mut L,
    stream: &StreamId,
    replay: impl FnOnce(&[Event]) -> S,
) -> Result<(S, StreamVersion), ReadError> {
    if let Some(known) = staged.remove(stream) {
        return Ok(known);
    }
    let events = log.events(stream)?;
    Ok((replay(&events), StreamVersion::after(&events)))
}

/// The same, of a stream whose state may be remembered from an earlier batch.
fn remembered<S, L: Log + ?Sized>(
    staged: &mut Staged<S>,
    lately: &mut Lately<S>,
    log: &mut L,
    stream: &StreamId,
    replay: impl FnOnce(&[Event]) -> S,
) -> Result<(S, StreamVersion), ReadError> {
    match lately.take(stream) {
        Some(known) => Ok(known),
        None => state_of(staged, log, stream, replay),
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
        | tenure_domain::Intent::ReportProvisioned { .. }
        | tenure_domain::Intent::Renew(_)
        | tenure_domain::Intent::CancelRenewal(_)
        | tenure_domain::Intent::ConvertToPaid(_)
        | tenure_domain::Intent::Upgrade { .. }
        | tenure_domain::Intent::Freeze
        | tenure_domain::Intent::Expire
        | tenure_domain::Intent::Unfreeze
        | tenure_domain::Intent::Release { .. }
        | tenure_domain::Intent::LearnOrder(_)
        | tenure_domain::Intent::NoteCheck(_)
        | tenure_domain::Intent::RequestFile { .. }
        | tenure_domain::Intent::MakeFile { .. }
        | tenure_domain::Intent::NoteDelivery { .. } => command.at,
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
        sealed_with: arrived.sealed_with,
        activity: arrived.activity.clone(),
        authentic: arrived.authentic,
        verdict: concluded.verdict,
        reason: concluded.reason,
        answer: concluded.answer.into(),
    }
}
