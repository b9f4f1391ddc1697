//! The protocol through its public surface: vectors computed independently of this code, every
//! activity field by field, and the entry point on bytes of every kind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activities;
mod caller;
mod entry;
mod sdk_vectors;
mod vectors;
