//! One file a command.

pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod customer;
pub(crate) mod demo;
pub(crate) mod doctor;
mod history;
pub(crate) mod journal;
pub(crate) mod license;
pub(crate) mod order;
pub(crate) mod receipts;
pub(crate) mod replay;
pub(crate) mod restore;
pub(crate) mod sandbox;
pub(crate) mod serve;
pub(crate) mod tenant;
