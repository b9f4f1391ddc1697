//! The journal in an SQLite file: the default.
//!
//! Write-ahead log, `synchronous=FULL`, one connection that writes and any number that read. A
//! file lock beside the journal keeps a second writer out, so that the one writer's order is the
//! order of everything.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tenure_domain::Instant;

use crate::log::{AppendError, Batch, Cause, Draft, Head, Log, ReadError, ReadLog};
use crate::migrate::{self, Applied, Migration, SchemaError};
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId};
use crate::record::Record;
use crate::stored;
use crate::stream::StreamId;

mod rows;

/// How many receipts of calls that nobody authenticated are kept; the oldest go first.
pub const STRANGERS_MAX: u64 = 20_000;

/// The migrations of the journal.
const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "journal",
    sql: include_str!("sqlite/migrations/0001_journal.sql"),
}];

const CREATE_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL
) STRICT";

/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 32;

/// The journal's only writing connection.
#[derive(Debug)]
pub struct SqliteLog {
    reader: SqliteReader,
    strangers: u64,
    strangers_max: u64,
    _lock: File,
}

/// A connection that reads the journal.
#[derive(Debug)]
pub struct SqliteReader {
    connection: Connection,
}

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error("another tenure process writes to {path}: stop it first, or ask it over its API")]
    Locked {
        /// The journal.
        path: PathBuf,
    },
    /// Its schema is not one that this version may open.
    #[error("{path} cannot be opened by this version")]
    Schema {
        /// The journal.
        path: PathBuf,
        /// Why.
        #[source]
        source: SchemaError,
    },
    /// There is no journal there to be read.
    #[error("there is no journal at {path}: `tenure serve` makes one")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file system or SQLite said no.
    #[error("{path} cannot be opened")]
    Unavailable {
        /// The journal.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
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
        let reader = SqliteReader { connection };
        Ok(Self {
            reader,
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
        let lines: Vec<String> = lines.collect::<Result<_, _>>().map_err(unread)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let unavailable = |source: std::io::Error| OpenError::Unavailable {
        path: path.to_owned(),
        source: source.into(),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unavailable)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(PathBuf::from(name))
        .map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: path.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.busy_timeout(Duration::from_secs(3))?;
    // Plans must not depend on the values that are bound: otherwise a statement is prepared anew
    // whenever one of them changes, which costs more than the statement itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "memory")
}

/// Sets what durability rests on, and looks whether it was really set.
fn pragmas_for_writing(connection: &Connection) -> Result<(), Cause> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(format!("the file system allows no write-ahead log (mode {mode})").into());
    }
    connection.pragma_update(None, "synchronous", "full")?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if synchronous != 2 {
        return Err("synchronous=FULL was not accepted".into());
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    // 16 MiB of cache; a checkpoint every 32 MiB of log, so that a page that many commits touch
    // is written back once.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8_192)?;
    Ok(())
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    let known: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'migrations')",
        [],
        |row| row.get(0),
    )?;
    if !known {
        return Ok(Vec::new());
    }
    let mut statement =
        connection.prepare("SELECT number, checksum FROM migrations ORDER BY number")?;
    let rows = statement.query_map([], |row| {
        Ok(Applied {
            number: row.get(0)?,
            checksum: row.get(1)?,
        })
    })?;
    rows.collect()
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<Result<(), SchemaError>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied = applied(&transaction)?;
    let pending = match migrate::pending(MIGRATIONS, &applied) {
        Ok(pending) => pending,
        Err(error) => return Ok(Err(error)),
    };
    transaction.execute(CREATE_MIGRATIONS, [])?;
    for migration in pending {
        transaction.execute_batch(migration.sql)?;
        transaction.execute(
            "INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)",
            params![migration.number, migration.name, migration.checksum()],
        )?;
    }
    transaction.commit().map(Ok)
}

fn unread(error: rusqlite::Error) -> ReadError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ReadError::Corrupt {
            what: error.to_string(),
        },
        _ => ReadError::Unavailable(error.into()),
    }
}

/// A limit as SQLite takes it: 63 bits.
fn rows_max(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl ReadLog for SqliteReader {
    fn head(&mut self) -> Result<Head, ReadError> {
        let record = self
            .connection
            .prepare_cached(include_str!("sqlite/queries/head.sql"))
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
        let sql = include_str!("sqlite/queries/read_stream.sql");
        self.records(sql, params![stream.to_string(), up_to.number()], 8)
    }

    fn read_after(&mut self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let sql = include_str!("sqlite/queries/read_after.sql");
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
        let sql = include_str!("sqlite/queries/receipt.sql");
        Ok(self.receipts(sql, params![id.uuid()])?.pop())
    }

    fn receipts_after(
        &mut self,
        after: Option<ReceiptId>,
        limit: usize,
    ) -> Result<Vec<Receipt>, ReadError> {
        let after = after.map_or(uuid::Uuid::nil(), ReceiptId::uuid);
        self.receipts(
            include_str!("sqlite/queries/receipts_after.sql"),
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
            include_str!("sqlite/queries/receipts_before.sql"),
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
    fn append(&mut self, batch: &Batch) -> Result<Head, AppendError> {
        let head = self
            .reader
            .head()
            .map_err(|error| AppendError::Unavailable(error.into()))?;
        let strangers_max = self.strangers_max;
        let transaction = self
            .reader
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unwritten)?;
        let appended = append_receipts(&transaction, batch, self.strangers, strangers_max)
            .map_err(unwritten)
            .and_then(|strangers| {
                append_drafts(&transaction, batch, head).map(|head| (head, strangers))
            })?;
        transaction.commit().map_err(unwritten)?;
        let (head, strangers) = appended;
        self.strangers = strangers;
        Ok(head)
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
}

fn unwritten(error: rusqlite::Error) -> AppendError {
    AppendError::Unavailable(error.into())
}

/// Appends the receipts; returns how many of strangers are kept now.
fn append_receipts(
    connection: &Connection,
    batch: &Batch,
    mut strangers: u64,
    strangers_max: u64,
) -> rusqlite::Result<u64> {
    let mut insert =
        connection.prepare_cached(include_str!("sqlite/queries/append_receipt.sql"))?;
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
            .prepare_cached(include_str!("sqlite/queries/forget_strangers.sql"))?
            .execute([strangers - strangers_max])?;
        strangers = strangers_max;
    }
    Ok(strangers)
}

fn append_drafts(connection: &Connection, batch: &Batch, head: Head) -> Result<Head, AppendError> {
    let mut head = head;
    for draft in &batch.drafts {
        head.position = head.position.next();
        head.recorded_at = draft.recorded_at;
        append_draft(connection, draft, head.position)?;
    }
    let receipts = batch.receipts.iter().map(|receipt| receipt.id.uuid());
    let records = batch.drafts.iter().map(|draft| draft.record_id);
    head.last_id = head.last_id.max(receipts.chain(records).max());
    Ok(head)
}

fn append_draft(
    connection: &Connection,
    draft: &Draft,
    position: Position,
) -> Result<(), AppendError> {
    let stream = stream_number(connection, &draft.stream).map_err(unwritten)?;
    let actual = stream_version(connection, stream).map_err(unwritten)?;
    if actual != draft.expected {
        return Err(AppendError::Conflict {
            stream: draft.stream.clone(),
            expected: draft.expected,
            actual,
        });
    }
    let stored = stored::encode(&draft.event);
    connection
        .prepare_cached(include_str!("sqlite/queries/append_record.sql"))
        .and_then(|mut insert| {
            insert.execute(params![
                position.number(),
                stream,
                draft.expected.next().number(),
                draft.record_id,
                stored.name,
                stored.format,
                stored.data,
                draft.effective_at.micros(),
                draft.recorded_at.micros(),
                draft.actor.name(),
                draft.receipt_id.uuid(),
            ])
        })
        .map(|_rows| ())
        .map_err(unwritten)
}

fn stream_number(connection: &Connection, stream: &StreamId) -> rusqlite::Result<i64> {
    let id = stream.to_string();
    let known = connection
        .prepare_cached("SELECT number FROM streams WHERE id = ?1")?
        .query_row([&id], |row| row.get(0))
        .optional()?;
    if let Some(number) = known {
        return Ok(number);
    }
    connection
        .prepare_cached("INSERT INTO streams (id) VALUES (?1)")?
        .execute([&id])?;
    Ok(connection.last_insert_rowid())
}

fn stream_version(connection: &Connection, stream: i64) -> rusqlite::Result<StreamVersion> {
    connection
        .prepare_cached("SELECT ifnull(max(version), 0) FROM records WHERE stream = ?1")?
        .query_row([stream], |row| Ok(StreamVersion::new(row.get(0)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_durability_rests_on_is_really_set() {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(&folder.path().join("journal.db")).unwrap();
        let number = |pragma| {
            let connection = &log.reader.connection;
            connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
        };
        let full = 2;
        assert_eq!(number("synchronous"), Ok(full));
        assert_eq!(number("foreign_keys"), Ok(1));
        let mode = log
            .reader
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0));
        assert_eq!(mode, Ok("wal".to_owned()));
    }
}
