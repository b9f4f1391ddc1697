//! Copies a journal into another file, row by row: a backup, its continuation, or a journal as it
//! was.
//!
//! The one who writes is not kept waiting: the copy reads snapshot after snapshot, each so short
//! that the write-ahead log can be moved into the file meanwhile. What it copies was decided and
//! acknowledged before, and is copied as it is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use uuid::Uuid;

use super::{OpenError, SqliteReader, open_for_writing};
use crate::position::Position;
use crate::private_file;

/// Records, and receipts, that are copied in one transaction.
const STEP: u64 = 20_000;

/// How long whoever reads a journal is waited for before it is made into one file.
const READERS_MAX: Duration = Duration::from_secs(3);

/// What a copy holds, and what was added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Records that were added.
    pub records: u64,
    /// Receipts that were added.
    pub receipts: u64,
    /// The last position of the copy.
    pub position: Position,
    /// The id of the record there; `None` in an empty journal.
    pub record_id: Option<Uuid>,
}

/// Why a journal could not be copied. The copy holds what was added in whole transactions before.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the files cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy holds records that the journal does not: it is a copy of another one, or the
    /// journal was restored from an older copy.
    #[error("{path} does not continue: it holds records that the journal does not")]
    Foreign {
        /// The copy.
        path: PathBuf,
    },
    /// The journal ends before the position that is asked for.
    #[error("the journal ends at {head}, before position {position}")]
    Beyond {
        /// The position.
        position: Position,
        /// The end.
        head: Position,
    },
    /// A call caused records on both sides of the position, and is kept whole or not at all.
    #[error(
        "one call caused records up to {position} and beyond it: ask for the position before or after them"
    )]
    Amid {
        /// The position.
        position: Position,
    },
    /// Somebody reads the file, and does not come to an end.
    #[error("somebody reads {path}: end that first")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// SQLite said no.
    #[error("the journal cannot be copied")]
    Database(#[from] rusqlite::Error),
    /// The file system said no.
    #[error("the copy cannot be brought to the disk")]
    File(#[from] std::io::Error),
}

impl CopyError {
    /// Whether one of the files is not what it should be; another try would not help.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Open(error) => matches!(error, OpenError::Missing { .. }),
            Self::Foreign { .. } | Self::Beyond { .. } => true,
            Self::Database(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                        | ErrorCode::ConstraintViolation
                )
            ),
            Self::Amid { .. } | Self::Busy { .. } | Self::File(_) => false,
        }
    }
}

/// Copies what the journal at `from` holds, or what it held at a position, into the journal at
/// `into`, which is made if there is none and continued if it holds less. `progress` is told how far
/// it is after each transaction. Afterwards the copy is one file, on disk, without a log beside it.
///
/// # Errors
/// [`CopyError::Foreign`] if the copy holds what the journal does not, or more than is asked for.
pub fn copy(
    from: &Path,
    into: &Path,
    up_to: Option<Position>,
    mut progress: impl FnMut(Position, Position),
) -> Result<Copied, CopyError> {
    // Looks at the schema, so that both are of the same.
    drop(SqliteReader::open(from)?);
    private_file::make(into)?;
    let (mut connection, _lock) = open_for_writing(into)?;
    connection.execute("ATTACH ?1 AS source", [from.to_string_lossy()])?;
    let mut copying = Copying {
        connection: &mut connection,
        into,
        copied: Copied {
            records: 0,
            receipts: 0,
            position: Position::START,
            record_id: None,
        },
    };
    copying.begin(up_to)?;
    while copying.step(up_to, &mut progress)? {}
    let copied = copying.copied;
    connection.execute("DETACH source", [])?;
    connection.close().map_err(|(_, error)| error)?;
    into_one_file(into)?;
    Ok(copied)
}

/// Moves what is in the log of a journal into its file, so that this one is all of it. Nobody may
/// have it open meanwhile. Does nothing if there is no journal.
///
/// # Errors
/// [`CopyError::Busy`] if somebody goes on reading it.
pub fn into_one_file(path: &Path) -> Result<(), CopyError> {
    if !path.try_exists()? {
        return Ok(());
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(READERS_MAX)?;
    let one_file =
        connection.pragma_update_and_check(None, "journal_mode", "delete", |_row| Ok(()));
    one_file.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => CopyError::Busy {
            path: path.to_owned(),
        },
        _ => error.into(),
    })?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(path)?.sync_all()?;
    Ok(())
}

struct Copying<'a> {
    connection: &'a mut Connection,
    into: &'a Path,
    copied: Copied,
}

/// A record's place, its id, and the receipt of its call.
type Place = (Position, Uuid, Uuid);

impl Copying<'_> {
    /// Looks whether the copy can be continued, and whether there is what is asked for.
    fn begin(&mut self, up_to: Option<Position>) -> Result<(), CopyError> {
        let foreign = || CopyError::Foreign {
            path: self.into.to_owned(),
        };
        if let Some((position, record_id, _)) = last(self.connection, "main")? {
            let same = place(self.connection, position)?.is_some_and(|it| it.1 == record_id);
            if !same || up_to.is_some_and(|up_to| up_to < position) {
                return Err(foreign());
            }
            self.copied.position = position;
            self.copied.record_id = Some(record_id);
        }
        let Some(position) = up_to else { return Ok(()) };
        let head = last(self.connection, "source")?.map_or(Position::START, |it| it.0);
        if position > head {
            return Err(CopyError::Beyond { position, head });
        }
        let of = |it: Option<Place>| it.map(|(_, _, receipt)| receipt);
        let before = of(place(self.connection, position)?);
        if before.is_some() && before == of(place(self.connection, position.next())?) {
            return Err(CopyError::Amid { position });
        }
        Ok(())
    }

    /// Copies the receipts up to those of the next records, and with the last of these the records;
    /// with the last records, every receipt that belongs to the copy. Returns whether there is more.
    fn step(
        &mut self,
        up_to: Option<Position>,
        progress: &mut impl FnMut(Position, Position),
    ) -> Result<bool, CopyError> {
        // Deferred: it writes to the copy only, and must not lock the journal.
        let transaction = self.connection.transaction()?;
        let head = last(&transaction, "source")?.map_or(Position::START, |it| it.0);
        let target = up_to.unwrap_or(head);
        let done = self.copied.position;
        let end = Position::new(target.number().min(done.number() + STEP));
        let is_last = end == target;
        let receipt = if !is_last {
            place(&transaction, end)?.map(|(_, _, receipt)| receipt)
        } else if end == head {
            Some(Uuid::max())
        } else {
            // Up to the last call that came before the one that caused the next record.
            last_receipt_before(&transaction, end.next())?
        };
        let some = params![receipt.unwrap_or(Uuid::nil()), STEP];
        let receipts = transaction.execute(include_str!("copy/receipts.sql"), some)? as u64;
        self.copied.receipts += receipts;
        if receipts == STEP {
            // There may be more, and records follow their receipts.
            transaction.commit()?;
            return Ok(true);
        }
        let range = params![done.number(), end.number()];
        transaction.execute(include_str!("copy/streams.sql"), range)?;
        let records = transaction.execute(include_str!("copy/records.sql"), range)?;
        if is_last {
            transaction.execute(include_str!("copy/strangers.sql"), [])?;
            transaction.execute(include_str!("copy/index.sql"), [])?;
            let indexed = "UPDATE main.indexed SET position = ?1 WHERE id = 1";
            transaction.execute(indexed, [end.number()])?;
        }
        self.copied.record_id = last(&transaction, "main")?.map(|it| it.1);
        transaction.commit()?;
        self.copied.records += records as u64;
        self.copied.position = end;
        progress(end, target);
        Ok(!is_last)
    }
}

/// The last record of a database.
fn last(connection: &Connection, database: &str) -> rusqlite::Result<Option<Place>> {
    let sql = format!(
        "SELECT position, record_id, receipt_id FROM {database}.records ORDER BY position DESC LIMIT 1"
    );
    connection.query_row(&sql, [], read).optional()
}

/// The record at a position of the journal.
fn place(connection: &Connection, position: Position) -> rusqlite::Result<Option<Place>> {
    let sql = "SELECT position, record_id, receipt_id FROM source.records WHERE position = ?1";
    connection
        .query_row(sql, [position.number()], read)
        .optional()
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Place> {
    Ok((row.get(0).map(Position::new)?, row.get(1)?, row.get(2)?))
}

/// The last receipt before that of a record.
fn last_receipt_before(
    connection: &Connection,
    position: Position,
) -> rusqlite::Result<Option<Uuid>> {
    let sql = "SELECT max(id) FROM source.receipts
               WHERE id < (SELECT receipt_id FROM source.records WHERE position = ?1)";
    connection.query_row(sql, [position.number()], |row| row.get(0))
}
