//! The stored form of what sets a term: activations and changes of the term.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::{
    Activation, Instant, OrderId, OrderLine, OrderLineId, ProductId, Quantity, TermChange,
};

use super::{Reason, id, text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activated<'a> {
    activated_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    grace_seconds: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    product_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    order_id: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Activation> for Activated<'a> {
    fn from(activation: &'a Activation) -> Self {
        Self {
            activated_at: activation.activated_at.micros(),
            expires_at: activation.expires_at.map(Instant::micros),
            grace_seconds: activation.grace_seconds,
            product_id: activation
                .product
                .as_ref()
                .map(|product| text(product.as_str())),
            quantity: activation.quantity.map(Quantity::units),
            order_id: activation.order.as_ref().map(|order| text(order.as_str())),
        }
    }
}

impl Activated<'_> {
    pub(super) fn read(&self) -> Result<Activation, Reason> {
        Ok(Activation {
            activated_at: Instant::from_micros(self.activated_at),
            expires_at: self.expires_at.map(Instant::from_micros),
            grace_seconds: self.grace_seconds,
            product: self
                .product_id
                .as_deref()
                .map(|text| id(ProductId::parse(text)))
                .transpose()?,
            quantity: self
                .quantity
                .map(|units| id(Quantity::parse(units)))
                .transpose()?,
            order: self
                .order_id
                .as_deref()
                .map(|text| id(OrderId::parse(text)))
                .transpose()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedTerm<'a> {
    #[serde(borrow)]
    scene: Cow<'a, str>,
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow)]
    order_line_id: Cow<'a, str>,
    expires_at: i64,
    #[serde(borrow)]
    expires_at_received: Cow<'a, str>,
    grace_seconds: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    product_id: Option<Cow<'a, str>>,
}

impl<'a> From<&'a TermChange> for ChangedTerm<'a> {
    fn from(change: &'a TermChange) -> Self {
        Self {
            scene: text(&change.scene),
            order_id: text(change.order.order.as_str()),
            order_line_id: text(change.order.line.as_str()),
            expires_at: change.expires_at.micros(),
            expires_at_received: text(&change.expires_at_received),
            grace_seconds: change.grace_seconds,
            product_id: change
                .product
                .as_ref()
                .map(|product| text(product.as_str())),
        }
    }
}

impl ChangedTerm<'_> {
    pub(super) fn read(&self) -> Result<TermChange, Reason> {
        Ok(TermChange {
            scene: self.scene.as_ref().into(),
            order: OrderLine {
                order: id(OrderId::parse(&self.order_id))?,
                line: id(OrderLineId::parse(&self.order_line_id))?,
            },
            expires_at: Instant::from_micros(self.expires_at),
            expires_at_received: self.expires_at_received.as_ref().into(),
            grace_seconds: self.grace_seconds,
            product: self
                .product_id
                .as_deref()
                .map(|text| id(ProductId::parse(text)))
                .transpose()?,
        })
    }
}
