//! Questions about licenses, and the word that an application is ready.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use tenure_domain::{
    Command, CustomerId, Family, Instant, Intent, License, LicenseId, MerchantId, OrderId, Refusal,
    Status, WhenAbsent,
};
use tenure_journal::transact::{Arrived, Call, Decided, Done, Request};
use tenure_journal::{Actor, AsOf, ReadLog, StreamId, Unavailable, Verdict, as_of};
use tenure_projector::{LicenseFilter, QueryError};
use tokio::sync::oneshot;

use crate::api::Api;
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::{self, CommandView, HistoryView, LicenseView, LicensesPage, Located, RecordView};

/// The receipt of a command, and the position that a reader must have folded to see its effect.
const RECEIPT_ID: HeaderName = HeaderName::from_static("tenure-receipt-id");
const POSITION: HeaderName = HeaderName::from_static("tenure-position");

/// The most bytes that the body of a command may have: none needs one.
const BODY_BYTES_MAX: usize = 4 * 1024;

/// How long a command may wait for its turn in the journal, in seconds.
const RECORDING_SECONDS_MAX: i64 = 4;

/// A license as the journal tells it.
struct Found {
    merchant: MerchantId,
    view: as_of::View,
}

/// Which license a question is about, and when.
struct Asked {
    id: LicenseId,
    merchants: Vec<MerchantId>,
    at: Option<Instant>,
    as_of: Option<AsOf>,
    now: Instant,
}

/// Lists licenses, from the read model. The status is the one at this moment.
#[utoipa::path(get, path = "/v1/licenses", tag = "licenses", operation_id = "list_licenses",
    params(
        ("listing" = Option<String>, Query, description = "First seen through this production address."),
        ("status" = Option<String>, Query, description = "With this status now."),
        ("customer" = Option<String>, Query, description = "Bought by this customer."),
        ("order" = Option<String>, Query, description = "Changed by this order."),
        ("expires_before" = Option<String>, Query, description = "With a term that ends before this instant; the first to end comes first."),
        ("q" = Option<String>, Query, description = "With this text in the id, the product or the customer."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "How many at most; 50 if nothing is said."),
        ("cursor" = Option<String>, Query, description = "Goes on where a page of the same question ended."),
        ("min_position" = Option<u64>, Query, description = "Waits until this position is seen, at most 5 seconds."),
    ),
    responses((status = 200, body = LicensesPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn list(
    request: HttpRequest,
    api: Data<Api>,
) -> Result<Json<LicensesPage>, Problem> {
    let parameters = Parameters::parse(
        request.query_string(),
        &[
            "listing",
            "status",
            "customer",
            "order",
            "expires_before",
            "q",
            "limit",
            "cursor",
            "min_position",
        ],
    )?;
    let filter = filter(&parameters)?;
    api.merchant(filter.listing.as_ref())?;
    let limit = parameters.limit(50, 200)?;
    let cursor = parameters.text("cursor")?.map(str::to_owned);
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    let at = api.clock.now();
    let (page, checkpoint) = api
        .read_model
        .ask(move |queries| {
            // Asked first, so that the page knows this much and maybe more.
            let checkpoint = queries.checkpoint()?;
            let page = queries.licenses(&filter, at, limit, cursor.as_deref())?;
            Ok::<_, QueryError>((page, checkpoint))
        })
        .await?;
    let as_of = view::AsOf::from(checkpoint);
    let licenses = page.items.iter().filter_map(|row| {
        let located = Located {
            id: &row.id,
            license: &row.license,
            version: row.version,
            position: row.position,
        };
        LicenseView::of(&located, at, &as_of)
    });
    Ok(Json(LicensesPage {
        licenses: licenses.collect(),
        next_cursor: page.next,
        as_of: as_of.clone(),
    }))
}

fn filter(parameters: &Parameters) -> Result<LicenseFilter, Problem> {
    let statuses = Status::ALL.map(Status::name);
    Ok(LicenseFilter {
        merchant: None,
        listing: parameters.listing()?,
        status: parameters.word("status", &statuses, Status::from_name)?,
        customer: parameters.parsed("customer", CustomerId::parse)?,
        order: parameters.parsed("order", OrderId::parse)?,
        expires_before: parameters.instant("expires_before")?,
        q: parameters.text("q")?.map(str::to_owned),
    })
}

/// Shows one license, folded from the journal: what holds at an instant, as the journal knew it
/// at another.
#[utoipa::path(get, path = "/v1/licenses/{id}", tag = "licenses", operation_id = "show_license",
    params(
        ("id" = String, Path, description = "Instance id or authorization code, percent-encoded."),
        ("at" = Option<String>, Query, description = "The instant that is asked about; this moment if nothing is said."),
        ("as_of" = Option<String>, Query, description = "What the journal knew: at an instant, or at a position. Everything if nothing is said."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant: for ids that several have."),
        ("min_position" = Option<u64>, Query, description = "Waits until the journal holds this position, at most 5 seconds."),
    ),
    responses((status = 200, body = LicenseView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<LicenseView>, Problem> {
    let known = ["at", "as_of", "listing", "min_position"];
    let (asked, id, now) = asked(&request, &id, &api, &known).await?;
    let at = asked.at.unwrap_or(now);
    let found = find(&api, asked).await?;
    let as_of = view::AsOf::new(found.view.as_of, found.view.as_of_recorded_at);
    let last = found.view.records.last();
    let located = Located {
        id: &id,
        license: &found.view.license,
        version: found.view.version,
        position: last.map_or(tenure_journal::Position::START, |record| record.position),
    };
    LicenseView::of(&located, at, &as_of)
        .map(Json)
        .ok_or_else(unknown)
}

/// Shows the records of one license, oldest first.
#[utoipa::path(get, path = "/v1/licenses/{id}/records", tag = "licenses", operation_id = "license_records",
    params(
        ("id" = String, Path, description = "Instance id or authorization code, percent-encoded."),
        ("as_of" = Option<String>, Query, description = "What the journal knew: at an instant, or at a position."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
        ("min_position" = Option<u64>, Query, description = "Waits until the journal holds this position, at most 5 seconds."),
    ),
    responses((status = 200, body = HistoryView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn records(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<HistoryView>, Problem> {
    let known = ["as_of", "listing", "min_position"];
    let (asked, _id, _now) = asked(&request, &id, &api, &known).await?;
    let found = find(&api, asked).await?;
    Ok(Json(HistoryView {
        records: found.view.records.iter().map(RecordView::from).collect(),
        as_of: view::AsOf::new(found.view.as_of, found.view.as_of_recorded_at),
    }))
}

/// Takes the operator's word that the application of an instance is ready for the buyer. Saying
/// it again is a success.
#[utoipa::path(post, path = "/v1/licenses/{id}/provisioned", tag = "licenses", operation_id = "report_provisioned",
    params(
        ("id" = String, Path, description = "Instance id, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
    ),
    responses(
        (status = 200, body = CommandView, headers(
            ("Tenure-Receipt-Id" = String, description = "The receipt of this call."),
            ("Tenure-Position" = u64, description = "What to give as min_position to see it in a list."),
        )),
        (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn provisioned(
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
    api: Data<Api>,
) -> Result<HttpResponse, Problem> {
    let body = match payload.to_bytes_limited(BODY_BYTES_MAX).await {
        Ok(Ok(body)) => body,
        Ok(Err(_broken)) => {
            let detail = "the body did not come to its end";
            return Err(Problem::bad_request("broken_body", detail));
        },
        Err(_too_large) => {
            let detail = format!("this command takes no body of more than {BODY_BYTES_MAX} bytes");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Problem::new(status, "body_too_large", detail));
        },
    };
    let (asked, id, now) = asked(&request, &id, &api, &["listing"]).await?;
    let found = find(&api, asked).await?;
    let living = found.view.license.living().ok_or_else(unknown)?;
    let call = Call {
        arrived: Arrived {
            listing: living.listing.as_str().into(),
            at: now,
            method: request.method().as_str().into(),
            parameters: request.query_string().into(),
            body: body.as_ref().into(),
            activity: Some("provisioned".into()),
            authentic: true,
            actor: Actor::Operator,
        },
        request: Request::License {
            merchant: found.merchant,
            id: id.clone(),
            command: ready(living.family, living.listing.clone(), now),
        },
        answer: Box::new(move |decided| answer(&id, decided)),
    };
    Ok(respond(submit(&api, call, now).await?))
}

fn ready(family: Family, listing: tenure_domain::ListingId, at: Instant) -> Command {
    Command {
        listing,
        family,
        at,
        when_absent: WhenAbsent::Refuse,
        intent: Intent::ReportProvisioned,
    }
}

/// The body of the answer: the receipt keeps exactly what is sent.
fn answer(id: &LicenseId, decided: &Decided<'_>) -> Vec<u8> {
    let body = match decided {
        Decided::License {
            outcome: Err(refusal),
            ..
        } => serde_json::to_vec(&Problem::refused(*refusal).view()),
        Decided::License {
            outcome: Ok(outcome),
            ..
        }
        | Decided::Order(outcome) => serde_json::to_vec(&CommandView {
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

/// Reads the question, and waits for the position that it names.
async fn asked(
    request: &HttpRequest,
    id: &str,
    api: &Api,
    known: &[&str],
) -> Result<(Asked, LicenseId, Instant), Problem> {
    let parameters = Parameters::parse(request.query_string(), known)?;
    let id = LicenseId::parse(id)
        .map_err(|error| Problem::bad_request("malformed_id", error.to_string()))?;
    let merchants = api.merchants(parameters.listing()?.as_ref())?;
    let (at, as_of) = (parameters.instant("at")?, parameters.as_of()?);
    let min_position = parameters.position("min_position")?;
    api.await_journal(min_position).await?;
    let now = api.clock.now();
    let asked = Asked {
        id: id.clone(),
        merchants,
        at,
        as_of,
        now,
    };
    Ok((asked, id, now))
}

/// Folds the license that is asked for from the journal.
async fn find(api: &Api, asked: Asked) -> Result<Found, Problem> {
    api.journal
        .ask(move |log| find_in(log.as_mut(), &asked))
        .await
}

fn find_in(log: &mut dyn ReadLog, asked: &Asked) -> Result<Found, Problem> {
    refuse_the_unknowable(log, asked)?;
    // Without an instant everything that is known counts, so that nothing that was acknowledged
    // is missing while the clock stands behind the record.
    let at = asked.at.unwrap_or(Instant::MAX);
    let as_of = asked.as_of.unwrap_or(AsOf::Head);
    let mut found = None;
    for merchant in &asked.merchants {
        let stream = StreamId::license(merchant, &asked.id);
        let view = as_of::license(log, &stream, at, as_of)?;
        if view.license == License::Absent {
            continue;
        }
        if found.is_some() {
            return Err(Problem::ambiguous(&format!("license {}", asked.id)));
        }
        found = Some(Found {
            merchant: merchant.clone(),
            view,
        });
    }
    found.ok_or_else(|| match (asked.at, asked.as_of) {
        (None, None) => unknown(),
        _ => Problem::not_found(
            "unknown_license",
            "no license had this id then, as far as the journal knew",
        ),
    })
}

/// What the journal will know cannot be asked: the answer would not stay the same.
fn refuse_the_unknowable(log: &mut dyn ReadLog, asked: &Asked) -> Result<(), Problem> {
    match asked.as_of {
        Some(AsOf::Position(position)) => {
            let head = log.head()?.position;
            if position > head {
                let detail = format!("as_of is {position}, and the journal ends at {head}");
                return Err(Problem::bad_request("position_beyond_head", detail));
            }
            Ok(())
        },
        Some(AsOf::RecordedAt(instant)) if instant > asked.now => Err(Problem::bad_request(
            "as_of_in_future",
            "as_of lies ahead: what the journal will know then cannot be told; at may lie ahead",
        )),
        Some(AsOf::RecordedAt(_) | AsOf::Head) | None => Ok(()),
    }
}

fn unknown() -> Problem {
    Problem::not_found("unknown_license", "no license has this id")
}
