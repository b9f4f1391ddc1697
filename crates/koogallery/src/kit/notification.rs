//! One call of the kit, understood.

use super::Version;
use super::application::ApplicationSync;
use super::department::{AllOrgSync, SingleOrgSync};
use super::fields::{Fields, malformed};
use super::ids::TenantKey;
use super::tenant::TenantSync;
use super::user::AuthSync;
use crate::rejection::{Fault, Rejection};

/// The interfaces of the kit, one an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::enum_variant_names,
    reason = "these are the names of the interfaces"
)]
pub enum Interface {
    /// An enterprise is bound to an instance, changes, or is unbound.
    TenantSync,
    /// An enterprise gets a client of its authentication centre for an application, or loses it.
    ApplicationSync,
    /// Members may use an application, change, or may no longer.
    AuthSync,
    /// One department is made, changes, or goes.
    SingleOrgSync,
    /// These are the departments.
    AllOrgSync,
}

impl Interface {
    /// Every interface.
    pub const ALL: [Self; 5] = [
        Self::TenantSync,
        Self::ApplicationSync,
        Self::AuthSync,
        Self::SingleOrgSync,
        Self::AllOrgSync,
    ];

    /// The interface with this last segment of its path. Case counts.
    pub fn from_path(segment: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|interface| interface.name() == segment)
    }

    /// The last segment of its path.
    pub fn name(self) -> &'static str {
        match self {
            Self::TenantSync => "tenantSync",
            Self::ApplicationSync => "applicationSync",
            Self::AuthSync => "authSync",
            Self::SingleOrgSync => "singleOrgSync",
            Self::AllOrgSync => "allOrgSync",
        }
    }
}

/// A call, understood; one variant an [`Interface`]. Debug forms show keys and counts, and nothing
/// about people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::enum_variant_names,
    reason = "these are the names of the interfaces"
)]
pub enum Notification {
    /// `tenantSync`.
    TenantSync(TenantSync),
    /// `applicationSync`.
    ApplicationSync(ApplicationSync),
    /// `authSync`.
    AuthSync(AuthSync),
    /// `singleOrgSync`.
    SingleOrgSync(SingleOrgSync),
    /// `allOrgSync`.
    AllOrgSync(AllOrgSync),
}

impl Notification {
    /// The interface it came through.
    pub fn interface(&self) -> Interface {
        match self {
            Self::TenantSync(_) => Interface::TenantSync,
            Self::ApplicationSync(_) => Interface::ApplicationSync,
            Self::AuthSync(_) => Interface::AuthSync,
            Self::SingleOrgSync(_) => Interface::SingleOrgSync,
            Self::AllOrgSync(_) => Interface::AllOrgSync,
        }
    }

    /// The enterprise that it is about, for one instance.
    pub fn tenant(&self) -> &TenantKey {
        match self {
            Self::TenantSync(sync) => &sync.key,
            Self::ApplicationSync(sync) => &sync.key.tenant,
            Self::AuthSync(sync) => &sync.application.tenant,
            Self::SingleOrgSync(sync) => &sync.key.tenant,
            Self::AllOrgSync(sync) => &sync.tenant,
        }
    }

    pub(super) fn read(
        version: Version,
        interface: Interface,
        fields: &Fields<'_>,
    ) -> Result<Self, Rejection> {
        Ok(match interface {
            Interface::TenantSync => Self::TenantSync(TenantSync::read(version, fields)?),
            Interface::ApplicationSync => {
                Self::ApplicationSync(ApplicationSync::read(version, fields)?)
            },
            Interface::AuthSync => Self::AuthSync(AuthSync::read(version, fields)?),
            Interface::SingleOrgSync => Self::SingleOrgSync(SingleOrgSync::read(fields)?),
            Interface::AllOrgSync => Self::AllOrgSync(AllOrgSync::read(fields)?),
        })
    }
}

/// `flag`, as most interfaces have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flag {
    /// 0.
    Delete,
    /// 1.
    Create,
    /// 2.
    Modify,
}

impl Flag {
    /// Reads `flag`, whose values end at `last`.
    pub(super) fn read(fields: &Fields<'_>, last: Self) -> Result<Self, Rejection> {
        let name = "flag";
        let flag = match fields.mandatory_number(name)? {
            0 => Some(Self::Delete),
            1 => Some(Self::Create),
            2 => Some(Self::Modify),
            _ => None,
        };
        flag.filter(|flag| *flag <= last)
            .ok_or_else(|| malformed(name, Fault::BadValue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_are_written() {
        for interface in Interface::ALL {
            assert_eq!(Interface::from_path(interface.name()), Some(interface));
        }
        for segment in ["", "tenantsync", "v2", "tenantSync/"] {
            assert_eq!(Interface::from_path(segment), None);
        }
    }
}
