//! Questions to the read model.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tenure_domain::{Instant, LicenseId, MerchantId, OrderId, Status};
use tenure_journal::{Position, StreamId};

use crate::store::{self, FileId, StoreError};

mod cursor;
mod histories;
mod licenses;
mod orders;
mod pending;
mod question;
mod receipts;
mod tenants;
mod usage;

pub use histories::Whose;
pub use licenses::{LicenseFilter, LicenseRow};
pub use orders::{OrderLineRow, OrderRow};
pub use pending::{PendingFile, PendingLicense, PendingOrder, PendingUsage};
pub use receipts::{ReceiptFilter, ReceiptRow};
pub use tenants::{DepartmentRow, MemberFilter, MemberRow, TenantFilter, TenantRow};
pub use usage::InstanceUsage;

/// The most rows that a page has, however many were asked for.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// A connection that asks. Each thread needs its own.
#[derive(Debug)]
pub struct Queries {
    path: PathBuf,
    opened: RefCell<Opened>,
}

/// Some rows, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` if this is the last one. Opaque.
    pub next: Option<String>,
}

/// How much of the journal the answers rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last position folded.
    pub position: Position,
    /// Its transaction time; `None` if nothing was folded yet.
    pub recorded_at: Option<Instant>,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The read model could not be read.
    #[error("the read model cannot answer")]
    Store(#[from] StoreError),
    /// Several merchants have one of that name, and no merchant was given.
    #[error("several merchants have {name}: say which one is meant")]
    Ambiguous {
        /// The license, the customer or the order.
        name: String,
    },
    /// The answer would rest on more than is read at once.
    #[error("there are more than {PAGE_ROWS_MAX} {what}: that is too many for one answer")]
    TooMany {
        /// What there is too much of.
        what: String,
    },
    /// The cursor is not one that a page of the same question gave.
    #[error("the cursor is not one that the same question gave before")]
    Cursor,
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

#[derive(Debug)]
struct Opened {
    connection: Connection,
    file: FileId,
}

impl Opened {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = store::open_for_questions(path)?;
        let file = store::file_id(path)?;
        Ok(Self { connection, file })
    }
}

impl Queries {
    /// Opens the read model at `path` for questions.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            opened: RefCell::new(Opened::open(path)?),
        })
    }

    /// How much of the journal the answers rest on.
    pub fn checkpoint(&self) -> Result<Checkpoint, QueryError> {
        let folded = store::folded(&*self.connection()?)?;
        Ok(Checkpoint {
            position: folded.position,
            recorded_at: folded.recorded_at,
        })
    }

    /// One license: the merchant's, or without a merchant the only one of that id.
    ///
    /// # Errors
    /// [`QueryError::Ambiguous`] if no merchant was given and several have one.
    pub fn license<'a>(
        &self,
        merchant: impl Into<Option<&'a MerchantId>>,
        id: &LicenseId,
    ) -> Result<Option<LicenseRow>, QueryError> {
        licenses::one(&*self.connection()?, merchant.into(), id)
    }

    /// Licenses that meet a filter, by id; if they are asked for by their end, the first to end
    /// comes first. The status is the one at `at`.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] if the cursor is malformed, or of another order.
    pub fn licenses(
        &self,
        filter: &LicenseFilter,
        at: Instant,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<LicenseRow>, QueryError> {
        licenses::page(&*self.connection()?, filter, at, limit, cursor)
    }

    /// How many licenses have each status at `at`; every status is named.
    pub fn counts_by_status(&self, at: Instant) -> Result<BTreeMap<Status, u64>, QueryError> {
        licenses::counts_by_status(&*self.connection()?, at)
    }

    /// An order: what the marketplace announced and told of it, and the licenses that it changed.
    /// `None` if nothing is known.
    ///
    /// # Errors
    /// [`QueryError::Ambiguous`] if no merchant was given and several have one.
    pub fn order<'a>(
        &self,
        merchant: impl Into<Option<&'a MerchantId>>,
        id: &OrderId,
    ) -> Result<Option<OrderRow>, QueryError> {
        orders::one(&*self.connection()?, merchant.into(), id)
    }

    /// The streams whose records make up a history, each once; none, if nothing is known.
    ///
    /// # Errors
    /// [`QueryError::TooMany`] if there are more than [`PAGE_ROWS_MAX`] licenses;
    /// [`QueryError::Ambiguous`] if no merchant was given and several have the customer or the order.
    pub fn streams_of<'a>(
        &self,
        merchant: impl Into<Option<&'a MerchantId>>,
        whose: &Whose,
    ) -> Result<Vec<StreamId>, QueryError> {
        histories::streams(&*self.connection()?, merchant.into(), whose)
    }

    /// Receipts that meet a filter, newest first.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] if the cursor is malformed.
    pub fn receipts(
        &self,
        filter: &ReceiptFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<ReceiptRow>, QueryError> {
        receipts::page(&*self.connection()?, filter, limit, cursor)
    }

    /// The connection, to the file that is there now: the projector may have replaced it.
    fn connection(&self) -> Result<Ref<'_, Connection>, StoreError> {
        if self.opened.borrow().file != store::file_id(&self.path)? {
            *self.opened.borrow_mut() = Opened::open(&self.path)?;
        }
        Ok(Ref::map(self.opened.borrow(), |opened| &opened.connection))
    }
}

fn damaged(what: impl Into<String>) -> QueryError {
    StoreError::Damaged { what: what.into() }.into()
}

/// What was stored is well formed, or the file is damaged.
fn parsed<T, E: ToString>(parsed: Result<T, E>) -> Result<T, QueryError> {
    parsed.map_err(|error| damaged(error.to_string()))
}
