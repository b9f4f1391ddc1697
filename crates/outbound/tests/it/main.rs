//! The client and the activation against a marketplace on this machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod marketplace;
mod sending;
