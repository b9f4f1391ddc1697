//! A service on this machine: journal, writer, projector and API, with a clock that stands still.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use actix_web::{App, HttpServer};
use prometheus_client::registry::Registry;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tenure_api::{Api, Parts, Tokens};
use tenure_domain::{Family, Instant, Intent, LicenseId, ListingId, MerchantId, order};
use tenure_journal::record_ids::Entropy;
use tenure_journal::transact::{Arrived, Call, Done, Request};
use tenure_journal::vault::{MasterKey, Vault};
use tenure_journal::{
    Actor, Clock, Log, ManualClock, Position, Queue, ReadLog, SqliteLog, SqliteReader, Unavailable,
    Verdict, Watch, queue,
};
use tenure_outbound::{Activator, Alarms};
use tenure_projector::{Progress, Projector};

use crate::full_disk::FullDisk;

/// A service, and what stands behind it. Fields are dropped in this order: those that write
/// before the folder they write to.
pub(crate) struct Scene {
    pub(crate) address: String,
    pub(crate) api: Arc<Api>,
    pub(crate) queue: Queue,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) vault: Vault,
    http: reqwest::Client,
    _projector: Projector,
    _folder: TempDir,
}

/// What came back.
#[derive(Debug)]
#[must_use]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

pub(crate) type MakeActivator = Box<dyn FnOnce(Queue, Arc<ManualClock>) -> Activator>;

/// What a scene is made of, where it differs.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) tokens: Vec<&'static str>,
    pub(crate) activator: Option<MakeActivator>,
    /// Whether the journal's disk is full.
    pub(crate) full_disk: bool,
    /// Listings of `acme` beside `cad-pro`.
    pub(crate) more_listings: Vec<&'static str>,
    /// Listings that may not ask about orders.
    pub(crate) alarms: Alarms,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(Plan::default())
    }

    pub(crate) fn of(plan: Plan) -> Self {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.db");
        let read_model = folder.path().join("read.db");
        let clock = Arc::new(ManualClock::at(Instant::from_seconds(1_000)));
        let watch = Arc::new(Watch::default());
        let queue = if plan.full_disk {
            drop(SqliteLog::open(&journal).unwrap());
            write(|| Ok(FullDisk::default()), &clock, &watch)
        } else {
            let path = journal.clone();
            write(move || Ok(SqliteLog::open(&path)?), &clock, &watch)
        };
        let projector = Projector::start(
            read_model.clone(),
            Box::new(reader(journal.clone())),
            Arc::clone(&watch),
            Arc::clone(&clock) as _,
        )
        .unwrap();
        let progress = projector.progress();
        let mut listings = BTreeMap::from([
            (tenure_testkit::listing(), merchant("acme")),
            (listing("other-pro"), merchant("other")),
        ]);
        for more in plan.more_listings {
            listings.insert(listing(more), merchant("acme"));
        }
        let master = MasterKey::parse(&"a5".repeat(32)).unwrap();
        let vault = Vault::in_memory(master, Arc::clone(&clock) as _).unwrap();
        let parts = Parts {
            listings,
            open_reader: Box::new(reader(journal)),
            read_model,
            vault: vault.clone(),
            progress: Arc::clone(&progress),
            watch,
            queue: queue.clone(),
            activator: plan
                .activator
                .map(|make| make(queue.clone(), Arc::clone(&clock))),
            alarms: plan.alarms,
            tokens: Tokens::new(plan.tokens.into_iter().map(SecretString::from).collect()),
            clock: Arc::clone(&clock) as _,
            registry: Arc::new(Mutex::new(Registry::default())),
            extensions: Vec::new(),
        };
        let api = Arc::new(Api::new(parts).unwrap());
        Self {
            address: serve(Arc::clone(&api)),
            api,
            queue,
            clock,
            progress,
            vault,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _projector: projector,
            _folder: folder,
        }
    }

    /// Moves the clock to so many seconds after the epoch.
    pub(crate) fn at(&self, seconds: i64) -> &Self {
        self.clock.set(Instant::from_seconds(seconds));
        self
    }

    /// Has a change of a license recorded, as if the marketplace had called.
    pub(crate) fn apply(
        &self,
        merchant_id: &str,
        id: &str,
        family: Family,
        intent: Intent,
    ) -> Done {
        let now = self.clock.now();
        self.record(Request::License {
            merchant: merchant(merchant_id),
            id: license(id),
            command: tenure_testkit::command(family, now, intent),
        })
    }

    /// Has a call recorded.
    pub(crate) fn record(&self, request: Request) -> Done {
        self.submit(request).unwrap()
    }

    /// Has a call recorded that asks for nothing, if that can be done.
    pub(crate) fn try_to_record(&self) -> Result<Done, Unavailable> {
        self.submit(Request::Noted {
            verdict: Verdict::Answered,
            reason: None,
        })
    }

    fn submit(&self, request: Request) -> Result<Done, Unavailable> {
        let now = self.clock.now();
        let call = Call {
            arrived: Arrived {
                listing: "cad-pro".into(),
                at: now,
                method: "POST".into(),
                parameters: "signature=c2ln&timestamp=1&nonce=n".into(),
                sealed_with: None,
                body: br#"{"activity":"test"}"#.as_slice().into(),
                activity: Some("refreshLicenseCode".into()),
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer: Box::new(|_decided| br#"{"resultCode":"000000"}"#.to_vec()),
        };
        self.queue.submit_and_wait(call, now.plus_seconds(5))
    }

    /// Has an order announced.
    pub(crate) fn announce_order(&self, number: u32) -> Done {
        let line = tenure_testkit::order_line(number);
        self.record(Request::Order {
            merchant: merchant("acme"),
            order: line.clone(),
            command: order::Command::Notify {
                listing: tenure_testkit::listing(),
                order: line,
            },
        })
    }

    /// Waits until the read model knows a position, and the receipts committed with it.
    pub(crate) fn fold(&self, head: Position) {
        assert!(self.progress.wait_for(head, Duration::from_secs(5)));
    }

    pub(crate) async fn ask(&self, target: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, target)).await
    }

    pub(crate) async fn post(&self, target: &str) -> Answer {
        self.send(self.request(reqwest::Method::POST, target)).await
    }

    pub(crate) fn request(&self, method: reqwest::Method, target: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("http://{}{target}", self.address))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// Status and code of a problem.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        let (status, code, _detail) = self.problem_with_detail();
        (status, code)
    }

    /// Status, code and detail of a problem.
    #[track_caller]
    pub(crate) fn problem_with_detail(&self) -> (u16, String, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        let text = |name: &str| problem[name].as_str().unwrap().to_owned();
        assert_eq!(problem["status"], self.status);
        assert_eq!(text("type"), format!("urn:tenure:problem:{}", text("code")));
        (self.status, text("code"), text("detail"))
    }
}

/// Compares an answer with the one that is kept under this name. Ids and times are the same in
/// every run: the clock stands still, and ids come from a seed.
#[track_caller]
pub(crate) fn check_shape(name: &str, answer: &Value) {
    insta::with_settings!({ sort_maps => true, prepend_module_to_snapshot => false }, {
        insta::assert_json_snapshot!(name, answer);
    });
}

fn write<L: Log + 'static>(
    open: impl FnMut() -> Result<L, Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    clock: &Arc<ManualClock>,
    watch: &Arc<Watch>,
) -> Queue {
    let (clock, watch) = (Arc::clone(clock) as _, Arc::clone(watch));
    let seeded = Entropy::Seeded(1);
    let (queue, _writer) = queue::start(Box::new(open), clock, seeded, watch, 64).unwrap();
    queue
}

fn reader(
    path: PathBuf,
) -> impl Fn() -> Result<Box<dyn ReadLog>, Box<dyn std::error::Error + Send + Sync>> {
    move || Ok(Box::new(SqliteReader::open(&path)?) as Box<dyn ReadLog>)
}

fn serve(api: Arc<Api>) -> String {
    let server = HttpServer::new(move || {
        let api = Arc::clone(&api);
        App::new().configure(|config| tenure_api::configure(config, api))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0].to_string();
    actix_web::rt::spawn(server.run());
    address
}

pub(crate) fn merchant(id: &str) -> MerchantId {
    MerchantId::parse(id).unwrap()
}

pub(crate) fn listing(id: &str) -> ListingId {
    ListingId::parse(id).unwrap()
}

pub(crate) fn license(id: &str) -> LicenseId {
    LicenseId::parse(id).unwrap()
}

fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
}
