//! Login of the members of enterprises, and the sessions that come of it.
//!
//! The browser's side, on the callbacks listener ([`browser`]): it is sent to a login page, comes
//! back with a code or a ticket, and goes on to the merchant's application with a ticket of ours
//! that is good once and for a minute. The merchant's side, on the API listener ([`backend`]): its
//! back end exchanges the ticket for who logged in, asks whether the session is still good, and
//! ends it.
//!
//! Between the two, [`login`] takes the steps:
//!
//! * [`facts`] folds what the journal tells of an enterprise, and says whether a login or a session
//!   rests on it. No session remembers that it was good: it is looked at anew, each time.
//! * [`caller`] asks authentication centres, behind the [`guard`] that keeps it from private
//!   addresses.
//! * [`people`] opens what the vault has sealed about clients and members.
//! * [`store`] keeps sessions, tickets and used codes in a file of its own, by their hashes.
//!
//! Nothing here sets a cookie for the application, follows a redirect, or lets a parameter say
//! where the browser goes.

pub mod backend;
pub mod browser;
mod caller;
mod ended;
mod facts;
mod guard;
mod login;
pub mod metrics;
mod pages;
mod people;
mod random_id;
mod renewal;
mod session;
mod settings;
mod state_cookie;
mod store;
mod trouble;

pub use ended::Ended;
pub use login::{FindStreams, Login, Parts, StartError};
pub use metrics::Metrics;
pub use settings::{Settings, SettingsError};
pub use store::{Store, StoreError};
