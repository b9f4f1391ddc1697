//! `GET …/oauth2/userinfo`: whom an access token is about.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::State;
use super::answer::{Refusal, Told, answer};
use super::directory::{Enterprise, Member};
use super::manner::Fault;
use super::place::Place;

/// The enterprise that is named by [`Fault::OtherTenant`].
const OTHER_TENANT: &str = "tenant-of-another-enterprise";

/// Answers a call.
pub(super) async fn tell(place: Place, request: HttpRequest) -> HttpResponse {
    let fault = place.centre.manner.person_fault();
    let told = match fault {
        Some(Fault::Internal) => Err(Refusal::Internal),
        _ => told(&place, &request, fault).ok_or(Refusal::Unauthorized),
    };
    answer(&place, "userinfo", fault, told).await
}

/// Nothing if the token is not good here, or not for anybody any more.
fn told(place: &Place, request: &HttpRequest, fault: Option<Fault>) -> Option<Told> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return None;
    }
    let now = place.centre.now();
    let State {
        directory, grants, ..
    } = &*place.centre.state();
    let grant = grants.bearer(token.trim(), now)?;
    if !place.is_of(&grant.tenant_id) {
        return None;
    }
    let enterprise = directory.enterprise(&grant.tenant_id)?;
    enterprise.client(&grant.client_id)?;
    let member = enterprise.signing_in(&grant.user_name).ok()?;
    Some(Told::json(&person(enterprise, member, fault)))
}

fn person(enterprise: &Enterprise, member: &Member, fault: Option<Fault>) -> Value {
    let id = user_id(enterprise, member);
    if fault == Some(Fault::Brief) {
        return json!({
            "id": id,
            "name": member.name,
            "userName": member.user_name,
            "mobile": member.mobile,
            "email": member.email,
        });
    }
    json!({
        "id": id,
        "userName": member.user_name,
        "name": member.name,
        "email": member.email,
        "mobile": member.mobile,
        "role": member.role.word(),
        "organizationName": member.org_name,
        "organizationCode": member.org_code,
        "userId": id,
        "projectName": enterprise.name,
        "tenant": tenant(enterprise, fault),
    })
}

/// The enterprise's id, or another one on purpose.
pub(super) fn tenant(enterprise: &Enterprise, fault: Option<Fault>) -> &str {
    match fault {
        Some(Fault::OtherTenant) => OTHER_TENANT,
        _ => &enterprise.tenant_id,
    }
}

/// The member's id at the centre: the same for the same names.
fn user_id(enterprise: &Enterprise, member: &Member) -> String {
    let names = format!("{}/{}", enterprise.tenant_id, member.user_name);
    let digest = Sha256::digest(names.as_bytes());
    hex::encode(digest).chars().take(32).collect()
}
