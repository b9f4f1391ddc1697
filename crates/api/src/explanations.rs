//! Why a license is what it is, and what it was on both time axes.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::Instant;
use tenure_journal::as_of::{Question, resolve};
use tenure_journal::{AsOf, Position, ReadLog, as_of, timeline};

use crate::api::Api;
use crate::licenses::{Asked, asked, refuse_ahead, unknown};
use crate::problem::{Problem, ProblemView};
use crate::view::{self, ExplanationView, IntervalView, TimelineView};

/// Shows one license with all of its records, and says of each why it counts or does not. With
/// `without`, what the license would be had one call never come.
#[utoipa::path(get, path = "/v1/licenses/{id}/explanation", tag = "licenses", operation_id = "explain_license",
    params(
        ("id" = String, Path, description = "Instance id or authorization code, percent-encoded."),
        ("at" = Option<String>, Query, description = "The instant that is asked about; this moment if nothing is said."),
        ("as_of" = Option<String>, Query, description = "What the journal knew: at an instant, or at a position. Everything if nothing is said."),
        ("without" = Option<String>, Query, description = "As if the call of this receipt had never come: its records are left out, and those that came after it stay as they were decided."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant: for ids that several have."),
        ("min_position" = Option<u64>, Query, description = "Waits until the journal holds this position, at most 5 seconds."),
    ),
    responses((status = 200, body = ExplanationView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<ExplanationView>, Problem> {
    let known = ["at", "as_of", "without", "listing", "min_position"];
    let (asked, id, now) = asked(&request, &id, &api, &known).await?;
    let at = asked.at.unwrap_or(now);
    let explained = api.journal.ask(move |log| explain(log.as_mut(), &asked));
    let explanation = explained.await?;
    Ok(Json(ExplanationView::of(&id, &explanation, at)))
}

fn explain(log: &mut dyn ReadLog, asked: &Asked) -> Result<as_of::Explanation, Problem> {
    refuse_ahead(log, asked.as_of, asked.now)?;
    // As for a license that is shown: without an instant, everything that is known counts.
    let question = Question {
        at: asked.at.unwrap_or(Instant::MAX),
        as_of: asked.as_of.unwrap_or(AsOf::Head),
        without: asked.without,
        read_at: asked.at.unwrap_or(asked.now),
    };
    let found = asked.only(|stream| {
        let explanation = as_of::explain(log, stream, question)?;
        Ok((!explanation.records.is_empty()).then_some(explanation))
    })?;
    let explanation = found.ok_or_else(unknown)?;
    if asked.without.is_some() && !explanation.leaves_out() {
        return Err(Problem::not_found(
            "unknown_receipt",
            "no record of this license that was known then came of that receipt",
        ));
    }
    Ok(explanation)
}

/// Shows what one license was from when to when, and from when to when that was believed. With
/// `as_of`, what was believed then; with `at`, what was believed of that instant.
#[utoipa::path(get, path = "/v1/licenses/{id}/timeline", tag = "licenses", operation_id = "license_timeline",
    params(
        ("id" = String, Path, description = "Instance id or authorization code, percent-encoded."),
        ("at" = Option<String>, Query, description = "Only what was believed of this instant."),
        ("as_of" = Option<String>, Query, description = "Only what was believed then: at an instant, or at a position."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant: for ids that several have."),
        ("min_position" = Option<u64>, Query, description = "Waits until the journal holds this position, at most 5 seconds."),
    ),
    responses((status = 200, body = TimelineView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn timeline(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<TimelineView>, Problem> {
    let known = ["at", "as_of", "listing", "min_position"];
    let (asked, _id, _now) = asked(&request, &id, &api, &known).await?;
    let read = api.journal.ask(move |log| read(log.as_mut(), &asked));
    Ok(Json(read.await?))
}

fn read(log: &mut dyn ReadLog, asked: &Asked) -> Result<TimelineView, Problem> {
    refuse_ahead(log, asked.as_of, asked.now)?;
    let up_to = resolve(log, asked.as_of.unwrap_or(AsOf::Head))?;
    let found = asked.only(|stream| {
        let records = log.read_stream(stream, Position::MAX)?;
        Ok((!records.is_empty()).then_some(records))
    })?;
    let intervals = timeline::of(&found.ok_or_else(unknown)?);
    let believed = asked.as_of.map(|_| up_to);
    let wanted = intervals
        .iter()
        .filter(|it| it.is_asked(asked.at, believed));
    Ok(TimelineView {
        intervals: wanted.map(|it| IntervalView::of(&asked.id, it)).collect(),
        as_of: view::AsOf::new(up_to, log.recorded_at(up_to)?),
    })
}
