//! One V1.0 or License 1.0 call, understood.
//!
//! The two guides share their tables but for names, so both end in the same types, and as far as
//! they can in those of V2.0. Parameters are mandatory or optional, and bounded, as the tables say;
//! unknown ones are signed and otherwise ignored; a blank optional one is an absent one.

mod purchase;

use tenure_domain::{LicenseId, OrderId, OrderLine, OrderLineId, ProductId, Quantity, SkuCode};

pub use purchase::Purchase;

use super::activity::Activity;
use super::parameters::{Parameters, malformed};
use crate::notification::change::{Refresh, StatusChange, TargetStatus};
use crate::notification::saas::QueryInstance;
use crate::rejection::{Fault, Rejection};
use crate::wire;

/// What a call says. Which activity it came as tells SaaS from License.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// `newInstance`, `getLicense`.
    Purchase(Box<Purchase>),
    /// `refreshInstance`, `refreshLicense`.
    Refresh(Refresh),
    /// `expireInstance`, `expireLicense`.
    Expire(Ended),
    /// `releaseInstance`, `releaseLicense`.
    Release(Ended),
    /// `upgrade`.
    Upgrade(Upgrade),
    /// `instanceStatus`.
    StatusChange(StatusChange),
    /// `queryInstance`.
    Query(QueryInstance),
}

/// The end of a term, or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The instance.
    pub id: LicenseId,
    /// The order of its purchase, if it can be read: nothing needs it. The call tells neither
    /// whether an unsubscription is behind it, nor the order of one.
    pub order: Option<OrderId>,
}

/// Another specification or capacity. V1.0 tells with the call what V2.0 keeps for its order query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The instance; an upgrade does not change its id.
    pub id: LicenseId,
    /// The order of the upgrade.
    pub order: OrderId,
    /// The product from now on.
    pub product: ProductId,
    /// The specification from now on.
    pub sku: SkuCode,
    /// How many units from now on. A zero is none told.
    pub quantity: Option<Quantity>,
}

impl Notification {
    /// Reads the parameters of a call as its activity wants them.
    pub(super) fn read(
        activity: Activity,
        parameters: &Parameters,
        expire_time_offset_minutes: i32,
    ) -> Result<Self, Rejection> {
        let zone = expire_time_offset_minutes;
        Ok(match activity {
            Activity::NewInstance | Activity::GetLicense => {
                Self::Purchase(Box::new(Purchase::read(parameters, zone)?))
            },
            Activity::RefreshInstance | Activity::RefreshLicense => {
                Self::Refresh(refresh(parameters, zone)?)
            },
            Activity::ExpireInstance | Activity::ExpireLicense => Self::Expire(ended(parameters)?),
            Activity::ReleaseInstance | Activity::ReleaseLicense => {
                Self::Release(ended(parameters)?)
            },
            Activity::Upgrade => Self::Upgrade(upgrade(parameters)?),
            Activity::InstanceStatus => Self::StatusChange(status_change(parameters)?),
            Activity::QueryInstance => Self::Query(query(parameters)?),
        })
    }
}

/// A renewal, a renewal that is paid back, or a trial that was bought: V1.0 has no scene, and tells
/// them apart by `trialToFormal` and by the sign of what was paid.
fn refresh(parameters: &Parameters, zone: i32) -> Result<Refresh, Rejection> {
    let paid_back = decimal(parameters, "orderAmount")? == Some(Sign::Negative);
    let scene = match parameters.text("trialToFormal", 2)? {
        Some("1") => "TRIAL_TO_FORMAL",
        Some(_) | None if paid_back => "UNSUBSCRIBE_RENEWAL_PERIOD",
        Some(_) | None => "RENEWAL",
    };
    let (expires_at, received) =
        expire_time(parameters, zone)?.ok_or_else(|| malformed("expireTime", Fault::Missing))?;
    Ok(Refresh {
        id: instance_id(parameters)?,
        scene: scene.into(),
        order: order_as_line(&parameters.id("orderId", OrderId::parse)?),
        product: parameters.optional_id("productId", ProductId::parse)?,
        expires_at,
        expires_at_received: received.into(),
    })
}

fn ended(parameters: &Parameters) -> Result<Ended, Rejection> {
    Ok(Ended {
        id: instance_id(parameters)?,
        order: parameters
            .value("orderId")
            .and_then(|text| OrderId::parse(text).ok()),
    })
}

fn upgrade(parameters: &Parameters) -> Result<Upgrade, Rejection> {
    Ok(Upgrade {
        sku: parameters.id("skuCode", SkuCode::parse)?,
        product: parameters.id("productId", ProductId::parse)?,
        quantity: capacity(parameters)?,
        id: instance_id(parameters)?,
        order: parameters.id("orderId", OrderId::parse)?,
    })
}

fn status_change(parameters: &Parameters) -> Result<StatusChange, Rejection> {
    let name = "instanceStatus";
    let to = TargetStatus::from_wire(parameters.mandatory_text(name, 32)?)
        .ok_or_else(|| malformed(name, Fault::BadValue))?;
    Ok(StatusChange {
        id: instance_id(parameters)?,
        to,
    })
}

fn query(parameters: &Parameters) -> Result<QueryInstance, Rejection> {
    let name = "instanceId";
    let list = parameters.mandatory_text(name, usize::MAX)?;
    QueryInstance::parse(list).map_err(|fault| malformed(name, fault))
}

fn instance_id(parameters: &Parameters) -> Result<LicenseId, Rejection> {
    parameters.id("instanceId", LicenseId::parse)
}

/// V1.0 has orders without lines, and everything that we keep has both: the order stands for its
/// one line.
pub(super) fn order_as_line(order: &OrderId) -> OrderLine {
    OrderLine {
        order: order.clone(),
        line: OrderLineId::parse(order.as_str())
            .expect("a line's id has the bounds of an order's id"),
    }
}

/// `expireTime`, if there is one, and the text that it was read from.
fn expire_time(
    parameters: &Parameters,
    zone: i32,
) -> Result<Option<(tenure_domain::Instant, &str)>, Rejection> {
    let name = "expireTime";
    parameters
        .text(name, 20)?
        .map(|text| match wire::expire_time(text, zone) {
            Ok(expires_at) => Ok((expires_at, text)),
            Err(wire::TimeError) => Err(malformed(name, Fault::BadValue)),
        })
        .transpose()
}

/// `amount`, in units, of which zero is none told; `diskSize` and `bandWidth` are looked over as
/// well. The newer tables have seven digits where the older ones have four.
fn capacity(parameters: &Parameters) -> Result<Option<Quantity>, Rejection> {
    parameters.number("diskSize", 7)?;
    parameters.number("bandWidth", 7)?;
    let amount = parameters.number("amount", 7)?;
    Ok(amount.and_then(|units| Quantity::parse(units).ok()))
}

/// On which side of zero a number lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Negative,
    NotNegative,
}

/// A decimal number as Java writes one: a sign, digits, a fraction, an exponent. Only its sign is
/// of use, so no number is made of it.
fn decimal(parameters: &Parameters, name: &'static str) -> Result<Option<Sign>, Rejection> {
    parameters
        .text(name, 20)?
        .map(|text| sign_of(text).ok_or_else(|| malformed(name, Fault::BadValue)))
        .transpose()
}

fn sign_of(text: &str) -> Option<Sign> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text| str::strip_prefix(text, ['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if !digits(unsigned(whole)) || !digits(fraction) || !digits(unsigned(exponent)) {
        return None;
    }
    let is_zero = mantissa.bytes().all(|byte| !matches!(byte, b'1'..=b'9'));
    Some(if mantissa.starts_with('-') && !is_zero {
        Sign::Negative
    } else {
        Sign::NotNegative
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sign_of_a_decimal_is_read_and_a_zero_has_none() {
        for text in ["-1", "-0.01", "-99.999", "-1E+3", "-0.5e-7"] {
            assert_eq!(sign_of(text), Some(Sign::Negative), "{text}");
        }
        for text in ["0", "-0", "-0.000", "+3", "12.50", "1E3", "-0E9"] {
            assert_eq!(sign_of(text), Some(Sign::NotNegative), "{text}");
        }
        for text in ["", "-", ".", "1.", ".5", "1.2.3", "--1", "1e", "NaN", "１"] {
            assert_eq!(sign_of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_as_a_decimal(text in any::<String>(), near in "[-+0-9.eE]{0,12}") {
            sign_of(&text);
            sign_of(&near);
        }
    }
}
