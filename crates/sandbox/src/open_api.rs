//! The marketplace's open APIs as a web service: activation and query of codes, order query.
//!
//! Answers follow the error table of the marketplace's License 2.0 guide; a signature that does
//! not verify is refused as the API gateway in front of it does.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::clock::{Clock, real_now};
use crate::market::{Market, SharedMarket};
use crate::sdk::{self, Credentials, SdkError};

mod error;
mod order;

use error::Refusal;

/// The path before the version of every open API.
pub const BASE_PATH: &str = "/api/mkp-openapi-public/global";

/// The most characters of an authorization code.
const LICENSE_CHARACTERS_MAX: usize = 64;

/// What the open APIs work on.
#[derive(Debug, Clone)]
pub struct OpenApi {
    /// The codes and orders.
    pub market: SharedMarket,
    /// The market's time.
    pub clock: Clock,
    /// The merchant's AK/SK.
    pub credentials: Credentials,
}

impl OpenApi {
    /// Adds the routes of the open APIs to a web application.
    pub fn configure(self, config: &mut ServiceConfig) {
        let path = |tail: &str| format!("{BASE_PATH}{tail}");
        config
            .app_data(Data::new(self))
            .route(&path("/v1/license/activate"), web::route().to(activate))
            .route(&path("/v1/license/heartbeat"), web::route().to(heartbeat))
            .route(&path("/v1/order/query"), web::route().to(order::query));
    }

    /// Checks signature and clock of a call.
    fn authenticate(&self, request: &HttpRequest, body: &[u8]) -> Result<(), SdkError> {
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let signed = sdk::Request {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.query_string(),
            headers: &headers,
            body,
        };
        // Callers sign with their own clock, which nobody moved.
        sdk::verify(signed, &self.credentials, real_now())
    }

    fn with_market<T>(&self, read: impl FnOnce(&mut Market) -> T) -> T {
        read(
            &mut self
                .market
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// The authorization code of a call that is in order so far.
    fn license(&self, request: &HttpRequest, body: &[u8]) -> Result<String, Refusal> {
        self.authenticate(request, body)?;
        if request.method() != Method::POST {
            return Err(Refusal::Method);
        }
        let content_type = request.headers().get("content-type");
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::ContentType);
        }
        let body: Value = serde_json::from_slice(body).map_err(|_syntax| Refusal::Unreadable)?;
        if !real_effect_time_fits(&body) {
            return Err(Refusal::Parameter);
        }
        let license = body
            .get("license")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if license.is_empty() || license.chars().count() > LICENSE_CHARACTERS_MAX {
            return Err(Refusal::Parameter);
        }
        Ok(license.to_owned())
    }
}

/// Absent, or `yyyyMMddHHmmss`.
fn real_effect_time_fits(body: &Value) -> bool {
    match body.get("real_effect_time") {
        None | Some(Value::Null) => true,
        Some(value) => value
            .as_str()
            .is_some_and(|text| text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit())),
    }
}

async fn activate(
    api: Data<OpenApi>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Refusal> {
    let license = api.license(&request, &body)?;
    let info = api.with_market(|market| market.activate(&license, api.clock.now()))?;
    let info = serde_json::to_string(&info).map_err(|_unwritable| Refusal::Internal)?;
    Ok(success(json!({ "license_code_info": info })))
}

async fn heartbeat(
    api: Data<OpenApi>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Refusal> {
    let license = api.license(&request, &body)?;
    let info = api.with_market(|market| market.heartbeat(&license, api.clock.now()))?;
    Ok(success(json!(info)))
}

fn success(data: Value) -> HttpResponse {
    HttpResponse::build(StatusCode::OK)
        .json(json!({ "error_code": "92020000", "error_msg": "success", "data": data }))
}
