//! What the answers of the open APIs have in common.

use serde_json::{Map, Value};
use tenure_domain::{Instant, Quantity};

use super::OpenApiError;
use crate::wire;

const SUCCESS: &str = "92020000";

/// The most characters of a foreign text that we keep.
const KEPT_CHARACTERS_MAX: usize = 16;

/// What an authorization code is, as the marketplace sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeStatus {
    /// `ALIVE`: in force.
    Alive,
    /// `EXPIRED`: block the use, and guide the buyer to a renewal.
    Expired,
    /// `RELEASED`: over for good.
    Released,
    /// A word that the guides did not have when this was written, cut after 16 characters.
    Other(String),
}

impl CodeStatus {
    fn from_wire(text: &str) -> Self {
        match text {
            "ALIVE" => Self::Alive,
            "EXPIRED" => Self::Expired,
            "RELEASED" => Self::Released,
            other => Self::Other(cut(other)),
        }
    }
}

/// Looks into the envelope of an answer: its `data` if it is a success, and the error otherwise.
///
/// A success is HTTP status 200 and code `92020000`, both. An earlier edition of the guide used
/// the same code for two errors with different statuses, so that the status is looked at first.
pub(super) fn open(status: u16, body: &[u8]) -> Result<Data, OpenApiError> {
    match status {
        401 | 403 => return Err(OpenApiError::Denied),
        429 => return Err(OpenApiError::Throttled),
        500.. => return Err(OpenApiError::Unavailable),
        _ => {},
    }
    let envelope = match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Data(members),
        Ok(_) | Err(_) if status == 200 => return Err(OpenApiError::Unreadable),
        Ok(_) | Err(_) => Data::default(),
    };
    let code = envelope
        .text("error_code")
        .or_else(|| envelope.text("resultCode"))
        .unwrap_or_default();
    if status == 200 && code == SUCCESS {
        return Ok(envelope.inner("data").unwrap_or_default());
    }
    Err(match code.as_str() {
        "92020001" => OpenApiError::Unavailable,
        "92020002" | "95000001" | "95000002" | "95000003" | "95000004" => {
            OpenApiError::InvalidParameter
        },
        "92020003" => OpenApiError::IllegalState,
        "92020004" => OpenApiError::NotClaimed,
        "92020005" => OpenApiError::UnknownCode,
        "92020011" => OpenApiError::NotActivated,
        "" if status == 200 => OpenApiError::Unreadable,
        gateway if gateway.starts_with("APIG") => OpenApiError::Denied,
        other => OpenApiError::Other {
            status,
            code: cut(other),
        },
    })
}

/// An object of an answer.
#[derive(Debug, Default)]
pub(super) struct Data(Map<String, Value>);

impl Data {
    /// An object inside, or a text that holds one: the guides have both.
    pub(super) fn inner(&self, name: &str) -> Option<Self> {
        match self.0.get(name)? {
            Value::Object(members) => Some(Self(members.clone())),
            Value::String(text) => serde_json::from_str(text).ok().map(Self),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }

    /// A text or a number, without the blanks around it; `None` if there is nothing else.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Object(_) | Value::Array(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// An identifier, if there is a well-formed one.
    pub(super) fn id<T, E>(&self, name: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
        parse(&self.text(name)?).ok()
    }

    pub(super) fn status(&self) -> Option<CodeStatus> {
        Some(CodeStatus::from_wire(&self.text("status")?))
    }

    pub(super) fn time(&self, name: &str) -> Option<Instant> {
        wire::answer_time(&self.text(name)?)
    }

    /// The end of the term; the name of the field differs between places of the guide.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.time("expire_time")
            .or_else(|| self.time("expired_time"))
    }

    pub(super) fn quantity(&self) -> Option<Quantity> {
        Quantity::parse(self.text("amount")?.parse().ok()?).ok()
    }
}

fn cut(text: &str) -> String {
    text.chars().take(KEPT_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: OpenApiError) {
        assert_eq!(
            open(status, body.as_bytes()).unwrap_err(),
            expected,
            "{body}"
        );
    }

    fn code(code: &str) -> String {
        format!(r#"{{"error_code":"{code}","error_msg":"text"}}"#)
    }

    #[test]
    fn a_success_needs_both_status_and_code() {
        assert!(open(200, code("92020000").as_bytes()).is_ok());
        assert!(open(200, br#"{"error_code":92020000}"#).is_ok());
        assert!(open(200, br#"{"resultCode":" 92020000 "}"#).is_ok());
        check(
            201,
            &code("92020000"),
            OpenApiError::Other {
                status: 201,
                code: "92020000".to_owned(),
            },
        );
        check(500, &code("92020000"), OpenApiError::Unavailable);
        check(401, &code("92020000"), OpenApiError::Denied);
    }

    #[test]
    fn codes_have_names() {
        check(200, &code("92020001"), OpenApiError::Unavailable);
        check(200, &code("92020002"), OpenApiError::InvalidParameter);
        check(200, &code("92020003"), OpenApiError::IllegalState);
        check(200, &code("92020004"), OpenApiError::NotClaimed);
        check(200, &code("92020005"), OpenApiError::UnknownCode);
        check(200, &code("92020011"), OpenApiError::NotActivated);
        check(400, &code("95000001"), OpenApiError::InvalidParameter);
        check(405, &code("95000002"), OpenApiError::InvalidParameter);
        check(415, &code("95000003"), OpenApiError::InvalidParameter);
        check(400, &code("95000004"), OpenApiError::InvalidParameter);
        check(404, &code("APIG.0101"), OpenApiError::Denied);
        check(401, &code("APIGW.0301"), OpenApiError::Denied);
        check(403, &code("92020001"), OpenApiError::Denied);
        check(429, &code("APIGW.0308"), OpenApiError::Throttled);
        check(503, "<html>", OpenApiError::Unavailable);
    }

    #[test]
    fn foreign_codes_are_cut() {
        check(
            200,
            &code("9202009999999999999999"),
            OpenApiError::Other {
                status: 200,
                code: "9202009999999999".to_owned(),
            },
        );
        check(
            404,
            "not JSON",
            OpenApiError::Other {
                status: 404,
                code: String::new(),
            },
        );
    }

    #[test]
    fn a_200_that_says_nothing_is_unreadable() {
        for body in ["", "[]", "{}", "<html>", r#"{"error_code":null}"#] {
            check(200, body, OpenApiError::Unreadable);
        }
    }

    #[test]
    fn only_what_mends_itself_is_retryable() {
        for retryable in [
            OpenApiError::Throttled,
            OpenApiError::Unavailable,
            OpenApiError::Unreadable,
        ] {
            assert!(retryable.is_retryable(), "{}", retryable.code());
        }
        for lasting in [
            OpenApiError::IllegalState,
            OpenApiError::NotClaimed,
            OpenApiError::Denied,
        ] {
            assert!(!lasting.is_retryable(), "{}", lasting.code());
        }
    }
}
