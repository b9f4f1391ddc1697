//! A merchant's production address and its keys.

use secrecy::SecretString;
use serde::Deserialize;

use crate::body::Body;
use crate::messages::Destination;

/// The interface types, each with a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// Instances.
    Base,
    /// Authorization codes.
    License,
    /// Order notification.
    General,
}

/// The access keys of a listing; an interface without a key is not called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Of the base interface: SaaS.
    pub base: Option<SecretString>,
    /// Of the authorization code interface.
    pub license: Option<SecretString>,
    /// Of the general interface: `orderNotify`.
    pub general: Option<SecretString>,
}

/// One production address of one merchant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// What the control API calls it.
    pub name: String,
    /// The production address.
    pub url: String,
    /// The keys.
    pub keys: Keys,
}

/// A call that the merchant is to receive.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Where it goes.
    pub destination: Destination,
    /// What it says.
    pub body: Body,
}

impl Listing {
    /// A call on an interface, if the listing has a key for it.
    pub fn callback(&self, interface: Interface, body: Body) -> Option<Callback> {
        let key = match interface {
            Interface::Base => &self.keys.base,
            Interface::License => &self.keys.license,
            Interface::General => &self.keys.general,
        };
        let destination = Destination {
            url: self.url.clone(),
            key: key.clone()?,
        };
        Some(Callback { destination, body })
    }
}
