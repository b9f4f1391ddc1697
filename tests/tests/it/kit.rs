//! The joint-operation kit, from call to record and to answer.
//!
//! * [`life`]: an enterprise from its binding to its end, in both versions.
//! * [`repeats`]: the same call again, at once, after a restart, and after a kill.
//! * [`rejections`]: what is turned away, and what is kept of it.
//! * [`bodies`]: large ones, many at once, and those that are too large.
//! * [`login`]: whom it told of logs in.
//! * [`sealing`]: nothing about people stands anywhere in the clear.
//! * [`shown`]: what it told is shown to who asks the service.

use secrecy::SecretString;
use serde_json::Value;
use tenure_sandbox::client::Client;
use tenure_sandbox::clock::real_now;
use tenure_sandbox::kit::call::{Call, Writer};
use tenure_sandbox::kit::enterprise::{Binding, Department, Member, Profile, Role};
use tenure_sandbox::kit::secret::{Padding, PublicKey};
use tenure_sandbox::kit::signer::{SignedCall, Style, sign, sign_text};
use tenure_sandbox::kit::{Flag, Interface, Version};

use crate::service::{Answer, Service, Setup, texts};

mod bodies;
mod life;
mod login;
mod rejections;
mod repeats;
mod sealing;
mod shown;

pub(crate) const KIT_KEY: &str = "kit-key-2e9c4a71-8d35-4f0b-9a6e-5c1b7d3f8e20";

/// A key pair that serves nothing but tests.
const PRIVATE_KEY: &str = include_str!("../../../crates/sandbox/tests/keys/kit-private.txt");
const PUBLIC_KEY: &str = include_str!("../../../crates/sandbox/tests/keys/kit-public.txt");

const CLIENT_SECRET: &str = "client-secret-6f1d9b3a";

/// The configuration of the listing `cad-pro`.
pub(crate) fn setup() -> Setup {
    Setup {
        cad_pro: format!(
            "keys.kit = [\"{KIT_KEY}\"]\nkit.private_keys = [\"\"\"\n{PRIVATE_KEY}\"\"\"]\n"
        ),
        ..Setup::default()
    }
}

fn service() -> Service {
    Service::of(&setup())
}

fn binding() -> Binding {
    Binding {
        instance: "huaiweitest123456".to_owned(),
        order: "CS1906666666ABCDE".to_owned(),
        tenant: "68cbc86abcdef01234567880d92f36422".to_owned(),
        application: "NzZeWuiJa91d".to_owned(),
    }
}

fn profile() -> Profile {
    Profile {
        code: "demo".to_owned(),
        name: "示例企业一部".to_owned(),
        domain_name: "https://demo.tenantaccount.com".to_owned(),
    }
}

fn department(code: &str, name: &str) -> Department {
    Department {
        code: code.to_owned(),
        name: name.to_owned(),
        parent: "10000".to_owned(),
    }
}

fn member(user_name: &str, name: &str) -> Member {
    Member {
        user_name: user_name.to_owned(),
        name: name.to_owned(),
        department: "10001".to_owned(),
        role: Role::User,
        is_enabled: true,
        is_authorised: true,
    }
}

fn writer(version: Version) -> Writer {
    Writer::new(version, real_now())
}

fn bind() -> Call {
    writer(Version::V2).tenant_sync(&binding(), &profile(), Flag::Create)
}

fn grant(members: &[Member]) -> Call {
    writer(Version::V2).auth_sync(&binding(), members, Flag::Create)
}

/// `applicationSync` with a secret that opens with the listing's private key.
fn client(writer: &Writer, secret: &str) -> Call {
    writer.application_sync(&binding(), "client-1", &encrypted(secret), Flag::Create)
}

fn encrypted(secret: &str) -> String {
    let key = PublicKey::try_from(PUBLIC_KEY.to_owned()).unwrap();
    let encrypted = key.encrypt(&SecretString::from(secret.to_owned()), Padding::Sha256);
    encrypted.unwrap()
}

fn signed(service: &Service, call: &Call) -> SignedCall {
    let (address, stamp) = (service.address("cad-pro"), service.stamp());
    sign(&address, &KIT_KEY.into(), call, Style::default(), &stamp)
}

/// Signs any text as a call of version 2.0.
fn signed_text(service: &Service, interface: Interface, text: &str) -> SignedCall {
    let (address, stamp) = (service.address("cad-pro"), service.stamp());
    let to = (Version::V2, interface);
    let text = text.to_owned();
    sign_text(
        &address,
        &KIT_KEY.into(),
        to,
        text,
        Style::default(),
        &stamp,
    )
}

/// Makes a call as the marketplace makes it, which looks at every part of the answer.
#[track_caller]
fn judged(exchange: tenure_sandbox::client::Exchange) -> String {
    let code = exchange.result_code.clone().unwrap_or_default();
    let is_success = code == "000000";
    assert_eq!(exchange.failure.is_none(), is_success, "{exchange:?}");
    code
}

async fn tell(service: &Service, call: &Call) -> String {
    let marketplace = Client::new().unwrap();
    let call = signed(service, call);
    judged(marketplace.tell(&call, &KIT_KEY.into()).await)
}

/// Tells what must succeed.
async fn told(service: &Service, call: &Call) {
    assert_eq!(tell(service, call).await, "000000", "{}", call.title());
}

/// Sends a call as it is.
async fn send(call: &SignedCall) -> Answer {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.post(&call.url).body(call.body.clone());
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    Answer::read(status, &response.bytes().await.unwrap())
}

/// The names of all events, in their order.
async fn events(service: &Service) -> Vec<String> {
    let records = service.records_after(0).await;
    texts(&Value::Array(records), "event")
}

/// The last receipt, with what was received.
fn last_receipt(service: &Service) -> Value {
    let list = service.tenure_json(&["receipts", "list", "--limit", "1"]);
    let id = list[0]["id"].as_str().unwrap();
    service.tenure_json(&["receipts", "show", id])
}
