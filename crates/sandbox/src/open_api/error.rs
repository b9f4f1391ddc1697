//! What the open APIs answer when they refuse.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::market::CodeError;
use crate::sdk::SdkError;

/// Why a call was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The gateway did not let it pass.
    #[error("incorrect authentication information")]
    Gateway(#[from] SdkError),
    /// The code does not allow it.
    #[error("the code does not allow it")]
    Code(#[from] CodeError),
    /// Another method than the API's.
    #[error("Request method not supported")]
    Method,
    /// The body is not declared as JSON.
    #[error("Content type not supported")]
    ContentType,
    /// The body is no JSON.
    #[error("req message is not readable")]
    Unreadable,
    /// A member is absent, too long or of another shape.
    #[error("req param is invalid")]
    Parameter,
    /// Our own mistake.
    #[error("internal error")]
    Internal,
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Gateway(_) => "APIGW.0301",
            Self::Code(error) => error.code(),
            Self::Method => "95000002",
            Self::ContentType => "95000003",
            Self::Unreadable => "95000004",
            Self::Parameter => "95000001",
            Self::Internal => "92020001",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Gateway(error) => format!("{self}: {error}"),
            Self::Code(error) => error.to_string(),
            Self::Method
            | Self::ContentType
            | Self::Unreadable
            | Self::Parameter
            | Self::Internal => self.to_string(),
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Gateway(_) => StatusCode::UNAUTHORIZED,
            Self::Code(_) | Self::Internal => StatusCode::OK,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unreadable | Self::Parameter => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let body = json!({ "error_code": self.code(), "error_msg": self.message() });
        HttpResponse::build(self.status_code()).json(body)
    }
}
