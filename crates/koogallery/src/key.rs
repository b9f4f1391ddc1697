//! The access keys that the marketplace and the merchant share.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// One access key, as the seller centre shows it.
///
/// Its text is opaque: the UTF-8 bytes are the key of the authentication code as they are, even
/// where the text looks like a UUID or like hexadecimal digits.
#[derive(Clone)]
pub struct AccessKey(SecretString);

impl AccessKey {
    /// Wraps the text of a key.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey([redacted])")
    }
}

/// The keys of one interface type that are good at the same time, so that a key can be replaced
/// without an interruption. Every one verifies; the first signs.
#[derive(Debug, Clone, Default)]
pub struct KeyRing(Vec<AccessKey>);

impl KeyRing {
    /// Makes a ring. An empty text is not a key, since anybody can compute with it: it is left out.
    pub fn new(keys: Vec<AccessKey>) -> Self {
        Self(
            keys.into_iter()
                .filter(|key| !key.bytes().is_empty())
                .collect(),
        )
    }

    /// Whether there is no key, so that nothing can be verified.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, the one that signs first.
    pub fn iter(&self) -> impl Iterator<Item = &AccessKey> {
        self.0.iter()
    }
}

/// The interface types of the seller centre. Each is bound to a key of its own: the guides forbid
/// one key for two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InterfaceType {
    /// The base interfaces: SaaS and online License instances.
    Base,
    /// The delivery of License authorization codes.
    License,
    /// The general interface: order notifications.
    General,
    /// The joint-operation kit.
    Kit,
}

impl InterfaceType {
    /// Every interface type.
    pub const ALL: [Self; 4] = [Self::Base, Self::License, Self::General, Self::Kit];

    /// The name under which its keys are configured and its calls are counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::License => "license",
            Self::General => "general",
            Self::Kit => "kit",
        }
    }
}

/// The keys of one listing, by interface type.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Keys of the base interfaces.
    pub base: KeyRing,
    /// Keys of the delivery of authorization codes.
    pub license: KeyRing,
    /// Keys of the general interface.
    pub general: KeyRing,
    /// Keys of the joint-operation kit.
    pub kit: KeyRing,
}

impl Keys {
    /// The keys of one interface type.
    pub fn ring(&self, interface: InterfaceType) -> &KeyRing {
        match interface {
            InterfaceType::Base => &self.base,
            InterfaceType::License => &self.license,
            InterfaceType::General => &self.general,
            InterfaceType::Kit => &self.kit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_form_shows_a_key() {
        let key = AccessKey::new("d0c5a1b2-3e4f".to_owned());
        let keys = Keys {
            base: KeyRing::new(vec![key.clone()]),
            ..Keys::default()
        };
        for shown in [format!("{key:?}"), format!("{keys:?}")] {
            assert!(!shown.contains("d0c5a1b2"), "{shown}");
        }
    }

    #[test]
    fn an_empty_text_is_no_key() {
        assert!(KeyRing::new(vec![AccessKey::new(String::new())]).is_empty());
    }
}
