//! The addresses that a browser comes to, on the callbacks listener.
//!
//! | address | is |
//! | --- | --- |
//! | `GET /koogallery/{listing}/login` | the start: to the marketplace's login page, or with `?tenant=` to that of an enterprise |
//! | `GET /koogallery/{listing}/login/callback` | the login address of OAuth 2.0, with a code |
//! | `GET /koogallery/{listing}/login/cas` | the login address of CAS, with a ticket |
//!
//! Each answers with a redirect to an address of the configuration or of a login page, or with a
//! page that says what to do. No parameter says where the browser goes.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use tenure_domain::{ListingId, TenantId};
use tenure_koogallery::login::{Callback, CallbackError, CasCallback, LoginCode, State};

use crate::login::{Login, Start};
use crate::pages;
use crate::settings::Settings;
use crate::state_cookie::StateCookie;
use crate::trouble::{Remedy, Trouble};

/// Adds the addresses to an application.
pub fn configure(config: &mut ServiceConfig, login: Arc<Login>) {
    let of_listing = |rest: &str| web::resource(["/koogallery/{listing}/login", rest].concat());
    let wrong_method = || web::to(refuse_method);
    config
        .app_data(Data::from(login))
        .service(
            of_listing("")
                .route(web::get().to(start))
                .default_service(wrong_method()),
        )
        .service(
            of_listing("/callback")
                .route(web::get().to(come_back))
                .default_service(wrong_method()),
        )
        .service(
            // The tenant of a CAS service may follow the address without a question mark.
            of_listing("/cas{rest:(&[^/]*)?}")
                .route(web::get().to(come_back_from_cas))
                .default_service(wrong_method()),
        );
}

async fn start(request: HttpRequest, listing: Path<String>, login: Data<Login>) -> HttpResponse {
    let Some((id, settings)) = known(&login, &listing) else {
        return unknown();
    };
    let started = match tenant_of(request.query_string()) {
        Ok(tenant) => login.start(id, tenant.as_ref()).await,
        Err(error) => Err(Trouble::Callback(error)),
    };
    match started {
        Ok(Start { location, cookie }) => {
            let mut response = respond(StatusCode::FOUND, settings);
            if let Some(cookie) = cookie {
                response.insert_header((SET_COOKIE, cookie.set(id, settings)));
            }
            response.insert_header((LOCATION, location)).finish()
        },
        Err(trouble) => explain(id, settings, &trouble),
    }
}

async fn come_back(
    request: HttpRequest,
    listing: Path<String>,
    login: Data<Login>,
) -> HttpResponse {
    let Some((id, settings)) = known(&login, &listing) else {
        return unknown();
    };
    let cookie = StateCookie::read(&request, id, settings);
    let finished = match entrance(request.query_string(), cookie.as_ref()) {
        Ok((tenant, code)) => login.finish(id, &tenant, &code).await,
        Err(trouble) => Err(trouble),
    };
    let mut response = conclude(&login, id, settings, finished);
    if cookie.is_some() {
        let forgotten = StateCookie::forget(id, settings);
        if let Ok(forgotten) = forgotten.parse() {
            response.headers_mut().insert(SET_COOKIE, forgotten);
        }
    }
    response
}

async fn come_back_from_cas(
    request: HttpRequest,
    path: Path<(String, String)>,
    login: Data<Login>,
) -> HttpResponse {
    let (listing, _) = path.into_inner();
    let Some((id, settings)) = known(&login, &listing) else {
        return unknown();
    };
    // As it was received, since the centre compares it with what it sent the browser to.
    let target = request.uri().path_and_query().map_or("", |it| it.as_str());
    let target_end = target.split_once("/login/cas").map_or("", |(_, end)| end);
    let finished = match CasCallback::read(target_end) {
        Ok(callback) => login.finish_cas(id, &callback).await,
        Err(error) => Err(Trouble::Callback(error)),
    };
    conclude(&login, id, settings, finished)
}

/// Which enterprise a browser comes from, and its code.
///
/// The marketplace's page and the workbench tell the enterprise, and neither knows a state of ours.
/// Without the enterprise, it is the one that this browser's own request was for.
fn entrance(query: &str, cookie: Option<&StateCookie>) -> Result<(TenantId, LoginCode), Trouble> {
    let callback = Callback::read(query).map_err(Trouble::Callback)?;
    let Callback::Code {
        code,
        tenant,
        state,
    } = callback
    else {
        return Err(Trouble::Refused);
    };
    let asked = asked_for(cookie, state.as_ref());
    match (tenant, asked) {
        (Some(told), Some(asked)) if told != *asked => Err(Trouble::StateLost),
        (Some(tenant), _) => Ok((tenant, code)),
        (None, Some(asked)) => Ok((asked.clone(), code)),
        (None, None) => Err(Trouble::StateLost),
    }
}

/// The enterprise that this browser asked for with a state.
fn asked_for<'a>(cookie: Option<&'a StateCookie>, state: Option<&State>) -> Option<&'a TenantId> {
    let cookie = cookie?;
    (cookie.state == *state?).then_some(&cookie.tenant)
}

fn tenant_of(query: &str) -> Result<Option<TenantId>, CallbackError> {
    let mut tenants = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "tenant");
    let name = "tenant";
    match (tenants.next(), tenants.next()) {
        (None, _) => Ok(None),
        (Some((_, tenant)), None) => TenantId::parse(&tenant)
            .map(Some)
            .or(Err(CallbackError::Malformed { name })),
        (Some(_), Some(_)) => Err(CallbackError::Twice { name }),
    }
}

fn conclude(
    login: &Login,
    id: &ListingId,
    settings: &Settings,
    finished: Result<reqwest::Url, Trouble>,
) -> HttpResponse {
    match finished {
        Ok(location) => {
            login.metrics.login(id, "logged_in");
            tracing::info!(listing = %id, "a member logged in");
            respond(StatusCode::FOUND, settings)
                .insert_header((LOCATION, location.as_str()))
                .finish()
        },
        Err(trouble) => {
            login.metrics.login(id, trouble.code());
            explain(id, settings, &trouble)
        },
    }
}

fn explain(id: &ListingId, settings: &Settings, trouble: &Trouble) -> HttpResponse {
    let cause = std::error::Error::source(trouble).map(ToString::to_string);
    let (reason, advice) = (trouble.code(), trouble.advice());
    let cause = cause.as_deref().unwrap_or_default();
    if trouble.is_any_strangers() {
        tracing::debug!(listing = %id, reason, cause, advice, "a login did not come about: {trouble}");
    } else {
        tracing::warn!(listing = %id, reason, cause, advice, "a login did not come about: {trouble}");
    }
    let page = pages::trouble(
        Some(&settings.start_url(id)),
        trouble.remedy(),
        trouble.code(),
    );
    respond(trouble.status(), settings)
        .content_type("text/html; charset=utf-8")
        .body(page)
}

fn known<'a>(login: &'a Login, listing: &str) -> Option<(&'a ListingId, &'a Settings)> {
    let (id, listing) = login.listing(listing)?;
    Some((id, &listing.settings))
}

fn unknown() -> HttpResponse {
    let page = pages::trouble(None, Remedy::AskMerchant, "unknown_listing");
    with_headers(StatusCode::NOT_FOUND, "'none'")
        .content_type("text/html; charset=utf-8")
        .body(page)
}

async fn refuse_method() -> HttpResponse {
    with_headers(StatusCode::METHOD_NOT_ALLOWED, "'none'")
        .insert_header((ALLOW, "GET"))
        .finish()
}

fn respond(status: StatusCode, settings: &Settings) -> HttpResponseBuilder {
    match settings.frame_ancestors.as_slice() {
        [] => with_headers(status, "'none'"),
        ancestors => with_headers(status, &ancestors.join(" ")),
    }
}

/// Nothing of an answer is kept, tells the next page where the browser was, runs, or is shown where
/// it should not be.
fn with_headers(status: StatusCode, frame_ancestors: &str) -> HttpResponseBuilder {
    let policy = format!("default-src 'none'; base-uri 'none'; frame-ancestors {frame_ancestors}");
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, policy));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(state: &str, tenant: &str) -> StateCookie {
        StateCookie {
            state: State::parse(state).unwrap(),
            tenant: TenantId::parse(tenant).unwrap(),
        }
    }

    #[track_caller]
    fn check(query: &str, cookie: Option<&StateCookie>, expected: Result<&str, &str>) {
        let entrance = entrance(query, cookie);
        let found = entrance
            .as_ref()
            .map(|(tenant, _)| tenant.as_str())
            .map_err(Trouble::code);
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn the_enterprise_is_told_or_was_asked_for() {
        let asked = cookie("s1", "t-1");
        check("code=c&tenant=t-1", None, Ok("t-1"));
        check("code=c&tenant=t-2", Some(&asked), Ok("t-2"));
        check("code=c&state=s1", Some(&asked), Ok("t-1"));
        check("code=c&state=s1&tenant=t-1", Some(&asked), Ok("t-1"));
        check("code=c&state=workbench&tenant=t-2", None, Ok("t-2"));
        check(
            "code=c&state=s1&tenant=t-2",
            Some(&asked),
            Err("state_lost"),
        );
        check("code=c&state=s2", Some(&asked), Err("state_lost"));
        check("code=c&state=s1", None, Err("state_lost"));
        check("code=c", Some(&asked), Err("malformed"));
        check("error=access_denied&state=s1", Some(&asked), Err("refused"));
    }
}
