//! Calls to the marketplace and to the merchant's own application: the only place with an HTTP
//! client.
//!
//! * [`client`] signs a request of the marketplace's open APIs for the host it goes to and sends
//!   it: strict TLS, no redirects, no proxy, bounded in time and size, a second host for when the
//!   first cannot be reached.
//! * [`activator`] brings authorization codes into force and asks what they are, and makes the
//!   marketplace's answers receipts and events of the journal. Doing it again is a success.
//! * [`worker`] is what the tasks have in common that work off what the journal leaves to be done.
//! * [`usage`] passes reports of use on to the marketplace.
//! * [`orders`] asks for the details of orders that callbacks named, one task for all listings,
//!   and puts them into the journal.
//! * [`webhook`] signs a message for the merchant's application and sends it.
//! * [`provisioning`] tells such a webhook of purchases, and records what it answers.
//! * [`making`] has license files made that buyers' software asks for, and [`deliveries`] uploads
//!   them to the marketplace; [`license_files`] is what both need.
//!
//! # What is absent
//!
//! No activation is retried here: an error says whether trying again may help, and whoever asked
//! decides. No key and no `Authorization` header reaches a receipt, an error or a log line.

pub mod activate_error;
pub mod activator;
pub mod check_error;
pub mod client;
pub mod deliveries;
pub mod license_files;
pub mod making;
pub mod orders;
pub mod origin;
pub mod provisioning;
pub mod send_error;
pub mod usage;
pub mod webhook;
pub mod worker;

pub use activate_error::ActivateError;
pub use activator::{Account, Activated, Activator, Checked};
pub use check_error::CheckError;
pub use client::{Client, ClientSettings, Received};
pub use origin::OriginError;
pub use send_error::{ClientError, SendError};
pub use webhook::Webhook;
pub use worker::{Alarm, Alarms, Common, Metrics, Worker};
