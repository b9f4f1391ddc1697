//! The marketplace's open APIs: requests as values, and how to read what they answer.
//!
//! Who sends a request has to [sign](crate::sdk_signature) it for the host it goes to, and to send
//! exactly the bytes that were signed.
//!
//! What the guides bound is bounded by a type ([`bounded`] and the types of each API), so that a
//! request that exists can be sent.
//!
//! Answers are read leniently, because the compatibility statement of the guides lets fields and
//! codes be added at any time: unknown fields are ignored, numbers and texts are interchangeable,
//! and a field that we cannot read is absent unless the answer means nothing without it. What a
//! failure asks for is an [`OpenApiError::reaction`].

pub mod activate;
pub mod activate_v2;
mod answer;
pub mod bounded;
mod failure;
pub mod order;
pub mod query;
pub mod query_v2;
pub mod software_usage;
pub mod upload;
pub mod usage;
pub mod usage_old;

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::sdk_signature::{CONTENT_TYPE, encoded, encoded_path};

pub use answer::ANSWER_BYTES_MAX;
pub use failure::{OpenApiError, Reaction, clock_skew_seconds};
pub use tenure_domain::CodeStatus;

/// The path that almost all open APIs start with.
const BASE_PATH: &str = "/api/mkp-openapi-public/global";

/// A request to an open API, without the host it goes to.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenApiRequest {
    /// The method.
    pub method: Method,
    /// The path, not yet encoded.
    pub path: String,
    /// Names and values of the query, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Names and values of the headers that this API asks for beside those of every request. The
    /// [signature](crate::sdk_signature) does not cover them.
    pub headers: Vec<(&'static str, String)>,
    /// The `Content-Type` of the body. It means nothing without one.
    pub content_type: Cow<'static, str>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// The methods that the open APIs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Everything else.
    Post,
}

impl Method {
    /// The name in a request line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl OpenApiRequest {
    /// A request without a body; `path` is what follows the [`BASE_PATH`].
    pub fn get(path: &str, query: Vec<(String, String)>) -> Self {
        Self {
            method: Method::Get,
            path: format!("{BASE_PATH}{path}"),
            query,
            headers: Vec::new(),
            content_type: Cow::Borrowed(CONTENT_TYPE),
            body: None,
        }
    }

    /// A request with JSON as its body; `path` is what follows the [`BASE_PATH`].
    fn post(path: &str, body: &impl Serialize) -> Self {
        Self::post_to(format!("{BASE_PATH}{path}"), body)
    }

    /// A request with JSON as its body, to a whole path.
    fn post_to(path: String, body: &impl Serialize) -> Self {
        Self {
            method: Method::Post,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            content_type: Cow::Borrowed(CONTENT_TYPE),
            body: Some(serde_json::to_vec(body).expect("texts and numbers are always JSON")),
        }
    }

    /// Path and query, encoded as they are signed: what follows the host in the address.
    pub fn target(&self) -> String {
        let mut target = encoded_path(&self.path);
        for (index, (name, value)) in self.query.iter().enumerate() {
            target.push(if index == 0 { '?' } else { '&' });
            target.push_str(&encoded(name));
            target.push('=');
            target.push_str(&encoded(value));
        }
        target
    }
}

/// Bodies may hold the accounts of users, so of body and headers only the size is shown.
impl fmt::Debug for OpenApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenApiRequest")
            .field("method", &self.method)
            .field("target", &self.target())
            .field("headers", &self.headers.len())
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_encoded_as_it_is_signed() {
        let query = vec![
            ("x".to_owned(), "1 2".to_owned()),
            ("y".to_owned(), "&".to_owned()),
        ];
        let request = OpenApiRequest::get("/a b", query);
        assert_eq!(
            request.target(),
            "/api/mkp-openapi-public/global/a%20b?x=1%202&y=%26"
        );
    }

    #[test]
    fn no_debug_form_shows_a_body_or_a_header() {
        let mut request = OpenApiRequest::post("/x", &"zhang.san");
        let signature = "c2lnbmF0dXJl".to_owned();
        request.headers.push(("signature", signature.clone()));
        let shown = format!("{request:?}");
        assert!(shown.contains("body_bytes: Some(11)"), "{shown}");
        assert!(!shown.contains(&signature), "{shown}");
    }
}
