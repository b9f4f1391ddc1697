//! The columns of the decision table, each as a history that leads there.
//!
//! Every state but the absent one has a term that ends at [`END`], set by order 2. Order 1 is the
//! purchase; commands that bring something new take order 3.

use tenure_domain::{Event, Family, Instant, License};
use tenure_testkit::{activation, listing, order_line, term_change};

/// The end of the term, in seconds.
pub(crate) const END: i64 = 100;
/// An instant before the end, in seconds.
pub(crate) const BEFORE: i64 = 50;
/// An instant after the end, in seconds.
pub(crate) const AFTER: i64 = 150;

/// A day, in seconds.
pub(crate) const DAY: i64 = 86_400;

/// A column of the table. "New" is provisioning for instances and issued for codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    New,
    SuspendedNew,
    ExpiredNew,
    InForce,
    Suspended,
    Expired,
    Released,
}

impl State {
    pub(crate) const ALL: [Self; 8] = [
        Self::Absent,
        Self::New,
        Self::SuspendedNew,
        Self::ExpiredNew,
        Self::InForce,
        Self::Suspended,
        Self::Expired,
        Self::Released,
    ];

    pub(crate) fn history(self, family: Family) -> Vec<Event> {
        let mut history = match self {
            Self::Absent => return Vec::new(),
            Self::New | Self::SuspendedNew | Self::ExpiredNew => vec![opening(family)],
            Self::InForce | Self::Suspended | Self::Expired | Self::Released => {
                vec![opening(family), coming_into_force(family)]
            },
        };
        history.push(Event::Renewed(term_change(2, END)));
        match self {
            Self::Absent | Self::New | Self::InForce => {},
            Self::SuspendedNew | Self::Suspended => history.push(Event::Suspended),
            Self::ExpiredNew | Self::Expired => history.push(Event::Expired),
            Self::Released => history.push(Event::Released { order: None }),
        }
        history
    }

    pub(crate) fn license(self, family: Family) -> License {
        License::replay(&self.history(family))
    }
}

pub(crate) fn issued() -> Event {
    Event::Issued { listing: listing() }
}

pub(crate) fn purchased(family: Family) -> Event {
    Event::Purchased {
        listing: listing(),
        family,
        order: order_line(1),
    }
}

fn opening(family: Family) -> Event {
    match family {
        Family::LicenseCode => issued(),
        Family::Saas | Family::OnlineLicense => purchased(family),
    }
}

fn coming_into_force(family: Family) -> Event {
    match family {
        Family::LicenseCode => Event::Activated(activation(1, END)),
        Family::Saas | Family::OnlineLicense => Event::Provisioned {
            provisioned_at: Instant::EPOCH,
        },
    }
}

#[test]
fn every_column_is_reached_by_a_lawful_history() {
    for family in [Family::LicenseCode, Family::Saas, Family::OnlineLicense] {
        for state in State::ALL {
            let history = state.history(family);
            let checked = tenure_domain::laws::check(&history);
            assert_eq!(checked, Ok(state.license(family)), "{family:?} {state:?}");
        }
    }
}
