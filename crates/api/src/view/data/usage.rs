//! What events of usage tell.

use serde_json::{Value, json};
use tenure_domain::UsageSerial;
use tenure_domain::usage::{Event, Report, Used};

use super::{present, time};

pub(super) fn of(event: &Event) -> Value {
    match event {
        Event::Reported { listing, reports } => json!({
            "listing": listing.as_str(),
            "reports": reports.iter().map(of_report).collect::<Vec<_>>(),
        }),
        Event::Sent { serials } | Event::NotTaken { serials } | Event::Taken { serials } => {
            json!({ "serials": names(serials) })
        },
        Event::Denied { serials, code } => {
            json!({ "serials": names(serials), "code": code.as_ref() })
        },
    }
}

/// The client that a report names is sealed, and not shown.
fn of_report(report: &Report) -> Value {
    let serial = report.serial.as_str();
    match &report.used {
        Used::Metered {
            began_at,
            ended_at,
            amount,
            package,
        } => present([
            ("serial", Some(serial.into())),
            ("began_at", Some(time(*began_at).into())),
            ("ended_at", Some(time(*ended_at).into())),
            ("amount", Some(amount.to_string().into())),
            ("package", package.as_ref().map(|id| id.as_str().into())),
        ]),
        Used::Client { client: _ } => json!({ "serial": serial }),
        Used::ActiveClients { count } => json!({ "serial": serial, "active_clients": count }),
    }
}

fn names(serials: &[UsageSerial]) -> Vec<&str> {
    serials.iter().map(UsageSerial::as_str).collect()
}
