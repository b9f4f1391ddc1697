//! Questions and operator commands over HTTP: JSON in `snake_case`, times of RFC 3339 in UTC,
//! problems of RFC 9457.
//!
//! * [`licenses`] and [`records`] answer from the journal itself, so that what was acknowledged is
//!   seen; lists, [`orders`] and [`receipts`] come from the read model, and say how far it is.
//! * [`codes`] activates an authorization code, and [`licenses`] takes the word that an application
//!   is ready: the two commands.
//! * [`health`], [`metrics`] and [`mod@document`] are for machines.
//! * [`auth`] lets in, [`parameters`] reads questions, [`view`] shapes answers, [`problem`] says
//!   what went wrong.
//!
//! No decision rests on a read model, and nothing here shows a key or a token.

pub mod api;
pub mod auth;
mod codes;
mod document;
mod heads;
mod health;
mod licenses;
mod metrics;
mod orders;
mod parameters;
mod pool;
pub mod problem;
mod receipts;
mod records;
pub mod routes;
pub mod view;

pub use api::{Api, OpenReader, Parts};
pub use auth::Tokens;
pub use document::document;
pub use problem::Problem;
pub use routes::configure;
