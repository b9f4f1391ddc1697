//! The API over HTTP, on a journal and a read model in files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod codes;
mod follow;
mod full_disk;
mod licenses;
mod machines;
mod receipts;
mod scene;
