//! Readings of a license at an instant. Time passes without events: nothing here is recorded.

use crate::ids::{ProductId, Quantity};
use crate::license::{Hold, License, Living, Phase};
use crate::term::{Place, Term};
use crate::time::Instant;

/// What a license is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Bought; the merchant's application is not ready.
    Provisioning,
    /// The code exists and was not activated here.
    Issued,
    /// Good.
    Active,
    /// Past its term, inside the grace period: still good.
    Grace,
    /// Past its term, or frozen for that reason.
    Expired,
    /// Frozen before the term's end.
    Suspended,
    /// Ended for good.
    Released,
}

impl Status {
    /// Every status, in the order of a license's life.
    pub const ALL: [Self; 7] = [
        Self::Provisioning,
        Self::Issued,
        Self::Active,
        Self::Grace,
        Self::Expired,
        Self::Suspended,
        Self::Released,
    ];

    /// The name under which the status is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Issued => "issued",
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Released => "released",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// What a license grants at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// What is licensed, as far as we were told.
    pub product: Option<ProductId>,
    /// How many units, as far as we were told.
    pub quantity: Option<Quantity>,
    /// For how long.
    pub term: Term,
}

impl License {
    /// The status at `at`; `None` if nothing has happened yet.
    ///
    /// The first of these that holds: released; suspended; frozen as expired; provisioning; past
    /// the grace period: expired; not activated: issued; past the term: grace; active. A code that
    /// nobody activated has no grace, since grace would grant something.
    pub fn status_at(&self, at: Instant) -> Option<Status> {
        match self {
            Self::Absent => None,
            Self::Released(_) => Some(Status::Released),
            Self::Living(living) => Some(living.status_at(at)),
        }
    }

    /// What the license grants at `at`: something only while it is active or in grace.
    pub fn entitlement_at(&self, at: Instant) -> Option<Entitlement> {
        match (self.status_at(at)?, self.living()?) {
            (Status::Active | Status::Grace, living) => Some(Entitlement {
                product: living.product.clone(),
                quantity: living.quantity,
                term: living.term,
            }),
            (
                Status::Provisioning
                | Status::Issued
                | Status::Expired
                | Status::Suspended
                | Status::Released,
                _,
            ) => None,
        }
    }
}

impl Living {
    fn status_at(&self, at: Instant) -> Status {
        match (self.hold, self.phase, self.term.place(at)) {
            (Some(Hold::Suspended), _, _) => Status::Suspended,
            (Some(Hold::Expired), _, _) | (None, Phase::Issued | Phase::InForce, Place::Over) => {
                Status::Expired
            },
            (None, Phase::Provisioning, _) => Status::Provisioning,
            (None, Phase::Issued, Place::Within | Place::Grace) => Status::Issued,
            (None, Phase::InForce, Place::Grace) => Status::Grace,
            (None, Phase::InForce, Place::Within) => Status::Active,
        }
    }
}
