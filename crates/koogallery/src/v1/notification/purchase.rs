//! `newInstance` and `getLicense`: an order was bought.

use tenure_domain::{ChargingMode, CustomerId, Instant, OrderId, ProductId, Quantity, SkuCode};

use super::expire_time;
use crate::rejection::Rejection;
use crate::v1::parameters::Parameters;

/// What was bought, and by whom. V1.0 tells with the call what V2.0 keeps for its order query.
///
/// A parameter that decides nothing here cannot turn a purchase away: one that we cannot read counts
/// as absent, and who bought, what was paid and what the merchant asked the buyer for are not read
/// at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The order: the same one is the same instance, however often it is told.
    pub order: OrderId,
    /// The number of this request; another one on every call, also when it repeats.
    pub business_id: Box<str>,
    /// Who bought.
    pub customer: CustomerId,
    /// What.
    pub product: ProductId,
    /// In which specification.
    pub sku: Option<SkuCode>,
    /// How many units. A zero is none told.
    pub quantity: Option<Quantity>,
    /// How it is paid for; `None` also for a number that the guides did not have when this was
    /// written. What is paid by use may be one of several such products of an order, each of which
    /// has an instance.
    pub charging: Option<ChargingMode>,
    /// Whether it is a trial.
    pub is_trial: bool,
    /// The end of the term: an estimate, says the guide.
    pub expires_at: Option<Instant>,
}

impl Purchase {
    pub(super) fn read(parameters: &Parameters, zone: i32) -> Result<Self, Rejection> {
        Ok(Self {
            order: parameters.id("orderId", OrderId::parse)?,
            business_id: parameters.mandatory_text("businessId", 64)?.into(),
            customer: parameters.id("customerId", CustomerId::parse)?,
            product: parameters.id("productId", ProductId::parse)?,
            sku: told(parameters.optional_id("skuCode", SkuCode::parse)),
            quantity: told(parameters.number("amount", 7))
                .and_then(|units| Quantity::parse(units).ok()),
            charging: parameters.number("chargingMode", 2)?.and_then(charging),
            is_trial: parameters.value("trialFlag") == Some("1"),
            expires_at: told(expire_time(parameters, zone)).map(|(expires_at, _)| expires_at),
        })
    }
}

/// What a parameter tells, as far as it can be read.
fn told<T>(read: Result<Option<T>, Rejection>) -> Option<T> {
    read.ok().flatten()
}

/// The numbers of `chargingMode`, of which the guide has the last two and merchants have seen the
/// first.
fn charging(number: u32) -> Option<ChargingMode> {
    match number {
        0 => Some(ChargingMode::OnDemand),
        1 => Some(ChargingMode::Period),
        3 => Some(ChargingMode::OneTime),
        _ => None,
    }
}
