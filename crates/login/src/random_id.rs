//! Ids that nobody can guess.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const BYTES: usize = 32;

/// 256 random bits, as 64 digits. Whoever presents them is whom they were given to, so only their
/// digest is kept, and no debug form shows them.
#[derive(Clone)]
pub(crate) struct RandomId(SecretString);

/// What is kept of an id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdDigest(pub(crate) [u8; BYTES]);

impl RandomId {
    pub(crate) fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; BYTES]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(SecretString::from(hex::encode(bytes.as_slice()))))
    }

    /// Reads what somebody presents; `None` if it cannot be an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 2 * BYTES
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        is_id.then(|| Self(SecretString::from(text)))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn digest(&self) -> IdDigest {
        IdDigest::of(&[self.expose()])
    }
}

impl IdDigest {
    /// The digest of several texts, with their lengths, so that none runs into the next.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let digest = texts.iter().fold(Sha256::new(), |digest, text| {
            let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
            digest.chain_update(length.to_be_bytes()).chain_update(text)
        });
        Self(digest.finalize().into())
    }
}

impl fmt::Debug for RandomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomId([redacted])")
    }
}

impl fmt::Debug for IdDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_no_other_text_is() {
        let id = RandomId::draw().unwrap();
        let read = RandomId::parse(id.expose()).unwrap();
        assert!(read.digest() == id.digest());
        assert!(RandomId::draw().unwrap().digest() != id.digest());
        for text in ["", &"g".repeat(64), &"A".repeat(64), &"a".repeat(63)] {
            assert!(RandomId::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn no_text_runs_into_the_next() {
        assert!(IdDigest::of(&["a", "bc"]) != IdDigest::of(&["ab", "c"]));
    }

    #[test]
    fn no_debug_form_shows_an_id() {
        let id = RandomId::draw().unwrap();
        assert!(!format!("{id:?}").contains(id.expose()));
    }
}
