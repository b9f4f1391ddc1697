//! The marketplace's V1.0: calls by GET that carry `authToken`, answers that carry `Body-Sign`.
//!
//! No new listing is made for it, but those that exist are still called so: SaaS V1.0 and
//! License 1.0.
//!
//! * [`call`]: the parameters of all calls. [`signer`]: `authToken` and the query string.
//! * [`cipher`]: how personal data and accounts travel. [`body_sign`]: the signature of an answer.
//! * [`reply`]: an answer read from the socket as it came, because the spelling of its headers is
//!   part of the protocol. [`judge`]: what the marketplace looks at, in its order.

pub mod body_sign;
pub mod call;
pub mod cipher;
mod client;
pub mod judge;
pub mod reply;
pub mod signer;
mod translate;

pub(crate) use translate::{Occasion, translate};
