//! The marketplace's side of a call, with made-up keys.

use tenure_domain::{Instant, ListingId};
use tenure_koogallery::{AccessKey, InterfaceType, KeyRing, Keys};

pub(crate) const NONCE: &str = "RLLUammMSInlrNWb";
pub(crate) const TIMESTAMP: &str = "1680508066618";

/// The key of an interface type; that of the base interfaces is what the encrypted values of the
/// corpus were made with.
pub(crate) fn key(interface: InterfaceType) -> AccessKey {
    let text = match interface {
        InterfaceType::Base => "11111111-2222-3333-4444-555555555555",
        InterfaceType::License => "d0c5a1b2-3e4f-4a5b-8c6d-7e8f90a1b2c3",
        InterfaceType::General => "0badcafe-0000-4000-8000-000000000001",
        InterfaceType::Kit => "kitAccessKey-Example-0001",
    };
    AccessKey::new(text.to_owned())
}

pub(crate) fn ring(interface: InterfaceType) -> KeyRing {
    KeyRing::new(vec![key(interface)])
}

pub(crate) fn keys() -> Keys {
    Keys {
        base: ring(InterfaceType::Base),
        license: ring(InterfaceType::License),
        general: ring(InterfaceType::General),
        kit: ring(InterfaceType::Kit),
    }
}

pub(crate) fn listing() -> ListingId {
    ListingId::parse("cad-pro").expect("an id")
}

/// When every call arrives: at its [`TIMESTAMP`].
pub(crate) fn arrived_at() -> Instant {
    Instant::from_micros(1_680_508_066_618_000)
}

/// What stands before the first line break, and what stands after it.
pub(crate) fn line_and_rest(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    match end.and_then(|end| bytes.split_at_checked(end)) {
        Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
        None => (bytes, b""),
    }
}

/// One of a few, by a first byte: the digit `0` chooses the first. Nothing of no bytes.
pub(crate) fn chosen<'a, T: Copy>(from: &[T], bytes: &'a [u8]) -> Option<(T, &'a [u8])> {
    let (first, rest) = bytes.split_first()?;
    let index = usize::from(first.wrapping_sub(b'0')) % from.len();
    Some((*from.get(index)?, rest))
}
