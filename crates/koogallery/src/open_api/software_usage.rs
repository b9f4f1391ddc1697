//! `POST …/v2/license/software-usage-info`: who used the software today.
//!
//! The guide wants it on the first use of each day; without use there is no report.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use tenure_domain::LicenseId;

use super::answer::open;
use super::bounded::{List, Text};
use super::{OpenApiError, OpenApiRequest};

/// What the merchant's software knows one of its clients by: an account, or a device.
pub type ClientId = Text<256>;

/// How many clients were active today: 1 to 999,999,999, as many as nine digits can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ActiveClients(u32);

/// A number is not one of active clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not from 1 to {}", ActiveClients::MAX)]
pub struct ActiveClientsError;

impl ActiveClients {
    /// The most that nine digits can write.
    pub const MAX: u32 = 999_999_999;

    /// Makes a number of clients.
    pub fn parse(number: u32) -> Result<Self, ActiveClientsError> {
        match number {
            1..=Self::MAX => Ok(Self(number)),
            _ => Err(ActiveClientsError),
        }
    }
}

/// A usage report about up to 100 codes. The guide wants one way of telling in a report: the
/// clients by name, of whom the marketplace counts each once, or their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageReport {
    /// Up to 100 clients of each code.
    Clients(List<(LicenseId, List<ClientId, 100>), 100>),
    /// How many clients of each code were active today.
    Numbers(List<(LicenseId, ActiveClients), 100>),
}

/// What the marketplace did with a report.
#[derive(Clone, PartialEq, Eq)]
pub enum Reported {
    /// It took the whole report.
    All,
    /// Something in it failed a check. What, is told by members whose names and form the guide
    /// leaves open: they stand here as JSON.
    CheckFailed(String),
}

#[derive(Serialize)]
struct Body<'a> {
    usage_info: Vec<OfCode<'a>>,
}

#[derive(Serialize)]
struct OfCode<'a> {
    license: &'a str,
    // The capital letter is the guide's.
    #[serde(rename = "software_usage_Info")]
    software_usage: Vec<Usage<'a>>,
}

#[derive(Serialize)]
enum Usage<'a> {
    #[serde(rename = "id")]
    Client(&'a ClientId),
    #[serde(rename = "active_num")]
    Number(ActiveClients),
}

/// Reports the usage of today.
pub fn request(report: &UsageReport) -> OpenApiRequest {
    let usage_info = match report {
        UsageReport::Clients(codes) => {
            let codes = codes.as_slice().iter();
            codes
                .map(|(code, clients)| OfCode {
                    license: code.as_str(),
                    software_usage: clients.as_slice().iter().map(Usage::Client).collect(),
                })
                .collect()
        },
        UsageReport::Numbers(codes) => {
            let codes = codes.as_slice().iter();
            codes
                .map(|(code, number)| OfCode {
                    license: code.as_str(),
                    software_usage: vec![Usage::Number(*number)],
                })
                .collect()
        },
    };
    OpenApiRequest::post("/v2/license/software-usage-info", &Body { usage_info })
}

/// Reads the answer. The guide's table breaks off in the name of the member that tells what failed
/// a check, so that every member that starts alike is taken for it, unless it is empty.
pub fn read(status: u16, body: &[u8]) -> Result<Reported, OpenApiError> {
    let data = open(status, body)?;
    let failed: Vec<_> = data
        .starting_with("check_fail")
        .filter(|(_, value)| !is_empty(value))
        .map(|(name, value)| format!("{}:{value}", Value::from(name)))
        .collect();
    Ok(if failed.is_empty() {
        Reported::All
    } else {
        Reported::CheckFailed(format!("{{{}}}", failed.join(",")))
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(failed) => !failed,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => matches!(text.trim(), "" | "0" | "[]" | "{}"),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// What failed a check may be the account of a user.
impl fmt::Debug for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::CheckFailed(_) => "CheckFailed([redacted])",
        })
    }
}
