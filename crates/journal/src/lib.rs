//! The append-only journal: records, receipts, and the one path that writes them.
//!
//! A call of the marketplace becomes a [`Receipt`] with a [`Verdict`], and what it means becomes
//! [`Record`]s. Both reach the disk in one transaction, and only then is the call answered.
//!
//! * [`queue`] takes calls from many threads into one bounded line and hands them, in batches, to
//! * [`transact`], which folds the streams, decides, and appends to
//! * a [`log`]: [`SqliteLog`] by default, [`MemoryLog`] in tests; one conformance suite for all.
//! * [`stored`] turns events into bytes and back, old forms included.
//! * [`as_of`] answers what held at an instant, as the journal knew it at another.
//! * [`timeline`] shows a license on both time axes at once.
//! * [`history`] reads several streams in the order of the journal.
//! * [`verify`] reads everything and names what is wrong.
//! * [`vault`] keeps the keys that personal data is sealed with, in a file of its own.
//!
//! Everything is synchronous. Time and randomness are arguments: see [`clock`] and [`record_ids`].

pub mod as_of;
pub mod clock;
pub mod event;
pub mod history;
pub mod log;
pub mod memory;
pub mod migrate;
pub mod position;
pub mod private_file;
pub mod queue;
pub mod receipt;
pub mod record;
pub mod record_ids;
pub mod sqlite;
pub mod stored;
pub mod stream;
pub mod timeline;
pub mod transact;
pub mod vault;
pub mod verify;
pub mod watch;

pub use as_of::AsOf;
pub use clock::{Clock, ManualClock, SystemClock};
pub use event::Event;
pub use log::{AppendError, Batch, Draft, Head, Log, ReadError, ReadLog};
pub use memory::MemoryLog;
pub use position::{Position, StreamVersion};
pub use queue::{Queue, Unavailable};
pub use receipt::{Receipt, ReceiptId, Verdict};
pub use record::{Actor, Record, UnreadRecord};
pub use sqlite::{OpenError, SqliteLog, SqliteReader};
pub use stream::{StreamId, Subject};
pub use transact::{Arrived, Call, Decided, Done, Outcome, Request};
pub use watch::Watch;
