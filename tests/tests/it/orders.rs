//! Purchases, enriched by what the marketplace tells of their orders.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use tenure_sandbox::body::{OrderLine, new_instance};
use tenure_sandbox::clock::real_now;
use tenure_sandbox::sdk::{Credentials, Request, verify};

use crate::activation::{Marketplace, SECRET};
use crate::service::{Service, Setup};

/// What the marketplace tells of a person, and nobody else may know.
const PERSONAL: [&str; 5] = [
    "Zhang San",
    "zhang_san_01",
    "13800000000",
    "zhang.san@example.com",
    "user-id-4711",
];

/// Waits until the journal holds an event of a license; says at which position.
pub(crate) async fn await_event(service: &Service, license: &str, event: &str) -> u64 {
    let mut after = 0;
    for _ in 0..20 {
        let path = format!("/v1/records?after={after}&wait=30");
        let page = service.get_json(&path).await;
        for record in page["records"].as_array().unwrap() {
            after = record["position"].as_u64().unwrap();
            if record["license_id"] == *license && record["event"] == *event {
                return after;
            }
        }
    }
    panic!("{license} has no event {event}");
}

/// A license as the API shows it once it has come to a position.
async fn license_at(service: &Service, id: &str, position: u64) -> Value {
    let path = format!("/v1/licenses/{id}?min_position={position}");
    service.get_json(&path).await
}

#[tokio::test]
async fn a_purchase_shows_who_bought_it_once_the_marketplace_has_told() {
    let (marketplace, mut service) = Marketplace::with_service(Setup::default());
    let sale = marketplace.sell_instance("customer-42", 7).await;
    let id = sale["name"].as_str().unwrap();
    let position = await_event(&service, id, "order_known").await;
    let license = license_at(&service, id, position).await;
    assert_eq!(license["customer_id"], "customer-42", "{license}");
    assert_eq!(license["quantity"], 7, "{license}");
    assert_eq!(license["status"], "active", "{license}");
    assert_eq!(
        service.events(id).await,
        ["purchased", "provisioned", "order_known"]
    );
    let metrics = service.get("/metrics").await.1;
    let learned = "tenure_orders_learned_total{listing=\"cad-pro\"} 1";
    assert!(metrics.lines().any(|it| it == learned), "{metrics}");
    let by_customer = service.get_json("/v1/licenses?customer=customer-42").await;
    assert_eq!(by_customer["licenses"][0]["id"], *id, "{by_customer}");

    // What is known is not asked again, and what is bought later is.
    service.restart();
    let sale = marketplace.sell_instance("customer-43", 1).await;
    let id = sale["name"].as_str().unwrap();
    let position = await_event(&service, id, "order_known").await;
    let license = license_at(&service, id, position).await;
    assert_eq!(license["customer_id"], "customer-43", "{license}");
    let receipts = service.get_json("/v1/receipts?activity=orderQuery").await;
    assert_eq!(receipts["receipts"].as_array().unwrap().len(), 2);
}

/// A marketplace that answers every order query alike, to whoever signs right. Its clock stands
/// still.
struct Told {
    address: String,
}

impl Told {
    /// What `body` makes of an order id is the answer.
    fn of(status: u16, body: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                answer(stream, status, body);
            }
        });
        Self { address }
    }

    fn service(&self, filter: &'static str) -> Service {
        Service::of(&Setup {
            filter: Some(filter),
            cad_pro: Marketplace::lines(&self.address),
            ..Setup::default()
        })
    }
}

fn answer(mut stream: TcpStream, status: u16, body: fn(&str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let headers: Vec<_> = reader
        .lines()
        .map_while(|line| {
            let line = line.unwrap();
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        })
        .collect();
    let target = line.split(' ').nth(1).unwrap();
    let Some((path, query)) = target.split_once('?') else {
        // The doctor looks whether anybody is there.
        write!(stream, "HTTP/1.1 404 Said\r\ncontent-length: 0\r\n\r\n").unwrap();
        return;
    };
    let signed = Request {
        method: "GET",
        path,
        query,
        headers: &headers,
        body: b"",
    };
    let credentials = Credentials {
        access_key_id: "AKEXAMPLE00000000001".to_owned(),
        secret_access_key: SECRET.into(),
    };
    verify(signed, &credentials, real_now()).unwrap();
    let order = query.split(['=', '&']).nth(1).unwrap();
    let body = body(order);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

fn told_of_a_person(order: &str) -> String {
    let [name, user_name, phone, email, user_id] = PERSONAL;
    json!({
        "resultCode": "MKT.0000",
        "resultMsg": "Success",
        "orderInfo": {
            "orderId": order,
            "orderType": "NEW",
            "createTime": "20260102030405",
            "orderLine": [{
                "orderLineId": format!("{order}-000001"),
                "chargingMode": "PERIOD",
                "productInfo": [{ "productId": "OFFI0000001", "linearValue": "2" }],
                "extendParams": [{ "name": "contact", "value": email }],
            }],
            "buyerInfo": {
                "customerId": "customer-42", "customerName": name, "userName": user_name,
                "userId": user_id, "mobilePhone": phone, "email": email,
            },
            "extendParams": [
                { "name": "buyer", "value": json!({ "mobilePhone": phone }).to_string() },
            ],
        },
    })
    .to_string()
}

#[tokio::test]
async fn what_the_marketplace_tells_of_a_person_is_in_no_file_and_no_log() {
    let mut service = Told::of(200, told_of_a_person).service("trace");
    let bought = new_instance("business-1", &OrderLine::first_of("CS2211181819B4LVS"));
    let answer = service.call(&bought).await;
    answer.is("000000");
    let id = answer.json["instanceId"].as_str().unwrap();
    let position = await_event(&service, id, "order_known").await;
    let license = license_at(&service, id, position).await;
    assert_eq!(license["customer_id"], "customer-42", "{license}");
    let receipts = service.get_json("/v1/receipts?activity=orderQuery").await;
    let receipt = receipts["receipts"][0]["id"].as_str().unwrap();
    let mut printed = service.tenure(&["receipts", "show", receipt]).stdout;
    assert!(printed.contains("[redacted]"), "{printed}");
    printed.push_str(&service.get(&format!("/v1/receipts/{receipt}")).await.1);
    service.stop();

    printed.push_str(&service.log.lock().unwrap());
    for file in std::fs::read_dir(service.file(".")).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for personal in PERSONAL {
            assert!(!printed.contains(personal), "{personal} is told");
            let mut windows = bytes.windows(personal.len());
            let found = windows.any(|it| it == personal.as_bytes());
            assert!(!found, "{personal} is in {}", path.display());
        }
    }
}

#[tokio::test]
async fn a_denied_listing_warns_and_answers_callbacks_all_the_same() {
    let denied = |_: &str| r#"{"resultCode":"MKT.0150","resultMsg":"not allowed"}"#.to_owned();
    let service = Told::of(401, denied).service("info");
    let order = |number| OrderLine::first_of(format!("CS2211181819B4LV{number}"));
    let bought = new_instance("business-1", &order(1));
    service.call(&bought).await.is("000000");
    service.await_line("the marketplace's clock is that far ahead");
    // There is no other order that would show it to be about this one.
    service.await_line("lets this listing ask about no order");
    let (status, ready) = service.get("/health/ready").await;
    assert_eq!(status, 200);
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["warnings"][0]["code"], "order_query_stopped");
    let metrics = service.get("/metrics").await.1;
    let stopped = "tenure_orders_stopped{listing=\"cad-pro\"} 1";
    assert!(metrics.lines().any(|it| it == stopped), "{metrics}");
    let bought = new_instance("business-2", &order(2));
    service.call(&bought).await.is("000000");
}

#[tokio::test]
async fn the_doctor_tells_whether_the_marketplace_accepts_the_access_key() {
    let finding = |findings: &Value| {
        let findings = findings.as_array().unwrap().iter();
        let mut found = findings.filter(|it| it["what"] == "access key of listing cad-pro");
        found.next().unwrap().clone()
    };
    let service = Told::of(200, told_of_a_person).service("info");
    let found = finding(&service.tenure_json(&["doctor"]));
    assert_eq!(found["finding"], "accepted", "{found}");
    let denied = |_: &str| r#"{"error_code":"APIGW.0301"}"#.to_owned();
    let service = Told::of(401, denied).service("info");
    let ran = service.tenure(&["doctor", "--format", "json"]).exited(1);
    let found = finding(&ran.json());
    assert_eq!(found["ok"], false, "{found}");
    let says = found["finding"].as_str().unwrap();
    assert!(says.contains("compare open_api.access_key_id"), "{says}");
}
