//! Logins over real HTTP, against a small authentication centre of these tests' own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cas;
mod centre;
mod facts;
mod logins;
mod renewals;
mod scene;
mod sessions;
