//! Authorization codes: that they come into force, and what the marketplace says that they are.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload};
use serde::Deserialize;
use tenure_domain::{LicenseId, ListingId};
use tenure_koogallery::open_api::activate_v2::Codes;
use tenure_koogallery::open_api::bounded::Text;
use tenure_koogallery::open_api::query::{Further, HeartbeatInfo};
use tenure_outbound::Activator;
use utoipa::ToSchema;

use crate::api::Api;
use crate::command;
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::{ActivatedCodesView, ActivatedView, CheckedView, CodeOutcomeView};

/// The most bytes of a body: a hundred codes, or what is told of one user.
const BODY_BYTES_MAX: usize = 32 * 1024;

/// The most codes of one command: as many as the marketplace takes at once.
const CODES_MAX: usize = 100;

/// The most members that are told of a user beside those that the guide names.
const FURTHER_MAX: usize = 16;

/// The most characters of the name or the value of such a member.
const FURTHER_CHARACTERS_MAX: usize = 256;

/// Codes to be activated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodesRequest {
    /// The listing that sells them.
    #[schema(example = "cad-pro")]
    listing: String,
    /// 1 to 100 different codes.
    #[schema(example = json!(["PLTEST0001", "PLTEST0002"]), min_items = 1, max_items = 100)]
    codes: Vec<String>,
}

/// What is asked about a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckRequest {
    /// Who uses the code. Only the first edition of the marketplace's interface can be told, and its
    /// guide calls it deprecated: reports of use are the newer way.
    heartbeat_info: Option<HeartbeatInfoRequest>,
}

/// Who uses a code. It is told to the marketplace, and not stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeartbeatInfoRequest {
    /// What your software knows the user by: an account, or a device.
    #[schema(max_length = 256)]
    third_party_account: String,
    /// Where the user logged in.
    #[schema(max_length = 32)]
    ip: Option<String>,
    /// More, under names of yours: at most 16 members of at most 256 characters.
    #[serde(default)]
    further: BTreeMap<String, String>,
}

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
    let code = parse_code(&code)?;
    let listing = listing(&api, &parameters)?;
    let activator = activator(&api)?;
    // A task of its own: it is brought to its end though whoever asked has gone.
    let running = actix_web::rt::spawn(async move {
        let activated = activator.activate(&listing, &code).await?;
        Ok(Json(ActivatedView::of(&listing, &code, &activated)))
    });
    running.await.map_err(|_panicked| Problem::internal())?
}

/// Brings up to 100 authorization codes into force, and tells what became of each. Doing it again
/// is a success; codes that failed for a passing reason, or were not tried because of one, are the
/// ones to send again.
#[utoipa::path(post, path = "/v1/codes/activate", tag = "codes", operation_id = "activate_codes",
    request_body = CodesRequest,
    responses((status = 200, body = ActivatedCodesView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn activate_all(
    request: HttpRequest,
    payload: Payload,
    api: Data<Api>,
) -> Result<Json<ActivatedCodesView>, Problem> {
    Parameters::parse(request.query_string(), &[])?;
    let body = command::body(payload, BODY_BYTES_MAX).await?;
    let asked: CodesRequest = serde_json::from_slice(&body).map_err(malformed)?;
    let listing = ListingId::parse(&asked.listing)
        .map_err(|error| Problem::bad_request("malformed_id", format!("listing: {error}")))?;
    api.merchant(Some(&listing))?;
    let codes = parse_codes(&asked.codes)?;
    let activator = activator(&api)?;
    let running = actix_web::rt::spawn(async move {
        let outcomes = activator.activate_all(&listing, &codes).await?;
        let outcomes = codes.as_slice().iter().zip(outcomes);
        let outcomes = outcomes.map(|(code, outcome)| CodeOutcomeView {
            id: code.to_string(),
            activated: outcome
                .as_ref()
                .ok()
                .map(|activated| ActivatedView::of(&listing, code, activated)),
            problem: outcome.err().map(|error| Problem::from(error).view()),
        });
        Ok(Json(ActivatedCodesView {
            codes: outcomes.collect(),
        }))
    });
    running.await.map_err(|_panicked| Problem::internal())?
}

/// Asks the marketplace what an authorization code is, and tells it beside what is known here. Its
/// answer is recorded if it is news, and changes neither the term nor the status.
#[utoipa::path(post, path = "/v1/codes/{code}/check", tag = "codes", operation_id = "check_code",
    params(
        ("code" = String, Path, description = "The authorization code, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The listing that sells it; needed if there are several."),
    ),
    request_body(content = Option<CheckRequest>, description = "Without a body, nobody is named."),
    responses((status = 200, body = CheckedView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn check(
    request: HttpRequest,
    code: Path<String>,
    payload: Payload,
    api: Data<Api>,
) -> Result<Json<CheckedView>, Problem> {
    let parameters = Parameters::parse(request.query_string(), &["listing"])?;
    let code = parse_code(&code)?;
    let listing = listing(&api, &parameters)?;
    let body = command::body(payload, BODY_BYTES_MAX).await?;
    let user = user(&body)?;
    let activator = activator(&api)?;
    let running = actix_web::rt::spawn(async move {
        let checked = activator.check(&listing, &code, user.as_ref()).await?;
        Ok(Json(CheckedView::of(&listing, &code, &checked)))
    });
    running.await.map_err(|_panicked| Problem::internal())?
}

fn activator(api: &Api) -> Result<Activator, Problem> {
    api.activator.clone().ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "open_api_not_configured",
            "no listing has an open_api section in the configuration",
        )
    })
}

fn parse_code(code: &str) -> Result<LicenseId, Problem> {
    LicenseId::parse(code).map_err(|error| Problem::bad_request("malformed_id", error.to_string()))
}

fn parse_codes(texts: &[String]) -> Result<Codes, Problem> {
    if texts.len() > CODES_MAX {
        let detail = format!("one command takes at most {CODES_MAX} codes");
        return Err(Problem::bad_request("malformed_body", detail));
    }
    let mut seen = BTreeSet::new();
    for (text, index) in texts.iter().zip(0..) {
        let code = LicenseId::parse(text).map_err(|error| {
            Problem::bad_request("malformed_id", format!("codes[{index}]: {error}"))
        })?;
        if !seen.insert(code) {
            let detail = format!("codes[{index}] is in the list before");
            return Err(Problem::bad_request("malformed_body", detail));
        }
    }
    let codes = texts.iter().filter_map(|text| LicenseId::parse(text).ok());
    Codes::new(codes.collect())
        .map_err(|error| Problem::bad_request("malformed_body", format!("codes: {error}")))
}

/// The user whom a body names, if it names one.
fn user(body: &[u8]) -> Result<Option<HeartbeatInfo>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let asked: CheckRequest = serde_json::from_slice(body).map_err(malformed)?;
    asked
        .heartbeat_info
        .map(|told| told.read())
        .transpose()
        .map_err(|detail| Problem::bad_request("malformed_heartbeat_info", detail))
}

fn malformed(error: serde_json::Error) -> Problem {
    Problem::bad_request("malformed_body", error.to_string())
}

impl HeartbeatInfoRequest {
    /// What cannot be told is named, and not shown: it may be the account of a user.
    fn read(&self) -> Result<HeartbeatInfo, String> {
        let third_party_account = Text::parse(&self.third_party_account)
            .map_err(|error| format!("third_party_account: {error}"))?;
        let ip = self.ip.as_deref().map(Text::parse).transpose();
        let mut further = Further::default();
        if self.further.len() > FURTHER_MAX {
            return Err(format!("further: more than {FURTHER_MAX} members"));
        }
        for (name, value) in &self.further {
            for text in [name, value] {
                if text.chars().count() > FURTHER_CHARACTERS_MAX {
                    return Err(format!(
                        "further: more than {FURTHER_CHARACTERS_MAX} characters"
                    ));
                }
            }
            further
                .add(name, value)
                .map_err(|error| format!("further: {error}"))?;
        }
        Ok(HeartbeatInfo {
            third_party_account,
            ip: ip.map_err(|error| format!("ip: {error}"))?,
            further,
        })
    }
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
