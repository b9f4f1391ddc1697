//! Takes a body in, within bounds.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use tenure_koogallery::{Rejection, kit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most bytes that a body may have. The guides' largest is a `queryInstance` of a hundred
/// ids, 6.5 KB.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long a body may take to arrive: the marketplace waits five seconds for the whole answer.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(2);

/// How long a body of the kit may take, which is thirty times as long.
const LARGE_BODY_TIME_MAX: Duration = Duration::from_secs(3);

/// How many large bodies are in memory at a time. Whoever sends one can be a stranger: nothing
/// vouches for a body before all of it is there.
const LARGE_BODIES_MAX: usize = 16;

/// What bodies are allowed at an address.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// The most bytes.
    pub bytes_max: usize,
    /// How long it may take to arrive.
    pub time_max: Duration,
    /// The room for bodies of more than [`BODY_BYTES_MAX`]; a body waits for it within its time.
    pub room: Option<&'a Room>,
}

impl Bounds<'static> {
    /// The bounds of every interface but the kit's.
    pub const CALLBACK: Self = Self {
        bytes_max: BODY_BYTES_MAX,
        time_max: BODY_TIME_MAX,
        room: None,
    };
}

/// Room for large bodies.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_BODIES_MAX)))
    }
}

impl Room {
    /// The bounds of the kit's interfaces.
    pub fn bounds(&self) -> Bounds<'_> {
        Bounds {
            bytes_max: kit::BODY_BYTES_MAX,
            time_max: LARGE_BODY_TIME_MAX,
            room: Some(self),
        }
    }
}

/// A body, or as much of it as was read and why no more.
#[derive(Debug, Default)]
pub struct Taken {
    /// What was read.
    pub bytes: Bytes,
    /// Why it is not the whole of a body that can be used.
    pub rejection: Option<Rejection>,
    /// The place of a large body in its [`Room`].
    pub place: Option<OwnedSemaphorePermit>,
}

/// Reads a body within bounds, as it was sent. A body that says that it is longer is not read at
/// all; a compressed one neither, since the signature covers the bytes on the wire.
pub async fn take(request: &HttpRequest, payload: &mut Payload, bounds: Bounds<'_>) -> Taken {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let untouched = |rejection| Taken {
        rejection: Some(rejection),
        ..Taken::default()
    };
    if header(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return untouched(Rejection::UnsupportedContentEncoding);
    }
    let announced = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bounds.bytes_max as u64) {
        return untouched(Rejection::BodyTooLarge);
    }
    let mut filling = Filling::default();
    let rejection = match tokio::time::timeout(bounds.time_max, filling.fill(payload, bounds)).await
    {
        Ok(rejection) => rejection,
        Err(_elapsed) => Some(Rejection::SlowBody),
    };
    Taken {
        bytes: filling.bytes.freeze(),
        rejection,
        place: filling.place,
    }
}

/// A body that is being read.
#[derive(Default)]
struct Filling {
    bytes: BytesMut,
    place: Option<OwnedSemaphorePermit>,
}

impl Filling {
    async fn fill(&mut self, payload: &mut Payload, bounds: Bounds<'_>) -> Option<Rejection> {
        while let Some(chunk) = payload.next().await {
            // A body that breaks off has come as far as it will.
            let Ok(chunk) = chunk else {
                return Some(Rejection::SlowBody);
            };
            let length = self.bytes.len() + chunk.len();
            if length > bounds.bytes_max {
                return Some(Rejection::BodyTooLarge);
            }
            if length > BODY_BYTES_MAX && self.place.is_none() {
                self.place = wait_for_place(bounds.room).await;
            }
            self.bytes.extend_from_slice(&chunk);
        }
        None
    }
}

/// No room is ever closed, and one that were closed would have a place for everybody.
async fn wait_for_place(room: Option<&Room>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(&room?.0).acquire_owned().await.ok()
}
