//! Every answer of the open APIs, over HTTP and with real signatures.

mod codes;
mod control;
mod faults;
mod online;
mod orders;
mod statistics;
mod uploads;
mod usage;

use std::sync::{Arc, MutexGuard};

use actix_web::{App, HttpServer};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_sandbox::clock::{Clock, real_now};
use tenure_sandbox::market::{
    Change, Charging, Keys, Listing, Market, Protocol, Purchase, Sale, SharedMarket,
};
use tenure_sandbox::open_api::{BASE_PATH, Manner, OpenApi};
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
    http: reqwest::Client,
}

impl Caller {
    pub(crate) fn new(address: std::net::SocketAddr) -> Self {
        install_provider();
        Self {
            address,
            credentials: credentials(),
            clock_off: TimeDelta::zero(),
            method: "POST",
            content_type: "application/json",
            http: reqwest::Client::new(),
        }
    }

    /// Calls an API under the common path.
    pub(crate) async fn call(&self, path: &str, query: &str, body: &str) -> (u16, Value) {
        let path = format!("{BASE_PATH}{path}");
        let body = body.as_bytes().to_vec();
        let response = self.send(&path, query, body, &[]).await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Signs a request, and sends it with more headers.
    async fn send(
        &self,
        path: &str,
        query: &str,
        body: Vec<u8>,
        more: &[(&str, String)],
    ) -> reqwest::Result<reqwest::Response> {
        let headers = vec![
            ("content-type".to_owned(), self.content_type.to_owned()),
            ("host".to_owned(), self.address.to_string()),
            (
                "x-sdk-date".to_owned(),
                sdk_date(real_now() + self.clock_off),
            ),
        ];
        let (method, headers) = (self.method, headers.as_slice());
        let signed = Request {
            method,
            path,
            query,
            headers,
            body: &body,
        };
        let names = ["host", "x-sdk-date", "content-type"];
        let authorization = authorize(signed, &names, &self.credentials);
        let method = reqwest::Method::from_bytes(self.method.as_bytes()).unwrap();
        let url = format!("http://{}{path}?{query}", self.address);
        let mut request = self.http.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in more {
            request = request.header(*name, value);
        }
        request.header("authorization", authorization).send().await
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

/// Open APIs to a market with two listings, `cad` and `cam`, each with a base key of its own.
struct Scene {
    caller: Caller,
    market: SharedMarket,
    clock: Clock,
    manner: Arc<Manner>,
}

impl Scene {
    fn start() -> Self {
        let listing = |name: &str| Listing {
            name: name.to_owned(),
            url: "https://example.com/in".to_owned(),
            keys: Keys {
                base: Some(SecretString::from(format!("base-key-of-{name}"))),
                ..Keys::default()
            },
            protocol: Protocol::V2,
        };
        Self::selling(vec![listing("cad"), listing("cam")])
    }

    fn selling(listings: Vec<Listing>) -> Self {
        let market = Market::new(listings, 7).shared();
        let clock = Clock::start(1);
        let api = OpenApi::new(Arc::clone(&market), clock.clone(), credentials(), 7);
        let manner = api.manner();
        let server =
            HttpServer::new(move || App::new().configure(|config| api.clone().configure(config)));
        let server = server
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let address = server.addrs()[0];
        drop(actix_web::rt::spawn(server.run()));
        Self {
            caller: Caller::new(address),
            market,
            clock,
            manner,
        }
    }

    fn market(&self) -> MutexGuard<'_, Market> {
        self.market.lock().unwrap()
    }

    fn sell(&self) -> Sale {
        let now = self.clock.now();
        self.market().sell_code("cad", purchase(), now).unwrap().0
    }

    /// Sells an instance, and lets the merchant name it.
    fn sell_instance(&self, listing: &str, charging: Charging, name: &str) -> Sale {
        let (now, mut market) = (self.clock.now(), self.market());
        let sold = market.sell_instance_by(charging, listing, purchase(), now);
        let sale = sold.unwrap().0;
        market.provisioned(&sale.order.order, name.to_owned());
        sale
    }

    fn change(&self, id: &str, change: Change) {
        let now = self.clock.now();
        self.market().change(id, change, now).unwrap();
    }
}
