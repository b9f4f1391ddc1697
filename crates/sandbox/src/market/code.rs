//! Activation and queries of authorization codes: what the open APIs do to the market.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Code, Market, Sale, Sold};
use crate::body::wire_time;

/// Why an open API refuses a code; `error_code` and text are those of its error table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It was activated before, or its life is over.
    #[error("illegal state")]
    IllegalState,
    /// The buyer has not claimed it.
    #[error("can not active before user received.")]
    Unclaimed,
    /// No such code was issued.
    #[error("license code notexist")]
    Unknown,
    /// It is queried before it was activated.
    #[error("license code has been not activated.")]
    NotActivated,
}

impl CodeError {
    /// The `error_code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::IllegalState => "92020003",
            Self::Unclaimed => "92020004",
            Self::Unknown => "92020005",
            Self::NotActivated => "92020011",
        }
    }
}

/// The answer to an activation: it travels as JSON inside a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeInfo {
    /// Always `ALIVE`.
    pub status: &'static str,
    /// An estimate of the end of the term.
    pub expire_time: String,
    /// The product.
    pub product_id: String,
    /// The units.
    pub amount: u32,
    /// The purchase order.
    pub order_id: String,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LicenseInfo {
    /// The code.
    pub license_code: String,
    /// `ALIVE`, `EXPIRED` or `RELEASED`; a frozen code reads as expired.
    pub status: &'static str,
    /// When it was activated; absent for a code that was released before.
    pub activate_time: Option<String>,
    /// The end of the term.
    pub expire_time: String,
    /// The product.
    pub product_id: String,
    /// The units.
    pub amount: u32,
    /// The purchase order.
    pub order_id: String,
}

impl Market {
    /// Activates a code, once.
    pub fn activate(&mut self, code: &str, now: DateTime<Utc>) -> Result<CodeInfo, CodeError> {
        let sale = self.sale_of_code(code)?;
        let alive = sale.term.released_at.is_none() && now < sale.term.expires_at;
        let Sold::Code(sold) = &mut sale.sold else {
            return Err(CodeError::Unknown);
        };
        if !alive || sold.activated_at.is_some() {
            return Err(CodeError::IllegalState);
        }
        if !sold.claimed {
            return Err(CodeError::Unclaimed);
        }
        sold.activated_at = Some(now);
        Ok(CodeInfo {
            status: "ALIVE",
            expire_time: wire_time(sale.term.expires_at),
            product_id: sale.product.clone(),
            amount: sale.amount,
            order_id: sale.order.order.clone(),
        })
    }

    /// Answers the query of a code, and notes that it was made.
    pub fn heartbeat(&mut self, code: &str, now: DateTime<Utc>) -> Result<LicenseInfo, CodeError> {
        let sale = self.sale_of_code(code)?;
        let Sold::Code(sold) = &mut sale.sold else {
            return Err(CodeError::Unknown);
        };
        let status = match (sale.term.released_at, sold.activated_at) {
            (Some(_), _) => "RELEASED",
            (None, None) => return Err(CodeError::NotActivated),
            (None, Some(_)) if sale.term.holds_at(now) => "ALIVE",
            (None, Some(_)) => "EXPIRED",
        };
        sold.checked = true;
        Ok(LicenseInfo {
            license_code: sold.code.clone(),
            status,
            activate_time: sold.activated_at.map(wire_time),
            expire_time: wire_time(sale.term.expires_at),
            product_id: sale.product.clone(),
            amount: sale.amount,
            order_id: sale.order.order.clone(),
        })
    }

    fn sale_of_code(&mut self, code: &str) -> Result<&mut Sale, CodeError> {
        let is_code =
            |sale: &Sale| matches!(&sale.sold, Sold::Code(Code { code: own, .. }) if own == code);
        self.sales
            .values_mut()
            .find(|sale| is_code(sale))
            .ok_or(CodeError::Unknown)
    }
}
