//! `POST v1/isv/usage-data`, new and old: what was used of instances that are paid by use.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::OpenApi;
use super::body_signature::BodySignature;
use super::call::Call;
use super::manner::Spelled;
use super::market_answer::{MarketFault, MarketRefusal};
use crate::clock::real_now;
use crate::market::{UsageError, UsageRecord};
use crate::sdk::CLOCK_SKEW_SECONDS_MAX;

/// The most records of a report.
const RECORDS_MAX: usize = 1000;

/// The most characters of an id.
const ID_CHARACTERS_MAX: usize = 64;

/// The most characters of a value.
const VALUE_CHARACTERS_MAX: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    usage_records: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    instance_id: String,
    record_time: String,
    begin_time: String,
    end_time: String,
    usage_value: Value,
    metering_sn: Option<String>,
    product_id: Option<String>,
    relate_pkg_instance: Option<String>,
}

/// The new interface: signed twice, and its records have ids.
pub(super) async fn report(call: Call) -> HttpResponse {
    answer(&call, signed_report(&call))
}

/// The old interface: its records name their product.
pub(super) async fn report_old(call: Call) -> HttpResponse {
    answer(&call, plain_report(&call))
}

fn answer(call: &Call, taken: Result<(), MarketRefusal>) -> HttpResponse {
    let spelled = call.api.manner.spelled(Spelled::MKT_ERROR);
    match taken {
        Ok(()) => spelled.success([]),
        Err(refusal) => spelled.refusal(&refusal),
    }
}

fn signed_report(call: &Call) -> Result<(), MarketRefusal> {
    let body = json(call)?;
    let sellers = sellers(call, &body)?;
    let records = parse(body, |written| {
        written.metering_sn.is_some() && written.product_id.is_none()
    })?;
    take(&call.api, records, &sellers)
}

fn plain_report(call: &Call) -> Result<(), MarketRefusal> {
    let records = parse(json(call)?, |written| {
        written.product_id.is_some() && written.metering_sn.is_none()
    })?;
    let everybody = call
        .api
        .market()
        .listings()
        .map(|listing| listing.name.clone())
        .collect();
    take(&call.api, records, &everybody)
}

fn json(call: &Call) -> Result<Value, MarketRefusal> {
    call.expect_json()?;
    serde_json::from_slice(&call.body)
        .map_err(|_syntax| MarketFault::Unreadable.about("the body is not JSON"))
}

/// The listings whose base key signed the body.
fn sellers(call: &Call, body: &Value) -> Result<BTreeSet<String>, MarketRefusal> {
    let header = |name: &str, characters_max: usize| match call.header(name) {
        None => Err(MarketFault::Parameter.about(format!("{name} is missing"))),
        Some(value) if value.is_empty() || value.chars().count() > characters_max => {
            Err(MarketFault::Range.about(format!("{name} is empty or too long")))
        },
        Some(value) => Ok(value),
    };
    let signature = BodySignature {
        signature: header("signature", 1000)?,
        ts: header("ts", 20)?,
        nonce: header("nonce", 64)?,
    };
    let sent_ms: i64 = signature
        .ts
        .parse()
        .map_err(|_digits| MarketFault::Range.about("ts is no number"))?;
    let off_ms = real_now().timestamp_millis().saturating_sub(sent_ms);
    if off_ms.saturating_abs() > CLOCK_SKEW_SECONDS_MAX * 1000 {
        return Err(MarketFault::BodySignature.about("ts is more than 15 minutes off"));
    }
    let market = call.api.market();
    let signed = market.listings().filter(|listing| {
        let key = listing.keys.base.as_ref();
        key.is_some_and(|key| signature.verifies(key, body))
    });
    let sellers: BTreeSet<String> = signed.map(|listing| listing.name.clone()).collect();
    if sellers.is_empty() {
        return Err(MarketFault::BodySignature.about("no base key signs so"));
    }
    if !call.api.nonces.is_new(signature.nonce) {
        return Err(MarketFault::BodySignature.about("the nonce came before"));
    }
    Ok(sellers)
}

fn take(
    api: &OpenApi,
    records: Vec<UsageRecord>,
    sellers: &BTreeSet<String>,
) -> Result<(), MarketRefusal> {
    let taken = api.market().report_usage(records, sellers, real_now());
    let new = taken.map_err(|(index, error)| {
        let fault = match error {
            UsageError::UnknownInstance => MarketFault::UnknownInstance,
            UsageError::NotAllowed => MarketFault::NotAllowed,
            UsageError::NotMetered => MarketFault::NotMetered,
            UsageError::Period => MarketFault::Range,
            UsageError::TooOld => MarketFault::TooOld,
        };
        fault.about(format!("record {index}: {error}"))
    })?;
    tracing::info!(new, "usage was reported");
    Ok(())
}

fn parse(
    body: Value,
    is_of_edition: impl Fn(&Written) -> bool,
) -> Result<Vec<UsageRecord>, MarketRefusal> {
    let report: Report = serde_json::from_value(body)
        .map_err(|error| MarketFault::Parameter.about(error.to_string()))?;
    if report.usage_records.is_empty() {
        return Err(MarketFault::Range.about("there is no record"));
    }
    if report.usage_records.len() > RECORDS_MAX {
        return Err(MarketFault::TooManyRecords.about("a report has 1 to 1000"));
    }
    let records = report.usage_records.into_iter().enumerate();
    records
        .map(|(index, record)| {
            let about =
                |fault: MarketFault, what: &str| fault.about(format!("record {index}: {what}"));
            let written: Written = serde_json::from_value(record)
                .map_err(|error| about(MarketFault::Parameter, &error.to_string()))?;
            if !is_of_edition(&written) {
                return Err(about(
                    MarketFault::Parameter,
                    "a member is of the other edition",
                ));
            }
            written
                .parse()
                .map_err(|name| about(MarketFault::Range, name))
        })
        .collect()
}

impl Written {
    /// The record, or the name of the member that is out of range.
    fn parse(self) -> Result<UsageRecord, &'static str> {
        let id = |text: String, name: &'static str| {
            let fits = !text.is_empty() && text.chars().count() <= ID_CHARACTERS_MAX;
            fits.then_some(text).ok_or(name)
        };
        let optional_id = |text: Option<String>, name| text.map(|text| id(text, name)).transpose();
        Ok(UsageRecord {
            instance: id(self.instance_id, "instance_id")?,
            product: optional_id(self.product_id, "product_id")?,
            recorded_at: time(&self.record_time).ok_or("record_time")?,
            begins_at: time(&self.begin_time).ok_or("begin_time")?,
            ends_at: time(&self.end_time).ok_or("end_time")?,
            value: value(&self.usage_value).ok_or("usage_value")?,
            metering_sn: optional_id(self.metering_sn, "metering_sn")?,
            package: optional_id(self.relate_pkg_instance, "relate_pkg_instance")?,
        })
    }
}

/// `yyyyMMdd'T'HHmmss'Z'`, in UTC.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
    Some(time.and_utc())
}

/// More than nothing, with at most eight digits before the point and four behind it; a text or a
/// number.
fn value(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let are_digits = |digits: &str, most: usize| {
        (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let fits = match text.split_once('.') {
        Some((whole, decimals)) => are_digits(whole, 8) && are_digits(decimals, 4),
        None => are_digits(&text, 8),
    };
    let is_positive = text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    (fits && is_positive && text.len() <= VALUE_CHARACTERS_MAX).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::value;

    #[test]
    fn a_value_is_text_or_number_within_its_digits() {
        let texts = ["99", "0.0001", "12345678.1234", "01"];
        for text in texts {
            assert_eq!(value(&json!(text)).as_deref(), Some(text));
        }
        assert_eq!(value(&json!(1.5)).as_deref(), Some("1.5"));
        let wrong = [
            "",
            "0",
            "0.0",
            "-1",
            "1.",
            ".5",
            "1.23456",
            "123456789",
            "1e3",
            "+1",
            " 1",
        ];
        for text in wrong {
            assert_eq!(value(&json!(text)), None, "{text:?}");
        }
        for other in [Value::Null, json!(true), json!([1]), json!(-1), json!(1e30)] {
            assert_eq!(value(&other), None, "{other}");
        }
    }
}
