//! The domain, from outside: the decision table, scenarios, and the laws of every history.

mod audit;
mod checks;
mod details;
mod exhaustive;
mod files;
mod golden;
mod laws;
mod laws_beside;
mod names;
mod orders;
mod scenarios;
mod states;
mod table;
mod tenants;
mod time;
mod usage;
