//! Calls to authentication centres.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use secrecy::ExposeSecret;
use tenure_koogallery::login::{ANSWER_BYTES_MAX, Centre, CentreRequest};
use tenure_koogallery::open_api::Method;
use zeroize::Zeroizing;

use crate::guard::{NotPublic, PublicOnly};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a call may take, from the first byte sent to the last one read.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests to centres: to public addresses, or to origins that the merchant trusts.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    public: reqwest::Client,
    trusted: reqwest::Client,
}

/// What came back, whatever its status says. The body may hold tokens, and is wiped.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Why the calling of centres cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// The program has not chosen how to encrypt.
    #[error("no TLS provider is installed for this process")]
    NoTls,
    /// The HTTP client cannot be made, for example because the machine has no root certificates.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
}

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The name of the centre leads to an address that is not public: nothing was sent.
    #[error("the centre has an address that is not public")]
    NotPublic,
    /// No connection came about: the centre has not seen the request.
    #[error("the centre cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// No answer in time.
    #[error("the centre did not answer in time")]
    TimedOut(#[source] reqwest::Error),
    /// The connection broke.
    #[error("the connection to the centre broke")]
    Broken(#[source] reqwest::Error),
    /// The answer is longer than any that the guides describe.
    #[error("the answer of the centre is too long")]
    TooLarge,
}

impl Caller {
    /// Makes both clients. The process must have a TLS provider installed by then.
    pub(crate) fn new() -> Result<Self, CallerError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(CallerError::NoTls);
        }
        let public = builder()
            .dns_resolver(Arc::new(PublicOnly))
            .https_only(true);
        Ok(Self {
            public: public.build().map_err(CallerError::Http)?,
            trusted: builder().build().map_err(CallerError::Http)?,
        })
    }

    /// Sends a request once.
    pub(crate) async fn send(
        &self,
        centre: &Centre,
        request: &CentreRequest,
    ) -> Result<Received, CallError> {
        let client = if centre.is_trusted() {
            &self.trusted
        } else {
            &self.public
        };
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut building = client
            .request(method, request.address(centre))
            .header(ACCEPT, "application/json");
        if let Some(bearer) = &request.bearer {
            building = building.bearer_auth(bearer.expose_secret());
        }
        if let Some(form) = &request.form {
            building = building
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose_secret().to_owned());
        }
        read(building.send().await.map_err(CallError::of)?).await
    }

    /// Sends a request that may be sent again, and does so if the centre has not seen the first.
    pub(crate) async fn send_twice(
        &self,
        centre: &Centre,
        request: &CentreRequest,
    ) -> Result<Received, CallError> {
        match self.send(centre, request).await {
            Err(CallError::Unreachable(_)) => self.send(centre, request).await,
            answered => answered,
        }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        // A kept connection may be closed by the time that it is used, and no code is sent twice; and
        // each call resolves the name, and looks at where it leads.
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .user_agent(concat!("tenure/", env!("CARGO_PKG_VERSION")))
}

async fn read(mut response: reqwest::Response) -> Result<Received, CallError> {
    let status = response.status().as_u16();
    // As large as it may be at once: a buffer that grows would leave what it held behind.
    let mut body = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES_MAX));
    while let Some(chunk) = response.chunk().await.map_err(CallError::of)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(CallError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Received { status, body })
}

impl CallError {
    fn of(error: reqwest::Error) -> Self {
        // The address may hold a ticket.
        let error = error.without_url();
        if is_about_privacy(&error) {
            Self::NotPublic
        } else if error.is_timeout() && !error.is_connect() {
            Self::TimedOut(error)
        } else if error.is_connect() || error.is_dns() {
            Self::Unreachable(error)
        } else {
            Self::Broken(error)
        }
    }

    /// The stable code under which the error is logged and counted.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotPublic => "centre_not_public",
            Self::Unreachable(_) => "centre_unreachable",
            Self::TimedOut(_) => "centre_timed_out",
            Self::Broken(_) => "centre_connection_broken",
            Self::TooLarge => "centre_answer_too_large",
        }
    }
}

/// Whether the guard is what stopped a call. The library wraps what a resolver says.
fn is_about_privacy(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    error.is::<NotPublic>()
        || wrapped.is_some_and(|inner| is_about_privacy(inner))
        || error.source().is_some_and(is_about_privacy)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn caller() -> Caller {
        // Another test of this process may have been first.
        drop(rustls::crypto::ring::default_provider().install_default());
        Caller::new().unwrap()
    }

    #[actix_web::test]
    async fn a_name_that_leads_to_this_machine_is_never_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!(
            "https://localhost:{}/",
            listener.local_addr().unwrap().port()
        );
        let error = caller().public.get(address).send().await.unwrap_err();
        let error = CallError::of(error);
        assert!(matches!(error, CallError::NotPublic), "{error:?}");
        let nobody = listener.accept().unwrap_err();
        assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
    }

    #[actix_web::test]
    async fn a_public_centre_is_never_called_without_encryption() {
        let sent = caller().public.get("http://demo.example.com/").send();
        assert!(sent.await.unwrap_err().is_builder());
    }
}
