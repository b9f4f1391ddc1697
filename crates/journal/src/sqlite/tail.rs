//! The newest records of every stream, which the index on disk does not hold yet.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::position::{Position, StreamVersion};

/// Records that the tail holds at most: readers go through them one by one.
const TAIL_MAX: usize = 8_192;

/// Records for which it is worth while to write the index when nothing else is to do.
const SETTLE_MIN: usize = 256;

/// A record's place in its stream, and in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) version: StreamVersion,
    pub(super) position: Position,
}

/// What lies beyond the index.
#[derive(Debug, Default)]
pub(super) struct Tail {
    streams: BTreeMap<i64, Vec<Entry>>,
    records: usize,
}

impl Tail {
    /// Reads what lies beyond the index from the end of the journal.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT position FROM indexed WHERE id = 1";
        let indexed: u64 = connection.query_row(sql, [], |row| row.get(0))?;
        let mut tail = Self::default();
        let mut statement = connection.prepare(
            "SELECT stream, version, position FROM records WHERE position > ?1 ORDER BY position",
        )?;
        let rows = statement.query_map([indexed], |row| {
            let version = StreamVersion::new(row.get(1)?);
            Ok((
                row.get(0)?,
                Entry {
                    version,
                    position: Position::new(row.get(2)?),
                },
            ))
        })?;
        for row in rows {
            tail.extend([row?]);
        }
        Ok(tail)
    }

    /// The records of a stream, oldest first.
    pub(super) fn of(&self, stream: i64) -> &[Entry] {
        self.streams.get(&stream).map_or(&[], Vec::as_slice)
    }

    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = (i64, Entry)>) {
        for (stream, entry) in entries {
            self.streams.entry(stream).or_default().push(entry);
            self.records += 1;
        }
    }

    pub(super) fn overflows_with(&self, more: usize) -> bool {
        self.records + more > TAIL_MAX
    }

    pub(super) fn is_worth_settling(&self) -> bool {
        self.records >= SETTLE_MIN
    }

    /// Writes the tail, and `fresh` after it, to the index: in the index's own order, so that
    /// every page of it is written once.
    pub(super) fn write(
        &self,
        connection: &Connection,
        fresh: &[(i64, Entry)],
        head: Position,
    ) -> rusqlite::Result<()> {
        let mut entries: Vec<(i64, Entry)> = fresh.to_vec();
        for (stream, of_stream) in &self.streams {
            entries.extend(of_stream.iter().map(|entry| (*stream, *entry)));
        }
        entries.sort_unstable_by_key(|(stream, entry)| (*stream, entry.version));
        let mut insert = connection.prepare_cached(
            "INSERT INTO stream_records (stream, version, position) VALUES (?1, ?2, ?3)",
        )?;
        for (stream, entry) in entries {
            insert.execute(params![
                stream,
                entry.version.number(),
                entry.position.number()
            ])?;
        }
        connection
            .prepare_cached("UPDATE indexed SET position = ?1 WHERE id = 1")?
            .execute([head.number()])
            .map(|_rows| ())
    }

    /// Forgets everything, once it is in the index.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
