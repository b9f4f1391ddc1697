//! What the gateway and the license APIs answer when they refuse.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::market::{BatchError, CodeError};
use crate::random::mix;
use crate::sdk::SdkError;

/// Why a call was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The gateway did not let it pass.
    #[error("Incorrect IAM authentication information")]
    Gateway(#[from] SdkError),
    /// The gateway lets no more pass for now.
    #[error("The throttling threshold has been reached")]
    Throttled,
    /// The body is longer than the gateway takes.
    #[error("Request entity too large")]
    TooLarge,
    /// The gateway knows no such address.
    #[error("The API does not exist or has not been published in the environment")]
    NoSuchApi,
    /// The code does not allow it.
    #[error("the code does not allow it")]
    Code(#[from] CodeError),
    /// A batch of codes does not allow it.
    #[error("the batch does not allow it")]
    Batch(#[from] BatchError),
    /// Another method than the API's.
    #[error("Request method not supported")]
    Method,
    /// The body is declared as something else than the API takes.
    #[error("Content type not supported")]
    ContentType,
    /// The body is no JSON.
    #[error("req message is not readable")]
    Unreadable,
    /// A member is absent, too long or of another shape.
    #[error("req param is invalid")]
    Parameter,
    /// Our own mistake, or one that was asked for.
    #[error("internal error")]
    Internal,
}

impl Refusal {
    /// HTTP status and `error_code`.
    fn codes(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Gateway(_) => (StatusCode::UNAUTHORIZED, "APIGW.0301"),
            Self::Throttled => (StatusCode::TOO_MANY_REQUESTS, "APIGW.0308"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "APIGW.0201"),
            Self::NoSuchApi => (StatusCode::NOT_FOUND, "APIGW.0101"),
            Self::Code(error) | Self::Batch(BatchError::Code(error)) => {
                (StatusCode::OK, error.code())
            },
            Self::Batch(BatchError::Repeated) => (StatusCode::OK, "92020002"),
            Self::Batch(BatchError::UnknownCode) => (StatusCode::OK, "92020020"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "95000002"),
            Self::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "95000003"),
            Self::Unreadable => (StatusCode::BAD_REQUEST, "95000004"),
            Self::Parameter => (StatusCode::BAD_REQUEST, "95000001"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "92020001"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Gateway(error) => format!("{self}: {error}"),
            Self::Code(error) | Self::Batch(BatchError::Code(error)) => error.to_string(),
            Self::Batch(BatchError::UnknownCode) => "Invalid license code exists.".to_owned(),
            Self::Batch(error @ BatchError::Repeated) => error.to_string(),
            Self::Throttled
            | Self::TooLarge
            | Self::NoSuchApi
            | Self::Method
            | Self::ContentType
            | Self::Unreadable
            | Self::Parameter
            | Self::Internal => self.to_string(),
        }
    }

    /// The gateway names every request that it answers itself.
    fn request_id(&self) -> Option<String> {
        static ANSWERED: AtomicU64 = AtomicU64::new(0);
        match self {
            Self::Gateway(_) | Self::Throttled | Self::TooLarge | Self::NoSuchApi => {
                let number = ANSWERED.fetch_add(1, Ordering::Relaxed);
                Some(format!("{:016x}{number:016x}", mix(number)))
            },
            Self::Code(_)
            | Self::Batch(_)
            | Self::Method
            | Self::ContentType
            | Self::Unreadable
            | Self::Parameter
            | Self::Internal => None,
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.codes().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code) = self.codes();
        let mut body = json!({ "error_code": code, "error_msg": self.message() });
        if let (Some(id), Some(members)) = (self.request_id(), body.as_object_mut()) {
            members.insert("request_id".to_owned(), id.into());
        }
        HttpResponse::build(status).json(body)
    }
}
