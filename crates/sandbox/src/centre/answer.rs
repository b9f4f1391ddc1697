//! Answers of the centre, and what it says when it refuses.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::{HttpResponse, ResponseError};
use reqwest::Url;
use serde_json::{Value, json};

use super::manner::Fault;
use super::place::Place;

/// Why a call was refused, in the words of the OAuth interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No enterprise has the `domainName` that was called.
    UnknownEnterprise,
    /// A parameter is absent, comes twice or cannot be read.
    Request(&'static str),
    /// Neither kind of grant.
    GrantType,
    /// No such client here, or another secret.
    BadClient,
    /// The code was made for another client.
    ClientMismatch,
    /// The code is unknown, used or old.
    Code,
    /// Another address than the registered one, or than the one the code was sent to.
    RedirectUri,
    /// The refresh token is unknown, old or another client's.
    RefreshToken,
    /// No access token, or none that is good.
    Unauthorized,
    /// Asked for on purpose.
    Forbidden,
    /// Asked for on purpose.
    Internal,
}

impl Refusal {
    /// HTTP status, `error` and `error_description`.
    fn words(self) -> (StatusCode, &'static str, &'static str) {
        const BAD_CLIENT: &str = "Bad client credentials";
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::UnknownEnterprise => {
                let description = "No enterprise has this domain name";
                (StatusCode::NOT_FOUND, "not_found", description)
            },
            Self::Request(description) => (bad, "invalid_request", description),
            Self::GrantType => (bad, "unsupported_grant_type", "Unsupported grant type"),
            Self::BadClient => (bad, "invalid_client", BAD_CLIENT),
            Self::ClientMismatch => (bad, "invalid_client", "Client ID mismatch"),
            Self::Code => (bad, "invalid_grant", "Invalid authorization code"),
            Self::RedirectUri => (bad, "invalid_grant", "Redirect URI mismatch"),
            Self::RefreshToken => (bad, "invalid_grant", "Invalid refresh token"),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Full authentication is required to access this resource",
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, "invalid_client", BAD_CLIENT),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "Internal server error",
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, error, description) = self.words();
        write!(f, "{error}: {description}")
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.words().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, error, description) = self.words();
        HttpResponse::build(status)
            .json(json!({ "error": error, "error_description": description }))
    }
}

/// The body of an answer to a merchant.
#[derive(Debug)]
pub(super) struct Told {
    media_type: &'static str,
    text: String,
}

impl Told {
    pub(super) fn json(value: &Value) -> Self {
        Self {
            media_type: "application/json;charset=UTF-8",
            text: value.to_string(),
        }
    }

    pub(super) fn xml(text: String) -> Self {
        Self {
            media_type: "application/xml;charset=UTF-8",
            text,
        }
    }

    /// The first half of it.
    fn halved(mut self) -> Self {
        let mut middle = self.text.len() / 2;
        while !self.text.is_char_boundary(middle) {
            middle += 1;
        }
        self.text.truncate(middle);
        self
    }
}

/// Answers a merchant, after the fault that the call met, and notes the call.
pub(super) async fn answer(
    place: &Place,
    interface: &'static str,
    fault: Option<Fault>,
    told: Result<Told, Refusal>,
) -> HttpResponse {
    let told = match fault {
        Some(Fault::Malformed) => told.map(Told::halved),
        _ => told,
    };
    let answered = told.map(|told| {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, told.media_type))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(told.text)
    });
    let answer = place.noted(interface, answered);
    if fault == Some(Fault::Slow) {
        tokio::time::sleep(place.centre.manner.settings().delay()).await;
    }
    answer
}

/// Sends a browser somewhere. Anything but ASCII is escaped.
pub(super) fn redirect(address: &str) -> HttpResponse {
    let address = match Url::parse(address) {
        Ok(url) if !address.is_ascii() => url.to_string(),
        Ok(_) | Err(_) => address.to_owned(),
    };
    HttpResponse::Found()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
