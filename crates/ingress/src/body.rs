//! Takes a body in, within bounds.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use tenure_koogallery::Rejection;

/// The most bytes that a body may have. The guides' largest is a `queryInstance` of a hundred
/// ids, 6.5 KB.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long a body may take to arrive: the marketplace waits five seconds for the whole answer.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(2);

/// A body, or as much of it as was read and why no more.
#[derive(Debug)]
pub struct Taken {
    /// What was read.
    pub bytes: Bytes,
    /// Why it is not the whole of a body that can be used.
    pub rejection: Option<Rejection>,
}

/// Reads a body: at most [`BODY_BYTES_MAX`] bytes, within [`BODY_TIME_MAX`], as it was sent. A
/// body that says that it is longer is not read at all; a compressed one neither, since the
/// signature covers the bytes on the wire.
pub async fn take(request: &HttpRequest, payload: &mut Payload) -> Taken {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let untouched = |rejection| Taken {
        bytes: Bytes::new(),
        rejection: Some(rejection),
    };
    if header(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return untouched(Rejection::UnsupportedContentEncoding);
    }
    let announced = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return untouched(Rejection::BodyTooLarge);
    }
    let mut bytes = BytesMut::new();
    let rejection = match tokio::time::timeout(BODY_TIME_MAX, fill(&mut bytes, payload)).await {
        Ok(rejection) => rejection,
        Err(_elapsed) => Some(Rejection::SlowBody),
    };
    Taken {
        bytes: bytes.freeze(),
        rejection,
    }
}

async fn fill(bytes: &mut BytesMut, payload: &mut Payload) -> Option<Rejection> {
    while let Some(chunk) = payload.next().await {
        // A body that breaks off has come as far as it will.
        let Ok(chunk) = chunk else {
            return Some(Rejection::SlowBody);
        };
        if bytes.len() + chunk.len() > BODY_BYTES_MAX {
            return Some(Rejection::BodyTooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    None
}
