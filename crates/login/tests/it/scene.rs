//! A service on this machine: journal, vault, sessions and logins, with a clock that stands still.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};

use actix_web::{App, HttpServer, web};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenure_domain::tenant::{self, Account, Binding, Client, Leave, Partition, Role, TenantKey};
use tenure_domain::{
    ApplicationId, DepartmentCode, Family, Instant, Intent, LicenseId, ListingId, MerchantId,
    TenantId,
};
use tenure_journal::record_ids::Entropy;
use tenure_journal::transact::{Arrived, Call, Request};
use tenure_journal::vault::{MasterKey, Owner, Vault};
use tenure_journal::{
    Actor, Clock, ManualClock, Queue, SqliteLog, SqliteReader, StreamId, Watch, queue,
};
use tenure_koogallery::kit::{Profile, contexts};
use tenure_login::{FindStreams, Login, Metrics, Parts, Settings, Store, backend, browser};

use crate::centre::Centre;

/// When the clock of a scene stands: 2026-01-01.
pub(crate) const START: i64 = 1_767_225_600;

pub(crate) const TENANT: &str = "t-0001";
pub(crate) const USER: &str = "zhangsan01";
pub(crate) const SECRET: &str = "s3cret/+=&";

/// A service, and what stands behind it.
pub(crate) struct Scene {
    pub(crate) centre: Centre,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
    pub(crate) login: Arc<Login>,
    address: String,
    http: reqwest::Client,
    queue: Queue,
    vault: Vault,
    streams: Arc<Mutex<Vec<StreamId>>>,
    index_is_late: Arc<AtomicBool>,
    /// Of what is told from now on.
    pub(crate) partition: Mutex<Partition>,
    registry: Registry,
}

/// What came back.
#[derive(Debug)]
#[must_use]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Scene {
    /// A service whose centre knows one user; nothing is bound.
    pub(crate) fn empty() -> Self {
        Self::with_settings(|settings| settings)
    }

    /// The same, with an enterprise that is bound, has a client, and granted the user access.
    pub(crate) fn bound() -> Self {
        let scene = Self::empty();
        scene.bind_all();
        scene
    }

    pub(crate) fn bind_all(&self) {
        self.bind(TENANT, None, &self.centre.origin);
        self.set_client(TENANT, None, "client-1");
        self.grant(TENANT, None, USER, Role::User, true);
    }

    pub(crate) fn with_settings(change: impl Fn(Settings) -> Settings) -> Self {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Instant::from_seconds(START)));
        let journal = folder.path().join("journal.db");
        let path = journal.clone();
        let watch = Arc::new(Watch::default());
        let (queue, _writer) = queue::start(
            Box::new(move || Ok(SqliteLog::open(&path)?)),
            Arc::clone(&clock) as _,
            Entropy::Seeded(1),
            watch,
            64,
        )
        .unwrap();
        let master = MasterKey::generate().unwrap();
        let vault = Vault::open(
            &folder.path().join("vault.db"),
            master,
            Arc::clone(&clock) as _,
        )
        .unwrap();
        let centre = Centre::start(USER, TENANT);
        let settings = Settings::new(
            "app-1",
            "https://lic.example.com",
            "https://app.example.com/in?from=desk",
            "https://app.example.com/bye",
        )
        .unwrap();
        let settings = settings.trusting(std::slice::from_ref(&centre.origin));
        let settings = change(settings.unwrap());
        let streams = Arc::new(Mutex::new(Vec::new()));
        let index_is_late = Arc::new(AtomicBool::new(false));
        let find_streams = find_streams(&streams, &index_is_late);
        let mut registry = Registry::default();
        let login = Arc::new(
            Login::new(Parts {
                settings: BTreeMap::from([
                    (listing("cad-pro"), settings.clone()),
                    (listing("other-pro"), settings),
                ]),
                open_reader: Box::new(move || Ok(Box::new(SqliteReader::open(&journal)?))),
                find_streams,
                vault: vault.clone(),
                store: Store::open(&folder.path().join("login.db")).unwrap(),
                clock: Arc::clone(&clock) as _,
                metrics: Metrics::register(&mut registry),
            })
            .unwrap(),
        );
        Self {
            address: serve(Arc::clone(&login)),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            centre,
            clock,
            folder,
            login,
            queue,
            vault,
            streams,
            index_is_late,
            partition: Mutex::new(Partition::Real),
            registry,
        }
    }

    /// Moves the clock to so many seconds after the start.
    pub(crate) fn after(&self, seconds: i64) {
        self.clock.set(Instant::from_seconds(START + seconds));
    }

    pub(crate) fn bind(&self, tenant: &str, instance: Option<&str>, domain: &str) {
        let name = self
            .key(tenant)
            .seal(contexts::TENANT_NAME, "示例企业".as_bytes());
        let binding = Binding {
            order: None,
            code: "demo".into(),
            domain: domain.into(),
            name: name.unwrap(),
        };
        self.tell(tenant, instance, tenant::Command::Bind(binding));
    }

    pub(crate) fn set_client(&self, tenant: &str, instance: Option<&str>, id: &str) {
        self.set_client_with(tenant, instance, id, SECRET);
    }

    /// The same client with another secret.
    pub(crate) fn set_client_secret(&self, secret: &str) {
        self.set_client_with(TENANT, None, "client-1", secret);
    }

    fn set_client_with(&self, tenant: &str, instance: Option<&str>, id: &str, secret: &str) {
        let key = self.key(tenant);
        let secret = key.seal(contexts::CLIENT_SECRET, secret.as_bytes());
        let client = Client {
            id: id.into(),
            secret: secret.unwrap(),
        };
        let application = application();
        let command = tenant::Command::SetClient {
            application,
            client,
        };
        self.tell(tenant, instance, command);
    }

    pub(crate) fn grant(
        &self,
        tenant: &str,
        instance: Option<&str>,
        user: &str,
        role: Role,
        enabled: bool,
    ) {
        let key = self.key(tenant);
        let profile = json!({ "user_name": user, "name": "张三" }).to_string();
        let profile = Profile::from_json(profile.as_bytes()).unwrap().to_json();
        let account = Account {
            role,
            enabled,
            department: DepartmentCode::parse("10000").unwrap(),
            profile: key.seal(contexts::PROFILE, &profile).unwrap(),
        };
        let command = tenant::Command::Grant {
            application: application(),
            members: vec![(key.digest(contexts::MEMBER, user.as_bytes()), account)],
        };
        self.tell(tenant, instance, command);
    }

    pub(crate) fn withdraw(&self, user: &str) {
        let member = self.key(TENANT).digest(contexts::MEMBER, user.as_bytes());
        let command = tenant::Command::Withdraw {
            application: application(),
            members: vec![member],
            leave: Leave::Application,
        };
        self.tell(TENANT, None, command);
    }

    /// Has something about an enterprise recorded, as if the marketplace had called.
    pub(crate) fn tell(&self, tenant: &str, instance: Option<&str>, command: tenant::Command) {
        let key = TenantKey {
            listing: listing("cad-pro"),
            partition: *self.partition.lock().unwrap(),
            instance: instance.map(|it| LicenseId::parse(it).unwrap()),
            tenant: TenantId::parse(tenant).unwrap(),
        };
        let stream = StreamId::tenant(&merchant(), &key);
        let mut streams = self.streams.lock().unwrap();
        if !streams.contains(&stream) {
            streams.push(stream);
        }
        drop(streams);
        let merchant = merchant();
        self.record(Request::Tenant {
            merchant,
            key,
            command,
        });
    }

    /// Has a change of an instance recorded.
    pub(crate) fn change(&self, instance: &str, intent: Intent) {
        self.record(Request::License {
            merchant: merchant(),
            id: LicenseId::parse(instance).unwrap(),
            command: tenure_testkit::command(Family::LicenseCode, self.clock.now(), intent),
        });
    }

    fn record(&self, request: Request) {
        let now = self.clock.now();
        let call = Call {
            arrived: Arrived {
                listing: "cad-pro".into(),
                at: now,
                method: "POST".into(),
                parameters: "".into(),
                body: b"{}".as_slice().into(),
                sealed_with: None,
                activity: Some("test".into()),
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer: Box::new(|_decided| Vec::new()),
        };
        let done = self.queue.submit_and_wait(call, now.plus_seconds(5));
        assert!(done.unwrap().records > 0, "what a test tells is news");
    }

    /// The vault opens and seals nothing from now on.
    pub(crate) fn vault_goes(&self) {
        self.change_vault("ALTER TABLE wrapped_keys RENAME TO away");
    }

    pub(crate) fn vault_returns(&self) {
        self.change_vault("ALTER TABLE away RENAME TO wrapped_keys");
    }

    fn change_vault(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.folder.path().join("vault.db"));
        file.unwrap().execute_batch(sql).unwrap();
    }

    /// Whether an enterprise is bound is not known from now on.
    pub(crate) fn index_falls_behind(&self) {
        self.index_is_late.store(true, Ordering::Relaxed);
    }

    pub(crate) fn index_catches_up(&self) {
        self.index_is_late.store(false, Ordering::Relaxed);
    }

    /// Destroys the keys of an enterprise.
    pub(crate) fn erase(&self, tenant: &str) {
        let tenant = TenantId::parse(tenant).unwrap();
        let destroyed = self.vault.destroy(&Owner::tenant(&merchant(), &tenant));
        assert_eq!(destroyed.unwrap(), 1);
    }

    fn key(&self, tenant: &str) -> tenure_journal::vault::DataKey {
        let tenant = TenantId::parse(tenant).unwrap();
        self.vault
            .key(&Owner::tenant(&merchant(), &tenant))
            .unwrap()
    }

    /// A browser comes to an address of `cad-pro`'s login.
    pub(crate) async fn browse(&self, rest: &str) -> Answer {
        self.browse_with(rest, "").await
    }

    pub(crate) async fn browse_with(&self, rest: &str, cookie: &str) -> Answer {
        let address = format!("http://{}/koogallery/cad-pro/login{rest}", self.address);
        let mut request = self.http.get(address);
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// The merchant's back end sends something.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let address = format!("http://{}/v1/login/{path}", self.address);
        let request = self.http.post(address).body(body.to_string());
        Answer::of(request.send().await.unwrap()).await
    }

    /// Logs the user in with a code, and returns the ticket.
    pub(crate) async fn ticket(&self, code: &str) -> String {
        let answer = self
            .browse(&format!("/callback?code={code}&tenant={TENANT}"))
            .await;
        answer.ticket()
    }

    /// Logs the user in with a code, and returns the session's id.
    pub(crate) async fn session(&self, code: &str) -> String {
        let ticket = self.ticket(code).await;
        let answer = self.exchange(&ticket).await.json();
        answer["session"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn exchange(&self, ticket: &str) -> Answer {
        let body = json!({ "listing": "cad-pro", "ticket": ticket });
        self.post("exchange", &body).await
    }

    pub(crate) async fn check(&self, session: &str) -> Value {
        let body = json!({ "listing": "cad-pro", "session": session });
        self.post("sessions/check", &body).await.json()
    }

    /// What is counted, as it is shown.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        assert_eq!(self.header("cache-control"), "no-store");
        serde_json::from_str(&self.text).unwrap()
    }

    /// Status and code of a problem.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }

    /// The ticket that a browser is sent on with.
    #[track_caller]
    pub(crate) fn ticket(&self) -> String {
        assert_eq!(self.status, 302, "{}", self.text);
        let start = "https://app.example.com/in?from=desk&ticket=";
        let ticket = self.header("location").strip_prefix(start).unwrap();
        ticket.to_owned()
    }

    /// Status and code of a page.
    #[track_caller]
    pub(crate) fn page(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        self.assert_guarded();
        let (_, code) = self.text.split_once("<code>").unwrap();
        (self.status, code.split_once("</code>").unwrap().0)
    }

    /// What every answer to a browser has.
    #[track_caller]
    pub(crate) fn assert_guarded(&self) {
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("referrer-policy"), "no-referrer");
        let policy = self.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors"), "{policy}");
    }
}

fn find_streams(streams: &Arc<Mutex<Vec<StreamId>>>, is_late: &Arc<AtomicBool>) -> FindStreams {
    let (streams, is_late) = (Arc::clone(streams), Arc::clone(is_late));
    Box::new(move |_, _| {
        if is_late.load(Ordering::Relaxed) {
            return Err("the index is behind the journal".into());
        }
        Ok(streams.lock().unwrap().clone())
    })
}

fn serve(login: Arc<Login>) -> String {
    let server = HttpServer::new(move || {
        let login = Arc::clone(&login);
        App::new()
            .configure(|config| browser::configure(config, Arc::clone(&login)))
            .service(web::scope("/v1").configure(|config| {
                (backend::extension(login).configure)(config);
            }))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0].to_string();
    actix_web::rt::spawn(server.run());
    address
}

pub(crate) fn application() -> ApplicationId {
    ApplicationId::parse("app-1").unwrap()
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::parse("acme").unwrap()
}

pub(crate) fn listing(id: &str) -> ListingId {
    ListingId::parse(id).unwrap()
}

fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
}
