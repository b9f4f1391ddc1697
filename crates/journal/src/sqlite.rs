//! The journal in an SQLite file: the default.
//!
//! Write-ahead log, `synchronous=FULL`, one connection that writes ([`SqliteLog`]) and any number
//! that read ([`SqliteReader`]). A file lock beside the journal keeps a second writer out, so that
//! the one writer's order is the order of everything.
//!
//! # The index that follows
//!
//! Records are found by stream through the table `stream_records`. Its pages lie scattered, so
//! keeping it up to date in every transaction would write a page for every record. Instead it
//! follows: the writer keeps the newest records of every stream in memory (the tail), and puts
//! thousands of them into the table at once, in order. The table `indexed` says up to which
//! position it has come; what lies beyond is read from the end of `records`, by readers too. It is
//! an index and nothing more: what is acknowledged is in `records`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use crate::log::{AppendError, Cause, ReadError};
use crate::migrate::{self, Applied, Migration, SchemaError};

mod copy;
mod reader;
mod receipts;
mod recent;
mod rows;
mod tail;
mod writer;

pub use copy::{Copied, CopyError, copy, into_one_file};
pub use reader::SqliteReader;
pub use writer::SqliteLog;

/// How many receipts of calls that nobody authenticated are kept; the oldest go first.
pub const STRANGERS_MAX: u64 = 20_000;

/// The migrations of the journal.
const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "journal",
        sql: include_str!("sqlite/migrations/0001_journal.sql"),
    },
    Migration {
        number: 2,
        name: "sealed_bodies",
        sql: include_str!("sqlite/migrations/0002_sealed_bodies.sql"),
    },
];

const CREATE_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL
) STRICT";

/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 32;

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
    /// It is of an older version, and read only.
    #[error("{path} was written by an older version: `tenure serve` brings it up to date")]
    Older {
        /// The journal.
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

/// Keeps every other process from writing to a journal as long as it lives.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock of the journal at `path`, whether there is one or not.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if another process writes to it.
    pub fn hold(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { _file: lock(path)? })
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

/// Takes the journal's lock, opens it for writing, and makes it or brings its schema up to date if
/// need be.
fn open_for_writing(path: &Path) -> Result<(Connection, File), OpenError> {
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
    Ok((connection, lock))
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
    // 32 MiB of cache; a checkpoint every 32 MiB of log, so that a page that many commits touch
    // is written back once.
    connection.pragma_update(None, "cache_size", -32_768)?;
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

fn unwritten(error: rusqlite::Error) -> AppendError {
    AppendError::Unavailable(error.into())
}
