//! Questions on two time axes: what holds **at** an instant, **as of** what the journal knew.

use tenure_domain::{Instant, License};

use crate::log::{ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::receipt::ReceiptId;
use crate::record::Record;
use crate::stream::StreamId;
use crate::timeline::Holding;

/// A point on the transaction axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Everything the journal knows.
    Head,
    /// What it knew when it held this many records.
    Position(Position),
    /// What it knew at an instant.
    RecordedAt(Instant),
}

/// A license as the journal knew it, and the records that say so.
#[derive(Debug, Clone)]
pub struct View {
    /// The license, folded from `records`.
    pub license: License,
    /// The version of its stream as of then.
    pub version: StreamVersion,
    /// The records that count, oldest first.
    pub records: Vec<Record>,
    /// The last position that was looked at: the resolved point on the transaction axis.
    pub as_of: Position,
    /// When that record was recorded; `None` if nothing had been.
    pub as_of_recorded_at: Option<Instant>,
}

/// Reads a license: of the records that the journal held as of `as_of`, those in effect at `at`.
///
/// A stream's first record counts as soon as any of its records is in effect: an activation that
/// we learned of late is older than the record that opened the stream.
pub fn license<L: ReadLog + ?Sized>(
    log: &mut L,
    stream: &StreamId,
    at: Instant,
    as_of: AsOf,
) -> Result<View, ReadError> {
    let up_to = resolve(log, as_of)?;
    let mut records = log.read_stream(stream, up_to)?;
    let version = records
        .last()
        .map_or(StreamVersion::NONE, |record| record.version);
    let is_begun = records.iter().any(|record| record.effective_at <= at);
    records.retain(|record| is_in_effect(record, at, is_begun));
    let events = records
        .iter()
        .filter_map(|record| record.event.as_license());
    Ok(View {
        license: License::replay(events),
        version,
        as_of: up_to,
        as_of_recorded_at: log.recorded_at(up_to)?,
        records,
    })
}

fn is_in_effect(record: &Record, at: Instant, is_begun: bool) -> bool {
    record.effective_at <= at || (is_begun && record.version == StreamVersion::NONE.next())
}

/// What a record has to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// The answer rests on it.
    Counts,
    /// It takes effect after the instant that is asked about.
    NotInEffect,
    /// The journal learned it after the point as of which it is asked.
    NotKnown,
    /// It came of the receipt that is left out.
    LeftOut,
}

impl Bearing {
    /// The name under which it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::NotInEffect => "not_in_effect",
            Self::NotKnown => "not_known",
            Self::LeftOut => "left_out",
        }
    }
}

/// A record, what it has to do with an answer, and what it led to.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The record.
    pub record: Record,
    /// Whether it counts, and if not, why.
    pub bearing: Bearing,
    /// What the license is by it and those before it that count, read at the instant of the
    /// reading; `None` if it does not count.
    pub led_to: Option<Holding>,
}

/// A license as the journal knew it, and every record of its stream.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The license, folded from the records that count.
    pub license: License,
    /// All records, oldest first; none, if there is no such stream.
    pub records: Vec<Explained>,
    /// The last position that was looked at: the resolved point on the transaction axis.
    pub as_of: Position,
    /// When that record was recorded; `None` if nothing had been.
    pub as_of_recorded_at: Option<Instant>,
}

impl Explanation {
    /// The last record that counts.
    pub fn last(&self) -> Option<&Record> {
        let mut newest_first = self.records.iter().rev();
        newest_first
            .find(|it| it.bearing == Bearing::Counts)
            .map(|it| &it.record)
    }

    /// Whether any record came of the receipt that is left out, and was known.
    pub fn leaves_out(&self) -> bool {
        self.records.iter().any(|it| it.bearing == Bearing::LeftOut)
    }

    /// The version that the stream had.
    pub fn version(&self) -> StreamVersion {
        let known = self.records.iter().rev();
        let mut known = known.filter(|it| it.bearing != Bearing::NotKnown);
        known
            .next()
            .map_or(StreamVersion::NONE, |it| it.record.version)
    }
}

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Records count that are in effect at this instant.
    pub at: Instant,
    /// And that the journal knew.
    pub as_of: AsOf,
    /// As if the call of this receipt had never come: its records are left out, and those that came
    /// after it stay as they were decided.
    pub without: Option<ReceiptId>,
    /// The instant at which the license is read: time alone changes a status.
    pub read_at: Instant,
}

/// Answers as [`license`] does, and tells of each record why it counts or does not.
pub fn explain<L: ReadLog + ?Sized>(
    log: &mut L,
    stream: &StreamId,
    question: Question,
) -> Result<Explanation, ReadError> {
    let Question {
        at, as_of, without, ..
    } = question;
    let up_to = resolve(log, as_of)?;
    let records = log.read_stream(stream, Position::MAX)?;
    let is_asked = |record: &Record| record.position <= up_to && without != Some(record.receipt_id);
    let is_begun = records
        .iter()
        .any(|it| is_asked(it) && it.effective_at <= at);
    let bearing = |record: &Record| {
        if record.position > up_to {
            Bearing::NotKnown
        } else if without == Some(record.receipt_id) {
            Bearing::LeftOut
        } else if is_in_effect(record, at, is_begun) {
            Bearing::Counts
        } else {
            Bearing::NotInEffect
        }
    };
    let mut license = License::Absent;
    let explained = records.into_iter().map(|record| {
        let bearing = bearing(&record);
        let mut led_to = None;
        if bearing == Bearing::Counts {
            if let Some(event) = record.event.as_license() {
                license = std::mem::take(&mut license).evolve(event);
            }
            led_to = Holding::of(&license, question.read_at);
        }
        Explained {
            record,
            bearing,
            led_to,
        }
    });
    Ok(Explanation {
        records: explained.collect(),
        license,
        as_of: up_to,
        as_of_recorded_at: log.recorded_at(up_to)?,
    })
}

/// The last position that the journal held as of a point.
pub fn resolve<L: ReadLog + ?Sized>(log: &mut L, as_of: AsOf) -> Result<Position, ReadError> {
    let head = log.head()?.position;
    match as_of {
        AsOf::Head => Ok(head),
        AsOf::Position(position) => Ok(position.min(head)),
        AsOf::RecordedAt(instant) => last_recorded_by(log, instant, head),
    }
}

/// Positions have no gap and transaction time never goes back, so halving finds the place.
fn last_recorded_by<L: ReadLog + ?Sized>(
    log: &mut L,
    instant: Instant,
    head: Position,
) -> Result<Position, ReadError> {
    let (mut known, mut beyond) = (0, head.number() + 1);
    while beyond - known > 1 {
        let middle = known + (beyond - known) / 2;
        let recorded_at =
            log.recorded_at(Position::new(middle))?
                .ok_or_else(|| ReadError::Corrupt {
                    what: format!("there is no record at position {middle}"),
                })?;
        if recorded_at <= instant {
            known = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(Position::new(known))
}
