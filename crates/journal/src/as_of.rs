//! Questions on two time axes: what holds **at** an instant, **as of** what the journal knew.

use tenure_domain::{Instant, License};

use crate::log::{ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::record::Record;
use crate::stream::StreamId;

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
    if records.iter().any(|record| record.effective_at <= at) {
        records.retain(|record| {
            record.effective_at <= at || record.version == StreamVersion::NONE.next()
        });
    } else {
        records.clear();
    }
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
