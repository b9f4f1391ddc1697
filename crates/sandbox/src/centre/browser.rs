//! What browsers are sent to: the authorization of an application, and the end of a session.

use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, HttpResponse};
use reqwest::Url;

use super::answer::{Refusal, redirect};
use super::grants::Grant;
use super::parameters::{Parameters, with_query};
use super::place::Place;
use super::{DEFAULT_SCOPE, State, page, session};

/// `GET …/oauth2/authorize`.
pub(super) async fn authorize(place: Place, request: HttpRequest) -> HttpResponse {
    let answered = authorized(&place, &request);
    place.noted("authorize", answered)
}

fn authorized(place: &Place, request: &HttpRequest) -> Result<HttpResponse, Refusal> {
    let asked = Parameters::parse(request.query_string().as_bytes())?;
    let client_id = asked.need("client_id", "A client id must be supplied")?;
    let redirect_uri = asked.need("redirect_uri", "A redirect URI must be supplied")?;
    let (now, settings) = (place.centre.now(), place.centre.manner.settings());
    let mut state = place.centre.state();
    let State {
        directory, grants, ..
    } = &mut *state;
    let (enterprise, application) = place.client(directory, client_id)?;
    // To an address that is not registered, nothing is sent, not even an error.
    if redirect_uri != application.login_address {
        return Err(Refusal::RedirectUri);
    }
    let back = |parameters: &[(&str, &str)]| {
        let state = asked.find("state").map(|state| ("state", state));
        let all: Vec<(&str, &str)> = parameters.iter().copied().chain(state).collect();
        Ok(redirect(&with_query(redirect_uri, &all)))
    };
    if asked.find("response_type") != Some("code") {
        return back(&[("error", "unsupported_response_type")]);
    }
    let scope = asked.find("scope").unwrap_or(DEFAULT_SCOPE);
    if scope != DEFAULT_SCOPE {
        return back(&[("error", "invalid_scope")]);
    }
    let tenant_id = enterprise.tenant_id.as_str();
    let member = session::signed_in(grants, request)
        .filter(|session| session.tenant_id == tenant_id)
        .and_then(|session| enterprise.signing_in(&session.user_name).ok());
    let Some(member) = member else {
        return Ok(page::sign_in_first(request, Some(tenant_id)));
    };
    let grant = Grant {
        tenant_id: tenant_id.to_owned(),
        client_id: client_id.to_owned(),
        user_name: member.user_name.clone(),
        scope: scope.to_owned(),
    };
    let code = grants.issue_code(grant, redirect_uri.to_owned(), settings.code_until(now));
    if settings.authorize_names_tenant {
        back(&[("code", &code), ("tenant", tenant_id)])
    } else {
        back(&[("code", &code)])
    }
}

/// `GET …/logout`.
pub(super) async fn log_out(place: Place, request: HttpRequest) -> HttpResponse {
    let answered = logged_out(&place, &request, "redirect_url");
    place.noted("logout", answered)
}

/// Ends the browser's session, and sends it to the address that a parameter names; without one it
/// lands on the login page.
pub(super) fn logged_out(
    place: &Place,
    request: &HttpRequest,
    parameter: &str,
) -> Result<HttpResponse, Refusal> {
    let asked = Parameters::parse(request.query_string().as_bytes())?;
    let mut answer = match asked.find(parameter).map(Url::parse) {
        None => redirect(page::ADDRESS),
        Some(Ok(url)) if ["http", "https"].contains(&url.scheme()) => redirect(url.as_str()),
        Some(Ok(_) | Err(_)) => {
            return Err(Refusal::Request(
                "The address to go to is not one of the web",
            ));
        },
    };
    let mut state = place.centre.state();
    let is_ended = session::signed_in(&state.grants, request)
        .is_some_and(|session| place.is_of(&session.tenant_id));
    if let Some(name) = session::named(request).filter(|_| is_ended) {
        state.grants.close_session(&name);
        let cookie = session::closing().parse();
        let cookie = cookie.map_err(|_unwritable| Refusal::Internal)?;
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}
