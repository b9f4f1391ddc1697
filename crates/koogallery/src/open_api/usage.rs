//! `POST …/v1/isv/usage-data`: what was used of instances that are paid by use.
//!
//! Beside the signature of every request, this one bears a signature of its body with the access
//! key of the base interfaces. The example of the guide has that one only; we send both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use serde::Serialize;
use tenure_domain::usage::Amount;
use tenure_domain::{Instant, LicenseId, ProductId};

use super::answer::envelope;
use super::bounded::{List, Text};
use super::{OpenApiError, OpenApiRequest};
use crate::key::AccessKey;
use crate::signature::keyed;
use crate::wire;

/// How long ago what is reported may have begun: 21 days.
pub const AGE_SECONDS_MAX: i64 = 21 * 24 * 60 * 60;

/// How much was used, of what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The instance.
    pub instance: LicenseId,
    /// The package that it is taken from. The guide wants it for packages that stop when they are
    /// used up.
    pub package_instance: Option<LicenseId>,
    /// When it was used.
    pub period: UsagePeriod,
    /// When it was written down.
    pub recorded_at: Instant,
    /// How much.
    pub value: Amount,
}

/// From when to when something was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsagePeriod {
    begins_at: Instant,
    ends_at: Instant,
}

/// Why a period is not one that can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsagePeriodError {
    /// It ends before it begins.
    #[error("the period ends before it begins")]
    Backwards,
    /// It is not over.
    #[error("the period is not over")]
    NotOver,
    /// It began too long ago: the marketplace would answer `9004`.
    #[error("the period began more than 21 days ago")]
    TooOld,
}

impl UsagePeriod {
    /// Makes a period. It may end the moment that it begins.
    pub fn new(begins_at: Instant, ends_at: Instant) -> Result<Self, UsagePeriodError> {
        if ends_at < begins_at {
            return Err(UsagePeriodError::Backwards);
        }
        Ok(Self { begins_at, ends_at })
    }

    /// Whether the marketplace takes it at an instant: once it is over, and until 21 days after
    /// its beginning.
    pub fn reportable_at(self, instant: Instant) -> Result<(), UsagePeriodError> {
        if instant < self.ends_at {
            Err(UsagePeriodError::NotOver)
        } else if instant > self.begins_at.plus_seconds(AGE_SECONDS_MAX) {
            Err(UsagePeriodError::TooOld)
        } else {
            Ok(())
        }
    }
}

/// A usage with the name that it is charged under once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteredUsage {
    /// What was used.
    pub usage: Usage,
    /// The name of this record.
    pub metering_serial_number: Text<64>,
}

/// What makes the signature of a call differ from that of every other: 1 to 64 of `A-Z`, `a-z`,
/// `0-9`, `-`, `_`, so that it can stand in a header and between the signs of the signed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

/// A text is not a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to {} of A-Z, a-z, 0-9, - and _", Nonce::CHARACTERS_MAX)]
pub struct NonceError;

impl Nonce {
    /// The most characters that one may have.
    pub const CHARACTERS_MAX: usize = 64;

    /// Parses the text. It has to be drawn anew for every call, a repeated one too.
    pub fn parse(text: &str) -> Result<Self, NonceError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=Self::CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NonceError)
        }
    }
}

/// Members stand in the order of their names: the guide signs them so.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) usage_records: Vec<Record<'a>>,
}

/// A record of this API or of the [older one](super::usage_old).
#[derive(Serialize)]
pub(super) struct Record<'a> {
    begin_time: String,
    end_time: String,
    instance_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metering_sn: Option<&'a Text<64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<&'a str>,
    record_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    relate_pkg_instance: Option<&'a str>,
    /// A text, as in the guide's examples: readers of JSON make floats of numbers.
    usage_value: String,
}

impl<'a> Record<'a> {
    fn metered(metered: &'a MeteredUsage) -> Self {
        Self {
            metering_sn: Some(&metered.metering_serial_number),
            ..Self::of(&metered.usage)
        }
    }

    pub(super) fn sold(product: &'a ProductId, usage: &'a Usage) -> Self {
        Self {
            product_id: Some(product.as_str()),
            ..Self::of(usage)
        }
    }

    fn of(usage: &'a Usage) -> Self {
        Self {
            begin_time: wire::sdk_date(usage.period.begins_at),
            end_time: wire::sdk_date(usage.period.ends_at),
            instance_id: usage.instance.as_str(),
            metering_sn: None,
            product_id: None,
            record_time: wire::sdk_date(usage.recorded_at),
            relate_pkg_instance: usage.package_instance.as_ref().map(LicenseId::as_str),
            usage_value: usage.value.to_string(),
        }
    }
}

/// Reports usages, at most 1,000, at an instant, and signs the report with a key of the base
/// interfaces.
///
/// After a lost answer, the same records can be reported again with another nonce.
pub fn request(
    usages: &List<MeteredUsage, 1_000>,
    key: &AccessKey,
    nonce: &Nonce,
    at: Instant,
) -> OpenApiRequest {
    let records = usages.as_slice().iter();
    let body = Body {
        usage_records: records.map(Record::metered).collect(),
    };
    let mut request = OpenApiRequest::post("/v1/isv/usage-data", &body);
    let timestamp = at.millis().to_string();
    let signature = signature(key, &timestamp, nonce, request.body.as_deref());
    request.headers = vec![
        ("signature", signature),
        ("ts", timestamp),
        ("nonce", nonce.0.clone()),
    ];
    request
}

fn signature(key: &AccessKey, timestamp: &str, nonce: &Nonce, body: Option<&[u8]>) -> String {
    let code = keyed(key.bytes())
        .chain_update("ts=")
        .chain_update(timestamp)
        .chain_update("&nonce=")
        .chain_update(&nonce.0)
        .chain_update("&body=")
        .chain_update(body.unwrap_or_default());
    STANDARD.encode(code.finalize().as_bytes())
}

/// Reads the answer, in which the guides have nothing about single records.
pub fn read(status: u16, body: &[u8]) -> Result<(), OpenApiError> {
    envelope(status, body)?;
    Ok(())
}
