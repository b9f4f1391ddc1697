//! The three changes that instances and authorization codes share: only the field that holds the
//! id has another name.

use tenure_domain::{Instant, LicenseId, OrderId, OrderLine, OrderLineId, ProductId};

use super::fields::{Fields, malformed};
use crate::rejection::{Fault, Rejection};
use crate::wire;

/// `refreshInstance`, `refreshLicenseCode`: a new end of the term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The instance or authorization code.
    pub id: LicenseId,
    /// The occasion: `RENEWAL`, `UNSUBSCRIBE_RENEWAL_PERIOD`, `TRIAL_TO_FORMAL`,
    /// `RENEWAL_CHANGE`, or a word that the guides did not have when this was written.
    pub scene: Box<str>,
    /// The order line of this very change, not that of the purchase.
    pub order: OrderLine,
    /// The new product, if the change of period changed it.
    pub product: Option<ProductId>,
    /// The new end of the term: absolute, and maybe earlier than before.
    pub expires_at: Instant,
    /// The text that the end was read from.
    pub expires_at_received: Box<str>,
}

impl Refresh {
    pub(super) fn read(
        id: LicenseId,
        fields: &Fields<'_>,
        offset_minutes: i32,
    ) -> Result<Self, Rejection> {
        let name = "expireTime";
        let received = fields.mandatory_text(name, 20)?;
        Ok(Self {
            id,
            scene: fields.mandatory_text("scene", 64)?.into(),
            order: fields.order_line()?,
            product: fields.optional_id("productId", ProductId::parse)?,
            expires_at: wire::expire_time(&received, offset_minutes)
                .ok()
                .ok_or_else(|| malformed(name, Fault::BadValue))?,
            expires_at_received: received.into(),
        })
    }
}

/// `updateInstanceStatus`, `updateLicenseCodeStatus`: freeze or unfreeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The instance or authorization code.
    pub id: LicenseId,
    /// What it is to become.
    pub to: TargetStatus,
}

/// What a status change asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetStatus {
    /// `FREEZE`: withhold the use, keep the data.
    Frozen,
    /// `UNFREEZE`, or `NORMAL` in the words of V1.0.
    Unfrozen,
}

impl TargetStatus {
    /// Reads a status in the words of either version.
    pub(crate) fn from_wire(status: &str) -> Option<Self> {
        match status {
            "FREEZE" => Some(Self::Frozen),
            "UNFREEZE" | "NORMAL" => Some(Self::Unfrozen),
            _ => None,
        }
    }
}

impl StatusChange {
    pub(super) fn read(id: LicenseId, fields: &Fields<'_>) -> Result<Self, Rejection> {
        let name = "status";
        let to = TargetStatus::from_wire(&fields.mandatory_text(name, 32)?)
            .ok_or_else(|| malformed(name, Fault::BadValue))?;
        Ok(Self { id, to })
    }
}

/// `releaseInstance`, `releaseLicenseCode`: the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The instance or authorization code.
    pub id: LicenseId,
    /// The unsubscription that caused it, if one did.
    pub order: Option<OrderId>,
    /// The line of that order. The tables make the two optional on their own.
    pub line: Option<OrderLineId>,
}

impl Release {
    pub(super) fn read(id: LicenseId, fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            id,
            order: fields.optional_id("orderId", OrderId::parse)?,
            line: fields.optional_id("orderLineId", OrderLineId::parse)?,
        })
    }
}
