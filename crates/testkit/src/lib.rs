//! Builders and strategies that the tests of several crates share. A development dependency only.
//!
//! [`builders`] make single values, named by small numbers so that a test reads like its story:
//! the same number is the same order, code or product everywhere. [`events()`] makes any event
//! that a journal may have to store; [`commands()`] and [`history()`] make what happens to one
//! license, out of a pool so small that repeats and interactions are the rule; [`beside`] does so for
//! the use of licenses and for enterprises.

pub mod beside;
pub mod builders;
pub mod events;
pub mod histories;

pub use beside::{tenant_commands, usage_commands};
pub use builders::{
    activation, check, code, command, customer, details, file_event, file_request, listing, order,
    order_line, product, sealed, term_change,
};
pub use events::events;
pub use histories::{commands, decided, families, history, instants};
