//! Merchants small enough to be seen to be right, or wrong in one way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Bytes, Data, Query};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::NaiveDateTime;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_sandbox::check::Target;
use tenure_sandbox::clock::real_now;
use tenure_sandbox::signer::{Inner, Stamp, signature};

pub(crate) const KEY: &str = "d0c5a1b2-3e4f-4a5b-8c6d-7e8f90a1b2c3";

/// How a merchant behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    /// By the book.
    Good,
    /// Success whatever comes.
    Naive,
    /// By the book, but verifies the bytes as they are sent and nothing else.
    RawBytesOnly,
    /// By the book, but its answers are no JSON by their content type.
    PlainText,
    /// Fails this many times, then succeeds.
    Failing(usize),
    /// Accepts a purchase for later; the instance is ready at the third question.
    Slow,
    /// Never answers.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Merchant {
    manner: Manner,
    nonces: Mutex<BTreeSet<String>>,
    calls: Mutex<Vec<(String, String)>>,
}

impl Merchant {
    /// Starts one on a free port of this machine.
    pub(crate) fn start(manner: Manner) -> (Target, Arc<Self>) {
        let merchant = Arc::new(Self {
            manner,
            nonces: Mutex::default(),
            calls: Mutex::default(),
        });
        let state = Data::from(Arc::clone(&merchant));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .route("/in", web::post().to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = server.addrs()[0];
        drop(actix_web::rt::spawn(server.run()));
        let url = format!("http://{address}/in");
        (
            Target {
                url,
                key: SecretString::from(KEY),
                public_key: None,
            },
            merchant,
        )
    }

    /// Signature and body of every call so far.
    pub(crate) fn calls(&self) -> Vec<(String, String)> {
        self.calls.lock().unwrap().clone()
    }

    fn code(&self, query: &BTreeMap<String, String>, body: &[u8]) -> &'static str {
        let asked = self.calls.lock().unwrap().len();
        match self.manner {
            Manner::Failing(times) if asked <= times => return "000005",
            Manner::Slow
                if String::from_utf8_lossy(body).contains("queryInstance") && asked < 5 =>
            {
                return "000004";
            },
            Manner::Slow if contains(body, "newInstance") => return "000004",
            Manner::Slow if contains(body, "queryInstance") => return self.slow_answer(),
            Manner::Naive | Manner::Failing(_) | Manner::Slow => return "000000",
            Manner::Good | Manner::RawBytesOnly | Manner::PlainText | Manner::Silent => {},
        }
        if let Err(code) = self.authenticate(query, body) {
            return code;
        }
        match serde_json::from_slice(body) {
            Ok(body) => by_the_book(&body),
            Err(_syntax) => "000002",
        }
    }

    /// Ready when it is asked for the third time.
    fn slow_answer(&self) -> &'static str {
        let calls = self.calls();
        let asked = calls
            .iter()
            .filter(|(_, body)| contains(body.as_bytes(), "queryInstance"));
        if asked.count() < 3 {
            "000004"
        } else {
            "000000"
        }
    }

    fn authenticate(
        &self,
        query: &BTreeMap<String, String>,
        body: &[u8],
    ) -> Result<(), &'static str> {
        let timestamp_ms = query
            .get("timestamp")
            .and_then(|text| text.parse::<i64>().ok());
        let timestamp_ms = timestamp_ms.ok_or("000002")?;
        if (real_now().timestamp_millis() - timestamp_ms).abs() > 60_000 {
            return Err("000002");
        }
        let nonce = query.get("nonce").ok_or("000002")?.clone();
        let claimed = query.get("signature").ok_or("000001")?.to_lowercase();
        let stamp = Stamp {
            timestamp_ms,
            nonce: nonce.clone(),
        };
        let key = SecretString::from(KEY);
        let sorted: Option<Value> = serde_json::from_slice(body).ok();
        let sorted = sorted.filter(|_| self.manner != Manner::RawBytesOnly);
        let sorted = sorted.map(|sorted| sorted.to_string()).unwrap_or_default();
        let matches = |payload: &[u8]| signature(&key, &stamp, payload, Inner::Hmac) == claimed;
        if !matches(body) && !matches(sorted.as_bytes()) {
            return Err("000001");
        }
        if self.nonces.lock().unwrap().insert(nonce) {
            Ok(())
        } else {
            Err("000001")
        }
    }
}

fn contains(body: &[u8], word: &str) -> bool {
    String::from_utf8_lossy(body).contains(word)
}

async fn answer(
    merchant: Data<Merchant>,
    query: Query<BTreeMap<String, String>>,
    body: Bytes,
) -> HttpResponse {
    let text = String::from_utf8_lossy(&body).into_owned();
    let signature = query.get("signature").cloned().unwrap_or_default();
    merchant.calls.lock().unwrap().push((signature, text));
    if merchant.manner == Manner::Silent {
        std::future::pending::<()>().await;
    }
    let code = merchant.code(&query, &body);
    let parsed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let ids = parsed["instanceId"].as_str().unwrap_or_default().split(',');
    let info: Vec<Value> = ids.map(|id| json!({ "instanceId": id })).collect();
    let answer = json!({
        "resultCode": code, "resultMsg": "text", "info": info,
        "instanceId": format!("i-{}", parsed["orderId"].as_str().unwrap_or_default()),
    });
    if merchant.manner == Manner::PlainText {
        return HttpResponse::Ok()
            .content_type("text/plain")
            .body(answer.to_string());
    }
    HttpResponse::Ok().json(answer)
}

fn by_the_book(body: &Value) -> &'static str {
    let mandatory: &[&str] = match body["activity"].as_str().unwrap_or_default() {
        "refreshLicenseCode" => &["scene", "orderId", "orderLineId", "license", "expireTime"],
        "updateLicenseCodeStatus" => &["license", "status"],
        "releaseLicenseCode" => &["license"],
        "newInstance" => &["orderId", "orderLineId", "businessId"],
        "queryInstance" | "releaseInstance" => &["instanceId"],
        "refreshInstance" => &[
            "scene",
            "orderId",
            "orderLineId",
            "instanceId",
            "expireTime",
        ],
        "updateInstanceStatus" => &["instanceId", "status"],
        "upgradeInstance" => &["orderId", "orderLineId", "instanceId"],
        "changeInstanceCheck" => &["instanceId", "productInfo"],
        "getLicenseAsync" => &["instanceId", "eventId", "effectiveTime"],
        "orderNotify" => &["orderId", "orderLineId"],
        _ => return "000002",
    };
    let ids = body["instanceId"]
        .as_str()
        .unwrap_or_default()
        .split(',')
        .count();
    if ids > 100 || mandatory.iter().any(|name| body[name].is_null()) {
        return "000002";
    }
    if body["activity"] == "getLicenseAsync" && !is_application(body) {
        return "000002";
    }
    let is_about_a_right = body["license"].is_string() || body["instanceId"].is_string();
    if is_about_a_right && body["testFlag"] != "1" {
        "000003"
    } else {
        "000000"
    }
}

/// Whether times and fingerprint are as the guide's table has them.
fn is_application(body: &Value) -> bool {
    let is_time = |name: &str| match body[name].as_str() {
        Some(text) => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S z").is_ok(),
        None => body[name].is_null(),
    };
    let fingerprint = body["deviceFingerprint"].as_str().unwrap_or_default();
    is_time("effectiveTime") && is_time("expireTime") && fingerprint.chars().count() <= 1024
}
