//! What happened to a customer and to an order: the records of all their licenses, in the order of
//! the journal.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::{CustomerId, Instant, OrderId};
use tenure_journal::as_of::resolve;
use tenure_journal::history::{self, Wanted};
use tenure_journal::{AsOf, Position, ReadLog, StreamId, timeline};
use tenure_projector::{LicenseFilter, Whose};

use crate::api::Api;
use crate::document::{InHistory, Paging, Waiting};
use crate::licenses::{refuse_ahead, refuse_beyond};
use crate::parameters::{Parameters, in_order};
use crate::problem::{Problem, ProblemView};
use crate::view::{self, IntervalView, RecordView, RecordsPage, TimelinePage};

/// Shows the records of everything that a customer bought: of its licenses, and of the lines of
/// their orders. Which licenses those are is asked of the read model; reports of use have an
/// address of their own.
#[utoipa::path(get, path = "/v1/customers/{id}/records", tag = "customers", operation_id = "customer_records",
    params(("id" = String, Path, description = "The customer, percent-encoded."), InHistory, Waiting),
    responses((status = 200, body = RecordsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn of_customer(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<RecordsPage>, Problem> {
    let whose = Whose::Customer(customer(&id)?);
    let unknown = || Problem::not_found("unknown_customer", "no license of this customer is known");
    page(&request, &api, whose, unknown).await
}

/// Shows the records of an order: of its lines, and of the licenses that it changed.
#[utoipa::path(get, path = "/v1/orders/{id}/records", tag = "orders", operation_id = "order_records",
    params(("id" = String, Path, description = "The order, percent-encoded."), InHistory, Waiting),
    responses((status = 200, body = RecordsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn of_order(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<RecordsPage>, Problem> {
    let order = OrderId::parse(&id)
        .map_err(|error| Problem::bad_request("malformed_id", error.to_string()))?;
    let unknown = || Problem::not_found("unknown_order", "nothing is known of this order");
    page(&request, &api, Whose::Order(order), unknown).await
}

fn customer(id: &str) -> Result<CustomerId, Problem> {
    CustomerId::parse(id).map_err(|error| Problem::bad_request("malformed_id", error.to_string()))
}

async fn page(
    request: &HttpRequest,
    api: &Api,
    whose: Whose,
    unknown: impl FnOnce() -> Problem,
) -> Result<Json<RecordsPage>, Problem> {
    let parameters = Parameters::parse(
        request.query_string(),
        &[
            "listing",
            "since",
            "until",
            "after",
            "limit",
            "min_position",
        ],
    )?;
    let wanted = Wanted {
        after: parameters.position("after")?.unwrap_or(Position::START),
        since: parameters.instant("since")?,
        until: parameters.instant("until")?,
    };
    in_order(wanted.since, wanted.until)?;
    let limit = parameters.limit(100, 1_000)?;
    let merchant = api.merchant(parameters.listing()?.as_ref())?;
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    let streams = api
        .read_model
        .ask(move |queries| queries.streams_of(merchant.as_ref(), &whose))
        .await?;
    if streams.is_empty() {
        return Err(unknown());
    }
    let read = api
        .journal
        .ask(move |log| read(log.as_mut(), &streams, wanted, limit));
    Ok(Json(read.await?))
}

fn read(
    log: &mut dyn ReadLog,
    streams: &[StreamId],
    wanted: Wanted,
    limit: usize,
) -> Result<RecordsPage, Problem> {
    let head = log.head()?.position;
    refuse_beyond("after", wanted.after, head)?;
    let records = history::read(log, streams, wanted, limit)?;
    let last = records.last();
    let next_after = last.map_or(wanted.after, |record| record.position);
    Ok(RecordsPage {
        next_after: next_after.number(),
        records: records.iter().map(RecordView::from).collect(),
        // What came between the two readings belongs to the answer too.
        head: head.max(next_after).number(),
    })
}

/// Shows what the licenses of a customer were from when to when, and from when to when that was
/// believed. A page is so many licenses with all of their intervals.
#[utoipa::path(get, path = "/v1/customers/{id}/timeline", tag = "customers", operation_id = "customer_timeline",
    params(
        ("id" = String, Path, description = "The customer, percent-encoded."),
        ("at" = Option<String>, Query, description = "Only what was believed of this instant."),
        ("as_of" = Option<String>, Query, description = "Only what was believed then: at an instant, or at a position."),
        ("listing" = Option<String>, Query, description = "Only licenses that were first seen through this production address."),
        Paging,
        Waiting,
    ),
    responses((status = 200, body = TimelinePage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn timeline(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<TimelinePage>, Problem> {
    let parameters = Parameters::parse(
        request.query_string(),
        &["at", "as_of", "listing", "limit", "cursor", "min_position"],
    )?;
    let filter = LicenseFilter {
        listing: parameters.listing()?,
        customer: Some(customer(&id)?),
        ..LicenseFilter::default()
    };
    api.merchant(filter.listing.as_ref())?;
    let (at, as_of) = (parameters.instant("at")?, parameters.as_of()?);
    let limit = parameters.limit(50, 200)?;
    let cursor = parameters.text("cursor")?.map(str::to_owned);
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    let page = api
        .read_model
        .ask(move |queries| queries.licenses(&filter, Instant::EPOCH, limit, cursor.as_deref()));
    let page = page.await?;
    let now = api.clock.now();
    let licenses = page.items;
    let read = api.journal.ask(move |log| -> Result<_, Problem> {
        let log = log.as_mut();
        refuse_ahead(log, as_of, now)?;
        let up_to = resolve(log, as_of.unwrap_or(AsOf::Head))?;
        let mut intervals = Vec::new();
        for license in &licenses {
            let stream = StreamId::license(&license.merchant, &license.id);
            let records = log.read_stream(&stream, Position::MAX)?;
            let all = timeline::of(&records);
            let believed = as_of.map(|_| up_to);
            let wanted = all.iter().filter(|it| it.is_asked(at, believed));
            intervals.extend(wanted.map(|it| IntervalView::of(&license.id, it)));
        }
        Ok((intervals, view::AsOf::new(up_to, log.recorded_at(up_to)?)))
    });
    let (intervals, as_of) = read.await?;
    Ok(Json(TimelinePage {
        intervals,
        next_cursor: page.next,
        as_of,
    }))
}
