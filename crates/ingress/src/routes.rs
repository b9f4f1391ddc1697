//! The addresses of the callbacks listener.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::HeaderName;
use actix_web::web::{self, Bytes, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use tenure_koogallery::kit::Version;

use crate::body::{self, Bounds, Taken};
use crate::callback::Ingress;
use crate::exchange::{Incoming, Reply};
use crate::kit::{KitCall, ProofHeaders};

/// The name of the header that signs an answer. Names are kept in lower case and are spelled
/// `Body-Sign` on the wire, see [`respond`].
const BODY_SIGN: HeaderName = HeaderName::from_static("body-sign");

/// Adds the callbacks to an application.
pub fn configure(config: &mut ServiceConfig, ingress: Arc<Ingress>) {
    config
        .app_data(Data::from(ingress))
        .service(
            web::resource("/koogallery/{listing}")
                .route(web::post().to(receive))
                .route(web::get().to(receive_v1))
                .default_service(web::to(refuse_method)),
        )
        .service(kit_resource(
            "/koogallery/{listing}/produceAPI/v2/{interface}",
            Version::V2,
        ))
        .service(kit_resource(
            "/koogallery/{listing}/produceAPI/{interface}",
            Version::V1,
        ));
}

fn kit_resource(address: &str, version: Version) -> Resource {
    let receive = move |request, address, payload, ingress| {
        receive_kit(version, request, address, payload, ingress)
    };
    let refuse = move |request, address, payload, ingress| {
        refuse_kit_method(version, request, address, payload, ingress)
    };
    web::resource(address)
        .route(web::post().to(receive))
        .default_service(web::to(refuse))
}

async fn receive(
    request: HttpRequest,
    listing: Path<String>,
    mut payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let body = body::take(&request, &mut payload, Bounds::CALLBACK).await;
    let incoming = incoming(&request, listing.into_inner(), body, arrived_at);
    respond(ingress.into_inner().answer(incoming).await, payload)
}

/// A call of V1.0 has no body; whoever sends one with it is not listened to.
async fn receive_v1(
    request: HttpRequest,
    listing: Path<String>,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let incoming = incoming(&request, listing.into_inner(), Taken::default(), arrived_at);
    respond(ingress.into_inner().answer_v1(incoming).await, payload)
}

async fn refuse_method(
    request: HttpRequest,
    listing: Path<String>,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let incoming = incoming(&request, listing.into_inner(), Taken::default(), arrived_at);
    respond(ingress.into_inner().refuse_method(incoming).await, payload)
}

async fn receive_kit(
    version: Version,
    request: HttpRequest,
    address: Path<(String, String)>,
    mut payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let (listing, interface) = address.into_inner();
    let body = if ingress.takes_kit_calls(&listing, &interface) {
        let bounds = ingress.kit.room().bounds();
        body::take(&request, &mut payload, bounds).await
    } else {
        Taken::default()
    };
    let call = KitCall {
        incoming: incoming(&request, listing, body, arrived_at),
        version,
        interface,
        proof: proof(&request),
    };
    respond(ingress.into_inner().answer_kit(call).await, payload)
}

async fn refuse_kit_method(
    version: Version,
    request: HttpRequest,
    address: Path<(String, String)>,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let (listing, interface) = address.into_inner();
    let call = KitCall {
        incoming: incoming(&request, listing, Taken::default(), arrived_at),
        version,
        interface,
        proof: proof(&request),
    };
    respond(ingress.into_inner().refuse_kit_method(call).await, payload)
}

fn proof(request: &HttpRequest) -> ProofHeaders {
    let header = |name: &str| {
        let value = request.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    ProofHeaders {
        sign: header("x-sign"),
        timestamp: header("x-timestamp"),
        nonce: header("x-nonce"),
        auth_token: header("authToken"),
    }
}

fn incoming(
    request: &HttpRequest,
    listing: String,
    body: Taken,
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

fn respond(reply: Reply, payload: Payload) -> HttpResponse {
    let mut response = HttpResponse::build(reply.status);
    if reply.close {
        response.force_close();
    }
    let is_signed = reply.body_sign.is_some();
    if let Some(signature) = reply.body_sign {
        response.insert_header((BODY_SIGN, signature));
    }
    let mut response = response.content_type("application/json").body(Answered {
        answer: reply.body.into(),
        _call: payload,
    });
    // The marketplace's check takes `Body-Sign` and no other spelling. Names of headers are in
    // lower case unless they are asked to be written with capitals.
    response.head_mut().set_camel_case_headers(is_signed);
    response
}

/// Our answer, and the call's body until the answer is on its way. A body that nobody holds any
/// more would be read to its end before the connection is closed, however long it is.
struct Answered {
    answer: Bytes,
    _call: Payload,
}

impl MessageBody for Answered {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.answer.len() as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let answer = std::mem::take(&mut self.get_mut().answer);
        Poll::Ready(Some(answer).filter(|it| !it.is_empty()).map(Ok))
    }
}
