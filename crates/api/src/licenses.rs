//! Questions about licenses.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::{CustomerId, Instant, License, LicenseId, MerchantId, OrderId, Status};
use tenure_journal::{AsOf, Position, ReadError, ReadLog, ReceiptId, StreamId, as_of};
use tenure_projector::{LicenseFilter, QueryError};

use crate::api::Api;
use crate::document::{Paging, Waiting};
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::{
    self, HistoryView, LicenseDetailsView, LicenseView, LicensesPage, Located, RecordView,
};

/// A license as the journal tells it.
pub(crate) struct Found {
    pub(crate) merchant: MerchantId,
    pub(crate) view: as_of::View,
}

/// Which license a question is about, and when.
pub(crate) struct Asked {
    pub(crate) id: LicenseId,
    merchants: Vec<MerchantId>,
    pub(crate) at: Option<Instant>,
    pub(crate) as_of: Option<AsOf>,
    /// The receipt that is left out.
    pub(crate) without: Option<ReceiptId>,
    pub(crate) now: Instant,
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
        Paging,
        Waiting,
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
    responses((status = 200, body = LicenseDetailsView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<LicenseDetailsView>, Problem> {
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
        position: last.map_or(Position::START, |record| record.position),
    };
    LicenseDetailsView::of(&located, &found.view.records, at, &as_of)
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

/// Reads the question, and waits for the position that it names.
pub(crate) async fn asked(
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
    let without = parameters.receipt("without")?;
    let min_position = parameters.position("min_position")?;
    api.await_journal(min_position).await?;
    let now = api.clock.now();
    let asked = Asked {
        id: id.clone(),
        merchants,
        at,
        as_of,
        without,
        now,
    };
    Ok((asked, id, now))
}

/// Folds the license that is asked for from the journal.
pub(crate) async fn find(api: &Api, asked: Asked) -> Result<Found, Problem> {
    api.journal
        .ask(move |log| find_in(log.as_mut(), &asked))
        .await
}

fn find_in(log: &mut dyn ReadLog, asked: &Asked) -> Result<Found, Problem> {
    refuse_ahead(log, asked.as_of, asked.now)?;
    // Without an instant everything that is known counts, so that nothing that was acknowledged
    // is missing while the clock stands behind the record.
    let at = asked.at.unwrap_or(Instant::MAX);
    let as_of = asked.as_of.unwrap_or(AsOf::Head);
    let found = asked.only(|stream| {
        let view = as_of::license(log, stream, at, as_of)?;
        Ok((view.license != License::Absent).then(|| Found {
            merchant: stream.merchant.clone(),
            view,
        }))
    })?;
    found.ok_or_else(|| match (asked.at, asked.as_of) {
        (None, None) => unknown(),
        _ => Problem::not_found(
            "unknown_license",
            "no license had this id then, as far as the journal knew",
        ),
    })
}

impl Asked {
    /// What `read` finds for the license of one of the merchants, and of no other.
    pub(crate) fn only<T>(
        &self,
        mut read: impl FnMut(&StreamId) -> Result<Option<T>, ReadError>,
    ) -> Result<Option<T>, Problem> {
        let mut found = None;
        for merchant in &self.merchants {
            let read = read(&StreamId::license(merchant, &self.id))?;
            if read.is_some() && found.is_some() {
                return Err(Problem::ambiguous(&format!("license {}", self.id)));
            }
            found = found.or(read);
        }
        Ok(found)
    }
}

/// What the journal will know cannot be asked: the answer would not stay the same.
pub(crate) fn refuse_ahead(
    log: &mut dyn ReadLog,
    as_of: Option<AsOf>,
    now: Instant,
) -> Result<(), Problem> {
    match as_of {
        Some(AsOf::Position(position)) => refuse_beyond("as_of", position, log.head()?.position),
        Some(AsOf::RecordedAt(instant)) if instant > now => Err(Problem::bad_request(
            "as_of_in_future",
            "as_of lies ahead: what the journal will know then cannot be told; at may lie ahead",
        )),
        Some(AsOf::RecordedAt(_) | AsOf::Head) | None => Ok(()),
    }
}

/// Refuses a position that the journal does not hold.
pub(crate) fn refuse_beyond(name: &str, position: Position, head: Position) -> Result<(), Problem> {
    if position > head {
        let detail = format!("{name} is {position}, and the journal ends at {head}");
        return Err(Problem::bad_request("position_beyond_head", detail));
    }
    Ok(())
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("unknown_license", "no license has this id")
}
