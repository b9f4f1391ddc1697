//! Calls to the marketplace: the only place with an HTTP client.
//!
//! * [`client`] signs a request of the marketplace's open APIs for the host it goes to and sends
//!   it: strict TLS, no redirects, no proxy, bounded in time and size, a second host for when the
//!   first cannot be reached.
//! * [`activator`] brings an authorization code into force, and makes the marketplace's answer a
//!   receipt and an event of the journal. Doing it again is a success.
//! * [`orders`] asks for the details of orders that callbacks named, one task for all listings,
//!   and puts them into the journal.
//!
//! # What is absent
//!
//! No activation is retried here: an error says whether trying again may help, and whoever asked
//! decides. No key and no `Authorization` header reaches a receipt, an error or a log line.

pub mod activate_error;
pub mod activator;
pub mod client;
pub mod orders;
pub mod origin;
pub mod send_error;

pub use activate_error::ActivateError;
pub use activator::{Account, Activated, Activator};
pub use client::{Client, ClientSettings, Received};
pub use origin::OriginError;
pub use send_error::{ClientError, SendError};
