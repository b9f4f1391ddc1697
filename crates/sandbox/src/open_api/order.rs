//! The order query: what a merchant asks when it was told of an order.

use std::collections::BTreeMap;

use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{OpenApi, Refusal};
use crate::body::wire_time;
use crate::market::Order;

/// `GET v1/order/query?orderId=…`.
pub(super) async fn query(
    api: Data<OpenApi>,
    request: HttpRequest,
    query: Query<BTreeMap<String, String>>,
    body: Bytes,
) -> Result<HttpResponse, Refusal> {
    api.authenticate(&request, &body)?;
    let Some(id) = query.get("orderId") else {
        return Ok(answer("MKT.0101", "illegal parameter", None));
    };
    let line = query.get("orderLineId");
    let order = api.with_market(|market| {
        let order = market
            .orders()
            .iter()
            .find(|order| &order.line.order == id)?;
        line.is_none_or(|line| line == &order.line.line)
            .then(|| order.clone())
    });
    Ok(match order {
        Some(order) => answer("MKT.0000", "success", Some(written(&order))),
        None => answer("MKT.9001", "instance not found", None),
    })
}

fn answer(code: &str, message: &str, order: Option<Value>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "resultCode": code, "resultMsg": message, "orderInfo": order,
    }))
}

fn written(order: &Order) -> Value {
    json!({
        "orderId": order.line.order,
        "orderType": order.kind,
        "createTime": wire_time(order.created_at),
        "orderLine": [{
            "orderLineId": order.line.line,
            "chargingMode": "PERIOD",
            "periodType": order.months.map(|_| "month"),
            "periodNumber": order.months,
            "expireTime": wire_time(order.expires_at),
            "productInfo": [{ "productId": order.product, "linearValue": order.amount }],
        }],
        "buyerInfo": { "customerId": order.customer },
    })
}
