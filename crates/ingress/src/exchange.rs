//! A call as HTTP brought it, and what goes back.

use std::fmt;

use actix_web::http::StatusCode;
use tenure_domain::Instant;
use tenure_journal::transact::Done;
use tenure_koogallery::{Answer, Rejection, ResultCode};

use crate::body::Taken;

/// A call as HTTP brought it.
///
/// Its debug form has neither query nor body: both may say who the buyer is.
pub struct Incoming {
    /// The last segment of the address.
    pub listing: String,
    /// The HTTP method.
    pub method: String,
    /// The query string as sent.
    pub query: String,
    /// The body, or as much of it as was read.
    pub body: Taken,
    /// When its head had arrived.
    pub arrived_at: Instant,
}

/// What goes back.
///
/// Its debug form has no body: the account with which a buyer begins may stand in it.
pub struct Reply {
    /// 200 for everything that the marketplace can be told by a result code.
    pub status: StatusCode,
    /// JSON.
    pub body: Vec<u8>,
    /// Whether the connection must be closed, because the call was not read to its end.
    pub close: bool,
    /// The value of the header `Body-Sign`, where the body is signed: in answers to V1.0.
    pub body_sign: Option<String>,
}

/// The answer to a call that is on disk.
pub(crate) fn told(done: Done) -> Reply {
    Reply {
        status: StatusCode::OK,
        body: done.answer.into(),
        close: false,
        body_sign: None,
    }
}

/// The answer to a call whose body was not read to its end.
pub(crate) fn unread(reply: Reply, rejection: Rejection) -> Reply {
    let status = if rejection == Rejection::BodyTooLarge {
        StatusCode::PAYLOAD_TOO_LARGE
    } else if rejection == Rejection::SlowBody {
        StatusCode::REQUEST_TIMEOUT
    } else {
        StatusCode::OK
    };
    Reply {
        status,
        close: true,
        ..reply
    }
}

/// Nothing was acknowledged: the marketplace makes the call again.
pub(crate) fn unavailable() -> Reply {
    let body = Answer::of(ResultCode::InternalError).to_json();
    Reply {
        status: StatusCode::OK,
        body,
        close: false,
        body_sign: None,
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("listing", &self.listing)
            .field("method", &self.method)
            .field("arrived_at", &self.arrived_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("close", &self.close)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    #[test]
    fn no_debug_form_shows_a_query_or_a_body() {
        let incoming = Incoming {
            listing: "cad-pro".to_owned(),
            method: "GET".to_owned(),
            query: "mobilePhone=13800000000".to_owned(),
            body: Taken {
                bytes: Bytes::from_static(b"13800000000"),
                ..Taken::default()
            },
            arrived_at: Instant::from_seconds(0),
        };
        let reply = Reply {
            status: StatusCode::OK,
            body: b"13800000000".to_vec(),
            close: false,
            body_sign: Some("13800000000".to_owned()),
        };
        let shown = format!("{incoming:?} {reply:?}");
        assert!(shown.contains("cad-pro"));
        assert!(!shown.contains("13800000000"), "{shown}");
        assert!(!shown.contains("[49, 51"), "{shown}");
    }
}
