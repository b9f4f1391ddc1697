//! The API over HTTP, on a journal and a read model in files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod audit;
mod codes;
mod files;
mod follow;
mod full_disk;
mod licenses;
mod machines;
mod made_files;
mod receipts;
mod scene;
mod tenants;
