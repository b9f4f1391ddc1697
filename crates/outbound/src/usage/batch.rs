//! Which of a license's reports go to the marketplace in one request.

use std::collections::BTreeSet;

use tenure_domain::usage::{Event, Usage, Used};
use tenure_domain::{Instant, LicenseId, ProductId, UsageSerial};
use tenure_journal::Record;
use tenure_journal::vault::{Opened, Vault, VaultError};
use tenure_koogallery::open_api::bounded::{BoundError, List};
use tenure_koogallery::open_api::software_usage::{ActiveClients, ClientId, UsageReport};
use tenure_koogallery::open_api::usage::{MeteredUsage, UsagePeriod};
use tenure_koogallery::open_api::usage_old::ProductUsage;
use tenure_koogallery::open_api::{self};

use super::serials::sent_serial;
use super::{CLIENT, Pending};

/// The most amounts of one request.
const AMOUNTS_MAX: usize = 1_000;

/// The most clients that one request names of one code.
const CLIENTS_MAX: usize = 100;

/// Reports of one license that go in one request, all of one kind.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) serials: Vec<UsageSerial>,
    pub(super) content: Content,
}

/// What a batch tells.
#[derive(Debug)]
pub(super) enum Content {
    /// What may be told again.
    Again(Again),
    /// An amount that the older interface takes, which bills it as often as it is told.
    Once(List<ProductUsage, AMOUNTS_MAX>),
    /// An amount of a license whose product is not known, which that interface asks for.
    Unsold,
    /// Nothing: its reports are settled without being sent.
    Unsent(Unsent),
}

/// What may be told again, because the marketplace counts it once.
#[derive(Debug)]
pub(super) enum Again {
    /// Amounts, which are billed.
    Amounts(List<MeteredUsage, AMOUNTS_MAX>),
    /// Clients of a code that were active, or their number.
    Clients(UsageReport),
}

/// Why reports are settled without being sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unsent {
    /// Amounts that were sent once, and of which nobody knows whether they were taken.
    Unheard,
    /// Clients whose names were erased: nobody can be told of them any more.
    Erased,
    /// Clients of a day that is over: the marketplace would count them for another.
    TooLate,
}

impl Unsent {
    /// The activity of the receipt that says so. Persisted: never change it.
    pub(super) fn activity(self) -> &'static str {
        match self {
            Self::Unheard => "usageUnheard",
            Self::Erased => "usageErased",
            Self::TooLate => "usageTooLate",
        }
    }

    /// The code under which the reports are denied, likewise.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Unheard => "outcome_unknown",
            Self::Erased => "erased",
            Self::TooLate => "too_late",
        }
    }
}

/// Why no batch could be made of what is pending.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// The client of a report cannot be read.
    #[error("the client of a usage report cannot be opened")]
    Vault(#[from] VaultError),
    /// What the journal holds would never have been taken from the merchant.
    #[error("a usage report is out of bounds")]
    Bounds(#[from] BoundError),
    /// Likewise.
    #[error("a usage report holds what cannot be sent")]
    Unsendable,
}

/// By which interface amounts are reported, and what it asks for.
#[derive(Debug)]
pub(super) enum Interface {
    New,
    Old { product: Option<ProductId> },
}

/// The reports that are pending, and what their records tell of them.
#[derive(Debug)]
pub(super) struct Told {
    usage: Usage,
    /// Their serials: amounts by the end of their time, everything else as it was told.
    serials: Vec<UsageSerial>,
    /// Those that tell of clients of a day that is over.
    too_late: BTreeSet<UsageSerial>,
}

impl Told {
    /// Reads what is pending at an instant from the records of a license's use.
    pub(super) fn read(records: &[Record], now: Instant) -> Self {
        let events = || records.iter().filter_map(|it| it.event.as_usage());
        let usage = Usage::replay(events());
        let (mut serials, mut too_late) = (Vec::new(), BTreeSet::new());
        for record in records {
            let Some(Event::Reported { reports, .. }) = record.event.as_usage() else {
                continue;
            };
            let is_over = day(record.recorded_at) < day(now);
            for report in reports {
                if usage.pending.contains_key(&report.serial) {
                    if is_over && ended_at(&report.used).is_none() {
                        too_late.insert(report.serial.clone());
                    }
                    serials.push(report.serial.clone());
                }
            }
        }
        // Amounts have their end, and those that do not have one are of another kind of license.
        serials.sort_by_key(|serial| usage.pending.get(serial).and_then(ended_at));
        Self {
            usage,
            serials,
            too_late,
        }
    }
}

/// How far the marketplace's days are ahead of UTC. The guide says "today" and no more, but its
/// times are those of Beijing, which has no summer time.
const BEIJING_SECONDS: i64 = 8 * 60 * 60;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The marketplace's day of an instant.
fn day(instant: Instant) -> i64 {
    let there = instant.plus_seconds(BEIJING_SECONDS);
    there.micros().div_euclid(DAY_MICROS)
}

fn ended_at(used: &Used) -> Option<Instant> {
    match used {
        Used::Metered { ended_at, .. } => Some(*ended_at),
        Used::Client { .. } | Used::ActiveClients { .. } => None,
    }
}

/// Reports that are pending and of the kind of the oldest, at most `reports_max` of them, the oldest
/// first.
pub(super) fn next(
    of: &Pending,
    told: &Told,
    interface: Interface,
    vault: &Vault,
    reports_max: usize,
) -> Result<Option<Batch>, BatchError> {
    let Told {
        usage,
        serials,
        too_late,
    } = told;
    // Whatever is reported by now: neither interface may see them again.
    if !usage.sent.is_empty() {
        return Ok(Some(unsent(&usage.sent, Unsent::Unheard)));
    }
    if !too_late.is_empty() {
        return Ok(Some(unsent(too_late, Unsent::TooLate)));
    }
    let pending = || {
        serials
            .iter()
            .filter_map(|serial| usage.pending.get_key_value(serial))
    };
    let Some((_, first)) = pending().next() else {
        return Ok(None);
    };
    let of_kind = pending().filter(|(_, used)| kind(used) == kind(first));
    match first {
        Used::Metered { .. } => {
            let of_kind = of_kind.take(AMOUNTS_MAX.min(reports_max));
            match interface {
                Interface::New => amounts(of, of_kind),
                Interface::Old { product } => sold(&of.license, product, of_kind),
            }
        },
        Used::Client { .. } => {
            let of_kind = of_kind.take(CLIENTS_MAX.min(reports_max));
            clients(&of.license, of_kind, vault)
        },
        Used::ActiveClients { .. } => number(&of.license, of_kind),
    }
    .map(Some)
}

fn unsent(serials: &BTreeSet<UsageSerial>, why: Unsent) -> Batch {
    Batch {
        serials: serials.iter().cloned().collect(),
        content: Content::Unsent(why),
    }
}

type Named<'a> = (&'a UsageSerial, &'a Used);

fn kind(used: &Used) -> u8 {
    match used {
        Used::Metered { .. } => 0,
        Used::Client { .. } => 1,
        Used::ActiveClients { .. } => 2,
    }
}

fn amounts<'a>(
    of: &Pending,
    pending: impl Iterator<Item = Named<'a>>,
) -> Result<Batch, BatchError> {
    let (mut serials, mut usages) = (Vec::new(), Vec::new());
    for (serial, used) in pending {
        usages.push(MeteredUsage {
            usage: metered(&of.license, used)?,
            metering_serial_number: sent_serial(&of.merchant, &of.license, serial)?,
        });
        serials.push(serial.clone());
    }
    Ok(Batch {
        serials,
        content: Content::Again(Again::Amounts(List::new(usages)?)),
    })
}

/// Where what arrives twice is billed twice, a report goes alone: what becomes of one request is
/// then known, or unknown, of one report.
fn sold<'a>(
    license: &LicenseId,
    product: Option<ProductId>,
    mut pending: impl Iterator<Item = Named<'a>>,
) -> Result<Batch, BatchError> {
    let (serial, used) = pending.next().ok_or(BatchError::Unsendable)?;
    let content = match product {
        Some(product) => {
            let usage = metered(license, used)?;
            Content::Once(List::new(vec![ProductUsage { product, usage }])?)
        },
        None => Content::Unsold,
    };
    Ok(Batch {
        serials: vec![serial.clone()],
        content,
    })
}

fn metered(license: &LicenseId, used: &Used) -> Result<open_api::usage::Usage, BatchError> {
    let Used::Metered {
        began_at,
        ended_at,
        amount,
        package,
    } = used
    else {
        return Err(BatchError::Unsendable);
    };
    let period = UsagePeriod::new(*began_at, *ended_at);
    Ok(open_api::usage::Usage {
        instance: license.clone(),
        package_instance: package.clone(),
        period: period.map_err(|_backwards| BatchError::Unsendable)?,
        // When it was written down: once it was over.
        recorded_at: *ended_at,
        value: *amount,
    })
}

fn clients<'a>(
    license: &LicenseId,
    pending: impl Iterator<Item = Named<'a>>,
    vault: &Vault,
) -> Result<Batch, BatchError> {
    let (mut serials, mut named, mut erased) = (Vec::new(), Vec::new(), Vec::new());
    for (serial, used) in pending {
        let Used::Client { client } = used else {
            continue;
        };
        match vault.open_sealed(CLIENT, client)? {
            Opened::Text(text) => {
                let text = str::from_utf8(&text).map_err(|_not_text| BatchError::Unsendable)?;
                named.push(ClientId::parse(text)?);
                serials.push(serial.clone());
            },
            Opened::Erased => erased.push(serial.clone()),
        }
    }
    if !erased.is_empty() {
        return Ok(Batch {
            serials: erased,
            content: Content::Unsent(Unsent::Erased),
        });
    }
    let of_code = vec![(license.clone(), List::new(named)?)];
    Ok(Batch {
        serials,
        content: Content::Again(Again::Clients(UsageReport::Clients(List::new(of_code)?))),
    })
}

/// One request tells one number of a code, so that the others wait for their turn.
fn number<'a>(
    license: &LicenseId,
    mut pending: impl Iterator<Item = Named<'a>>,
) -> Result<Batch, BatchError> {
    let Some((serial, Used::ActiveClients { count })) = pending.next() else {
        return Err(BatchError::Unsendable);
    };
    let count = ActiveClients::parse(*count).map_err(|_out_of_bounds| BatchError::Unsendable)?;
    let of_code = vec![(license.clone(), count)];
    Ok(Batch {
        serials: vec![serial.clone()],
        content: Content::Again(Again::Clients(UsageReport::Numbers(List::new(of_code)?))),
    })
}
