//! Every answer of the open APIs, over HTTP and with real signatures.

use std::sync::Arc;

use actix_web::{App, HttpServer};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_sandbox::clock::{Clock, real_now};
use tenure_sandbox::market::{Change, Keys, Listing, Market, Purchase, Sale, SharedMarket};
use tenure_sandbox::open_api::OpenApi;
use tenure_sandbox::sdk::{Credentials, Request, authorize, sdk_date};

use crate::install_provider;

pub(crate) fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AKEXAMPLE".to_owned(),
        secret_access_key: SecretString::from("sk-example-0123456789"),
    }
}

pub(crate) fn purchase() -> Purchase {
    Purchase {
        customer: "68cbc86abc2018ab".to_owned(),
        product: "OFFI0000001".to_owned(),
        amount: 2,
        months: 1,
        trial: false,
    }
}

/// A caller with a clock of its own and the option to make mistakes.
pub(crate) struct Caller {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) credentials: Credentials,
    pub(crate) clock_off: TimeDelta,
    pub(crate) method: &'static str,
    pub(crate) content_type: &'static str,
}

impl Caller {
    pub(crate) fn new(address: std::net::SocketAddr) -> Self {
        Self {
            address,
            credentials: credentials(),
            clock_off: TimeDelta::zero(),
            method: "POST",
            content_type: "application/json",
        }
    }

    pub(crate) async fn call(&self, path: &str, query: &str, body: &str) -> (u16, Value) {
        let headers = vec![
            ("content-type".to_owned(), self.content_type.to_owned()),
            ("host".to_owned(), self.address.to_string()),
            (
                "x-sdk-date".to_owned(),
                sdk_date(real_now() + self.clock_off),
            ),
        ];
        let path = format!("/api/mkp-openapi-public/global{path}");
        let (method, headers) = (self.method, headers.as_slice());
        let signed = Request {
            method,
            path: &path,
            query,
            headers,
            body: body.as_bytes(),
        };
        let names = ["host", "x-sdk-date", "content-type"];
        let authorization = authorize(signed, &names, &self.credentials);
        install_provider();
        let method = reqwest::Method::from_bytes(self.method.as_bytes()).unwrap();
        let url = format!("http://{}{path}?{query}", self.address);
        let mut request = reqwest::Client::new()
            .request(method, url)
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request
            .header("authorization", authorization)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    #[track_caller]
    fn assert_code(answer: &(u16, Value), status: u16, code: &str) {
        assert_eq!(
            (answer.0, &answer.1["error_code"]),
            (status, &json!(code)),
            "{answer:?}"
        );
    }

    async fn activate(&self, body: &str) -> (u16, Value) {
        self.call("/v1/license/activate", "", body).await
    }

    async fn heartbeat(&self, code: &str) -> (u16, Value) {
        let body = json!({ "license": code }).to_string();
        self.call("/v1/license/heartbeat", "", &body).await
    }
}

fn start() -> (Caller, SharedMarket, Clock) {
    let listing = Listing {
        name: "cad".to_owned(),
        url: "https://example.com/in".to_owned(),
        keys: Keys::default(),
    };
    let (market, clock) = (Market::new(vec![listing], 7).shared(), Clock::start(1));
    let api = OpenApi {
        market: Arc::clone(&market),
        clock: clock.clone(),
        credentials: credentials(),
    };
    let server =
        HttpServer::new(move || App::new().configure(|config| api.clone().configure(config)));
    let server = server
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    drop(actix_web::rt::spawn(server.run()));
    (Caller::new(address), market, clock)
}

fn sell(market: &SharedMarket, clock: &Clock) -> Sale {
    market
        .lock()
        .unwrap()
        .sell_code("cad", purchase(), clock.now())
        .unwrap()
        .0
}

#[actix_web::test]
async fn a_code_goes_from_issued_to_released() {
    let (caller, market, clock) = start();
    let sale = sell(&market, &clock);
    let code = sale.name().unwrap().to_owned();
    let change = |change| {
        market
            .lock()
            .unwrap()
            .change(&code, change, clock.now())
            .unwrap()
    };
    let body = json!({ "license": code, "real_effect_time": "20260102153555" }).to_string();

    Caller::assert_code(&caller.activate(&body).await, 200, "92020004");
    Caller::assert_code(&caller.heartbeat(&code).await, 200, "92020011");
    change(Change::Claim);
    let answer = caller.activate(&body).await;
    Caller::assert_code(&answer, 200, "92020000");
    let info = answer.1["data"]["license_code_info"]
        .as_str()
        .expect("JSON in a string");
    let info: Value = serde_json::from_str(info).unwrap();
    assert_eq!(
        (&info["status"], &info["amount"]),
        (&json!("ALIVE"), &json!(2))
    );
    assert_eq!(info["order_id"], json!(sale.order.order));
    Caller::assert_code(&caller.activate(&body).await, 200, "92020003");

    let state = async || caller.heartbeat(&code).await.1["data"]["status"].clone();
    assert_eq!(state().await, "ALIVE");
    assert!(
        market
            .lock()
            .unwrap()
            .sale(&code)
            .unwrap()
            .view(clock.now())
            .checked
    );
    change(Change::Freeze);
    assert_eq!(state().await, "EXPIRED");
    change(Change::Unfreeze);
    clock.advance(40 * 24 * 60 * 60);
    assert_eq!(state().await, "EXPIRED");
    change(Change::Release);
    assert_eq!(state().await, "RELEASED");
}

#[actix_web::test]
async fn a_wrong_signature_key_or_clock_stops_at_the_gateway() {
    let (mut caller, ..) = start();
    let body = r#"{"license":"PLTEST0001"}"#;
    caller.clock_off = TimeDelta::minutes(-16);
    Caller::assert_code(&caller.activate(body).await, 401, "APIGW.0301");
    caller.clock_off = TimeDelta::minutes(14);
    Caller::assert_code(&caller.activate(body).await, 200, "92020005");
    caller.credentials.secret_access_key = SecretString::from("another");
    Caller::assert_code(&caller.activate(body).await, 401, "APIGW.0301");
    caller.credentials = credentials();
    caller.credentials.access_key_id = "AKOTHER".to_owned();
    Caller::assert_code(&caller.activate(body).await, 401, "APIGW.0301");
}

#[actix_web::test]
async fn malformed_calls_have_codes_of_their_own() {
    let (mut caller, ..) = start();
    let long = json!({ "license": "P".repeat(65) }).to_string();
    for body in [
        "{}",
        r#"{"license":""}"#,
        r#"{"license":1}"#,
        "[]",
        long.as_str(),
    ] {
        Caller::assert_code(&caller.activate(body).await, 400, "95000001");
    }
    let body = r#"{"license":"PLTEST0001","real_effect_time":"today"}"#;
    Caller::assert_code(&caller.activate(body).await, 400, "95000001");
    Caller::assert_code(&caller.activate("{").await, 400, "95000004");
    caller.content_type = "text/plain";
    Caller::assert_code(&caller.activate("{}").await, 415, "95000003");
    caller.method = "PUT";
    Caller::assert_code(&caller.activate("{}").await, 405, "95000002");
}

#[actix_web::test]
async fn an_order_can_be_asked_for() {
    let (mut caller, market, clock) = start();
    caller.method = "GET";
    let sale = sell(&market, &clock);
    let query = format!("orderId={}", sale.order.order);
    let (status, answer) = caller.call("/v1/order/query", &query, "").await;
    assert_eq!((status, &answer["resultCode"]), (200, &json!("MKT.0000")));
    assert_eq!(answer["orderInfo"]["orderType"], "NEW");
    let product = &answer["orderInfo"]["orderLine"][0]["productInfo"][0];
    assert_eq!(
        product,
        &json!({ "productId": "OFFI0000001", "linearValue": 2 })
    );
    let (_, answer) = caller.call("/v1/order/query", "orderId=CS0", "").await;
    assert_eq!(answer["resultCode"], "MKT.9001");
    let (_, answer) = caller.call("/v1/order/query", "", "").await;
    assert_eq!(answer["resultCode"], "MKT.0101");
}
