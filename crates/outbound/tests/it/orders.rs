//! Orders that callbacks named, and what the marketplace told of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::registry::Registry;
use tenure_domain::{CustomerId, Event, Family, Intent, License, ListingId, OrderLine};
use tenure_journal::{Position, ReadLog, Receipt, SqliteReader, Verdict};
use tenure_koogallery::open_api::order;
use tenure_outbound::Account;
use tenure_outbound::orders::{self, Asker, Parts, Pending};
use tenure_outbound::{Alarms, Metrics, Worker};
use tenure_testkit::{code, order_line};

use crate::journal::{Journal, PATIENCE, acme, await_measure};
use crate::marketplace::{Marketplace, Says, client};
use crate::order_market::OrderMarket;

mod one_order;

/// What the marketplace tells of a person, and nobody else may know.
const PERSONAL: [&str; 6] = [
    "Zhang San",
    "zhang_san_01",
    "13800000000",
    "zhang.san@example.com",
    "user-id-4711",
    "No. 7 Example Road",
];

/// A worker between a marketplace and a journal on disk. The writer and the worker stop with the
/// runtime, and the folder goes last.
struct Scene {
    market: OrderMarket,
    journal: Journal,
    /// What was bought, oldest first.
    bought: Arc<Mutex<Vec<Pending>>>,
    /// Whether the read model forgot what is known.
    forgets: Arc<AtomicBool>,
    registry: Registry,
    metrics: Metrics,
    alarms: Alarms,
}

fn other_listing() -> ListingId {
    ListingId::parse("other-pro").unwrap()
}

impl Scene {
    fn new() -> Self {
        let journal = Journal::new();
        let mut registry = Registry::default();
        let metrics = orders::metrics(&mut registry);
        Self {
            market: OrderMarket::open(),
            journal,
            bought: Arc::default(),
            forgets: Arc::default(),
            registry,
            metrics,
            alarms: Alarms::default(),
        }
    }

    /// Starts a worker for two listings that ask this marketplace.
    fn work(&self) -> Worker {
        let endpoint = format!("http://{}", self.market.address);
        self.work_at(&endpoint, &endpoint)
    }

    fn work_at(&self, cad_pro: &str, other_pro: &str) -> Worker {
        let asker = |endpoint: &str| Asker {
            account: Account {
                merchant: acme(),
                client: client(endpoint.to_owned(), None, PATIENCE),
                grace_seconds: 0,
            },
            per_second: 5,
        };
        let (bought, path) = (Arc::clone(&self.bought), self.journal.path());
        let forgets = Arc::clone(&self.forgets);
        let parts = Parts {
            askers: BTreeMap::from([
                (tenure_testkit::listing(), asker(cad_pro)),
                (other_listing(), asker(other_pro)),
            ]),
            find_pending: Box::new(move |listing, rows| {
                let known = if forgets.load(Ordering::SeqCst) {
                    Vec::new()
                } else {
                    known(&mut SqliteReader::open(&path)?)
                };
                let bought = bought.lock().unwrap();
                let pending = bought.iter().filter(|it| it.listing == *listing);
                let pending = pending.filter(|it| !known.contains(&order_of(it)));
                Ok(pending.take(rows).cloned().collect())
            }),
            queue: self.journal.queue.clone(),
            metrics: self.metrics.clone(),
            common: self.journal.common(&self.alarms),
        };
        orders::start(parts).unwrap()
    }

    /// The listings that a person must look after, and why.
    fn alarmed(&self) -> Vec<(ListingId, &'static str)> {
        let raised = self.alarms.all().into_iter();
        raised.map(|it| (it.listing, it.reason)).collect()
    }

    /// Has the marketplace tell of a purchase under order `number`.
    fn buy(&self, number: u32) -> OrderLine {
        self.buy_through(&tenure_testkit::listing(), number)
    }

    fn buy_through(&self, listing: &ListingId, number: u32) -> OrderLine {
        let line = order_line(number);
        let purchase = Intent::Purchase {
            order: line.clone(),
            ready: true,
            details: None,
        };
        self.change(listing, number, &line, purchase);
        line
    }

    /// Has the marketplace tell of a change of license `number` under an order line.
    fn change(&self, listing: &ListingId, number: u32, line: &OrderLine, intent: Intent) {
        self.bought.lock().unwrap().push(Pending {
            merchant: acme(),
            license: code(number),
            family: Family::Saas,
            listing: listing.clone(),
            order: line.order.clone(),
            line: Some(line.line.clone()),
        });
        self.journal.change(listing, Family::Saas, number, intent);
    }

    /// Has the marketplace know an order of a customer.
    fn tell(&self, number: u32) {
        let line = order_line(number);
        self.market.says(&line, 200, known_order(&line));
    }

    /// Waits until the journal holds so many records.
    #[track_caller]
    fn await_records(&self, count: u64) {
        let head = Position::new(count);
        let seen = self
            .journal
            .watch
            .wait_until(PATIENCE, |seen| seen.head >= head);
        assert_eq!(seen.head, head);
    }

    /// Waits until a line of the metrics stands so.
    async fn await_measure(&self, line: &str) {
        await_measure(line, &self.registry).await;
    }

    /// Waits until the journal holds so many answers to the order query.
    async fn await_answers(&self, count: usize) {
        let held = async {
            while self.receipts().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, held).await.unwrap();
    }

    fn customer(&self, number: u32) -> Option<CustomerId> {
        let License::Living(living) = self.journal.license(number) else {
            panic!("the license lives");
        };
        living.customer
    }

    /// The receipts of answers to the order query, oldest first.
    fn receipts(&self) -> Vec<Receipt> {
        let mut log = SqliteReader::open(&self.journal.path()).unwrap();
        let receipts = log.receipts_after(None, 1_000).unwrap().into_iter();
        receipts
            .filter(|it| it.activity.as_deref() == Some("orderQuery"))
            .collect()
    }

    /// Verdict and reason of every answer.
    fn verdicts(&self) -> Vec<(Verdict, String)> {
        let receipts = self.receipts().into_iter();
        receipts
            .map(|it| (it.verdict, it.reason.unwrap_or_default().into()))
            .collect()
    }
}

fn order_of(pending: &Pending) -> OrderLine {
    OrderLine {
        order: pending.order.clone(),
        line: pending.line.clone().unwrap(),
    }
}

/// The order lines whose details a journal holds.
fn known(log: &mut SqliteReader) -> Vec<OrderLine> {
    let records = log.read_after(Position::START, 1_000).unwrap();
    let mut known = Vec::new();
    for record in &records {
        if let Some(Event::OrderKnown(details)) = record.event.as_license() {
            known.push(details.order.clone());
        }
    }
    known
}

fn known_order(line: &OrderLine) -> String {
    let [name, user_name, phone, email, user_id, address] = PERSONAL;
    format!(
        r#"{{"resultCode":"MKT.0000","resultMsg":"Success","orderInfo":{{"orderId":"{}","orderType":"NEW","createTime":"20260102030000","orderLine":[{{"orderLineId":"{}","chargingMode":"PERIOD","productInfo":[{{"productId":"PRODTEST0001","linearValue":3}}],"extendParams":[{{"name":"email","value":"{email}"}}]}}],"buyerInfo":{{"customerId":"customer-1","customerName":"{name}","userName":"{user_name}","userId":"{user_id}","mobilePhone":{phone},"email":"{email}"}},"extendParams":[{{"name":"contact","value":"{{\"mobilePhone\":\"{phone}\",\"address\":\"{address}\"}}"}}],"shipping":{{"to":["{address}"]}}}}}}"#,
        line.order, line.line
    )
}

fn seen(verdict: Verdict, reason: &str) -> (Verdict, String) {
    (verdict, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_enriched_after_it_was_recorded() {
    let scene = Scene::new();
    scene.tell(1);
    let worker = scene.work();
    let line = scene.buy(1);
    assert_eq!(scene.market.next(), line);
    scene.await_records(3);
    assert_eq!(scene.customer(1), CustomerId::parse("customer-1").ok());

    let receipts = scene.receipts();
    assert_eq!(receipts.len(), 1);
    let receipt = &receipts[0];
    assert_eq!(receipt.method.as_ref(), "OPEN-API");
    assert_eq!(receipt.listing.as_ref(), "cad-pro");
    assert_eq!(receipt.verdict, Verdict::Applied);
    assert!(receipt.authentic);
    assert_eq!(
        receipt.parameters.as_ref(),
        order::request(&line.order, Some(&line.line)).target()
    );
    scene
        .await_measure("tenure_orders_learned_total{listing=\"cad-pro\"} 1")
        .await;
    scene
        .await_measure("tenure_orders_asked_total{listing=\"cad-pro\"} 1")
        .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_person_the_journal_holds_the_customer_id_only() {
    let scene = Scene::new();
    scene.tell(1);
    // Answers that cannot be read are kept without what they tell as well.
    let cut = known_order(&order_line(2));
    scene
        .market
        .says(&order_line(2), 200, &cut[..cut.len() - 1]);
    scene.market.says(&order_line(3), 401, cut);
    let worker = scene.work();
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_records(3);
    scene.buy_through(&other_listing(), 3);
    assert_eq!(scene.market.next(), order_line(3));
    scene
        .await_measure("tenure_orders_stopped{listing=\"other-pro\"} 1")
        .await;
    scene.buy(2);
    assert_eq!(scene.market.next(), order_line(2));
    scene
        .await_measure(r#"tenure_orders_failures_total{listing="cad-pro",kind="unreadable"} 1"#)
        .await;
    worker.stop().await;

    let receipts = scene.receipts();
    assert_eq!(receipts.len(), 3);
    let kept = String::from_utf8(receipts[0].body.to_vec()).unwrap();
    assert!(kept.contains(r#""email":"[redacted]""#), "{kept}");
    assert!(kept.contains(r#""productId":"PRODTEST0001""#), "{kept}");
    let mut found = 0;
    for file in std::fs::read_dir(scene.journal.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for personal in PERSONAL {
            assert!(!holds(&bytes, personal), "{personal} is in the journal");
        }
        found += usize::from(holds(&bytes, "customer-1"));
    }
    assert!(found > 0, "the customer id is nowhere");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_marketplace_does_not_know_holds_up_no_other() {
    let scene = Scene::new();
    let unknown = r#"{"resultCode":"MKT.9001","resultMsg":"instance not found"}"#;
    scene.market.says(&order_line(1), 500, unknown);
    scene.tell(2);
    let worker = scene.work();
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene.buy(2);
    assert_eq!(scene.market.next(), order_line(2));
    scene.await_records(5);
    scene
        .await_measure("tenure_orders_learned_total{listing=\"cad-pro\"} 1")
        .await;
    scene
        .await_measure(r#"tenure_orders_failures_total{listing="cad-pro",kind="unknown_order"} 1"#)
        .await;

    scene.tell(1);
    scene.journal.pass(60);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_records(6);
    assert_eq!(
        scene.verdicts(),
        [
            seen(Verdict::Refused, "unknown_order"),
            seen(Verdict::Applied, ""),
            seen(Verdict::Applied, ""),
        ]
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_waited_out() {
    let scene = Scene::new();
    scene.market.says(&order_line(1), 503, "<html>");
    let worker = scene.work();
    scene.buy(1);
    for (kind, next) in [
        ("unavailable", (429, "")),
        ("throttled", (406, r#"{"error_code":"CBC.0250"}"#)),
        ("throttled", (200, "<html>")),
    ] {
        assert_eq!(scene.market.next(), order_line(1));
        let labels = format!("{{listing=\"cad-pro\",kind=\"{kind}\"}}");
        let count = if next.0 == 200 { 2 } else { 1 };
        scene
            .await_measure(&format!("tenure_orders_failures_total{labels} {count}"))
            .await;
        scene.market.says(&order_line(1), next.0, next.1);
        // No rest is longer.
        scene.journal.pass(300);
    }
    assert_eq!(scene.market.next(), order_line(1));
    scene
        .await_measure(r#"tenure_orders_failures_total{listing="cad-pro",kind="unreadable"} 1"#)
        .await;
    scene.tell(1);
    scene.journal.pass(300);
    scene.await_records(3);
    assert!(scene.alarmed().is_empty());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketplace_that_cannot_be_reached_is_waited_for_by_its_listing_only() {
    let scene = Scene::new();
    scene.tell(2);
    let absent = format!("http://{}", Marketplace::absent());
    let worker = scene.work_at(&absent, &format!("http://{}", scene.market.address));
    scene.buy(1);
    scene.buy_through(&other_listing(), 2);
    assert_eq!(scene.market.next(), order_line(2));
    scene
        .await_measure(
            r#"tenure_orders_failures_total{listing="cad-pro",kind="marketplace_unreachable"} 1"#,
        )
        .await;
    scene.await_records(5);
    assert_eq!(scene.verdicts(), [seen(Verdict::Applied, "")]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_denied_access_raises_an_alarm_and_tries_again_after_an_hour() {
    let scene = Scene::new();
    let denied = r#"{"error_code":"APIGW.0301"}"#;
    scene.market.says(&order_line(1), 401, denied);
    scene.tell(2);
    let worker = scene.work();
    scene
        .await_measure("tenure_orders_stopped{listing=\"cad-pro\"} 0")
        .await;
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene
        .await_measure("tenure_orders_stopped{listing=\"cad-pro\"} 1")
        .await;
    assert_eq!(scene.alarmed(), [(tenure_testkit::listing(), "denied")]);

    // The other listing goes on, and this one does not.
    scene.journal.pass(3_000);
    scene.buy_through(&other_listing(), 2);
    assert_eq!(scene.market.next(), order_line(2));
    scene.await_records(5);
    assert!(!scene.market.was_asked_more());

    scene.tell(1);
    scene.journal.pass(600);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_records(6);
    scene
        .await_measure("tenure_orders_stopped{listing=\"cad-pro\"} 0")
        .await;
    assert!(scene.alarmed().is_empty());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_starts_again_knows_what_is_left_to_be_asked() {
    let scene = Scene::new();
    scene.tell(1);
    let worker = scene.work();
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_records(3);
    worker.stop().await;

    scene.tell(2);
    scene.buy(2);
    let worker = scene.work();
    // The first order is older, so it would have been asked about before.
    assert_eq!(scene.market.next(), order_line(2));
    scene.await_records(6);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_twice_is_recorded_once() {
    let scene = Scene::new();
    scene.tell(1);
    let worker = scene.work();
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene
        .await_measure("tenure_orders_learned_total{listing=\"cad-pro\"} 1")
        .await;

    scene.forgets.store(true, Ordering::SeqCst);
    scene.journal.pass(60);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_answers(2).await;
    assert_eq!(
        scene.verdicts(),
        [
            seen(Verdict::Applied, ""),
            seen(Verdict::AlreadyApplied, ""),
        ]
    );
    scene.await_records(3);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_the_marketplace() {
    let scene = Scene::new();
    let silent = Marketplace::saying(vec![Says::Nothing]);
    let endpoint = format!("http://{}", silent.address);
    let worker = scene.work_at(&endpoint, &endpoint);
    scene.buy(1);
    let asked = async {
        while silent.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(1), worker.stop()).await;
    assert!(stopped.is_ok(), "it waits");
}
