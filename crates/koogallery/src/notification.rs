//! One call of the marketplace, understood.
//!
//! Fields are mandatory or optional, and bounded, as the field tables of the guides say. Unknown
//! fields are ignored, since the guides may add some at any time; a blank optional field is an
//! absent one.

pub mod change;
mod fields;
mod license;
pub mod license_file;
pub mod order;
pub mod saas;

pub(crate) use fields::Fields;

use crate::call::Settings;
use crate::key::InterfaceType;
use crate::rejection::Rejection;
use change::{Refresh, Release, StatusChange};
use license_file::GetLicense;
use order::OrderNotify;
use saas::{ChangeInstanceCheck, NewInstance, QueryInstance, UpgradeInstance};

/// What the marketplace calls us about: the field `activity` of every body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// An order line was bought: make an instance.
    NewInstance,
    /// How are these instances?
    QueryInstance,
    /// An instance has a new end of its term.
    RefreshInstance,
    /// Freeze or unfreeze an instance.
    UpdateInstanceStatus,
    /// An instance ends for good.
    ReleaseInstance,
    /// An instance has another specification or capacity.
    UpgradeInstance,
    /// May a renewal change the specification of this instance?
    ChangeInstanceCheck,
    /// A license file is wanted for an online license.
    GetLicenseAsync,
    /// An authorization code has a new end of its term.
    RefreshLicenseCode,
    /// Freeze or unfreeze an authorization code.
    UpdateLicenseCodeStatus,
    /// An authorization code ends for good.
    ReleaseLicenseCode,
    /// An order was paid.
    OrderNotify,
}

impl Activity {
    /// Every activity.
    pub const ALL: [Self; 12] = [
        Self::NewInstance,
        Self::QueryInstance,
        Self::RefreshInstance,
        Self::UpdateInstanceStatus,
        Self::ReleaseInstance,
        Self::UpgradeInstance,
        Self::ChangeInstanceCheck,
        Self::GetLicenseAsync,
        Self::RefreshLicenseCode,
        Self::UpdateLicenseCodeStatus,
        Self::ReleaseLicenseCode,
        Self::OrderNotify,
    ];

    /// The most characters of the wire name. Some tables say 20, and are shorter than the names
    /// that they are about.
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
            Self::QueryInstance => "queryInstance",
            Self::RefreshInstance => "refreshInstance",
            Self::UpdateInstanceStatus => "updateInstanceStatus",
            Self::ReleaseInstance => "releaseInstance",
            Self::UpgradeInstance => "upgradeInstance",
            Self::ChangeInstanceCheck => "changeInstanceCheck",
            Self::GetLicenseAsync => "getLicenseAsync",
            Self::RefreshLicenseCode => "refreshLicenseCode",
            Self::UpdateLicenseCodeStatus => "updateLicenseCodeStatus",
            Self::ReleaseLicenseCode => "releaseLicenseCode",
            Self::OrderNotify => "orderNotify",
        }
    }

    /// The interface type whose keys sign its calls.
    pub fn interface(self) -> InterfaceType {
        match self {
            Self::NewInstance
            | Self::QueryInstance
            | Self::RefreshInstance
            | Self::UpdateInstanceStatus
            | Self::ReleaseInstance
            | Self::UpgradeInstance
            | Self::ChangeInstanceCheck
            | Self::GetLicenseAsync => InterfaceType::Base,
            Self::RefreshLicenseCode | Self::UpdateLicenseCodeStatus | Self::ReleaseLicenseCode => {
                InterfaceType::License
            },
            Self::OrderNotify => InterfaceType::General,
        }
    }
}

/// A call, understood; one variant an [`Activity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// `newInstance`.
    NewInstance(NewInstance),
    /// `queryInstance`.
    QueryInstance(QueryInstance),
    /// `refreshInstance`.
    RefreshInstance(Refresh),
    /// `updateInstanceStatus`.
    UpdateInstanceStatus(StatusChange),
    /// `releaseInstance`.
    ReleaseInstance(Release),
    /// `upgradeInstance`.
    UpgradeInstance(UpgradeInstance),
    /// `changeInstanceCheck`.
    ChangeInstanceCheck(ChangeInstanceCheck),
    /// `getLicenseAsync`.
    GetLicenseAsync(GetLicense),
    /// `refreshLicenseCode`.
    RefreshLicenseCode(Refresh),
    /// `updateLicenseCodeStatus`.
    UpdateLicenseCodeStatus(StatusChange),
    /// `releaseLicenseCode`.
    ReleaseLicenseCode(Release),
    /// `orderNotify`.
    OrderNotify(OrderNotify),
}

impl Notification {
    /// The activity it came as.
    pub fn activity(&self) -> Activity {
        match self {
            Self::NewInstance(_) => Activity::NewInstance,
            Self::QueryInstance(_) => Activity::QueryInstance,
            Self::RefreshInstance(_) => Activity::RefreshInstance,
            Self::UpdateInstanceStatus(_) => Activity::UpdateInstanceStatus,
            Self::ReleaseInstance(_) => Activity::ReleaseInstance,
            Self::UpgradeInstance(_) => Activity::UpgradeInstance,
            Self::ChangeInstanceCheck(_) => Activity::ChangeInstanceCheck,
            Self::GetLicenseAsync(_) => Activity::GetLicenseAsync,
            Self::RefreshLicenseCode(_) => Activity::RefreshLicenseCode,
            Self::UpdateLicenseCodeStatus(_) => Activity::UpdateLicenseCodeStatus,
            Self::ReleaseLicenseCode(_) => Activity::ReleaseLicenseCode,
            Self::OrderNotify(_) => Activity::OrderNotify,
        }
    }

    /// Reads the fields of a body as the activity wants them.
    pub(crate) fn read(
        activity: Activity,
        fields: &Fields<'_>,
        settings: &Settings,
    ) -> Result<Self, Rejection> {
        let zone = settings.expire_time_offset_minutes;
        Ok(match activity {
            Activity::NewInstance => Self::NewInstance(NewInstance::read(fields)?),
            Activity::QueryInstance => Self::QueryInstance(QueryInstance::read(fields)?),
            Activity::RefreshInstance => {
                Self::RefreshInstance(Refresh::read(saas::instance_id(fields)?, fields, zone)?)
            },
            Activity::UpdateInstanceStatus => {
                Self::UpdateInstanceStatus(StatusChange::read(saas::instance_id(fields)?, fields)?)
            },
            Activity::ReleaseInstance => {
                Self::ReleaseInstance(Release::read(saas::instance_id(fields)?, fields)?)
            },
            Activity::UpgradeInstance => Self::UpgradeInstance(UpgradeInstance::read(fields)?),
            Activity::ChangeInstanceCheck => {
                Self::ChangeInstanceCheck(ChangeInstanceCheck::read(fields)?)
            },
            Activity::GetLicenseAsync => Self::GetLicenseAsync(GetLicense::read(fields)?),
            Activity::RefreshLicenseCode => {
                Self::RefreshLicenseCode(Refresh::read(license::code(fields)?, fields, zone)?)
            },
            Activity::UpdateLicenseCodeStatus => {
                Self::UpdateLicenseCodeStatus(StatusChange::read(license::code(fields)?, fields)?)
            },
            Activity::ReleaseLicenseCode => {
                Self::ReleaseLicenseCode(Release::read(license::code(fields)?, fields)?)
            },
            Activity::OrderNotify => Self::OrderNotify(OrderNotify::read(fields)?),
        })
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
        assert_eq!(Activity::from_wire(""), None);
    }
}
