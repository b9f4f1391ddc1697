//! Any event, for tests of what must carry every one of them.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::{collection, option};
use tenure_domain::file::{FileContent, FileRequest};
use tenure_domain::{
    Activation, ChargingMode, Check, CodeStatus, CustomerId, Digest, Event, FileEventId, Instant,
    ListingId, OrderDetails, OrderId, OrderKind, OrderLine, OrderLineId, ProductId, Quantity,
    SealKey, Sealed, SkuCode, TermChange,
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
        details().prop_map(|details| Event::OrderKnown(Box::new(details))),
        checks().prop_map(|check| Event::CodeChecked(Box::new(check))),
        sealed().prop_map(|access| Event::AccessTold { access }),
        file_requests().prop_map(|request| Event::FileRequested(Box::new(request))),
        (file_requests(), option::of(any::<String>()), sealed()).prop_map(
            |(request, name, sealed)| Event::FileMade {
                key: request.key(),
                content: match name {
                    None => FileContent::Characters(sealed),
                    Some(name) => FileContent::File {
                        name: name.into(),
                        bytes: sealed,
                    },
                },
            }
        ),
        file_requests().prop_map(|request| Event::FileDelivered { key: request.key() }),
        (file_requests(), any::<String>()).prop_map(|(request, code)| Event::FileDenied {
            key: request.key(),
            code: code.into(),
        }),
    ]
}

fn sealed() -> impl Strategy<Value = Sealed> {
    let bytes = collection::vec(any::<u8>(), 0..100);
    (any::<u128>(), any::<[u8; 16]>(), bytes).prop_map(|(key, digest, bytes)| Sealed {
        key: SealKey::new(key),
        digest: Digest::new(digest),
        bytes: bytes.into(),
    })
}

fn checks() -> impl Strategy<Value = Check> {
    let words = prop_oneof![
        select(vec!["ALIVE", "EXPIRED", "RELEASED"]).prop_map(str::to_owned),
        any::<String>(),
    ];
    (
        any_instants(),
        words,
        option::of(any_instants()),
        option::of(products()),
        option::of(quantities()),
    )
        .prop_map(|(checked_at, word, expires_at, product, quantity)| Check {
            checked_at,
            status: CodeStatus::of_word(&word),
            expires_at,
            product,
            quantity,
        })
}

fn file_requests() -> impl Strategy<Value = FileRequest> {
    let expires_at = option::of(any_instants());
    (
        opaque_texts(),
        option::of(sealed()),
        any_instants(),
        expires_at,
    )
        .prop_map(
            |(event, fingerprint, effective_at, expires_at)| FileRequest {
                event: well_formed(FileEventId::parse(&event)),
                fingerprint,
                effective_at,
                expires_at,
            },
        )
}

fn activations() -> impl Strategy<Value = Activation> {
    (
        any_instants(),
        option::of(any_instants()),
        any::<u32>(),
        option::of(products()),
        option::of(quantities()),
        option::of(orders()),
    )
        .prop_map(
            |(activated_at, expires_at, grace_seconds, product, quantity, order)| Activation {
                activated_at,
                expires_at,
                grace_seconds,
                product,
                quantity,
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

fn details() -> impl Strategy<Value = OrderDetails> {
    let about = (
        option::of(any_instants()),
        option::of(customers()),
        option::of(products()),
        option::of(opaque_texts()),
        option::of(quantities()),
        option::of(charging_modes()),
        option::of(any_instants()),
    );
    (order_lines(), order_kinds(), about).prop_map(|(order, kind, about)| {
        let (ordered_at, customer, product, sku, quantity, charging, expires_at) = about;
        OrderDetails {
            order,
            kind,
            ordered_at,
            customer,
            product,
            sku: sku.map(|text| well_formed(SkuCode::parse(&text))),
            quantity,
            charging,
            expires_at,
        }
    })
}

fn order_kinds() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        select(vec![
            OrderKind::New,
            OrderKind::Trial,
            OrderKind::TrialToFormal,
            OrderKind::Unsubscribe,
            OrderKind::Renew,
            OrderKind::Change,
            OrderKind::other("new"),
        ]),
        any::<String>().prop_map(|word| OrderKind::other(&word)),
    ]
}

fn charging_modes() -> impl Strategy<Value = ChargingMode> {
    select(vec![
        ChargingMode::Period,
        ChargingMode::OneTime,
        ChargingMode::OnDemand,
        ChargingMode::OnDemandPackage,
    ])
}

fn quantities() -> impl Strategy<Value = Quantity> {
    (1..=u32::MAX).prop_map(|units| well_formed(Quantity::parse(units)))
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

fn customers() -> impl Strategy<Value = CustomerId> {
    opaque_texts().prop_map(|text| well_formed(CustomerId::parse(&text)))
}

fn products() -> impl Strategy<Value = ProductId> {
    opaque_texts().prop_map(|text| well_formed(ProductId::parse(&text)))
}

/// One to 64 characters that are no control characters; often as many as may be.
fn opaque_texts() -> impl Strategy<Value = String> {
    prop_oneof![3 => "\\PC{1,64}", 1 => "\\PC{64}"]
}
