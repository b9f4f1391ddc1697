//! License files: asked for by a buyer's software, made, and delivered to the sandbox marketplace.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};
use tenure_sandbox::body::{Body, OrderLine, get_license_async, new_instance, refresh_instance};
use tenure_sandbox::clock::real_now;

use crate::activation::Marketplace;
use crate::secrets::place_of;
use crate::service::{Service, Setup, texts};

/// What is known of devices. It is looked for in every file and every log.
const DEVICES: [&str; 3] = [
    "00-1B-63-84-45-E6|S4EVNX0R|PF2ABCDE|BFEBFBFF",
    "00-1B-63-84-45-E7|S4EVNX0R|PF2ABCDF|BFEBFBFF",
    "00-1B-63-84-45-E8|S4EVNX0R|PF2ABCDG|BFEBFBFF",
];

/// A license, as a text and as a file. They are looked for likewise.
const TEXT: &str = "AAAA-BBBB-CCCC-DDDD-0123456789";
const FILE: &str = "SIGNED FOR ONE DEVICE ONLY, UNTIL 2027";

/// [`FILE`] in Base64.
const FILE_BASE64: &str = "U0lHTkVEIEZPUiBPTkUgREVWSUNFIE9OTFksIFVOVElMIDIwMjc=";

fn setup(more: &str) -> Setup {
    Setup {
        cad_pro: format!("protocol.family = \"online_license\"\n{more}"),
        ..Setup::default()
    }
}

/// The service and its marketplace, and an instance of so many units.
async fn sold(setup: Setup, units: u32) -> (Marketplace, Service, String) {
    let (marketplace, service) = Marketplace::with_service(setup);
    let sale = marketplace.sell_instance("customer-42", units).await;
    let id = sale["name"].as_str().unwrap().to_owned();
    await_events(&service, &id, "order_known", 1).await;
    (marketplace, service, id)
}

/// Waits until a license has so many events of a name.
async fn await_events(service: &Service, license: &str, event: &str, count: usize) {
    let (mut after, mut found) = (0, 0);
    for _ in 0..20 {
        let path = format!("/v1/records?after={after}&wait=30");
        let page = service.get_json(&path).await;
        for record in page["records"].as_array().unwrap() {
            after = record["position"].as_u64().unwrap();
            found += usize::from(record["license_id"] == *license && record["event"] == *event);
            if found == count {
                return;
            }
        }
    }
    panic!("{license} has {found} events {event}, not {count}");
}

/// Applies as a buyer does; says under which name.
async fn apply(marketplace: &Marketplace, id: &str, device: &str) -> String {
    let wish = json!({ "instance": id, "device_fingerprint": device });
    let applied = marketplace.post("/applications", wish).await;
    marketplace.await_messages().await;
    applied["event"].as_str().unwrap().to_owned()
}

fn request(id: &str, event: &str, device: &str) -> Body {
    get_license_async(id, event, real_now(), None).with("deviceFingerprint", device)
}

/// What the marketplace has for an application.
async fn delivered(marketplace: &Marketplace, event: &str) -> String {
    let content = marketplace.get(&format!("/uploads/{event}")).await;
    String::from_utf8(content).unwrap()
}

async fn progress(service: &Service, id: &str) -> Vec<String> {
    let listed = service.get_json(&format!("/v1/licenses/{id}/files")).await;
    texts(&listed["files"], "progress")
}

#[tokio::test]
async fn every_device_gets_its_file_as_often_as_it_asks_and_no_more_than_were_bought() {
    let (marketplace, service, id) = sold(setup(""), 2).await;
    let first = apply(&marketplace, &id, DEVICES[0]).await;
    await_events(&service, &id, "file_delivered", 1).await;
    assert_eq!(delivered(&marketplace, &first).await, id);
    let second = apply(&marketplace, &id, DEVICES[1]).await;
    await_events(&service, &id, "file_delivered", 2).await;
    assert_eq!(delivered(&marketplace, &second).await, id);

    let third = request(&id, "EV-3", DEVICES[2]);
    service.call(&third).await.is("000900");
    // A device counts once, whatever its request is called.
    let again = request(&id, &first, DEVICES[0]);
    service.call(&again).await.is("000000");
    let known = request(&id, "EV-4", DEVICES[0]);
    service.call(&known).await.is("000004");
    let unknown = request("no-such-instance", "EV-5", DEVICES[0]);
    service.call(&unknown).await.is("000003");
    let probe = request(&id, "EV-6", DEVICES[2]).with_test_flag();
    service.call(&probe).await.is("000000");
    let uploads: Value = serde_json::from_slice(&marketplace.get("/uploads").await).unwrap();
    assert_eq!(uploads.as_array().unwrap().len(), 2, "{uploads}");
    let metrics = service.get("/metrics").await.1;
    let delivered = "tenure_license_files_delivered_total{listing=\"cad-pro\"} 2";
    assert!(metrics.lines().any(|it| it == delivered), "{metrics}");
}

#[tokio::test]
async fn a_file_the_marketplace_never_heard_of_is_denied_and_stays_so() {
    let (_marketplace, service, id) = sold(setup(""), 1).await;
    let made_up = request(&id, "EV-MADE-UP", DEVICES[0]);
    service.call(&made_up).await.is("000004");
    await_events(&service, &id, "file_denied", 1).await;
    service.call(&made_up).await.is("000005");
    let license = service.license(&id).await;
    assert_eq!(license["files"][0]["denied_code"], "91381034", "{license}");
    assert_eq!(progress(&service, &id).await, ["denied"]);
    let metrics = service.get("/metrics").await.1;
    let refused = "tenure_license_file_upload_failures_total{listing=\"cad-pro\",\
                   kind=\"file_refused\"} 1";
    assert!(metrics.lines().any(|it| it == refused), "{metrics}");
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_answered_with_the_code_of_the_guide() {
    let service = Service::of(&setup("license_file.fingerprint_required = true\n"));
    let order = OrderLine::first_of("CS2211181819B4LVS");
    let answer = service.call(&new_instance("business-1", &order)).await;
    let id = answer.json["instanceId"].as_str().unwrap();
    let ask = |expires_at: Option<DateTime<Utc>>| {
        let body = get_license_async(id, "EV-1", real_now(), expires_at);
        body.with("deviceFingerprint", DEVICES[0])
    };
    let end = real_now() + Days::new(30);
    let renewal = OrderLine::first_of("CS2211181819B4LVT");
    let renewal = refresh_instance("RENEWAL", id, &renewal, None, end);
    service.call(&renewal).await.is("000000");

    let without_device = ask(Some(end)).without("deviceFingerprint");
    service.call(&without_device).await.is("000903");
    service.call(&ask(None)).await.is("000902");
    let beyond = ask(Some(end + Days::new(2)));
    service.call(&beyond).await.is("000901");
    let malformed = ask(Some(end)).with("effectiveTime", "tomorrow");
    service.call(&malformed).await.is("000002");
    service.call(&ask(Some(end))).await.is("000004");

    // Instances of other families have no files.
    let answer = service
        .call_to("cad-manual", &new_instance("business-2", &order))
        .await;
    let other = answer.json["instanceId"].as_str().unwrap();
    let other = request(other, "EV-1", DEVICES[0]);
    service.call_to("cad-manual", &other).await.is("000003");
    service.call(&other).await.is("000003");
}

#[tokio::test]
async fn a_file_is_delivered_once_the_marketplace_is_itself_again() {
    let (marketplace, service, id) = sold(setup(""), 1).await;
    let failing = json!({ "internal_percent": 100 });
    marketplace.post("/open-api", failing).await;
    let event = apply(&marketplace, &id, DEVICES[0]).await;
    await_events(&service, &id, "file_made", 1).await;
    service.await_line("nothing came of an attempt");
    let again = request(&id, &event, DEVICES[0]);
    service.call(&again).await.is("000004");
    marketplace.post("/open-api", json!({})).await;
    await_events(&service, &id, "file_delivered", 1).await;
    service.call(&again).await.is("000000");
    let uploads = service.get_json("/v1/receipts?activity=upload").await;
    let verdicts = texts(&uploads["receipts"], "verdict");
    assert!(verdicts.contains(&"rejected".to_owned()), "{verdicts:?}");
    assert!(verdicts.contains(&"applied".to_owned()), "{verdicts:?}");
}

#[tokio::test]
async fn a_kill_at_any_moment_loses_no_file_and_changes_none() {
    let (marketplace, mut service, id) = sold(setup(""), 20).await;
    let mut events = Vec::new();
    for round in 1..=8 {
        let event = apply(&marketplace, &id, &format!("{}-{round}", DEVICES[0])).await;
        if round % 2 == 0 {
            await_events(&service, &id, "file_made", round).await;
        }
        service.kill();
        service.run();
        events.push(event);
    }
    await_events(&service, &id, "file_delivered", events.len()).await;
    for event in &events {
        assert_eq!(delivered(&marketplace, event).await, id);
    }
    let recorded = service.events(&id).await;
    for name in ["file_requested", "file_made", "file_delivered"] {
        let count = recorded.iter().filter(|it| *it == name).count();
        assert_eq!(count, events.len(), "{name}: {recorded:?}");
    }
}

#[tokio::test]
async fn a_person_sees_what_is_asked_for_and_makes_it() {
    let manual = Setup {
        filter: Some("trace"),
        ..setup("license_file.mode = \"manual\"\n")
    };
    let (marketplace, mut service, id) = sold(manual, 2).await;
    let event = apply(&marketplace, &id, DEVICES[0]).await;
    let path = format!("/v1/licenses/{id}/files");
    let listed = service.get_json(&path).await;
    let file = &listed["files"][0];
    assert_eq!(file["event_id"], *event, "{listed}");
    assert_eq!(file["fingerprint"], DEVICES[0], "{listed}");
    assert_eq!(file["progress"], "requested", "{listed}");

    let made = json!({ "characters": TEXT });
    let (status, problem) = service.post_json(&format!("{path}/EV-9"), &made).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("file_not_requested"))
    );
    let (status, problem) = service
        .post_json(&format!("{path}/{event}"), &json!({}))
        .await;
    assert_eq!((status, &problem["code"]), (400, &json!("malformed_file")));
    let (status, answer) = service.post_json(&format!("{path}/{event}"), &made).await;
    assert_eq!(
        (status, &answer["outcome"]),
        (200, &json!("recorded")),
        "{answer}"
    );
    let (_, answer) = service.post_json(&format!("{path}/{event}"), &made).await;
    assert_eq!(answer["outcome"], "already_applied", "{answer}");
    let another = json!({ "file_name": "cad-pro.lic", "file": FILE_BASE64 });
    let (status, problem) = service
        .post_json(&format!("{path}/{event}"), &another)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("file_made_before"))
    );
    await_events(&service, &id, "file_delivered", 1).await;
    assert_eq!(delivered(&marketplace, &event).await, TEXT);

    // A second device under the name of the first one.
    let second = request(&id, &event, DEVICES[1]);
    service.call(&second).await.is("000004");
    let (status, problem) = service
        .post_json(&format!("{path}/{event}"), &another)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("ambiguous_device"))
    );
    let mut for_device = another.clone();
    for_device["device"] = service.get_json(&path).await["files"][1]["device"].clone();
    let (status, answer) = service
        .post_json(&format!("{path}/{event}"), &for_device)
        .await;
    assert_eq!(status, 200, "{answer}");
    // The marketplace knows one file of a name, and this is another one.
    await_events(&service, &id, "file_denied", 1).await;

    // What was turned away is kept too, without what it says of the device.
    let malformed = request(&id, "EV-7", DEVICES[2]).with("effectiveTime", "tomorrow");
    service.call(&malformed).await.is("000002");
    let foreign = service.signed("codes-only", &request(&id, "EV-7", DEVICES[2]));
    service.send(&foreign).await.is("000001");
    let receipts = service.tenure_json(&["receipts", "list"]);
    let printed = receipts.to_string();
    service.stop();
    assert_kept_secret(&service, &printed);
}

/// Looks for devices and licenses wherever the service writes.
fn assert_kept_secret(service: &Service, printed: &str) {
    let log = service.log.lock().unwrap().clone();
    let secrets = DEVICES.into_iter().chain([TEXT, FILE, FILE_BASE64]);
    for secret in secrets {
        assert_eq!(place_of(secret, log.as_bytes()), None, "in the log");
        assert_eq!(place_of(secret, printed.as_bytes()), None, "printed");
        for file in std::fs::read_dir(service.file(".")).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                assert_eq!(place_of(secret, &bytes), None, "in {}", path.display());
            }
        }
    }
}

/// The merchant's application: it answers one call after the other with what comes next, and with
/// the last of it for ever; what it was told comes out.
struct Application {
    url: String,
    told: Receiver<Value>,
}

impl Application {
    fn answering(answers: Vec<(u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (told_to, told) = channel();
        std::thread::spawn(move || {
            let mut calls = 0;
            while let Ok((stream, _)) = listener.accept() {
                let Some(told) = read_call(&stream) else {
                    continue;
                };
                let (status, body) = &answers[calls.min(answers.len() - 1)];
                calls += 1;
                answer_call(stream, *status, body);
                // Nobody listens any more once the test is over.
                drop(told_to.send(told));
            }
        });
        Self { url, told }
    }

    fn lines(&self) -> String {
        format!(
            "license_file.mode = \"webhook\"\nlicense_file.webhook_url = \"{}\"\n\
             provisioning.webhook_secret = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n\
             provisioning.webhook_remind_seconds = 1\n",
            self.url
        )
    }
}

/// The body of a signed call; nothing, if somebody only looked.
fn read_call(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let (mut length, mut signatures, mut id) = (0, 0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "webhook-id" => value.clone_into(&mut id),
            "webhook-signature" => signatures += usize::from(value.starts_with("v1,")),
            _ => {},
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    line.starts_with("POST ").then(|| {
        assert_eq!(signatures, 1);
        let mut told: Value = serde_json::from_slice(&body).unwrap();
        told["webhook_id"] = id.into();
        told
    })
}

fn answer_call(mut stream: TcpStream, status: u16, body: &Value) {
    let body = body.to_string();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

#[tokio::test]
async fn the_merchants_application_makes_files_at_once_or_later() {
    let file = json!({ "file_name": "cad-pro.lic", "file": FILE_BASE64 });
    let application = Application::answering(vec![(202, json!({})), (503, json!({})), (200, file)]);
    let webhook = Setup {
        filter: Some("trace"),
        ..setup(&application.lines())
    };
    let (marketplace, mut service, id) = sold(webhook, 2).await;
    let event = apply(&marketplace, &id, DEVICES[0]).await;
    await_events(&service, &id, "file_delivered", 1).await;
    assert_eq!(delivered(&marketplace, &event).await, FILE);
    let told = application.told.recv().unwrap();
    assert_eq!(told["event"], "license.file_requested", "{told}");
    assert_eq!(told["license"]["id"], *id, "{told}");
    assert_eq!(told["event_id"], *event, "{told}");
    assert_eq!(told["fingerprint"], DEVICES[0], "{told}");
    assert!(told["device"].is_string(), "{told}");
    assert!(told["effective_at"].is_string(), "{told}");
    for again in application.told.iter().take(2) {
        assert_eq!(again["webhook_id"], told["webhook_id"], "{again}");
        assert_eq!(again["fingerprint"], told["fingerprint"], "{again}");
    }
    let uploads: Value = serde_json::from_slice(&marketplace.get("/uploads").await).unwrap();
    assert_eq!(uploads[0]["file_name"], "cad-pro.lic", "{uploads}");
    let receipts = service
        .get_json("/v1/receipts?activity=license.file_requested")
        .await;
    assert_eq!(texts(&receipts["receipts"], "verdict"), ["applied"]);
    service.stop();
    assert_kept_secret(&service, &receipts.to_string());
}
