//! The addresses for the merchant's back end, on the API listener behind its tokens.
//!
//! | address | does |
//! | --- | --- |
//! | `POST /v1/login/exchange` | a ticket becomes a session: who logged in |
//! | `POST /v1/login/sessions/check` | whether a session is still good |
//! | `POST /v1/login/sessions/end` | ends it, and says where the browser ends the centre's |

mod view;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_api::{Extension, Problem, routes};
use tenure_domain::ListingId;
use tenure_koogallery::login::{Centre, browser};
use utoipa::OpenApi as _;

use crate::ended::Ended;
use crate::facts::Standing;
use crate::login::{Listing, Login, blocking};
use crate::random_id::{IdDigest, RandomId};
use crate::renewal::Good;
use crate::session::Session;
use crate::trouble::Trouble;
use view::{CheckView, EndView, ExchangeRequest, LoginView, SessionRequest, UserView};

/// The most bytes of a body: three ids.
const BODY_BYTES_MAX: usize = 4_096;

/// What the API listener answers about logins.
pub fn extension(login: Arc<Login>) -> Extension {
    Extension {
        document: Document::openapi(),
        configure: Box::new(move |config: &mut ServiceConfig| {
            config
                .app_data(Data::from(Arc::clone(&login)))
                .service(routes::post("/login/exchange", web::post().to(exchange)))
                .service(routes::post("/login/sessions/check", web::post().to(check)))
                .service(routes::post("/login/sessions/end", web::post().to(end)));
        }),
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(exchange, check, end))]
struct Document;

/// Exchanges the ticket that a browser brought, once, for a session: who logged in.
#[utoipa::path(post, path = "/v1/login/exchange", tag = "login", operation_id = "exchange_login_ticket",
    request_body = ExchangeRequest,
    responses((status = 200, body = LoginView), (status = "default", body = tenure_api::problem::ProblemView, content_type = "application/problem+json")))]
async fn exchange(payload: Payload, login: Data<Login>) -> Result<HttpResponse, Problem> {
    let login = login.into_inner();
    let asked: ExchangeRequest = body(payload).await?;
    let (listing, _) = listing(&login, &asked.listing)?;
    let ticket = RandomId::parse(&asked.ticket).ok_or_else(unknown_ticket)?;
    let id = RandomId::draw().map_err(|_no_randomness| Problem::internal())?;
    let (ticket_digest, id_digest) = (ticket.digest(), id.digest());
    let (store, now, of_listing) = (login.store.clone(), login.clock.now(), listing.clone());
    let finding = blocking(move || Ok(store.find_waiting(ticket_digest, &of_listing, now)?));
    let session = finding.await.map_err(of)?.ok_or_else(unknown_ticket)?;
    let looked = login.look_at_facts(ticket_digest, session).await;
    let looked = looked.map_err(of)?;
    let good = looked.map_err(ended_problem)?;
    let tenant = good.standing.key.tenant.as_str();
    if asked.tenant_id.is_some_and(|asked| asked != tenant) {
        login.forget(ticket_digest).await.map_err(of)?;
        return Err(unknown_ticket());
    }
    let user = user(&login, ticket_digest, good)
        .await?
        .map_err(ended_problem)?;
    // Last, so that trouble on the way leaves the ticket good for another try.
    let (store, of_listing) = (login.store.clone(), listing.clone());
    let exchanging =
        blocking(move || Ok(store.exchange(ticket_digest, &of_listing, id_digest, now)?));
    exchanging.await.map_err(of)?.ok_or_else(unknown_ticket)?;
    let session = id.expose().to_owned();
    Ok(answer(&LoginView { session, user }))
}

/// Says whether a session is still good, and who it is; or why it ended. A session that is not good
/// is over.
#[utoipa::path(post, path = "/v1/login/sessions/check", tag = "login", operation_id = "check_login_session",
    request_body = SessionRequest,
    responses((status = 200, body = CheckView), (status = "default", body = tenure_api::problem::ProblemView, content_type = "application/problem+json")))]
async fn check(payload: Payload, login: Data<Login>) -> Result<HttpResponse, Problem> {
    let login = login.into_inner();
    let asked: SessionRequest = body(payload).await?;
    let (listing, _) = listing(&login, &asked.listing)?;
    let Some((id, session)) = find(&login, listing, &asked.session).await? else {
        return Ok(answer(&CheckView::over(Ended::Over.code())));
    };
    let looked = login.look(id, session).await.map_err(of)?;
    let told = match looked {
        Ok(good) => user(&login, id, good).await?,
        Err(ended) => Err(ended),
    };
    let view = told.map_or_else(|ended| CheckView::over(ended.code()), CheckView::good);
    Ok(answer(&view))
}

/// Ends a session, and says where to send the browser, so that its session at the centre ends too.
/// Doing it again is a success.
#[utoipa::path(post, path = "/v1/login/sessions/end", tag = "login", operation_id = "end_login_session",
    request_body = SessionRequest,
    responses((status = 200, body = EndView), (status = "default", body = tenure_api::problem::ProblemView, content_type = "application/problem+json")))]
async fn end(payload: Payload, login: Data<Login>) -> Result<HttpResponse, Problem> {
    let login = login.into_inner();
    let asked: SessionRequest = body(payload).await?;
    let (listing, of_listing) = listing(&login, &asked.listing)?;
    let goodbye_url = of_listing.settings.goodbye_url.as_str();
    let found = find(&login, listing, &asked.session).await?;
    let centre = match found {
        Some((id, session)) => {
            // Before the session is forgotten, so that trouble on the way can be tried again.
            let standing = login.standing(&session).await.map_err(of)?;
            login.forget(id).await.map_err(of)?;
            let binding = standing.as_ref().and_then(Standing::binding);
            let domain = binding.map(|it| &*it.domain);
            domain.and_then(|it| Centre::find(it, &of_listing.settings.trusted_centres))
        },
        None => None,
    };
    let logout_url = match centre {
        Some(centre) => browser::logout(&centre, goodbye_url),
        None => goodbye_url.to_owned(),
    };
    Ok(answer(&EndView { logout_url }))
}

async fn find(
    login: &Login,
    listing: &ListingId,
    text: &str,
) -> Result<Option<(IdDigest, Session)>, Problem> {
    let Some(id) = RandomId::parse(text) else {
        return Ok(None);
    };
    let (store, id, now) = (login.store.clone(), id.digest(), login.clock.now());
    let listing = listing.clone();
    let found = blocking(move || Ok(store.find(id, &listing, now)?)).await;
    Ok(found.map_err(of)?.map(|session| (id, session)))
}

/// Who a session is about. If nothing is known of members any more, it is over.
async fn user(login: &Login, id: IdDigest, good: Good) -> Result<Result<UserView, Ended>, Problem> {
    let people = login.people.clone();
    let opened = blocking(move || {
        let profile = people.profile(&good.member.account.profile)?;
        Ok(UserView::of(profile, &good)?)
    });
    match opened.await {
        Ok(view) => Ok(Ok(view)),
        Err(Trouble::Ended(ended)) => {
            login.forget(id).await.map_err(of)?;
            Ok(Err(ended))
        },
        Err(trouble) => Err(of(trouble)),
    }
}

fn listing<'a>(login: &'a Login, text: &str) -> Result<(&'a ListingId, &'a Listing), Problem> {
    login.listing(text).ok_or_else(|| {
        Problem::not_found(
            "unknown_listing",
            "no listing of this id has a login section in the configuration",
        )
    })
}

async fn body<T: DeserializeOwned>(payload: Payload) -> Result<T, Problem> {
    let bytes = match payload.to_bytes_limited(BODY_BYTES_MAX).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_broken)) => {
            let detail = "the body did not come to its end";
            return Err(Problem::bad_request("broken_body", detail));
        },
        Err(_too_large) => {
            let detail = format!("send no body of more than {BODY_BYTES_MAX} bytes");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Problem::new(status, "body_too_large", detail));
        },
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        // Only the place: what stands there may be a ticket.
        let (line, column) = (error.line(), error.column());
        let detail = format!(
            "the body is not the JSON object that /openapi.json describes, near line {line} column \
             {column}"
        );
        Problem::bad_request("malformed_body", detail)
    })
}

fn answer(view: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(view)
}

fn unknown_ticket() -> Problem {
    Problem::not_found(
        "unknown_ticket",
        "there is no such ticket for this listing and enterprise, or it was exchanged or has \
         expired: let the user log in again",
    )
}

fn ended_problem(ended: Ended) -> Problem {
    let detail = format!("{ended}: let the user log in again once that is mended");
    Problem::new(StatusCode::CONFLICT, ended.code(), detail)
}

fn of(trouble: Trouble) -> Problem {
    let cause = std::error::Error::source(&trouble).map(ToString::to_string);
    tracing::error!(
        reason = trouble.code(),
        cause = cause.as_deref().unwrap_or_default(),
        "a session cannot be looked at: {trouble}"
    );
    Problem::unavailable(
        "login_unavailable",
        "the session cannot be looked at: try again in a while",
    )
}
