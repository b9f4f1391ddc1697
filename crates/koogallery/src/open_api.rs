//! The marketplace's open APIs: requests as values, and how to read what they answer.
//!
//! Who sends a request has to [sign](crate::sdk_signature) it for the host it goes to, and to send
//! exactly the bytes that were signed.
//!
//! Answers are read leniently, because the compatibility statement of the guides lets fields and
//! codes be added at any time: unknown fields are ignored, numbers and texts are interchangeable,
//! and a field that we cannot read is absent unless the answer means nothing without it.

pub mod activate;
mod answer;
pub mod query;

use std::fmt;

use serde::Serialize;

use crate::sdk_signature::{encoded, encoded_path};

pub use answer::CodeStatus;

/// The path that all open APIs start with.
const BASE_PATH: &str = "/api/mkp-openapi-public/global";

/// A request to an open API, without the host it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenApiRequest {
    /// The method.
    pub method: Method,
    /// The path, not yet encoded.
    pub path: String,
    /// Names and values of the query, not yet encoded.
    pub query: Vec<(String, String)>,
    /// The body, which is JSON.
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
    fn post(path: &str, body: &impl Serialize) -> Self {
        Self {
            method: Method::Post,
            path: format!("{BASE_PATH}{path}"),
            query: Vec::new(),
            body: Some(serde_json::to_vec(body).expect("texts are always JSON")),
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

/// Why an open API did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenApiError {
    /// `92020003`: the state of the code does not allow it. After a lost answer to an activation
    /// it may mean that the code is active already; a query tells.
    #[error("the state of the code does not allow this")]
    IllegalState,
    /// `92020004`: the buyer has not claimed the code yet.
    #[error("the buyer has not claimed the code")]
    NotClaimed,
    /// `92020005`: there is no such code.
    #[error("there is no such code")]
    UnknownCode,
    /// `92020011`: the code was never activated.
    #[error("the code is not activated")]
    NotActivated,
    /// The marketplace does not accept what we sent.
    #[error("the marketplace refuses a parameter")]
    InvalidParameter,
    /// The gateway or the marketplace does not accept our credentials, or our clock.
    #[error("the marketplace denies access")]
    Denied,
    /// We call too often.
    #[error("the marketplace asks for fewer calls")]
    Throttled,
    /// The marketplace failed.
    #[error("the marketplace is unavailable")]
    Unavailable,
    /// The answer is not what the guides describe.
    #[error("the answer is unreadable")]
    Unreadable,
    /// A code that the guides did not have when this was written.
    #[error("the marketplace answers with another error")]
    Other {
        /// The HTTP status.
        status: u16,
        /// The code in the body, cut after 16 characters.
        code: String,
    },
}

impl OpenApiError {
    /// Whether the same request may succeed after a while, without anybody doing anything. (That
    /// a buyer claims a code is something somebody has to do.)
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::Unreadable => true,
            Self::IllegalState
            | Self::NotClaimed
            | Self::UnknownCode
            | Self::NotActivated
            | Self::InvalidParameter
            | Self::Denied
            | Self::Other { .. } => false,
        }
    }

    /// The stable code under which the error is stored and counted. Persisted: never change one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IllegalState => "illegal_state",
            Self::NotClaimed => "not_claimed",
            Self::UnknownCode => "unknown_code",
            Self::NotActivated => "not_activated",
            Self::InvalidParameter => "invalid_parameter",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
            Self::Other { .. } => "other",
        }
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
        let request = OpenApiRequest {
            method: Method::Get,
            path: "/a b".to_owned(),
            query: vec![
                ("x".to_owned(), "1 2".to_owned()),
                ("y".to_owned(), "&".to_owned()),
            ],
            body: None,
        };
        assert_eq!(request.target(), "/a%20b?x=1%202&y=%26");
    }
}
