//! An order that the marketplace announced (`orderNotify`). It names no license; it is joined to
//! one when an activation tells the order.

use crate::ids::{ListingId, OrderLine};

/// The state of an order line: heard of, or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Order {
    /// Never heard of.
    #[default]
    Unknown,
    /// The marketplace announced it.
    Notified {
        /// The production address that was called.
        listing: ListingId,
        /// The order line.
        order: OrderLine,
    },
}

/// What is wanted of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `orderNotify`: take note of an order line.
    Notify {
        /// The production address that was called.
        listing: ListingId,
        /// The order line.
        order: OrderLine,
    },
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The marketplace announced it.
    Notified {
        /// The production address that was called.
        listing: ListingId,
        /// The order line.
        order: OrderLine,
    },
}

impl Event {
    /// The name under which the event is stored and shown. Persisted: never change one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Notified { .. } => "order_notified",
        }
    }
}

/// Decides: the first notification is an event, a repeated one is none.
pub fn decide(order: &Order, command: &Command) -> Vec<Event> {
    match (order, command) {
        (Order::Unknown, Command::Notify { listing, order }) => {
            vec![Event::Notified {
                listing: listing.clone(),
                order: order.clone(),
            }]
        },
        (Order::Notified { .. }, Command::Notify { .. }) => Vec::new(),
    }
}

impl Order {
    /// The state after `event`.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::Unknown, Event::Notified { listing, order }) => Self::Notified {
                listing: listing.clone(),
                order: order.clone(),
            },
            (known @ Self::Notified { .. }, Event::Notified { .. }) => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OrderId, OrderLineId};

    #[test]
    fn an_order_is_noted_once() {
        let notify = Command::Notify {
            listing: ListingId::parse("cad-pro").unwrap(),
            order: OrderLine {
                order: OrderId::parse("CS2211181819B4LVS").unwrap(),
                line: OrderLineId::parse("CS2211181819B4LVS-000001").unwrap(),
            },
        };
        let events = decide(&Order::Unknown, &notify);
        assert_eq!(events.len(), 1);
        let order = events.iter().fold(Order::Unknown, Order::evolve);
        assert_eq!(decide(&order, &notify), Vec::new());
    }
}
