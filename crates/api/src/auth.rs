//! Bearer tokens.

use std::fmt;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, ResponseError};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::api::Api;
use crate::problem::Problem;

/// The tokens that open the API. Only their digests are kept.
#[derive(Clone, Default)]
pub struct Tokens(Vec<[u8; 32]>);

impl Tokens {
    /// Takes the configured tokens. An empty text is counted as a token that nobody can present,
    /// so that a forgotten value closes the API instead of opening it.
    pub fn new(tokens: Vec<SecretString>) -> Self {
        Self(
            tokens
                .iter()
                .map(|token| digest(token.expose_secret()))
                .collect(),
        )
    }

    /// Whether there is none, so that whoever reaches the listener may ask.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a token is one of ours. Takes the same time whichever it resembles.
    fn has(&self, presented: &str) -> bool {
        let presented_digest = digest(presented);
        let found = self.0.iter().fold(Choice::from(0), |found, token| {
            found | token.ct_eq(&presented_digest)
        });
        !presented.is_empty() && bool::from(found)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({}, redacted)", self.0.len())
    }
}

/// Lets through who presents a token, or everybody if there is none.
pub(crate) async fn require_token<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let tokens = request
        .app_data::<Data<Api>>()
        .map(|api| Arc::clone(api))
        .ok_or_else(Problem::internal)?;
    if tokens.tokens.is_empty() || presented(&request).is_some_and(|it| tokens.tokens.has(it)) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let mut response = Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "send a token of the configuration in the header Authorization: Bearer <token>",
    )
    .error_response();
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    Ok(request.into_response(response).map_into_right_body())
}

fn presented(request: &ServiceRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(texts: &[&str]) -> Tokens {
        Tokens::new(texts.iter().map(|text| SecretString::from(*text)).collect())
    }

    #[test]
    fn every_token_opens_and_nothing_else_does() {
        let tokens = tokens(&["first-token", "second-token"]);
        assert!(tokens.has("first-token"));
        assert!(tokens.has("second-token"));
        for stranger in ["", "first", "first-token ", "First-token"] {
            assert!(!tokens.has(stranger), "{stranger:?}");
        }
    }

    #[test]
    fn an_empty_token_closes() {
        let tokens = tokens(&[""]);
        assert!(!tokens.is_empty());
        assert!(!tokens.has(""));
    }

    #[test]
    fn no_debug_form_shows_a_token() {
        let shown = format!("{:?}", tokens(&["first-token"]));
        assert_eq!(shown, "Tokens(1, redacted)");
    }
}
