//! `authSync`: members of an enterprise, and whether they may use an application.

use std::fmt;

use super::Version;
use super::fields::{Fields, malformed};
use super::ids::{ApplicationKey, DepartmentCode, UserName};
use super::notification::Flag;
use super::personal::Personal;
use super::sync_time::SyncTime;
use crate::rejection::{Fault, Rejection};

/// The most members of one call, as the guide of version 1.0 says.
pub const USERS_MAX: usize = 500;

/// The most characters of an extension. The guides name no bound.
pub const EXTENSION_CHARACTERS_MAX: usize = 16_384;

/// `authSync`: members may use an application, change, or may no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSync {
    /// Which application of which enterprise, for which instance.
    pub application: ApplicationKey,
    /// What becomes of which members: one change for all of them.
    pub change: AccessChange,
    /// `currentSyncTime`.
    pub synced_at: SyncTime,
    /// When the marketplace says that it sent the call.
    pub sent_at: SyncTime,
}

/// What becomes of members. Whoever loses access is known by name alone.
#[derive(Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// `flag` 0: they left the enterprise. Access and sessions end, and their names may go.
    Delete(Vec<UserName>),
    /// `flag` 1: they may use the application.
    Grant(Vec<User>),
    /// `flag` 2: something about them changes.
    Modify(Vec<User>),
    /// `flag` 3, version 2.0: they may no longer use the application, and stay in the enterprise.
    Withdraw(Vec<UserName>),
}

impl fmt::Debug for AccessChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, count) = match self {
            Self::Delete(users) => ("Delete", users.len()),
            Self::Grant(users) => ("Grant", users.len()),
            Self::Modify(users) => ("Modify", users.len()),
            Self::Withdraw(users) => ("Withdraw", users.len()),
        };
        write!(f, "{name}({count} users)")
    }
}

/// A member of an enterprise. Contact details come only if the merchant asked for them and the
/// buyer agreed.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The account, unique in its enterprise.
    pub user_name: UserName,
    /// The name that is shown.
    pub name: Personal,
    /// `orgCode`. The department may not have been told yet.
    pub department: DepartmentCode,
    /// What the member may do in the application.
    pub role: Role,
    /// `enable`: whether the account may be used.
    pub enabled: bool,
    /// The job title.
    pub position: Option<Personal>,
    /// The staff number.
    pub employee_code: Option<Personal>,
    /// 1 regular, 2 intern, 3 dispatched labour, 4 outsourced labour.
    pub employee_type: Option<u32>,
    /// The mobile number.
    pub mobile: Option<Personal>,
    /// The e-mail address.
    pub email: Option<Personal>,
    /// The place of work.
    pub work_place: Option<Personal>,
    /// The day of joining, such as `2022-11-9`.
    pub entry_date: Option<Personal>,
    /// `extension` as it was written, JSON of any kind. Enterprises put fields of their own there.
    pub extension: Option<Personal>,
}

/// The only two roles that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `user`: ordinary rights.
    User,
    /// `admin`: must have the rights of an administrator.
    Admin,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("role", &self.role)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

impl AuthSync {
    pub(super) fn read(version: Version, fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            application: fields.application_key()?,
            change: AccessChange::read(version, fields)?,
            synced_at: fields.sync_time("currentSyncTime"),
            sent_at: fields.sync_time("timeStamp"),
        })
    }
}

impl AccessChange {
    fn read(version: Version, fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = "userList";
        let names = || {
            fields.each(name, USERS_MAX, |entry| {
                entry.id("userName", UserName::parse)
            })
        };
        if version == Version::V2 && fields.mandatory_number("flag")? == 3 {
            return Ok(Self::Withdraw(names()?));
        }
        Ok(match Flag::read(fields, Flag::Modify)? {
            Flag::Delete => Self::Delete(names()?),
            Flag::Create => Self::Grant(fields.each(name, USERS_MAX, User::read)?),
            Flag::Modify => Self::Modify(fields.each(name, USERS_MAX, User::read)?),
        })
    }
}

impl User {
    fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let extension = Extension::read(fields)?;
        let own_type = fields.number("employeeType")?;
        let own_place = fields.personal("workPlace", 255)?;
        let own_date = fields.personal("entryDate", 64)?;
        Ok(Self {
            user_name: fields.id("userName", UserName::parse)?,
            name: fields.mandatory_personal("name", 64)?,
            department: fields.id("orgCode", DepartmentCode::parse)?,
            role: Role::read(fields)?,
            enabled: fields.boolean("enable")?,
            position: fields.personal("position", 64)?,
            employee_code: fields.personal("employeeCode", 64)?,
            employee_type: own_type.or_else(|| extension.number("employeeType")),
            mobile: fields.personal("mobile", 32)?,
            email: fields.personal("email", 128)?,
            work_place: own_place.or_else(|| extension.personal("workPlace")),
            entry_date: own_date.or_else(|| extension.personal("entryDate")),
            extension: extension.text,
        })
    }
}

impl Role {
    fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = "role";
        match fields.mandatory_text(name, 32)?.as_str() {
            "user" => Ok(Self::User),
            "admin" => Ok(Self::Admin),
            _ => Err(malformed(name, Fault::BadValue)),
        }
    }
}

/// What version 1.0 nests, and enterprises extend.
struct Extension {
    text: Option<Personal>,
    read: serde_json::Value,
}

impl Extension {
    /// Keeps whatever there is, within bounds of length and depth.
    fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = "extension";
        let text = fields.value(name).filter(|text| *text != r#""""#);
        if text.is_some_and(|text| text.chars().count() > EXTENSION_CHARACTERS_MAX) {
            return Err(malformed(name, Fault::TooLong));
        }
        // The reader bounds the depth.
        let read = text.map(serde_json::from_str).transpose();
        Ok(Self {
            read: read
                .ok()
                .ok_or_else(|| malformed(name, Fault::BadValue))?
                .unwrap_or_default(),
            text: text.map(|text| Personal::new(text.to_owned())),
        })
    }

    /// A field of its own kind; anything else is the enterprise's own, and passed over.
    fn personal(&self, name: &str) -> Option<Personal> {
        let text = self.read.get(name)?.as_str()?;
        (!text.is_empty()).then(|| Personal::new(text.to_owned()))
    }

    fn number(&self, name: &str) -> Option<u32> {
        let value = self.read.get(name)?;
        match value.as_str() {
            Some(text) => text.parse().ok(),
            None => value.as_u64()?.try_into().ok(),
        }
    }
}
