//! Orders: one notification of a line, however often it is told.

use tenure_domain::order::{Command, Event, Order, decide};
use tenure_testkit::{listing, order_line};

#[test]
fn an_order_stays_as_it_was_first_told() {
    let told = |number| Event::Notified {
        listing: listing(),
        order: order_line(number),
    };
    let known = Order::Notified {
        listing: listing(),
        order: order_line(1),
    };
    assert_eq!(Order::Unknown.evolve(&told(1)), known);
    assert_eq!(known.clone().evolve(&told(2)), known);
    let again = Command::Notify {
        listing: listing(),
        order: order_line(1),
    };
    assert_eq!(decide(&Order::Unknown, &again), [told(1)]);
    assert_eq!(decide(&known, &again), []);
    assert_eq!(told(1).name(), "order_notified");
}
