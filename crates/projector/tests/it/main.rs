//! The projector over real files: folding, resuming, rebuilding, comparing, asking.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod comparing;
mod details;
mod folding;
mod following;
mod journal;
mod tenants;
mod work;
