//! The calls of V1.0 and License 1.0: the parameters of a query string, before they are signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::body::wire_time;

/// One call's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    parameters: Vec<(String, String)>,
}

impl Call {
    /// A call that names its activity and nothing else.
    pub fn new(activity: &str) -> Self {
        Self {
            parameters: Vec::new(),
        }
        .with("activity", activity)
    }

    /// The call with a parameter added, or set if it has one of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.parameters.iter_mut().find(|(it, _)| it == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name.to_owned(), value)),
        }
        self
    }

    /// The call without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(present, _)| present != name);
        self
    }

    /// The call as a debugging call.
    #[must_use]
    pub fn with_test_flag(self) -> Self {
        self.with("testFlag", "1")
    }

    /// The call with the end of a term.
    #[must_use]
    pub fn expiring(self, expires_at: DateTime<Utc>) -> Self {
        self.with("expireTime", wire_time(expires_at))
    }

    /// The parameters in the order in which they were added.
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// The value of a parameter.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().find(|(it, _)| it == name)?;
        Some(value)
    }

    /// The `activity`, or an empty text.
    pub fn activity(&self) -> &str {
        self.value_of("activity").unwrap_or_default()
    }
}

/// Who buys what, as far as a purchase must say it.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    /// `businessId`, which differs on every call.
    pub business_id: &'a str,
    /// `customerId`: the buyer's account.
    pub customer: &'a str,
    /// `orderId`.
    pub order: &'a str,
    /// `productId`.
    pub product: &'a str,
}

/// `newInstance` or `getLicense`: a purchase.
pub fn purchase(activity: &str, purchase: &Purchase<'_>) -> Call {
    Call::new(activity)
        .with("businessId", purchase.business_id)
        .with("customerId", purchase.customer)
        .with("customerName", "example")
        .with("orderId", purchase.order)
        .with("skuCode", sku_of(purchase.product))
        .with("productId", purchase.product)
}

/// The specification of a product. Prices by the month and by the year are two products of one.
pub fn sku_of(product: &str) -> String {
    format!("sku-{product}")
}

/// `queryInstance`: one id, or several separated by commas.
pub fn query_instance(instances: &str) -> Call {
    Call::new("queryInstance").with("instanceId", instances)
}

/// `refreshInstance` or `refreshLicense`: a new absolute end of the term.
pub fn refresh(activity: &str, instance: &str, order: &str, expires_at: DateTime<Utc>) -> Call {
    about(activity, instance, order).expiring(expires_at)
}

/// `expireInstance`, `releaseInstance` and their like of License 1.0: an instance and its order.
pub fn about(activity: &str, instance: &str, order: &str) -> Call {
    Call::new(activity)
        .with("instanceId", instance)
        .with("orderId", order)
}

/// `upgrade`: another specification or capacity under a new order.
pub fn upgrade(instance: &str, order: &str, product: &str) -> Call {
    about("upgrade", instance, order)
        .with("skuCode", sku_of(product))
        .with("productId", product)
}

/// `instanceStatus`: `FREEZE` or `NORMAL`.
pub fn instance_status(instance: &str, status: &str) -> Call {
    Call::new("instanceStatus")
        .with("instanceId", instance)
        .with("instanceStatus", status)
}

/// `saasExtendParams`: names and values as a JSON list in Base64.
pub fn extend_params(params: &[(&str, &str)]) -> String {
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    STANDARD.encode(json!(params).to_string())
}

#[cfg(test)]
mod tests {
    use super::{Call, extend_params};

    #[test]
    fn a_parameter_is_there_once() {
        let call = Call::new("a").with("b", "1").with("b", "2");
        assert_eq!(call.value_of("b"), Some("2"));
        assert_eq!(call.parameters().len(), 2);
        assert_eq!(call.without("b"), Call::new("a"));
    }

    #[test]
    fn extend_params_are_those_of_the_documents() {
        assert_eq!(
            extend_params(&[
                ("emailDomainName", "test.example.com"),
                ("extendParamName", "extendParamValue"),
            ]),
            "W3sibmFtZSI6ImVtYWlsRG9tYWluTmFtZSIsInZhbHVlIjoidGVzdC5leGFtcGxlLmNvbSJ9LHsibmFtZSI6ImV4dGVuZFBhcmFtTmFtZSIsInZhbHVlIjoiZXh0ZW5kUGFyYW1WYWx1ZSJ9XQ=="
        );
    }
}
