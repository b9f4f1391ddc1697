//! A merchant's production address and its keys.

use std::str::FromStr;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::kit::secret::PublicKey;
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
    /// The joint-operation kit.
    Kit,
}

/// The version of the protocol in which a merchant is told of its instances. Codes and orders are
/// told of in V2.0 always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// SaaS V2.0, and online licenses.
    #[default]
    V2,
    /// SaaS V1.0.
    SaasV1,
    /// License 1.0: the merchant makes the license.
    LicenseV1,
}

impl Protocol {
    /// Every version.
    pub const ALL: [Self; 3] = [Self::V2, Self::SaasV1, Self::LicenseV1];

    /// The name on the command line, in the control API and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::SaasV1 => "saas-v1",
            Self::LicenseV1 => "license-v1",
        }
    }
}

/// A text that names no protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a protocol is one of v2, saas-v1, license-v1")]
pub struct UnknownProtocol;

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == text)
            .ok_or(UnknownProtocol)
    }
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
    /// Of the joint-operation kit.
    pub kit: Option<SecretString>,
    /// The public key of the merchant's application credential, for client secrets of the kit.
    pub kit_public_key: Option<PublicKey>,
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
    /// How the merchant is told of instances that are sold from now on.
    #[serde(default)]
    pub protocol: Protocol,
}

/// A call that the merchant is to receive.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Where it goes.
    pub destination: Destination,
    /// What it says.
    pub call: Call,
}

impl Listing {
    /// Where calls on an interface go, if the listing has a key for it.
    pub fn destination(&self, interface: Interface) -> Option<Destination> {
        let key = match interface {
            Interface::Base => &self.keys.base,
            Interface::License => &self.keys.license,
            Interface::General => &self.keys.general,
            Interface::Kit => &self.keys.kit,
        };
        Some(Destination {
            url: self.url.clone(),
            key: key.clone()?,
        })
    }
}
