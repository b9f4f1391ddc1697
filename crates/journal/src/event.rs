//! The events of all kinds of stream.

use tenure_domain::order;

/// An event of a license or of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of a license.
    License(tenure_domain::Event),
    /// Of an order.
    Order(order::Event),
}

impl Event {
    /// The name under which it is stored and shown; unique over all kinds.
    pub fn name(&self) -> &'static str {
        match self {
            Self::License(event) => event.name(),
            Self::Order(event) => event.name(),
        }
    }

    /// The license event, if it is one.
    pub fn as_license(&self) -> Option<&tenure_domain::Event> {
        match self {
            Self::License(event) => Some(event),
            Self::Order(_) => None,
        }
    }

    /// The order event, if it is one.
    pub fn as_order(&self) -> Option<&order::Event> {
        match self {
            Self::Order(event) => Some(event),
            Self::License(_) => None,
        }
    }
}
