//! Authorization codes, activated with the sandbox marketplace.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::process::{own_address, terminate};
use crate::service::{Service, Setup};

/// The SK of the open APIs. It is looked for in everything that is printed.
pub(crate) const SECRET: &str = "secret-access-key-9f4d2b7a61c3e8505d1e";

/// `tenure sandbox serve`.
pub(crate) struct Marketplace {
    address: String,
    child: Child,
    http: reqwest::Client,
}

impl Marketplace {
    /// What the listing `cad-pro` needs to reach a marketplace.
    pub(crate) fn lines(address: &str) -> String {
        format!(
            "open_api.access_key_id = \"AKEXAMPLE00000000001\"\n\
             open_api.secret_access_key = \"{SECRET}\"\n\
             open_api.endpoint = \"http://{address}\"\n"
        )
    }

    /// A service and its marketplace.
    pub(crate) fn with_service(setup: Setup) -> (Self, Service) {
        let address = own_address();
        let service = Service::of(&Setup {
            cad_pro: Self::lines(&address) + &setup.cad_pro,
            ..setup
        });
        let mut child = service
            .command(&["sandbox", "serve", "--bind", &address])
            .env("TENURE_SANDBOX_SECRET_ACCESS_KEY", SECRET)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains(&address), "{line}");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let marketplace = Self {
            address,
            child,
            http,
        };
        (marketplace, service)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("http://{}/sandbox{path}", self.address);
        let response = self.http.post(url).json(&body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// What the control API answers, byte for byte.
    pub(crate) async fn get(&self, path: &str) -> Vec<u8> {
        let url = format!("http://{}/sandbox{path}", self.address);
        let response = self.http.get(url).send().await.unwrap();
        assert!(response.status().is_success(), "{path}");
        response.bytes().await.unwrap().into()
    }

    /// Sells a code, and waits until the merchant knows of the order.
    pub(crate) async fn sell_code(&self) -> String {
        let sold = self.post("/codes", json!({ "listing": "cad-pro" })).await;
        let code = sold["sale"]["name"].as_str().unwrap().to_owned();
        self.post(&format!("/sales/{code}/claim"), json!({})).await;
        self.await_messages().await;
        code
    }

    /// Sells an instance, and waits until the merchant has made it; the sale as it is then.
    pub(crate) async fn sell_instance(&self, customer: &str, amount: u32) -> Value {
        let wish = json!({ "listing": "cad-pro", "customer": customer, "amount": amount });
        self.sell(wish).await
    }

    /// Sells an instance as it is wished for, likewise.
    pub(crate) async fn sell(&self, wish: Value) -> Value {
        let sold = self.post("/instances", wish).await;
        let order = sold["sale"]["order"].as_str().unwrap();
        self.await_messages().await;
        let url = format!("http://{}/sandbox/sales", self.address);
        let response = self.http.get(&url).send().await.unwrap();
        let sales: Vec<Value> = response.json().await.unwrap();
        sales.into_iter().find(|it| it["order"] == *order).unwrap()
    }

    /// Waits until the marketplace has delivered everything.
    pub(crate) async fn await_messages(&self) {
        let url = format!("http://{}/sandbox/messages", self.address);
        loop {
            let response = self.http.get(&url).send().await.unwrap();
            let messages: Vec<Value> = response.json().await.unwrap();
            assert!(
                messages.iter().all(|it| it["state"] != "stopped"),
                "{messages:?}"
            );
            if messages.iter().all(|it| it["state"] == "delivered") {
                return;
            }
        }
    }
}

impl Drop for Marketplace {
    fn drop(&mut self) {
        terminate(&self.child);
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn a_code_is_activated_by_the_running_service_and_again_without_it() {
    let (marketplace, mut service) = Marketplace::with_service(Setup::default());
    let (first, second) = (marketplace.sell_code().await, marketplace.sell_code().await);
    let activate = |service: &Service, code: &str| {
        service.tenure_json(&["license", "activate", code, "--listing", "cad-pro"])
    };
    let answer = activate(&service, &first);
    assert_eq!(answer["outcome"], "recorded", "{answer}");
    assert_eq!(answer["id"], *first);
    assert_eq!(service.license(&first).await["status"], "active");
    let answer = activate(&service, &first);
    assert_eq!(answer["outcome"], "already_applied", "{answer}");

    service.stop();
    assert_eq!(activate(&service, &first)["outcome"], "already_applied");
    assert_eq!(activate(&service, &second)["outcome"], "recorded");
    let made_up = ["license", "activate", "PLTEST0009"];
    service.tenure(&made_up).exited(1);
    service.run();
    let license = service.license(&second).await;
    assert_eq!(license["status"], "active");
    assert!(license["expires_at"].is_string(), "{license}");
    service.tenure(&made_up).exited(1);
}

#[tokio::test]
async fn a_marketplace_that_cannot_be_reached_is_unavailable() {
    let (marketplace, mut service) = Marketplace::with_service(Setup::default());
    drop(marketplace);
    let activate = ["license", "activate", "PLTEST0001"];
    service.tenure(&activate).exited(3);
    service.stop();
    service.tenure(&activate).exited(3);
}
