//! The file that holds the read models: opened, or replaced by an empty one.

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tenure_domain::Instant;
use tenure_journal::{Position, Receipt, ReceiptId, Record};
use uuid::Uuid;

use crate::fold::Fold;
use crate::{licenses, orders, receipts, tenants, usage};

/// The version of the tables as a whole. Raise it when a file of the old shape cannot be used.
pub const SCHEMA_VERSION: i32 = 1;

/// Marks a file as a read model, so that a journal given by mistake is never deleted.
const APPLICATION_ID: i32 = 0x746e_7265;

/// The projections and their versions. A file that holds another version of one is replaced.
const PROJECTIONS: [(&str, u32); 5] = [
    (licenses::NAME, licenses::VERSION),
    (orders::NAME, orders::VERSION),
    (receipts::NAME, receipts::VERSION),
    (tenants::NAME, tenants::VERSION),
    (usage::NAME, usage::VERSION),
];

/// Bytes of a page. Rows are some 300 bytes: pages of twice the usual size make a rebuild a tenth
/// faster.
const PAGE_BYTES: u32 = 8_192;

/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 64;

/// Why a read model could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The path leads to another program's database, or to a journal.
    #[error("{path} is a database, but not a read model: it stays as it is")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is no file to ask.
    #[error("there is no read model at {path}: the projector makes one")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is of another version, and waits for the projector to replace it.
    #[error("the read model at {path} is of another version")]
    Version {
        /// The file.
        path: PathBuf,
    },
    /// SQLite said no.
    #[error("the read model cannot be read or written")]
    Database(#[from] rusqlite::Error),
    /// The file system said no.
    #[error("the file of the read model cannot be replaced")]
    File(#[from] std::io::Error),
    /// It holds something that no fold writes.
    #[error("the read model is damaged: {what}")]
    Damaged {
        /// What, and where.
        what: String,
    },
    /// The journal gave a record out of turn.
    #[error("record {found} follows where {expected} should")]
    Gap {
        /// The position that should have come.
        expected: Position,
        /// The position that came.
        found: Position,
    },
}

impl StoreError {
    /// Whether a new file would help.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Version { .. } => true,
            Self::Database(error) => is_damage(error),
            Self::Foreign { .. } | Self::Missing { .. } | Self::File(_) | Self::Gap { .. } => false,
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// How far the fold has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded {
    /// The last record.
    pub position: Position,
    /// Its transaction time.
    pub recorded_at: Option<Instant>,
    /// Its id: tells this journal from another.
    pub record_id: Option<Uuid>,
    /// The last receipt.
    pub receipt_id: Option<ReceiptId>,
}

/// A read model that is being folded. One at a time for a file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

/// Prepares an empty database that is thrown away if anything goes wrong: no journal, no waiting
/// for the disk.
pub(crate) fn prepare_afresh(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.execute_batch(include_str!("store/fresh.sql"))
}

/// Opens the read model at `path` for folding, and makes it if there is none. A file of another
/// version, and one that is damaged or no database, is deleted and made anew.
///
/// # Errors
/// [`StoreError::Foreign`] if it is a sound database that is no read model.
pub fn open_for_folding(path: &Path) -> Result<Store, StoreError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match open_existing(path) {
        Ok(store) => Ok(store),
        Err(error) if error.is_damage() => {
            let why: &dyn Error = &error;
            tracing::warn!(path = %path.display(), why, "the read model is made anew");
            replace(path)
        },
        Err(error) => Err(error),
    }
}

/// Deletes the read model at `path` and makes an empty one.
pub(crate) fn replace(path: &Path) -> Result<Store, StoreError> {
    remove(path)?;
    open_existing(path)
}

/// Deletes the file at `path` with what SQLite keeps beside it, the file itself first: a log
/// without its database is nothing, a database without its log may be half a transaction.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm"] {
        remove_file(&beside(path, suffix))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Refuses a path that leads to a sound database that is no read model.
pub fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    match inspect(&connection, path) {
        Err(error @ StoreError::Foreign { .. }) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// `path` with something at the end of its last name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}

/// Where a read model that was rebuilt beside `path` waits for the projector.
pub(crate) fn rebuilt(path: &Path) -> PathBuf {
    beside(path, ".rebuilt")
}

/// Brings a file to the disk, and gives it the name of another.
pub(crate) fn put_in_place(fresh: &Path, path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    // Root may have made it, and the service has to write it. Anybody else can give nothing away,
    // and need not.
    let (file, owner) = (std::fs::metadata(fresh)?, std::fs::metadata(folder)?);
    if file.uid() != owner.uid()
        && let Err(error) = chown(fresh, Some(owner.uid()), Some(owner.gid()))
        && error.kind() != ErrorKind::PermissionDenied
    {
        return Err(error.into());
    }
    sync(fresh)?;
    std::fs::rename(fresh, path)?;
    sync(folder)
}

/// Device and number of a file: tells a file from the one that took its place.
pub(crate) type FileId = (u64, u64);

pub(crate) fn file_id(path: &Path) -> Result<FileId, StoreError> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Puts `fresh`, which was rebuilt beside the read model at `path`, in the place of `live`, which is
/// settled: at no moment is there less than a whole one. Whoever asks goes on with the file that it
/// has open, and finds the other at its next question.
pub(crate) fn exchange(path: &Path, live: Store, fresh: Store) -> Result<Store, StoreError> {
    // Into one file, without a log that would have to be renamed with it.
    let mode = |connection: &Connection| {
        connection.pragma_update_and_check(None, "journal_mode", "delete", |_row| Ok(()))
    };
    mode(&fresh.connection)?;
    drop((live, fresh));
    // The old log lies under the name that the new one's would have.
    for suffix in ["-wal", "-shm"] {
        remove_file(&beside(path, suffix))?;
    }
    put_in_place(&rebuilt(path), path)?;
    open_existing(path)
}

/// Makes what is written in `path` and its folder durable.
pub(crate) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path)?.sync_all()?;
    Ok(())
}

pub(crate) fn open_existing(path: &Path) -> Result<Store, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.busy_timeout(Duration::from_secs(3))?;
    let found = inspect(&connection, path)?;
    if found == Found::Empty {
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    if found == Found::Empty {
        let transaction = connection.transaction()?;
        create_tables(&transaction)?;
        create_indexes(&transaction)?;
        transaction.commit()?;
    }
    Ok(Store { connection })
}

/// What a sound database holds.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Empty,
    ReadModel,
}

fn inspect(connection: &Connection, path: &Path) -> Result<Found, StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let path = || path.to_owned();
    match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables == 0 => Ok(Found::Empty),
        (APPLICATION_ID, SCHEMA_VERSION) if are_present(&versions(connection)?) => {
            Ok(Found::ReadModel)
        },
        (APPLICATION_ID, _) => Err(StoreError::Version { path: path() }),
        (_, _) => Err(StoreError::Foreign { path: path() }),
    }
}

fn are_present(versions: &[(String, u32)]) -> bool {
    let found = versions
        .iter()
        .map(|(name, version)| (name.as_str(), *version));
    found.eq(PROJECTIONS)
}

fn versions(connection: &Connection) -> rusqlite::Result<Vec<(String, u32)>> {
    let mut statement =
        connection.prepare("SELECT name, version FROM projections ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Makes the tables, without the indexes that are not keys.
pub(crate) fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    connection.execute_batch(include_str!("store/schema.sql"))?;
    for (name, version) in PROJECTIONS {
        connection.execute(
            "INSERT INTO projections (name, version, position) VALUES (?1, ?2, 0)",
            (name, version),
        )?;
    }
    Ok(())
}

/// Makes the indexes that the questions rest on.
pub(crate) fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(include_str!("store/indexes.sql"))
}

/// Opens the read model at `path` for questions.
pub(crate) fn open_for_questions(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.busy_timeout(Duration::from_secs(3))?;
    match inspect(&connection, path)? {
        Found::ReadModel => Ok(connection),
        Found::Empty => Err(StoreError::Missing {
            path: path.to_owned(),
        }),
    }
}

/// How far the fold in `connection` has come.
pub(crate) fn folded(connection: &Connection) -> rusqlite::Result<Folded> {
    connection
        .prepare_cached(include_str!("store/folded.sql"))?
        .query_row([], |row| {
            Ok(Folded {
                position: row.get(0).map(Position::new)?,
                recorded_at: row.get::<_, Option<_>>(1)?.map(Instant::from_micros),
                record_id: row.get(2)?,
                receipt_id: row.get::<_, Option<_>>(3)?.map(ReceiptId::new),
            })
        })
}

/// Keeps how far the fold has come.
pub(crate) fn keep_folded(connection: &Connection, folded: &Folded) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE projections SET position = ?2, recorded_at = ?3, last_id = ?4 WHERE name = ?1",
    )?;
    let receipt_id = folded.receipt_id.map(ReceiptId::uuid);
    for (name, last_id) in [
        (licenses::NAME, folded.record_id),
        (orders::NAME, folded.record_id),
        (receipts::NAME, receipt_id),
        (tenants::NAME, folded.record_id),
        (usage::NAME, folded.record_id),
    ] {
        let recorded_at = folded.recorded_at.map(Instant::micros);
        update.execute((name, folded.position.number(), recorded_at, last_id))?;
    }
    Ok(())
}

impl Store {
    /// Moves what is in the log into the file. Returns whether it could: a question that is being
    /// answered may still need the log.
    pub(crate) fn settle(&self) -> Result<bool, StoreError> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy: bool = self.connection.query_row(sql, [], |row| row.get(0))?;
        Ok(!is_busy)
    }

    /// How far the fold has come.
    pub fn folded(&self) -> Result<Folded, StoreError> {
        Ok(folded(&self.connection)?)
    }

    /// Folds records, in order, in one transaction. Those that were folded before change nothing.
    pub fn fold_records(&mut self, records: &[Record]) -> Result<Folded, StoreError> {
        self.fold(|fold| records.iter().try_for_each(|record| fold.record(record)))
    }

    /// Folds receipts, oldest first, in one transaction. Those that were folded before change
    /// nothing.
    pub fn fold_receipts(&mut self, receipts: &[Receipt]) -> Result<Folded, StoreError> {
        self.fold(|fold| {
            let mut thin = receipts.iter().map(receipts::Thin::of);
            thin.try_for_each(|receipt| fold.receipt(receipt))
        })
    }

    fn fold(
        &mut self,
        apply: impl FnOnce(&mut Fold<'_>) -> Result<(), StoreError>,
    ) -> Result<Folded, StoreError> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut fold = Fold::resume(&transaction)?;
        apply(&mut fold)?;
        let (folded, _counts, _orders) = fold.finish()?;
        transaction.commit()?;
        Ok(folded)
    }
}
