//! Faults on purpose: what a call meets before it is read, or its answer after it is written.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};

use super::manner::{Fault, Spelled};
use super::market_answer::{MarketFault, MarketRefusal};
use super::{OpenApi, Refusal};

/// The most that an answer is held back.
const SLOW_MS_MAX: u32 = 60_000;

/// Lets a call meet what was drawn for it.
pub(super) async fn disturb(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(api) = request.app_data::<Data<OpenApi>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let path = request.path().to_owned();
    match api.manner.fault() {
        None => Ok(next.call(request).await?.map_into_boxed_body()),
        Some(Fault::Throttled) => Ok(request.into_response(Refusal::Throttled.error_response())),
        Some(Fault::Internal) => {
            let answer = refusal(&api, &path, MarketFault::Internal, &Refusal::Internal);
            Ok(request.into_response(answer))
        },
        Some(Fault::TooFrequent) => {
            let answer = refusal(&api, &path, MarketFault::TooFrequent, &Refusal::Throttled);
            Ok(request.into_response(answer))
        },
        Some(Fault::Slow) => {
            let answer = next.call(request).await?.map_into_boxed_body();
            let late_ms = api.manner.settings().slow_ms.min(SLOW_MS_MAX);
            tokio::time::sleep(Duration::from_millis(u64::from(late_ms))).await;
            Ok(answer)
        },
        Some(Fault::Truncated) => truncated(next.call(request).await?).await,
    }
}

/// A refusal in the words of the interface at a path.
fn refusal(api: &OpenApi, path: &str, fault: MarketFault, otherwise: &Refusal) -> HttpResponse {
    if path.contains("/license/") {
        return otherwise.error_response();
    }
    let documented = if path.ends_with("/order/query") {
        Spelled::MKT_RESULT
    } else if path.ends_with("/file") {
        Spelled::CBC_ERROR
    } else {
        Spelled::MKT_ERROR
    };
    let spelled = api.manner.spelled(documented);
    spelled.refusal(&MarketRefusal::Known(fault, "on purpose".to_owned()))
}

async fn truncated(
    answer: ServiceResponse<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (request, response) = answer.into_parts();
    let (head, body) = response.into_parts();
    let body = to_bytes(body)
        .await
        .map_err(|error| Error::from(error.into()))?;
    let half = body.slice(..body.len() / 2);
    Ok(ServiceResponse::new(
        request,
        head.set_body(BoxBody::new(half)),
    ))
}
