//! Purchases that a merchant's own application is told of, and what it answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use prometheus_client::registry::Registry;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use tenure_domain::{Family, Instant, Intent, License, ListingId, Phase};
use tenure_journal::vault::{MasterKey, Opened, Vault};
use tenure_journal::{Clock, ManualClock, ReadLog, Receipt, SqliteReader, Verdict};
use tenure_koogallery::access::{self, Access};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_outbound::provisioning::{self, Parts, Pending, Shown, Told};
use tenure_outbound::webhook::{Secrets, WebhookAddress};
use tenure_outbound::{Alarms, Metrics, Webhook, Worker};
use tenure_testkit::{code, order_line};

use crate::journal::{Journal, acme, await_measure, license, until};
use crate::marketplace::{Asked, Marketplace, Says, install_tls};

mod change_check;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const READY: &str = r#"{"front_end_url":"https://app.example.com/t/7","user_name":"admin-7","password":"first-password-7"}"#;
const REMIND_SECONDS: u32 = 3_600;

/// A worker between an application and a journal on disk. The writer and the worker stop with the
/// runtime, and the folder goes last.
struct Scene {
    application: Marketplace,
    journal: Journal,
    vault: Vault,
    /// Whether the read model forgot what is ready.
    forgets: Arc<AtomicBool>,
    /// Whether more will be known of the next license that is to be shown.
    tells_later: Arc<AtomicBool>,
    registry: Registry,
    metrics: Metrics,
    alarms: Alarms,
}

fn webhook(address: &str, clock: &Arc<ManualClock>) -> Webhook {
    install_tls();
    let address = WebhookAddress::parse(&format!("http://{address}/hook?team=7"), false).unwrap();
    let secrets = Secrets::parse(&[SecretString::from(SECRET)]).unwrap();
    Webhook::new(address, secrets, Arc::clone(clock) as _).unwrap()
}

impl Scene {
    /// With an application that says this, once each.
    fn saying(script: Vec<Says>) -> Self {
        let journal = Journal::new();
        let mut registry = Registry::default();
        let metrics = provisioning::metrics(&mut registry);
        let master = MasterKey::generate().unwrap();
        let vault = Vault::in_memory(master, Arc::clone(&journal.clock) as _).unwrap();
        Self {
            application: Marketplace::saying(script),
            journal,
            vault,
            forgets: Arc::default(),
            tells_later: Arc::default(),
            registry,
            metrics,
            alarms: Alarms::default(),
        }
    }

    fn work(&self) -> Worker {
        let (path, forgets) = (self.journal.path(), Arc::clone(&self.forgets));
        let tells_later = Arc::clone(&self.tells_later);
        let told = Told {
            webhook: webhook(&self.application.address.to_string(), &self.journal.clock),
            remind_seconds: REMIND_SECONDS,
        };
        let parts = Parts {
            told: BTreeMap::from([(tenure_testkit::listing(), told)]),
            find_pending: Box::new(move |listing, rows| {
                let all = forgets.load(Ordering::SeqCst);
                Ok(pending(&path, listing, all)
                    .into_iter()
                    .take(rows)
                    .collect())
            }),
            show: Box::new(move |license| {
                if tells_later.swap(false, Ordering::SeqCst) {
                    return Ok(Shown::InSeconds(3));
                }
                Ok(Shown::Now(json!({ "id": license.license.as_str() })))
            }),
            vault: self.vault.clone(),
            queue: self.journal.queue.clone(),
            metrics: self.metrics.clone(),
            common: self.journal.common(&self.alarms),
        };
        provisioning::start(parts).unwrap()
    }

    /// Has the marketplace tell of a purchase of license `number`.
    fn buy(&self, number: u32) {
        let intent = Intent::Purchase {
            order: order_line(number),
            ready: false,
            details: None,
        };
        self.journal
            .change(&tenure_testkit::listing(), Family::Saas, number, intent);
    }

    /// Waits until something is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        until(what, &self.registry, || is_so(self)).await;
    }

    async fn await_measure(&self, line: &str) {
        await_measure(line, &self.registry).await;
    }

    fn is_ready(&self, number: u32) -> bool {
        let license = self.journal.license(number);
        license.living().unwrap().phase == Phase::InForce
    }

    /// What the journal holds of where the buyer finds the application.
    fn access(&self, number: u32) -> Option<String> {
        let license = self.journal.license(number);
        let sealed = license.living().unwrap().access.as_ref()?;
        match self.vault.open_sealed(access::CONTEXT, sealed).unwrap() {
            Opened::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
            Opened::Erased => None,
        }
    }

    /// The receipts of answers of the application.
    fn receipts(&self) -> Vec<Receipt> {
        let mut log = SqliteReader::open(&self.journal.path()).unwrap();
        let receipts = log.receipts_after(None, 1_000).unwrap().into_iter();
        receipts
            .filter(|it| it.method.as_ref() == "WEBHOOK")
            .collect()
    }

    fn alarmed(&self) -> Vec<&'static str> {
        self.alarms.all().into_iter().map(|it| it.reason).collect()
    }
}

/// The first licenses that are being provisioned, or all of them.
fn pending(journal: &Path, listing: &ListingId, all: bool) -> Vec<Pending> {
    let is_pending = |number: &u32| match license(journal, *number) {
        License::Living(living) => all || living.phase == Phase::Provisioning,
        License::Absent | License::Released(_) => false,
    };
    let pending = (1..=3).filter(is_pending).map(|number| Pending {
        merchant: acme(),
        license: code(number),
        family: Family::Saas,
        listing: listing.clone(),
    });
    pending.collect()
}

/// Verifies a message as its receiver would, with nothing of ours.
#[track_caller]
fn verified(asked: &Asked, at: Instant) -> Value {
    let (id, timestamp) = (
        asked.header("webhook-id"),
        asked.header("webhook-timestamp"),
    );
    assert_eq!(timestamp, (at.micros() / 1_000_000).to_string());
    let secret = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap());
    let mac = Hmac::<Sha256>::new_from_slice(&secret.unwrap()).unwrap();
    let signed = format!("{id}.{timestamp}.{}", asked.body);
    let mac = mac.chain_update(signed).finalize().into_bytes();
    let expected = format!("v1,{}", STANDARD.encode(mac));
    assert_eq!(asked.header("webhook-signature"), expected);
    serde_json::from_str(&asked.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_told_of_a_purchase_and_answers_where_its_buyer_finds_it() {
    let scene = Scene::saying(vec![Says::Answer(201, READY)]);
    let worker = scene.work();
    let bought_at = scene.journal.clock.now();
    scene.buy(1);
    scene
        .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
        .await;
    assert!(scene.is_ready(1));
    let told = Access::parse(scene.access(1).unwrap().as_bytes())
        .unwrap()
        .unwrap()
        .in_clear();
    assert_eq!(told.app_info.password.as_deref(), Some("first-password-7"));

    let asked = scene.application.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /hook?team=7 HTTP/1.1");
    assert_eq!(asked[0].header("content-type"), "application/json");
    assert_eq!(
        verified(&asked[0], bought_at),
        json!({ "event": "license.purchased", "license": { "id": code(1).as_str() } })
    );

    let receipts = scene.receipts();
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].verdict, Verdict::Applied);
    assert_eq!(receipts[0].activity.as_deref(), Some("license.purchased"));
    assert_eq!(receipts[0].parameters.as_ref(), "status=201");
    let key = receipts[0].sealed_with.unwrap();
    let body = scene.vault.open_bytes(RECEIPT_BODY, key, &receipts[0].body);
    assert_eq!(
        body.unwrap(),
        Opened::Text(READY.as_bytes().to_vec().into())
    );
    worker.stop().await;
    for entry in std::fs::read_dir(scene.journal.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let found = bytes.windows(16).any(|it| it == b"first-password-7");
        assert!(!found, "the password is in the journal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_will_tell_later_is_reminded_after_a_while() {
    let scene = Scene::saying(vec![Says::Answer(202, "queued"), Says::Answer(204, "")]);
    let _worker = scene.work();
    scene.buy(1);
    scene
        .await_measure(r#"tenure_provisioning_attempts_total{listing="cad-pro"} 1"#)
        .await;
    scene
        .until("it is told", |scene| scene.application.asked().len() == 1)
        .await;
    scene.journal.pass(i64::from(REMIND_SECONDS) / 2);
    scene
        .await_measure(r#"tenure_provisioning_pending{listing="cad-pro"} 1"#)
        .await;
    assert!(!scene.is_ready(1));
    assert!(scene.alarmed().is_empty());
    assert_eq!(scene.application.asked().len(), 1);
    let is_reminded = || scene.application.asked().len() == 2;
    scene.journal.pass_until(600, is_reminded).await;
    scene
        .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
        .await;
    assert!(scene.is_ready(1));
    assert_eq!(scene.access(1), None);
    let ids: Vec<_> = scene.application.asked();
    assert_eq!(ids[0].header("webhook-id"), ids[1].header("webhook-id"));
    assert_ne!(ids[0].header("webhook-id"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_waited_out_and_the_third_in_a_row_is_an_alarm() {
    let long = vec![b'x'; 70_000];
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", long.len());
    let scene = Scene::saying(vec![
        Says::Answer(500, "no"),
        Says::Answer(200, "ready"),
        Says::Bytes([head.into_bytes(), long].concat()),
        Says::Answer(200, READY),
    ]);
    let _worker = scene.work();
    scene.buy(1);
    for (kind, alarmed) in [
        ("webhook_failed", false),
        ("webhook_answer_unreadable", false),
        ("webhook_answer_too_large", true),
    ] {
        let line =
            format!(r#"tenure_provisioning_failures_total{{listing="cad-pro",kind="{kind}"}} 1"#);
        scene.await_measure(&line).await;
        assert_eq!(!scene.alarmed().is_empty(), alarmed, "{kind}");
        assert!(!scene.is_ready(1));
        scene.journal.pass(10);
    }
    assert_eq!(scene.alarmed(), ["webhook_answer_too_large"]);
    scene
        .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
        .await;
    scene
        .await_measure(r#"tenure_provisioning_stopped{listing="cad-pro"} 0"#)
        .await;
    assert!(scene.alarmed().is_empty());
    assert!(scene.is_ready(1));
    // What failed left no receipt: it may say anything.
    assert_eq!(scene.receipts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_refuses_or_points_elsewhere_is_an_alarm_and_is_asked_again() {
    for (status, kind) in [(401, "webhook_refused"), (302, "webhook_redirects")] {
        let scene = Scene::saying(vec![Says::Answer(status, ""), Says::Answer(200, "{}")]);
        let _worker = scene.work();
        scene.buy(1);
        let line =
            format!(r#"tenure_provisioning_failures_total{{listing="cad-pro",kind="{kind}"}} 1"#);
        scene.await_measure(&line).await;
        scene.journal.pass(1);
        scene
            .await_measure(r#"tenure_provisioning_stopped{listing="cad-pro"} 1"#)
            .await;
        assert_eq!(scene.alarmed().len(), 1, "{kind}");
        scene.journal.pass(10 * 60);
        scene
            .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
            .await;
        assert!(scene.is_ready(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_twice_is_recorded_once() {
    let scene = Scene::saying(vec![Says::Answer(200, READY), Says::Answer(200, READY)]);
    scene.forgets.store(true, Ordering::SeqCst);
    let _worker = scene.work();
    scene.buy(1);
    scene
        .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
        .await;
    let records = |scene: &Scene| {
        SqliteReader::open(&scene.journal.path())
            .unwrap()
            .head()
            .unwrap()
    };
    let head = records(&scene).position;
    scene.journal.pass(120);
    scene
        .until("it is told again", |scene| scene.receipts().len() == 2)
        .await;
    assert_eq!(scene.receipts()[1].verdict, Verdict::AlreadyApplied);
    assert_eq!(records(&scene).position, head);
    let asked = scene.application.asked();
    assert_eq!(asked[0].header("webhook-id"), asked[1].header("webhook-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_purchase_that_the_application_refuses_holds_up_no_other() {
    let scene = Scene::saying(vec![
        Says::Answer(422, "no such plan"),
        Says::Answer(200, "{}"),
    ]);
    scene.buy(1);
    scene.buy(2);
    let _worker = scene.work();
    scene
        .await_measure(r#"tenure_provisioning_attempts_total{listing="cad-pro"} 1"#)
        .await;
    scene
        .until("it is told", |scene| scene.application.asked().len() == 1)
        .await;
    scene
        .await_measure(
            r#"tenure_provisioning_failures_total{listing="cad-pro",kind="webhook_refused"} 1"#,
        )
        .await;
    scene.journal.pass(1);
    scene
        .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
        .await;
    assert!(!scene.is_ready(1));
    assert!(scene.is_ready(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_told_once_more_is_known() {
    let scene = Scene::saying(vec![Says::Answer(200, "{}")]);
    scene.tells_later.store(true, Ordering::SeqCst);
    let _worker = scene.work();
    scene.buy(1);
    let waits = r#"tenure_provisioning_attempts_total{listing="cad-pro"} 1"#;
    scene.await_measure(waits).await;
    scene
        .until("it was looked at", |scene| {
            !scene.tells_later.load(Ordering::SeqCst)
        })
        .await;
    assert!(scene.application.asked().is_empty());
    let is_told = || scene.application.asked().len() == 1;
    scene.journal.pass_until(1, is_told).await;
    scene
        .await_measure(r#"tenure_provisioning_ready_total{listing="cad-pro"} 1"#)
        .await;
}
