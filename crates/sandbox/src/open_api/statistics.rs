//! `POST v2/license/software-usage-info`: who used the software today.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::code::{CODES_MAX, is_code, success};
use crate::clock::real_now;
use crate::market::Clients;

/// The most clients that are named of a code.
const ENTRIES_MAX: usize = 100;

/// The most characters of a client's name.
const ID_CHARACTERS_MAX: usize = 256;

/// As many as nine digits can write.
const ACTIVE_MAX: u32 = 999_999_999;

#[derive(Deserialize)]
struct Report {
    usage_info: Vec<OfCode>,
}

#[derive(Deserialize)]
struct OfCode {
    license: String,
    #[serde(rename = "software_usage_Info")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: Option<String>,
    active_num: Option<u32>,
}

/// Takes the report; what concerns a code that cannot have been used is told back. (The guide's
/// name for that list was cut off after `check_fail_`.)
pub(super) async fn report(call: Call) -> Result<HttpResponse, Refusal> {
    let body = call.json()?;
    let reports = parse(body).ok_or(Refusal::Parameter)?;
    let mut failed = Vec::new();
    let mut market = call.api.market();
    for (code, clients) in reports {
        // Who used it today was counted by the merchant's clock, which nobody moved.
        if let Err(error) = market.report_clients(&code, clients, real_now()) {
            failed.push(json!({ "license": code, "error_code": error.code() }));
        }
    }
    let data = (!failed.is_empty()).then(|| json!({ "check_fail_list": failed }));
    Ok(success(data))
}

/// The report by code: all of it by name, or all of it by number.
fn parse(body: Value) -> Option<Vec<(String, Clients)>> {
    let report: Report = serde_json::from_value(body).ok()?;
    if report.usage_info.is_empty() || report.usage_info.len() > CODES_MAX {
        return None;
    }
    let reports: Vec<_> = report
        .usage_info
        .into_iter()
        .map(OfCode::parse)
        .collect::<Option<_>>()?;
    let by_name = |clients: &Clients| matches!(clients, Clients::Named(_));
    let named = reports
        .iter()
        .filter(|(_, clients)| by_name(clients))
        .count();
    (named == 0 || named == reports.len()).then_some(reports)
}

impl OfCode {
    fn parse(self) -> Option<(String, Clients)> {
        let Self { license, entries } = self;
        if !is_code(&license) || entries.is_empty() || entries.len() > ENTRIES_MAX {
            return None;
        }
        if let [
            Entry {
                id: None,
                active_num: Some(number),
            },
        ] = entries.as_slice()
        {
            return (*number <= ACTIVE_MAX).then_some((license, Clients::Number(*number)));
        }
        let names = entries
            .into_iter()
            .map(Entry::name)
            .collect::<Option<_>>()?;
        Some((license, Clients::Named(names)))
    }
}

impl Entry {
    fn name(self) -> Option<String> {
        if self.active_num.is_some() {
            return None;
        }
        let is_short = |id: &String| !id.is_empty() && id.chars().count() <= ID_CHARACTERS_MAX;
        self.id.filter(is_short)
    }
}
