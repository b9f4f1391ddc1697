//! The joint-operation kit: what the marketplace tells a merchant about the enterprises that use
//! its application, about their departments and about their members.
//!
//! * [`call`]: the bodies of the five interfaces. [`enterprise`]: who they are about. [`change`]:
//!   what an enterprise does, and the calls that follow from it.
//! * [`canonical`]: the form of a body that is signed. [`signer`]: `x-sign` of V2.0 and `authToken`
//!   of V1.0. [`secret`]: how the client secret is encrypted.
//! * [`judge`]: what counts as success. [`play`]: the scripted flow of a demonstration.
//!
//! The marketplace's guide names no automatic repeats for these calls: whoever pressed the button
//! is told of the failure, and presses it again.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod call;
pub mod canonical;
pub mod change;
mod client;
pub mod enterprise;
pub mod judge;
pub mod play;
pub mod secret;
pub mod shapes;
pub mod signer;

/// The versions of the kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Version {
    /// For products that were listed before 2024-04-27: signed with `authToken`, answered with
    /// `Body-Sign`.
    V1,
    /// Signed with `x-sign`.
    #[default]
    V2,
}

/// The five interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::enum_variant_names,
    reason = "these are the names of the interfaces"
)]
pub enum Interface {
    /// An enterprise is bound to an instance, renamed, or unbound.
    TenantSync,
    /// The enterprise's client of an application: its id and its secret.
    ApplicationSync,
    /// Members are authorised, changed, deleted, or lose their authorisation.
    AuthSync,
    /// One department.
    SingleOrgSync,
    /// All departments.
    AllOrgSync,
}

impl Interface {
    /// Every interface, in the order in which a binding calls those that it calls.
    pub const ALL: [Self; 5] = [
        Self::TenantSync,
        Self::ApplicationSync,
        Self::AuthSync,
        Self::SingleOrgSync,
        Self::AllOrgSync,
    ];

    /// The name, which is the last segment of the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::TenantSync => "tenantSync",
            Self::ApplicationSync => "applicationSync",
            Self::AuthSync => "authSync",
            Self::SingleOrgSync => "singleOrgSync",
            Self::AllOrgSync => "allOrgSync",
        }
    }

    /// The address below a production address.
    pub fn address(self, version: Version, production_address: &str) -> String {
        let base = production_address.trim_end_matches('/');
        let name = self.name();
        match version {
            Version::V1 => format!("{base}/produceAPI/{name}"),
            Version::V2 => format!("{base}/produceAPI/v2/{name}"),
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of the thing that a call is about: the `flag`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// It goes.
    Delete,
    /// It is made.
    Create,
    /// It is changed. For enterprises and applications in V2.0 only.
    Modify,
    /// A member may no longer use the application, and stays in the enterprise. V2.0 only.
    Withdraw,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 4] = [Self::Delete, Self::Create, Self::Modify, Self::Withdraw];

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Modify => "modify",
            Self::Withdraw => "withdraw",
        }
    }

    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::Delete => 0,
            Self::Create => 1,
            Self::Modify => 2,
            Self::Withdraw => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Interface, Version};

    #[test]
    fn addresses_stand_below_the_production_address() {
        for base in ["https://example.com/isv", "https://example.com/isv/"] {
            assert_eq!(
                Interface::TenantSync.address(Version::V2, base),
                "https://example.com/isv/produceAPI/v2/tenantSync"
            );
            assert_eq!(
                Interface::AllOrgSync.address(Version::V1, base),
                "https://example.com/isv/produceAPI/allOrgSync"
            );
        }
    }
}
