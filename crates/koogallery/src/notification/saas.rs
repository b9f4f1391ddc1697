//! What only the SaaS V2.0 activities have.

use tenure_domain::{LicenseId, OrderLine};

use super::fields::{Fields, malformed};
use crate::rejection::{Fault, Rejection};

/// The most instances that one query may ask for.
pub const QUERIED_INSTANCES_MAX: usize = 100;

/// `newInstance`: an order line was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstance {
    /// The order line: the same one is the same instance, however often it is told.
    pub order: OrderLine,
    /// The number of this request; another one on every call, also when it repeats.
    pub business_id: Box<str>,
}

impl NewInstance {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            order: fields.order_line()?,
            business_id: fields.mandatory_text("businessId", 64)?.into(),
        })
    }
}

/// `queryInstance`: how are these instances?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryInstance {
    /// The instances, at least one and at most [`QUERIED_INSTANCES_MAX`], in the order asked.
    pub ids: Vec<LicenseId>,
}

impl QueryInstance {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = "instanceId";
        let list = fields.mandatory_text(name, usize::MAX)?;
        Self::parse(&list).map_err(|fault| malformed(name, fault))
    }

    /// Reads a list of ids, separated by commas. The table bounds it by 100 characters and by 100
    /// ids of 64 characters; only the latter can be meant.
    pub(crate) fn parse(list: &str) -> Result<Self, Fault> {
        let ids: Vec<_> = list
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .take(QUERIED_INSTANCES_MAX.saturating_add(1))
            .map(|id| LicenseId::parse(id).map_err(Fault::of_id))
            .collect::<Result<_, _>>()?;
        if ids.is_empty() {
            return Err(Fault::Missing);
        }
        if ids.len() > QUERIED_INSTANCES_MAX {
            return Err(Fault::TooLong);
        }
        Ok(Self { ids })
    }
}

/// `upgradeInstance`: another specification or capacity; which one, the order query tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeInstance {
    /// The instance; an upgrade does not change its id.
    pub id: LicenseId,
    /// The order line of the upgrade.
    pub order: OrderLine,
}

impl UpgradeInstance {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            id: instance_id(fields)?,
            order: fields.order_line()?,
        })
    }
}

/// `changeInstanceCheck`: may a renewal change the specification? A question without effect.
///
/// The guide asks for a `productInfo` and does not say what it holds, so nothing is read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeInstanceCheck {
    /// The instance.
    pub id: LicenseId,
}

impl ChangeInstanceCheck {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let id = instance_id(fields)?;
        fields.object("productInfo")?;
        Ok(Self { id })
    }
}

pub(super) fn instance_id(fields: &Fields<'_>) -> Result<LicenseId, Rejection> {
    fields.id("instanceId", LicenseId::parse)
}
