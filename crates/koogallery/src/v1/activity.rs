//! What a V1.0 or License 1.0 call is about: the parameter `activity`.

/// The activities of both guides. Four names are those of V2.0 activities too, with other
/// parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// SaaS: an order was bought. Also told whenever the buyer opens the instance's page.
    NewInstance,
    /// SaaS: an instance has a new end of its term.
    RefreshInstance,
    /// SaaS: the term of an instance is over.
    ExpireInstance,
    /// SaaS: an instance ends for good.
    ReleaseInstance,
    /// SaaS: an instance has another specification or capacity.
    Upgrade,
    /// SaaS: freeze or unfreeze an instance that is paid per use or by package.
    InstanceStatus,
    /// SaaS: how are these instances?
    QueryInstance,
    /// License: an order was bought, and wants its license.
    GetLicense,
    /// License: a license has a new end of its term.
    RefreshLicense,
    /// License: the term of a license is over.
    ExpireLicense,
    /// License: a license ends for good.
    ReleaseLicense,
}

impl Activity {
    /// Every activity.
    pub const ALL: [Self; 11] = [
        Self::NewInstance,
        Self::RefreshInstance,
        Self::ExpireInstance,
        Self::ReleaseInstance,
        Self::Upgrade,
        Self::InstanceStatus,
        Self::QueryInstance,
        Self::GetLicense,
        Self::RefreshLicense,
        Self::ExpireLicense,
        Self::ReleaseLicense,
    ];

    /// The most characters of the wire name: the longer of the two bounds of the tables.
    pub const CHARACTERS_MAX: usize = 32;

    /// The activity with this wire name.
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|activity| activity.name() == name)
    }

    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewInstance => "newInstance",
            Self::RefreshInstance => "refreshInstance",
            Self::ExpireInstance => "expireInstance",
            Self::ReleaseInstance => "releaseInstance",
            Self::Upgrade => "upgrade",
            Self::InstanceStatus => "instanceStatus",
            Self::QueryInstance => "queryInstance",
            Self::GetLicense => "getLicense",
            Self::RefreshLicense => "refreshLicense",
            Self::ExpireLicense => "expireLicense",
            Self::ReleaseLicense => "releaseLicense",
        }
    }

    /// Whether the guide of License 1.0 has it, and not that of SaaS V1.0.
    pub fn is_of_licenses(self) -> bool {
        match self {
            Self::GetLicense
            | Self::RefreshLicense
            | Self::ExpireLicense
            | Self::ReleaseLicense => true,
            Self::NewInstance
            | Self::RefreshInstance
            | Self::ExpireInstance
            | Self::ReleaseInstance
            | Self::Upgrade
            | Self::InstanceStatus
            | Self::QueryInstance => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_are_read_as_they_are_written() {
        for activity in Activity::ALL {
            assert_eq!(Activity::from_wire(activity.name()), Some(activity));
            assert!(activity.name().len() <= Activity::CHARACTERS_MAX);
        }
        assert_eq!(Activity::from_wire("NewInstance"), None);
        assert_eq!(Activity::from_wire("updateInstanceStatus"), None);
    }
}
