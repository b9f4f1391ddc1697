//! The addresses of the callbacks listener.

use std::sync::Arc;

use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::body;
use crate::callback::{Incoming, Ingress, Reply};

/// Adds the callbacks to an application.
pub fn configure(config: &mut ServiceConfig, ingress: Arc<Ingress>) {
    config.app_data(Data::from(ingress)).service(
        web::resource("/koogallery/{listing}")
            .route(web::post().to(receive))
            .default_service(web::to(refuse_method)),
    );
}

async fn receive(
    request: HttpRequest,
    listing: Path<String>,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let body = body::take(&request, payload).await;
    let incoming = incoming(&request, listing.into_inner(), body, arrived_at);
    respond(ingress.into_inner().answer(incoming).await)
}

async fn refuse_method(
    request: HttpRequest,
    listing: Path<String>,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let body = body::Taken {
        bytes: web::Bytes::new(),
        rejection: None,
    };
    let arrived_at = ingress.now();
    let incoming = incoming(&request, listing.into_inner(), body, arrived_at);
    respond(ingress.into_inner().refuse_method(incoming).await)
}

fn incoming(
    request: &HttpRequest,
    listing: String,
    body: body::Taken,
    arrived_at: tenure_domain::Instant,
) -> Incoming {
    Incoming {
        listing,
        method: request.method().to_string(),
        query: request.query_string().to_owned(),
        body,
        arrived_at,
    }
}

fn respond(reply: Reply) -> HttpResponse {
    let mut response = HttpResponse::build(reply.status);
    if reply.close {
        response.force_close();
    }
    response.content_type("application/json").body(reply.body)
}
