//! The protocol through its public surface: vectors computed independently of this code, every
//! activity field by field, and the entry point on bytes of every kind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activities;
mod any_bytes;
mod caller;
mod entry;
mod kit_caller;
mod kit_entry;
mod kit_fields;
mod kit_secret;
mod kit_vectors;
mod license_files;
mod open_api_answers;
mod open_api_batches;
mod open_api_upload;
mod open_api_usage;
mod open_api_vectors;
mod sdk_vectors;
mod v1_activities;
mod v1_entry;
mod v1_vectors;
mod vector_parts;
mod vectors;
