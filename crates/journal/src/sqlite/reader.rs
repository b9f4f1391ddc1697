//! The connections that read.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use tenure_domain::{Instant, SealKey};
use uuid::Uuid;

use super::{MIGRATIONS, OpenError, applied, configure, rows, rows_max, unread};
use crate::log::{Cause, Head, ReadError, ReadLog};
use crate::migrate;
use crate::position::Position;
use crate::receipt::{Receipt, ReceiptId};
use crate::record::{Record, UnreadRecord};
use crate::stream::StreamId;

/// Names of streams that a connection keeps; one that reads the whole journal keeps more.
const NAMES_MAX: usize = 4_096;
const NAMES_SCANNING_MAX: usize = 400_000;

/// Names that are fetched at a time while streams are met in turn.
const NAMES_FETCHED: u32 = 500;

/// Records for which room is made before they are read.
const RECORDS_EXPECTED_MAX: usize = 4_096;

/// A connection that reads the journal.
#[derive(Debug)]
pub struct SqliteReader {
    pub(super) connection: Connection,
    names: Names,
}

impl SqliteReader {
    /// Opens the journal for reading.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        }
        let unavailable = |source: Cause| OpenError::Unavailable {
            path: path.to_owned(),
            source,
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| unavailable(error.into()))?;
        configure(&connection).map_err(|error| unavailable(error.into()))?;
        let applied = applied(&connection).map_err(|error| unavailable(error.into()))?;
        match migrate::pending(MIGRATIONS, &applied) {
            Ok([]) => Ok(Self::of(connection)),
            Ok(_) if applied.is_empty() => Err(OpenError::Missing {
                path: path.to_owned(),
            }),
            Ok(_) => Err(OpenError::Older {
                path: path.to_owned(),
            }),
            Err(source) => Err(OpenError::Schema {
                path: path.to_owned(),
                source,
            }),
        }
    }

    pub(super) fn of(connection: Connection) -> Self {
        let names = Names {
            known: HashMap::default(),
            max: NAMES_MAX,
            first_unmet: 1,
        };
        Self { connection, names }
    }

    /// Keeps the names of many streams in memory: for reading a whole journal, which asks for a
    /// name with every record.
    #[must_use]
    pub fn scanning(mut self) -> Self {
        self.names.max = NAMES_SCANNING_MAX;
        // Room at once, since growing moves every name. How much is only a guess.
        let sql = "SELECT ifnull(max(number), 0) FROM streams";
        let streams: usize = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or(0);
        self.names.known.reserve(streams.min(NAMES_SCANNING_MAX));
        self
    }

    /// The keys under which bodies of receipts are sealed, each once.
    pub fn sealing_keys(&mut self) -> Result<Vec<SealKey>, ReadError> {
        let sql = "SELECT DISTINCT sealed_with FROM receipts WHERE sealed_with IS NOT NULL";
        let mut statement = self.connection.prepare(sql).map_err(unread)?;
        let keys = statement
            .query_map([], |row| {
                row.get(0).map(|key: Uuid| SealKey::new(key.as_u128()))
            })
            .map_err(unread)?;
        keys.collect::<Result<_, _>>().map_err(unread)
    }

    /// What SQLite itself finds wrong with the file; empty if it is sound.
    pub fn integrity_check(&mut self) -> Result<Vec<String>, ReadError> {
        let mut statement = self
            .connection
            .prepare("PRAGMA integrity_check(20)")
            .map_err(unread)?;
        let lines = statement.query_map([], |row| row.get(0)).map_err(unread)?;
        let mut lines: Vec<String> = lines.collect::<Result<_, _>>().map_err(unread)?;
        lines.retain(|line| line != "ok");
        let sound: bool = self
            .connection
            .query_row(include_str!("index_is_sound.sql"), [], |row| row.get(0))
            .map_err(unread)?;
        if !sound {
            lines.push("the index of streams does not agree with the records".to_owned());
        }
        Ok(lines)
    }
}

/// Names of streams by their numbers. A name never changes. Hashed without a seed: the numbers are
/// ours.
#[derive(Debug)]
struct Names {
    known: HashMap<i64, StreamId, BuildHasherDefault<DefaultHasher>>,
    max: usize,
    /// The number after the last one that was fetched ahead. Streams are numbered as they begin, so
    /// that who reads a journal from its start meets them in turn, and can fetch many at once.
    first_unmet: i64,
}

impl Names {
    /// The stream of a record.
    fn of(&mut self, connection: &Connection, record: &Row<'_>) -> Result<StreamId, ReadError> {
        let number: i64 = record.get(1).map_err(unread)?;
        if let Some(stream) = self.known.get(&number) {
            return Ok(stream.clone());
        }
        if number == self.first_unmet {
            self.fetch_from(connection, number).map_err(unread)?;
            if let Some(stream) = self.known.get(&number) {
                return Ok(stream.clone());
            }
        }
        let name = connection
            .prepare_cached("SELECT id FROM streams WHERE number = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([number], |row| {
                        let name = row.get_ref(0)?.as_bytes_or_null()?.unwrap_or_default();
                        Ok(String::from_utf8_lossy(name).into_owned())
                    })
                    .optional()
            })
            .map_err(unread)?;
        let stream = name.as_deref().and_then(StreamId::parse);
        let stream = stream.ok_or_else(|| ReadError::Corrupt {
            what: match (rows::position(record, 0), name) {
                (Ok(position), Some(name)) => format!("record {position}: {name:?} is no stream"),
                (Ok(position), None) => format!("record {position}: its stream has no name"),
                (Err(_), _) => format!("a record of stream {number} has no position"),
            },
        })?;
        self.keep(number, stream.clone());
        Ok(stream)
    }

    /// Fetches the names of the streams that begin next. What is no name is left to be told about
    /// when a record is of that stream.
    fn fetch_from(&mut self, connection: &Connection, number: i64) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(include_str!("queries/names.sql"))?;
        let mut rows = statement.query((number, NAMES_FETCHED))?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let name = row.get_ref(1)?.as_str().ok();
            if let Some(stream) = name.and_then(StreamId::parse) {
                self.keep(number, stream);
            }
            self.first_unmet = number.saturating_add(1);
        }
        Ok(())
    }

    fn keep(&mut self, number: i64, stream: StreamId) {
        if self.known.len() >= self.max {
            self.known.clear();
        }
        self.known.insert(number, stream);
    }
}

impl ReadLog for SqliteReader {
    fn head(&mut self) -> Result<Head, ReadError> {
        let record = self
            .connection
            .prepare_cached(include_str!("queries/head.sql"))
            .and_then(|mut statement| {
                statement
                    .query_row([], |row| {
                        Ok((rows::position(row, 0)?, rows::instant(row, 1)?, row.get(2)?))
                    })
                    .optional()
            })
            .map_err(unread)?;
        let last_receipt = self
            .connection
            .prepare_cached("SELECT max(id) FROM receipts")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(unread)?;
        let (position, recorded_at, last_record) = match record {
            Some((position, recorded_at, id)) => (position, recorded_at, Some(id)),
            None => (Position::START, Instant::EPOCH, None),
        };
        Ok(Head {
            position,
            recorded_at,
            last_id: last_record.max(last_receipt),
        })
    }

    fn read_stream(
        &mut self,
        stream: &StreamId,
        up_to: Position,
    ) -> Result<Vec<Record>, ReadError> {
        let sql = include_str!("queries/read_stream.sql");
        let mut statement = self.connection.prepare_cached(sql).map_err(unread)?;
        let mut rows = statement
            .query(params![stream.to_string(), up_to.number()])
            .map_err(unread)?;
        let mut records = Vec::new();
        while let Some(row) = rows.next().map_err(unread)? {
            records.push(rows::record_of(row, stream.clone())?.read()?);
        }
        // The indexed ones, then those of the tail: in order already, as long as SQLite takes the
        // halves of a union in turn.
        records.sort_unstable_by_key(|record| record.version);
        Ok(records)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let records = self.read_unread_after(after, limit)?;
        records.into_iter().map(UnreadRecord::read).collect()
    }

    fn read_unread_after(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<UnreadRecord>, ReadError> {
        let sql = include_str!("queries/read_after.sql");
        let mut statement = self.connection.prepare_cached(sql).map_err(unread)?;
        let mut rows = statement
            .query(params![after.number(), rows_max(limit)])
            .map_err(unread)?;
        let mut records = Vec::with_capacity(limit.min(RECORDS_EXPECTED_MAX));
        while let Some(row) = rows.next().map_err(unread)? {
            let stream = self.names.of(&self.connection, row)?;
            records.push(rows::record_of(row, stream)?);
        }
        Ok(records)
    }

    fn recorded_at(&mut self, position: Position) -> Result<Option<Instant>, ReadError> {
        self.connection
            .prepare_cached("SELECT recorded_at FROM records WHERE position = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([position.number()], |row| rows::instant(row, 0))
                    .optional()
            })
            .map_err(unread)
    }

    fn receipt(&mut self, id: ReceiptId) -> Result<Option<Receipt>, ReadError> {
        let sql = include_str!("queries/receipt.sql");
        Ok(self.receipts(sql, params![id.uuid()])?.pop())
    }

    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        let after = after.map_or(Uuid::nil(), ReceiptId::uuid);
        self.receipts(
            include_str!("queries/receipts_after.sql"),
            params![after, rows_max(limit)],
        )
    }

    fn receipts_before(
        &mut self,
        before: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        let before = before.map_or(Uuid::max(), ReceiptId::uuid);
        self.receipts(
            include_str!("queries/receipts_before.sql"),
            params![before, rows_max(limit)],
        )
    }
}

impl SqliteReader {
    fn receipts(
        &mut self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<Receipt>, ReadError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(unread)?;
        let mut rows = statement.query(parameters).map_err(unread)?;
        let mut receipts = Vec::new();
        while let Some(row) = rows.next().map_err(unread)? {
            receipts.push(rows::receipt(row)?);
        }
        Ok(receipts)
    }
}
