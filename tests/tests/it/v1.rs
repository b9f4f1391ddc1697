//! The older protocols, SaaS V1.0 and License 1.0, from call to license and to signed answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tenure_koogallery::AccessKey;
use tenure_koogallery::v1::cipher::decrypt;
use tenure_koogallery::v1::{EncryptType, Parameters, auth_token, body_sign};
use tenure_sandbox::clock::real_now;

use crate::service::{BASE_KEY, LICENSE_KEY, Service, Setup, texts};

const ORDER: &str = "CS1906666666ABCDE";
const PRODUCT: &str = "00301-666666-0--0";
const CUSTOMER: &str = "68cbc86abc2018ab880d92f36422fa0e";

/// A call that is not yet signed.
#[derive(Debug, Clone)]
pub(crate) struct Call(Vec<(&'static str, String)>);

impl Call {
    fn new(activity: &str) -> Self {
        let stamp = real_now().format("%Y%m%d%H%M%S%3f").to_string();
        Self(Vec::new())
            .with("activity", activity)
            .with("timeStamp", &stamp)
    }

    pub(crate) fn of_instance(activity: &str, id: &str) -> Self {
        Self::new(activity).with("instanceId", id)
    }

    pub(crate) fn purchase(activity: &str, order: &str) -> Self {
        Self::new(activity)
            .with("customerId", CUSTOMER)
            .with("businessId", "61e834ba-7b97-4418-b8f7-e5345137278c")
            .with("orderId", order)
            .with("productId", PRODUCT)
    }

    fn refresh(activity: &str, id: &str, order: &str, until: &str) -> Self {
        Self::of_instance(activity, id)
            .with("orderId", order)
            .with("expireTime", until)
    }

    /// With a parameter, in the place of the one that has its name.
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value.to_owned()));
        self
    }

    /// The query string, signed with a key.
    fn query(&self, key: &str) -> String {
        let query = |more: Option<&str>| {
            let mut url = reqwest::Url::parse("http://localhost").unwrap();
            url.query_pairs_mut()
                .extend_pairs(&self.0)
                .extend_pairs(more.map(|token| ("authToken", token)));
            url.query().unwrap().to_owned()
        };
        let token = auth_token::sign(&access_key(key), &Parameters::parse(&query(None)));
        query(Some(&token))
    }
}

pub(crate) fn access_key(text: &str) -> AccessKey {
    AccessKey::new(text.to_owned())
}

/// A V1.0 answer as it came over the socket.
#[derive(Debug)]
#[must_use]
struct Answered {
    head: String,
    body: Vec<u8>,
    json: Value,
}

impl Answered {
    #[track_caller]
    fn is(self, code: &str) -> Self {
        assert!(self.head.starts_with("HTTP/1.1 200 OK\r\n"), "{self:?}");
        assert_eq!(self.json["resultCode"], code, "{self:?}");
        assert!(self.json["resultMsg"].is_string());
        self
    }

    /// Asserts that the body is signed with a key, in the very spelling that the marketplace asks
    /// for.
    #[track_caller]
    fn signed_with(self, key: &str) -> Self {
        let value = body_sign::value(&access_key(key), &self.body);
        let line = format!("\r\nBody-Sign: {value}\r\n");
        assert!(self.head.contains(&line), "{line:?} in {self:?}");
        self
    }
}

/// Sends a GET over a socket of its own, and reads the answer as it is.
fn get(service: &Service, listing: &str, query: &str) -> Answered {
    let mut stream = TcpStream::connect(&service.callbacks).unwrap();
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).unwrap();
    write!(
        stream,
        "GET /koogallery/{listing}?{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        service.callbacks
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let (head, body) = answer.split_at(end + 4);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let lower_case = head.to_ascii_lowercase();
    let json = "\r\ncontent-type: application/json\r\n";
    assert!(lower_case.contains(json), "{head}");
    Answered {
        json: serde_json::from_slice(body).unwrap(),
        body: body.to_vec(),
        head,
    }
}

/// Makes a call to the listing `cad-pro`, whose answer must have this code and our signature.
pub(crate) fn call(service: &Service, call: &Call, code: &str) -> Value {
    let answered = get(service, "cad-pro", &call.query(BASE_KEY));
    answered.is(code).signed_with(BASE_KEY).json
}

fn buy(service: &Service) -> String {
    let bought = call(service, &Call::purchase("newInstance", ORDER), "000000");
    bought["instanceId"].as_str().unwrap().to_owned()
}

/// Calls of the life of an instance after its purchase, each with its event, and the status and the
/// end of the term to which it leads.
fn life(id: &str) -> [(Call, &'static str, &'static str, Option<&'static str>); 10] {
    let refresh = |number: u32, until: &str| {
        let order = format!("CS190666666{number}");
        Call::refresh("refreshInstance", id, &order, until)
    };
    let status = |to| Call::of_instance("instanceStatus", id).with("instanceStatus", to);
    let ended = |activity| Call::of_instance(activity, id).with("orderId", ORDER);
    let upgrade = Call::of_instance("upgrade", id)
        .with("orderId", "CS1906666669")
        .with("skuCode", "d0abcd12-1234-5678-ab90-11ab012aaaa1")
        .with("productId", "00301-666666-0--2")
        .with("amount", "12");
    let end = Some("2037-01-01T00:00:00Z");
    [
        // Before any end is known.
        (ended("expireInstance"), "expired", "expired", None),
        (
            refresh(1, "20350101000000").with("trialToFormal", "1"),
            "reinstated",
            "active",
            Some("2035-01-01T00:00:00Z"),
        ),
        (
            refresh(2, "20360101000000").with("orderAmount", "99.5"),
            "renewed",
            "active",
            Some("2036-01-01T00:00:00Z"),
        ),
        (
            refresh(3, "20200101000000").with("orderAmount", "-99.5"),
            "renewal_cancelled",
            "expired",
            Some("2020-01-01T00:00:00Z"),
        ),
        (
            ended("expireInstance"),
            "expired",
            "expired",
            Some("2020-01-01T00:00:00Z"),
        ),
        (
            refresh(4, "20370101000000").with("productId", "00301-666666-0--1"),
            "reinstated",
            "active",
            end,
        ),
        (status("FREEZE"), "suspended", "suspended", end),
        (status("NORMAL"), "reinstated", "active", end),
        (upgrade, "order_known", "active", end),
        (ended("releaseInstance"), "released", "released", end),
    ]
}

#[tokio::test]
async fn an_instance_lives_from_its_purchase_to_its_release() {
    let service = Service::start();
    let bought = Call::purchase("newInstance", ORDER);
    let first = call(&service, &bought, "000000");
    let id = first["instanceId"].as_str().unwrap();
    assert_eq!(
        first["appInfo"],
        json!({"frontEndUrl": "https://app.example.com"})
    );
    let again = bought.with("businessId", "7d0ff4d6-58a6-4c0e-9a2f-0b7f6f1c2e11");
    assert_eq!(call(&service, &again, "000000"), first);
    assert_eq!(service.license(id).await["family"], "saas");
    assert_eq!(service.license(id).await["orders"], json!([ORDER]));

    for (made, event, status, expires_at) in life(id) {
        let answer = call(&service, &made, "000000");
        assert_eq!(
            answer,
            json!({"resultCode": "000000", "resultMsg": "success."})
        );
        let license = service.license(id).await;
        assert_eq!(license["status"], status, "{event}");
        assert_eq!(license["expires_at"], json!(expires_at));
        let events = service.events(id).await;
        assert_eq!(events.last().unwrap(), event);
        // Told again it is the same, and nothing new.
        call(&service, &made, "000000");
        assert_eq!(service.events(id).await, events);
    }
    let license = service.license(id).await;
    assert_eq!(license["product_id"], "00301-666666-0--2");
    assert_eq!(license["quantity"], 12);
    let late = Call::refresh("refreshInstance", id, "CS1906666665", "20380101000000");
    call(&service, &late, "000003");
    assert_eq!(call(&service, &again, "000000"), first);
}

#[tokio::test]
async fn a_license_is_delivered_and_lives_like_an_instance() {
    let service = Service::start();
    let wanted = Call::purchase("getLicense", ORDER);
    let first = call(&service, &wanted, "000000");
    let id = first["instanceId"].as_str().unwrap();
    assert_eq!(first["license"], id);
    assert_eq!(call(&service, &wanted, "000000"), first);
    assert_eq!(service.license(id).await["family"], "online_license");
    let ended = |activity| Call::of_instance(activity, id);
    call(&service, &ended("expireLicense"), "000000");
    let refresh = Call::refresh("refreshLicense", id, "CS1", "20360101000000");
    call(&service, &refresh, "000000");
    // The other guide's activities do not reach it.
    let other = Call::refresh("refreshInstance", id, "CS2", "20360101000000");
    call(&service, &other, "000003");
    // What comes late is about the end before.
    call(&service, &ended("expireLicense"), "000000");
    call(&service, &ended("releaseLicense"), "000000");
    assert_eq!(
        service.events(id).await,
        [
            "purchased",
            "order_known",
            "provisioned",
            "expired",
            "renewed",
            "reinstated",
            "released"
        ]
    );
}

#[tokio::test]
async fn what_is_paid_per_use_has_an_instance_for_each_product_of_an_order() {
    let service = Service::start();
    let per_use = Call::purchase("newInstance", ORDER).with("chargingMode", "0");
    let one = call(&service, &per_use, "000000")["instanceId"].clone();
    let other = per_use.clone().with("productId", "00301-666666-0--1");
    let other = call(&service, &other, "000000")["instanceId"].clone();
    assert_ne!(one, other);
    assert_eq!(call(&service, &per_use, "000000")["instanceId"], one);
    let list = format!("{},{}", one.as_str().unwrap(), other.as_str().unwrap());
    let query = Call::of_instance("queryInstance", &list);
    let answer = call(&service, &query, "000000");
    assert_eq!(answer["info"][0]["instanceId"], one);
    assert_eq!(answer["info"][1]["instanceId"], other);
    let unknown = Call::of_instance("queryInstance", "made-up");
    call(&service, &unknown, "000003");
}

#[tokio::test]
async fn an_account_is_told_encrypted_and_with_another_vector_every_time() {
    let mut service = Service::of(&Setup {
        cad_pro: "provisioning.user_name = \"isv-admin@example.com\"\n\
                  provisioning.password = \"first-password-4f1c\"\n\
                  protocol.encrypt_type = 2\n"
            .to_owned(),
        filter: Some("trace"),
        ..Setup::default()
    });
    let told = |info: &Value, name: &str| {
        let value = info[name].as_str().unwrap().to_owned();
        assert!(value.len() <= 128);
        let read = decrypt(&access_key(BASE_KEY), EncryptType::Aes128, &value).unwrap();
        (value, read.expose_secret().to_owned())
    };
    let mut values = Vec::new();
    let bought = Call::purchase("newInstance", ORDER);
    let id = buy(&service);
    let query = Call::of_instance("queryInstance", &id);
    let probe = bought.clone().with("testFlag", "1");
    for made in [&bought, &bought, &query, &query, &probe] {
        let answer = call(&service, made, "000000");
        assert_eq!(answer["encryptType"], "2");
        let info = answer.pointer("/info/0/appInfo");
        let info = info.unwrap_or_else(|| &answer["appInfo"]);
        for (name, text) in [
            ("userName", "isv-admin@example.com"),
            ("password", "first-password-4f1c"),
        ] {
            let (value, read) = told(info, name);
            assert_eq!(read, text);
            values.push(value);
        }
    }
    let distinct: std::collections::BTreeSet<_> = values.iter().collect();
    assert_eq!(distinct.len(), values.len());
    // The license text is for programs, and V2.0 would tell an account in clear.
    let license = call(&service, &Call::purchase("getLicense", "CS2"), "000000");
    assert_eq!(license.get("encryptType"), None);
    let current = tenure_sandbox::body::query_instance(&id);
    let answer = service.call(&current).await;
    assert_eq!(
        answer.json["info"][0]["appInfo"],
        json!({"frontEndUrl": "https://app.example.com"})
    );
    // Who can no longer begin with the account is not told it.
    let release = Call::of_instance("releaseInstance", &id);
    call(&service, &release, "000000");
    let late = call(&service, &bought, "000000");
    assert_eq!(late.get("encryptType"), None);
    assert_eq!(late["appInfo"], answer.json["info"][0]["appInfo"]);
    let receipts = service.tenure_json(&["receipts", "list"]).to_string();
    // Only then is everything in the journal's own file.
    service.stop();
    let log = service.log.lock().unwrap().clone();
    let journal = std::fs::read(service.file("journal.db")).unwrap();
    let journal = String::from_utf8_lossy(&journal).into_owned();
    assert!(values.iter().all(|value| journal.contains(value)));
    for text in [&log, &journal, &receipts] {
        assert!(!text.contains("first-password-4f1c"));
        assert!(!text.contains("isv-admin@example.com"));
    }
}

#[tokio::test]
async fn who_bought_is_neither_stored_nor_logged() {
    let mut service = Service::of(&Setup {
        filter: Some("trace"),
        ..Setup::default()
    });
    let phone = "Z9y8X7w6V5u4T3s2hsdfvnDIsWRTb7pRUXNp0Q==";
    let bought = Call::purchase("newInstance", ORDER)
        .with("mobilePhone", phone)
        .with(
            "email",
            "A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90=",
        )
        .with("customerName", "Zhang-San-Company")
        .with("userName", "zhang-san-user")
        .with("userId", "user-id-5d21");
    call(&service, &bought, "000000");
    let stranger = bought.query("another-key");
    let answered = get(&service, "cad-pro", &stranger).is("000001");
    assert_eq!(
        answered.signed_with(BASE_KEY).json["resultMsg"],
        "authToken is wrong"
    );
    drop(get(&service, "cad-max", &stranger).is("000001"));

    let receipts = service.tenure_json(&["receipts", "list"]);
    let id = receipts[2]["id"].as_str().unwrap();
    let shown = service.tenure_json(&["receipts", "show", id]);
    let kept = shown["parameters"].as_str().unwrap();
    assert!(kept.contains(&format!("customerId={CUSTOMER}")), "{kept}");
    assert!(
        kept.contains("&mobilePhone=&email=&customerName=&userName=&userId=&"),
        "{kept}"
    );
    service.stop();
    let log = service.log.lock().unwrap().clone();
    assert!(log.contains("\"level\":\"TRACE\""), "nothing was traced");
    let files = ["journal.db", "read.db", "stdout"];
    let files = files.map(|name| std::fs::read(service.file(name)).unwrap());
    for personal in [
        "Z9y8X7w6V5u4T3s2",
        "A1b2C3d4E5f6G7h8",
        "13800000000",
        "Zhang-San-Company",
        "zhang-san-user",
        "user-id-5d21",
        BASE_KEY,
    ] {
        assert!(!log.contains(personal), "{personal} is logged");
        for file in &files {
            let found = file
                .windows(personal.len())
                .any(|it| it == personal.as_bytes());
            assert!(!found, "{personal} is stored");
        }
    }
}

#[tokio::test]
async fn what_is_turned_away_is_signed_too_and_has_no_effect() {
    let service = Service::start();
    let freeze = Call::of_instance("instanceStatus", "i-1").with("instanceStatus", "FREEZE");
    let tampered = freeze.query(BASE_KEY).replace("FREEZE", "NORMAL");
    let cases = [
        (String::new(), "000001", "missing_auth_token"),
        (freeze.query("another-key"), "000001", "wrong_auth_token"),
        (freeze.query(LICENSE_KEY), "000001", "wrong_auth_token"),
        (tampered, "000001", "wrong_auth_token"),
        (
            Call(Vec::new()).with("activity", "upgrade").query(BASE_KEY),
            "000002",
            "malformed_parameter",
        ),
        (
            freeze
                .clone()
                .with("instanceStatus", "COLD")
                .query(BASE_KEY),
            "000002",
            "malformed_parameter",
        ),
        (
            Call::new("updateInstanceStatus").query(BASE_KEY),
            "000002",
            "unsupported_activity",
        ),
    ];
    let mut expected = Vec::new();
    for (query, code, reason) in cases {
        let answered = get(&service, "cad-pro", &query).is(code);
        drop(answered.signed_with(BASE_KEY));
        expected.push(format!("rejected: {reason}"));
    }
    // Nothing to sign with.
    for (listing, reason) in [
        ("cad-max", "unknown_listing"),
        ("codes-only", "wrong_family"),
    ] {
        let answered = get(&service, listing, &freeze.query(BASE_KEY)).is("000001");
        let head = answered.head.to_ascii_lowercase();
        assert!(!head.contains("body-sign"), "{answered:?}");
        expected.push(format!("rejected: {reason}"));
    }
    call(&service, &freeze, "000003");
    expected.push("refused: unknown_license".to_owned());
    assert_eq!(service.verdicts(), expected);
    assert!(service.records_after(0).await.is_empty());
}

#[tokio::test]
async fn a_test_call_is_answered_like_a_real_one_and_changes_nothing() {
    let service = Service::start();
    let id = "huaiweitest123456";
    let ended = |activity| Call::of_instance(activity, id).with("orderId", ORDER);
    let calls = [
        Call::purchase("newInstance", ORDER),
        Call::purchase("getLicense", ORDER),
        Call::of_instance("queryInstance", id),
        Call::refresh("refreshInstance", id, ORDER, "20360101000000").with("productId", ""),
        Call::refresh("refreshLicense", id, ORDER, "20360101000000"),
        ended("expireInstance"),
        ended("releaseInstance"),
        ended("expireLicense"),
        ended("releaseLicense"),
        Call::of_instance("instanceStatus", id).with("instanceStatus", "NORMAL"),
        ended("upgrade")
            .with("skuCode", "s")
            .with("productId", PRODUCT),
    ];
    for made in calls.clone() {
        let answer = call(&service, &made.with("testFlag", "1"), "000000");
        match answer
            .get("instanceId")
            .or_else(|| answer.pointer("/info/0/instanceId"))
        {
            Some(shown) => assert!(shown.is_string()),
            None => assert_eq!(answer.as_object().unwrap().len(), 2),
        }
    }
    assert_eq!(service.verdicts(), vec!["probe"; calls.len()]);
    assert!(service.records_after(0).await.is_empty());
}

#[tokio::test]
async fn a_replay_finds_nothing_to_do_and_an_old_call_is_good_unless_it_is_said_otherwise() {
    let at = |seconds| {
        let stamp = real_now() + TimeDelta::seconds(seconds);
        let stamp = stamp.format("%Y%m%d%H%M%S%3f").to_string();
        Call::purchase("newInstance", ORDER).with("timeStamp", &stamp)
    };
    let service = Service::start();
    call(&service, &at(-86_400), "000000");
    call(&service, &at(-86_400), "000000");
    assert_eq!(service.verdicts(), ["applied", "already_applied"]);
    drop(service);
    let service = Service::of(&Setup {
        cad_pro: "protocol.v1_freshness_seconds = 300\n".to_owned(),
        ..Setup::default()
    });
    call(&service, &at(0), "000000");
    call(&service, &at(-240), "000000");
    call(&service, &at(-360), "000002");
    call(&service, &at(360), "000002");
    let expected = [
        "applied",
        "already_applied",
        "rejected: stale_timestamp",
        "rejected: future_timestamp",
    ];
    assert_eq!(service.verdicts(), expected);
}

#[tokio::test]
async fn an_instance_of_a_manual_listing_is_being_processed_until_it_is_ready() {
    let service = Service::start();
    let made = |call: &Call, code| {
        let answered = get(&service, "cad-manual", &call.query(BASE_KEY)).is(code);
        answered.signed_with(BASE_KEY).json
    };
    let wanted = Call::purchase("getLicense", ORDER);
    let first = made(&wanted, "000004");
    assert_eq!(first.get("license"), None);
    let id = first["instanceId"].as_str().unwrap();
    let (status, text) = service
        .post(&format!("/v1/licenses/{id}/provisioned"))
        .await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(made(&wanted, "000000")["license"], id);
    let records = json!(service.records_after(0).await);
    assert_eq!(
        texts(&records, "event"),
        ["purchased", "order_known", "provisioned"]
    );
}

#[tokio::test]
async fn an_account_that_does_not_fit_its_field_is_refused_at_the_start() {
    let service = Service::start();
    let config = service.file("tenure.toml");
    let right = std::fs::read_to_string(&config).unwrap();
    for (line, complaint) in [
        (
            format!("provisioning.password = \"{}\"", "x".repeat(80)),
            "longer than 79 bytes",
        ),
        (
            "protocol.encrypt_type = 3".to_owned(),
            "1 (AES-256) or 2 (AES-128)",
        ),
    ] {
        let wrong = right.replace(
            "provisioning.mode =",
            &format!("{line}\nprovisioning.mode ="),
        );
        std::fs::write(&config, wrong).unwrap();
        let ran = service.tenure(&["config", "check"]);
        assert_ne!(ran.code, 0, "{ran:?}");
        ran.complains(complaint);
    }
    std::fs::write(&config, right).unwrap();
}
