//! `POST …/v2/license/activate`: up to 100 authorization codes come into force.

use serde::Serialize;
use tenure_domain::{Instant, LicenseId};

use super::answer::envelope;
use super::bounded::List;
use super::{OpenApiError, OpenApiRequest};
use crate::wire;

/// The codes of one call. The guide allows 100.
pub type Codes = List<LicenseId, 100>;

/// What an activation of several codes told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchActivated {
    /// Every code is in force. A query tells until when.
    All,
    /// One code at least is not as it has to be, and the marketplace tells neither which one nor
    /// whether the others were activated. [Activating](super::activate) them one by one tells it
    /// of each.
    OneByOne(OpenApiError),
}

#[derive(Serialize)]
struct Body<'a> {
    license_list: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    real_effect_time: Option<String>,
}

/// Asks to activate codes; `real_effect_time` is when the software takes effect, for all of them,
/// if that is not now.
pub fn request(codes: &Codes, real_effect_time: Option<Instant>) -> OpenApiRequest {
    let body = Body {
        license_list: texts(codes),
        real_effect_time: real_effect_time.map(wire::compact_time),
    };
    OpenApiRequest::post("/v2/license/activate", &body)
}

/// The codes as they are sent.
pub(super) fn texts(codes: &Codes) -> Vec<&str> {
    codes.as_slice().iter().map(LicenseId::as_str).collect()
}

/// Reads the answer, which the guide gives nothing but a code: all that it can tell is which codes
/// have to be looked at one by one.
pub fn read(status: u16, body: &[u8]) -> Result<BatchActivated, OpenApiError> {
    match envelope(status, body) {
        Ok(_) => Ok(BatchActivated::All),
        Err(
            error @ (OpenApiError::IllegalState
            | OpenApiError::NotClaimed
            | OpenApiError::UnknownCode
            | OpenApiError::NotActivated),
        ) => Ok(BatchActivated::OneByOne(error)),
        Err(error) => Err(error),
    }
}
