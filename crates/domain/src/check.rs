//! What the marketplace says that an authorization code is, when somebody asks.

use crate::ids::{ProductId, Quantity};
use crate::license::License;
use crate::status::Status;
use crate::time::Instant;

/// What an authorization code is, as the marketplace sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeStatus {
    /// `ALIVE`: in force.
    Alive,
    /// `EXPIRED`: block the use, and guide the buyer to a renewal.
    Expired,
    /// `RELEASED`: over for good.
    Released,
    /// A word that the guides did not have when this was written, cut to what is kept of it.
    Other(Box<str>),
}

impl CodeStatus {
    /// The most characters of a word that we do not know.
    pub const OTHER_CHARACTERS_MAX: usize = 16;

    /// Reads the marketplace's word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "ALIVE" => Self::Alive,
            "EXPIRED" => Self::Expired,
            "RELEASED" => Self::Released,
            other => {
                let kept: String = other.chars().take(Self::OTHER_CHARACTERS_MAX).collect();
                Self::Other(kept.into())
            },
        }
    }

    /// The marketplace's word. Persisted: never change one.
    pub fn word(&self) -> &str {
        match self {
            Self::Alive => "ALIVE",
            Self::Expired => "EXPIRED",
            Self::Released => "RELEASED",
            Self::Other(word) => word,
        }
    }

    /// Whether a license of this status is what the marketplace calls so. It knows neither our
    /// grace nor our suspension: what is in its grace may be over already for the marketplace, and
    /// of what is frozen before its end the guides do not say how a query calls it.
    fn is_said_of(&self, status: Status) -> bool {
        match self {
            Self::Alive => matches!(status, Status::Active | Status::Grace | Status::Suspended),
            Self::Expired => matches!(status, Status::Grace | Status::Expired | Status::Suspended),
            Self::Released => status == Status::Released,
            Self::Other(_) => false,
        }
    }
}

/// What the marketplace told of an authorization code, as far as it told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// When it told that first: the same answer again is no news.
    pub checked_at: Instant,
    /// What the code is.
    pub status: CodeStatus,
    /// When its term ends.
    pub expires_at: Option<Instant>,
    /// What is licensed.
    pub product: Option<ProductId>,
    /// How many units.
    pub quantity: Option<Quantity>,
}

impl Check {
    /// Whether this and `other` tell the same, whenever they told it.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            checked_at: _,
            status,
            expires_at,
            product,
            quantity,
        } = self;
        *status == other.status
            && *expires_at == other.expires_at
            && *product == other.product
            && *quantity == other.quantity
    }

    /// Whether it is what we know of the license at an instant: the status, and the end of the
    /// term where both know one. Of what is unknown here nothing agrees.
    pub fn agrees_with(&self, license: &License, at: Instant) -> bool {
        let (Some(living), Some(status)) = (license.living(), license.status_at(at)) else {
            return false;
        };
        let ends_differ = match (self.expires_at, living.term.expires_at) {
            (Some(theirs), Some(ours)) => theirs != ours,
            (None, _) | (_, None) => false,
        };
        self.status.is_said_of(status) && !ends_differ
    }
}
