//! The signature of version 2.0, which the marketplace sends in the header `x-sign`.
//!
//! ```text
//! x-sign = hex(HMAC-SHA256(key, key ‖ x-nonce ‖ x-timestamp ‖ payload))
//! ```
//!
//! The order interfaces sign a code of the payload in its place, so that neither signature is ever
//! the other.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::fields::Fields;
use crate::key::{AccessKey, KeyRing};
use crate::signature::{Reading, SignatureParameters, keyed};

/// Signs a payload: 64 lower-case hexadecimal digits.
pub fn sign(key: &AccessKey, nonce: &str, timestamp: &str, payload: &[u8]) -> String {
    hex::encode(code(key, nonce, timestamp, payload).finalize().as_bytes())
}

/// Looks for a key that made the signature, over the body as sent and then over its canonical
/// form. Digits are compared without regard to case, and in constant time.
pub(super) fn verify<'a>(
    ring: &'a KeyRing,
    parameters: &SignatureParameters,
    body: &[u8],
    fields: &Fields<'_>,
) -> Option<(&'a AccessKey, Reading)> {
    if let Some(key) = signer(ring, parameters, body) {
        return Some((key, Reading::RawBytes));
    }
    let canonical = fields.canonical(body)?;
    signer(ring, parameters, &canonical).map(|key| (key, Reading::Canonical))
}

/// The key that made the signature over exactly these bytes.
pub(super) fn signer<'a>(
    ring: &'a KeyRing,
    parameters: &SignatureParameters,
    payload: &[u8],
) -> Option<&'a AccessKey> {
    let mut signature = [0; 32];
    hex::decode_to_slice(&parameters.signature, &mut signature).ok()?;
    ring.iter().find(|key| {
        code(key, &parameters.nonce, &parameters.timestamp, payload)
            .verify_slice(&signature)
            .is_ok()
    })
}

/// The code, ready to be finished. The text it covers contains the key, so it is fed in piece by
/// piece.
fn code(key: &AccessKey, nonce: &str, timestamp: &str, payload: &[u8]) -> Hmac<Sha256> {
    keyed(key.bytes())
        .chain_update(key.bytes())
        .chain_update(nonce)
        .chain_update(timestamp)
        .chain_update(payload)
}
