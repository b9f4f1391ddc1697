//! `POST …/oauth2/token`: tokens for a code, or for a refresh token.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::State;
use super::answer::{Refusal, Told, answer};
use super::grants::{Grant, Grants};
use super::manner::{Fault, Settings};
use super::parameters::Parameters;
use super::place::Place;

/// Answers a call.
pub(super) async fn exchange(place: Place, request: HttpRequest, body: Bytes) -> HttpResponse {
    let fault = place.centre.manner.token_fault();
    let told = match fault {
        Some(Fault::Internal) => Err(Refusal::Internal),
        Some(Fault::Forbidden) => Err(Refusal::Forbidden),
        _ => exchanged(&place, &request, &body, fault),
    };
    answer(&place, "token", fault, told).await
}

fn exchanged(
    place: &Place,
    request: &HttpRequest,
    body: &[u8],
    fault: Option<Fault>,
) -> Result<Told, Refusal> {
    let form = form(request, body)?;
    let grant_type = form.need("grant_type", "Missing grant type")?;
    let (exchange, gone): (Exchange, Refusal) = match grant_type {
        "authorization_code" => (redeem, Refusal::Code),
        "refresh_token" => (renew, Refusal::RefreshToken),
        _ => return Err(Refusal::GrantType),
    };
    let client_id = form.find("client_id").ok_or(Refusal::BadClient)?;
    let secret = form.find("client_secret").ok_or(Refusal::BadClient)?;
    let (now, settings) = (place.centre.now(), place.centre.manner.settings());
    let mut state = place.centre.state();
    let State {
        directory, grants, ..
    } = &mut *state;
    let (enterprise, application) = place.client(directory, client_id)?;
    if !application.has_secret(secret) {
        return Err(Refusal::BadClient);
    }
    let (grant, refresh_token) = exchange(grants, &form, client_id, &settings, now)?;
    enterprise
        .signing_in(&grant.user_name)
        .map_err(|_unable| gone)?;
    let expires_at = match fault {
        Some(Fault::Expired) => now,
        _ => settings.access_token_until(now),
    };
    let mut tokens = json!({
        "access_token": grants.issue_access_token(grant.clone(), expires_at),
        "token_type": "Bearer",
        "expires_in": settings.access_token_seconds,
        "scope": grant.scope,
    });
    if fault != Some(Fault::NoRefreshToken) {
        let refresh_token = refresh_token.unwrap_or_else(|| {
            grants.issue_refresh_token(grant, settings.refresh_token_until(now))
        });
        tokens["refresh_token"] = refresh_token.into();
    }
    Ok(Told::json(&tokens))
}

/// Who signed in, and the refresh token if there is one already.
type Redeemed = (Grant, Option<String>);

/// What a grant type does with its form.
type Exchange =
    fn(&mut Grants, &Parameters, &str, &Settings, DateTime<Utc>) -> Result<Redeemed, Refusal>;

/// The code is used up even when the client or the address is the wrong one.
fn redeem(
    grants: &mut Grants,
    form: &Parameters,
    client_id: &str,
    _settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Redeemed, Refusal> {
    let code = form.need("code", "An authorization code must be supplied")?;
    let code = grants.redeem_code(code, now).ok_or(Refusal::Code)?;
    if code.grant.client_id != client_id {
        return Err(Refusal::ClientMismatch);
    }
    match form.find("redirect_uri") {
        Some(address) if address != code.redirect_uri => Err(Refusal::RedirectUri),
        Some(_) | None => Ok((code.grant, None)),
    }
}

fn renew(
    grants: &mut Grants,
    form: &Parameters,
    client_id: &str,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Redeemed, Refusal> {
    let token = form.need("refresh_token", "A refresh token must be supplied")?;
    let grant = grants
        .renewing(token, now)
        .filter(|grant| grant.client_id == client_id)
        .ok_or(Refusal::RefreshToken)?
        .clone();
    if !settings.rotates_refresh_tokens {
        return Ok((grant, Some(token.to_owned())));
    }
    grants.drop_refresh_token(token);
    Ok((grant, None))
}

fn form(request: &HttpRequest, body: &[u8]) -> Result<Parameters, Refusal> {
    let declared = request.headers().get(CONTENT_TYPE);
    let declared = declared.and_then(|value| value.to_str().ok());
    let media_type = declared.and_then(|value| value.split(';').next());
    let is_form = |it: &str| {
        it.trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    };
    if !media_type.is_some_and(is_form) {
        return Err(Refusal::Request("The parameters must be a form"));
    }
    Parameters::parse(body)
}
