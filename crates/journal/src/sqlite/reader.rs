//! The connections that read.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use tenure_domain::Instant;

use super::{MIGRATIONS, OpenError, applied, configure, rows, rows_max, unread};
use crate::log::{Cause, Head, ReadError, ReadLog};
use crate::migrate;
use crate::position::Position;
use crate::receipt::{Receipt, ReceiptId};
use crate::record::Record;
use crate::stream::StreamId;

/// A connection that reads the journal.
#[derive(Debug)]
pub struct SqliteReader {
    pub(super) connection: Connection,
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
            Ok([]) => Ok(Self { connection }),
            Ok(_) => Err(OpenError::Missing {
                path: path.to_owned(),
            }),
            Err(source) => Err(OpenError::Schema {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Keeps more pages in memory, in MiB: for reading a whole journal, which looks up the name of
    /// a stream for every record.
    pub fn caching(self, mebibytes: u32) -> Result<Self, OpenError> {
        let size = -i64::from(mebibytes) * 1_024;
        match self.connection.pragma_update(None, "cache_size", size) {
            Ok(()) => Ok(self),
            Err(error) => Err(OpenError::Unavailable {
                path: self.connection.path().unwrap_or_default().into(),
                source: error.into(),
            }),
        }
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
        let parameters = params![stream.to_string(), up_to.number()];
        let mut records = self.records(sql, parameters, 8)?;
        // The indexed ones, then those of the tail: in order already, as long as SQLite takes the
        // halves of a union in turn.
        records.sort_unstable_by_key(|record| record.version);
        Ok(records)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let sql = include_str!("queries/read_after.sql");
        self.records(sql, params![after.number(), rows_max(limit)], limit)
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
        let after = after.map_or(uuid::Uuid::nil(), ReceiptId::uuid);
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
        let before = before.map_or(uuid::Uuid::max(), ReceiptId::uuid);
        self.receipts(
            include_str!("queries/receipts_before.sql"),
            params![before, rows_max(limit)],
        )
    }
}

impl SqliteReader {
    fn records(
        &mut self,
        sql: &str,
        parameters: impl rusqlite::Params,
        expected: usize,
    ) -> Result<Vec<Record>, ReadError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(unread)?;
        let mut rows = statement.query(parameters).map_err(unread)?;
        let mut records = Vec::with_capacity(expected.min(4_096));
        while let Some(row) = rows.next().map_err(unread)? {
            records.push(rows::record(row)?);
        }
        Ok(records)
    }

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
