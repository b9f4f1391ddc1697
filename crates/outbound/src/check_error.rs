//! Why a code was not checked.

use tenure_domain::ListingId;
use tenure_journal::{ReceiptId, Unavailable};
use tenure_koogallery::OpenApiError;

use crate::activator::AskError;
use crate::send_error::SendError;

/// Why it is not known what the marketplace says of a code.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The listing has no access to the open APIs.
    #[error("listing {listing} has no open APIs configured")]
    NotConfigured {
        /// The listing.
        listing: ListingId,
    },
    /// Only the first edition of the interface can be told who uses a code.
    #[error("the second edition of the query cannot be told who uses a code")]
    UserByV2,
    /// The marketplace did not answer, or nobody that can be trusted did.
    #[error("the marketplace was not heard")]
    Send(#[from] SendError),
    /// The marketplace does not say what the code is.
    #[error("the marketplace does not say what the code is")]
    Marketplace {
        /// What it says.
        #[source]
        error: OpenApiError,
        /// The receipt of its answer.
        receipt_id: ReceiptId,
    },
    /// What it said waits for a person: the journal cannot be read there.
    #[error("the answer of the marketplace was not applied: {reason}")]
    NotRecorded {
        /// The stable code of why.
        reason: Box<str>,
        /// The receipt of its answer.
        receipt_id: ReceiptId,
    },
    /// What it said could not be recorded.
    #[error("the answer of the marketplace was not recorded")]
    Journal(#[from] Unavailable),
}

impl CheckError {
    /// Whether the same question may be answered after a while, without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Send(error) => error.is_retryable(),
            Self::Marketplace { error, .. } => error.is_retryable(),
            Self::Journal(_) => true,
            Self::NotConfigured { .. } | Self::UserByV2 | Self::NotRecorded { .. } => false,
        }
    }

    /// The stable code under which the error is shown. Never change one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured { .. } => "open_api_not_configured",
            Self::UserByV2 => "heartbeat_info_needs_v1",
            Self::Send(error) => error.code(),
            Self::Marketplace { error, .. } => error.code(),
            Self::NotRecorded { .. } => "check_not_recorded",
            Self::Journal(_) => "journal_unavailable",
        }
    }
}

impl From<AskError> for CheckError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Send(error) => Self::Send(error),
            AskError::Marketplace { error, receipt_id } => Self::Marketplace { error, receipt_id },
            AskError::Journal(error) => Self::Journal(error),
        }
    }
}
