//! The connection that writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};
use tenure_domain::Instant;

use super::tail::{Entry, Tail};
use super::{
    OpenError, STRANGERS_MAX, SqliteReader, configure, lock, migrate, pragmas_for_writing, rows,
    unread, unwritten,
};
use crate::log::{AppendError, Batch, Cause, Draft, Head, Log, ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId};
use crate::record::Record;
use crate::stored;
use crate::stream::StreamId;

/// Streams whose number and version are remembered: the transaction that follows a reading asks
/// for both again.
const STREAMS_KNOWN_MAX: usize = 16_384;

/// The journal's only writing connection.
#[derive(Debug)]
pub struct SqliteLog {
    reader: SqliteReader,
    tail: Tail,
    known: BTreeMap<StreamId, Known>,
    strangers: u64,
    strangers_max: u64,
    _lock: File,
}

/// Where a stream stands. Nobody else writes, so what was true stays true.
#[derive(Debug, Clone, Copy)]
struct Known {
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
            reader: SqliteReader { connection },
            tail,
            known: BTreeMap::new(),
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

    fn know(&mut self, stream: &StreamId, known: Known) {
        if self.known.len() >= STREAMS_KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(stream.clone(), known);
    }
}

/// Leaves the journal in one file where it can: a copy of it alone is then whole. Readers that are
/// still there may keep the last of it in the write-ahead log, which is as safe.
impl Drop for SqliteLog {
    fn drop(&mut self) {
        let rolled_back = self.roll_back();
        let connection = &self.reader.connection;
        let checkpointed =
            rolled_back.and_then(|()| connection.pragma_update(None, "wal_checkpoint", "truncate"));
        if let Err(error) = checkpointed {
            tracing::debug!(%error, "the write-ahead log was not folded into the journal");
        }
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
        let connection = &self.reader.connection;
        let number = match self.known.get(stream) {
            Some(known) => known.number,
            None => match stream_number(connection, stream).map_err(unread)? {
                Some(number) => number,
                None => return Ok(Vec::new()),
            },
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
        let version = records
            .last()
            .map_or(StreamVersion::NONE, |record| record.version);
        self.know(stream, Known { number, version });
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
}

impl SqliteLog {
    fn append_begun(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        let head = self
            .reader
            .head()
            .map_err(|error| AppendError::Unavailable(error.into()))?;
        let (connection, tail) = (&self.reader.connection, &self.tail);
        let strangers = append_receipts(connection, batch, self.strangers, self.strangers_max)
            .map_err(unwritten)?;
        let mut appending = Appending {
            connection,
            tail,
            known: &self.known,
            head,
            streams: BTreeMap::new(),
            fresh: Vec::new(),
        };
        for draft in &batch.drafts {
            appending.append(draft)?;
        }
        let Appending {
            mut head,
            streams,
            fresh,
            ..
        } = appending;
        let is_indexed = tail.overflows_with(fresh.len());
        if is_indexed {
            tail.write(connection, &fresh, head.position)
                .map_err(unwritten)?;
        }
        self.execute("COMMIT").map_err(unwritten)?;
        // On disk: only now is anything remembered.
        for (stream, known) in streams {
            self.know(stream, known);
        }
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

/// Appends the receipts; returns how many of strangers are kept now.
fn append_receipts(
    connection: &Connection,
    batch: &Batch,
    mut strangers: u64,
    strangers_max: u64,
) -> rusqlite::Result<u64> {
    let mut insert = connection.prepare_cached(include_str!("queries/append_receipt.sql"))?;
    for receipt in &batch.receipts {
        insert.execute(params![
            receipt.id.uuid(),
            receipt.listing,
            receipt.arrived_at.micros(),
            receipt.method,
            receipt.parameters,
            receipt.body,
            receipt.activity,
            receipt.authentic,
            receipt.verdict.name(),
            receipt.reason,
            receipt.answer,
        ])?;
        strangers += u64::from(!receipt.authentic);
    }
    if strangers > strangers_max {
        connection
            .prepare_cached(include_str!("queries/forget_strangers.sql"))?
            .execute([strangers - strangers_max])?;
        strangers = strangers_max;
    }
    Ok(strangers)
}

/// Records on their way into a transaction.
struct Appending<'log, 'batch> {
    connection: &'log Connection,
    tail: &'log Tail,
    known: &'log BTreeMap<StreamId, Known>,
    head: Head,
    /// Where the streams of this batch stand by now.
    streams: BTreeMap<&'batch StreamId, Known>,
    /// What is to be added to the tail.
    fresh: Vec<(i64, Entry)>,
}

impl<'batch> Appending<'_, 'batch> {
    fn append(&mut self, draft: &'batch Draft) -> Result<(), AppendError> {
        let known = match self
            .streams
            .get(&draft.stream)
            .or_else(|| self.known.get(&draft.stream))
        {
            Some(known) => *known,
            None => self.look_up(&draft.stream).map_err(unwritten)?,
        };
        if known.version != draft.expected {
            return Err(AppendError::Conflict {
                stream: draft.stream.clone(),
                expected: draft.expected,
                actual: known.version,
            });
        }
        let version = draft.expected.next();
        self.head.position = self.head.position.next();
        self.head.recorded_at = draft.recorded_at;
        self.insert(draft, known.number, version)
            .map_err(unwritten)?;
        self.streams.insert(
            &draft.stream,
            Known {
                number: known.number,
                version,
            },
        );
        self.fresh.push((
            known.number,
            Entry {
                version,
                position: self.head.position,
            },
        ));
        Ok(())
    }

    fn look_up(&self, stream: &StreamId) -> rusqlite::Result<Known> {
        let Some(number) = stream_number(self.connection, stream)? else {
            self.connection
                .prepare_cached("INSERT INTO streams (id) VALUES (?1)")?
                .execute([stream.to_string()])?;
            let number = self.connection.last_insert_rowid();
            return Ok(Known {
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
        Ok(Known { number, version })
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
}
