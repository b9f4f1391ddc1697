//! The `OpenAPI` document.

use actix_web::HttpResponse;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};

use crate::{codes, health, licenses, metrics, orders, receipts, records};

/// The `OpenAPI` document of everything that this crate answers.
pub fn document() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tenure",
        description = "Licenses sold on the KooGallery marketplace: what they are, what they were, and every call that made them so."
    ),
    paths(
        licenses::list,
        licenses::show,
        licenses::records,
        licenses::provisioned,
        orders::show,
        records::list,
        receipts::list,
        receipts::show,
        codes::activate,
        health::live,
        health::ready,
        metrics::show,
        show,
    ),
    security(("bearer" = [])),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", scheme);
    }
}

/// Shows this document.
#[utoipa::path(get, path = "/openapi.json", tag = "machines", operation_id = "openapi",
    responses((status = 200, body = Object)))]
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok().json(document())
}
