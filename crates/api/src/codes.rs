//! The activation of authorization codes.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::{LicenseId, ListingId};

use crate::api::Api;
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::ActivatedView;

/// Brings an authorization code into force at the marketplace, and records what it said. Doing it
/// again is a success.
#[utoipa::path(post, path = "/v1/codes/{code}/activate", tag = "codes", operation_id = "activate_code",
    params(
        ("code" = String, Path, description = "The authorization code, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The listing that sells it; needed if there are several."),
    ),
    responses((status = 200, body = ActivatedView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn activate(
    request: HttpRequest,
    code: Path<String>,
    api: Data<Api>,
) -> Result<Json<ActivatedView>, Problem> {
    let parameters = Parameters::parse(request.query_string(), &["listing"])?;
    let code = LicenseId::parse(&code)
        .map_err(|error| Problem::bad_request("malformed_id", error.to_string()))?;
    let listing = listing(&api, &parameters)?;
    let Some(activator) = api.activator.clone() else {
        return Err(Problem::new(
            actix_web::http::StatusCode::CONFLICT,
            "open_api_not_configured",
            "no listing has an open_api section in the configuration",
        ));
    };
    // A task of its own: it is brought to its end though whoever asked has gone.
    let running = actix_web::rt::spawn(async move {
        let activated = activator.activate(&listing, &code).await?;
        Ok(Json(ActivatedView::of(&listing, &code, &activated)))
    });
    running.await.map_err(|_panicked| Problem::internal())?
}

fn listing(api: &Api, parameters: &Parameters) -> Result<ListingId, Problem> {
    if let Some(listing) = parameters.listing()? {
        api.merchant(Some(&listing))?;
        return Ok(listing);
    }
    let mut listings = api.listings.keys();
    match (listings.next(), listings.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Problem::bad_request(
            "missing_parameter",
            "add listing=: there are several, and the code is sold through one",
        )),
    }
}
