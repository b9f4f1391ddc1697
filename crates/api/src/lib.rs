//! Questions and operator commands over HTTP: JSON in `snake_case`, times of RFC 3339 in UTC,
//! problems of RFC 9457.
//!
//! * [`licenses`] and [`records`] answer from the journal itself, so that what was acknowledged is
//!   seen; lists, [`orders`], [`receipts`] and [`tenants`] come from the read model, and say how
//!   far it is.
//! * [`explanations`] says why a license is what it is, and what it was on both time axes;
//!   [`histories`] tells the records of a customer and of an order.
//! * [`codes`] activates an authorization code, and [`provisioned`] takes the word that an application
//!   is ready: the two commands.
//! * [`files`] tells which license files wait to be made, and takes them.
//! * [`health`], [`metrics`] and [`mod@document`] are for machines.
//! * [`auth`] lets in, [`parameters`] reads questions, [`view`] shapes answers, [`problem`] says
//!   what went wrong.
//!
//! No decision rests on a read model, and nothing here shows a key or a token.

pub mod api;
pub mod auth;
mod codes;
mod command;
mod document;
mod explanations;
mod extension;
mod files;
mod heads;
mod health;
mod histories;
mod licenses;
mod metrics;
mod orders;
mod parameters;
mod pool;
pub mod problem;
mod provisioned;
mod receipts;
mod records;
pub mod routes;
mod tenants;
mod usage;
pub mod view;

pub use api::{Api, OpenReader, Parts};
pub use auth::Tokens;
pub use document::document;
pub use extension::Extension;
pub use pool::Pool;
pub use problem::Problem;
pub use routes::configure;
