//! The domain, from outside: the decision table, scenarios, and the laws of every history.

mod audit;
mod details;
mod exhaustive;
mod golden;
mod laws;
mod names;
mod orders;
mod scenarios;
mod states;
mod table;
mod time;
