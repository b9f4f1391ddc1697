//! A merchant of the kit, small enough to be seen to be right, or wrong in one way. Tokens and
//! fields are read here anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Bytes, Data, Path, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use hmac::{Hmac, KeyInit, Mac};
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PaddingScheme;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use tenure_sandbox::check::Target;
use tenure_sandbox::clock::real_now;
use tenure_sandbox::kit::canonical::canonical;
use tenure_sandbox::kit::secret::PublicKey;
use tenure_sandbox::kit::signer::{Payload, Style, x_sign};
use tenure_sandbox::signer::Stamp;

const KEY: &str = "kitAccessKey-Example-0001";

/// How a merchant behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// By the book.
    Good,
    /// Success whatever comes.
    Naive,
    /// By the book, but it verifies the signature of the order interfaces.
    OrderSignature,
    /// By the book, but it forgets nonces.
    AnyNonce,
    /// By the book, but it knows one padding.
    OnePadding,
    /// By the book, but names of departments have as many bytes as they may have characters.
    Bytes,
    /// By the book, but an enterprise must be there to be deleted.
    StrictDeletion,
    /// By the book, but it answers each request in other words.
    Another,
    /// By the book, but it does not sign answers of V1.0.
    Unsigned,
}

#[derive(Debug, Default)]
struct Known {
    bodies: Vec<String>,
    nonces: BTreeMap<String, String>,
    /// Names of enterprises.
    tenants: BTreeMap<String, String>,
    departments: BTreeSet<(String, String)>,
    members: BTreeSet<(String, String)>,
    secrets: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Merchant {
    manner: Manner,
    known: Mutex<Known>,
}

pub(super) fn public_key() -> PublicKey {
    PublicKey::parse(include_str!("../../keys/kit-public.txt")).unwrap()
}

impl Merchant {
    /// Starts one on a free port of this machine.
    pub(super) fn start(manner: Manner) -> (Target, Arc<Self>) {
        let merchant = Arc::new(Self {
            manner,
            known: Mutex::default(),
        });
        let state = Data::from(Arc::clone(&merchant));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(PayloadConfig::new(2 * 1024 * 1024))
                .route("/in/produceAPI/v2/{interface}", web::post().to(answer_v2))
                .route("/in/produceAPI/{interface}", web::post().to(answer_v1))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}/in", server.addrs()[0]);
        drop(actix_web::rt::spawn(server.run()));
        let target = Target {
            url,
            key: SecretString::from(KEY),
            public_key: Some(public_key()),
        };
        (target, merchant)
    }

    /// The bodies of all calls so far.
    pub(super) fn bodies(&self) -> Vec<String> {
        self.known.lock().unwrap().bodies.clone()
    }

    /// The secrets that were decrypted.
    pub(super) fn secrets(&self) -> Vec<String> {
        self.known.lock().unwrap().secrets.clone()
    }

    /// Name, and numbers of departments and members of an enterprise.
    pub(super) fn state(&self, tenant: &str) -> String {
        let known = self.known.lock().unwrap();
        let count =
            |set: &BTreeSet<(String, String)>| set.iter().filter(|(of, _)| of == tenant).count();
        known.tenants.get(tenant).map_or_else(
            || "unknown".to_owned(),
            |name| {
                format!(
                    "{name} {}/{}",
                    count(&known.departments),
                    count(&known.members)
                )
            },
        )
    }

    fn code(&self, headers: &Headers, interface: &str, body: &str) -> &'static str {
        let mut known = self.known.lock().unwrap();
        known.bodies.push(body.to_owned());
        if self.manner == Manner::Naive {
            return "000000";
        }
        let outcome = self
            .authenticate(&mut known, headers, body)
            .and_then(|body| self.carry_out(&mut known, headers.is_v1, interface, &body));
        outcome.err().unwrap_or("000000")
    }

    fn authenticate(
        &self,
        known: &mut Known,
        headers: &Headers,
        body: &str,
    ) -> Result<Value, &'static str> {
        let read = |text: &str| {
            let body: Option<Value> = serde_json::from_str(text).ok();
            body.filter(Value::is_object).ok_or("000002")
        };
        if headers.is_v1 {
            let claimed = headers.auth_token.as_ref().ok_or("000001")?;
            let body = read(body)?;
            body["timeStamp"].as_str().ok_or("000002")?;
            return if *claimed == token(&body) {
                Ok(body)
            } else {
                Err("000001")
            };
        }
        let timestamp_ms: Option<i64> = headers.timestamp.as_ref().and_then(|it| it.parse().ok());
        let timestamp_ms = timestamp_ms.ok_or("000002")?;
        if (real_now().timestamp_millis() - timestamp_ms).abs() > 60_000 {
            return Err("000002");
        }
        let nonce = headers.nonce.clone().ok_or("000002")?;
        let claimed = headers.sign.as_ref().ok_or("000001")?.to_lowercase();
        let read = read(body)?;
        let stamp = Stamp {
            timestamp_ms,
            nonce: nonce.clone(),
        };
        let payloads = if self.manner == Manner::OrderSignature {
            &[Payload::Digest][..]
        } else {
            &[Payload::Canonical, Payload::AsSent]
        };
        assert!(canonical(body).is_some());
        let key = SecretString::from(KEY);
        let matches = |payload: &Payload| {
            let style = Style {
                payload: *payload,
                ..Style::default()
            };
            x_sign(&key, &stamp, body, style) == claimed
        };
        if !payloads.iter().any(matches) {
            return Err("000001");
        }
        let before = known.nonces.insert(nonce, claimed.clone());
        match before {
            Some(before) if before != claimed && self.manner != Manner::AnyNonce => Err("000001"),
            _ => Ok(read),
        }
    }

    fn carry_out(
        &self,
        known: &mut Known,
        is_v1: bool,
        interface: &str,
        body: &Value,
    ) -> Result<(), &'static str> {
        text(body, "instanceId", 64, false)?;
        let tenant = text(body, "tenantId", 64, true)?;
        let test = body["testFlag"].as_u64();
        test.filter(|flag| *flag < 2).ok_or("000002")?;
        let flag = body["flag"].as_u64();
        let flag_up_to = |most: u64| flag.filter(|flag| *flag <= most).ok_or("000002");
        match interface {
            "tenantSync" => {
                let flag = flag_up_to(if is_v1 { 1 } else { 2 })?;
                let name = text(body, "name", 255, true)?;
                text(body, "orderId", 64, false)?;
                text(body, "tenantCode", 64, true)?;
                text(body, "domainName", 255, true)?;
                if flag > 0 {
                    known.tenants.insert(tenant, name);
                } else if known.tenants.remove(&tenant).is_none()
                    && self.manner == Manner::StrictDeletion
                {
                    return Err("000005");
                }
            },
            "applicationSync" => {
                flag_up_to(if is_v1 { 1 } else { 2 })?;
                text(body, "appId", 64, true)?;
                text(body, "clientId", 64, true)?;
                let secret = text(body, "clientSecret", 4096, true)?;
                known.secrets.push(self.decrypted(&secret).ok_or("000101")?);
            },
            "authSync" => {
                let flag = flag_up_to(if is_v1 { 2 } else { 3 })?;
                text(body, "appId", 64, true)?;
                let list = list(&body["userList"])?;
                if list.len() > 500 {
                    return Err("000002");
                }
                for member in list {
                    let member = (tenant.clone(), text(&member, "userName", 64, true)?);
                    put(&mut known.members, member, flag == 1 || flag == 2);
                }
            },
            "singleOrgSync" => {
                let flag = flag_up_to(2)?;
                let code = self.department(body, "orgName")?;
                put(&mut known.departments, (tenant, code), flag > 0);
            },
            "allOrgSync" => {
                let (name, of) = if is_v1 {
                    ("orgInfo", "name")
                } else {
                    ("orgInfoList", "orgName")
                };
                for department in list(&body[name])? {
                    let code = self.department(&department, of)?;
                    known.departments.insert((tenant.clone(), code));
                }
            },
            _ => return Err("000002"),
        }
        Ok(())
    }

    fn department(&self, body: &Value, name: &str) -> Result<String, &'static str> {
        let name = text(body, name, 128, true)?;
        if self.manner == Manner::Bytes && name.len() > 128 {
            return Err("000002");
        }
        text(body, "parentCode", 64, false)?;
        text(body, "orgCode", 64, true)
    }

    fn decrypted(&self, secret: &str) -> Option<String> {
        let key: String = include_str!("../../keys/kit-private.txt")
            .split_ascii_whitespace()
            .collect();
        let key = rsa::PrivateKey::from_pkcs8_der(&STANDARD.decode(key).unwrap()).unwrap();
        let secret = STANDARD.decode(secret).ok()?;
        let mut plain = Oaep::<Sha256>::new().decrypt(Some(&mut SysRng), &key, &secret);
        if self.manner != Manner::OnePadding {
            let masked = Oaep::<Sha256, Sha1>::new_with_mgf_hash();
            plain = plain
                .or_else(|_| masked.decrypt(Some(&mut SysRng), &key, &secret))
                .or_else(|_| Oaep::<Sha1>::new().decrypt(Some(&mut SysRng), &key, &secret));
        }
        Some(String::from_utf8(plain.ok()?).unwrap())
    }
}

fn put(set: &mut BTreeSet<(String, String)>, entry: (String, String), present: bool) {
    if present {
        set.insert(entry);
    } else {
        set.remove(&entry);
    }
}

fn text(body: &Value, name: &str, most: usize, mandatory: bool) -> Result<String, &'static str> {
    let value = &body[name];
    let text = value.as_str().or_else(|| value.is_null().then_some(""));
    let text = text.ok_or("000002")?;
    if text.chars().count() > most || (mandatory && text.is_empty()) {
        return Err("000002");
    }
    Ok(text.to_owned())
}

/// A list in any of its three forms.
fn list(value: &Value) -> Result<Vec<Value>, &'static str> {
    if let Value::Array(list) = value {
        return Ok(list.clone());
    }
    let text = value.as_str().ok_or("000002")?;
    let parsed = serde_json::from_str(text).or_else(|_| serde_json::from_str(&quoted(text)));
    parsed.map_err(|_syntax| "000002")
}

/// Puts bare names into quotation marks: what stands between a brace or a comma and a colon. No
/// value of these tests looks so.
fn quoted(text: &str) -> String {
    let mut written = String::new();
    for piece in text.split_inclusive(['{', ',']) {
        let start = piece.trim_start();
        match start.split_once(':') {
            Some((name, rest)) if name.chars().all(char::is_alphabetic) => {
                written += "\"";
                written += name;
                written += "\":";
                written += rest;
            },
            _ => written.push_str(piece),
        }
    }
    written
}

fn hmac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn token(body: &Value) -> String {
    let mut pairs = Vec::new();
    for (name, value) in body.as_object().unwrap() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if !value.trim().is_empty() && value != "null" {
            pairs.push(format!("{name}={value}"));
        }
    }
    let stamp = body["timeStamp"].as_str().unwrap();
    hmac(&format!("{KEY}{stamp}"), &pairs.join("&"))
}

struct Headers {
    is_v1: bool,
    auth_token: Option<String>,
    sign: Option<String>,
    timestamp: Option<String>,
    nonce: Option<String>,
}

impl Headers {
    fn of(request: &HttpRequest, is_v1: bool) -> Self {
        let header = |name: &str| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Self {
            is_v1,
            auth_token: header("authToken"),
            sign: header("x-sign"),
            timestamp: header("x-timestamp"),
            nonce: header("x-nonce"),
        }
    }
}

async fn answer_v1(
    merchant: Data<Merchant>,
    request: HttpRequest,
    interface: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let code = merchant.code(&Headers::of(&request, true), &interface, text_of(&body));
    let answer = json!({ "resultCode": code, "resultMsg": "said" }).to_string();
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    if merchant.manner != Manner::Unsigned {
        let signature = hmac(KEY, &answer);
        let value = format!("sign_type=\"HMAC-SHA256\", signature=\"{signature}\"");
        response.insert_header(("Body-Sign", value));
    }
    let mut response = response.body(answer);
    response.head_mut().set_camel_case_headers(true);
    response
}

async fn answer_v2(
    merchant: Data<Merchant>,
    request: HttpRequest,
    interface: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let code = merchant.code(&Headers::of(&request, false), &interface, text_of(&body));
    let said = if merchant.manner == Manner::Another {
        format!("call {}", merchant.bodies().len())
    } else {
        "said".to_owned()
    };
    HttpResponse::Ok().json(json!({ "resultCode": code, "resultMsg": said }))
}

fn text_of(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap()
}
