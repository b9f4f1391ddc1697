//! What the market tells a merchant, said in the words of V1.0.

use secrecy::SecretString;

use super::call::{self, Call, Purchase, about};
use super::cipher::{EncryptType, encrypt, fresh_iv};
use crate::body::Body;
use crate::market::Sale;
use crate::random::Random;

/// The call of V1.0 for a call of V2.0; nothing where V1.0 has none.
///
/// It has no unfreezing of what was sold by the period: the renewal itself lifts the freeze.
pub(crate) fn translate(
    body: &Body,
    sale: &Sale,
    key: &SecretString,
    random: &mut Random,
) -> Option<Call> {
    let instance = sale.name().unwrap_or_default();
    let purchase_order = sale.order.order.as_str();
    let order = body.text_of("orderId").unwrap_or(purchase_order);
    match (body.activity(), body.text_of("status")) {
        ("newInstance", _) => Some(new_instance(body, sale, key, random)),
        ("queryInstance", _) => Some(call::query_instance(instance)),
        ("refreshInstance", _) => {
            let scene = body.text_of("scene").unwrap_or_default();
            let call = call::refresh("refreshInstance", instance, order, sale.term.expires_at);
            Some(match scene {
                "TRIAL_TO_FORMAL" => call.with("trialToFormal", "1"),
                "UNSUBSCRIBE_RENEWAL_PERIOD" => call.with("orderAmount", "-199.000"),
                _ => call.with("orderAmount", "199.000"),
            })
        },
        ("updateInstanceStatus", Some("FREEZE")) => {
            Some(about("expireInstance", instance, purchase_order))
        },
        ("upgradeInstance", _) => {
            let call = call::upgrade(instance, order, &sale.product);
            Some(call.with("amount", sale.amount.to_string()))
        },
        ("releaseInstance", _) => Some(about("releaseInstance", instance, purchase_order)),
        _ => None,
    }
}

fn new_instance(body: &Body, sale: &Sale, key: &SecretString, random: &mut Random) -> Call {
    let purchase = Purchase {
        business_id: body.text_of("businessId").unwrap_or_default(),
        customer: &sale.customer,
        order: &sale.order.order,
        product: &sale.product,
    };
    let mut encrypted = |plain| encrypt(key, EncryptType::Aes256, fresh_iv(random), plain);
    call::purchase("newInstance", &purchase)
        .with("mobilePhone", encrypted("13800000000"))
        .with("email", encrypted("buyer@example.com"))
        .with("chargingMode", "1")
        .with("periodType", "month")
        .with("periodNumber", "1")
        .with("amount", sale.amount.to_string())
        .with("orderAmount", "199.000")
        .with("provisionType", "1")
        .expiring(sale.term.expires_at)
}
