//! The state of one license: what its events made of it.

use crate::check::Check;
use crate::event::Event;
use crate::file::File;
use crate::ids::{CustomerId, ListingId, OrderId, OrderLine, OrderLineId, ProductId, Quantity};
use crate::order_details::OrderDetails;
use crate::sealed::Sealed;
use crate::term::Term;
use crate::time::Instant;

/// A license, as far as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum License {
    /// Nothing has happened yet.
    #[default]
    Absent,
    /// It exists.
    Living(Living),
    /// It ended for good; what it was is kept.
    Released(Living),
}

/// A license that exists, or did until it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    /// The production address through which it first came.
    pub listing: ListingId,
    /// The kind of product.
    pub family: Family,
    /// How far it has come.
    pub phase: Phase,
    /// Why its use is withheld, if it is.
    pub hold: Option<Hold>,
    /// For how long it is granted.
    pub term: Term,
    /// What is licensed, as far as we were told.
    pub product: Option<ProductId>,
    /// How many units, as far as we were told.
    pub quantity: Option<Quantity>,
    /// Who bought it, as far as we were told.
    pub customer: Option<CustomerId>,
    /// Every change that an order made, oldest first: what makes a repeated call recognisable.
    pub changes: Vec<Change>,
    /// What the marketplace told of the orders behind the changes: its last word on each order
    /// line, the oldest word first.
    pub orders_known: Vec<OrderDetails>,
    /// Where the buyer finds the application and with which account, if the merchant told.
    pub access: Option<Sealed>,
    /// What the marketplace told last of the code, when it was asked what it is.
    pub checked: Option<Check>,
    /// The license files that the buyer's software asked for, oldest first.
    pub files: Vec<File>,
}

/// The kinds of product that the marketplace delivers through these interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// License authorization codes: the marketplace makes the code.
    LicenseCode,
    /// SaaS instances: the merchant makes the instance.
    Saas,
    /// Licenses of desktop software, applied for online.
    OnlineLicense,
}

impl Family {
    /// The name under which the family is stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::LicenseCode => "license_code",
            Self::Saas => "saas",
            Self::OnlineLicense => "online_license",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::LicenseCode, Self::Saas, Self::OnlineLicense]
            .into_iter()
            .find(|family| family.name() == name)
    }
}

/// How far a license has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Bought; the merchant's application is not ready.
    Provisioning,
    /// The code exists; nobody has activated it here.
    Issued,
    /// In force.
    InForce,
}

/// Why use is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Frozen before the term's end: a violation, or arrears.
    Suspended,
    /// Frozen because the term is over.
    Expired,
}

/// What an order did to a license. Two equal changes are one change, told twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of change.
    pub kind: ChangeKind,
    /// The order.
    pub order: OrderId,
    /// The line of the order; an activation names the order only.
    pub line: Option<OrderLineId>,
    /// The end of the term that the change set, if it set one.
    pub expires_at: Option<Instant>,
    /// The product that the change set, if it set one.
    pub product: Option<ProductId>,
}

/// The kinds of change that orders make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The purchase itself.
    Purchase,
    /// An activation, which names the purchase order.
    Activation,
    /// A renewal.
    Renewal,
    /// A renewal taken back.
    RenewalCancellation,
    /// A trial bought.
    Conversion,
    /// A change of specification or capacity.
    Upgrade,
    /// An unsubscription.
    Unsubscription,
}

impl License {
    /// The state that a history leads to.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        events.into_iter().fold(Self::Absent, Self::evolve)
    }

    /// What it is, or was before its release; `None` if nothing has happened yet.
    pub fn living(&self) -> Option<&Living> {
        match self {
            Self::Absent => None,
            Self::Living(living) | Self::Released(living) => Some(living),
        }
    }
}

impl Living {
    /// The orders that changed it, in the order in which they first did.
    pub fn orders(&self) -> Vec<&OrderId> {
        let mut orders: Vec<&OrderId> = Vec::new();
        for change in &self.changes {
            if !orders.contains(&&change.order) {
                orders.push(&change.order);
            }
        }
        orders
    }

    /// What the marketplace told of the order behind a change, if it did. An activation names the
    /// order only, so that the line of it that was told last is taken for its own.
    pub fn details_of(&self, change: &Change) -> Option<&OrderDetails> {
        let mut last_word_first = self.orders_known.iter().rev();
        last_word_first.find(|details| change.is_of(&details.order))
    }

    /// Whether an order line made any of the changes.
    pub(crate) fn is_changed_by(&self, order: &OrderLine) -> bool {
        self.changes.iter().any(|change| change.is_of(order))
    }

    /// Whether this very change was made before.
    pub(crate) fn has_seen(&self, change: &Change) -> bool {
        self.changes.contains(change)
    }
}

impl Change {
    /// Whether an order line made the change, as far as its order is told.
    pub fn is_of(&self, order: &OrderLine) -> bool {
        self.order == order.order && self.line.as_ref().is_none_or(|line| *line == order.line)
    }

    /// A change that names an order line and sets no term.
    pub(crate) fn of_order(kind: ChangeKind, order: &OrderLine) -> Self {
        Self {
            kind,
            order: order.order.clone(),
            line: Some(order.line.clone()),
            expires_at: None,
            product: None,
        }
    }
}
