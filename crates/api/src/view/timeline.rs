//! The shape of a license on both time axes.

use serde::Serialize;
use tenure_domain::{LicenseId, Quantity};
use tenure_journal::timeline::{Holding, Interval, Step};
use utoipa::ToSchema;

use super::{AsOf, time};

/// What a license is over some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldingView {
    /// `provisioning`, `issued`, `active`, `grace`, `expired`, `suspended` or `released`.
    #[schema(example = "active")]
    pub status: String,
    /// What is licensed, as far as was told.
    pub product_id: Option<String>,
    /// How many units, as far as was told.
    pub quantity: Option<u32>,
    /// When its term ends; null for what never ends and for what was not told.
    pub expires_at: Option<String>,
}

impl From<&Holding> for HoldingView {
    fn from(holding: &Holding) -> Self {
        Self {
            status: holding.status.name().to_owned(),
            product_id: holding.product.as_ref().map(ToString::to_string),
            quantity: holding.quantity.map(Quantity::units),
            expires_at: holding.expires_at.map(time),
        }
    }
}

/// What held for a time, and was believed for a time. Ends do not belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IntervalView {
    /// The license.
    #[schema(example = "PLTEST0001")]
    pub license_id: String,
    /// Valid time: since when it holds.
    pub from: String,
    /// Until when; null if no end is in sight.
    pub until: Option<String>,
    /// Transaction time: since which record it was believed.
    pub known_from: AsOf,
    /// The record that changed the belief; null while it stands.
    pub known_until: Option<AsOf>,
    /// What holds.
    #[serde(flatten)]
    pub holding: HoldingView,
}

impl IntervalView {
    /// An interval of a license.
    pub fn of(license: &LicenseId, interval: &Interval) -> Self {
        Self {
            license_id: license.to_string(),
            from: time(interval.from),
            until: interval.until.map(time),
            known_from: interval.known_from.into(),
            known_until: interval.known_until.map(AsOf::from),
            holding: HoldingView::from(&interval.holding),
        }
    }
}

impl From<Step> for AsOf {
    fn from(step: Step) -> Self {
        Self::new(step.position, Some(step.recorded_at))
    }
}

/// A license on both time axes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineView {
    /// By the record since which they were believed; those of one record by time.
    pub intervals: Vec<IntervalView>,
    /// How much of the journal was looked at.
    pub as_of: AsOf,
}

/// The licenses of a customer on both time axes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelinePage {
    /// License by license, in the order of their ids; of one license, by the record since which
    /// they were believed, and those of one record by time.
    pub intervals: Vec<IntervalView>,
    /// Goes on after the last license; null if there are no more.
    pub next_cursor: Option<String>,
    /// How much of the journal was looked at.
    pub as_of: AsOf,
}
