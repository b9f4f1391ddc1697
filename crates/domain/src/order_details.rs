//! What the marketplace tells of an order when it is asked, or in a call that carries all of it.
//!
//! The calls about a license name its orders and little more; who bought, how many units and in
//! which specification is in the order itself. Nothing here is a personal datum: a customer is
//! the number of an account.

use crate::ids::{CustomerId, OrderLine, ProductId, Quantity, SkuCode};
use crate::time::Instant;

/// What the marketplace knows of an order line. What it did not tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDetails {
    /// The order line.
    pub order: OrderLine,
    /// What was ordered: something new, or a change of what the buyer has.
    pub kind: OrderKind,
    /// When the order was placed.
    pub ordered_at: Option<Instant>,
    /// Who bought.
    pub customer: Option<CustomerId>,
    /// What was bought.
    pub product: Option<ProductId>,
    /// In which specification.
    pub sku: Option<SkuCode>,
    /// How many units.
    pub quantity: Option<Quantity>,
    /// How it is paid for.
    pub charging: Option<ChargingMode>,
    /// When the order's period ends, approximately: the marketplace's guide warns that the end of
    /// a license differs from it. So no term is ever read from it.
    pub expires_at: Option<Instant>,
}

/// What an order is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderKind {
    /// A first purchase.
    New,
    /// A trial.
    Trial,
    /// A trial that is bought.
    TrialToFormal,
    /// Something is given back.
    Unsubscribe,
    /// A further period.
    Renew,
    /// Another specification or capacity.
    Change,
    /// What we do not know, in the marketplace's word; made by [`OrderKind::other`].
    Other(Box<str>),
}

/// How an order is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargingMode {
    /// By period: a month, a year.
    Period,
    /// Once.
    OneTime,
    /// By use.
    OnDemand,
    /// By use, out of a package paid for in advance.
    OnDemandPackage,
}

impl OrderKind {
    /// The most characters that are kept of a word we do not know.
    pub const OTHER_CHARACTERS_MAX: usize = 64;

    const KNOWN: [Self; 6] = [
        Self::New,
        Self::Trial,
        Self::TrialToFormal,
        Self::Unsubscribe,
        Self::Renew,
        Self::Change,
    ];

    /// A kind that we do not know, in the marketplace's word, cut to what is kept of it.
    pub fn other(word: &str) -> Self {
        let kept: String = word.chars().take(Self::OTHER_CHARACTERS_MAX).collect();
        Self::Other(kept.into())
    }

    /// The name under which the kind is stored and shown; `other` for all that we do not know.
    /// Persisted: never change one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Trial => "trial",
            Self::TrialToFormal => "trial_to_formal",
            Self::Unsubscribe => "unsubscribe",
            Self::Renew => "renew",
            Self::Change => "change",
            Self::Other(_) => "other",
        }
    }

    /// The marketplace's word for a kind that we do not know; `None` for one that we do.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Other(word) => Some(word),
            Self::New
            | Self::Trial
            | Self::TrialToFormal
            | Self::Unsubscribe
            | Self::Renew
            | Self::Change => None,
        }
    }

    /// Reads the name of a kind that we know back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|kind| kind.name() == name)
    }
}

impl ChargingMode {
    /// The name under which the mode is stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::OneTime => "one_time",
            Self::OnDemand => "on_demand",
            Self::OnDemandPackage => "on_demand_package",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Period,
            Self::OneTime,
            Self::OnDemand,
            Self::OnDemandPackage,
        ]
        .into_iter()
        .find(|mode| mode.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_we_do_not_know_is_cut() {
        let kind = OrderKind::other(&"单".repeat(65));
        assert_eq!(kind, OrderKind::Other("单".repeat(64).into()));
        assert_eq!(OrderKind::other("GIFT"), OrderKind::Other("GIFT".into()));
    }
}
