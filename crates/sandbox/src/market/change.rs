//! What can be done with something that was sold.

use super::{OrderKind, Protocol};

/// A change by the buyer, or by the marketplace itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The buyer claims the code: from then on it can be activated.
    Claim,
    /// The buyer renews. What was frozen is given back.
    Renew {
        /// By how long.
        months: u32,
    },
    /// The buyer cancels the last renewal, whose period has not begun.
    CancelRenewal,
    /// The trial becomes paid.
    Convert {
        /// For how long, from now.
        months: u32,
    },
    /// Another specification of an instance.
    Upgrade {
        /// The product from now on.
        product: String,
        /// The units from now on.
        amount: u32,
    },
    /// The term is over: use is withheld until a renewal.
    Expire,
    /// Use is withheld by the marketplace's staff, whatever the term.
    Freeze,
    /// Use is given back by the marketplace's staff.
    Unfreeze,
    /// Released at the end of the retention.
    Release,
    /// The buyer unsubscribes: released at once, with an order.
    Unsubscribe,
    /// The buyer opens the page of an instance.
    Query,
}

impl Change {
    /// The kind of order that the change makes, if it makes one.
    pub fn order_kind(&self) -> Option<OrderKind> {
        match self {
            Self::Renew { .. } => Some(OrderKind::Renew),
            Self::Convert { .. } => Some(OrderKind::TrialToFormal),
            Self::Upgrade { .. } => Some(OrderKind::Change),
            Self::CancelRenewal | Self::Unsubscribe => Some(OrderKind::Unsubscribe),
            Self::Claim
            | Self::Expire
            | Self::Freeze
            | Self::Unfreeze
            | Self::Release
            | Self::Query => None,
        }
    }

    /// The length that is ordered, if there is one.
    pub fn months(&self) -> Option<u32> {
        match self {
            Self::Renew { months } | Self::Convert { months } => Some(*months),
            Self::Claim
            | Self::CancelRenewal
            | Self::Upgrade { .. }
            | Self::Expire
            | Self::Freeze
            | Self::Unfreeze
            | Self::Release
            | Self::Unsubscribe
            | Self::Query => None,
        }
    }

    /// Whether a protocol has words for it. License 1.0 has them for renewals and ends only.
    pub(super) fn exists_in(&self, protocol: Protocol) -> bool {
        match self {
            Self::Convert { .. }
            | Self::Upgrade { .. }
            | Self::Freeze
            | Self::Unfreeze
            | Self::Query => protocol != Protocol::LicenseV1,
            Self::Claim
            | Self::Renew { .. }
            | Self::CancelRenewal
            | Self::Expire
            | Self::Release
            | Self::Unsubscribe => true,
        }
    }
}
