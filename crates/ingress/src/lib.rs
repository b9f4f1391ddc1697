//! Marketplace callbacks over HTTP: routes, limits, answers. HTTP and nothing else.
//!
//! The way of one call: its bytes are taken in within bounds ([`body`]); the marketplace's
//! protocol verifies and reads them; what they ask goes to the journal's queue together with the
//! receipt; and the answer leaves once both are on disk ([`callback`]). A call that is turned away
//! on that path takes the same way with a verdict and nothing to decide, so that no call is
//! without a receipt. Calls of the older protocols, which are GETs, come in at [`v1`] and go the
//! same way; their answers are signed. Calls of the joint-operation [`kit`] have addresses and
//! bodies of their own; what they say about people is sealed before it goes anywhere.

mod access;
pub mod body;
pub mod callback;
pub mod change;
pub mod exchange;
pub mod kit;
mod license_file;
pub mod listing;
pub mod metrics;
mod nonces;
mod requests;
pub mod routes;
mod usage;
pub mod v1;

pub use callback::Ingress;
pub use change::{AskChange, ChangeCheck};
pub use listing::{Listing, Listings};
pub use metrics::Metrics;
pub use usage::FindUsage;
