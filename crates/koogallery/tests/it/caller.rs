//! The marketplace's side of a call.

use tenure_domain::{Instant, ListingId};
use tenure_koogallery::call::{self, Rejected, Settings, Verified};
use tenure_koogallery::signature::sign;
use tenure_koogallery::{AccessKey, KeyRing, Keys};

pub(crate) const BASE: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const LICENSE: &str = "d0c5a1b2-3e4f-4a5b-8c6d-7e8f90a1b2c3";
pub(crate) const GENERAL: &str = "0badcafe-0000-4000-8000-000000000001";
pub(crate) const KIT: &str = "0badcafe-0000-4000-8000-000000000002";

pub(crate) const NONCE: &str = "RLLUammMSInlrNWb";
pub(crate) const TIMESTAMP: &str = "1680508066618";

pub(crate) fn key(text: &str) -> AccessKey {
    AccessKey::new(text.to_owned())
}

pub(crate) fn ring(text: &str) -> KeyRing {
    KeyRing::new(vec![key(text)])
}

pub(crate) fn keys() -> Keys {
    Keys {
        base: ring(BASE),
        license: ring(LICENSE),
        general: ring(GENERAL),
        kit: ring(KIT),
    }
}

pub(crate) fn listing() -> ListingId {
    ListingId::parse("cad-pro").unwrap()
}

/// The instant that a text of milliseconds stands for.
pub(crate) fn instant(millis: &str) -> Instant {
    Instant::from_micros(millis.parse::<i64>().unwrap() * 1_000)
}

pub(crate) fn query(signature: &str, timestamp: &str, nonce: &str) -> String {
    format!("signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

/// Signs a body with a key and reads it on arrival, without delay.
pub(crate) fn call(key_text: &str, body: &[u8]) -> Result<Verified, Rejected> {
    let signature = sign(&key(key_text), NONCE, TIMESTAMP, body);
    read(&query(&signature, TIMESTAMP, NONCE), body)
}

/// Reads a call that arrives at [`TIMESTAMP`].
pub(crate) fn read(query: &str, body: &[u8]) -> Result<Verified, Rejected> {
    call::read(
        &listing(),
        &keys(),
        &Settings::default(),
        query,
        body,
        instant(TIMESTAMP),
    )
}
