//! The connection that writes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tenure_domain::Instant;

use super::recent::{Recent, RecentStreams};
use super::tail::{Entry, Tail};
use super::{
    OpenError, STRANGERS_MAX, SqliteReader, open_for_writing, receipts, rows, unread, unwritten,
};
use crate::event::Event;
use crate::log::{AppendError, Batch, Draft, Head, Log, ReadError, ReadLog};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId};
use crate::record::{Record, UnreadRecord};
use crate::stored;
use crate::stream::StreamId;

/// The journal's only writing connection.
#[derive(Debug)]
pub struct SqliteLog {
    reader: SqliteReader,
    tail: Tail,
    recent: RecentStreams,
    /// The end of the log when the transaction under way began.
    begun_at: Option<Head>,
    strangers: u64,
    strangers_max: u64,
    _lock: File,
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
        let (connection, lock) = open_for_writing(path)?;
        let unavailable = |error: rusqlite::Error| OpenError::Unavailable {
            path: path.to_owned(),
            source: error.into(),
        };
        let strangers = connection
            .query_row(
                "SELECT count(*) FROM receipts WHERE authentic = 0",
                [],
                |row| row.get(0),
            )
            .map_err(unavailable)?;
        let tail = Tail::read(&connection).map_err(unavailable)?;
        Ok(Self {
            reader: SqliteReader::of(connection),
            tail,
            recent: RecentStreams::default(),
            begun_at: None,
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
        self.reader.read_stream(stream, up_to)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.reader.read_after(after, limit)
    }

    fn read_unread_after(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<UnreadRecord>, ReadError> {
        self.reader.read_unread_after(after, limit)
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
        self.begun_at = None;
        self.roll_back().map_err(unwritten)?;
        self.execute("BEGIN IMMEDIATE").map_err(unwritten)?;
        let head = self.reader.head();
        let head = head.map_err(|error| AppendError::Unavailable(error.into()))?;
        self.begun_at = Some(head);
        Ok(head)
    }

    fn events(&mut self, stream: &StreamId) -> Result<Cow<'_, [Event]>, ReadError> {
        if self.recent.get(stream).is_none() {
            let Some(number) = stream_number(&self.reader.connection, stream).map_err(unread)?
            else {
                return Ok(Cow::default());
            };
            let recent = self.read_events(number)?;
            if recent.is_long() {
                return Ok(Cow::Owned(recent.events));
            }
            self.recent.keep(stream, recent);
        }
        let recent = self.recent.get(stream);
        Ok(recent.map_or_else(Cow::default, |it| Cow::Borrowed(it.events.as_slice())))
    }

    fn append(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        let head = match self.begun_at {
            Some(head) => head,
            None => self.begin()?,
        };
        self.begun_at = None;
        let appended = self.append_begun(batch, head);
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
        self.begun_at = None;
        let written = self
            .tail
            .write(&self.reader.connection, &[], head.position)
            .and_then(|()| self.execute("COMMIT"));
        if let Err(error) = written {
            self.roll_back().map_err(unwritten)?;
            return Err(unwritten(error));
        }
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
    /// Reads a stream, first what is indexed, then what is not yet.
    fn read_events(&self, stream: i64) -> Result<Recent, ReadError> {
        let connection = &self.reader.connection;
        let mut recent = Recent {
            number: stream,
            ..Recent::default()
        };
        let mut read = |row: &Row<'_>| {
            let (version, event, bytes) = rows::event_of(row)?;
            recent.events.push(event);
            recent.bytes += bytes;
            let read = recent.events.len();
            if usize::try_from(version.number()) == Ok(read) {
                return Ok(());
            }
            Err(ReadError::Corrupt {
                what: format!("version {read} of stream {stream} is missing"),
            })
        };
        let tail = self.tail.of(stream);
        if tail
            .first()
            .is_none_or(|entry| entry.version > StreamVersion::NONE.next())
        {
            let sql = include_str!("queries/read_indexed.sql");
            let mut statement = connection.prepare_cached(sql).map_err(unread)?;
            let mut rows = statement.query([stream]).map_err(unread)?;
            while let Some(row) = rows.next().map_err(unread)? {
                read(row)?;
            }
        }
        if tail.is_empty() {
            return Ok(recent);
        }
        let sql = include_str!("queries/read_one.sql");
        let mut statement = connection.prepare_cached(sql).map_err(unread)?;
        for entry in tail {
            let mut rows = statement.query([entry.position.number()]).map_err(unread)?;
            let row = rows.next().map_err(unread)?;
            read(row.ok_or_else(|| ReadError::Corrupt {
                what: format!("record {} is missing", entry.position),
            })?)?;
        }
        Ok(recent)
    }

    fn append_begun(&mut self, batch: &Batch, head: Head) -> Result<Head, AppendError> {
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
            bytes: Vec::new(),
        };
        for draft in &batch.drafts {
            appending.append(draft)?;
        }
        let Appending {
            mut head,
            fresh,
            bytes,
            ..
        } = appending;
        let is_indexed = tail.overflows_with(fresh.len());
        if is_indexed {
            tail.write(connection, &fresh, head.position)
                .map_err(unwritten)?;
        }
        self.execute("COMMIT").map_err(unwritten)?;
        // On disk: only now is anything remembered.
        self.remember(batch, &fresh, &bytes);
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
    fn remember(&mut self, batch: &Batch, fresh: &[(i64, Entry)], bytes: &[usize]) {
        for ((draft, (number, _entry)), bytes) in batch.drafts.iter().zip(fresh).zip(bytes) {
            let is_at_hand = self.recent.push(&draft.stream, &draft.event, *bytes);
            if !is_at_hand && draft.expected == StreamVersion::NONE {
                let recent = Recent {
                    number: *number,
                    events: vec![draft.event.clone()],
                    bytes: *bytes,
                };
                self.recent.keep(&draft.stream, recent);
            }
        }
        self.recent.make_room();
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
        Standing {
            number: self.number,
            version: StreamVersion::after(&self.events),
        }
    }
}

/// Records on their way into a transaction.
struct Appending<'log, 'batch> {
    connection: &'log Connection,
    tail: &'log Tail,
    recent: &'log RecentStreams,
    head: Head,
    /// Where the streams of this batch stand by now.
    streams: BTreeMap<&'batch StreamId, Standing>,
    /// What is to be added to the tail.
    fresh: Vec<(i64, Entry)>,
    /// The bytes that each record's event takes.
    bytes: Vec<usize>,
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
        let bytes = self.insert(draft, standing.number, version);
        self.bytes.push(bytes.map_err(unwritten)?);
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

    fn insert(
        &self,
        draft: &Draft,
        stream: i64,
        version: StreamVersion,
    ) -> rusqlite::Result<usize> {
        let stored = stored::encode(&draft.event);
        let bytes = stored.data.len();
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
            .map(|_rows| bytes)
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
