//! `GET …/v1/order/query`: what was ordered, and by whom.
//!
//! The documented ids for debugging, `MOCKPERIODYEARNEW` and eight more, are ids like any other.

use tenure_domain::{
    ChargingMode, CustomerId, OrderDetails, OrderId, OrderKind, OrderLine, OrderLineId, ProductId,
    Quantity, SkuCode,
};

use super::answer::{Data, envelope, parsed};
use super::{OpenApiError, OpenApiRequest};

mod redaction;

pub use redaction::redacted;

/// The code for a thing that the marketplace does not know. The guides word it for instances.
const NOT_FOUND: &str = ".9001";

/// The code for an operation that is not allowed.
const NOT_ALLOWED: &str = ".0150";

/// Asks about an order, or about one line of it.
pub fn request(order: &OrderId, line: Option<&OrderLineId>) -> OpenApiRequest {
    let mut query = vec![("orderId".to_owned(), order.to_string())];
    query.extend(line.map(|line| ("orderLineId".to_owned(), line.to_string())));
    OpenApiRequest::get("/v1/order/query", query)
}

/// Reads the answer: the details of every line that it tells of; none if the marketplace knows no
/// such order.
///
/// Without the ids of order and line the details mean nothing; everything else may be missing.
/// Times without a zone are UTC: in the guides' example an order whose id was made at 14:47 in
/// Beijing was created at 06:47.
pub fn read(status: u16, body: &[u8]) -> Result<Vec<OrderDetails>, OpenApiError> {
    let answer = match envelope(status, body) {
        Ok(answer) => answer,
        Err(OpenApiError::Other { code, .. }) if code.ends_with(NOT_FOUND) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let Some(info) = answer.inner("orderInfo") else {
        return Ok(Vec::new());
    };
    let order = info
        .id("orderId", OrderId::parse)
        .ok_or(OpenApiError::Unreadable)?;
    let lines = info.objects("orderLine");
    let lines: Vec<_> = lines
        .iter()
        .filter_map(|line| details(&order, &info, line))
        .collect();
    if lines.is_empty() {
        return Err(OpenApiError::Unreadable);
    }
    Ok(lines)
}

/// Whether an answer that [`read`] makes an error of may be about its order alone, so that one
/// about another order may be better: an operation that is not allowed (`0150`, or status 403) may
/// be not allowed for the order of another seller, and a success that tells no order is the
/// marketplace's word all the same.
pub fn may_be_of_one_order(status: u16, body: &[u8]) -> bool {
    match envelope(status, body) {
        Ok(_) => true,
        Err(OpenApiError::Denied) => status == 403 || code(body).ends_with(NOT_ALLOWED),
        Err(_) => false,
    }
}

/// The code of an answer; empty if it has none.
fn code(body: &[u8]) -> String {
    let data = parsed(body);
    data.as_ref().and_then(Data::code).unwrap_or_default()
}

/// The details of one line; `None` if it does not say which line it is.
///
/// A line of several products is told by its first: the guides' lines have one.
fn details(order: &OrderId, info: &Data, line: &Data) -> Option<OrderDetails> {
    let product = line.objects("productInfo").into_iter().next();
    let product = product.unwrap_or_default();
    let buyer = info.inner("buyerInfo").unwrap_or_default();
    let units = || product.text("linearValue")?.parse().ok();
    Some(OrderDetails {
        order: OrderLine {
            order: order.clone(),
            line: line.id("orderLineId", OrderLineId::parse)?,
        },
        kind: kind(&info.text("orderType").unwrap_or_default()),
        ordered_at: info.time("createTime"),
        customer: buyer.id("customerId", CustomerId::parse),
        product: product.id("productId", ProductId::parse),
        sku: product.id("skuCode", SkuCode::parse),
        quantity: units().and_then(|units| Quantity::parse(units).ok()),
        charging: line.text("chargingMode").and_then(|mode| charging(&mode)),
        expires_at: line.time("expireTime"),
    })
}

fn kind(word: &str) -> OrderKind {
    match word {
        "NEW" => OrderKind::New,
        "TRIAL" => OrderKind::Trial,
        "TRIAL_TO_FORMAL" => OrderKind::TrialToFormal,
        "UNSUBSCRIBE" => OrderKind::Unsubscribe,
        "RENEW" => OrderKind::Renew,
        "CHANGE" => OrderKind::Change,
        other => OrderKind::other(other),
    }
}

fn charging(word: &str) -> Option<ChargingMode> {
    match word {
        "PERIOD" => Some(ChargingMode::Period),
        "ONE_TIME" => Some(ChargingMode::OneTime),
        "ON_DEMAND" => Some(ChargingMode::OnDemand),
        "ON_DEMAND_PKG" => Some(ChargingMode::OnDemandPackage),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_api::Method;
    use crate::wire::answer_time;

    /// The documented ids for debugging, and what their names say.
    const MOCKS: [(&str, &str, &str); 9] = [
        ("MOCKPERIODYEARNEW", "NEW", "PERIOD"),
        ("MOCKONETIMENEW", "NEW", "ONE_TIME"),
        ("MOCKONDEMAND", "NEW", "ON_DEMAND"),
        ("MOCKONDEMANDPKG", "NEW", "ON_DEMAND_PKG"),
        ("MOCKPERIODDAYTRIAL", "TRIAL", "PERIOD"),
        ("MOCKMONTYTRIALTOFORMAL", "TRIAL_TO_FORMAL", "PERIOD"),
        ("MOCKMONTYUNSUBSCRIBE", "UNSUBSCRIBE", "PERIOD"),
        ("MOCKMONTYRENEW", "RENEW", "PERIOD"),
        ("MOCKMONTYCHANGE", "CHANGE", "PERIOD"),
    ];

    fn line(order: &str) -> OrderLine {
        OrderLine {
            order: OrderId::parse(order).unwrap(),
            line: OrderLineId::parse(&format!("{order}-000001")).unwrap(),
        }
    }

    /// What is left of details when nothing but the ids is told.
    fn bare(order: &str) -> OrderDetails {
        OrderDetails {
            order: line(order),
            kind: OrderKind::other(""),
            ordered_at: None,
            customer: None,
            product: None,
            sku: None,
            quantity: None,
            charging: None,
            expires_at: None,
        }
    }

    fn full() -> OrderDetails {
        OrderDetails {
            kind: OrderKind::New,
            ordered_at: answer_time("2022-07-26T06:47:36Z"),
            customer: CustomerId::parse("68cbc86abc2018ab880d92f36422fa0e").ok(),
            product: ProductId::parse("OFFI758576253042421760").ok(),
            sku: SkuCode::parse("da9b4d34-ee8a-4355-a823-13e034e49986").ok(),
            quantity: Quantity::parse(10).ok(),
            charging: Some(ChargingMode::Period),
            expires_at: answer_time("2023-07-26T15:59:59Z"),
            ..bare("CS2207261447AUY4H")
        }
    }

    #[test]
    fn a_request_names_order_and_line_and_has_no_body() {
        let line = line("CS2207261447AUY4H");
        let whole = request(&line.order, None);
        assert_eq!(whole.method, Method::Get);
        assert_eq!(whole.body, None);
        let target = "/api/mkp-openapi-public/global/v1/order/query?orderId=CS2207261447AUY4H";
        assert_eq!(whole.target(), target);
        assert_eq!(
            request(&line.order, Some(&line.line)).target(),
            format!("{target}&orderLineId=CS2207261447AUY4H-000001")
        );
    }

    #[test]
    fn an_answer_is_read_in_every_form_it_may_have() {
        for body in [
            r#"{"resultCode":"MKT.0000","resultMsg":"Success","orderInfo":{"orderId":"CS2207261447AUY4H","orderType":"NEW","createTime":"20220726064736","orderLine":[{"orderLineId":"CS2207261447AUY4H-000001","chargingMode":"PERIOD","periodType":"year","periodNumber":1,"expireTime":"20230726155959","productInfo":[{"productId":"OFFI758576253042421760","skuCode":"da9b4d34-ee8a-4355-a823-13e034e49986","linearValue":10,"productName":"CAD"}]}],"buyerInfo":{"customerId":"68cbc86abc2018ab880d92f36422fa0e","mobilePhone":"13800000000"}}}"#,
            r#"{"error_code":"CBC.0000","orderInfo":{"orderId":" CS2207261447AUY4H","orderType":"NEW","createTime":20220726064736000,"orderLine":{"orderLineId":"CS2207261447AUY4H-000001","chargingMode":"PERIOD","expireTime":"20230726T155959Z","productInfo":{"productId":"OFFI758576253042421760","skuCode":"da9b4d34-ee8a-4355-a823-13e034e49986","linearValue":"10"}},"buyerInfo":"{\"customerId\":\"68cbc86abc2018ab880d92f36422fa0e\"}"}}"#,
            r#"{"resultCode":"MKT.0000","orderInfo":"{\"orderId\":\"CS2207261447AUY4H\",\"orderType\":\"NEW\",\"createTime\":\"2022-07-26T14:47:36+08:00\",\"orderLine\":[{\"orderLineId\":\"CS2207261447AUY4H-000001\",\"chargingMode\":\"PERIOD\",\"expireTime\":\"2023-07-26T15:59:59Z\",\"productInfo\":[{\"productId\":\"OFFI758576253042421760\",\"skuCode\":\"da9b4d34-ee8a-4355-a823-13e034e49986\",\"linearValue\":10}]}],\"buyerInfo\":{\"customerId\":\"68cbc86abc2018ab880d92f36422fa0e\"}}"}"#,
        ] {
            assert_eq!(read(200, body.as_bytes()), Ok(vec![full()]), "{body}");
        }
    }

    #[test]
    fn the_ids_for_debugging_are_ids_like_any_other() {
        for (order, kind_word, mode) in MOCKS {
            let target = request(&line(order).order, Some(&line(order).line)).target();
            assert!(
                target.ends_with(&format!("orderId={order}&orderLineId={order}-000001")),
                "{target}"
            );
            let body = format!(
                r#"{{"resultCode":"MKT.0000","orderInfo":{{"orderId":"{order}","orderType":"{kind_word}","orderLine":[{{"orderLineId":"{order}-000001","chargingMode":"{mode}"}}]}}}}"#
            );
            let expected = OrderDetails {
                kind: kind(kind_word),
                charging: charging(mode),
                ..bare(order)
            };
            assert_ne!(expected.kind.name(), "other");
            assert!(expected.charging.is_some());
            assert_eq!(read(200, body.as_bytes()), Ok(vec![expected]));
        }
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        let body = r#"{"resultCode":"MKT.0000","orderInfo":{"orderId":"CS1","orderType":"GIFT","createTime":"soon","orderLine":[{"orderLineId":"CS1-000001","chargingMode":"BARTER","expireTime":"20230230000000","productInfo":[{"productId":"","linearValue":0}]},{"chargingMode":"PERIOD"},{"orderLineId":"CS1-000002","productInfo":[]}],"buyerInfo":{"customerId":null,"email":"li@example.com"}}}"#;
        let first = OrderDetails {
            kind: OrderKind::other("GIFT"),
            ..bare("CS1")
        };
        let mut second = first.clone();
        second.order.line = OrderLineId::parse("CS1-000002").unwrap();
        assert_eq!(read(200, body.as_bytes()), Ok(vec![first, second]));
    }

    #[test]
    fn an_order_that_the_marketplace_does_not_know_has_no_lines() {
        for (status, body) in [
            (200, r#"{"resultCode":"MKT.9001"}"#),
            (500, r#"{"error_code":"CBC.9001"}"#),
            (200, r#"{"resultCode":"MKT.0000"}"#),
            (200, r#"{"resultCode":"MKT.0000","orderInfo":null}"#),
        ] {
            assert_eq!(read(status, body.as_bytes()), Ok(Vec::new()), "{body}");
        }
    }

    #[test]
    fn an_order_without_ids_is_unreadable() {
        for info in [
            "{}",
            r#"{"orderId":"CS1"}"#,
            r#"{"orderId":"CS1","orderLine":[]}"#,
            r#"{"orderId":"CS1","orderLine":[{}]}"#,
            r#"{"orderLine":[{"orderLineId":"CS1-000001"}]}"#,
        ] {
            let body = format!(r#"{{"resultCode":"MKT.0000","orderInfo":{info}}}"#);
            assert_eq!(
                read(200, body.as_bytes()),
                Err(OpenApiError::Unreadable),
                "{body}"
            );
        }
    }

    #[test]
    fn a_denied_operation_and_a_success_without_an_order_may_be_of_one_order() {
        for (status, body, expected) in [
            (401, r#"{"resultCode":"MKT.0150"}"#, true),
            (200, r#"{"error_code":"CBC.0150"}"#, true),
            (403, "", true),
            (403, r#"{"error_code":"APIGW.0302"}"#, true),
            (200, r#"{"resultCode":"MKT.0000","orderInfo":{}}"#, true),
            (401, "", false),
            (401, r#"{"error_code":"APIGW.0301"}"#, false),
            (401, r#"{"resultCode":"MKT.0151"}"#, false),
            (200, r#"{"resultCode":"MKT.0154"}"#, false),
            (200, "<html>", false),
            (500, r#"{"resultCode":"MKT.7777"}"#, false),
        ] {
            let found = may_be_of_one_order(status, body.as_bytes());
            assert_eq!(found, expected, "{status} {body}");
        }
    }

    #[test]
    fn errors_are_those_of_all_open_apis() {
        for (status, body, expected) in [
            (401, r#"{"resultCode":"MKT.0150"}"#, OpenApiError::Denied),
            (200, r#"{"error_code":"CBC.0154"}"#, OpenApiError::Denied),
            (406, r#"{"resultCode":"MKT.0250"}"#, OpenApiError::Throttled),
            (
                500,
                r#"{"resultCode":"MKT.0999"}"#,
                OpenApiError::Unavailable,
            ),
            (
                500,
                r#"{"resultCode":"MKT.0100"}"#,
                OpenApiError::InvalidParameter,
            ),
            (503, "<html>", OpenApiError::Unavailable),
            (200, "<html>", OpenApiError::Unreadable),
        ] {
            assert_eq!(read(status, body.as_bytes()), Err(expected), "{body}");
        }
    }
}
