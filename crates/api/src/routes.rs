//! The addresses of the API listener.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Resource, ResponseError, Route};

use crate::api::Api;
use crate::auth::require_token;
use crate::problem::Problem;
use crate::{
    codes, document, explanations, files, health, histories, licenses, metrics, orders,
    provisioned, receipts, records, tenants, usage,
};

/// Adds the API to an application. Health is open; everything else needs a token, if there is
/// one.
pub fn configure(config: &mut ServiceConfig, api: Arc<Api>) {
    let v1 = web::scope("/v1")
        .wrap(from_fn(require_token))
        .service(get("/licenses", web::get().to(licenses::list)))
        .service(get("/licenses/{id}", web::get().to(licenses::show)))
        .service(get(
            "/licenses/{id}/records",
            web::get().to(licenses::records),
        ))
        .service(post(
            "/licenses/{id}/provisioned",
            web::post().to(provisioned::provisioned),
        ))
        .service(
            web::resource("/licenses/{id}/usage")
                .route(web::get().to(usage::show))
                .route(web::post().to(usage::report))
                .default_service(web::to(|| async { wrong_method("GET, POST") })),
        )
        .service(get("/licenses/{id}/files", web::get().to(files::list)))
        .service(post(
            "/licenses/{id}/files/{event_id}",
            web::post().to(files::make),
        ))
        .service(get("/orders/{id}", web::get().to(orders::show)))
        .service(get("/tenants", web::get().to(tenants::list)))
        .service(get("/tenants/{id}", web::get().to(tenants::show)))
        .service(get("/tenants/{id}/users", web::get().to(tenants::users)))
        .service(get(
            "/tenants/{id}/departments",
            web::get().to(tenants::departments),
        ))
        .service(get(
            "/tenants/{id}/records",
            web::get().to(tenants::records),
        ))
        .service(get("/records", web::get().to(records::list)))
        .service(get("/receipts", web::get().to(receipts::list)))
        .service(get("/receipts/{id}", web::get().to(receipts::show)))
        .service(post("/codes/activate", web::post().to(codes::activate_all)))
        .service(post("/codes/{code}/check", web::post().to(codes::check)))
        .service(post(
            "/codes/{code}/activate",
            web::post().to(codes::activate),
        ))
        .configure(audit)
        .configure(|config| {
            for extension in &api.extensions {
                (extension.configure)(config);
            }
        })
        .default_service(web::to(not_found));
    config
        .app_data(Data::from(api))
        .service(v1)
        .service(get("/metrics", web::get().to(metrics::show)).wrap(from_fn(require_token)))
        .service(get("/openapi.json", web::get().to(document::show)).wrap(from_fn(require_token)))
        .service(get("/health/live", web::get().to(health::live)))
        .service(get("/health/ready", web::get().to(health::ready)))
        .default_service(web::to(not_found));
}

/// What an audit asks: why, and what happened.
fn audit(config: &mut ServiceConfig) {
    config
        .service(get(
            "/licenses/{id}/explanation",
            web::get().to(explanations::show),
        ))
        .service(get(
            "/licenses/{id}/timeline",
            web::get().to(explanations::timeline),
        ))
        .service(get(
            "/orders/{id}/records",
            web::get().to(histories::of_order),
        ))
        .service(get(
            "/customers/{id}/records",
            web::get().to(histories::of_customer),
        ))
        .service(get(
            "/customers/{id}/timeline",
            web::get().to(histories::timeline),
        ));
}

fn get(path: &str, route: Route) -> Resource {
    only(path, route, "GET")
}

/// An address that answers POST and, to everything else, that it does.
pub fn post(path: &str, route: Route) -> Resource {
    only(path, route, "POST")
}

fn only(path: &str, route: Route, method: &'static str) -> Resource {
    web::resource(path)
        .route(route)
        .default_service(web::to(move || async move { wrong_method(method) }))
}

fn wrong_method(allowed: &'static str) -> HttpResponse {
    let mut response = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("this address answers {allowed} only"),
    )
    .error_response();
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found(
        "unknown_address",
        "there is nothing at this address; /openapi.json lists what there is",
    ))
}
