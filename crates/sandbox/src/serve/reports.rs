//! The control API's part that concerns the open APIs.
//!
//! | address | does |
//! | --- | --- |
//! | `GET /sandbox/test-codes`, `POST /sandbox/test-codes` | lists test codes; issues one for `days` |
//! | `POST /sandbox/applications` | applies for a license of `instance`, maybe with a `device_fingerprint`, to be delivered by an upload |
//! | `GET /sandbox/usage`, `/sandbox/clients`, `/sandbox/uploads` | what merchants reported and delivered |
//! | `GET /sandbox/uploads/{event}` | what was delivered for an application, byte for byte |
//! | `GET /sandbox/open-api`, `POST /sandbox/open-api` | spelling and faults of the open APIs; replaces them |

use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Shop;
use super::control::{Answer, ControlError, done, read};
use crate::market::Upload;
use crate::open_api::Settings;

/// Adds the routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/sandbox/test-codes", web::get().to(test_codes))
        .route("/sandbox/test-codes", web::post().to(issue_test_code))
        .route("/sandbox/applications", web::post().to(apply))
        .route("/sandbox/usage", web::get().to(usage))
        .route("/sandbox/clients", web::get().to(clients))
        .route("/sandbox/uploads", web::get().to(uploads))
        .route("/sandbox/uploads/{event}", web::get().to(upload))
        .route("/sandbox/open-api", web::get().to(settings))
        .route("/sandbox/open-api", web::post().to(set));
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Validity {
    days: u32,
}

impl Default for Validity {
    fn default() -> Self {
        Self { days: 30 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Application {
    instance: String,
    device_fingerprint: Option<String>,
}

async fn test_codes(shop: Data<Shop>) -> HttpResponse {
    let codes: Vec<_> = shop.market().test_codes().collect();
    HttpResponse::Ok().json(codes)
}

async fn issue_test_code(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let Validity { days } = read(&request, &body)?;
    let code = shop.market().issue_test_code(days, shop.now())?;
    Ok(done(&request, json!(code)))
}

async fn apply(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let Application {
        instance,
        device_fingerprint,
    } = read(&request, &body)?;
    let fingerprint = device_fingerprint.as_deref();
    let (event, callback) = shop
        .market()
        .apply_for_license(&instance, fingerprint, shop.now())?;
    let messages = shop.dispatch(callback.into_iter().collect());
    Ok(done(
        &request,
        json!({ "event": event, "messages": messages }),
    ))
}

async fn usage(shop: Data<Shop>) -> HttpResponse {
    let records: Vec<_> = shop.market().usage().cloned().collect();
    HttpResponse::Ok().json(records)
}

async fn clients(shop: Data<Shop>) -> HttpResponse {
    HttpResponse::Ok().json(shop.market().clients())
}

async fn uploads(shop: Data<Shop>) -> HttpResponse {
    let views: Vec<_> = shop.market().uploads().map(Upload::view).collect();
    HttpResponse::Ok().json(views)
}

async fn upload(shop: Data<Shop>, event: Path<String>) -> Answer {
    let event = event.into_inner();
    let market = shop.market();
    let upload = market.uploads().find(|upload| upload.event == event);
    let content = upload.ok_or(ControlError::NotKept)?.content.clone();
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .body(content))
}

async fn settings(shop: Data<Shop>) -> HttpResponse {
    HttpResponse::Ok().json(shop.manner.settings())
}

async fn set(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let settings: Settings = read(&request, &body)?;
    shop.manner.set(settings);
    Ok(done(&request, json!(settings)))
}
