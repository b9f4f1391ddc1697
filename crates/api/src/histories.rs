//! What happened to a customer and to an order: the records of all their licenses, in the order of
//! the journal.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::{CustomerId, Instant, OrderId};
use tenure_journal::as_of::resolve;
use tenure_journal::history::{self, Wanted};
use tenure_journal::{AsOf, Position, StreamId, timeline};
use tenure_projector::{LicenseFilter, QueryError, Whose};

use crate::api::Api;
use crate::document::{InHistory, Paging, Waiting};
use crate::licenses::{refuse_ahead, refuse_beyond};
use crate::parameters::{Parameters, in_order};
use crate::problem::{Problem, ProblemView};
use crate::view::{self, HistoryPage, IntervalView, RecordView, TimelinePage};

/// Shows the records of everything that a customer bought: of its licenses, and of the lines of
/// their orders. Which licenses those are is asked of the read model; reports of use have an
/// address of their own.
#[utoipa::path(get, path = "/v1/customers/{id}/records", tag = "customers", operation_id = "customer_records",
    params(("id" = String, Path, description = "The customer, percent-encoded."), InHistory, Waiting),
    responses((status = 200, body = HistoryPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn of_customer(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<HistoryPage>, Problem> {
    let whose = Whose::Customer(customer(&id)?);
    page(&request, &api, whose, unknown_customer).await
}

/// Shows the records of an order: of its lines, and of the licenses that it changed.
#[utoipa::path(get, path = "/v1/orders/{id}/records", tag = "orders", operation_id = "order_records",
    params(("id" = String, Path, description = "The order, percent-encoded."), InHistory, Waiting),
    responses((status = 200, body = HistoryPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn of_order(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<HistoryPage>, Problem> {
    let order = OrderId::parse(&id)
        .map_err(|error| Problem::bad_request("malformed_id", error.to_string()))?;
    let unknown = || Problem::not_found("unknown_order", "nothing is known of this order");
    page(&request, &api, Whose::Order(order), unknown).await
}

fn unknown_customer() -> Problem {
    Problem::not_found("unknown_customer", "no license of this customer is known")
}

fn customer(id: &str) -> Result<CustomerId, Problem> {
    CustomerId::parse(id).map_err(|error| Problem::bad_request("malformed_id", error.to_string()))
}

async fn page(
    request: &HttpRequest,
    api: &Api,
    whose: Whose,
    unknown: impl FnOnce() -> Problem,
) -> Result<Json<HistoryPage>, Problem> {
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
    let (streams, checkpoint) = api
        .read_model
        .ask(move |queries| {
            let checkpoint = queries.checkpoint()?;
            let streams = queries.streams_of(merchant.as_ref(), &whose)?;
            Ok::<_, QueryError>((streams, checkpoint))
        })
        .await?;
    if streams.is_empty() {
        return Err(unknown());
    }
    let read = api.journal.ask(move |log| -> Result<_, Problem> {
        refuse_beyond("after", wanted.after, log.head()?.position)?;
        // One more says whether there are more.
        Ok(history::read(log.as_mut(), &streams, wanted, limit + 1)?)
    });
    let mut records = read.await?;
    let has_more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| has_more);
    Ok(Json(HistoryPage {
        next_after: last.map(|last| last.position.number()),
        records: records.iter().map(RecordView::from).collect(),
        as_of: checkpoint.into(),
    }))
}

/// Shows what the licenses of a customer were from when to when, and from when to when that was
/// believed. A page is so many licenses with all of their intervals.
#[utoipa::path(get, path = "/v1/customers/{id}/timeline", tag = "customers", operation_id = "customer_timeline",
    params(
        ("id" = String, Path, description = "The customer, percent-encoded."),
        ("at" = Option<String>, Query, description = "Only what was believed of this instant."),
        ("as_of" = Option<String>, Query, description = "Only what was believed then: at an instant, or at a position."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
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
        merchant: api.merchant(parameters.listing()?.as_ref())?,
        customer: Some(customer(&id)?),
        ..LicenseFilter::default()
    };
    let (at, as_of) = (parameters.instant("at")?, parameters.as_of()?);
    let limit = parameters.limit(50, 200)?;
    let cursor = parameters.text("cursor")?.map(str::to_owned);
    let is_first = cursor.is_none();
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    let page = api
        .read_model
        .ask(move |queries| queries.licenses(&filter, Instant::EPOCH, limit, cursor.as_deref()));
    let page = page.await?;
    let mut merchants = page.items.windows(2);
    if merchants.any(|it| it[0].merchant != it[1].merchant) {
        return Err(Problem::ambiguous("licenses of this customer"));
    }
    if page.items.is_empty() && is_first {
        return Err(unknown_customer());
    }
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
