//! Why a code was not activated.

use tenure_domain::ListingId;
use tenure_journal::{ReceiptId, Unavailable};
use tenure_koogallery::OpenApiError;

use crate::activator::AskError;
use crate::send_error::SendError;

/// Why a code was not activated, or why that is not known.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// The listing has no access to the open APIs.
    #[error("listing {listing} has no open APIs configured")]
    NotConfigured {
        /// The listing.
        listing: ListingId,
    },
    /// The marketplace did not answer, or nobody that can be trusted did.
    #[error("the marketplace was not heard")]
    Send(#[from] SendError),
    /// The marketplace said no.
    #[error("the marketplace did not activate the code")]
    Marketplace {
        /// What it said.
        #[source]
        error: OpenApiError,
        /// The receipt of its answer.
        receipt_id: ReceiptId,
    },
    /// The code was activated once and is over: the marketplace calls it released, or something
    /// that we do not know.
    #[error("the code is not in force: the marketplace calls it {status}")]
    NotInForce {
        /// The marketplace's word, cut if it is long.
        status: String,
        /// The receipt of its answer.
        receipt_id: ReceiptId,
    },
    /// The marketplace activated the code, and a rule of ours says no: it was released here, or
    /// belongs to another product family.
    #[error("the code is active for the marketplace, but not recorded here: {reason}")]
    Refused {
        /// The stable code of the refusal.
        reason: Box<str>,
        /// The receipt of the marketplace's answer.
        receipt_id: ReceiptId,
    },
    /// It was not tried, because the codes before it met what this one would meet too.
    #[error("the code was not tried")]
    NotTried,
    /// What the marketplace said could not be recorded. Activating again finds it out.
    #[error("the answer of the marketplace was not recorded")]
    Journal(#[from] Unavailable),
}

impl ActivateError {
    /// Whether the same activation may succeed after a while, without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Send(error) => error.is_retryable(),
            Self::Marketplace { error, .. } => error.is_retryable(),
            Self::Journal(_) | Self::NotTried => true,
            Self::NotConfigured { .. } | Self::NotInForce { .. } | Self::Refused { .. } => false,
        }
    }

    /// The stable code under which the error is shown and counted. Never change one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured { .. } => "open_api_not_configured",
            Self::Send(error) => error.code(),
            Self::Marketplace { error, .. } => error.code(),
            Self::NotInForce { .. } => "code_not_in_force",
            Self::Refused { .. } => "activation_refused",
            Self::NotTried => "not_tried",
            Self::Journal(_) => "journal_unavailable",
        }
    }
}

impl From<AskError> for ActivateError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Send(error) => Self::Send(error),
            AskError::Marketplace { error, receipt_id } => Self::Marketplace { error, receipt_id },
            AskError::Journal(error) => Self::Journal(error),
        }
    }
}
