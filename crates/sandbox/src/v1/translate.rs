//! What the market tells a merchant, said in the words of SaaS V1.0 and License 1.0.

use secrecy::SecretString;

use super::call::{self, Call, Purchase, about};
use super::cipher::{EncryptType, encrypt, fresh_iv};
use crate::body::OrderLine;
use crate::market::{Buyer, Charging, News, Protocol, Sale, Scene};
use crate::random::Random;

/// What every period costs: a made-up price.
const PRICE: &str = "199.000";

/// The order that the news came with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    /// The order; its line has no place in V1.0.
    pub(crate) order: &'a OrderLine,
    /// The ordered length, where the order has one.
    pub(crate) months: Option<u32>,
    /// `businessId`, which differs on every purchase.
    pub(crate) business_id: &'a str,
}

/// The call of the protocol under which something was sold; nothing where it has none.
///
/// The marketplace's SaaS V1.0 guide tells two freezes apart: `expireInstance` at the end of the
/// term, which the renewal itself lifts, and `instanceStatus` with `FREEZE` and `NORMAL` for
/// everything else. License 1.0 knows the first one only.
pub(crate) fn translate(
    news: News,
    sale: &Sale,
    occasion: &Occasion<'_>,
    key: &SecretString,
    random: &mut Random,
) -> Option<Call> {
    match sale.protocol {
        Protocol::V2 => None,
        Protocol::SaasV1 => saas(news, sale, occasion, key, random),
        Protocol::LicenseV1 => license(news, sale, occasion),
    }
}

fn saas(
    news: News,
    sale: &Sale,
    occasion: &Occasion<'_>,
    key: &SecretString,
    random: &mut Random,
) -> Option<Call> {
    let instance = sale.name().unwrap_or_default();
    let purchase_order = sale.order.order.as_str();
    let Occasion { order, months, .. } = occasion;
    match news {
        News::Bought => Some(new_instance(sale, occasion, key, random)),
        News::Asked => Some(call::query_instance(instance)),
        News::Refreshed(scene) => {
            let ends_at = sale.term.expires_at;
            let call = call::refresh("refreshInstance", instance, &order.order, ends_at);
            let call = of_length(call, *months);
            Some(match scene {
                Scene::TrialToFormal => call.with("trialToFormal", "1").with("orderAmount", PRICE),
                Scene::Renewal => call.with("orderAmount", PRICE),
                Scene::RenewalCancelled => call.with("orderAmount", format!("-{PRICE}")),
            })
        },
        News::Expired => Some(about("expireInstance", instance, purchase_order)),
        News::Frozen => Some(call::instance_status(instance, "FREEZE")),
        News::Unfrozen => Some(call::instance_status(instance, "NORMAL")),
        News::UnfrozenByRenewal => None,
        News::Upgraded => {
            let call = call::upgrade(instance, &order.order, &sale.product);
            Some(call.with("amount", sale.amount.to_string()))
        },
        News::Released => Some(about("releaseInstance", instance, purchase_order)),
        News::Unsubscribed => {
            let call = about("releaseInstance", instance, purchase_order);
            Some(call.with("orderAmount", PRICE))
        },
    }
}

fn license(news: News, sale: &Sale, occasion: &Occasion<'_>) -> Option<Call> {
    let instance = sale.name().unwrap_or_default();
    let purchase_order = sale.order.order.as_str();
    match news {
        News::Bought => Some(purchase("getLicense", sale, occasion)),
        News::Refreshed(_) => {
            let (order, ends_at) = (&occasion.order.order, sale.term.expires_at);
            let call = call::refresh("refreshLicense", instance, order, ends_at);
            Some(of_length(call, occasion.months))
        },
        News::Expired => Some(about("expireLicense", instance, purchase_order)),
        News::Released | News::Unsubscribed => {
            Some(about("releaseLicense", instance, purchase_order))
        },
        News::Asked | News::Frozen | News::Unfrozen | News::UnfrozenByRenewal | News::Upgraded => {
            None
        },
    }
}

fn new_instance(
    sale: &Sale,
    occasion: &Occasion<'_>,
    key: &SecretString,
    random: &mut Random,
) -> Call {
    let buyer = Buyer::of(&sale.customer);
    let mut encrypted = |plain: &str| encrypt(key, EncryptType::Aes256, fresh_iv(random), plain);
    let call = purchase("newInstance", sale, occasion)
        .with("mobilePhone", encrypted(&buyer.mobile_phone))
        .with("email", encrypted(&buyer.email));
    if sale.is_trial() {
        call.with("trialFlag", "1")
    } else {
        call.with("orderAmount", PRICE)
    }
}

fn purchase(activity: &str, sale: &Sale, occasion: &Occasion<'_>) -> Call {
    let purchase = Purchase {
        business_id: occasion.business_id,
        customer: &sale.customer,
        order: &sale.order.order,
        product: &sale.product,
    };
    let call = call::purchase(activity, &purchase)
        .with("amount", sale.amount.to_string())
        .with("provisionType", "1");
    // The guide gives packages no number.
    let call = match sale.charging {
        Charging::Period => call.with("chargingMode", "1"),
        Charging::OneTime => call.with("chargingMode", "3"),
        Charging::OnDemand => call.with("chargingMode", "0"),
        Charging::OnDemandPackage => call,
    };
    if sale.charging.has_term() {
        of_length(call, occasion.months).expiring(sale.term.expires_at)
    } else {
        call
    }
}

/// The call with `periodType` and `periodNumber`.
fn of_length(call: Call, months: Option<u32>) -> Call {
    let (of, number) = match months {
        None => return call,
        Some(months) if months.is_multiple_of(12) => ("year", months / 12),
        Some(months) => ("month", months),
    };
    call.with("periodType", of)
        .with("periodNumber", number.to_string())
}
