//! The browser's session with the centre, which its cookie names.

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;

use super::grants::{Grants, Session};

/// The name of the cookie. One browser is one member at a time.
const NAME: &str = "sandbox_centre";

/// The cookie's value, if the request has one.
pub(super) fn named(request: &HttpRequest) -> Option<String> {
    let headers = request.headers().get_all(COOKIE);
    let texts = headers.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME).then(|| value.to_owned()))
}

/// The session that the request's cookie names.
pub(super) fn signed_in<'a>(grants: &'a Grants, request: &HttpRequest) -> Option<&'a Session> {
    grants.session(&named(request)?)
}

/// The value of `Set-Cookie` that opens a session.
pub(super) fn opening(session: &str) -> String {
    format!("{NAME}={session}; Path=/; HttpOnly; SameSite=Lax")
}

/// The value of `Set-Cookie` that ends it.
pub(super) fn closing() -> String {
    format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}
