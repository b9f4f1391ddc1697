//! The signature of our own calls: `SDK-HMAC-SHA256`, as the cloud's API gateway wants it.

use hmac::Mac;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::open_api::OpenApiRequest;
use crate::signature::keyed;

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// What RFC 3986 calls unreserved stays as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The access key pair of the seller's cloud account; not to be confused with the
/// [access keys](crate::key) of the production interfaces.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name of the pair (AK).
    pub access_key_id: String,
    /// Its secret (SK).
    pub secret_access_key: SecretString,
}

/// The value of the header `Authorization` for a request.
///
/// The request has to be sent with exactly the headers that are signed: `Host` as given here,
/// `X-Sdk-Date` with `date` (see [`sdk_date`](crate::wire::sdk_date)), and, if it has a body,
/// `Content-Type` with the request's [`content_type`](OpenApiRequest::content_type). Another host
/// name, such as the fallback's, needs another signature.
pub fn authorization(
    credentials: &Credentials,
    request: &OpenApiRequest,
    host: &str,
    date: &str,
) -> String {
    let mut headers = vec![("host", host), ("x-sdk-date", date)];
    if request.body.is_some() {
        headers.push(("content-type", &request.content_type));
    }
    let canonical = CanonicalRequest {
        method: request.method.name(),
        path: &request.path,
        query: &request.query,
        headers: &headers,
        body: request.body.as_deref().unwrap_or_default(),
    };
    canonical.authorization(credentials, date)
}

/// The `Content-Type` of every body that we send, but for uploads.
pub const CONTENT_TYPE: &str = "application/json";

/// A request in the parts that a signature covers.
#[derive(Debug, Clone, Copy)]
pub struct CanonicalRequest<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, not yet encoded.
    pub path: &'a str,
    /// Names and values of the query, not yet encoded.
    pub query: &'a [(String, String)],
    /// Names and values of the headers to sign, in any order and case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty if there is none.
    pub body: &'a [u8],
}

impl CanonicalRequest<'_> {
    /// The text whose hash is signed.
    pub fn text(&self) -> String {
        let mut path = encoded_path(self.path);
        if !path.ends_with('/') {
            // For the signature only: the request keeps its path.
            path.push('/');
        }
        let mut pairs: Vec<_> = self
            .query
            .iter()
            .map(|(name, value)| (encoded(name), encoded(value)))
            .collect();
        pairs.sort();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut headers = String::new();
        for (name, value) in self.sorted_headers() {
            headers.extend([&name, ":", value.trim(), "\n"]);
        }
        [
            self.method,
            &path,
            &pairs.join("&"),
            &headers,
            &self.signed_headers(),
            &sha256(self.body),
        ]
        .join("\n")
    }

    /// The names of the signed headers, as the signature and the header name them.
    pub fn signed_headers(&self) -> String {
        let headers = self.sorted_headers();
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        names.join(";")
    }

    /// The signature at a date: 64 lower-case hexadecimal digits.
    pub fn signature(&self, credentials: &Credentials, date: &str) -> String {
        let secret = credentials.secret_access_key.expose_secret();
        let mac = keyed(secret.as_bytes());
        let to_sign = [ALGORITHM, date, &sha256(self.text().as_bytes())].join("\n");
        hex::encode(mac.chain_update(to_sign).finalize().as_bytes())
    }

    /// The value of the header `Authorization`.
    pub fn authorization(&self, credentials: &Credentials, date: &str) -> String {
        format!(
            "{ALGORITHM} Access={}, SignedHeaders={}, Signature={}",
            credentials.access_key_id,
            self.signed_headers(),
            self.signature(credentials, date)
        )
    }

    fn sorted_headers(&self) -> Vec<(String, &str)> {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), *value))
            .collect();
        headers.sort();
        headers
    }
}

/// A path with every segment percent-encoded.
pub(crate) fn encoded_path(path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(encoded).collect();
    segments.join("/")
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_encoded_sorted_and_trimmed() {
        let query = [("b", "2 3"), ("a", "é"), ("a", "+")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let canonical = CanonicalRequest {
            method: "GET",
            path: "/a b/~c",
            query: &query,
            headers: &[("X-Sdk-Date", " d "), ("Host", "h")],
            body: b"",
        };
        assert_eq!(
            canonical.text(),
            concat!(
                "GET\n/a%20b/~c/\na=%2B&a=%C3%A9&b=2%203\nhost:h\nx-sdk-date:d\n\n",
                "host;x-sdk-date\n",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            )
        );
    }

    #[test]
    fn no_debug_form_shows_the_secret() {
        let credentials = Credentials {
            access_key_id: "AKEXAMPLE00000000001".to_owned(),
            secret_access_key: SecretString::from("sk-example-0123456789"),
        };
        assert!(!format!("{credentials:?}").contains("sk-example"));
    }
}
