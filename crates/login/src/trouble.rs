//! Why a login did not come about.

use std::error::Error;

use actix_web::http::StatusCode;
use tenure_api::Problem;
use tenure_koogallery::login::{CallbackError, CentreError};

use crate::caller::CallError;
use crate::ended::Ended;
use crate::people::PeopleError;
use crate::store::StoreError;

/// Why a login did not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Too many logins are under way.
    #[error("too many logins are under way")]
    Busy,
    /// What the browser brought cannot be used.
    #[error("what the browser brought cannot be used")]
    Callback(#[source] CallbackError),
    /// The login page came back with an error.
    #[error("the user was not logged in")]
    Refused,
    /// The browser does not have the state that it came back with.
    #[error("the browser did not begin this login, or too long ago")]
    StateLost,
    /// Nobody of the enterprise, or not this user, may use the application.
    #[error("the user may not use the application")]
    Ended(#[source] Ended),
    /// The address of the enterprise's centre is none that is called.
    #[error("the domain name of the enterprise is none that may be called")]
    NotCallable,
    /// The code or ticket was used before.
    #[error("the code or ticket was used before")]
    CodeUsed,
    /// The centre was not heard.
    #[error("the centre brought no answer")]
    Call(#[source] CallError),
    /// The centre said no.
    #[error("the centre did not do what was asked")]
    Centre(#[source] CentreError),
    /// The user belongs to another enterprise than the browser said.
    #[error("the user is of another enterprise")]
    OtherEnterprise,
    /// The sessions cannot be read or written.
    #[error("the session cannot be kept")]
    Store(#[source] StoreError),
    /// What is sealed cannot be used.
    #[error("what is sealed cannot be used")]
    People(#[source] PeopleError),
    /// The enterprise cannot be looked for.
    #[error("the streams of the enterprise cannot be found")]
    Index(#[source] Box<dyn Error + Send + Sync>),
    /// The journal cannot be read; why is logged where it was tried.
    #[error("the journal cannot be read")]
    Journal,
    /// Something is wrong with the service.
    #[error("something is wrong with the service")]
    Internal,
}

/// What a user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Begin anew.
    StartAgain,
    /// Begin anew in a while.
    Later,
    /// Ask the administrator of the enterprise to bind the application.
    AskToBind,
    /// Ask the administrator of the enterprise to be authorised.
    AskToAuthorise,
    /// Ask the administrator of the enterprise about its subscription.
    AskAboutInstance,
    /// Ask the merchant.
    AskMerchant,
}

impl Trouble {
    /// The stable code under which it is logged and counted, and which the page shows. Never
    /// change one.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Callback(_) => "malformed",
            Self::Refused => "refused",
            Self::StateLost => "state_lost",
            Self::Ended(ended) => ended.code(),
            Self::NotCallable => "centre_not_callable",
            Self::CodeUsed => "code_used",
            Self::Call(error) => error.code(),
            Self::Centre(error) => error.code(),
            Self::OtherEnterprise => "other_enterprise",
            Self::Store(StoreError::Full { .. }) => "full",
            Self::Store(_) => "store",
            Self::People(_) => "sealed",
            Self::Index(_) => "index",
            Self::Journal => "journal",
            Self::Internal => "internal",
        }
    }

    /// What the user can do.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::Callback(_)
            | Self::Refused
            | Self::StateLost
            | Self::CodeUsed
            | Self::OtherEnterprise
            | Self::Centre(
                CentreError::InvalidGrant | CentreError::InvalidTicket | CentreError::Unauthorized,
            ) => Remedy::StartAgain,
            Self::Busy
            | Self::Call(_)
            | Self::Centre(CentreError::Unavailable)
            | Self::Store(_)
            | Self::Index(_)
            | Self::Journal
            | Self::Internal => Remedy::Later,
            Self::Ended(Ended::Unbound | Ended::ClientWithdrawn | Ended::Erased)
            | Self::Centre(CentreError::InvalidClient | CentreError::ClientMismatch) => {
                Remedy::AskToBind
            },
            Self::Ended(ended) if ended.is_of_enterprise() => Remedy::AskAboutInstance,
            Self::Ended(_) => Remedy::AskToAuthorise,
            Self::NotCallable
            | Self::People(_)
            | Self::Centre(CentreError::Unreadable | CentreError::Other { .. }) => {
                Remedy::AskMerchant
            },
        }
    }

    /// Whether anybody can cause it with a made-up address. That is no news to whoever reads the
    /// log, and must not fill it.
    pub(crate) fn is_any_strangers(&self) -> bool {
        matches!(
            self,
            Self::Callback(_) | Self::Refused | Self::StateLost | Self::Ended(Ended::Unbound)
        )
    }

    /// The status of the page.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Busy | Self::Store(_) | Self::Index(_) | Self::Journal => {
                StatusCode::SERVICE_UNAVAILABLE
            },
            Self::Callback(_)
            | Self::Refused
            | Self::StateLost
            | Self::CodeUsed
            | Self::Centre(CentreError::InvalidGrant | CentreError::InvalidTicket) => {
                StatusCode::BAD_REQUEST
            },
            Self::Ended(_) | Self::OtherEnterprise => StatusCode::FORBIDDEN,
            Self::Call(CallError::TimedOut(_)) => StatusCode::GATEWAY_TIMEOUT,
            Self::NotCallable | Self::Call(_) | Self::Centre(_) => StatusCode::BAD_GATEWAY,
            Self::People(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What whoever runs the service can do.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Centre(error) => error.advice(),
            Self::NotCallable => {
                "tenantSync told a domain name that is no public https address: trust its origin in \
                 login.trusted_centres if it is a sandbox"
            },
            Self::Call(CallError::NotPublic) => {
                "the domain name leads to a private address: trust its origin in \
                 login.trusted_centres if it is a sandbox"
            },
            Self::Ended(Ended::Unbound) => {
                "no tenantSync bound this enterprise through this listing, or it was unbound"
            },
            Self::Ended(Ended::ClientWithdrawn) => {
                "no applicationSync told a client for login.app_id: compare it with the credential"
            },
            Self::Busy
            | Self::Callback(_)
            | Self::Refused
            | Self::StateLost
            | Self::Ended(_)
            | Self::CodeUsed
            | Self::Call(_)
            | Self::OtherEnterprise
            | Self::Store(_)
            | Self::People(_)
            | Self::Index(_)
            | Self::Journal
            | Self::Internal => "",
        }
    }
}

/// Whoever asks the journal through the API's connections is told a problem of the API.
impl From<Problem> for Trouble {
    fn from(_logged: Problem) -> Self {
        Self::Journal
    }
}

impl From<Ended> for Trouble {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PeopleError> for Trouble {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Erased => Self::Ended(Ended::Erased),
            PeopleError::Vault(_) | PeopleError::Damaged => Self::People(error),
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<CentreError> for Trouble {
    fn from(error: CentreError) -> Self {
        Self::Centre(error)
    }
}
