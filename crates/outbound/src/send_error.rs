//! Why a request brought no answer.

use std::error::Error;
use std::io;

use crate::origin::OriginError;

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The endpoint, or the fallback.
    #[error("an endpoint of the open APIs cannot be used")]
    Origin(#[from] OriginError),
    /// The program has not chosen how to encrypt.
    #[error("no TLS provider is installed for this process")]
    NoTls,
    /// The HTTP client cannot be made, for example because the machine has no root certificates.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
}

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No connection came about: nobody has seen the request.
    #[error("the host cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Who answered could not prove to be the host.
    #[error("the host does not prove who it is")]
    Untrusted(#[source] reqwest::Error),
    /// No answer in time. Whether the other side acted is not known.
    #[error("the host did not answer in time")]
    TimedOut(#[source] reqwest::Error),
    /// The connection broke. Whether the other side acted is not known.
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    /// The answer is longer than any that is expected. Whether the other side acted is not known.
    #[error("the answer is longer than {max} bytes")]
    TooLarge {
        /// The most bytes that an answer may have.
        max: usize,
    },
    /// The request has no address.
    #[error("the request cannot be addressed")]
    Address(#[from] OriginError),
}

impl SendError {
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if is_about_trust(&error) {
            Self::Untrusted(error)
        } else if error.is_dns() || error.is_connect() {
            Self::Unreachable(error)
        } else if error.is_timeout() {
            Self::TimedOut(error)
        } else {
            Self::Broken(error)
        }
    }

    /// Whether another host may do better: not where one answered, or could not be trusted.
    pub(crate) fn tells_of_absence(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) => true,
            Self::Untrusted(_) | Self::Broken(_) | Self::TooLarge { .. } | Self::Address(_) => {
                false
            },
        }
    }

    /// Whether the marketplace has certainly not seen the request.
    pub(crate) fn never_arrived(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Address(_) => true,
            Self::Untrusted(error) => error.is_connect(),
            Self::TimedOut(_) | Self::Broken(_) | Self::TooLarge { .. } => false,
        }
    }

    /// Whether the same request may succeed after a while, without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Broken(_) => true,
            Self::Untrusted(_) | Self::TooLarge { .. } | Self::Address(_) => false,
        }
    }

    /// The stable code under which the error is shown and counted.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "marketplace_unreachable",
            Self::Untrusted(_) => "marketplace_untrusted",
            Self::TimedOut(_) => "marketplace_timed_out",
            Self::Broken(_) => "marketplace_connection_broken",
            Self::TooLarge { .. } => "marketplace_answer_too_large",
            Self::Address(_) => "marketplace_address",
        }
    }
}

/// Whether TLS is what failed: a certificate, or a peer that does not speak it. The library
/// counts these as failures to connect, and wraps them in IO errors, whose
/// [`source`](Error::source) passes over what they wrap.
fn is_about_trust(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|inner| is_about_trust(inner))
        || error.source().is_some_and(is_about_trust)
}
