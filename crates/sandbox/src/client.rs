//! Sends a signed call and judges the answer as the marketplace does.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde::{Serialize, Serializer};
use tokio::time::{Instant, timeout};

use crate::signer::SignedCall;

mod judge;

pub use judge::judge;

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
    /// The merchant answered, and a fault of ours dropped the answer.
    #[error("the answer was lost on its way (a seeded fault)")]
    AnswerLost,
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
    /// The body that was sent.
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
    /// The text of a member of the answer.
    pub fn member(&self, name: &str) -> Option<String> {
        let answer: serde_json::Value = serde_json::from_str(self.answer.as_deref()?).ok()?;
        answer.get(name)?.as_str().map(str::to_owned)
    }
}

/// The sending side of the marketplace.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    timeout: Duration,
}

impl Client {
    /// A client that waits as long as the marketplace does.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::with_timeout(ANSWER_TIMEOUT)
    }

    /// A client that waits for an answer for another time.
    pub fn with_timeout(timeout: Duration) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { http, timeout })
    }

    /// Sends a call once. Whatever goes wrong is in the exchange.
    pub async fn send(&self, call: &SignedCall) -> Exchange {
        let started_at = Instant::now();
        let answered = timeout(self.timeout, self.answer(call)).await;
        let elapsed = started_at.elapsed();
        let mut exchange = Exchange {
            activity: call.activity.clone(),
            request: call.body.clone(),
            status: None,
            answer: None,
            result_code: None,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            failure: None,
        };
        match answered {
            Err(_elapsed) => exchange.failure = Some(Failure::TooLate(self.timeout)),
            Ok(Err(error)) => exchange.failure = Some(Failure::Unreachable(chain(error))),
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

/// The error and its causes, without the address: that carries a signature.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
