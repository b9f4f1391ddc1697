//! The stored form of events of usage.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::usage::{Amount, Event, Report, Used};
use tenure_domain::{Instant, LicenseId, ListingId, UsageSerial};

use super::sealed::StoredSealed;
use super::{Reason, id, json, parse, text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported<'a> {
    #[serde(borrow)]
    listing: Cow<'a, str>,
    #[serde(borrow)]
    reports: Vec<StoredReport<'a>>,
}

/// One of `amount`, `client` and `active_clients` is there, and tells the kind.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct StoredReport<'a> {
    #[serde(borrow)]
    serial: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    /// In ten-thousandths of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    package: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    client: Option<StoredSealed<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_clients: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named<'a> {
    #[serde(borrow)]
    serials: Vec<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Denied<'a> {
    #[serde(borrow)]
    serials: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    code: Cow<'a, str>,
}

pub(super) fn encode(event: &Event) -> String {
    match event {
        Event::Reported { listing, reports } => json(&Reported {
            listing: text(listing.as_str()),
            reports: reports.iter().map(StoredReport::of).collect(),
        }),
        Event::Sent { serials } | Event::NotTaken { serials } | Event::Taken { serials } => {
            json(&Named {
                serials: names(serials),
            })
        },
        Event::Denied { serials, code } => json(&Denied {
            serials: names(serials),
            code: text(code),
        }),
    }
}

fn names(serials: &[UsageSerial]) -> Vec<Cow<'_, str>> {
    serials.iter().map(|it| text(it.as_str())).collect()
}

/// Reads an event of usage; `None` if no event of usage has this name.
pub(super) fn decode(name: &str, data: &str) -> Option<Result<Event, Reason>> {
    Some(match name {
        "usage_reported" => reported(data),
        "usage_sent" => named(data).map(|serials| Event::Sent { serials }),
        "usage_not_taken" => named(data).map(|serials| Event::NotTaken { serials }),
        "usage_taken" => named(data).map(|serials| Event::Taken { serials }),
        "usage_denied" => parse::<Denied<'_>>(data).and_then(|stored| {
            Ok(Event::Denied {
                serials: serials(&stored.serials)?,
                code: stored.code.as_ref().into(),
            })
        }),
        _ => return None,
    })
}

fn reported(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Reported<'_>>(data)?;
    let reports = stored.reports.iter().map(StoredReport::read);
    Ok(Event::Reported {
        listing: id(ListingId::parse(&stored.listing))?,
        reports: reports.collect::<Result<_, _>>()?,
    })
}

fn named(data: &str) -> Result<Vec<UsageSerial>, Reason> {
    serials(&parse::<Named<'_>>(data)?.serials)
}

fn serials(stored: &[Cow<'_, str>]) -> Result<Vec<UsageSerial>, Reason> {
    let serials = stored.iter().map(|text| id(UsageSerial::parse(text)));
    serials.collect()
}

impl<'a> StoredReport<'a> {
    fn of(report: &'a Report) -> Self {
        let bare = Self {
            serial: text(report.serial.as_str()),
            ..Self::default()
        };
        match &report.used {
            Used::Metered {
                began_at,
                ended_at,
                amount,
                package,
            } => Self {
                began_at: Some(began_at.micros()),
                ended_at: Some(ended_at.micros()),
                amount: Some(amount.ten_thousandths()),
                package: package.as_ref().map(|it| text(it.as_str())),
                ..bare
            },
            Used::Client { client } => Self {
                client: Some(client.into()),
                ..bare
            },
            Used::ActiveClients { count } => Self {
                active_clients: Some(*count),
                ..bare
            },
        }
    }

    fn read(&self) -> Result<Report, Reason> {
        let used = match self {
            Self {
                serial: _,
                began_at: Some(began_at),
                ended_at: Some(ended_at),
                amount: Some(amount),
                package,
                client: None,
                active_clients: None,
            } => Used::Metered {
                began_at: Instant::from_micros(*began_at),
                ended_at: Instant::from_micros(*ended_at),
                amount: Amount::from_ten_thousandths(*amount)
                    .ok_or("an amount is zero, or has too many digits")?,
                package: package
                    .as_deref()
                    .map(|text| id(LicenseId::parse(text)))
                    .transpose()?,
            },
            Self {
                serial: _,
                began_at: None,
                ended_at: None,
                amount: None,
                package: None,
                client: Some(client),
                active_clients: None,
            } => Used::Client {
                client: client.read()?,
            },
            Self {
                serial: _,
                began_at: None,
                ended_at: None,
                amount: None,
                package: None,
                client: None,
                active_clients: Some(count),
            } => Used::ActiveClients { count: *count },
            _ => return Err("a report is of no kind, or of several".into()),
        };
        Ok(Report {
            serial: id(UsageSerial::parse(&self.serial))?,
            used,
        })
    }
}
