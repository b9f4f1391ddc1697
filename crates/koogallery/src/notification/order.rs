//! The order notification, which the marketplace offers for every kind of product.

use tenure_domain::OrderLine;

use super::fields::Fields;
use crate::rejection::Rejection;

/// `orderNotify`: an order was paid. What was bought has to be asked of the order query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderNotify {
    /// The order line.
    pub order: OrderLine,
}

impl OrderNotify {
    /// The table makes `testFlag` mandatory here and names a default in the same row; its absence
    /// is accepted.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            order: fields.order_line()?,
        })
    }
}
