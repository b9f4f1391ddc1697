//! Activation and queries of authorization codes: what the open APIs do to the market.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::test_code::TEST_PRODUCT;
use super::{Code, Market, Sale, Sold, Term};
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

/// Why a batch is refused, all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// It names a code twice.
    #[error("invalid param")]
    Repeated,
    /// It names a code that was never issued.
    #[error("an invalid license code exists")]
    UnknownCode,
    /// One of its codes cannot be activated.
    #[error("a code of the batch does not allow it")]
    Code(#[from] CodeError),
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
    /// The purchase order; a test code has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
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
    /// The purchase order; a test code has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}

/// A code with what it is a right to: bought, or for tests.
pub(super) struct Held<'a> {
    pub(super) code: &'a mut Code,
    term: &'a Term,
    product: &'a str,
    amount: u32,
    order: Option<&'a str>,
}

impl Held<'_> {
    fn check_activation(&self, now: DateTime<Utc>) -> Result<(), CodeError> {
        let alive = self.term.released_at.is_none() && now < self.term.expires_at;
        if !alive || self.code.activated_at.is_some() {
            return Err(CodeError::IllegalState);
        }
        if !self.code.claimed {
            return Err(CodeError::Unclaimed);
        }
        Ok(())
    }
}

impl Market {
    /// Activates a code, once.
    pub fn activate(&mut self, code: &str, now: DateTime<Utc>) -> Result<CodeInfo, CodeError> {
        let held = self.held(code)?;
        held.check_activation(now)?;
        held.code.activated_at = Some(now);
        Ok(CodeInfo {
            status: "ALIVE",
            expire_time: wire_time(held.term.expires_at),
            product_id: held.product.to_owned(),
            amount: held.amount,
            order_id: held.order.map(str::to_owned),
        })
    }

    /// Activates codes, all of them or none. (The guide does not say so, but it has a code of its
    /// own for a batch that names an invalid one.)
    pub fn activate_all(&mut self, codes: &[String], now: DateTime<Utc>) -> Result<(), BatchError> {
        if codes.iter().collect::<BTreeSet<_>>().len() < codes.len() {
            return Err(BatchError::Repeated);
        }
        for code in codes {
            let held = self
                .held(code)
                .map_err(|_unknown| BatchError::UnknownCode)?;
            held.check_activation(now)?;
        }
        for code in codes {
            self.activate(code, now)?;
        }
        Ok(())
    }

    /// Answers the query of a code, and notes that it was made.
    pub fn heartbeat(&mut self, code: &str, now: DateTime<Utc>) -> Result<LicenseInfo, CodeError> {
        let held = self.held(code)?;
        let status = match (held.term.released_at, held.code.activated_at) {
            (Some(_), _) => "RELEASED",
            (None, None) => return Err(CodeError::NotActivated),
            (None, Some(_)) if held.term.holds_at(now) => "ALIVE",
            (None, Some(_)) => "EXPIRED",
        };
        held.code.checked = true;
        Ok(LicenseInfo {
            license_code: held.code.code.clone(),
            status,
            activate_time: held.code.activated_at.map(wire_time),
            expire_time: wire_time(held.term.expires_at),
            product_id: held.product.to_owned(),
            amount: held.amount,
            order_id: held.order.map(str::to_owned),
        })
    }

    /// A code that was issued, to buyers or for tests.
    pub(super) fn held(&mut self, code: &str) -> Result<Held<'_>, CodeError> {
        if let Some(test) = self.test_codes.get_mut(code) {
            return Ok(Held {
                code: &mut test.code,
                term: &test.term,
                product: TEST_PRODUCT,
                amount: 1,
                order: None,
            });
        }
        self.sales
            .values_mut()
            .find_map(|sale| sale.held(code))
            .ok_or(CodeError::Unknown)
    }
}

impl Sale {
    fn held(&mut self, name: &str) -> Option<Held<'_>> {
        let Sold::Code(code) = &mut self.sold else {
            return None;
        };
        (code.code == name).then_some(Held {
            code,
            term: &self.term,
            product: &self.product,
            amount: self.amount,
            order: Some(&self.order.order),
        })
    }
}
