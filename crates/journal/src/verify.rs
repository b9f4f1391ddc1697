//! Reads a whole journal and names what is wrong with it.

use std::collections::BTreeMap;

use tenure_domain::tenant::{self, Tenant};
use tenure_domain::usage::{self, Usage};
use tenure_domain::{Instant, License, laws};
use uuid::Uuid;

use crate::event::Event;
use crate::log::{ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId, Verdict};
use crate::record::Record;
use crate::stream::{StreamId, Subject};

/// Records and receipts that are read at a time.
const PAGE: usize = 2_000;

/// Findings that are kept; the rest is counted.
const FINDINGS_MAX: usize = 100;

/// What a whole reading found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Records read.
    pub records: u64,
    /// Streams met.
    pub streams: u64,
    /// Receipts read.
    pub receipts: u64,
    /// What is wrong: the first hundred, a sentence each.
    pub wrong: Vec<String>,
    /// How many things are wrong.
    pub wrong_count: u64,
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn are_clean(&self) -> bool {
        self.wrong_count == 0
    }

    fn add(&mut self, wrong: String) {
        self.wrong_count += 1;
        if self.wrong.len() < FINDINGS_MAX {
            self.wrong.push(wrong);
        }
    }
}

/// Reads every record and receipt, up to where the journal ends when this begins: positions have
/// no gap, versions and transaction time and ids ascend, every record is of the kind of its stream,
/// every license, enterprise and usage obeys the laws of the domain, every record has its receipt,
/// every applied receipt has its records, and no test call has any but in the streams of tests.
/// `progress` is told the position now and then.
pub fn verify<L: ReadLog + ?Sized>(
    log: &mut L,
    mut progress: impl FnMut(Position, Position),
) -> Result<Findings, ReadError> {
    // Read before the head: whatever these receipts caused lies at or before it, and what calls
    // cause that come while this reading is under way may lie beyond it.
    let last_settled = log.receipts_before(None, 1)?.pop().map(|last| last.id);
    let head = log.head()?.position;
    let mut checking = Checking {
        last_settled,
        ..Checking::default()
    };
    let mut after = Position::START;
    while after < head {
        let mut records = log.read_after(after, PAGE)?;
        records.retain(|record| record.position <= head);
        if records.is_empty() {
            checking
                .findings
                .add(format!("records {} to {head} are missing", after.next()));
            break;
        }
        for record in records {
            after = record.position;
            checking.record(record);
        }
        progress(after, head);
    }
    checking.receipts(log)?;
    Ok(checking.finish())
}

#[derive(Default)]
struct Checking {
    findings: Findings,
    /// The last receipt whose records must all have been read.
    last_settled: Option<ReceiptId>,
    last: Option<(Position, Instant, Uuid)>,
    streams: BTreeMap<StreamId, (Folded, StreamVersion)>,
    /// What each receipt caused.
    caused: BTreeMap<Uuid, Caused>,
}

/// What a stream came to, as far as laws are about it.
enum Folded {
    License(License),
    Order,
    Tenant(Tenant),
    Usage(Usage),
}

/// The records of one receipt.
#[derive(Default)]
struct Caused {
    /// How many tell of what is real.
    real: u32,
    /// How many tell what a test told.
    test: u32,
}

impl Checking {
    fn record(&mut self, record: Record) {
        self.findings.records += 1;
        let position = record.position;
        let (expected, recorded_at, id) = match self.last {
            None => (
                Position::START.next(),
                Instant::from_micros(i64::MIN),
                Uuid::nil(),
            ),
            Some((last, recorded_at, id)) => (last.next(), recorded_at, id),
        };
        if position != expected {
            self.findings.add(format!(
                "position {position} follows where {expected} should"
            ));
        }
        if record.recorded_at < recorded_at {
            self.findings
                .add(format!("record {position}: transaction time goes back"));
        }
        if record.record_id <= id {
            self.findings
                .add(format!("record {position}: its id does not ascend"));
        }
        self.last = Some((position, record.recorded_at, record.record_id));
        let caused = self.caused.entry(record.receipt_id.uuid()).or_default();
        if record.stream.is_of_tests() {
            caused.test += 1;
        } else {
            caused.real += 1;
        }
        self.in_stream(record);
    }

    fn in_stream(&mut self, record: Record) {
        let fresh = || (Folded::nothing(&record.stream), StreamVersion::NONE);
        let known = self.streams.entry(record.stream.clone());
        let (folded, version) = known.or_insert_with(fresh);
        if record.version != version.next() {
            self.findings.add(format!(
                "record {}: version {} of {} follows version {version}",
                record.position, record.version, record.stream
            ));
        }
        *version = record.version;
        let number = usize::try_from(record.version.number()).unwrap_or(usize::MAX);
        if let Err(broken) = folded.follow(&record.event, number) {
            self.findings.add(format!(
                "record {} of {}: {broken}",
                record.position, record.stream
            ));
        }
    }

    fn receipts<L: ReadLog + ?Sized>(&mut self, log: &mut L) -> Result<(), ReadError> {
        let mut after = None;
        loop {
            let receipts = log.receipts_after(after, PAGE)?;
            let Some(last) = receipts.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for receipt in &receipts {
                self.receipt(receipt);
            }
        }
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.findings.receipts += 1;
        let Caused { real, test } = self.caused.remove(&receipt.id.uuid()).unwrap_or_default();
        let applied = receipt.verdict == Verdict::Applied;
        let probe = receipt.verdict == Verdict::Probe;
        if applied && real == 0 && Some(receipt.id) <= self.last_settled {
            self.findings.add(format!(
                "receipt {} is applied, but has no record",
                receipt.id
            ));
        }
        if (!applied && real > 0) || (!probe && test > 0) {
            let verdict = receipt.verdict.name();
            let of = if test > 0 { " of tests" } else { "" };
            self.findings.add(format!(
                "receipt {} is {verdict}, but has records{of}",
                receipt.id
            ));
        }
    }

    fn finish(mut self) -> Findings {
        for id in std::mem::take(&mut self.caused).into_keys() {
            self.findings
                .add(format!("receipt {id} is missing, but has records"));
        }
        self.findings.streams = self.streams.len() as u64;
        self.findings
    }
}

impl Folded {
    fn nothing(stream: &StreamId) -> Self {
        match &stream.subject {
            Subject::License(_) => Self::License(License::Absent),
            Subject::Order(_) => Self::Order,
            Subject::Tenant(_) => Self::Tenant(Tenant::default()),
            Subject::Usage(_) => Self::Usage(Usage::default()),
        }
    }

    /// Goes on to the state after `event`, and tells which law it breaks.
    fn follow(&mut self, event: &Event, number: usize) -> Result<(), String> {
        let told = |broken: &dyn std::error::Error| broken.to_string();
        match (self, event) {
            (Self::License(license), Event::License(event)) => {
                let lawful = laws::check_next(license, event, number);
                *license = std::mem::take(license).evolve(event);
                lawful.map_err(|broken| told(&broken))
            },
            (Self::Tenant(tenant), Event::Tenant(event)) => {
                let lawful = tenant::check_next(tenant, event, number);
                *tenant = std::mem::take(tenant).evolve(event);
                lawful.map_err(|broken| told(&broken))
            },
            (Self::Usage(usage), Event::Usage(event)) => {
                let lawful = usage::check_next(usage, event, number);
                *usage = std::mem::take(usage).evolve(event);
                lawful.map_err(|broken| told(&broken))
            },
            (Self::Order, Event::Order(_)) => Ok(()),
            (_, event) => Err(format!(
                "event {number}, {}, is of another kind of stream",
                event.name()
            )),
        }
    }
}
