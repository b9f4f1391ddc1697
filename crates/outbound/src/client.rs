//! A client of the marketplace's open APIs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST, HeaderValue};
use tenure_domain::Instant;
use tenure_journal::Clock;
use tenure_koogallery::open_api::{self, Method};
use tenure_koogallery::{Credentials, OpenApiRequest, sdk_signature, wire};

use crate::origin::Origin;
use crate::send_error::{ClientError, SendError};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The most bytes that an answer may have. Those of the guides have less than a thousand.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What a client needs to know.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Where requests go: `https://host`, or `http://` for a sandbox on this machine.
    pub endpoint: String,
    /// Where they go when that cannot be reached. The marketplace's guide names
    /// `mkt.myhuaweicloud.cn` as the second name of `mkt.myhuaweicloud.com`.
    pub fallback: Option<String>,
    /// The access key pair that signs.
    pub credentials: Credentials,
    /// How long one host may take, from the first byte sent to the last one read.
    pub timeout: Duration,
}

impl ClientSettings {
    /// How long one host may take where nothing else is configured.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
}

/// Signs requests and sends them. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    endpoint: Origin,
    fallback: Option<Origin>,
    credentials: Credentials,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// What came back, whatever its status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The HTTP status. A redirect is an answer like any other: it is not followed.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// When its last byte was read.
    pub at: Instant,
    /// How far the marketplace's clock is ahead of ours, by its header `Date`: a hint.
    pub clock_skew_seconds: Option<i64>,
}

impl Client {
    /// Makes a client. The process must have a TLS provider installed by then.
    pub fn new(settings: ClientSettings, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let endpoint = Origin::parse(&settings.endpoint)?;
        let fallback = settings
            .fallback
            .as_deref()
            .map(Origin::parse)
            .transpose()?;
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ClientError::NoTls);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .timeout(settings.timeout)
            .user_agent(concat!("tenure/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientError::Http)?;
        Ok(Self {
            endpoint,
            fallback,
            credentials: settings.credentials,
            http,
            clock,
        })
    }

    /// Sends a request, to the second host if the first cannot be reached or does not answer.
    ///
    /// Never to the second host once the first has answered, whatever it said, nor when it could
    /// not be trusted.
    pub async fn send(&self, request: &OpenApiRequest) -> Result<Received, SendError> {
        self.send_or_turn(request, SendError::tells_of_absence)
            .await
    }

    /// Sends a request that must not arrive twice: to the second host only if the first has
    /// certainly not seen it.
    pub async fn send_once(&self, request: &OpenApiRequest) -> Result<Received, SendError> {
        let is_absent = |error: &SendError| error.tells_of_absence() && error.never_arrived();
        self.send_or_turn(request, is_absent).await
    }

    async fn send_or_turn(
        &self,
        request: &OpenApiRequest,
        is_absent: impl Fn(&SendError) -> bool,
    ) -> Result<Received, SendError> {
        let failed = match self.response(&self.endpoint, request).await {
            Ok(response) => return self.read(response).await,
            Err(failed) => failed,
        };
        match &self.fallback {
            Some(fallback) if is_absent(&failed) => {
                tracing::warn!(
                    endpoint = self.endpoint.host(),
                    fallback = fallback.host(),
                    reason = failed.code(),
                    "the fallback is asked"
                );
                let response = self.response(fallback, request).await?;
                self.read(response).await
            },
            Some(_) | None => Err(failed),
        }
    }

    /// Signs for one host, since the signature covers its name, and waits for the head of the
    /// answer.
    async fn response(
        &self,
        origin: &Origin,
        request: &OpenApiRequest,
    ) -> Result<reqwest::Response, SendError> {
        let date = wire::sdk_date(self.clock.now());
        let authorization =
            sdk_signature::authorization(&self.credentials, request, origin.host(), &date);
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut building = self
            .http
            .request(method, origin.address(&request.target())?)
            .header(HOST, origin.host())
            .header("X-Sdk-Date", date)
            .header(AUTHORIZATION, secret(&authorization));
        for (name, value) in &request.headers {
            building = building.header(*name, value);
        }
        if let Some(body) = &request.body {
            building = building
                .header(CONTENT_TYPE, request.content_type.as_ref())
                .body(body.clone());
        }
        building.send().await.map_err(SendError::of)
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Received, SendError> {
        let clock_skew_seconds = self.clock_skew_seconds(&response);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(SendError::of)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(SendError::TooLarge {
                    max: ANSWER_BYTES_MAX,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Received {
            status: response.status().as_u16(),
            body,
            at: self.clock.now(),
            clock_skew_seconds,
        })
    }

    fn clock_skew_seconds(&self, response: &reqwest::Response) -> Option<i64> {
        let date = response.headers().get(DATE)?.to_str().ok()?;
        open_api::clock_skew_seconds(date, self.clock.now())
    }
}

/// A header value that no debug form shows. An access key id that cannot be in a header makes an
/// empty one, which the marketplace denies.
fn secret(authorization: &str) -> HeaderValue {
    let mut value =
        HeaderValue::from_str(authorization).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.endpoint)
            .field("fallback", &self.fallback)
            .finish_non_exhaustive()
    }
}
