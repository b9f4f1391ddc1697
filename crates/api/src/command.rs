//! What all commands have in common: a body, a turn in the journal, an answer that its receipt keeps.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use tenure_domain::{Instant, LicenseId, ListingId, Refusal, SealKey};
use tenure_journal::transact::{Arrived, Call, Decided, Done, Request};
use tenure_journal::{Actor, Unavailable, Verdict};
use tokio::sync::oneshot;

use crate::api::Api;
use crate::problem::Problem;
use crate::view::{self, CommandView};

/// The receipt of a command, and the position that a reader must have folded to see its effect.
const RECEIPT_ID: HeaderName = HeaderName::from_static("tenure-receipt-id");
const POSITION: HeaderName = HeaderName::from_static("tenure-position");

/// How long a command may wait for its turn in the journal, in seconds.
const RECORDING_SECONDS_MAX: i64 = 4;

/// Reads a body of at most so many bytes.
pub(crate) async fn body(payload: Payload, bytes_max: usize) -> Result<Bytes, Problem> {
    match payload.to_bytes_limited(bytes_max).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_broken)) => {
            let detail = "the body did not come to its end";
            Err(Problem::bad_request("broken_body", detail))
        },
        Err(_too_large) => {
            let detail = format!("this command takes no body of more than {bytes_max} bytes");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            Err(Problem::new(status, "body_too_large", detail))
        },
    }
}

/// A command as it was read.
pub(crate) struct Received {
    /// What its receipt calls it.
    pub(crate) activity: &'static str,
    /// The listing of the license.
    pub(crate) listing: ListingId,
    /// The license.
    pub(crate) id: LicenseId,
    /// When it arrived.
    pub(crate) at: Instant,
    /// What its receipt keeps of the body.
    pub(crate) body: Box<[u8]>,
    /// The key that this is sealed with, if it is.
    pub(crate) sealed_with: Option<SealKey>,
    /// What is asked of the journal.
    pub(crate) request: Request,
}

/// Hands a command to the journal, and answers once it is on disk.
pub(crate) async fn record(
    api: &Api,
    asked: &HttpRequest,
    received: Received,
) -> Result<HttpResponse, Problem> {
    let id = received.id;
    let call = Call {
        arrived: Arrived {
            listing: received.listing.as_str().into(),
            at: received.at,
            method: asked.method().as_str().into(),
            parameters: asked.query_string().into(),
            body: received.body,
            sealed_with: received.sealed_with,
            activity: Some(received.activity.into()),
            authentic: true,
            actor: Actor::Operator,
        },
        request: received.request,
        answer: Box::new(move |decided| answer(&id, decided)),
    };
    Ok(respond(submit(api, call, received.at).await?))
}

/// The body of the answer: the receipt keeps exactly what is sent.
fn answer(id: &LicenseId, decided: &Decided<'_>) -> Vec<u8> {
    let body = match decided {
        Decided::License {
            outcome: Err(refusal),
            ..
        }
        | Decided::Usage(Err(refusal)) => serde_json::to_vec(&Problem::refused(*refusal).view()),
        Decided::License {
            outcome: Ok(outcome),
            ..
        }
        | Decided::Order(outcome)
        | Decided::Tenant(outcome)
        | Decided::Usage(Ok(outcome)) => serde_json::to_vec(&CommandView {
            id: id.to_string(),
            outcome: view::outcome(*outcome).to_owned(),
        }),
        Decided::Noted | Decided::Unreadable => serde_json::to_vec(&Problem::internal().view()),
    };
    body.unwrap_or_default()
}

fn respond(done: Done) -> HttpResponse {
    let unknown = done.reason.as_deref() == Some(Refusal::Unknown.code());
    let (status, media_type) = match done.verdict {
        Verdict::Applied | Verdict::AlreadyApplied => (StatusCode::OK, "application/json"),
        Verdict::Refused if unknown => (StatusCode::NOT_FOUND, crate::problem::MEDIA_TYPE),
        Verdict::Refused => (StatusCode::CONFLICT, crate::problem::MEDIA_TYPE),
        Verdict::Answered | Verdict::Rejected | Verdict::Quarantined | Verdict::Probe => (
            StatusCode::INTERNAL_SERVER_ERROR,
            crate::problem::MEDIA_TYPE,
        ),
    };
    HttpResponse::build(status)
        .content_type(media_type)
        .insert_header((RECEIPT_ID, done.receipt_id.to_string()))
        .insert_header((POSITION, done.head.number().to_string()))
        .body(Vec::from(done.answer))
}

/// Hands a call to the journal, and waits until it is on disk.
async fn submit(api: &Api, call: Call, now: Instant) -> Result<Done, Unavailable> {
    let (sender, receiver) = oneshot::channel();
    // Whoever waited may have gone; the command is recorded all the same.
    api.queue.submit(
        call,
        now.plus_seconds(RECORDING_SECONDS_MAX),
        Box::new(move |reply| drop(sender.send(reply))),
    )?;
    receiver.await.map_err(|_gone| Unavailable::Stopped)?
}
