//! What buyers used, as the merchant's software reports it: for pay-per-use the amounts that the
//! marketplace bills, for authorization codes how many clients were active.
//!
//! Reports are facts of their own, kept beside the license that they are about: there may be one an
//! hour, for years. The merchant names each by a serial, and the marketplace counts it once.

mod amount;
mod laws;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::ids::{LicenseId, ListingId, UsageSerial};
use crate::refusal::Refusal;
use crate::sealed::Sealed;
use crate::time::Instant;

pub use amount::{Amount, AmountError};
pub use laws::{Broken, check_next};

/// One report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The merchant's name of it.
    pub serial: UsageSerial,
    /// What was used.
    pub used: Used,
}

/// What was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// An amount, which the marketplace bills.
    Metered {
        /// The beginning of the time in which it was used.
        began_at: Instant,
        /// The end of that time.
        ended_at: Instant,
        /// How much.
        amount: Amount,
        /// The package that it is taken from, if there is one.
        package: Option<LicenseId>,
    },
    /// One client of an authorization code was active: its account or its device.
    Client {
        /// Which.
        client: Sealed,
    },
    /// So many clients of an authorization code were active today.
    ActiveClients {
        /// How many.
        count: u32,
    },
}

/// What is known of the use of one license.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// The production address through whose account reports go.
    pub listing: Option<ListingId>,
    /// The reports that the marketplace has still to take.
    pub pending: BTreeMap<UsageSerial, Used>,
    /// Those of them that the marketplace may have taken: sent where it would bill them once more
    /// if they were sent again.
    pub sent: BTreeSet<UsageSerial>,
    /// The reports that it took, or will not take.
    pub settled: BTreeMap<UsageSerial, Settled>,
    /// The sum of all amounts, by the package they are taken from.
    pub totals: BTreeMap<Option<LicenseId>, Total>,
}

/// A report that is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What was reported.
    pub used: Used,
    /// The marketplace's code, if it will not take it; one of ours, if it is not sent any more.
    pub denied: Option<Box<str>>,
}

/// The sum of amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// In ten-thousandths of a unit.
    pub ten_thousandths: u64,
    /// The end of the last time that is counted.
    pub ended_at: Instant,
}

impl Total {
    /// One amount, and the end of the time that it is of.
    pub fn of(amount: Amount, ended_at: Instant) -> Self {
        Self {
            ten_thousandths: amount.ten_thousandths(),
            ended_at,
        }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            ten_thousandths: self.ten_thousandths.saturating_add(other.ten_thousandths),
            ended_at: self.ended_at.max(other.ended_at),
        }
    }
}

/// The sum in units, in the shortest form: `12.5`.
impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        amount::write_units(f, self.ten_thousandths)
    }
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The merchant reports.
    Report {
        /// The production address through whose account reports go.
        listing: ListingId,
        /// What is reported.
        reports: Vec<Report>,
    },
    /// Reports are about to be sent where the marketplace would bill them once more if they were
    /// sent again. It has to be recorded before, so that it is known whatever happens after.
    Send {
        /// Which.
        serials: Vec<UsageSerial>,
    },
    /// The marketplace certainly did not take what was sent: it may be sent again.
    Unsend {
        /// Which.
        serials: Vec<UsageSerial>,
    },
    /// The marketplace took reports, or will not take them.
    Settle {
        /// Which.
        serials: Vec<UsageSerial>,
        /// The marketplace's code, if it will not take them.
        denied: Option<Box<str>>,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The merchant reported.
    Reported {
        /// The production address through whose account reports go.
        listing: ListingId,
        /// Those reports that are news.
        reports: Vec<Report>,
    },
    /// Reports were about to be sent, once.
    Sent {
        /// Which.
        serials: Vec<UsageSerial>,
    },
    /// The marketplace certainly did not take reports that were sent.
    NotTaken {
        /// Which.
        serials: Vec<UsageSerial>,
    },
    /// The marketplace took reports.
    Taken {
        /// Which.
        serials: Vec<UsageSerial>,
    },
    /// The marketplace will not take reports.
    Denied {
        /// Which.
        serials: Vec<UsageSerial>,
        /// The marketplace's code.
        code: Box<str>,
    },
}

impl Event {
    /// The name under which the event is stored and shown. Persisted: never change one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reported { .. } => "usage_reported",
            Self::Sent { .. } => "usage_sent",
            Self::NotTaken { .. } => "usage_not_taken",
            Self::Taken { .. } => "usage_taken",
            Self::Denied { .. } => "usage_denied",
        }
    }
}

/// Decides: a report that is known already is no event, and a serial that stood for another report
/// is refused, with all reports of its call.
pub fn decide(usage: &Usage, command: &Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Report { listing, reports } => {
            let mut news: BTreeMap<&UsageSerial, &Report> = BTreeMap::new();
            for report in reports {
                let named = news.get(&report.serial).map(|it| &it.used);
                match named.or_else(|| usage.report(&report.serial)) {
                    Some(known) if !known.says_another_than(&report.used) => {},
                    Some(_) => return Err(Refusal::SerialReused),
                    None => {
                        news.insert(&report.serial, report);
                    },
                }
            }
            Ok(unless(news.is_empty(), || Event::Reported {
                listing: listing.clone(),
                // In the order in which they were told.
                reports: reports
                    .iter()
                    .filter(|it| news.remove(&it.serial).is_some())
                    .cloned()
                    .collect(),
            }))
        },
        Command::Send { serials } => {
            let may = |it: &UsageSerial| usage.pending.contains_key(it) && !usage.sent.contains(it);
            let serials = those(serials, may);
            Ok(unless(serials.is_empty(), || Event::Sent { serials }))
        },
        Command::Unsend { serials } => {
            let serials = those(serials, |it| usage.sent.contains(it));
            Ok(unless(serials.is_empty(), || Event::NotTaken { serials }))
        },
        Command::Settle { serials, denied } => {
            let serials = those(serials, |it| usage.pending.contains_key(it));
            Ok(unless(serials.is_empty(), || match denied {
                None => Event::Taken { serials },
                Some(code) => Event::Denied {
                    serials,
                    code: code.clone(),
                },
            }))
        },
    }
}

/// Each once.
fn those(serials: &[UsageSerial], are: impl Fn(&UsageSerial) -> bool) -> Vec<UsageSerial> {
    let mut named = BTreeSet::new();
    let those = serials.iter().filter(|it| are(it) && named.insert(*it));
    those.cloned().collect()
}

fn unless(done: bool, event: impl FnOnce() -> Event) -> Vec<Event> {
    if done { Vec::new() } else { vec![event()] }
}

impl Usage {
    /// The state that a history leads to.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        events.into_iter().fold(Self::default(), Self::evolve)
    }

    /// The state after `event`.
    #[must_use]
    pub fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::Reported { listing, reports } => {
                self.listing = Some(listing.clone());
                for report in reports {
                    self.count(&report.used);
                    self.pending
                        .insert(report.serial.clone(), report.used.clone());
                }
            },
            Event::Sent { serials } => self.sent.extend(serials.iter().cloned()),
            Event::NotTaken { serials } => {
                for serial in serials {
                    self.sent.remove(serial);
                }
            },
            Event::Taken { serials } => self.settle(serials, None),
            Event::Denied { serials, code } => self.settle(serials, Some(code)),
        }
        self
    }

    /// What was reported under a serial.
    pub fn report(&self, serial: &UsageSerial) -> Option<&Used> {
        let settled = || self.settled.get(serial).map(|settled| &settled.used);
        self.pending.get(serial).or_else(settled)
    }

    fn count(&mut self, used: &Used) {
        let Used::Metered {
            began_at: _,
            ended_at,
            amount,
            package,
        } = used
        else {
            return;
        };
        let added = Total::of(*amount, *ended_at);
        let total = self.totals.entry(package.clone());
        total
            .and_modify(|total| *total = total.plus(added))
            .or_insert(added);
    }

    fn settle(&mut self, serials: &[UsageSerial], denied: Option<&str>) {
        for serial in serials {
            self.sent.remove(serial);
            if let Some(used) = self.pending.remove(serial) {
                let denied = denied.map(Into::into);
                self.settled
                    .insert(serial.clone(), Settled { used, denied });
            }
        }
    }
}

impl Used {
    /// Whether both are known to be different reports. Under different keys nobody can know which
    /// client it was, so the serial decides: the first key may have been destroyed.
    fn says_another_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Client { client }, Self::Client { client: other }) => {
                client.key == other.key && !client.says_the_same(other)
            },
            (
                Self::Metered { .. } | Self::ActiveClients { .. } | Self::Client { .. },
                Self::Metered { .. } | Self::ActiveClients { .. } | Self::Client { .. },
            ) => self != other,
        }
    }
}
