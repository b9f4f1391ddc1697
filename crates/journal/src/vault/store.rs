//! The file of the vault.
//!
//! A rollback journal instead of a write-ahead log: what a commit replaced must not go on standing
//! in a second file. `TRUNCATE` instead of `DELETE`, because SQLite syncs the truncated journal to
//! the disk with `synchronous=FULL`, and would leave a removed one to the file system: a key might
//! be gone after a loss of power, together with everything sealed under it meanwhile.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{
    CachedStatement, Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction,
    TransactionBehavior, params,
};
use tenure_domain::{Instant, SealKey};

use super::VaultError;
use super::envelope::{Envelope, Fingerprint, Wrapped};
use crate::log::Cause;
use crate::private_file;

/// `TnVt`, which tells a vault from other databases.
const APPLICATION_ID: i64 = 0x546e_5674;
/// The schema of this version.
const SCHEMA: i64 = 1;
/// How long a call waits while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(3);
/// How many keys are wrapped anew at a time.
const PAGE: i64 = 1_000;

/// The connection to a vault's file.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    path: PathBuf,
}

/// What the vault knows of a key.
pub(super) enum Kept {
    /// It can be unwrapped.
    Living(Wrapped),
    /// It was destroyed.
    Destroyed,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, VaultError> {
        private_file::make(path).map_err(|error| unavailable(path, error.into()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags);
        let connection = connection.map_err(|error| failed(path, error))?;
        let store = Self {
            connection,
            path: path.to_owned(),
        };
        store.set("journal_mode", "truncate", "truncate")?;
        store.configure()?;
        Ok(store)
    }

    pub(super) fn copy(from: &Path, into: &Path) -> Result<(), VaultError> {
        // Made first, so that nobody else may read it at any time; SQLite fills an empty file.
        private_file::make(into).map_err(|error| unavailable(into, error.into()))?;
        // For writing, if that can be: a transaction that a crash left half done is taken back.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(from, flags);
        let connection = connection.map_err(|error| failed(from, error))?;
        let copied = connection
            .busy_timeout(BUSY_TIMEOUT)
            .and_then(|()| connection.execute("VACUUM INTO ?1", [into.to_string_lossy()]));
        copied.map_err(|error| failed(from, error))?;
        let file = File::open(into).and_then(|file| file.sync_all());
        file.map_err(|error| unavailable(into, error.into()))
    }

    pub(super) fn in_memory() -> Result<Self, VaultError> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory().map_err(|error| failed(&path, error))?;
        let store = Self { connection, path };
        store.configure()?;
        Ok(store)
    }

    fn configure(&self) -> Result<(), VaultError> {
        self.connection
            .busy_timeout(BUSY_TIMEOUT)
            .and_then(|()| self.connection.pragma_update(None, "temp_store", "memory"))
            .map_err(|error| self.failed(error))?;
        self.set("synchronous", "full", "2")?;
        self.set("secure_delete", "on", "1")
    }

    /// Sets what the vault rests on, and looks whether it was really set.
    fn set(&self, pragma: &str, value: &str, expected: &str) -> Result<(), VaultError> {
        let set = self.connection.pragma_update(None, pragma, value);
        let found: Result<String, _> = set.and_then(|()| {
            let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            self.connection.query_row(&sql, [], |row| row.get(0))
        });
        match found {
            Ok(found) if found == expected => Ok(()),
            Ok(found) => {
                let why = format!("SQLite did not set {pragma} to {value}, it is {found}");
                Err(unavailable(&self.path, why.into()))
            },
            Err(error) => Err(self.failed(error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the tables in an empty file, and looks whether those in another one are for this
    /// version and for the master key.
    pub(super) fn prepare(&mut self, master: Fingerprint) -> Result<(), VaultError> {
        self.write(|transaction, path| {
            let (application, schema) = (
                number(transaction, path, "application_id")?,
                number(transaction, path, "user_version")?,
            );
            if application != APPLICATION_ID {
                return make_tables(transaction, path, master);
            }
            if schema > SCHEMA {
                return Err(VaultError::Newer {
                    path: path.to_owned(),
                    found: schema,
                    known: SCHEMA,
                });
            }
            expect_master(transaction, path, master)
        })
    }

    /// The key of an owner that was not destroyed.
    pub(super) fn living(&self, owner: &str) -> Result<Option<Wrapped>, VaultError> {
        living(&self.connection, owner).map_err(|error| self.failed(error))
    }

    /// How many keys of the vault in another file this one does not have.
    pub(super) fn lacks(&self, other: &Path) -> Result<u64, VaultError> {
        let attach = "ATTACH ?1 AS other";
        let count = "SELECT count(*) FROM other.keys WHERE id NOT IN (SELECT id FROM main.keys)";
        let counted = self.connection.execute(attach, [other.to_string_lossy()]);
        let counted = counted.and_then(|_| {
            let counted = self.connection.query_row(count, [], |row| row.get(0));
            self.connection.execute("DETACH other", [])?;
            counted
        });
        counted.map_err(|error| failed(other, error))
    }

    pub(super) fn find(&self, id: SealKey) -> Result<Option<Kept>, VaultError> {
        let found = prepare(&self.connection, include_str!("queries/key.sql"))
            .and_then(|mut statement| {
                let id = id.number().to_be_bytes();
                statement.query_row([id], |row| {
                    let destroyed_at: Option<i64> = row.get(5)?;
                    match destroyed_at {
                        Some(_) => Ok(Kept::Destroyed),
                        None => wrapped(row).map(Kept::Living),
                    }
                })
            })
            .optional();
        found.map_err(|error| self.failed(error))
    }

    /// Adds a key, and returns the one that its owner has then: another one, if somebody was
    /// faster.
    pub(super) fn add(&mut self, fresh: Wrapped, at: Instant) -> Result<Wrapped, VaultError> {
        self.write(|transaction, path| {
            expect_master(transaction, path, fresh.master)?;
            let first = living(transaction, &fresh.owner).map_err(|error| failed(path, error))?;
            if let Some(first) = first {
                return Ok(first);
            }
            add(transaction, &fresh, at).map_err(|error| failed(path, error))?;
            Ok(fresh)
        })
    }

    pub(super) fn destroy(&mut self, owner: &str, at: Instant) -> Result<u64, VaultError> {
        self.write(|transaction, path| {
            let destroyed = prepare(transaction, include_str!("queries/overwrite.sql"))
                .and_then(|mut overwrite| overwrite.execute([owner]))
                .and_then(|_| prepare(transaction, include_str!("queries/mark_destroyed.sql")))
                .and_then(|mut mark| mark.execute(params![owner, at.micros()]));
            destroyed
                .map(|count| count as u64)
                .map_err(|error| failed(path, error))
        })
    }

    /// Takes every key from one envelope into another, and returns how many.
    pub(super) fn wrap_anew(&mut self, from: &Envelope, to: &Envelope) -> Result<u64, VaultError> {
        self.write(|transaction, path| {
            let failed = |error| failed(path, error);
            expect_master(transaction, path, from.fingerprint())?;
            let (mut count, mut after) = (0, 0);
            loop {
                let page = living_after(transaction, after).map_err(failed)?;
                let Some((last, _)) = page.last() else {
                    break;
                };
                after = *last;
                for (number, wrapped) in &page {
                    let next = to.take_over(from, wrapped, path)?;
                    prepare(transaction, include_str!("queries/wrap_anew.sql"))
                        .and_then(|mut it| it.execute(params![number, next.master, next.bytes]))
                        .map_err(failed)?;
                    count += 1;
                }
            }
            prepare(transaction, include_str!("queries/set_master.sql"))
                .and_then(|mut it| it.execute([to.fingerprint()]))
                .map_err(failed)?;
            Ok(count)
        })
    }

    /// Does something in a transaction that no other one can come between, whole or not at all,
    /// and returns once it is on disk.
    fn write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>, &Path) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(path, error))?;
        let done = change(&transaction, path)?;
        transaction.commit().map_err(|error| failed(path, error))?;
        Ok(done)
    }

    fn failed(&self, error: rusqlite::Error) -> VaultError {
        failed(&self.path, error)
    }
}

fn make_tables(
    connection: &Connection,
    path: &Path,
    master: Fingerprint,
) -> Result<(), VaultError> {
    let failed = |error| failed(path, error);
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if objects != 0 {
        return Err(VaultError::NotAVault {
            path: path.to_owned(),
        });
    }
    connection
        .execute_batch(include_str!("schema.sql"))
        .and_then(|()| connection.pragma_update(None, "application_id", APPLICATION_ID))
        .and_then(|()| connection.pragma_update(None, "user_version", SCHEMA))
        .and_then(|()| {
            let sql = "INSERT INTO vault (id, master) VALUES (1, ?1)";
            connection.execute(sql, [master])
        })
        .map_err(failed)?;
    Ok(())
}

fn number(connection: &Connection, path: &Path, pragma: &str) -> Result<i64, VaultError> {
    connection
        .pragma_query_value(None, pragma, |row| row.get(0))
        .map_err(|error| failed(path, error))
}

/// No key is read or written under a master key that the vault no longer has: another process may
/// have wrapped everything anew.
fn expect_master(
    connection: &Connection,
    path: &Path,
    expected: Fingerprint,
) -> Result<(), VaultError> {
    let found: Fingerprint = prepare(connection, include_str!("queries/master.sql"))
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(|error| failed(path, error))?;
    if found == expected {
        Ok(())
    } else {
        Err(VaultError::WrongMaster {
            path: path.to_owned(),
        })
    }
}

fn living(connection: &Connection, owner: &str) -> rusqlite::Result<Option<Wrapped>> {
    prepare(connection, include_str!("queries/living_key.sql"))?
        .query_row([owner], wrapped)
        .optional()
}

fn living_after(connection: &Connection, after: i64) -> rusqlite::Result<Vec<(i64, Wrapped)>> {
    prepare(connection, include_str!("queries/living_keys_after.sql"))?
        .query_map([after, PAGE], |row| Ok((row.get(0)?, wrapped(row)?)))?
        .collect()
}

fn add(connection: &Connection, fresh: &Wrapped, at: Instant) -> rusqlite::Result<()> {
    let id = fresh.id.number().to_be_bytes();
    prepare(connection, include_str!("queries/add_key.sql"))?.execute(params![
        id,
        fresh.owner,
        at.micros()
    ])?;
    let number = connection.last_insert_rowid();
    prepare(connection, include_str!("queries/add_wrapped_key.sql"))?.execute(params![
        number,
        fresh.master,
        fresh.bytes
    ])?;
    Ok(())
}

/// Reads the columns that every query of keys begins with.
fn wrapped(row: &Row<'_>) -> rusqlite::Result<Wrapped> {
    Ok(Wrapped {
        id: SealKey::new(u128::from_be_bytes(row.get(1)?)),
        owner: row.get(2)?,
        master: row.get(3)?,
        bytes: row.get(4)?,
    })
}

fn prepare<'c>(connection: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
    connection.prepare_cached(sql)
}

fn unavailable(path: &Path, source: Cause) -> VaultError {
    VaultError::Unavailable {
        path: path.to_owned(),
        source,
    }
}

fn failed(path: &Path, error: rusqlite::Error) -> VaultError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => VaultError::Damaged {
            path: path.to_owned(),
            what: error.to_string(),
        },
        Some(ErrorCode::NotADatabase) => VaultError::NotAVault {
            path: path.to_owned(),
        },
        _ => unavailable(path, error.into()),
    }
}
