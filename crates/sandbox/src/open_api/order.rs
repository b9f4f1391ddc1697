//! `GET v1/order/query`: what a merchant asks when it was told of an order.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::Method;
use chrono::{DateTime, Days, Months, Utc};
use serde_json::{Value, json};

use super::call::Call;
use super::manner::Spelled;
use super::market_answer::{MarketFault, MarketRefusal};
use crate::body::{OrderLine, wire_time};
use crate::market::{Buyer, Charging, MockOrder, Order, OrderKind, sku_of};

/// The most characters of an order's and of a line's id.
const ID_CHARACTERS_MAX: usize = 64;

/// When all mock orders were made: 2026-01-02 03:04:05.
const MOCKED_AT: DateTime<Utc> = DateTime::from_timestamp(1_767_323_045, 0).expect("in range");

/// Answers with the order and its buyer.
pub(super) async fn query(call: Call) -> HttpResponse {
    let spelled = call.api.manner.spelled(Spelled::MKT_RESULT);
    match find(&call) {
        Ok(order) => spelled.success([("orderInfo", order)]),
        Err(refusal) => spelled.refusal(&refusal),
    }
}

fn find(call: &Call) -> Result<Value, MarketRefusal> {
    call.expect_method(&Method::GET)?;
    let mut wanted = parameters(call.request.query_string())?;
    let id = wanted
        .remove("orderId")
        .ok_or_else(|| MarketFault::Parameter.about("orderId is missing"))?;
    let line = wanted.remove("orderLineId");
    if let Some(name) = wanted.keys().next() {
        return Err(MarketFault::Parameter.about(format!("{name} is not known")));
    }
    for text in [Some(&id), line.as_ref()].into_iter().flatten() {
        if text.is_empty() || text.chars().count() > ID_CHARACTERS_MAX {
            return Err(MarketFault::Range.about("an id has 1 to 64 characters"));
        }
    }
    let mock = MockOrder::named(&id).map(Row::from);
    let row = mock.or_else(|| {
        let market = call.api.market();
        let order = market.orders().iter().find(|order| order.line.order == id);
        order.map(Row::from)
    });
    let is_line = |row: &Row| line.as_ref().is_none_or(|line| *line == row.line.line);
    match row.filter(is_line) {
        Some(row) => Ok(row.written()),
        None => Err(MarketFault::UnknownInstance.about("there is no such order")),
    }
}

/// The parameters of a query; each may come once.
fn parameters(query: &str) -> Result<BTreeMap<String, String>, MarketRefusal> {
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        if parameters.contains_key(&name) {
            return Err(MarketFault::Parameter.about(format!("{name} comes twice")));
        }
        parameters.insert(name, value);
    }
    Ok(parameters)
}

/// What the answer tells of an order, whether it was made or is a mock.
struct Row {
    line: OrderLine,
    kind: OrderKind,
    created_at: DateTime<Utc>,
    charging: Charging,
    period: Option<(&'static str, u32)>,
    expires_at: Option<DateTime<Utc>>,
    product: String,
    amount: u32,
    customer: String,
}

impl From<&Order> for Row {
    fn from(order: &Order) -> Self {
        let period = order.months.map(|months| {
            if months.is_multiple_of(12) {
                ("year", months / 12)
            } else {
                ("month", months)
            }
        });
        Self {
            line: order.line.clone(),
            kind: order.kind,
            created_at: order.created_at,
            charging: order.charging,
            period,
            expires_at: order.charging.has_term().then_some(order.expires_at),
            product: order.product.clone(),
            amount: order.amount,
            customer: order.customer.clone(),
        }
    }
}

impl From<MockOrder> for Row {
    fn from(mock: MockOrder) -> Self {
        let ends = |(word, number): (&str, u32)| match word {
            "year" => MOCKED_AT.checked_add_months(Months::new(12 * number)),
            "month" => MOCKED_AT.checked_add_months(Months::new(number)),
            _ => MOCKED_AT.checked_add_days(Days::new(u64::from(number))),
        };
        Self {
            line: OrderLine::first_of(mock.id),
            kind: mock.kind,
            created_at: MOCKED_AT,
            charging: mock.charging,
            period: mock.period,
            expires_at: mock.period.and_then(ends),
            product: "OFFIMOCK0000001".to_owned(),
            amount: 1,
            customer: "68cbc86abc2018ab880d92f36422fa0e".to_owned(),
        }
    }
}

impl Row {
    fn written(&self) -> Value {
        let mut line = json!({
            "orderLineId": self.line.line,
            "chargingMode": self.charging,
            "productInfo": [{
                "productId": self.product,
                "skuCode": sku_of(&self.product),
                "linearValue": self.amount,
                "productName": format!("Product {}", self.product),
            }],
        });
        if let Some(members) = line.as_object_mut() {
            if let Some((word, number)) = self.period {
                members.insert("periodType".to_owned(), word.into());
                members.insert("periodNumber".to_owned(), number.into());
            }
            if let Some(end) = self.expires_at {
                members.insert("expireTime".to_owned(), wire_time(end).into());
            }
        }
        json!({
            "orderId": self.line.order,
            "orderType": self.kind,
            "createTime": wire_time(self.created_at),
            "orderLine": [line],
            "buyerInfo": Buyer::of(&self.customer),
            "extendParams": [{ "name": "emailDomainName", "value": "example.com" }],
        })
    }
}
