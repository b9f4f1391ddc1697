//! The stored form of what only the vault can read.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tenure_domain::{Digest, SealKey, Sealed};

use super::Reason;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredSealed<'a> {
    /// The key's number: 32 hexadecimal digits.
    key: String,
    /// 32 hexadecimal digits.
    digest: String,
    /// Base64.
    #[serde(borrow)]
    sealed: Cow<'a, str>,
}

impl From<&Sealed> for StoredSealed<'_> {
    fn from(sealed: &Sealed) -> Self {
        Self {
            key: format!("{:032x}", sealed.key.number()),
            digest: write_digest(sealed.digest),
            sealed: STANDARD.encode(&sealed.bytes).into(),
        }
    }
}

impl StoredSealed<'_> {
    pub(super) fn read(&self) -> Result<Sealed, Reason> {
        let bytes = STANDARD.decode(self.sealed.as_bytes());
        let bytes = bytes.or(Err("a sealed text is not base64"))?;
        Ok(Sealed {
            key: SealKey::new(u128::from_be_bytes(read_hex(&self.key)?)),
            digest: read_digest(&self.digest)?,
            bytes: bytes.into(),
        })
    }
}

pub(super) fn write_digest(digest: Digest) -> String {
    hex::encode(digest.bytes())
}

pub(super) fn read_digest(text: &str) -> Result<Digest, Reason> {
    read_hex(text).map(Digest::new)
}

fn read_hex(text: &str) -> Result<[u8; 16], Reason> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).or(Err("a number is not 32 hexadecimal digits"))?;
    Ok(bytes)
}
