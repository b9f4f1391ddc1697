//! The service is killed under load, again and again.
//!
//! Every client repeats a call until it is acknowledged, as the marketplace does, and knows what
//! records that must have left. After each kill the journal is compared with what the clients
//! know: an acknowledged call is there exactly once; one that was under way is there whole, or not
//! at all.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::SecretString;
use serde_json::Value;
use tenure_sandbox::body::{Body, OrderLine, refresh_license_code, update_license_code_status};
use tenure_sandbox::clock::real_now;
use tenure_sandbox::random::Random;
use tenure_sandbox::signer::{NonceStyle, Stamp, Style, sign};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::service::{LICENSE_KEY, Service, day, send};

const ROUNDS: u64 = 200;
const CLIENTS: u64 = 6;

/// The most answers of a round, after which the service is killed.
const ANSWERS_MAX: u64 = 60;

#[tokio::test]
async fn no_acknowledged_call_is_lost_in_200_rounds() {
    let seed = seed();
    println!("TENURE_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    let mut service = Service::start();
    let address = service.address("cad-pro");
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|number| Client::new(number, &address, random.number()))
        .collect();
    let mut position = 0;
    for round in 0..ROUNDS {
        let answers = 1 + random.number() % ANSWERS_MAX;
        clients = load_and_kill(&mut service, clients, answers).await;
        service.run();
        position = compare(&service, &mut clients, position, round).await;
    }
    for client in &mut clients {
        while client.call.is_some() {
            client.try_once().await.unwrap();
        }
    }
    compare(&service, &mut clients, position, ROUNDS).await;
    compare_receipts(&service, &clients).await;
}

/// What names the run; another one each time, unless one is asked for. When the kill comes is
/// chosen by it, and what the calls are; what they meet is up to the machine.
fn seed() -> u64 {
    match std::env::var_os("TENURE_TEST_SEED") {
        Some(seed) => seed.to_string_lossy().parse().unwrap(),
        None => real_now().timestamp_micros().unsigned_abs(),
    }
}

/// Lets all clients call until there were so many answers, and kills the service.
async fn load_and_kill(service: &mut Service, clients: Vec<Client>, answers: u64) -> Vec<Client> {
    let countdown = Arc::new(Countdown {
        left: AtomicU64::new(answers),
        over: Notify::new(),
    });
    let mut loading = JoinSet::new();
    for client in clients {
        loading.spawn(client.load(Arc::clone(&countdown)));
    }
    countdown.over.notified().await;
    service.kill();
    let mut clients = loading.join_all().await;
    clients.sort_by_key(|client| client.number);
    clients
}

struct Countdown {
    left: AtomicU64,
    over: Notify,
}

impl Countdown {
    fn count(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.over.notify_one();
        }
    }
}

/// A record as far as a client can know it: license, event and order.
type Known = (String, &'static str, Option<String>);

/// A call that is repeated until it is acknowledged.
struct Call {
    body: Body,
    leaves: Vec<Known>,
    /// Whether its records were seen, although it was not acknowledged.
    seen: bool,
}

/// One that makes calls about licenses of its own, one after the other.
struct Client {
    number: u64,
    address: String,
    http: reqwest::Client,
    random: Random,
    serial: u64,
    code: String,
    frozen: bool,
    call: Option<Call>,
    /// Acknowledged since the last comparison.
    acknowledged: Vec<Call>,
    acknowledged_count: u64,
    attempts: u64,
}

impl Client {
    fn new(number: u64, address: &str, seed: u64) -> Self {
        Self {
            number,
            address: address.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            random: Random::new(seed),
            serial: 0,
            code: String::new(),
            frozen: false,
            call: None,
            acknowledged: Vec::new(),
            acknowledged_count: 0,
            attempts: 0,
        }
    }

    /// Calls until the service is gone.
    async fn load(mut self, countdown: Arc<Countdown>) -> Self {
        while let Ok(acknowledged) = self.try_once().await {
            if acknowledged {
                countdown.count();
            }
        }
        self
    }

    /// Makes the present call, or the next one; says whether it was acknowledged.
    async fn try_once(&mut self) -> reqwest::Result<bool> {
        let call = self.call.take().unwrap_or_else(|| self.next_call());
        let now_ms = real_now().timestamp_millis();
        let stamp = Stamp::fresh(now_ms, NonceStyle::Short, &mut self.random);
        let key = SecretString::from(LICENSE_KEY);
        let signed = sign(&self.address, &key, &call.body, &Style::default(), &stamp);
        self.attempts += 1;
        let answer = send(&self.http, &signed).await;
        let acknowledged = answer.as_ref().is_ok_and(|answer| answer.code == "000000");
        if acknowledged {
            self.acknowledged_count += 1;
            self.acknowledged.push(call);
        } else {
            self.call = Some(call);
        }
        answer.map(|_| acknowledged)
    }

    /// A renewal of a new code (two records), a renewal, or a change of its status.
    fn next_call(&mut self) -> Call {
        self.serial += 1;
        let choice = self.random.number() % 8;
        if self.code.is_empty() || choice == 0 {
            self.code = format!("KILL-{}-{}", self.number, self.serial);
            self.frozen = false;
            return self.renewal(true);
        }
        if choice < 5 {
            return self.renewal(false);
        }
        self.frozen = !self.frozen;
        let (status, event) = if self.frozen {
            ("FREEZE", "suspended")
        } else {
            ("UNFREEZE", "reinstated")
        };
        Call {
            body: update_license_code_status(&self.code, status),
            leaves: vec![(self.code.clone(), event, None)],
            seen: false,
        }
    }

    fn renewal(&self, of_new_code: bool) -> Call {
        let order = OrderLine::first_of(format!("CS-{}-{}", self.number, self.serial));
        let issued = of_new_code.then(|| (self.code.clone(), "issued", None));
        let renewed = (self.code.clone(), "renewed", Some(order.order.clone()));
        Call {
            body: refresh_license_code("RENEWAL", &self.code, &order, None, day("2036-01-02")),
            leaves: issued.into_iter().chain([renewed]).collect(),
            seen: false,
        }
    }
}

/// Compares the records after a position with what the clients know, and returns the last
/// position.
async fn compare(service: &Service, clients: &mut [Client], position: u64, round: u64) -> u64 {
    let records = service.records_after(position).await;
    let head = position + records.len() as u64;
    let mut found: BTreeMap<String, VecDeque<Value>> = BTreeMap::new();
    for record in records {
        let license = record["license_id"].as_str().unwrap().to_owned();
        found.entry(license).or_default().push_back(record);
    }
    for client in clients {
        for call in std::mem::take(&mut client.acknowledged) {
            if !call.seen {
                take_all(&mut found, &call, round);
            }
        }
        if let Some(call) = &mut client.call
            && !call.seen
            && found
                .get(&call.leaves[0].0)
                .is_some_and(|it| !it.is_empty())
        {
            take_all(&mut found, call, round);
            call.seen = true;
        }
    }
    let left: Vec<_> = found.values().flatten().collect();
    assert!(left.is_empty(), "round {round}: nobody knows of {left:?}");
    head
}

/// Takes out what a call must have left, all of it and from one receipt.
fn take_all(found: &mut BTreeMap<String, VecDeque<Value>>, call: &Call, round: u64) {
    let mut receipts = Vec::new();
    for (license, event, order) in &call.leaves {
        let record = found.get_mut(license).and_then(VecDeque::pop_front);
        let record =
            record.unwrap_or_else(|| panic!("round {round}: {event} of {license} is lost"));
        assert_eq!(record["event"], *event, "round {round}: {record}");
        assert_eq!(record["data"]["order_id"].as_str(), order.as_deref());
        receipts.push(record["receipt_id"].clone());
    }
    receipts.dedup();
    assert_eq!(receipts.len(), 1, "round {round}: {receipts:?}");
}

/// Every acknowledged call has a receipt, and no receipt is one of a call that was never made.
async fn compare_receipts(service: &Service, clients: &[Client]) {
    let verdicts = service.verdicts();
    let count = |verdict| verdicts.iter().filter(|it| *it == verdict).count() as u64;
    let (applied, again) = (count("applied"), count("already_applied"));
    assert_eq!(applied + again, verdicts.len() as u64);
    let acknowledged: u64 = clients.iter().map(|client| client.acknowledged_count).sum();
    let attempts: u64 = clients.iter().map(|client| client.attempts).sum();
    // Every call was acknowledged in the end, and applied once.
    assert_eq!(applied, acknowledged);
    assert!(applied + again <= attempts);
    assert!(again > 0, "no kill came between a commit and its answer");
    for client in clients {
        let license = service.license(&client.code).await;
        let status = if client.frozen { "suspended" } else { "issued" };
        assert_eq!(license["status"], status);
    }
}
