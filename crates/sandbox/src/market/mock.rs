//! The orders that the marketplace answers to everybody, for tests.

use super::{Charging, OrderKind};

/// An order that nobody made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MockOrder {
    /// Its id, in the marketplace's spelling.
    pub id: &'static str,
    /// What it is for.
    pub kind: OrderKind,
    /// How it is paid.
    pub charging: Charging,
    /// The word for its period and how many of them, where it has one.
    pub period: Option<(&'static str, u32)>,
}

const fn mock(
    id: &'static str,
    kind: OrderKind,
    charging: Charging,
    period: Option<(&'static str, u32)>,
) -> MockOrder {
    MockOrder {
        id,
        kind,
        charging,
        period,
    }
}

/// The nine that the marketplace's order query page names.
pub const MOCK_ORDERS: [MockOrder; 9] = [
    mock(
        "MOCKPERIODYEARNEW",
        OrderKind::New,
        Charging::Period,
        Some(("year", 1)),
    ),
    mock("MOCKONETIMENEW", OrderKind::New, Charging::OneTime, None),
    mock("MOCKONDEMAND", OrderKind::New, Charging::OnDemand, None),
    mock(
        "MOCKONDEMANDPKG",
        OrderKind::New,
        Charging::OnDemandPackage,
        Some(("month", 1)),
    ),
    mock(
        "MOCKPERIODDAYTRIAL",
        OrderKind::Trial,
        Charging::Period,
        Some(("day", 7)),
    ),
    mock(
        "MOCKMONTYTRIALTOFORMAL",
        OrderKind::TrialToFormal,
        Charging::Period,
        Some(("month", 1)),
    ),
    mock(
        "MOCKMONTYUNSUBSCRIBE",
        OrderKind::Unsubscribe,
        Charging::Period,
        Some(("month", 1)),
    ),
    mock(
        "MOCKMONTYRENEW",
        OrderKind::Renew,
        Charging::Period,
        Some(("month", 1)),
    ),
    mock(
        "MOCKMONTYCHANGE",
        OrderKind::Change,
        Charging::Period,
        Some(("month", 1)),
    ),
];

impl MockOrder {
    /// The mock order of an id.
    pub fn named(id: &str) -> Option<Self> {
        MOCK_ORDERS.into_iter().find(|mock| mock.id == id)
    }
}
