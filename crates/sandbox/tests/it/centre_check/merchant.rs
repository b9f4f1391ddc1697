//! A merchant with a login address, small enough to be seen to be right, or wrong in one way. Its
//! kit believes whoever calls: that is the affair of another check.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::web::{self, Bytes, Data, Path, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PaddingScheme;
use serde_json::{Value, json};
use sha2::Sha256;

pub(super) const APP: &str = "app-9";

/// How a merchant behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// By the book.
    Good,
    /// By the book, but a ticket stands for the session in place of a cookie.
    Ticket,
    /// Signs in whoever the centre knows.
    AnyPerson,
    /// Signs in whoever the centre knows, but with tickets only.
    AnyTicket,
    /// Sends a code again when that failed.
    Twice,
    /// Leads to where the parameter `next` says.
    OpenRedirect,
    /// Keeps the session that a browser brings.
    FixedSession,
    /// Repeats the tenant in the page of a failure.
    Markup,
    /// Takes codes of every length.
    Unbounded,
    /// Has the client of the first enterprise for all of them.
    OneClient,
    /// Ignores that something is deleted.
    Unforgetting,
    /// Waits as long as it takes.
    Patient,
    /// Leaves the code in the address.
    KeepsCode,
    /// Lets scripts read its cookie.
    OpenCookie,
    /// Writes forms without escaping anything.
    Unescaped,
}

#[derive(Debug, Default)]
struct Known {
    /// Where the centres of enterprises are.
    domains: BTreeMap<String, String>,
    /// Clients of enterprises: id and secret.
    clients: BTreeMap<String, (String, String)>,
    /// Members of enterprises, and whether they are enabled.
    members: BTreeMap<(String, String), bool>,
    sessions: usize,
}

#[derive(Debug)]
pub(super) struct Merchant {
    manner: Manner,
    known: Mutex<Known>,
    http: reqwest::Client,
}

impl Merchant {
    /// Starts one on a free port of this machine, and returns its origin.
    pub(super) fn start(manner: Manner) -> String {
        crate::install_provider();
        let patience = if manner == Manner::Patient {
            Duration::from_mins(1)
        } else {
            Duration::from_millis(500)
        };
        let merchant = Data::new(Self {
            manner,
            known: Mutex::default(),
            http: reqwest::Client::builder()
                .timeout(patience)
                .build()
                .unwrap(),
        });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(merchant.clone())
                .route("/in/produceAPI/v2/{interface}", web::post().to(told))
                .route("/login", web::get().to(visited))
                .route("/cas", web::get().to(visited_by_cas))
                .route("/home", web::get().to(async || "welcome"))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let origin = format!("http://{}", server.addrs()[0]);
        drop(actix_web::rt::spawn(server.run()));
        origin
    }

    fn learn(&self, interface: &str, body: &Value) {
        let mut known = self.known.lock().unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let (tenant, flag) = (text("tenantId"), body["flag"].as_u64());
        let is_gone = flag == Some(0) && self.manner != Manner::Unforgetting;
        match interface {
            "tenantSync" if is_gone => drop(known.domains.remove(&tenant)),
            "tenantSync" => drop(known.domains.insert(tenant, text("domainName"))),
            "applicationSync" if is_gone => drop(known.clients.remove(&tenant)),
            "applicationSync" => {
                let mut client = (text("clientId"), decrypted(&text("clientSecret")));
                let first = known.clients.values().next().cloned();
                if let Some(first) = first.filter(|_| self.manner == Manner::OneClient) {
                    client = first;
                }
                known.clients.insert(tenant, client);
            },
            "authSync" => {
                for member in body["userList"].as_array().unwrap() {
                    let name = member["userName"].as_str().unwrap().to_owned();
                    let is_enabled = flag != Some(0) && flag != Some(3);
                    let is_enabled = is_enabled && member["enable"] == "true";
                    known.members.insert((tenant.clone(), name), is_enabled);
                }
            },
            _ => {},
        }
    }

    /// The name of who logged in, or the status of a failure.
    async fn log_in(&self, code: &str, tenant: &str) -> Result<String, u16> {
        let is_bounded = (1..=2048).contains(&code.len()) || self.manner == Manner::Unbounded;
        if !is_bounded || tenant.is_empty() {
            return Err(400);
        }
        let found = {
            let known = self.known.lock().unwrap();
            let domain = known.domains.get(tenant).cloned();
            domain.zip(known.clients.get(tenant).cloned())
        };
        let (domain, (client_id, secret)) = found.ok_or(403_u16)?;
        let form = [
            ("code", code),
            ("client_id", &client_id),
            ("client_secret", &secret),
            ("grant_type", "authorization_code"),
        ];
        let mut tokens = self.exchange(&domain, &form).await;
        if tokens.is_err() && self.manner == Manner::Twice {
            tokens = self.exchange(&domain, &form).await;
        }
        let token = tokens?["access_token"].as_str().unwrap().to_owned();
        let person = self.http.get(format!("{domain}/api/v1/oauth2/userinfo"));
        let person = read(person.bearer_auth(token)).await?;
        if self.manner == Manner::AnyPerson {
            return Ok(person["userName"].to_string());
        }
        self.admit(&person, tenant)
    }

    /// The name of who brought a ticket, or the status of a failure.
    async fn log_in_by_cas(
        &self,
        service: &str,
        ticket: &str,
        tenant: &str,
    ) -> Result<String, u16> {
        if !(1..=2048).contains(&ticket.len()) {
            return Err(400);
        }
        let domain = self.known.lock().unwrap().domains.get(tenant).cloned();
        let domain = domain.ok_or(403_u16)?;
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("service", service), ("ticket", ticket)])
            .finish();
        let url = format!("{domain}/api/v1/cas/p3/serviceValidate?{query}");
        let answer = read(self.http.get(url)).await?;
        let success = &answer["serviceResponse"]["authenticationSuccess"];
        let user = success["user"].as_str().ok_or(403_u16)?;
        if self.manner == Manner::AnyTicket {
            return Ok(user.to_owned());
        }
        self.admit(&success["attributes"], tenant)
    }

    fn admit(&self, person: &Value, tenant: &str) -> Result<String, u16> {
        if !person["tenant"].is_null() && person["tenant"] != tenant {
            return Err(403);
        }
        let name = person["userName"].as_str().unwrap().to_owned();
        let known = self.known.lock().unwrap();
        match known.members.get(&(tenant.to_owned(), name.clone())) {
            Some(true) => Ok(name),
            Some(false) | None => Err(403),
        }
    }

    async fn exchange(&self, domain: &str, form: &[(&str, &str)]) -> Result<Value, u16> {
        let body = if self.manner == Manner::Unescaped {
            let pairs = form.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&")
        } else {
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish()
        };
        let request = self.http.post(format!("{domain}/api/v1/oauth2/token"));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        read(request.body(body)).await
    }

    fn welcome(&self, request: &HttpRequest, code: &str, next: Option<&str>) -> HttpResponse {
        let mut known = self.known.lock().unwrap();
        known.sessions += 1;
        let mut session = format!("s{}", known.sessions);
        let brought = request.headers().get("Cookie");
        if let Some(brought) = brought.filter(|_| self.manner == Manner::FixedSession) {
            let (_, value) = brought.to_str().unwrap().split_once('=').unwrap();
            value.clone_into(&mut session);
        }
        let location = match (self.manner, next) {
            (Manner::OpenRedirect, Some(next)) => next.to_owned(),
            (Manner::KeepsCode, _) => format!("/home?code={code}"),
            (Manner::Ticket, _) => format!("/home?ticket={session}"),
            _ => "/home".to_owned(),
        };
        let mut answer = HttpResponse::SeeOther();
        answer.insert_header(("Location", location));
        if self.manner == Manner::Ticket {
            return answer.finish();
        }
        let mut cookie = format!("session={session}; Path=/");
        if self.manner != Manner::OpenCookie {
            cookie.push_str("; HttpOnly");
        }
        answer.insert_header(("Set-Cookie", cookie)).finish()
    }
}

async fn told(merchant: Data<Merchant>, interface: Path<String>, body: Bytes) -> HttpResponse {
    merchant.learn(&interface, &serde_json::from_slice(&body).unwrap());
    HttpResponse::Ok().json(json!({ "resultCode": "000000", "resultMsg": "Success" }))
}

async fn visited(
    merchant: Data<Merchant>,
    query: Query<BTreeMap<String, String>>,
    request: HttpRequest,
) -> HttpResponse {
    let named = |name: &str| query.get(name).map(String::as_str);
    let tenant = named("tenant").unwrap_or_default();
    let code = named("code").unwrap_or_default();
    match merchant.log_in(code, tenant).await {
        Ok(_) => merchant.welcome(&request, code, named("next")),
        Err(status) => {
            let page = if merchant.manner == Manner::Markup {
                format!("<p>{tenant} cannot log in</p>")
            } else {
                "<p>The login failed.</p>".to_owned()
            };
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status).body(page)
        },
    }
}

async fn visited_by_cas(
    merchant: Data<Merchant>,
    query: Query<BTreeMap<String, String>>,
    request: HttpRequest,
) -> HttpResponse {
    let named = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (ticket, tenant) = (named("ticket"), named("tenant"));
    let service = request.full_url().to_string();
    let service = service.split("&ticket=").next().unwrap();
    match merchant.log_in_by_cas(service, ticket, tenant).await {
        Ok(_) => merchant.welcome(&request, ticket, None),
        Err(status) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status).body("<p>The login failed.</p>")
        },
    }
}

/// The JSON of an answer with status 200; otherwise the status that the browser is told.
async fn read(request: reqwest::RequestBuilder) -> Result<Value, u16> {
    let answer = request.send().await.map_err(|_unreachable| 502_u16)?;
    match answer.status().as_u16() {
        200 => answer.json().await.map_err(|_unreadable| 502),
        400..=499 => Err(403),
        _ => Err(502),
    }
}

fn decrypted(secret: &str) -> String {
    let key: String = include_str!("../../keys/kit-private.txt")
        .split_ascii_whitespace()
        .collect();
    let key = rsa::PrivateKey::from_pkcs8_der(&STANDARD.decode(key).unwrap()).unwrap();
    let secret = STANDARD.decode(secret).unwrap();
    let plain = Oaep::<Sha256>::new().decrypt(Some(&mut SysRng), &key, &secret);
    String::from_utf8(plain.unwrap()).unwrap()
}
