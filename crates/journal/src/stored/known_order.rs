//! The stored form of what the marketplace told of an order: identifiers and numbers, and nothing
//! that names a person.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::{
    ChargingMode, CustomerId, Instant, OrderDetails, OrderId, OrderKind, OrderLine, OrderLineId,
    ProductId, Quantity, SkuCode,
};

use super::{Reason, id, text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownOrder<'a> {
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow)]
    order_line_id: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    /// The marketplace's word for a kind that we do not know, and only for such a one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    kind_received: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ordered_at: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    customer_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    product_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    sku_code: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    charging_mode: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl<'a> From<&'a OrderDetails> for KnownOrder<'a> {
    fn from(details: &'a OrderDetails) -> Self {
        Self {
            order_id: text(details.order.order.as_str()),
            order_line_id: text(details.order.line.as_str()),
            kind: text(details.kind.name()),
            kind_received: details.kind.word().map(text),
            ordered_at: details.ordered_at.map(Instant::micros),
            customer_id: details.customer.as_ref().map(|it| text(it.as_str())),
            product_id: details.product.as_ref().map(|it| text(it.as_str())),
            sku_code: details.sku.as_ref().map(|it| text(it.as_str())),
            quantity: details.quantity.map(Quantity::units),
            charging_mode: details.charging.map(|mode| text(mode.name())),
            expires_at: details.expires_at.map(Instant::micros),
        }
    }
}

impl KnownOrder<'_> {
    pub(super) fn read(&self) -> Result<OrderDetails, Reason> {
        Ok(OrderDetails {
            order: OrderLine {
                order: id(OrderId::parse(&self.order_id))?,
                line: id(OrderLineId::parse(&self.order_line_id))?,
            },
            kind: self.read_kind()?,
            ordered_at: self.ordered_at.map(Instant::from_micros),
            customer: optional(self.customer_id.as_deref(), CustomerId::parse)?,
            product: optional(self.product_id.as_deref(), ProductId::parse)?,
            sku: optional(self.sku_code.as_deref(), SkuCode::parse)?,
            quantity: self
                .quantity
                .map(|units| id(Quantity::parse(units)))
                .transpose()?,
            charging: self
                .charging_mode
                .as_deref()
                .map(|name| ChargingMode::from_name(name).ok_or("there is no such charging mode"))
                .transpose()?,
            expires_at: self.expires_at.map(Instant::from_micros),
        })
    }

    fn read_kind(&self) -> Result<OrderKind, Reason> {
        match self.kind_received.as_deref() {
            None => OrderKind::from_name(&self.kind).ok_or_else(|| "there is no such kind".into()),
            Some(word) if self.kind == "other" => {
                let kind = OrderKind::other(word);
                let whole = kind.word() == Some(word);
                whole
                    .then_some(kind)
                    .ok_or_else(|| "the word for a kind is too long".into())
            },
            Some(_) => Err("a kind that is known has no word of its own".into()),
        }
    }
}

fn optional<T, E: ToString>(
    text: Option<&str>,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Reason> {
    text.map(|text| id(parse(text))).transpose()
}
