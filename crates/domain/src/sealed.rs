//! What only the vault can read: the domain keeps it and compares it, and never looks inside.

use std::fmt;

/// Which key of the vault sealed a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealKey(u128);

impl SealKey {
    /// Names a key by its number.
    pub const fn new(number: u128) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u128 {
        self.0
    }
}

/// A keyed digest of a text: equal for equal texts under one key, and nothing to anybody who does
/// not have that key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// Keeps the bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

/// A sealed text. Sealing a text twice makes different bytes, and the same digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key.
    pub key: SealKey,
    /// What tells the same text from another one.
    pub digest: Digest,
    /// The text, sealed.
    pub bytes: Box<[u8]>,
}

impl Sealed {
    /// Whether both are known to be the same text. Under different keys nobody can know.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.key == other.key && self.digest == other.digest
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("key", &self.key)
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: u128, digest: u8, bytes: &[u8]) -> Sealed {
        Sealed {
            key: SealKey::new(key),
            digest: Digest::new([digest; 16]),
            bytes: bytes.into(),
        }
    }

    #[test]
    fn the_same_text_sealed_twice_says_the_same() {
        let one = sealed(1, 7, b"abc");
        assert!(one.says_the_same(&sealed(1, 7, b"xyz")));
        assert!(!one.says_the_same(&sealed(1, 8, b"abc")));
        assert!(!one.says_the_same(&sealed(2, 7, b"abc")));
    }

    #[test]
    fn no_debug_form_shows_the_bytes() {
        assert!(!format!("{:?}", sealed(1, 7, b"abc")).contains("97"));
    }
}
