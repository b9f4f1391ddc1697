//! Read models folded from the journal: disposable, and rebuilt whenever somebody doubts them.
//!
//! The journal is the truth; this crate keeps one SQLite file beside it that answers questions
//! about many licenses at once. Deleting the file loses nothing.
//!
//! * [`store`] opens the file, and replaces one that is damaged or of another version;
//! * [`fold`] applies records and receipts to the projections [`licenses`], [`orders`],
//!   [`receipts`], [`tenants`] and [`usage`], and keeps how far it came in the same transaction: a
//!   record folded twice changes nothing, a crash loses nothing;
//! * [`projector`] is the thread that follows the journal, [`progress`] tells how far it is;
//! * [`queries`] asks;
//! * [`mod@rebuild`] folds the whole journal into a fresh file, fast, and [`mod@verify`] compares a fresh
//!   fold with the live rows.
//!
//! No decision reads a read model, and none holds the bytes of a call. What is about people is as it
//! is in the journal: sealed.

pub mod fold;
pub mod licenses;
pub mod orders;
mod pages;
pub mod progress;
pub mod projector;
pub mod queries;
pub mod rebuild;
pub mod receipts;
mod sealed;
mod state;
pub mod store;
pub mod tenants;
pub mod usage;
pub mod verify;

pub use progress::Progress;
pub use projector::{OpenReader, Projector, StartError};
pub use queries::{
    Checkpoint, DepartmentRow, InstanceUsage, LicenseFilter, LicenseRow, MemberFilter, MemberRow,
    OrderLineRow, OrderRow, PAGE_ROWS_MAX, Page, PendingFile, PendingLicense, PendingOrder,
    PendingUsage, Queries, QueryError, ReceiptFilter, ReceiptRow, TenantFilter, TenantRow, Whose,
};
pub use rebuild::{Beside, Exchange, RebuildError, Rebuilt, rebuild, rebuild_beside};
pub use store::{Store, StoreError, refuse_foreign};
pub use verify::{Comparison, Difference, verify};
