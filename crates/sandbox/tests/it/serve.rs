//! The sandbox as a server, from the outside.

use std::time::Duration;

use serde_json::{Value, json};
use tenure_sandbox::check::Target;
use tenure_sandbox::market::{Keys, Listing, Protocol};
use tenure_sandbox::serve::{Config, Sandbox};
use tokio::sync::oneshot;

use crate::install_provider;
use crate::merchant::{Manner, Merchant};
use crate::open_api::{Caller, credentials};

pub(crate) struct Running {
    pub(crate) address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
    pub(crate) http: reqwest::Client,
}

impl Running {
    pub(crate) fn start(manner: Manner) -> Self {
        let (Target { url, key, .. }, _merchant) = Merchant::start(manner);
        let keys = Keys {
            base: Some(key.clone()),
            license: Some(key.clone()),
            general: Some(key),
            ..Keys::default()
        };
        Self::with(url, keys)
    }

    /// With a listing `cad` at an address.
    pub(crate) fn with(url: String, keys: Keys) -> Self {
        install_provider();
        let mut config = Config::new(([127, 0, 0, 1], 0).into(), credentials());
        config.listings = vec![Listing {
            name: "cad".to_owned(),
            url,
            keys,
            protocol: Protocol::V2,
        }];
        config.retry_interval = Duration::from_millis(1);
        let sandbox = Sandbox::bind(config).unwrap();
        let address = sandbox.address();
        let (stop, stopped) = oneshot::channel();
        let ended = actix_web::rt::spawn(sandbox.run(async { drop(stopped.await) }));
        Self {
            address,
            stop,
            ended,
            http: reqwest::Client::new(),
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .http
            .post(format!("http://{}/sandbox{path}", self.address));
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn list(&self, path: &str) -> Value {
        let response = self
            .http
            .get(format!("http://{}/sandbox{path}", self.address))
            .send();
        response.await.unwrap().json().await.unwrap()
    }

    /// Waits until every message has ended, and returns the list.
    pub(crate) async fn ended_messages(&self) -> Vec<Value> {
        loop {
            let messages = self.list("/messages").await.as_array().unwrap().clone();
            if messages.iter().all(|message| message["state"] != "pending") {
                return messages;
            }
        }
    }

    async fn activities(&self) -> Vec<String> {
        let messages = self.ended_messages().await;
        messages
            .iter()
            .map(|message| message["activity"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn page(&self) -> String {
        let page = self.http.get(format!("http://{}/", self.address)).send();
        page.await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

#[actix_web::test]
async fn a_code_is_bought_activated_renewed_and_runs_out() {
    let sandbox = Running::start(Manner::Naive);
    let (_, bought) = sandbox
        .post("/codes", json!({ "listing": "cad", "months": 1 }))
        .await;
    let code = bought["sale"]["name"].as_str().unwrap().to_owned();
    assert_eq!(bought["messages"], json!([1]));
    let (_, claimed) = sandbox
        .post(&format!("/sales/{code}/claim"), json!({}))
        .await;
    assert_eq!(claimed["sale"]["state"], "claimed");

    let body = json!({ "license": code }).to_string();
    let (status, _) = Caller::new(sandbox.address)
        .call("/v1/license/activate", "", &body)
        .await;
    assert_eq!(status, 200);
    assert_eq!(sandbox.list("/sales").await[0]["checked"], false);
    let (_, renewed) = sandbox
        .post(&format!("/sales/{code}/renew"), json!({ "months": 1 }))
        .await;
    assert_eq!(renewed["sale"]["state"], "activated");
    sandbox.post("/clock", json!({ "advance_days": 70 })).await;
    assert_eq!(
        sandbox.activities().await,
        [
            "orderNotify",
            "orderNotify",
            "refreshLicenseCode",
            "updateLicenseCodeStatus",
        ]
    );
    assert_eq!(sandbox.list("/sales").await[0]["frozen"], true);
    assert_eq!(sandbox.list("/orders").await[1]["kind"], "RENEW");
    let (status, answer) = sandbox.post("/messages/1/resend", json!({})).await;
    assert_eq!((status, &answer["messages"]), (200, &json!([1])));
    sandbox.ended_messages().await;
    sandbox.end().await;
}

#[actix_web::test]
async fn an_instance_is_named_by_the_merchants_answer() {
    let sandbox = Running::start(Manner::Naive);
    let (_, bought) = sandbox
        .post("/instances", json!({ "listing": "cad", "trial": true }))
        .await;
    let order = bought["sale"]["order"].as_str().unwrap().to_owned();
    assert_eq!(bought["sale"]["name"], Value::Null);
    sandbox.ended_messages().await;
    let named = async || sandbox.list("/sales").await[0]["name"].clone();
    while named().await.is_null() {}
    let asked = async || {
        sandbox
            .activities()
            .await
            .contains(&"queryInstance".to_owned())
    };
    while !asked().await {}
    assert_eq!(named().await, format!("i-{order}"));
    let (status, _) = sandbox
        .post(&format!("/sales/i-{order}/convert"), json!({}))
        .await;
    assert_eq!(status, 200);
    let (status, _) = sandbox
        .post(&format!("/sales/{order}/upgrade"), json!({}))
        .await;
    assert_eq!(status, 200);
    sandbox.ended_messages().await;
    sandbox.end().await;
}

#[actix_web::test]
async fn what_cannot_be_done_is_refused() {
    let sandbox = Running::start(Manner::Naive);
    assert_eq!(
        sandbox
            .post("/codes", json!({ "listing": "other" }))
            .await
            .0,
        404
    );
    assert_eq!(sandbox.post("/codes", json!({ "seats": 1 })).await.0, 400);
    let (_, bought) = sandbox.post("/codes", json!({ "listing": "cad" })).await;
    let code = bought["sale"]["name"].as_str().unwrap().to_owned();
    assert_eq!(
        sandbox.post("/sales/PLTEST0001/claim", json!({})).await.0,
        404
    );
    assert_eq!(
        sandbox
            .post(&format!("/sales/{code}/dance"), json!({}))
            .await
            .0,
        404
    );
    assert_eq!(
        sandbox
            .post(&format!("/sales/{code}/cancel-renewal"), json!({}))
            .await
            .0,
        409
    );
    assert_eq!(sandbox.post("/messages/99/resend", json!({})).await.0, 409);
    sandbox.end().await;
}

#[actix_web::test]
async fn the_page_lists_everything_escaped_and_takes_forms() {
    let sandbox = Running::start(Manner::Naive);
    let product = "<script>";
    sandbox
        .post("/codes", json!({ "listing": "cad", "product": product }))
        .await;
    let form = sandbox
        .http
        .post(format!("http://{}/sandbox/clock", sandbox.address));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("advance_days=1").send().await.unwrap();
    assert_eq!(answer.url().path(), "/", "a form leads back to the page");
    let page = answer.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains(product));
    assert!(page.contains("orderNotify") && page.contains("/cancel-renewal"));
    sandbox.end().await;
}
