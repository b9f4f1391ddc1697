//! Applications made ready by the merchant's own system: told by a webhook, reported by the API, and
//! shown to the buyer by the marketplace's query.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tenure_koogallery::v1::EncryptType;
use tenure_koogallery::v1::cipher::decrypt;
use tenure_sandbox::body::{OrderLine, change_instance_check, new_instance, query_instance};

use crate::process::own_address;
use crate::secrets::place_of;
use crate::service::{BASE_KEY, Service, Setup, texts};
use crate::v1;

mod reported;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ORDER: &str = "CS2211181819B4LVS";
const PASSWORD: &str = "first-password-e41f";
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the application puts every buyer.
fn ready() -> (u16, Value) {
    let access = json!({
        "front_end_url": "https://t7.app.example.com",
        "admin_url": "https://t7.app.example.com/admin",
        "user_name": "admin-of-t7",
        "password": PASSWORD,
        "memo": "你好",
    });
    (201, access)
}

/// A merchant's application, which says what it is told to say.
struct Application {
    says: Script,
    told: Receiver<Message>,
}

/// What it says next. Whoever holds it keeps it from saying anything.
type Script = Arc<Mutex<VecDeque<(u16, Value)>>>;

/// What it was told.
#[derive(Debug)]
struct Message {
    id: String,
    body: Value,
}

impl Application {
    fn open(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let says = Script::default();
        let (sender, told) = channel();
        let script = Arc::clone(&says);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                hear(stream, &script, &sender);
            }
        });
        Self { says, told }
    }

    fn will_say(&self, says: (u16, Value)) {
        self.says.lock().unwrap().push_back(says);
    }

    #[track_caller]
    fn next(&self) -> Message {
        self.told.recv_timeout(PATIENCE).expect("a message")
    }
}

/// Hears one message. Without anything to say it is unwell.
fn hear(mut stream: TcpStream, script: &Script, told: &Sender<Message>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    for line in reader.by_ref().lines() {
        match line.unwrap() {
            line if line.is_empty() => break,
            line => head.push(line),
        }
    }
    let header = |name: &str| {
        let found = head.iter().filter_map(|line| line.split_once(": "));
        let mut found = found.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map_or("", |(_, value)| value).to_owned()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let is_message = head[0].starts_with("POST ");
    let (status, said) = match script.lock().unwrap().pop_front().filter(|_| is_message) {
        Some((status, Value::Null)) => (status, String::new()),
        Some((status, said)) => (status, said.to_string()),
        None => (503, String::new()),
    };
    let length = said.len();
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}"
    )
    .unwrap();
    // The service has read all of it once it closes the connection, or has gone.
    drop(stream.read(&mut [0]));
    if is_message {
        let message = Message {
            id: header("webhook-id"),
            body: serde_json::from_slice(&body).unwrap(),
        };
        drop(told.send(message));
    }
}

fn lines(address: &str) -> String {
    format!(
        "provisioning.mode = \"webhook\"\n\
         provisioning.webhook_url = \"http://{address}/hook\"\n\
         provisioning.webhook_secret = [\"{SECRET}\"]\n\
         provisioning.change_check = \"webhook\"\n"
    )
}

fn service(address: &str) -> Service {
    Service::of(&Setup {
        filter: Some("trace"),
        cad_pro: lines(address),
        ..Setup::default()
    })
}

/// Has the marketplace tell of a purchase; says the instance.
async fn buy(service: &Service) -> String {
    let order = OrderLine::first_of(ORDER);
    let bought = service.call(&new_instance("business-1", &order)).await;
    bought.is("000004");
    bought.json["instanceId"].as_str().unwrap().to_owned()
}

/// What the marketplace is told when it queries an instance of a listing.
async fn query(service: &Service, listing: &str, id: &str) -> Value {
    let answer = service.call_to(listing, &query_instance(id)).await;
    answer.is("000000");
    answer.json["info"][0]["appInfo"].clone()
}

/// Waits until an instance has an event.
async fn await_event(service: &Service, id: &str, event: &str) {
    let mut after = 0;
    loop {
        let path = format!("/v1/records?after={after}&wait=30");
        let page = service.get_json(&path).await;
        let records = page["records"].as_array().unwrap();
        assert!(!records.is_empty(), "{id} has no event {event}");
        if records
            .iter()
            .any(|it| it["license_id"] == *id && it["event"] == *event)
        {
            return;
        }
        after = page["next_after"].as_u64().unwrap();
    }
}

#[track_caller]
fn check_told(app_info: &Value) {
    let expected = json!({
        "frontEndUrl": "https://t7.app.example.com",
        "adminUrl": "https://t7.app.example.com/admin",
        "userName": "admin-of-t7",
        "password": PASSWORD,
        "memo": "你好",
    });
    assert_eq!(*app_info, expected);
}

#[tokio::test]
async fn a_buyer_is_told_where_the_application_is_once_it_is_ready() {
    let address = own_address();
    let application = Application::open(&address);
    application.will_say(ready());
    let mut service = service(&address);
    let id = buy(&service).await;
    let message = application.next();
    assert_eq!(message.body["event"], "license.purchased");
    let license = &message.body["license"];
    for (member, value) in [
        ("id", json!(id)),
        ("listing", json!("cad-pro")),
        ("family", json!("saas")),
        ("status", json!("provisioning")),
        ("orders", json!([ORDER])),
        ("order_details", json!([])),
    ] {
        assert_eq!(license[member], value, "{member} of {license}");
    }
    await_event(&service, &id, "access_told").await;
    check_told(&query(&service, "cad-pro", &id).await);
    assert_eq!(
        service.events(&id).await,
        ["purchased", "provisioned", "access_told"]
    );

    // Told again, a purchase is answered with the same instance, and with no account: V2.0 asks.
    let order = OrderLine::first_of(ORDER);
    let again = service.call(&new_instance("business-2", &order)).await;
    again.is("000000");
    assert_eq!(again.json["instanceId"], *id);
    let info = &again.json["appInfo"];
    assert_eq!(info["frontEndUrl"], "https://t7.app.example.com");
    assert!(info["password"].is_null() && info["userName"].is_null());

    // V1.0 of the same listing tells the account encrypted.
    let asked = v1::Call::of_instance("queryInstance", &id);
    let told = v1::call(&service, &asked, "000000");
    assert_eq!(told["encryptType"], "1");
    let sealed = told["info"][0]["appInfo"]["password"].as_str().unwrap();
    let key = v1::access_key(BASE_KEY);
    let password = decrypt(&key, EncryptType::Aes256, sealed).unwrap();
    assert_eq!(password.expose_secret(), PASSWORD);

    service.restart();
    check_told(&query(&service, "cad-pro", &id).await);
    check_kept(&service).await;
    service.stop();
    for name in ["journal.db", "read.db", "vault.db", "stdout"] {
        let bytes = std::fs::read(service.file(name)).unwrap();
        assert_eq!(place_of(PASSWORD, &bytes), None, "in {name}");
        assert_eq!(place_of(SECRET, &bytes), None, "in {name}");
    }
    let log = service.log.lock().unwrap();
    assert_eq!(place_of(PASSWORD, log.as_bytes()), None, "in the log");
    assert_eq!(place_of(SECRET, log.as_bytes()), None, "in the log");
}

/// A receipt has what the application said, sealed, and answers without what they told.
async fn check_kept(service: &Service) {
    let all = service.get_json("/v1/receipts?limit=200").await;
    let methods = texts(&all["receipts"], "method");
    let ids = texts(&all["receipts"], "id");
    assert_eq!(methods.iter().filter(|it| *it == "WEBHOOK").count(), 1);
    let mut redacted = 0;
    for (id, method) in ids.iter().zip(methods) {
        let receipt = service.get_json(&format!("/v1/receipts/{id}")).await;
        let answer = receipt["answer"]["content"].as_str().unwrap();
        assert_eq!(place_of(PASSWORD, answer.as_bytes()), None);
        redacted += usize::from(answer.contains("[redacted]"));
        if method == "WEBHOOK" {
            assert_eq!(receipt["activity"], "license.purchased");
            assert_eq!(receipt["verdict"], "applied");
            let said = receipt["body"]["content"].as_str().unwrap();
            let said: Value = serde_json::from_str(said).unwrap();
            assert_eq!(said, ready().1);
        }
    }
    assert_eq!(
        redacted, 4,
        "two queries of V2.0, one of V1.0 and the purchase told again"
    );
}

#[tokio::test]
async fn an_application_that_is_down_is_waited_for() {
    let address = own_address();
    let service = service(&address);
    let id = buy(&service).await;
    service.await_line("the provisioning webhook of this listing fails or refuses");
    let doctor = service.tenure(&["doctor"]).exited(1);
    assert!(
        doctor.stdout.contains("the webhook cannot be reached"),
        "{doctor:?}"
    );
    let health = service.get_json("/health/ready").await;
    assert_eq!(health["status"], "ready");
    assert_eq!(health["warnings"][0]["code"], "provisioning_stopped");
    service.call(&query_instance(&id)).await.is("000004");

    let application = Application::open(&address);
    application.will_say((200, json!({})));
    assert_eq!(application.next().body["license"]["id"], *id);
    await_event(&service, &id, "provisioned").await;
    // It told nothing: the listing's own address holds.
    let told = query(&service, "cad-pro", &id).await;
    assert_eq!(told, json!({ "frontEndUrl": "https://app.example.com" }));
    let health = service.get_json("/health/ready").await;
    assert_eq!(health["warnings"], Value::Null);
    let doctor = service.tenure(&["doctor"]).exited(0);
    assert!(
        doctor.stdout.contains("webhook of listing cad-pro"),
        "{doctor:?}"
    );
}

/// Runs a service that is answered by the application while somebody else writes to its journal.
fn run_unable_to_record(service: &mut Service, application: &Application) -> Connection {
    let writer = Connection::open(service.file("journal.db")).unwrap();
    let mut says = application.says.lock().unwrap();
    service.run();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    says.push_back(ready());
    writer
}

#[tokio::test]
async fn a_purchase_whose_answer_was_lost_with_the_process_is_told_again() {
    let address = own_address();
    let application = Application::open(&address);
    application.will_say((202, Value::Null));
    let mut service = service(&address);
    let id = buy(&service).await;
    let first = application.next();
    service.stop();

    let writer = run_unable_to_record(&mut service, &application);
    let second = application.next();
    service.kill();
    writer.execute_batch("ROLLBACK").unwrap();
    drop(writer);
    assert_eq!(second.id, first.id);

    application.will_say(ready());
    service.run();
    assert_eq!(application.next().id, first.id);
    await_event(&service, &id, "access_told").await;
    check_told(&query(&service, "cad-pro", &id).await);
    assert_eq!(
        service.events(&id).await,
        ["purchased", "provisioned", "access_told"]
    );
}

#[tokio::test]
async fn an_application_decides_whether_a_renewal_may_change_a_license() {
    let address = own_address();
    let application = Application::open(&address);
    application.will_say((200, json!({})));
    let service = service(&address);
    let id = buy(&service).await;
    application.next();
    await_event(&service, &id, "provisioned").await;
    let check = change_instance_check(&id, "PRODTEST0002");

    application.will_say((200, json!({ "allowed": true })));
    service.call(&check).await.is("000000");
    let asked = application.next().body;
    assert_eq!(asked["event"], "license.change_check");
    assert_eq!(asked["license"]["id"], *id);
    assert!(asked["product_info"].is_object(), "{asked}");

    application.will_say((
        200,
        json!({ "allowed": false, "reason": "no smaller plan" }),
    ));
    let denied = service.call(&check).await;
    denied.is("000100");
    assert_eq!(denied.json["resultMsg"], "no smaller plan");

    // Without a decision, the default.
    service.call(&check).await.is("000000");
    let verdicts = service.verdicts();
    assert_eq!(
        verdicts[verdicts.len() - 3..],
        ["answered", "answered", "answered: no_decision"]
    );
    let unknown = change_instance_check("i-unknown", "PRODTEST0002");
    service.call(&unknown).await.is("000003");
}
