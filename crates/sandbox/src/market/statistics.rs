//! How many clients used the software behind a code today, as merchants report it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{CodeError, Market};

/// The most clients of a code that are told apart on one day.
pub const CLIENTS_MAX: usize = 10_000;

/// What is reported of one code: the clients by name, or their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clients {
    /// Clients, each of which counts once a day.
    Named(Vec<String>),
    /// How many there were; the latest report of a day counts.
    Number(u32),
}

/// What was reported of a code on the latest day that had a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveClients {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// The clients that were named.
    pub named: BTreeSet<String>,
    /// The number, if one was told.
    pub number: Option<u32>,
}

impl Market {
    /// Takes what was reported of a code that is activated.
    pub fn report_clients(
        &mut self,
        code: &str,
        clients: Clients,
        now: DateTime<Utc>,
    ) -> Result<(), CodeError> {
        if self.held(code)?.code.activated_at.is_none() {
            return Err(CodeError::NotActivated);
        }
        let today = now.date_naive();
        let empty = || ActiveClients {
            day: today,
            named: BTreeSet::new(),
            number: None,
        };
        let active = self.clients.entry(code.to_owned()).or_insert_with(empty);
        if active.day != today {
            *active = empty();
        }
        match clients {
            Clients::Named(names) => {
                let room = CLIENTS_MAX.saturating_sub(active.named.len());
                active.named.extend(names.into_iter().take(room));
            },
            Clients::Number(number) => active.number = Some(number),
        }
        Ok(())
    }

    /// What was reported, by code.
    pub fn clients(&self) -> &BTreeMap<String, ActiveClients> {
        &self.clients
    }
}
