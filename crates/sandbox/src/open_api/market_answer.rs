//! Answers of the interfaces with `MKT.` and `CBC.` codes: order query, usage push, upload.
//!
//! The table is that of the marketplace's SaaS guide, and for uploads that of its guide for online
//! licenses.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value};

use super::Refusal;
use super::manner::Spelled;

/// A row of the error table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarketFault {
    Internal,
    Range,
    Parameter,
    BodySignature,
    Unreadable,
    NotAllowed,
    TooFrequent,
    UnknownInstance,
    NotMetered,
    TooManyRecords,
    TooOld,
}

/// Why a call was refused.
#[derive(Debug)]
pub(super) enum MarketRefusal {
    /// By what stands before all interfaces.
    Platform(Refusal),
    /// By a row of the table, and what exactly it is about.
    Known(MarketFault, String),
    /// By the interface for licenses that were applied for: `error_code` and text.
    License(&'static str, String),
}

impl From<Refusal> for MarketRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Platform(refusal)
    }
}

impl MarketFault {
    /// A refusal that says what it is about.
    pub(super) fn about(self, detail: impl Into<String>) -> MarketRefusal {
        MarketRefusal::Known(self, detail.into())
    }

    /// HTTP status, code without prefix, text, and whether `extra_info` comes with it.
    fn row(self) -> (u16, &'static str, &'static str, bool) {
        match self {
            Self::Internal => (500, "0999", "internal error", false),
            Self::Range => (500, "0100", "input parameter check failed", true),
            Self::Parameter => (400, "0101", "invalid parameter", false),
            Self::BodySignature => (400, "0102", "body signature check failed", false),
            Self::Unreadable => (400, "0199", "parameter error", false),
            Self::NotAllowed => (401, "0150", "operation not allowed", true),
            Self::TooFrequent => (406, "0250", "call frequency exceeded", true),
            Self::UnknownInstance => (500, "9001", "instance id not found", true),
            Self::NotMetered => (500, "9002", "invalid metering entity", true),
            Self::TooManyRecords => (500, "9003", "too many usage records", false),
            Self::TooOld => (500, "9004", "begin time out of range", true),
        }
    }
}

impl Spelled {
    /// The answer that all went well, with more members.
    pub(super) fn success(
        self,
        members: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> HttpResponse {
        let mut body = self.body(&format!("{}0000", self.prefix), "success");
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        body.extend(members);
        HttpResponse::Ok().json(body)
    }

    /// The answer that refuses.
    pub(super) fn refusal(self, refusal: &MarketRefusal) -> HttpResponse {
        match refusal {
            MarketRefusal::Platform(refusal) => refusal.error_response(),
            MarketRefusal::License(code, message) => {
                HttpResponse::Ok().json(self.body(code, message))
            },
            MarketRefusal::Known(fault, detail) => {
                let (status, code, text, has_extra) = fault.row();
                let message = format!("{text}: {detail}");
                let mut body = self.body(&format!("{}{code}", self.prefix), &message);
                if has_extra {
                    body.insert("extra_info".to_owned(), detail.as_str().into());
                }
                let status = StatusCode::from_u16(status);
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                HttpResponse::build(status).json(body)
            },
        }
    }

    fn body(self, code: &str, message: &str) -> Map<String, Value> {
        Map::from_iter([
            (self.code.to_owned(), code.into()),
            (self.message.to_owned(), message.into()),
        ])
    }
}
