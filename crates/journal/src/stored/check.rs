//! The stored form of what the marketplace told of a code.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::{Check, CodeStatus, Event, Instant, ProductId, Quantity};

use super::{Reason, id, parse, text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checked<'a> {
    checked_at: i64,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    product_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
}

impl<'a> From<&'a Check> for Checked<'a> {
    fn from(check: &'a Check) -> Self {
        Self {
            checked_at: check.checked_at.micros(),
            status: text(check.status.word()),
            expires_at: check.expires_at.map(Instant::micros),
            product_id: check.product.as_ref().map(|product| text(product.as_str())),
            quantity: check.quantity.map(Quantity::units),
        }
    }
}

/// Reads a stored `code_checked`.
pub(super) fn checked(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Checked<'_>>(data)?;
    let product = stored.product_id.as_deref();
    Ok(Event::CodeChecked(Box::new(Check {
        checked_at: Instant::from_micros(stored.checked_at),
        status: CodeStatus::of_word(&stored.status),
        expires_at: stored.expires_at.map(Instant::from_micros),
        product: product.map(|it| id(ProductId::parse(it))).transpose()?,
        quantity: stored
            .quantity
            .map(|units| id(Quantity::parse(units)))
            .transpose()?,
    })))
}
