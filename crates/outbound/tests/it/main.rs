//! The client, the activation and the order query against a marketplace on this machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod journal;
mod license_files;
mod marketplace;
mod order_market;
mod orders;
mod provisioning;
mod sending;
mod usage;
