//! The connection that writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};
use tenure_domain::Instant;

use super::tail::{Entry, Tail};
use super::{
    OpenError, STRANGERS_MAX, SqliteReader, configure, lock, migrate, pragmas_for_writing,
    receipts, rows, unread, unwritten,
};
use crate::log::{AppendError, Batch, Cause, Draft, Head, Log, ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId};
use crate::record::Record;
use crate::stored;
use crate::stream::StreamId;

/// Records of streams that were read or written lately and are kept at hand: the marketplace often
/// has more to say about the same license.
const RECENT_RECORDS_MAX: usize = 16_384;

/// The journal's only writing connection.
#[derive(Debug)]
pub struct SqliteLog {
    reader: SqliteReader,
    tail: Tail,
    /// Whole streams. Nobody else writes, so what was read stays true.
    recent: BTreeMap<StreamId, Recent>,
    recent_records: usize,
    strangers: u64,
    strangers_max: u64,
    _lock: File,
}

/// A stream at hand.
#[derive(Debug, Clone)]
struct Recent {
    number: i64,
    records: Vec<Record>,
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    number: i64,
    version: StreamVersion,
}

impl SqliteLog {
    /// Opens the journal for writing, and makes it or brings its schema up to date if need be.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        let unavailable = |source: Cause| OpenError::Unavailable {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(|error| unavailable(error.into()))?;
        configure(&connection).map_err(|error| unavailable(error.into()))?;
        pragmas_for_writing(&connection).map_err(unavailable)?;
        migrate(&mut connection)
            .map_err(|error| unavailable(error.into()))?
            .map_err(|source| OpenError::Schema {
                path: path.to_owned(),
                source,
            })?;
        let strangers = connection
            .query_row(
                "SELECT count(*) FROM receipts WHERE authentic = 0",
                [],
                |row| row.get(0),
            )
            .map_err(|error| unavailable(error.into()))?;
        let tail = Tail::read(&connection).map_err(|error| unavailable(error.into()))?;
        Ok(Self {
            reader: SqliteReader::of(connection),
            tail,
            recent: BTreeMap::new(),
            recent_records: 0,
            strangers,
            strangers_max: STRANGERS_MAX,
            _lock: lock,
        })
    }

    /// Bounds how many receipts of calls that nobody authenticated are kept.
    #[must_use]
    pub fn keeping_strangers(mut self, strangers_max: u64) -> Self {
        self.strangers_max = strangers_max;
        self
    }

    fn keep(&mut self, stream: &StreamId, recent: Recent) {
        if self.recent_records >= RECENT_RECORDS_MAX {
            self.recent.clear();
            self.recent_records = 0;
        }
        self.recent_records += recent.records.len();
        self.recent.insert(stream.clone(), recent);
    }
}

impl ReadLog for SqliteLog {
    fn head(&mut self) -> Result<Head, ReadError> {
        self.reader.head()
    }

    fn read_stream(
        &mut self,
        stream: &StreamId,
        up_to: Position,
    ) -> Result<Vec<Record>, ReadError> {
        if let Some(recent) = self.recent.get(stream) {
            let known = recent
                .records
                .iter()
                .filter(|record| record.position <= up_to);
            return Ok(known.cloned().collect());
        }
        let connection = &self.reader.connection;
        let Some(number) = stream_number(connection, stream).map_err(unread)? else {
            return Ok(Vec::new());
        };
        let tail = self.tail.of(number);
        let mut records = Vec::new();
        if tail
            .first()
            .is_none_or(|entry| entry.version > StreamVersion::NONE.next())
        {
            let sql = include_str!("queries/read_indexed.sql");
            let mut statement = connection.prepare_cached(sql).map_err(unread)?;
            let mut rows = statement.query([number]).map_err(unread)?;
            while let Some(row) = rows.next().map_err(unread)? {
                records.push(rows::record_of(row, stream.clone())?);
            }
        }
        if !tail.is_empty() {
            let sql = include_str!("queries/read_one.sql");
            let mut statement = connection.prepare_cached(sql).map_err(unread)?;
            for entry in tail {
                let mut rows = statement.query([entry.position.number()]).map_err(unread)?;
                let row = rows
                    .next()
                    .map_err(unread)?
                    .ok_or_else(|| ReadError::Corrupt {
                        what: format!("record {} is missing", entry.position),
                    })?;
                records.push(rows::record_of(row, stream.clone())?);
            }
        }
        self.keep(
            stream,
            Recent {
                number,
                records: records.clone(),
            },
        );
        records.retain(|record| record.position <= up_to);
        Ok(records)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.reader.read_after(after, limit)
    }

    fn recorded_at(&mut self, position: Position) -> Result<Option<Instant>, ReadError> {
        self.reader.recorded_at(position)
    }

    fn receipt(&mut self, id: ReceiptId) -> Result<Option<Receipt>, ReadError> {
        self.reader.receipt(id)
    }

    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        self.reader.receipts_after(after, limit)
    }

    fn receipts_before(
        &mut self,
        before: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        self.reader.receipts_before(before, limit)
    }
}

impl Log for SqliteLog {
    fn begin(&mut self) -> Result<Head, AppendError> {
        self.roll_back().map_err(unwritten)?;
        self.execute("BEGIN IMMEDIATE").map_err(unwritten)?;
        self.reader
            .head()
            .map_err(|error| AppendError::Unavailable(error.into()))
    }

    fn append(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        if self.reader.connection.is_autocommit() {
            self.begin()?;
        }
        let appended = self.append_begun(batch);
        if appended.is_err() {
            self.roll_back().map_err(unwritten)?;
        }
        appended
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        self.reader
            .connection
            .execute(
                "INSERT INTO probe (id, written_at) VALUES (1, 0)
                 ON CONFLICT (id) DO UPDATE SET written_at = written_at + 1",
                [],
            )
            .map(|_rows| ())
            .map_err(unwritten)
    }

    fn settle(&mut self) -> Result<(), AppendError> {
        if !self.tail.is_worth_settling() {
            return Ok(());
        }
        let head = self.begin()?;
        self.tail
            .write(&self.reader.connection, &[], head.position)
            .map_err(unwritten)?;
        self.execute("COMMIT").map_err(unwritten)?;
        self.tail.clear();
        Ok(())
    }

    /// Leaves the journal in one file: a copy of it alone is then whole. A reader in the middle of
    /// an answer keeps the last of it in the write-ahead log, which is as safe.
    fn finish(&mut self) -> Result<(), AppendError> {
        self.reader
            .connection
            .pragma_update(None, "wal_checkpoint", "truncate")
            .map_err(unwritten)
    }
}

impl SqliteLog {
    fn append_begun(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        let head = self
            .reader
            .head()
            .map_err(|error| AppendError::Unavailable(error.into()))?;
        let (connection, tail) = (&self.reader.connection, &self.tail);
        let strangers = receipts::append(connection, batch, self.strangers, self.strangers_max)
            .map_err(unwritten)?;
        let mut appending = Appending {
            connection,
            tail,
            recent: &self.recent,
            head,
            streams: BTreeMap::new(),
            fresh: Vec::new(),
        };
        for draft in &batch.drafts {
            appending.append(draft)?;
        }
        let Appending {
            mut head, fresh, ..
        } = appending;
        let is_indexed = tail.overflows_with(fresh.len());
        if is_indexed {
            tail.write(connection, &fresh, head.position)
                .map_err(unwritten)?;
        }
        self.execute("COMMIT").map_err(unwritten)?;
        // On disk: only now is anything remembered.
        self.remember(batch, &fresh);
        if is_indexed {
            self.tail.clear();
        } else {
            self.tail.extend(fresh);
        }
        self.strangers = strangers;
        let receipts = batch.receipts.iter().map(|receipt| receipt.id.uuid());
        let records = batch.drafts.iter().map(|draft| draft.record_id);
        head.last_id = head.last_id.max(receipts.chain(records).max());
        Ok(head)
    }

    /// Adds what was appended to the streams at hand, and takes new streams in hand.
    fn remember(&mut self, batch: &Batch, fresh: &[(i64, Entry)]) {
        for (draft, (number, entry)) in batch.drafts.iter().zip(fresh) {
            let record = || draft.clone().at(entry.position);
            if let Some(recent) = self.recent.get_mut(&draft.stream) {
                recent.records.push(record());
                self.recent_records += 1;
            } else if draft.expected == StreamVersion::NONE {
                self.keep(
                    &draft.stream,
                    Recent {
                        number: *number,
                        records: vec![record()],
                    },
                );
            }
        }
    }

    fn roll_back(&self) -> rusqlite::Result<()> {
        if self.reader.connection.is_autocommit() {
            return Ok(());
        }
        self.execute("ROLLBACK")
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.reader
            .connection
            .prepare_cached(sql)?
            .execute([])
            .map(|_rows| ())
    }
}

impl Recent {
    fn standing(&self) -> Standing {
        let last = self.records.last();
        let version = last.map_or(StreamVersion::NONE, |record| record.version);
        Standing {
            number: self.number,
            version,
        }
    }
}

/// Records on their way into a transaction.
struct Appending<'log, 'batch> {
    connection: &'log Connection,
    tail: &'log Tail,
    recent: &'log BTreeMap<StreamId, Recent>,
    head: Head,
    /// Where the streams of this batch stand by now.
    streams: BTreeMap<&'batch StreamId, Standing>,
    /// What is to be added to the tail.
    fresh: Vec<(i64, Entry)>,
}

impl<'batch> Appending<'_, 'batch> {
    fn append(&mut self, draft: &'batch Draft) -> Result<(), AppendError> {
        let standing = match (
            self.streams.get(&draft.stream),
            self.recent.get(&draft.stream),
        ) {
            (Some(standing), _) => *standing,
            (None, Some(recent)) => recent.standing(),
            (None, None) => self.look_up(&draft.stream).map_err(unwritten)?,
        };
        if standing.version != draft.expected {
            return Err(AppendError::Conflict {
                stream: draft.stream.clone(),
                expected: draft.expected,
                actual: standing.version,
            });
        }
        let version = draft.expected.next();
        self.head.position = self.head.position.next();
        self.head.recorded_at = draft.recorded_at;
        self.insert(draft, standing.number, version)
            .map_err(unwritten)?;
        self.streams.insert(
            &draft.stream,
            Standing {
                number: standing.number,
                version,
            },
        );
        self.fresh.push((
            standing.number,
            Entry {
                version,
                position: self.head.position,
            },
        ));
        Ok(())
    }

    fn look_up(&self, stream: &StreamId) -> rusqlite::Result<Standing> {
        let Some(number) = stream_number(self.connection, stream)? else {
            self.connection
                .prepare_cached("INSERT INTO streams (id) VALUES (?1)")?
                .execute([stream.to_string()])?;
            let number = self.connection.last_insert_rowid();
            return Ok(Standing {
                number,
                version: StreamVersion::NONE,
            });
        };
        let version = match self.tail.of(number).last() {
            Some(entry) => entry.version,
            None => self
                .connection
                .prepare_cached(
                    "SELECT ifnull(max(version), 0) FROM stream_records WHERE stream = ?1",
                )?
                .query_row([number], |row| row.get(0).map(StreamVersion::new))?,
        };
        Ok(Standing { number, version })
    }

    fn insert(&self, draft: &Draft, stream: i64, version: StreamVersion) -> rusqlite::Result<()> {
        let stored = stored::encode(&draft.event);
        self.connection
            .prepare_cached(include_str!("queries/append_record.sql"))?
            .execute(params![
                self.head.position.number(),
                stream,
                version.number(),
                draft.record_id,
                stored.name,
                stored.format,
                stored.data,
                draft.effective_at.micros(),
                draft.recorded_at.micros(),
                draft.actor.name(),
                draft.receipt_id.uuid(),
            ])
            .map(|_rows| ())
    }
}

fn stream_number(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT number FROM streams WHERE id = ?1")?
        .query_row([stream.to_string()], |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_durability_rests_on_is_really_set() {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(&folder.path().join("journal.db")).unwrap();
        let connection = &log.reader.connection;
        let full = 2;
        let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get(0));
        assert_eq!(synchronous, Ok(full));
        let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0));
        assert_eq!(mode, Ok("wal".to_owned()));
    }

    #[test]
    fn a_log_that_was_finished_lies_in_one_file_though_somebody_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let mut log = SqliteLog::open(&path).unwrap();
        let reader = SqliteReader::open(&path).unwrap();
        log.probe().unwrap();
        let behind = || {
            std::fs::metadata(path.with_extension("db-wal"))
                .unwrap()
                .len()
        };
        assert!(behind() > 0);
        log.finish().unwrap();
        assert_eq!(behind(), 0);
        drop(reader);
    }
}
