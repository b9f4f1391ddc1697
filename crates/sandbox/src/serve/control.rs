//! The control API: what buyers and the marketplace's staff do, as JSON or as a form.
//!
//! | address | does |
//! | --- | --- |
//! | `POST /sandbox/codes`, `POST /sandbox/instances` | buys: `listing`, `customer`, `product`, `amount`, `months`, `trial`, `charging` (`PERIOD`, `ONE_TIME`, `ON_DEMAND`, `ON_DEMAND_PKG`) |
//! | `POST /sandbox/sales/{id}/{change}` | `claim`, `renew`, `cancel-renewal`, `convert`, `upgrade`, `freeze`, `unfreeze`, `release`, `unsubscribe`, `query`; the id is a purchase order, a code or an instance |
//! | `GET /sandbox/sales`, `/sandbox/orders`, `/sandbox/messages` | lists |
//! | `POST /sandbox/messages/{id}/resend` | sends a stopped or delivered message again |
//! | `GET /sandbox/clock`, `POST /sandbox/clock` | the market's time; moves it by `advance_days` and `advance_seconds` |

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{self, Bytes, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Shop;
use crate::body::wire_time;
use crate::centre::DirectoryError;
use crate::kit::change::EnterpriseError;
use crate::market::{Change, Charging, MarketError, Purchase};

/// Adds the routes of the control API.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(
        web::scope("/sandbox")
            .route("/codes", web::post().to(buy_code))
            .route("/instances", web::post().to(buy_instance))
            .route("/sales", web::get().to(sales))
            .route("/sales/{id}/{change}", web::post().to(change))
            .route("/orders", web::get().to(orders))
            .route("/messages", web::get().to(messages))
            .route("/messages/{id}/resend", web::post().to(resend))
            .route("/clock", web::get().to(clock))
            .route("/clock", web::post().to(advance)),
    );
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum ControlError {
    #[error("the request cannot be read: {0}")]
    Unreadable(String),
    #[error("there is no such change")]
    UnknownChange,
    #[error("there is no such message, or it still is on its way")]
    Message,
    #[error("the market refuses: {0}")]
    Market(MarketError),
    #[error("nothing is kept under this name")]
    NotKept,
    #[error("the enterprise cannot do that: {0}")]
    Enterprise(EnterpriseError),
    #[error("the authentication centre refuses: {0}")]
    Centre(DirectoryError),
}

impl From<EnterpriseError> for ControlError {
    fn from(error: EnterpriseError) -> Self {
        Self::Enterprise(error)
    }
}

impl From<MarketError> for ControlError {
    fn from(error: MarketError) -> Self {
        Self::Market(error)
    }
}

impl ResponseError for ControlError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unreadable(_) | Self::Enterprise(EnterpriseError::NumberOfMembers) => {
                StatusCode::BAD_REQUEST
            },
            Self::Enterprise(
                EnterpriseError::UnknownListing
                | EnterpriseError::UnknownEnterprise
                | EnterpriseError::UnknownDepartment
                | EnterpriseError::UnknownMember,
            )
            | Self::UnknownChange
            | Self::NotKept
            | Self::Market(
                MarketError::UnknownListing | MarketError::UnknownSale | MarketError::UnknownCase,
            ) => StatusCode::NOT_FOUND,
            Self::Message
            | Self::Centre(_)
            | Self::Enterprise(
                EnterpriseError::NoKey
                | EnterpriseError::NoPublicKey
                | EnterpriseError::NotEncrypted(_)
                | EnterpriseError::NotBound
                | EnterpriseError::DepartmentInUse,
            )
            | Self::Market(
                MarketError::NotProvisioned
                | MarketError::NotApplicable
                | MarketError::TradingFrozen
                | MarketError::NoKey
                | MarketError::Term(_),
            ) => StatusCode::CONFLICT,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({ "error": self.to_string() }))
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    listing: String,
    customer: String,
    product: String,
    amount: u32,
    months: u32,
    trial: bool,
    charging: Charging,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            listing: String::new(),
            customer: "68cbc86abc2018ab880d92f36422fa0e".to_owned(),
            product: "OFFI0000001".to_owned(),
            amount: 1,
            months: 12,
            trial: false,
            charging: Charging::Period,
        }
    }
}

impl Wish {
    fn split(self) -> (String, Charging, Purchase) {
        let Self {
            listing,
            customer,
            product,
            amount,
            months,
            trial,
            charging,
        } = self;
        (
            listing,
            charging,
            Purchase {
                customer,
                product,
                amount,
                months,
                trial,
            },
        )
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Step {
    advance_days: i64,
    advance_seconds: i64,
}

pub(super) type Answer = Result<HttpResponse, ControlError>;

async fn buy_code(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let (listing, charging, purchase) = read::<Wish>(&request, &body)?.split();
    let now = shop.now();
    let purchase = Purchase {
        trial: false,
        ..purchase
    };
    let (sale, callbacks) = shop
        .market()
        .sell_code_by(charging, &listing, purchase, now)?;
    let messages = shop.dispatch(callbacks);
    Ok(done(
        &request,
        json!({ "sale": sale.view(now), "messages": messages }),
    ))
}

async fn buy_instance(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let (listing, charging, purchase) = read::<Wish>(&request, &body)?.split();
    let now = shop.now();
    let (sale, callbacks) = shop
        .market()
        .sell_instance_by(charging, &listing, purchase, now)?;
    let messages = shop.dispatch(callbacks);
    Ok(done(
        &request,
        json!({ "sale": sale.view(now), "messages": messages }),
    ))
}

async fn change(
    shop: Data<Shop>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> Answer {
    let (id, name) = path.into_inner();
    let Wish {
        product,
        amount,
        months,
        ..
    } = read(&request, &body)?;
    let change = match name.as_str() {
        "claim" => Change::Claim,
        "renew" => Change::Renew { months },
        "cancel-renewal" => Change::CancelRenewal,
        "convert" => Change::Convert { months },
        "upgrade" => Change::Upgrade { product, amount },
        "freeze" => Change::Freeze,
        "unfreeze" => Change::Unfreeze,
        "release" => Change::Release,
        "unsubscribe" => Change::Unsubscribe,
        "query" => Change::Query,
        _ => return Err(ControlError::UnknownChange),
    };
    let now = shop.now();
    let (sale, callbacks) = {
        let mut market = shop.market();
        let callbacks = market.change(&id, change, now)?;
        (market.sale(&id).map(|sale| sale.view(now)), callbacks)
    };
    let messages = shop.dispatch(callbacks);
    Ok(done(
        &request,
        json!({ "sale": sale, "messages": messages }),
    ))
}

async fn sales(shop: Data<Shop>) -> HttpResponse {
    let now = shop.now();
    let views: Vec<_> = shop.market().sales().map(|sale| sale.view(now)).collect();
    HttpResponse::Ok().json(views)
}

async fn orders(shop: Data<Shop>) -> HttpResponse {
    let market = shop.market();
    let written = market.orders().iter().map(|order| {
        json!({
            "order": order.line.order, "order_line": order.line.line, "kind": order.kind,
            "purchase_order": order.purchase_order, "customer": order.customer,
            "product": order.product, "amount": order.amount, "months": order.months,
            "created_at": order.created_at, "expires_at": order.expires_at,
        })
    });
    HttpResponse::Ok().json(written.collect::<Vec<Value>>())
}

async fn messages(shop: Data<Shop>) -> HttpResponse {
    HttpResponse::Ok().json(shop.messages.list())
}

async fn resend(shop: Data<Shop>, id: Path<u64>, request: HttpRequest) -> Answer {
    let id = id.into_inner();
    if !shop.messages.resend(id) {
        return Err(ControlError::Message);
    }
    shop.deliver(id);
    Ok(done(&request, json!({ "messages": [id] })))
}

async fn clock(shop: Data<Shop>) -> HttpResponse {
    HttpResponse::Ok().json(time(&shop))
}

async fn advance(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let Step {
        advance_days,
        advance_seconds,
    } = read(&request, &body)?;
    shop.clock.advance(
        advance_days
            .saturating_mul(24 * 60 * 60)
            .saturating_add(advance_seconds),
    );
    shop.sweep();
    shop.clock_moved.notify_one();
    Ok(done(&request, time(&shop)))
}

fn time(shop: &Shop) -> Value {
    let now = shop.now();
    json!({ "now": now, "wire_time": wire_time(now) })
}

fn is_form(request: &HttpRequest) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form"))
}

/// Reads a form, or JSON; nothing at all is the defaults.
pub(super) fn read<T: DeserializeOwned + Default>(
    request: &HttpRequest,
    body: &[u8],
) -> Result<T, ControlError> {
    let unreadable = |error: &dyn std::error::Error| ControlError::Unreadable(error.to_string());
    if is_form(request) {
        let text = std::str::from_utf8(body).map_err(|error| unreadable(&error))?;
        let form = Query::<T>::from_query(text).map_err(|error| unreadable(&error))?;
        return Ok(form.into_inner());
    }
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

/// JSON for programs; the page again for a person who sent a form.
pub(super) fn done(request: &HttpRequest, answer: Value) -> HttpResponse {
    if is_form(request) {
        HttpResponse::SeeOther()
            .insert_header((LOCATION, "/"))
            .finish()
    } else {
        HttpResponse::Ok().json(answer)
    }
}
