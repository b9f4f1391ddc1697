//! License files, from the request to what the marketplace says of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prometheus_client::registry::Registry;
use secrecy::SecretString;
use serde_json::json;
use tenure_domain::file::{File, FileContent, FileProgress, FileRequest, FileRules};
use tenure_domain::{Event, Family, FileEventId, Intent, ListingId};
use tenure_journal::vault::{MasterKey, Opened, Owner, Vault};
use tenure_journal::{
    Clock, ManualClock, Position, ReadLog, Receipt, SqliteReader, StreamId, Verdict,
};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::license_file::{CONTENT_CONTEXT, FINGERPRINT_CONTEXT};
use tenure_outbound::license_files::{Files, FindPending, Pending};
use tenure_outbound::making::{self, Maker};
use tenure_outbound::provisioning::Told;
use tenure_outbound::webhook::{Secrets, WebhookAddress};
use tenure_outbound::{Account, Alarms, Webhook, Worker, deliveries};
use tenure_testkit::{code, order_line};

use crate::journal::{Journal, PATIENCE, acme, await_measure, license, measures, until};
use crate::marketplace::{Marketplace, Says, client, install_tls};

const TAKEN: &str = r#"{"error_code":"CBC.0000","error_msg":"success"}"#;
const FINGERPRINT: &str = "00-1B-63-84-45-E6|S4EVNX0R|PF2ABCDE|BFEBFBFF";

/// Workers between a marketplace and a journal on disk, with one license that has files. The writer
/// and the workers stop with the runtime, and the folder goes last.
struct Scene {
    market: Marketplace,
    journal: Journal,
    vault: Vault,
    registry: Registry,
    alarms: Alarms,
    workers: Vec<Worker>,
}

fn files(journal: &Path) -> Vec<File> {
    let license = license(journal, 1);
    license
        .living()
        .map_or_else(Vec::new, |it| it.files.clone())
}

impl Scene {
    /// With a marketplace that says this, once each, and files that nobody has to make.
    fn saying(script: Vec<Says>) -> Self {
        Self::of(script, |_| Maker::Static)
    }

    fn of(script: Vec<Says>, maker: impl FnOnce(&Arc<ManualClock>) -> Maker) -> Self {
        let journal = Journal::new();
        let master = MasterKey::generate().unwrap();
        let vault = Vault::in_memory(master, Arc::clone(&journal.clock) as _).unwrap();
        let maker = maker(&journal.clock);
        let mut scene = Self {
            market: Marketplace::saying(script),
            journal,
            vault,
            registry: Registry::default(),
            alarms: Alarms::default(),
            workers: Vec::new(),
        };
        scene.submit(Intent::Purchase {
            order: order_line(1),
            ready: true,
            details: None,
        });
        scene.workers = vec![scene.make(maker), scene.deliver()];
        scene
    }

    fn make(&mut self, maker: Maker) -> Worker {
        let metrics = making::metrics(&mut self.registry);
        let parts = making::Parts {
            makers: BTreeMap::from([(tenure_testkit::listing(), maker)]),
            find_pending: self.find(|file| file.progress == FileProgress::Requested),
            show: Box::new(|license| Ok(json!({ "id": license.license.as_str() }))),
            files: self.files(),
            metrics,
            common: self.journal.common(&self.alarms),
        };
        making::start(parts).unwrap()
    }

    fn deliver(&mut self) -> Worker {
        let metrics = deliveries::metrics(&mut self.registry);
        let account = Account {
            merchant: acme(),
            client: client(format!("http://{}", self.market.address), None, PATIENCE),
            grace_seconds: 0,
        };
        let parts = deliveries::Parts {
            accounts: BTreeMap::from([(tenure_testkit::listing(), account)]),
            find_pending: self.find(|file| matches!(file.progress, FileProgress::Made(_))),
            files: self.files(),
            metrics,
            common: self.journal.common(&self.alarms),
        };
        deliveries::start(parts).unwrap()
    }

    fn find(&self, is_pending: fn(&File) -> bool) -> FindPending {
        let path = self.journal.path();
        Box::new(move |listing: &ListingId, rows| {
            let files = files(&path).into_iter().filter(is_pending).take(rows);
            let pending = files.map(|file| Pending {
                merchant: acme(),
                license: code(1),
                listing: listing.clone(),
                key: file.request.key(),
            });
            Ok(pending.collect())
        })
    }

    fn files(&self) -> Files {
        let path = self.journal.path();
        Files {
            read: Arc::new(move |_, _| Ok(license(&path, 1))),
            vault: self.vault.clone(),
            queue: self.journal.queue.clone(),
            clock: Arc::clone(&self.journal.clock) as _,
        }
    }

    fn submit(&self, intent: Intent) {
        self.journal
            .change(&tenure_testkit::listing(), Family::OnlineLicense, 1, intent);
    }

    fn request(&self, event: &str) {
        let key = self.vault.key(&Owner::license(&acme(), &code(1))).unwrap();
        let fingerprint = key.seal(FINGERPRINT_CONTEXT, FINGERPRINT.as_bytes());
        let request = FileRequest {
            event: FileEventId::parse(event).unwrap(),
            fingerprint: Some(fingerprint.unwrap()),
            effective_at: self.journal.clock.now(),
            expires_at: None,
        };
        self.submit(Intent::RequestFile {
            request: Box::new(request),
            rules: FileRules {
                needs_fingerprint: true,
                counts_units: false,
            },
        });
    }

    /// Waits until something is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        until(what, &self.registry, || is_so(self)).await;
    }

    async fn await_measure(&self, line: &str) {
        await_measure(line, &self.registry).await;
    }

    async fn await_asked(&self, count: usize) {
        let is_asked = |scene: &Self| scene.market.asked().len() == count;
        self.until("it is not asked so often", is_asked).await;
    }

    /// Waits until the first file is made, and lets it be delivered.
    async fn await_made(&self) {
        let is_made = |scene: &Self| files(&scene.journal.path())[0].content().is_some();
        self.until("it is not made", is_made).await;
        self.journal.pass_millis(200);
    }

    async fn await_progress(&self, expected: fn(&FileProgress) -> bool) {
        let stands = |scene: &Self| expected(&files(&scene.journal.path())[0].progress);
        self.until("it has not come so far", stands).await;
    }

    /// The receipts of the workers, oldest first: those of an activity.
    fn receipts(&self, activity: &str) -> Vec<Receipt> {
        let mut log = SqliteReader::open(&self.journal.path()).unwrap();
        let receipts = log.receipts_after(None, 1_000).unwrap().into_iter();
        receipts
            .filter(|it| it.activity.as_deref() == Some(activity))
            .collect()
    }

    /// Verdict, reason and body of every answer of the marketplace.
    fn answers(&self) -> Vec<(Verdict, String, String)> {
        let receipts = self.receipts("upload").into_iter();
        let opened = receipts.map(|it| {
            let key = it.sealed_with.expect("it is sealed");
            let body = self.vault.open_bytes(RECEIPT_BODY, key, &it.body).unwrap();
            let Opened::Text(body) = body else {
                panic!("it was erased");
            };
            let body = String::from_utf8(body.to_vec()).unwrap();
            (it.verdict, it.reason.unwrap_or_default().into(), body)
        });
        opened.collect()
    }

    fn denied_code(&self) -> Option<String> {
        let stream = StreamId::license(&acme(), &code(1));
        let mut log = SqliteReader::open(&self.journal.path()).unwrap();
        let records = log.read_stream(&stream, Position::MAX).unwrap();
        records.iter().find_map(|it| match it.event.as_license() {
            Some(Event::FileDenied { code, .. }) => Some(code.to_string()),
            _ => None,
        })
    }

    fn alarmed(&self) -> Vec<(&'static str, &'static str)> {
        let raised = self.alarms.all().into_iter();
        raised.map(|it| (it.worker, it.reason)).collect()
    }
}

fn is_delivered(progress: &FileProgress) -> bool {
    matches!(progress, FileProgress::Delivered(_))
}

fn is_denied(progress: &FileProgress) -> bool {
    matches!(progress, FileProgress::Denied(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_uploaded_byte_for_byte_until_it_is_taken() {
    let failure = r#"{"error_code":"91381036","error_msg":"internal"}"#;
    let scene = Scene::saying(vec![
        Says::Answer(503, "<html>"),
        Says::Answer(200, failure),
        Says::Answer(200, "cut"),
        Says::Answer(200, TAKEN),
    ]);
    scene.request("EV-1");
    scene.await_made().await;
    for count in 1..=3 {
        scene.await_asked(count).await;
        let failed = |scene: &Scene| {
            let measures = measures(&scene.registry);
            let failures = measures
                .lines()
                .filter(|it| it.starts_with("tenure_license_file_upload_failures_total{"));
            let counts = failures.filter_map(|it| it.rsplit(' ').next()?.parse::<usize>().ok());
            counts.sum::<usize>() == count
        };
        scene.until("it did not fail", failed).await;
        // No rest is longer.
        scene.journal.pass(300);
    }
    scene.await_progress(is_delivered).await;

    let asked = scene.market.asked();
    let path = "/api/mkp-openapi-public/global/v1/market-event/EV-1/file";
    assert_eq!(asked[0].line, format!("POST {path} HTTP/1.1"));
    let id = code(1);
    let part = format!(r#"{{"type":"CHARACTERS","characters":"{id}"}}"#);
    assert!(asked[0].body.contains(&part), "{}", asked[0].body);
    for again in &asked {
        assert_eq!(again.body, asked[0].body);
        assert_eq!(
            again.header("content-type"),
            asked[0].header("content-type")
        );
    }
    // Of the same failure told twice, the first answer is kept.
    let seen = |verdict, reason: &str, body: &str| (verdict, reason.to_owned(), body.to_owned());
    assert_eq!(
        scene.answers(),
        [
            seen(Verdict::Rejected, "unavailable", "<html>"),
            seen(Verdict::Rejected, "unreadable", "cut"),
            seen(Verdict::Applied, "", TAKEN),
        ]
    );
    let made = &scene.receipts("license.file_requested")[0];
    assert_eq!(made.method.as_ref(), "STATIC");
    assert!(scene.alarmed().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_marketplace_will_never_take_is_denied() {
    for (status, body, code) in [
        (200, r#"{"error_code":"91381033"}"#, "91381033"),
        (200, r#"{"error_code":"91381034"}"#, "91381034"),
        (200, r#"{"error_code":"91381035"}"#, "91381035"),
        (200, r#"{"error_code":"91381037"}"#, "91381037"),
        (200, r#"{"error_code":"91381038"}"#, "91381038"),
        (400, r#"{"error_code":"CBC.0101"}"#, "invalid_parameter"),
    ] {
        let scene = Scene::saying(vec![Says::Answer(status, body)]);
        scene.request("EV-1");
        scene.await_made().await;
        scene.await_progress(is_denied).await;
        assert_eq!(scene.denied_code().as_deref(), Some(code));
        let (verdict, _, kept) = &scene.answers()[0];
        assert_eq!((*verdict, kept.as_str()), (Verdict::Applied, body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_raises_an_alarm_and_is_tried_again_after_an_hour() {
    for (status, body) in [
        (401, r#"{"error_code":"APIGW.0301"}"#),
        (403, r#"{"error_code":"CBC.0150"}"#),
        (200, r#"{"error_code":"91380150"}"#),
    ] {
        let scene = Scene::saying(vec![Says::Answer(status, body), Says::Answer(200, TAKEN)]);
        scene.request("EV-1");
        scene.await_made().await;
        scene
            .await_measure(
                r#"tenure_license_file_upload_failures_total{listing="cad-pro",kind="denied"} 1"#,
            )
            .await;
        // The worker looks whether another file is taken.
        scene.journal.pass_millis(300);
        let is_alarmed = |scene: &Scene| scene.alarmed() == [("license_file_delivery", "denied")];
        scene.until(body, is_alarmed).await;
        scene.journal.pass(3_590);
        assert_eq!(scene.market.asked().len(), 1);
        scene.journal.pass(20);
        scene.await_progress(is_delivered).await;
        let is_over = |scene: &Scene| scene.alarmed().is_empty();
        scene.until("the alarm stays", is_over).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_no_guide_names_denies_nothing() {
    let unknown = r#"{"error_code":"91389999"}"#;
    let scene = Scene::saying(vec![Says::Answer(200, unknown), Says::Answer(200, TAKEN)]);
    scene.request("EV-1");
    scene.await_made().await;
    scene
        .await_measure(
            r#"tenure_license_file_upload_failures_total{listing="cad-pro",kind="other"} 1"#,
        )
        .await;
    scene.journal.pass(60);
    scene.await_progress(is_delivered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_erased_is_taken_off_the_list() {
    let scene = Scene::saying(vec![Says::Answer(503, "")]);
    scene.request("EV-1");
    scene.await_made().await;
    scene.await_asked(1).await;
    scene
        .await_measure(
            r#"tenure_license_file_upload_failures_total{listing="cad-pro",kind="unavailable"} 1"#,
        )
        .await;
    let owner = Owner::license(&acme(), &code(1));
    assert_eq!(scene.vault.destroy(&owner).unwrap(), 1);
    scene.journal.pass(300);
    scene.await_progress(is_denied).await;
    assert_eq!(scene.denied_code().as_deref(), Some("erased"));
    assert_eq!(scene.market.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_may_make_files_of_the_largest_size() {
    let file = vec![7; 256 * 1024];
    let body = json!({ "file_name": "cad-pro.lic", "file": STANDARD.encode(&file) }).to_string();
    let says = |status: u16, body: &str| {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n\r\n{body}");
        Says::Bytes(head.into_bytes())
    };
    let application = Marketplace::saying(vec![
        says(200, r#"{"license":"AAAA"}"#),
        says(202, ""),
        says(200, &body),
    ]);
    let maker = |clock: &Arc<ManualClock>| {
        install_tls();
        let address = format!("http://{}/hook", application.address);
        let address = WebhookAddress::parse(&address, false).unwrap();
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let secrets = Secrets::parse(&[secret]).unwrap();
        Maker::Webhook(Told {
            webhook: Webhook::new(address, secrets, Arc::clone(clock) as _).unwrap(),
            remind_seconds: 600,
        })
    };
    let scene = Scene::of(vec![Says::Answer(500, "")], maker);
    scene.request("EV-1");
    scene
        .await_measure(
            "tenure_license_file_making_failures_total{listing=\"cad-pro\",\
             kind=\"webhook_answer_unreadable\"} 1",
        )
        .await;
    scene.journal.pass(300);
    let is_told_twice = |_: &Scene| application.asked().len() == 2;
    scene.until("it is not told again", is_told_twice).await;
    // Ten minutes after it said that the file comes later.
    let is_reminded = || application.asked().len() == 3;
    scene.journal.pass_until(600, is_reminded).await;
    let is_made = |scene: &Scene| files(&scene.journal.path())[0].content().is_some();
    scene.until("it is not made", is_made).await;
    let made = files(&scene.journal.path());
    let Some(FileContent::File { name, bytes }) = made[0].content() else {
        panic!("it is a file");
    };
    assert_eq!(name.as_ref(), "cad-pro.lic");
    let opened = scene.vault.open_sealed(CONTENT_CONTEXT, bytes).unwrap();
    assert!(matches!(opened, Opened::Text(text) if *text == file));
    let receipt = &scene.receipts("license.file_requested")[0];
    assert_eq!(receipt.method.as_ref(), "WEBHOOK");
    assert!(receipt.sealed_with.is_some());
}
