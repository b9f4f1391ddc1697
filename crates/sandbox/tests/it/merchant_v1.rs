//! A merchant of V1.0 on a bare socket, so that it can spell its headers as it likes. It shares
//! nothing with the sandbox but the documents: tokens and signatures are made here anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use tenure_sandbox::check::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "11111111-2222-3333-4444-555555555555";

/// `isv-admin@example.com`, encrypted under the key by Java 17.
const USER: &str = "A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90=";

/// How a merchant behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// By the book.
    Good,
    /// Success whatever comes.
    Naive,
    /// Fails this many times, then behaves by the book.
    Failing(usize),
    /// By the book, in chunks of a few bytes.
    Chunked,
    /// By the book, but its HTTP library writes `body-sign`.
    LowerCase,
    /// By the book, but without quotes in `Body-Sign`.
    Unquoted,
    /// By the book, but it signs the body and sends a line feed after it.
    LineFeed,
    /// By the book, but without `Body-Sign`.
    Unsigned,
    /// By the book, but every purchase makes a new instance.
    Forgetful,
    /// By the book, but it verifies the token over the escaped query string.
    Undecoded,
    /// By the book, but its accounts are in clear.
    ClearAccounts,
}

#[derive(Debug)]
pub(crate) struct Merchant {
    manner: Manner,
    calls: Mutex<Vec<BTreeMap<String, String>>>,
    /// States by instance.
    states: Mutex<BTreeMap<String, &'static str>>,
}

impl Merchant {
    /// Starts one on a free port of this machine.
    pub(crate) async fn start(manner: Manner) -> (Target, Arc<Self>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let merchant = Arc::new(Self {
            manner,
            calls: Mutex::default(),
            states: Mutex::default(),
        });
        let serving = Arc::clone(&merchant);
        drop(actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.serve(stream).await;
            }
        }));
        let key = SecretString::from(KEY);
        let target = Target {
            url,
            key,
            public_key: None,
        };
        (target, merchant)
    }

    /// The parameters of every call so far.
    pub(crate) fn calls(&self) -> Vec<BTreeMap<String, String>> {
        self.calls.lock().unwrap().clone()
    }

    /// How an instance stands.
    pub(crate) fn state(&self, instance: &str) -> Option<&'static str> {
        self.states.lock().unwrap().get(instance).copied()
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut came = Vec::new();
        while !came.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut came).await.unwrap(), 0);
        }
        let head = String::from_utf8(came).unwrap();
        let mut words = head.split(' ');
        assert_eq!(words.next(), Some("GET"));
        let (path, query) = words.next().unwrap().split_once('?').unwrap();
        assert_eq!(path, "/in");
        let answer = self.answer(query);
        stream.write_all(&self.written(&answer)).await.unwrap();
    }

    fn written(&self, answer: &Value) -> Vec<u8> {
        let mut body = answer.to_string();
        let signature = hmac(KEY, &body);
        if self.manner == Manner::LineFeed {
            body.push('\n');
        }
        let sign = match self.manner {
            Manner::Unsigned => String::new(),
            Manner::LowerCase => {
                format!("body-sign: sign_type=\"HMAC-SHA256\", signature=\"{signature}\"\r\n")
            },
            Manner::Unquoted => {
                format!("Body-Sign: sign_type=HMAC-SHA256, signature={signature}\r\n")
            },
            Manner::Good
            | Manner::Naive
            | Manner::Failing(_)
            | Manner::Chunked
            | Manner::LineFeed
            | Manner::Forgetful
            | Manner::Undecoded
            | Manner::ClearAccounts => {
                format!("Body-Sign: sign_type=\"HMAC-SHA256\", signature=\"{signature}\"\r\n")
            },
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{sign}");
        if self.manner != Manner::Chunked {
            let length = body.len();
            return format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes();
        }
        let mut written = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        for chunk in body.as_bytes().chunks(7) {
            written.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            written.extend(chunk);
            written.extend(b"\r\n");
        }
        written.extend(b"0\r\n\r\n");
        written
    }

    fn answer(&self, query: &str) -> Value {
        let parameters: BTreeMap<_, _> = query
            .split('&')
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                (name.to_owned(), decoded(value))
            })
            .collect();
        self.calls.lock().unwrap().push(parameters.clone());
        let code = self.code(query, &parameters);
        let said = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        let instance = if self.manner == Manner::Forgetful {
            said("businessId")
        } else {
            format!("i-{}", said("orderId"))
        };
        if code == "000000" && said("testFlag").is_empty() {
            let mut states = self.states.lock().unwrap();
            match said("activity").as_str() {
                "newInstance" | "getLicense" => states.insert(instance.clone(), "active"),
                "expireInstance" | "expireLicense" => states.insert(said("instanceId"), "frozen"),
                "instanceStatus" if said("instanceStatus") == "FREEZE" => {
                    states.insert(said("instanceId"), "frozen")
                },
                "refreshInstance" | "refreshLicense" | "instanceStatus" => {
                    states.insert(said("instanceId"), "active")
                },
                "releaseInstance" | "releaseLicense" => {
                    states.insert(said("instanceId"), "released")
                },
                _ => None,
            };
        }
        let user = if self.manner == Manner::ClearAccounts {
            "isv-admin@example.com"
        } else {
            USER
        };
        let app = json!({ "frontEndUrl": "https://app.example.com", "userName": user });
        let ids = said("instanceId");
        let info = ids
            .split(',')
            .map(|id| json!({ "instanceId": id, "appInfo": app }));
        json!({
            "resultCode": code, "resultMsg": "text", "encryptType": "1", "instanceId": instance,
            "license": "ABCD-EFGH", "appInfo": app, "info": info.collect::<Vec<_>>(),
        })
    }

    fn code(&self, query: &str, parameters: &BTreeMap<String, String>) -> &'static str {
        if self.manner == Manner::Naive {
            return "000000";
        }
        if let Manner::Failing(times) = self.manner
            && self.calls().len() <= times
        {
            return "000005";
        }
        let text = if self.manner == Manner::Undecoded {
            sorted(query.split('&').map(str::to_owned))
        } else {
            let pairs = parameters.iter();
            sorted(pairs.map(|(name, value)| format!("{name}={value}")))
        };
        let stamp = parameters.get("timeStamp").map_or("", String::as_str);
        let expected = hmac(&format!("{KEY}{stamp}"), &text);
        if parameters.get("authToken") != Some(&expected) {
            return "000001";
        }
        by_the_book(parameters)
    }
}

/// Every pair but the token, in ascending order.
fn sorted(pairs: impl Iterator<Item = String>) -> String {
    let mut pairs: Vec<String> = pairs
        .filter(|pair| !pair.starts_with("authToken="))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn decoded(value: &str) -> String {
    let value = value.replace('+', " ");
    percent_decode_str(&value)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

fn hmac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn by_the_book(parameters: &BTreeMap<String, String>) -> &'static str {
    let mandatory: &[&str] = match parameters.get("activity").map_or("", String::as_str) {
        "newInstance" | "getLicense" => &["businessId", "customerId", "orderId", "productId"],
        "refreshInstance" | "refreshLicense" => &["instanceId", "orderId", "expireTime"],
        "expireInstance" | "releaseInstance" | "expireLicense" | "releaseLicense" => {
            &["instanceId", "orderId"]
        },
        "upgrade" => &["instanceId", "orderId", "skuCode", "productId"],
        "instanceStatus" => &["instanceId", "instanceStatus"],
        "queryInstance" => &["instanceId"],
        _ => return "000002",
    };
    let ids = parameters.get("instanceId").map_or("", String::as_str);
    let is_absent = |name: &&str| !parameters.contains_key(*name);
    if ids.split(',').count() > 100 || mandatory.iter().any(is_absent) {
        "000002"
    } else if ids.contains("MADE-UP") && !parameters.contains_key("testFlag") {
        "000003"
    } else {
        "000000"
    }
}

/// The merchant's own arithmetic, by the documents' vectors.
#[test]
fn tokens_and_signatures_are_those_of_the_documents() {
    let query = "activity=newInstance&businessId=61e834ba-7b97-4418-b8f7-e5345137278c&customerId=68cbc86abc2018ab880d92f36422fa0e&expireTime=20200727153156&mobilePhone=Z9y8X7w6V5u4T3s2hsdfvnDIsWRTb7pRUXNp0Q%3D%3D&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&saasExtendParams=W3sibmFtZSI6ImVtYWlsRG9tYWluTmFtZSIsInZhbHVlIjoidGVzdC5leGFtcGxlLmNvbSJ9LHsibmFtZSI6ImV4dGVuZFBhcmFtTmFtZSIsInZhbHVlIjoiZXh0ZW5kUGFyYW1WYWx1ZSJ9XQ%3D%3D&testFlag=1&timeStamp=20200727073711903&userName=%E5%BC%A0%E4%B8%89&authToken=EH%2BWOECncoEL9fJbJkRyw3oCeHRVK8yFzksmylhweyg%3D";
    let merchant = Merchant {
        manner: Manner::Good,
        calls: Mutex::default(),
        states: Mutex::default(),
    };
    assert_eq!(merchant.answer(query)["resultCode"], "000000");
    let body = r#"{"resultCode":"000000","resultMsg":"success.","encryptType":"1","instanceId":"03pf80c2bae96vc49b80b917bea776d7","appInfo":{"frontEndUrl":"https://www.example.com","adminUrl":"https://admin.example.com","userName":"A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90="}}"#;
    assert_eq!(
        hmac(KEY, body),
        "Y6uoicNj5++Y3RyNmqC9ZkNEaTmsvAFzUt4eZ12TxvM="
    );
}
