//! `SDK-HMAC-SHA256`: the signature of calls to the marketplace's open APIs.
//!
//! The platform's API request signing guide says: a canonical request of six lines is hashed, the
//! hash is signed together with the time, and the secret key is used as it is.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The header that carries the time of signing, in lower case.
pub const DATE_HEADER: &str = "x-sdk-date";

/// How far the clock of a caller may be off, in seconds.
pub const CLOCK_SKEW_SECONDS_MAX: i64 = 15 * 60;

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// An access key id and its secret.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The id, which every call names.
    pub access_key_id: String,
    /// The secret, which no call carries.
    pub secret_access_key: SecretString,
}

/// The parts of a request that the signature covers.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path as it is sent.
    pub path: &'a str,
    /// The query as it is sent, without its question mark.
    pub query: &'a str,
    /// All headers, with their names in lower case.
    pub headers: &'a [(String, String)],
    /// The body as it is sent.
    pub body: &'a [u8],
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(present, _)| present == name)?;
        Some(value)
    }
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdkError {
    /// There is no `Authorization` header.
    #[error("the authorization header is missing")]
    Missing,
    /// The header, or the time, cannot be read.
    #[error("the authorization header or its time is malformed")]
    Malformed,
    /// The access key id is not ours.
    #[error("the access key id is unknown")]
    UnknownKey,
    /// The time differs too much from ours.
    #[error("the time of signing is more than 15 minutes off")]
    Stale,
    /// The signature is another one.
    #[error("the signature does not match")]
    Mismatch,
}

/// The value of the `Authorization` header of a request that carries its [`DATE_HEADER`] already.
pub fn authorize(request: Request<'_>, signed: &[&str], credentials: &Credentials) -> String {
    let mut signed = signed.to_vec();
    signed.sort_unstable();
    let date = request.header(DATE_HEADER).unwrap_or_default();
    let mac = mac(request, &signed, date, &credentials.secret_access_key);
    format!(
        "{ALGORITHM} Access={}, SignedHeaders={}, Signature={}",
        credentials.access_key_id,
        signed.join(";"),
        hex::encode(mac.finalize().into_bytes()),
    )
}

/// Checks the signature and the clock of a request.
pub fn verify(
    request: Request<'_>,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<(), SdkError> {
    let header = request.header("authorization").ok_or(SdkError::Missing)?;
    let parts = Authorization::parse(header).ok_or(SdkError::Malformed)?;
    if parts.access != credentials.access_key_id {
        return Err(SdkError::UnknownKey);
    }
    let date = request.header(DATE_HEADER).ok_or(SdkError::Malformed)?;
    let signed_at = parse_date(date).ok_or(SdkError::Malformed)?;
    if (now - signed_at).num_seconds().abs() > CLOCK_SKEW_SECONDS_MAX {
        return Err(SdkError::Stale);
    }
    let mut signed: Vec<&str> = parts.signed_headers.split(';').collect();
    signed.sort_unstable();
    if !signed.contains(&DATE_HEADER) || signed.iter().any(|name| request.header(name).is_none()) {
        return Err(SdkError::Malformed);
    }
    let claimed = hex::decode(parts.signature).map_err(|_undecodable| SdkError::Malformed)?;
    mac(request, &signed, date, &credentials.secret_access_key)
        .verify_slice(&claimed)
        .map_err(|_different| SdkError::Mismatch)
}

/// The time of signing as it stands in its header.
pub fn sdk_date(instant: DateTime<Utc>) -> String {
    instant.format(DATE_FORMAT).to_string()
}

const DATE_FORMAT: &str = "%Y%m%dT%H%M%SZ";

fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, DATE_FORMAT)
        .ok()
        .map(|time| time.and_utc())
}

struct Authorization<'a> {
    access: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let rest = header.trim().strip_prefix(ALGORITHM)?;
        let part = |name: &str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            access: part("Access")?,
            signed_headers: part("SignedHeaders")?,
            signature: part("Signature")?,
        })
    }
}

fn mac(request: Request<'_>, signed: &[&str], date: &str, secret: &SecretString) -> Hmac<Sha256> {
    let hash = hex::encode(Sha256::digest(canonical_request(request, signed)));
    let secret = secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(format!("{ALGORITHM}\n{date}\n{hash}").as_bytes());
    mac
}

fn canonical_request(request: Request<'_>, signed: &[&str]) -> String {
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method,
        canonical_path(request.path),
        canonical_query(request.query),
    );
    for name in signed {
        let value = request.header(name).unwrap_or_default().trim();
        writeln!(text, "{name}:{value}").expect("a string takes every line");
    }
    let body = hex::encode(Sha256::digest(request.body));
    write!(text, "\n{}\n{body}", signed.join(";")).expect("a string takes every line");
    text
}

/// Every segment encoded anew, with the slash at the end that the signature wants.
fn canonical_path(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(encode_anew).collect();
    let path = segments.join("/");
    if path.ends_with('/') {
        path
    } else {
        path + "/"
    }
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn encode_anew(segment: &str) -> String {
    encode(&percent_decode_str(segment).decode_utf8_lossy())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests;
