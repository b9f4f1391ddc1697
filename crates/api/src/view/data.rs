//! What an event tells, member by member. The names are those of the stored form; instants are
//! written out.

use serde_json::{Map, Value, json};
use tenure_domain::file::FileContent;
use tenure_domain::tenant::TenantKey;
use tenure_domain::{
    Activation, Check, Event, OrderDetails, OrderId, OrderLine, Quantity, TermChange, order,
};
use tenure_journal::Subject;

use super::time;

pub(crate) mod tenant;
mod usage;

/// The order that a stream is about, if it is about one.
pub(super) fn order_id(subject: &Subject) -> Option<&OrderId> {
    match subject {
        Subject::Order(line) => Some(&line.order),
        Subject::License(_) | Subject::Tenant(_) | Subject::Usage(_) => None,
    }
}

/// The enterprise that a stream is about, if it is about one.
pub(super) fn tenant_key(subject: &Subject) -> Option<&TenantKey> {
    match subject {
        Subject::Tenant(key) => Some(key),
        Subject::License(_) | Subject::Order(_) | Subject::Usage(_) => None,
    }
}

/// The data of an event. A member that the event does not have is left out.
pub(super) fn of(event: &tenure_journal::Event) -> Value {
    match event {
        tenure_journal::Event::License(event) => of_license(event),
        tenure_journal::Event::Order(order::Event::Notified { listing, order }) => {
            with_order(json!({ "listing": listing.as_str() }), order)
        },
        tenure_journal::Event::Tenant(event) => tenant::of(event),
        tenure_journal::Event::Usage(event) => usage::of(event),
    }
}

fn of_license(event: &Event) -> Value {
    match event {
        Event::Purchased {
            listing,
            family,
            order,
        } => with_order(
            json!({ "listing": listing.as_str(), "family": family.name() }),
            order,
        ),
        Event::Issued { listing } => json!({ "listing": listing.as_str() }),
        Event::Provisioned { provisioned_at } => {
            json!({ "provisioned_at": time(*provisioned_at) })
        },
        Event::Activated(activation) => of_activation(activation),
        Event::Renewed(change)
        | Event::RenewalCancelled(change)
        | Event::ConvertedToPaid(change) => of_term_change(change),
        Event::Upgraded { order } => with_order(json!({}), order),
        Event::Released { order } => match order {
            Some(order) => with_order(json!({}), order),
            None => json!({}),
        },
        Event::OrderKnown(details) => with_order(of_details(details), &details.order),
        Event::CodeChecked(check) => of_check(check),
        // Where a buyer finds the application is sealed.
        Event::Expired | Event::Suspended | Event::Reinstated | Event::AccessTold { .. } => {
            json!({})
        },
        Event::FileRequested(request) => present([
            ("event_id", Some(request.event.as_str().into())),
            ("effective_at", Some(time(request.effective_at).into())),
            ("expires_at", request.expires_at.map(|at| time(at).into())),
        ]),
        Event::FileMade { key, content } => {
            let name = match content {
                FileContent::Characters(_) => None,
                FileContent::File { name, bytes: _ } => Some(name.as_ref().into()),
            };
            present([
                ("event_id", Some(key.event.as_str().into())),
                ("name", name),
            ])
        },
        Event::FileDelivered { key } => json!({ "event_id": key.event.as_str() }),
        Event::FileDenied { key, code } => {
            json!({ "event_id": key.event.as_str(), "code": code.as_ref() })
        },
    }
}

fn of_details(details: &OrderDetails) -> Value {
    present([
        ("kind", Some(details.kind.name().into())),
        ("kind_received", details.kind.word().map(Value::from)),
        ("ordered_at", details.ordered_at.map(|at| time(at).into())),
        (
            "customer_id",
            details.customer.as_ref().map(|id| id.as_str().into()),
        ),
        (
            "product_id",
            details.product.as_ref().map(|id| id.as_str().into()),
        ),
        (
            "sku_code",
            details.sku.as_ref().map(|sku| sku.as_str().into()),
        ),
        (
            "quantity",
            details.quantity.map(Quantity::units).map(Value::from),
        ),
        (
            "charging_mode",
            details.charging.map(|mode| mode.name().into()),
        ),
        ("expires_at", details.expires_at.map(|at| time(at).into())),
    ])
}

fn of_check(check: &Check) -> Value {
    present([
        ("checked_at", Some(time(check.checked_at).into())),
        ("status", Some(check.status.word().into())),
        ("expires_at", check.expires_at.map(|at| time(at).into())),
        (
            "product_id",
            check.product.as_ref().map(|id| id.as_str().into()),
        ),
        (
            "quantity",
            check.quantity.map(Quantity::units).map(Value::from),
        ),
    ])
}

fn of_activation(activation: &Activation) -> Value {
    present([
        ("activated_at", Some(time(activation.activated_at).into())),
        (
            "expires_at",
            activation.expires_at.map(|at| time(at).into()),
        ),
        ("grace_seconds", Some(activation.grace_seconds.into())),
        (
            "product_id",
            activation.product.as_ref().map(|id| id.as_str().into()),
        ),
        (
            "quantity",
            activation.quantity.map(Quantity::units).map(Value::from),
        ),
        (
            "order_id",
            activation.order.as_ref().map(|id| id.as_str().into()),
        ),
    ])
}

fn of_term_change(change: &TermChange) -> Value {
    let data = present([
        ("scene", Some(change.scene.as_ref().into())),
        ("expires_at", Some(time(change.expires_at).into())),
        (
            "expires_at_received",
            Some(change.expires_at_received.as_ref().into()),
        ),
        ("grace_seconds", Some(change.grace_seconds.into())),
        (
            "product_id",
            change.product.as_ref().map(|id| id.as_str().into()),
        ),
    ]);
    with_order(data, &change.order)
}

fn present<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn with_order(mut data: Value, order: &OrderLine) -> Value {
    data["order_id"] = order.order.as_str().into();
    data["order_line_id"] = order.line.as_str().into();
    data
}
