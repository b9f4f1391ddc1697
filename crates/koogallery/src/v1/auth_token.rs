//! `authToken`: the proof that a V1.0 or License 1.0 call comes from the marketplace.
//!
//! ```text
//! text  = name=value of every parameter but authToken, decoded, by name, joined with &
//! token = base64(HMAC-SHA256(accessKey ‖ timeStamp, text))
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::parameters::{AUTH_TOKEN, Parameters, TIME_STAMP};
use crate::key::{AccessKey, KeyRing};
use crate::signature::keyed;

/// Makes the token of a call. A call without `timeStamp` is signed with the bare key.
pub fn sign(key: &AccessKey, parameters: &Parameters) -> String {
    STANDARD.encode(code(key, parameters).finalize().as_bytes())
}

/// Looks for the key of the ring that made the token, in constant time for each.
pub fn verify<'a>(ring: &'a KeyRing, parameters: &Parameters) -> Option<&'a AccessKey> {
    let token = STANDARD.decode(parameters.value(AUTH_TOKEN)?).ok()?;
    ring.iter()
        .find(|key| code(key, parameters).verify_slice(&token).is_ok())
}

fn code(key: &AccessKey, parameters: &Parameters) -> Hmac<Sha256> {
    let stamp = parameters.value(TIME_STAMP).unwrap_or_default();
    // The one place where a key stands beside other bytes: the algorithm takes its key in one
    // piece. The bytes are wiped when they have served, and never grow into new ones.
    let length = key.bytes().len().saturating_add(stamp.len());
    let mut stamped = Zeroizing::new(Vec::with_capacity(length));
    stamped.extend_from_slice(key.bytes());
    stamped.extend_from_slice(stamp.as_bytes());
    let mut code = keyed(&stamped);
    for (index, (name, value)) in parameters.signed().enumerate() {
        if index > 0 {
            code.update(b"&");
        }
        code.update(name.as_bytes());
        code.update(b"=");
        code.update(value.as_bytes());
    }
    code
}
