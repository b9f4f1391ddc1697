//! The login of an enterprise's members at its authentication centre.
//!
//! The browser goes to a page of the marketplace or of the centre ([`browser`]) and comes back
//! with a code or a ticket ([`callback`]). The merchant's server turns a code into
//! [tokens](token), and tokens into the [user] who logged in; a ticket of CAS tells the user
//! [at once](cas). What a centre refuses is a [`CentreError`], which says what to do about it.
//!
//! Requests are values: whoever sends one joins it to the origin of a [`Centre`], which exists for
//! addresses that may be called only. Answers are read leniently, since the printed examples lack
//! most of the fields that the tables list: only what a login means nothing without has to be
//! there, and everything that is there is bounded.

mod answer;
pub mod browser;
pub mod callback;
pub mod cas;
mod centre;
mod failure;
mod request;
pub mod token;
pub mod user;

pub use answer::ANSWER_BYTES_MAX;
pub use callback::{Callback, CallbackError, CasCallback, CasTicket, LoginCode, State};
pub use centre::{Centre, TrustedOrigin, TrustedOriginError};
pub use failure::CentreError;
pub use request::CentreRequest;
pub use token::{Client, Tokens};
pub use user::CentreUser;
