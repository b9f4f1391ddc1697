//! What went wrong, as RFC 9457 (`application/problem+json`) has it.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use tenure_domain::{ListingId, Refusal};
use tenure_journal::vault::VaultError;
use tenure_journal::{ReadError, ReceiptId, Unavailable};
use tenure_koogallery::OpenApiError;
use tenure_outbound::{ActivateError, CheckError, SendError};
use tenure_projector::QueryError;
use utoipa::ToSchema;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a question was not answered, or a command not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Box<str>,
    receipt_id: Option<ReceiptId>,
}

/// A problem as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Names the kind of problem: `urn:tenure:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:tenure:problem:unknown_license")]
    pub kind: String,
    /// The code in words.
    #[schema(example = "unknown license")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// A stable code for programs.
    #[schema(example = "unknown_license")]
    pub code: String,
    /// What happened, and what to do about it.
    #[schema(example = "no license has this id")]
    pub detail: String,
    /// The receipt of what the marketplace said, if it said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_id: Option<String>,
}

impl Problem {
    /// Makes a problem. The code is stable: never change one.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            receipt_id: None,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What happened, and what to do about it.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether we failed, and not whoever asked.
    pub(crate) fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }

    /// The form that is sent.
    pub fn view(&self) -> ProblemView {
        ProblemView {
            kind: format!("urn:tenure:problem:{}", self.code),
            title: self.code.replace('_', " "),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.to_string(),
            receipt_id: self.receipt_id.map(|id| id.to_string()),
        }
    }

    /// What the caller sent cannot be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing.
    pub fn not_found(code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// It cannot be done now, and may be in a while.
    pub fn unavailable(code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    /// Somebody has to look into the log.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something is wrong with the service; its log says what",
        )
    }

    /// The license is one that a rule of the domain keeps from changing so.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Unknown | Refusal::FileNotRequested => StatusCode::NOT_FOUND,
            Refusal::OtherFamily
            | Refusal::Released
            | Refusal::NotProvisionable
            | Refusal::NotItsOrder
            | Refusal::NoFiles
            | Refusal::FileQuotaExhausted
            | Refusal::FileOutsideTerm
            | Refusal::FileExpiryRequired
            | Refusal::FileFingerprintRequired
            | Refusal::FileMadeBefore
            | Refusal::SerialReused => StatusCode::CONFLICT,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }

    fn with_receipt(mut self, receipt_id: ReceiptId) -> Self {
        self.receipt_id = Some(receipt_id);
        self
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Unavailable(cause) => {
                tracing::error!(%error, %cause, "the journal cannot be read");
                Self::unavailable(
                    "journal_unavailable",
                    "the journal cannot be read: try again",
                )
            },
            ReadError::Corrupt { .. } => {
                tracing::error!(%error, "the journal cannot be read");
                Self::internal()
            },
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        let cause = std::error::Error::source(&error);
        tracing::error!(%error, cause, "the vault cannot be used");
        Self::unavailable(
            "vault_unavailable",
            "personal data cannot be sealed or read: the log says why; try again",
        )
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        let detail = match error {
            Unavailable::Full | Unavailable::Late => {
                "too many calls wait; nothing was recorded: try again"
            },
            Unavailable::Failed => {
                "the journal cannot be written: try again, which does no harm if it was recorded"
            },
            Unavailable::Stopped => "the service stops: try again",
        };
        Self::unavailable("journal_unavailable", detail)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match &error {
            QueryError::Cursor => Self::bad_request(
                "malformed_cursor",
                "cursor is not one that the same question gave: begin again without it",
            ),
            QueryError::Ambiguous { name } => Self::ambiguous(name),
            QueryError::TooMany { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many",
                format!("{error}; ask license by license, or follow /v1/records"),
            ),
            QueryError::Store(cause) => {
                tracing::error!(%error, %cause, "the read model cannot answer");
                Self::unavailable(
                    "read_model_unavailable",
                    "the read model cannot answer: try again",
                )
            },
        }
    }
}

impl Problem {
    /// Several merchants have one of that name.
    pub(crate) fn ambiguous(name: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "ambiguous",
            format!(
                "several merchants have {name}: add listing=, and the merchant of that listing is meant"
            ),
        )
    }
}

impl From<ActivateError> for Problem {
    fn from(error: ActivateError) -> Self {
        let (status, detail) = explain(&error);
        let problem = Self::new(status, error.code(), detail);
        match &error {
            ActivateError::Marketplace { receipt_id, .. }
            | ActivateError::NotInForce { receipt_id, .. }
            | ActivateError::Refused { receipt_id, .. } => problem.with_receipt(*receipt_id),
            ActivateError::NotConfigured { .. }
            | ActivateError::Send(_)
            | ActivateError::NotTried
            | ActivateError::Journal(_) => problem,
        }
    }
}

impl From<CheckError> for Problem {
    fn from(error: CheckError) -> Self {
        let (status, detail) = explain_check(&error);
        let problem = Self::new(status, error.code(), detail);
        match &error {
            CheckError::Marketplace { receipt_id, .. }
            | CheckError::NotRecorded { receipt_id, .. } => problem.with_receipt(*receipt_id),
            CheckError::NotConfigured { .. }
            | CheckError::UserByV2
            | CheckError::Send(_)
            | CheckError::Journal(_) => problem,
        }
    }
}

fn explain_check(error: &CheckError) -> (StatusCode, String) {
    let (status, detail) = match error {
        CheckError::NotConfigured { listing } => return explain_unconfigured(listing),
        CheckError::UserByV2 => (
            StatusCode::CONFLICT,
            "open_api.activation is v2, and only v1 can be told who uses a code: leave \
             heartbeat_info out, or report the use of the license",
        ),
        CheckError::Send(error) => explain_send(error),
        CheckError::Marketplace { error, .. } => explain_marketplace(error),
        CheckError::NotRecorded { .. } => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "what the journal holds of this code cannot be read; the log says why",
        ),
        CheckError::Journal(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "what the marketplace said was not recorded: try again",
        ),
    };
    (status, detail.to_owned())
}

fn explain_unconfigured(listing: &ListingId) -> (StatusCode, String) {
    let detail = format!("listing {listing} has no open_api section in the configuration");
    (StatusCode::CONFLICT, detail)
}

fn explain(error: &ActivateError) -> (StatusCode, String) {
    let (status, detail) = match error {
        ActivateError::NotConfigured { listing } => return explain_unconfigured(listing),
        ActivateError::NotTried => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the codes before it met what this one would meet too: try again in a while",
        ),
        ActivateError::NotInForce { status, .. } => {
            let detail = format!("the marketplace calls the code {status}: it does not come back");
            return (StatusCode::CONFLICT, detail);
        },
        ActivateError::Refused { reason, .. } => {
            let detail = format!(
                "the code is active for the marketplace, but a rule says no here: {reason}"
            );
            return (StatusCode::CONFLICT, detail);
        },
        ActivateError::Send(error) => explain_send(error),
        ActivateError::Marketplace { error, .. } => explain_marketplace(error),
        ActivateError::Journal(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "what the marketplace said was not recorded: try again",
        ),
    };
    (status, detail.to_owned())
}

fn explain_send(error: &SendError) -> (StatusCode, &'static str) {
    match error {
        SendError::Unreachable(_) => (
            StatusCode::BAD_GATEWAY,
            "the marketplace cannot be reached: try again in a while",
        ),
        SendError::TimedOut(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            "the marketplace did not answer in time: try again, which finds out what became of it",
        ),
        SendError::Broken(_) => (
            StatusCode::BAD_GATEWAY,
            "the connection broke: try again, which finds out what became of it",
        ),
        SendError::Untrusted(_) => (
            StatusCode::BAD_GATEWAY,
            "the host does not prove to be the marketplace: check the endpoint and the root certificates",
        ),
        SendError::TooLarge { .. } => (
            StatusCode::BAD_GATEWAY,
            "the answer is longer than any of the marketplace's: check the endpoint",
        ),
        SendError::Address(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request cannot be addressed: check the endpoint",
        ),
    }
}

fn explain_marketplace(error: &OpenApiError) -> (StatusCode, &'static str) {
    match error {
        OpenApiError::NotClaimed => (
            StatusCode::CONFLICT,
            "the buyer has not claimed the code yet: ask the buyer to, then try again",
        ),
        OpenApiError::UnknownCode => (
            StatusCode::NOT_FOUND,
            "the marketplace knows no such code: check it, and that it was sold through this listing",
        ),
        OpenApiError::IllegalState | OpenApiError::NotActivated => (
            StatusCode::CONFLICT,
            "the marketplace says that the state of the code does not allow this",
        ),
        OpenApiError::InvalidParameter => (
            StatusCode::BAD_GATEWAY,
            "the marketplace refuses what was sent: its answer is in the receipt",
        ),
        OpenApiError::Denied => (
            StatusCode::BAD_GATEWAY,
            "the marketplace denies access: check open_api.access_key_id, its secret and the clock of this machine",
        ),
        OpenApiError::Throttled => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the marketplace asks for fewer calls: try again in a while",
        ),
        OpenApiError::Unavailable => (
            StatusCode::BAD_GATEWAY,
            "the marketplace has trouble: try again in a while",
        ),
        OpenApiError::Unreadable
        | OpenApiError::FileRefused { .. }
        | OpenApiError::Other { .. } => (
            StatusCode::BAD_GATEWAY,
            "the marketplace answers in a way that its guides do not describe: its answer is in the receipt",
        ),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, "1"));
        }
        response
            .insert_header((actix_web::http::header::CONTENT_TYPE, MEDIA_TYPE))
            .json(self.view())
    }
}
