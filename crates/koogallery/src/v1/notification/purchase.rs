//! `newInstance` and `getLicense`: an order was bought.

use tenure_domain::{ChargingMode, CustomerId, Instant, OrderId, ProductId, Quantity, SkuCode};

use super::{capacity, decimal, expire_time, period};
use crate::rejection::{Fault, Rejection};
use crate::v1::cipher::Sealed;
use crate::v1::extend_params::{self, ExtendParam};
use crate::v1::parameters::{Parameters, malformed};

/// What was bought, and by whom. V1.0 tells with the call what V2.0 keeps for its order query.
///
/// Names of people are looked over for their length and left out; phone and e-mail address stay
/// [sealed](Sealed).
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
    /// The buyer's phone.
    pub mobile_phone: Option<Sealed>,
    /// The buyer's e-mail address.
    pub email: Option<Sealed>,
    /// What the merchant asked the buyer for.
    pub extend_params: Vec<ExtendParam>,
}

impl Purchase {
    pub(super) fn read(parameters: &Parameters, zone: i32) -> Result<Self, Rejection> {
        for (name, characters_max) in [("customerName", 64), ("userId", 64), ("userName", 64)] {
            parameters.text(name, characters_max)?;
        }
        period(parameters)?;
        decimal(parameters, "orderAmount")?;
        parameters.number("provisionType", 2)?;
        let sealed = |name| {
            let text = parameters.text(name, SEALED_CHARACTERS_MAX)?;
            Ok(text.map(Sealed::new))
        };
        Ok(Self {
            order: parameters.id("orderId", OrderId::parse)?,
            business_id: parameters.mandatory_text("businessId", 64)?.into(),
            customer: parameters.id("customerId", CustomerId::parse)?,
            product: parameters.id("productId", ProductId::parse)?,
            sku: parameters.optional_id("skuCode", SkuCode::parse)?,
            quantity: capacity(parameters)?.and_then(|units| Quantity::parse(units).ok()),
            charging: parameters.number("chargingMode", 2)?.and_then(charging),
            is_trial: parameters.text("trialFlag", 2)? == Some("1"),
            expires_at: expire_time(parameters, zone)?.map(|(expires_at, _)| expires_at),
            mobile_phone: sealed("mobilePhone")?,
            email: sealed("email")?,
            extend_params: extend_params(parameters)?,
        })
    }
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

/// The most characters of a phone or an e-mail address, encrypted. The tables have no bound.
const SEALED_CHARACTERS_MAX: usize = 1024;

fn extend_params(parameters: &Parameters) -> Result<Vec<ExtendParam>, Rejection> {
    let name = "saasExtendParams";
    match parameters.text(name, usize::MAX)? {
        None => Ok(Vec::new()),
        Some(text) => extend_params::parse(text).ok_or_else(|| malformed(name, Fault::BadValue)),
    }
}
