//! Folds a whole journal into a fresh file, and puts it in the place of the old one.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;

use rusqlite::Connection;
use tenure_journal::{Position, ReadError, ReadLog};

use crate::fold::{Counts, Fold};
use crate::licenses::OrderRows;
use crate::pages;
pub use crate::pages::Receipts;
use crate::store::{self, FileId, Folded, StoreError};

/// What a rebuild made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// The last position folded.
    pub position: Position,
    /// Records folded.
    pub records: u64,
    /// Receipts folded.
    pub receipts: u64,
    /// Licenses in the read model.
    pub licenses: u64,
    /// Order lines in the read model.
    pub orders: u64,
}

/// Why a fresh fold could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The journal could not be read.
    #[error("the journal could not be read to its end")]
    Read(#[from] ReadError),
    /// Somebody else rebuilds it.
    #[error("the read model is being rebuilt already: wait for that")]
    Busy,
    /// The read model could not be read or written.
    #[error("the read model could not be made or read")]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for RebuildError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

/// Folds the whole journal into a file beside `read_db`, and renames it into place once it is on
/// disk. No projector may run on the file meanwhile: the caller sees to that. `progress` is told
/// the position and the head now and then.
pub fn rebuild(
    read_db: &Path,
    log: &mut dyn ReadLog,
    progress: impl FnMut(Position, Position),
) -> Result<Rebuilt, RebuildError> {
    let (fresh, rebuilt) = fold_beside(read_db, log, progress)?;
    store::remove(read_db)?;
    store::put_in_place(&fresh, read_db)?;
    Ok(rebuilt)
}

/// Folds the whole journal into a file beside `read_db`, and leaves it there for the projector that
/// runs on `read_db`, which brings it up to date and puts it in place.
pub fn rebuild_beside(
    read_db: &Path,
    log: &mut dyn ReadLog,
    progress: impl FnMut(Position, Position),
) -> Result<(Rebuilt, Beside), RebuildError> {
    let (fresh, rebuilt) = fold_beside(read_db, log, progress)?;
    let waiting = store::rebuilt(read_db);
    store::put_in_place(&fresh, &waiting)?;
    let beside = Beside {
        file: store::file_id(&waiting)?,
        waiting,
        read_db: read_db.to_owned(),
    };
    Ok((rebuilt, beside))
}

/// A read model that was rebuilt beside the live one.
#[derive(Debug)]
pub struct Beside {
    file: FileId,
    waiting: PathBuf,
    read_db: PathBuf,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// It waits for the projector.
    Waiting,
    /// It is the live one.
    Done,
    /// The projector had no use for it, or somebody else's came first.
    Refused,
}

impl Beside {
    /// What became of it so far.
    pub fn exchange(&self) -> Result<Exchange, StoreError> {
        // Looked at first: it is never under both names, and for a moment may be under neither.
        let is_waiting = self.waiting.try_exists()?;
        Ok(match store::file_id(&self.read_db) {
            Ok(live) if live == self.file => Exchange::Done,
            Ok(_) | Err(_) if is_waiting => Exchange::Waiting,
            Ok(_) | Err(_) => Exchange::Refused,
        })
    }
}

/// Folds the whole journal into a file beside `read_db`.
fn fold_beside(
    read_db: &Path,
    log: &mut dyn ReadLog,
    progress: impl FnMut(Position, Position),
) -> Result<(PathBuf, Rebuilt), RebuildError> {
    store::refuse_foreign(read_db)?;
    let fresh = store::beside(read_db, ".rebuild");
    let _lock = lock(&fresh)?;
    store::remove(&fresh)?;
    let connection = Connection::open(&fresh).map_err(StoreError::from)?;
    let head = log.head()?.position;
    let (folded, counts) = fold_afresh(&connection, log, head, Receipts::Read, progress)?;
    let count = |sql| connection.query_row(sql, [], |row| row.get(0));
    let rebuilt = Rebuilt {
        position: folded.position,
        records: counts.records,
        receipts: counts.receipts,
        licenses: count("SELECT count(*) FROM licenses")?,
        orders: count("SELECT count(*) FROM orders")?,
    };
    connection.close().map_err(|(_, error)| error)?;
    Ok((fresh, rebuilt))
}

/// Keeps a second rebuild out.
fn lock(fresh: &Path) -> Result<File, RebuildError> {
    let path = store::beside(fresh, ".lock");
    let file = File::create(path).map_err(StoreError::from)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RebuildError::Busy),
        Err(TryLockError::Error(error)) => Err(StoreError::from(error).into()),
    }
}

/// Folds the journal up to a position into an empty database that nobody else sees. Nothing is
/// durable before the caller makes it so: a crash leaves a file to be thrown away. Without receipts
/// it is what [`crate::verify()`] compares with, and no read model to go on from.
pub fn fold_afresh(
    connection: &Connection,
    log: &mut dyn ReadLog,
    up_to: Position,
    receipts: Receipts,
    mut progress: impl FnMut(Position, Position),
) -> Result<(Folded, Counts), RebuildError> {
    store::prepare_afresh(connection)?;
    let transaction = connection.unchecked_transaction()?;
    store::create_tables(&transaction)?;
    let mut fold = Fold::begin(&transaction, receipts);
    pages::each(log, up_to, receipts, |page| -> Result<(), RebuildError> {
        let last = page.records.last().map(|record| record.position);
        for record in page.records {
            fold.record(&record.read()?)?;
        }
        for receipt in page.receipts {
            fold.receipt(receipt)?;
        }
        fold.receipts_are_complete();
        if let Some(last) = last {
            progress(last, up_to);
        }
        Ok(())
    })?;
    let (folded, counts, orders) = fold.finish()?;
    index_and_write(&transaction, orders)?;
    transaction.commit()?;
    Ok((folded, counts))
}

/// Makes the indexes while another thread sorts the orders' rows, and then writes those.
fn index_and_write(connection: &Connection, mut orders: OrderRows) -> Result<(), StoreError> {
    thread::scope(|scope| {
        let sorting = scope.spawn(move || {
            orders.sort();
            orders
        });
        store::create_indexes(connection)?;
        let orders = sorting.join().expect("comparing texts does not panic");
        orders.write(connection)
    })
}
