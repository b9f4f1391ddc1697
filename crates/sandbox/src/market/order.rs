//! Orders: every purchase, renewal, change and unsubscription has one.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Charging;
use crate::body::OrderLine;

/// What an order is for, in the words of the order query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderKind {
    /// A purchase.
    New,
    /// A trial.
    Trial,
    /// A trial becomes paid.
    TrialToFormal,
    /// A renewal.
    Renew,
    /// Another specification.
    Change,
    /// A refund, of a purchase or of a renewal.
    Unsubscribe,
}

/// One order with its one line.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its ids.
    pub line: OrderLine,
    /// What it is for.
    pub kind: OrderKind,
    /// The purchase that it belongs to; itself, if it is one.
    pub purchase_order: String,
    /// Who ordered.
    pub customer: String,
    /// The product after this order.
    pub product: String,
    /// The units.
    pub amount: u32,
    /// How it is paid.
    pub charging: Charging,
    /// The ordered length, where the order has one.
    pub months: Option<u32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The end of the term after this order.
    pub expires_at: DateTime<Utc>,
}
