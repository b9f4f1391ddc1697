//! Made-up receipts, drafts and calls, and short ways to append and to ask.

use std::path::Path;

use tenure_domain::tenant::{Partition, TenantKey};
use tenure_domain::{
    Activation, Command, Event as LicenseEvent, Family, Instant, Intent, MerchantId, Refusal,
    SealKey, TenantId, order, tenant, usage,
};
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::transact::transact;
use tenure_journal::{
    Actor, Arrived, Batch, Call, Decided, Done, Draft, Event, Head, Log, Outcome, Position,
    ReadLog, Receipt, ReceiptId, Record, Request, SqliteLog, StreamId, StreamVersion, Verdict,
};
use tenure_testkit::{activation, code, command, listing, order_line};
use uuid::Uuid;

/// The merchant of every sample.
pub(crate) fn merchant() -> MerchantId {
    MerchantId::parse("acme").expect("the name is well formed")
}

/// The stream of the authorization code `number`.
pub(crate) fn stream(number: u32) -> StreamId {
    StreamId::license(&merchant(), &code(number))
}

/// An id; those of greater numbers are greater.
pub(crate) fn id(number: u32) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(u64::from(number), &[7; 10]).into_uuid()
}

/// The instant `number` seconds after the epoch.
pub(crate) fn second(number: u32) -> Instant {
    Instant::from_seconds(i64::from(number))
}

/// A draft for a stream at version `expected`; its id and its times are made of `number`.
pub(crate) fn draft(stream: &StreamId, expected: u32, number: u32) -> Draft {
    Draft {
        stream: stream.clone(),
        expected: StreamVersion::new(expected),
        record_id: id(number),
        event: Event::License(LicenseEvent::Issued { listing: listing() }),
        effective_at: second(number).plus_seconds(-1),
        recorded_at: second(number),
        actor: Actor::Koogallery,
        receipt_id: ReceiptId::new(id(1)),
    }
}

/// The receipt of an authentic call, with every member set; its id is made of `number`.
pub(crate) fn receipt(number: u32) -> Receipt {
    Receipt {
        id: ReceiptId::new(id(number)),
        listing: "cad-pro".into(),
        arrived_at: second(number),
        method: "POST".into(),
        parameters: "signature=x%20y&備考=\0".into(),
        body: [0, 255, b'{', b'\n'].into(),
        sealed_with: Some(SealKey::new(7)),
        activity: Some("refreshLicenseCode".into()),
        authentic: true,
        verdict: Verdict::Refused,
        reason: Some("unknown_license".into()),
        answer: br#"{"resultCode":"000003"}"#.as_slice().into(),
    }
}

/// The receipt of a call that nobody authenticated; its id is made of `number`.
pub(crate) fn stranger(number: u32) -> Receipt {
    Receipt {
        activity: None,
        authentic: false,
        verdict: Verdict::Rejected,
        reason: None,
        ..receipt(number)
    }
}

/// Appends drafts and receipts in one batch.
pub(crate) fn append<L: Log + ?Sized>(
    log: &mut L,
    drafts: Vec<Draft>,
    receipts: Vec<Receipt>,
) -> Head {
    log.append(&Batch { receipts, drafts })
        .expect("the batch is appended")
}

/// Every record of a log.
pub(crate) fn records<L: ReadLog + ?Sized>(log: &mut L) -> Vec<Record> {
    log.read_after(Position::START, 100_000)
        .expect("the records are read")
}

/// Every receipt of a log.
pub(crate) fn receipts<L: ReadLog + ?Sized>(log: &mut L) -> Vec<Receipt> {
    log.receipts_after(None, 100_000)
        .expect("the receipts are read")
}

/// Opens a journal in a file for writing.
pub(crate) fn open(path: &Path) -> SqliteLog {
    SqliteLog::open(path).expect("the journal is opened")
}

/// A call as bytes that the marketplace made at `at`.
pub(crate) fn arrived(at: Instant) -> Arrived {
    Arrived {
        listing: "cad-pro".into(),
        at,
        method: "POST".into(),
        parameters: "signature=abc".into(),
        body: b"{}".as_slice().into(),
        sealed_with: None,
        activity: Some("license".into()),
        authentic: true,
        actor: Actor::Koogallery,
    }
}

/// A call to change the authorization code `number`.
pub(crate) fn call(number: u32, command: Command) -> Call {
    Call {
        arrived: arrived(command.at),
        request: Request::License {
            merchant: merchant(),
            id: code(number),
            command,
        },
        answer: Box::new(|decided| said(decided).as_bytes().to_vec()),
    }
}

/// A call to change the authorization code `number` at `at`.
pub(crate) fn wish(number: u32, at: Instant, intent: Intent) -> Call {
    call(number, command(Family::LicenseCode, at, intent))
}

/// A call that tells of the activation of the authorization code `number`, at `at`.
pub(crate) fn activate(number: u32, at: Instant) -> Call {
    let activation = Activation {
        activated_at: at,
        ..activation(number, 1_000_000)
    };
    wish(number, at, Intent::Activate(activation))
}

/// A call that announces the order line `number`.
pub(crate) fn notify(number: u32) -> Call {
    Call {
        arrived: arrived(second(number)),
        request: Request::Order {
            merchant: merchant(),
            order: order_line(number),
            command: order::Command::Notify {
                listing: listing(),
                order: order_line(number),
            },
        },
        answer: Box::new(|decided| said(decided).as_bytes().to_vec()),
    }
}

/// A call at `at` that tells of an enterprise.
pub(crate) fn tell(partition: Partition, at: Instant, command: tenant::Command) -> Call {
    Call {
        arrived: arrived(at),
        request: Request::Tenant {
            merchant: merchant(),
            key: tenant_key(partition),
            command,
        },
        answer: Box::new(|decided| said(decided).as_bytes().to_vec()),
    }
}

/// An enterprise, for the authorization code 1.
pub(crate) fn tenant_key(partition: Partition) -> TenantKey {
    TenantKey {
        listing: listing(),
        partition,
        instance: Some(code(1)),
        tenant: TenantId::parse("t-0001").expect("it is well formed"),
    }
}

/// A call at `at` about the use of the authorization code 1.
pub(crate) fn used(at: Instant, command: usage::Command) -> Call {
    Call {
        arrived: arrived(at),
        request: Request::Usage {
            merchant: merchant(),
            id: code(1),
            command,
        },
        answer: Box::new(|decided| said(decided).as_bytes().to_vec()),
    }
}

/// A call about which nothing is to be decided.
pub(crate) fn noted(verdict: Verdict, reason: Option<&str>) -> Call {
    Call {
        arrived: arrived(second(1)),
        request: Request::Noted {
            verdict,
            reason: reason.map(Into::into),
        },
        answer: Box::new(|decided| said(decided).as_bytes().to_vec()),
    }
}

/// What a sample call answers.
fn said(decided: &Decided<'_>) -> &'static str {
    match decided {
        Decided::Noted => "noted",
        Decided::License {
            outcome: Ok(outcome),
            ..
        }
        | Decided::Order(outcome)
        | Decided::Tenant(outcome)
        | Decided::Usage(Ok(outcome)) => match outcome {
            Outcome::Recorded => "recorded",
            Outcome::AlreadyApplied => "again",
        },
        Decided::License {
            outcome: Err(refusal),
            ..
        }
        | Decided::Usage(Err(refusal)) => Refusal::code(*refusal),
        Decided::Unreadable => "unreadable",
    }
}

/// Ids from a seed.
pub(crate) fn seeded() -> RecordIds {
    RecordIds::new(Entropy::Seeded(1), None)
}

/// Decides calls at `now` and appends what came of them.
pub(crate) fn decide<L: Log + ?Sized>(
    log: &mut L,
    ids: &mut RecordIds,
    now: Instant,
    calls: &[Call],
) -> Vec<Done> {
    transact(log, ids, now, calls).expect("the calls are recorded")
}
