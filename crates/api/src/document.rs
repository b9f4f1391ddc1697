//! The `OpenAPI` document.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi as _};

use crate::api::Api;
use crate::extension::Extension;
use crate::{
    codes, explanations, files, health, histories, licenses, metrics, orders, provisioned,
    receipts, records, tenants, usage,
};

/// The `OpenAPI` document of everything that is answered, by this crate and by others.
pub fn document(extensions: &[Extension]) -> OpenApi {
    extensions
        .iter()
        .fold(Document::openapi(), |document, extension| {
            document.merge_from(extension.document.clone())
        })
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
        explanations::show,
        explanations::timeline,
        provisioned::provisioned,
        files::list,
        files::make,
        usage::report,
        usage::show,
        orders::show,
        histories::of_order,
        histories::of_customer,
        histories::timeline,
        tenants::list,
        tenants::show,
        tenants::users,
        tenants::departments,
        tenants::records,
        records::list,
        receipts::list,
        receipts::show,
        codes::activate,
        codes::activate_all,
        codes::check,
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
pub(crate) async fn show(api: Data<Api>) -> HttpResponse {
    HttpResponse::Ok().json(document(&api.extensions))
}

/// Parameters of what is listed page by page. Nothing is ever read into this or the next two:
/// [`Parameters`](crate::parameters::Parameters) reads, and refuses what it does not know.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes, and holds nothing")]
pub(crate) struct Paging {
    /// How many at most; 50 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Goes on where a page of the same question ended.
    cursor: Option<String>,
}

/// The parameter of what is answered by the read model.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes, and holds nothing")]
pub(crate) struct Waiting {
    /// Waits until this position is seen, at most 5 seconds.
    min_position: Option<u64>,
}

/// Parameters of a history, which is told in the order of the journal.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes, and holds nothing")]
pub(crate) struct InHistory {
    /// The merchant of this listing is meant.
    listing: Option<String>,
    /// Recorded at this instant or later.
    since: Option<String>,
    /// Recorded before this instant.
    until: Option<String>,
    /// Goes on after this position, for the next page of the same question; 0 if nothing is said.
    after: Option<u64>,
    /// How many at most; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// Parameters that say which streams of an enterprise are meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes, and holds nothing")]
pub(crate) struct Scope {
    /// Told through this production address.
    listing: Option<String>,
    /// `real` or `test`; `real` if nothing is said.
    partition: Option<String>,
    /// For this instance.
    instance: Option<String>,
}
