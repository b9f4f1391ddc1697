//! `tenantSync`: enterprises.

use tenure_domain::OrderId;

use super::Version;
use super::domain_name::DomainName;
use super::fields::Fields;
use super::ids::TenantKey;
use super::notification::Flag;
use super::personal::Personal;
use super::sync_time::SyncTime;
use crate::rejection::Rejection;

/// `tenantSync`: an enterprise is bound to an instance, changes, or is unbound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSync {
    /// Which enterprise, for which instance.
    pub key: TenantKey,
    /// What becomes of it.
    pub change: TenantChange,
    /// When the marketplace says that it sent the call.
    pub sent_at: SyncTime,
}

/// What becomes of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantChange {
    /// `flag` 0: it is unbound from the instance, and its members may no longer log in.
    Delete,
    /// `flag` 1: it is bound.
    Create(Tenant),
    /// `flag` 2, version 2.0: its name or the address of its authentication centre changes.
    Modify(Tenant),
}

/// An enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The buyer's order; `None` while a credential is applied for or debugged.
    pub order: Option<OrderId>,
    /// `tenantCode`, the short name behind the `@` of a login.
    pub code: Box<str>,
    /// The name of the enterprise.
    pub name: Personal,
    /// The address of its authentication centre.
    pub domain: DomainName,
}

impl TenantSync {
    pub(super) fn read(version: Version, fields: &Fields<'_>) -> Result<Self, Rejection> {
        let last = match version {
            Version::V1 => Flag::Create,
            Version::V2 => Flag::Modify,
        };
        let key = fields.tenant_key()?;
        let change = match Flag::read(fields, last)? {
            Flag::Delete => TenantChange::Delete,
            Flag::Create => TenantChange::Create(Tenant::read(fields)?),
            Flag::Modify => TenantChange::Modify(Tenant::read(fields)?),
        };
        Ok(Self {
            key,
            change,
            sent_at: fields.sync_time("timeStamp"),
        })
    }
}

impl Tenant {
    fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            order: fields.optional_id("orderId", OrderId::parse)?,
            code: fields.mandatory_text("tenantCode", 64)?.into(),
            name: fields.mandatory_personal("name", 255)?,
            domain: DomainName::new(&fields.mandatory_text("domainName", 255)?),
        })
    }
}
