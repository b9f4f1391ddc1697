//! Reports of use, from the journal to a marketplace and back.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use prometheus_client::registry::Registry;
use serde_json::Value;
use sha2::Sha256;
use tenure_domain::usage::{self, Amount, Report, Usage, Used};
use tenure_domain::{Instant, ListingId, UsageSerial};
use tenure_journal::transact::Request;
use tenure_journal::vault::{MasterKey, Owner, Vault};
use tenure_journal::{Position, ReadLog, SqliteReader, StreamId, Verdict};
use tenure_koogallery::AccessKey;
use tenure_outbound::usage::{CLIENT, Parts, Pending, Push, Reporter};
use tenure_outbound::{Account, Alarms, Worker};
use tenure_testkit::{code, listing};

use crate::journal::{Journal, PATIENCE, acme};
use crate::marketplace::{Asked, answer, client, read};

const BASE_KEY: &str = "11111111-2222-3333-4444-555555555555";

/// What serials 1 to 3 of license 1 are sent as, computed with Python's uuid5.
const SENT: [&str; 3] = [
    "d838fe1f-c947-5bbf-87fe-10bfcf914401",
    "09f233e3-9c67-5bf4-8617-b3dd3f8f0a89",
    "686e7631-52b0-51e4-bcfc-021522fcb4b7",
];

mod answers;
mod old;

/// What a marketplace says to one request: HTTP status and body. It hangs up at status 0.
type Says = (u16, String);

/// A marketplace that says to each request what a rule makes of it.
struct Market {
    address: SocketAddr,
    asked: Receiver<Asked>,
}

impl Market {
    fn of(mut rule: impl FnMut(&Asked) -> Says + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = channel();
        std::thread::spawn(move || {
            // Nobody listens any more once the test is over.
            while let Ok((stream, _)) = listener.accept() {
                let question = read(&stream);
                let (status, body) = rule(&question);
                if status != 0 {
                    answer(stream, status, &body);
                }
                drop(sender.send(question));
            }
        });
        Self { address, asked }
    }

    fn taking_everything() -> Self {
        Self::of(|_| taken())
    }

    /// Waits for the next request.
    #[track_caller]
    fn next(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).expect("a request")
    }
}

fn taken() -> Says {
    let body = r#"{"error_code":"MKT.0000","error_msg":"success"}"#;
    (200, body.to_owned())
}

fn refused(code: &str) -> Says {
    (500, format!(r#"{{"error_code":"{code}","error_msg":"?"}}"#))
}

/// A journal with reports, and what the worker needs beside it.
struct Scene {
    journal: Journal,
    vault: Vault,
    alarms: Alarms,
}

fn serial(number: usize) -> UsageSerial {
    UsageSerial::parse(&format!("METERTEST{number:04}")).unwrap()
}

impl Scene {
    fn new() -> Self {
        let journal = Journal::new();
        let master = MasterKey::parse(&"7a".repeat(32)).unwrap();
        Self {
            vault: Vault::in_memory(master, Arc::clone(&journal.clock) as _).unwrap(),
            journal,
            alarms: Alarms::default(),
        }
    }

    fn work(&self, market: &Market) -> Worker {
        let key = Some(AccessKey::new(BASE_KEY.to_owned()));
        self.work_with(market, Push::New, key)
    }

    fn work_with(&self, market: &Market, push: Push, key: Option<AccessKey>) -> Worker {
        let reporter = Reporter {
            account: Account {
                merchant: acme(),
                client: client(format!("http://{}", market.address), None, PATIENCE),
                grace_seconds: 0,
            },
            push,
            key,
            per_second: 5,
        };
        let (path, same_path) = (self.journal.path(), self.journal.path());
        let parts = Parts {
            reporters: BTreeMap::from([(listing(), reporter)]),
            find_pending: Box::new(move |of: &ListingId, rows| {
                let pending = (1..=9).filter_map(|number| {
                    let reports = usage_in(&path, number).pending.len();
                    (reports > 0).then(|| Pending {
                        merchant: acme(),
                        license: code(number),
                        listing: of.clone(),
                        reports: u64::try_from(reports).unwrap(),
                        position: Position::new(u64::from(number)),
                    })
                });
                Ok(pending.take(rows).collect())
            }),
            open_reader: Box::new(move || Ok(Box::new(SqliteReader::open(&same_path)?))),
            vault: self.vault.clone(),
            queue: self.journal.queue.clone(),
            metrics: tenure_outbound::usage::metrics(&mut Registry::default()),
            common: self.journal.common(&self.alarms),
        };
        tenure_outbound::usage::start(parts).unwrap()
    }

    /// Has the merchant report of license `number`, under serials from 1 on.
    fn report(&self, number: u32, used: Vec<Used>) {
        let reports = used.into_iter().zip(1..).map(|(used, index)| Report {
            serial: serial(index),
            used,
        });
        let request = Request::Usage {
            merchant: acme(),
            id: code(number),
            command: usage::Command::Report {
                listing: listing(),
                reports: reports.collect(),
            },
        };
        self.journal.apply(&listing(), request);
    }

    fn client(&self, name: &str) -> Used {
        let key = self.vault.key(&Owner::license(&acme(), &code(1))).unwrap();
        Used::Client {
            client: key.seal(CLIENT, name.as_bytes()).unwrap(),
        }
    }

    fn usage(&self) -> Usage {
        usage_in(&self.journal.path(), 1)
    }

    /// Waits until the use of license 1 is as asked for, while time goes on.
    async fn await_usage(&self, is_so: impl Fn(&Usage) -> bool) -> Usage {
        // Slowly enough that what is handed to the journal's queue is not late there.
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let so = async {
            loop {
                let usage = self.usage();
                if is_so(&usage) {
                    return usage;
                }
                self.journal.pass(1);
                ticks.tick().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, so).await;
        waited.unwrap_or_else(|_late| panic!("{:?}", self.usage()))
    }

    fn receipts(&self) -> Vec<tenure_journal::Receipt> {
        let mut log = SqliteReader::open(&self.journal.path()).unwrap();
        let mut receipts = log.receipts_after(None, 1_000).unwrap();
        receipts.retain(|receipt| &*receipt.method == "OPEN-API");
        receipts
    }
}

fn usage_in(path: &Path, number: u32) -> Usage {
    let mut log = SqliteReader::open(path).unwrap();
    let stream = StreamId::usage(&acme(), &code(number));
    let records = log.read_stream(&stream, Position::MAX).unwrap();
    Usage::replay(records.iter().filter_map(|it| it.event.as_usage()))
}

/// An hour of use, the `hour`th of 2026.
fn metered(hour: i64, amount: &str) -> Used {
    let began_at = Instant::from_seconds(1_767_225_600 + hour * 3_600);
    Used::Metered {
        began_at,
        ended_at: began_at.plus_seconds(3_600),
        amount: Amount::parse(amount).unwrap(),
        package: None,
    }
}

fn is_settled(usage: &Usage) -> bool {
    usage.pending.is_empty() && !usage.settled.is_empty()
}

/// The serials that a request reports.
fn serials_of(asked: &Asked) -> Vec<String> {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    let records = body["usage_records"].as_array().unwrap().iter();
    let serials = records.map(|record| record["metering_sn"].as_str().unwrap().to_owned());
    serials.collect()
}

/// The signature of a body, computed as the guide writes it.
fn signature(asked: &Asked) -> String {
    let (ts, nonce) = (asked.header("ts"), asked.header("nonce"));
    let message = format!("ts={ts}&nonce={nonce}&body={}", asked.body);
    let mut code = Hmac::<Sha256>::new_from_slice(BASE_KEY.as_bytes()).unwrap();
    code.update(message.as_bytes());
    STANDARD.encode(code.finalize().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_merchant_reported_is_passed_on_once() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.report(1, vec![metered(1, "12.5"), metered(2, "1")]);
    let worker = scene.work(&market);
    let usage = scene.await_usage(is_settled).await;
    worker.stop().await;
    let asked = market.next();
    assert_eq!(
        asked.line,
        "POST /api/mkp-openapi-public/global/v1/isv/usage-data HTTP/1.1"
    );
    assert_eq!(asked.header("signature"), signature(&asked));
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(
        body["usage_records"][0],
        serde_json::json!({
            "begin_time": "20260101T010000Z",
            "end_time": "20260101T020000Z",
            "instance_id": "PLTEST0001",
            "metering_sn": SENT[0],
            "record_time": "20260101T020000Z",
            "usage_value": "12.5",
        })
    );
    assert_eq!(serials_of(&asked), SENT[..2]);
    assert!(usage.settled.values().all(|it| it.denied.is_none()));
    assert!(market.asked.try_recv().is_err(), "it was sent once");
    let [receipt] = &scene.receipts()[..] else {
        panic!("{:?}", scene.receipts())
    };
    assert_eq!(receipt.activity.as_deref(), Some("usagePush"));
    assert_eq!(receipt.verdict, Verdict::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_report_that_is_not_taken_holds_up_no_others() {
    let market = Market::of(|asked| {
        if serials_of(asked).iter().any(|it| it == SENT[2]) {
            refused("MKT.9004")
        } else {
            taken()
        }
    });
    let scene = Scene::new();
    scene.report(1, (1..=7).map(|hour| metered(hour, "1")).collect());
    let worker = scene.work(&market);
    let usage = scene.await_usage(is_settled).await;
    worker.stop().await;
    for (known, settled) in &usage.settled {
        let expected = (*known == serial(3)).then_some("MKT.9004");
        assert_eq!(settled.denied.as_deref(), expected, "{known}");
    }
    assert_eq!(usage.settled.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_under_the_same_serial_and_another_nonce() {
    let mut failures = vec![
        (503, String::new()),
        (200, "<html>".to_owned()),
        (429, String::new()),
    ];
    let market = Market::of(move |_| failures.pop().unwrap_or_else(taken));
    let scene = Scene::new();
    scene.report(1, vec![metered(1, "1")]);
    let worker = scene.work(&market);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    let asked: Vec<_> = (0..4).map(|_| market.next()).collect();
    let mut nonces: Vec<_> = asked.iter().map(|it| it.header("nonce")).collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
    assert!(
        asked
            .iter()
            .all(|it| it.header("signature") == signature(it))
    );
    assert!(asked.iter().all(|it| serials_of(it) == SENT[..1]));
    let verdicts: Vec<_> = scene.receipts().iter().map(|it| it.verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Rejected,
            Verdict::Rejected,
            Verdict::Rejected,
            Verdict::Applied
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_listing_raises_an_alarm_and_loses_nothing() {
    let says = Arc::new(Mutex::new(refused("MKT.0102")));
    let said = Arc::clone(&says);
    let market = Market::of(move |_| said.lock().unwrap().clone());
    let scene = Scene::new();
    scene.report(1, vec![metered(1, "1")]);
    let worker = scene.work(&market);
    market.next();
    let raised = async {
        while scene.alarms.all().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, raised).await.unwrap();
    assert_eq!(scene.alarms.all()[0].reason, "denied");
    assert_eq!(scene.usage().pending.len(), 1);
    *says.lock().unwrap() = taken();
    scene.journal.pass(3_601);
    scene.await_usage(is_settled).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_code_are_named_to_the_marketplace_and_to_nobody_else() {
    let market = Market::of(|asked| {
        if asked.body.contains("zhang.san") {
            let body = r#"{"error_code":"92020000","error_msg":"success","data":{"check_fail_list":["zhang.san"]}}"#;
            (200, body.to_owned())
        } else {
            (
                200,
                r#"{"error_code":"92020000","error_msg":"success"}"#.to_owned(),
            )
        }
    });
    let scene = Scene::new();
    let used = vec![
        scene.client("device-7"),
        scene.client("zhang.san"),
        scene.client("device-8"),
        Used::ActiveClients { count: 30 },
    ];
    scene.report(1, used);
    let worker = scene.work(&market);
    let usage = scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(
        usage.settled[&serial(2)].denied.as_deref(),
        Some("check_failed")
    );
    let taken = usage.settled.values().filter(|it| it.denied.is_none());
    assert_eq!(taken.count(), 3);
    let first = market.next();
    assert_eq!(
        first.body,
        r#"{"usage_info":[{"license":"PLTEST0001","software_usage_Info":[{"id":"device-7"},{"id":"zhang.san"},{"id":"device-8"}]}]}"#
    );
    for receipt in scene.receipts() {
        assert!(receipt.sealed_with.is_some());
        let body = String::from_utf8_lossy(&receipt.body).into_owned();
        assert!(!body.contains("zhang"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_client_that_was_erased_nobody_is_told() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.report(1, vec![scene.client("device-7")]);
    let owner = Owner::license(&acme(), &code(1));
    assert_eq!(scene.vault.destroy(&owner).unwrap(), 1);
    let worker = scene.work(&market);
    let usage = scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(usage.settled[&serial(1)].denied.as_deref(), Some("erased"));
    assert!(market.asked.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_of_the_base_interfaces_no_amount_is_sent() {
    let scene = Scene::new();
    let market = Market::of(|_| (200, r#"{"error_code":"92020000"}"#.to_owned()));
    scene.report(1, vec![metered(1, "1")]);
    scene.report(2, vec![Used::ActiveClients { count: 1 }]);
    let worker = scene.work_with(&market, Push::New, None);
    let of_other = scene.journal.path();
    scene
        .await_usage(|_| is_settled(&usage_in(&of_other, 2)))
        .await;
    worker.stop().await;
    let asked = market.next();
    assert!(asked.body.contains("PLTEST0002"), "{}", asked.body);
    assert_eq!(scene.usage().pending.len(), 1);
}
