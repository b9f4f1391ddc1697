//! The addresses of the callbacks listener.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, Bytes, Data, Path, Payload, ServiceConfig};
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
    mut payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let arrived_at = ingress.now();
    let body = body::take(&request, &mut payload).await;
    let incoming = incoming(&request, listing.into_inner(), body, arrived_at);
    respond(ingress.into_inner().answer(incoming).await, payload)
}

async fn refuse_method(
    request: HttpRequest,
    listing: Path<String>,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    let body = body::Taken {
        bytes: Bytes::new(),
        rejection: None,
    };
    let arrived_at = ingress.now();
    let incoming = incoming(&request, listing.into_inner(), body, arrived_at);
    respond(ingress.into_inner().refuse_method(incoming).await, payload)
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

fn respond(reply: Reply, payload: Payload) -> HttpResponse {
    let mut response = HttpResponse::build(reply.status);
    if reply.close {
        response.force_close();
    }
    response.content_type("application/json").body(Answered {
        answer: reply.body.into(),
        _call: payload,
    })
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
