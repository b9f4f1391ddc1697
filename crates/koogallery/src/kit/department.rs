//! `singleOrgSync` and `allOrgSync`: departments.

use std::fmt;

use super::fields::Fields;
use super::ids::{DepartmentCode, DepartmentKey, TenantKey};
use super::notification::Flag;
use super::personal::Personal;
use super::sync_time::SyncTime;
use crate::rejection::Rejection;

/// The most departments of one call. The guides name no bound; a body of the largest size holds
/// about as many.
pub const DEPARTMENTS_MAX: usize = 20_000;

/// The most characters of a department's name.
const NAME_CHARACTERS_MAX: usize = 128;

/// `singleOrgSync`: one department is made, changes, or goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleOrgSync {
    /// Which department of which enterprise, for which instance.
    pub key: DepartmentKey,
    /// What becomes of it.
    pub change: DepartmentChange,
    /// When the marketplace says that it sent the call.
    pub sent_at: SyncTime,
}

/// What becomes of a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DepartmentChange {
    /// `flag` 0: it goes.
    Delete,
    /// `flag` 1: it is made.
    Create(Place),
    /// `flag` 2: it is renamed or moved.
    Modify(Place),
}

/// What a department is called, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `orgName`, unique on its level.
    pub name: Personal,
    /// `parentCode`: the department above, which may not have been told yet; `None` at the top.
    pub parent: Option<DepartmentCode>,
}

/// `allOrgSync`: these are the departments of an enterprise. Whether there are no others the guide
/// does not say.
#[derive(Clone, PartialEq, Eq)]
pub struct AllOrgSync {
    /// Which enterprise, for which instance.
    pub tenant: TenantKey,
    /// The departments, in the order received: a flat list.
    pub departments: Vec<Department>,
    /// When the marketplace says that it sent the call.
    pub sent_at: SyncTime,
}

/// One department of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// `orgCode`.
    pub code: DepartmentCode,
    /// Its name and where it stands.
    pub place: Place,
}

impl fmt::Debug for AllOrgSync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllOrgSync")
            .field("tenant", &self.tenant)
            .field("departments", &self.departments.len())
            .field("sent_at", &self.sent_at)
            .finish()
    }
}

impl SingleOrgSync {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let key = DepartmentKey {
            tenant: fields.tenant_key()?,
            department: fields.id("orgCode", DepartmentCode::parse)?,
        };
        let change = match Flag::read(fields, Flag::Modify)? {
            Flag::Delete => DepartmentChange::Delete,
            Flag::Create => DepartmentChange::Create(Place::read("orgName", fields)?),
            Flag::Modify => DepartmentChange::Modify(Place::read("orgName", fields)?),
        };
        Ok(Self {
            key,
            change,
            sent_at: fields.sync_time("timeStamp"),
        })
    }
}

impl AllOrgSync {
    /// Version 1.0 names the list `orgInfo`; the `flag` that an example has is ignored.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = spelling(fields, "orgInfoList", &["orgInfo"]);
        Ok(Self {
            tenant: fields.tenant_key()?,
            departments: fields.each(name, DEPARTMENTS_MAX, Department::read)?,
            sent_at: fields.sync_time("timeStamp"),
        })
    }
}

impl Department {
    /// An older page writes the name with a capital, and version 1.0 writes it without `org`.
    fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = spelling(fields, "orgName", &["OrgName", "name"]);
        Ok(Self {
            code: fields.id("orgCode", DepartmentCode::parse)?,
            place: Place::read(name, fields)?,
        })
    }
}

impl Place {
    fn read(name: &'static str, fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            name: fields.mandatory_personal(name, NAME_CHARACTERS_MAX)?,
            parent: fields.optional_id("parentCode", DepartmentCode::parse)?,
        })
    }
}

/// The first of several spellings that has a value; the one of the present tables if none has.
fn spelling(fields: &Fields<'_>, present: &'static str, others: &[&'static str]) -> &'static str {
    let mut others = others.iter().copied();
    if fields.value(present).is_some() {
        return present;
    }
    others
        .find(|name| fields.value(name).is_some())
        .unwrap_or(present)
}
