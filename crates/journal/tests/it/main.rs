//! The journal, from outside: what every log must do, the stored forms, the write path and its
//! faults, questions about the past, and what a reading of the whole finds.

mod as_of;
mod beside;
mod conformance;
mod copy;
mod explain;
mod faults;
mod folds;
mod golden;
mod hooked;
mod queue;
mod restart;
mod samples;
mod schema;
mod sqlite;
mod stored;
mod timeline;
mod transact;
mod vault;
mod verify;
