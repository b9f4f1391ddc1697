//! Sends a signed call and judges the answer as the marketplace does.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt;
use serde::{Serialize, Serializer};
use tokio::time::{Instant, timeout};

use crate::signer::SignedCall;

mod judge;

pub use judge::{Judgement, judge};
pub(crate) use judge::{json_object, present};

/// How long the marketplace waits for an answer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of an answer that are read; 100 instances with all their members fit.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Why an answer does not count as success, in the order in which the marketplace looks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection, or it broke.
    #[error("the address cannot be reached: {0}")]
    Unreachable(String),
    /// No whole answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TooLate(Duration),
    /// Another status than 200.
    #[error("HTTP status {0} instead of 200")]
    Status(u16),
    /// Another content type than JSON, or none.
    #[error("content type `{0}` instead of application/json")]
    ContentType(String),
    /// The body is no JSON object, or too long.
    #[error("the answer is not a readable JSON object")]
    Unreadable,
    /// A member that the activity's answer must have is absent or of another type.
    #[error("the answer has no `{0}`")]
    Missing(&'static str),
    /// Another result code than success.
    #[error("result code {0}")]
    ResultCode(String),
    /// A member is longer than its field table allows.
    #[error("`{0}` is longer than {1} characters")]
    TooLong(&'static str, usize),
    /// An answer of V1.0 without its signature.
    #[error("the header Body-Sign is missing")]
    BodySignAbsent,
    /// The signature stands in a header that the marketplace does not read.
    #[error("the header is spelt `{0}` instead of Body-Sign")]
    BodySignMisspelt(String),
    /// The header's value has another form.
    #[error(r#"the header Body-Sign is not `sign_type="HMAC-SHA256", signature="…"` in Base64"#)]
    BodySignMalformed,
    /// The signature is not that of the bytes that came.
    #[error("the header Body-Sign does not sign the bytes of the answer with this key")]
    BodySignWrong,
    /// What the buyer would see cannot be decrypted.
    #[error("`{0}` cannot be decrypted with this key")]
    Undecryptable(&'static str),
    /// The merchant answered, and a fault of ours dropped the answer.
    #[error("the answer was lost on its way (a seeded fault)")]
    AnswerLost,
}

impl Failure {
    /// Whether the answer's signature is what is wrong.
    pub(crate) fn is_of_body_sign(&self) -> bool {
        matches!(
            self,
            Self::BodySignAbsent
                | Self::BodySignMisspelt(_)
                | Self::BodySignMalformed
                | Self::BodySignWrong
        )
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One call and what came back.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// The activity of the call.
    pub activity: String,
    /// The body that was sent, or the query string of V1.0.
    pub request: String,
    /// The HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// The body that came back.
    pub answer: Option<String>,
    /// Its `resultCode`.
    pub result_code: Option<String>,
    /// From sending to the last byte of the answer, in milliseconds.
    pub elapsed_ms: u64,
    /// Why this does not count as success; none when it does.
    pub failure: Option<Failure>,
}

impl Exchange {
    /// A call that was sent, before anything is known of its answer.
    pub(crate) fn begun(activity: String, request: String, elapsed: Duration) -> Self {
        Self {
            activity,
            request,
            status: None,
            answer: None,
            result_code: None,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            failure: None,
        }
    }

    /// The text of a member of the answer.
    pub fn member(&self, name: &str) -> Option<String> {
        let answer: serde_json::Value = serde_json::from_str(self.answer.as_deref()?).ok()?;
        answer.get(name)?.as_str().map(str::to_owned)
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built")]
    Http(#[from] reqwest::Error),
    /// The certificates that this machine trusts cannot be read.
    #[error("the certificates of this machine cannot be read")]
    Certificates(#[from] rustls::Error),
}

/// The sending side of the marketplace.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// The same for the answers that are read without the HTTP client.
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Client {
    /// A client that waits as long as the marketplace does.
    pub fn new() -> Result<Self, ClientError> {
        Self::with_timeout(ANSWER_TIMEOUT)
    }

    /// A client that waits for an answer for another time.
    pub fn with_timeout(timeout: Duration) -> Result<Self, ClientError> {
        let tls = ClientConfig::with_platform_verifier()?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(tls.clone())
            .build()?;
        Ok(Self {
            http,
            tls: Arc::new(tls),
            timeout,
        })
    }

    /// The HTTP client, which follows no redirect.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a call once. Whatever goes wrong is in the exchange.
    pub async fn send(&self, call: &SignedCall) -> Exchange {
        let started_at = Instant::now();
        let answered = timeout(self.timeout, self.answer(call)).await;
        let elapsed = started_at.elapsed();
        let mut exchange = Exchange::begun(call.activity.clone(), call.body.clone(), elapsed);
        match answered {
            Err(_elapsed) => exchange.failure = Some(Failure::TooLate(self.timeout)),
            Ok(Err(error)) => {
                exchange.failure = Some(Failure::Unreachable(chain(&error.without_url())));
            },
            Ok(Ok(answer)) => {
                let judged = judge(
                    &call.activity,
                    answer.status,
                    &answer.content_type,
                    &answer.body,
                );
                exchange.status = Some(answer.status);
                exchange.result_code = judged.result_code;
                exchange.failure = judged.failure;
                exchange.answer = Some(String::from_utf8_lossy(&answer.body).into_owned());
            },
        }
        exchange
    }

    async fn answer(&self, call: &SignedCall) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.post(call.url()).body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type =
            content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES_MAX {
                break;
            }
        }
        Ok(Answer {
            status,
            content_type: content_type.unwrap_or_default(),
            body,
        })
    }
}

struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

/// The error and its causes. An address is left out before: it carries a signature.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
