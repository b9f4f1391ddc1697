//! A sealed text as the bytes of one column, and back.

use tenure_domain::{Digest, SealKey, Sealed};

/// The key's number, the digest, and what only the vault can read.
pub(crate) fn write(sealed: &Sealed) -> Vec<u8> {
    let mut column = Vec::with_capacity(32 + sealed.bytes.len());
    column.extend_from_slice(&sealed.key.number().to_le_bytes());
    column.extend_from_slice(&sealed.digest.bytes());
    column.extend_from_slice(&sealed.bytes);
    column
}

/// `None` if the bytes are too few.
pub(crate) fn read(column: &[u8]) -> Option<Sealed> {
    let (key, rest) = column.split_first_chunk()?;
    let (digest, bytes) = rest.split_first_chunk()?;
    Some(Sealed {
        key: SealKey::new(u128::from_le_bytes(*key)),
        digest: Digest::new(*digest),
        bytes: bytes.into(),
    })
}
