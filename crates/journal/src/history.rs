//! The records of several streams, in the order of the journal.

use tenure_domain::Instant;

use crate::log::{ReadError, ReadLog};
use crate::position::Position;
use crate::record::Record;
use crate::stream::StreamId;

/// Which records are wanted: those that meet all that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// After this position.
    pub after: Position,
    /// Recorded at this instant or later.
    pub since: Option<Instant>,
    /// Recorded before this instant.
    pub until: Option<Instant>,
}

impl Wanted {
    fn meets(self, record: &Record) -> bool {
        record.position > self.after
            && self.since.is_none_or(|since| since <= record.recorded_at)
            && self.until.is_none_or(|until| record.recorded_at < until)
    }
}

/// The first `limit` records of some streams that are wanted, in the order of the journal.
pub fn read<L: ReadLog + ?Sized>(
    log: &mut L,
    streams: &[StreamId],
    wanted: Wanted,
    limit: usize,
) -> Result<Vec<Record>, ReadError> {
    let mut records: Vec<Record> = Vec::new();
    // What lies beyond the last that is wanted so far is not read at all.
    let mut up_to = Position::MAX;
    for stream in streams {
        let found = log.read_stream(stream, up_to)?.into_iter();
        records.extend(found.filter(|record| wanted.meets(record)));
        if records.len() >= limit {
            records.sort_unstable_by_key(|record| record.position);
            records.truncate(limit);
            up_to = records.last().map_or(up_to, |last| last.position);
        }
    }
    records.sort_unstable_by_key(|record| record.position);
    Ok(records)
}
