//! How a product is paid, in the words of the order query.

use serde::{Deserialize, Serialize};

/// How a product is paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Charging {
    /// By the year or the month.
    #[default]
    Period,
    /// Once, for good.
    OneTime,
    /// By what is used, as the merchant reports it.
    OnDemand,
    /// As a package, from which what is used is taken.
    #[serde(rename = "ON_DEMAND_PKG")]
    OnDemandPackage,
}

impl Charging {
    /// Whether what was sold ends by itself.
    pub fn has_term(self) -> bool {
        match self {
            Self::Period | Self::OnDemandPackage => true,
            Self::OneTime | Self::OnDemand => false,
        }
    }

    /// Whether the merchant reports what is used of it.
    pub fn is_metered(self) -> bool {
        match self {
            Self::OnDemand | Self::OnDemandPackage => true,
            Self::Period | Self::OneTime => false,
        }
    }
}
