//! Any event, for tests of what must carry every one of them.

use proptest::option;
use proptest::prelude::*;
use tenure_domain::{
    Activation, Event, Instant, ListingId, OrderId, OrderLine, OrderLineId, ProductId, Quantity,
    TermChange,
};

use crate::builders::well_formed;
use crate::histories::families;

/// The last microsecond of the year 9999, beyond which the marketplace's time format cannot write.
const WRITABLE_MICROS_MAX: i64 = 253_402_300_799_999_999;

/// Makes any well-formed event, whether or not a history could hold it: texts in every script and
/// of every length allowed, instants mostly of the years 1970 to 9999 but also any other.
pub fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        (listings(), families(), order_lines()).prop_map(|(listing, family, order)| {
            Event::Purchased {
                listing,
                family,
                order,
            }
        }),
        listings().prop_map(|listing| Event::Issued { listing }),
        any_instants().prop_map(|provisioned_at| Event::Provisioned { provisioned_at }),
        activations().prop_map(Event::Activated),
        term_changes().prop_map(Event::Renewed),
        term_changes().prop_map(Event::RenewalCancelled),
        term_changes().prop_map(Event::ConvertedToPaid),
        order_lines().prop_map(|order| Event::Upgraded { order }),
        Just(Event::Expired),
        Just(Event::Suspended),
        Just(Event::Reinstated),
        option::of(order_lines()).prop_map(|order| Event::Released { order }),
    ]
}

fn activations() -> impl Strategy<Value = Activation> {
    (
        any_instants(),
        option::of(any_instants()),
        any::<u32>(),
        option::of(products()),
        option::of(1..=u32::MAX),
        option::of(orders()),
    )
        .prop_map(
            |(activated_at, expires_at, grace_seconds, product, units, order)| Activation {
                activated_at,
                expires_at,
                grace_seconds,
                product,
                quantity: units.map(|units| well_formed(Quantity::parse(units))),
                order,
            },
        )
}

fn term_changes() -> impl Strategy<Value = TermChange> {
    (
        any::<String>(),
        order_lines(),
        any_instants(),
        any::<String>(),
        any::<u32>(),
        option::of(products()),
    )
        .prop_map(
            |(scene, order, expires_at, received, grace_seconds, product)| TermChange {
                scene: scene.into(),
                order,
                expires_at,
                expires_at_received: received.into(),
                grace_seconds,
                product,
            },
        )
}

fn any_instants() -> impl Strategy<Value = Instant> {
    prop_oneof![
        8 => (0..=WRITABLE_MICROS_MAX).prop_map(Instant::from_micros),
        1 => any::<i64>().prop_map(Instant::from_micros),
        1 => prop_oneof![Just(Instant::EPOCH), Just(Instant::MAX)],
    ]
}

fn listings() -> impl Strategy<Value = ListingId> {
    "[a-z0-9_-]{1,64}".prop_map(|text| well_formed(ListingId::parse(&text)))
}

fn order_lines() -> impl Strategy<Value = OrderLine> {
    (orders(), opaque_texts()).prop_map(|(order, line)| OrderLine {
        order,
        line: well_formed(OrderLineId::parse(&line)),
    })
}

fn orders() -> impl Strategy<Value = OrderId> {
    opaque_texts().prop_map(|text| well_formed(OrderId::parse(&text)))
}

fn products() -> impl Strategy<Value = ProductId> {
    opaque_texts().prop_map(|text| well_formed(ProductId::parse(&text)))
}

/// One to 64 characters that are no control characters; often as many as may be.
fn opaque_texts() -> impl Strategy<Value = String> {
    prop_oneof![3 => "\\PC{1,64}", 1 => "\\PC{64}"]
}
