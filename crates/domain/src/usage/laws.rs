//! What every history of the use of a license obeys.

use std::collections::BTreeSet;

use super::{Event, Usage};
use crate::ids::UsageSerial;

/// A law that a history breaks, and the event (counted from 1) that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An event tells of at least one report.
    #[error("event {0} tells of no report")]
    TellsNothing(usize),
    /// A serial is reported once.
    #[error("event {0} reports a serial once more")]
    ReportedTwice(usize),
    /// What is about to be sent is pending, and not sent yet.
    #[error("event {0} sends what is not pending, or was sent before")]
    SentOutOfTurn(usize),
    /// Only what was sent was not taken.
    #[error("event {0} takes back what was not sent")]
    NothingSent(usize),
    /// Only what is pending is settled.
    #[error("event {0} settles what is not pending")]
    SettledOutOfTurn(usize),
}

/// Checks that `event`, the `number`th of its history, may follow the state.
pub fn check_next(usage: &Usage, event: &Event, number: usize) -> Result<(), Broken> {
    let is_pending = |it: &UsageSerial| usage.pending.contains_key(it);
    let (is_lawful, broken) = match event {
        Event::Reported { reports, .. } => (
            each_once(reports.iter().map(|it| &it.serial), |it| {
                usage.report(it).is_none()
            }),
            Broken::ReportedTwice(number),
        ),
        Event::Sent { serials } => (
            each_once(serials, |it| is_pending(it) && !usage.sent.contains(it)),
            Broken::SentOutOfTurn(number),
        ),
        Event::NotTaken { serials } => (
            each_once(serials, |it| usage.sent.contains(it)),
            Broken::NothingSent(number),
        ),
        Event::Taken { serials } | Event::Denied { serials, .. } => (
            each_once(serials, is_pending),
            Broken::SettledOutOfTurn(number),
        ),
    };
    match is_lawful {
        None => Err(Broken::TellsNothing(number)),
        Some(false) => Err(broken),
        Some(true) => Ok(()),
    }
}

/// Whether each serial is named once, and is so; `None` if there is none.
fn each_once<'a>(
    serials: impl IntoIterator<Item = &'a UsageSerial>,
    is_so: impl Fn(&UsageSerial) -> bool,
) -> Option<bool> {
    let mut named = BTreeSet::new();
    let mut all = None;
    for serial in serials {
        all = Some(all.unwrap_or(true) && named.insert(serial) && is_so(serial));
    }
    all
}
