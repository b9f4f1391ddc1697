//! The service as a whole: everything started in order, and stopped in the opposite one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use anyhow::Context;
use prometheus_client::registry::Registry;
use tenure_api::{Api, Extension, Parts, Tokens};
use tenure_domain::{ListingId, MerchantId};
use tenure_ingress::{Ingress, Listings, Metrics};
use tenure_journal::record_ids::Entropy;
use tenure_journal::{
    Clock, OpenError, Queue, ReadLog, SqliteLog, SqliteReader, SystemClock, Watch, queue,
};
use tenure_koogallery::Credentials;
use tenure_login::{Login, backend, browser};
use tenure_outbound::{Account, Activator, Alarms, Client, ClientSettings, Worker};
use tenure_projector::Projector;

use crate::config::{Activation, Config, ListingConfig};
use crate::provisioning::Shows;
use crate::workers::Surroundings;

/// How long calls that are under way may take when the service stops, in seconds.
const SHUTDOWN_SECONDS: u64 = 6;

/// The most connections of one listener: bounds memory, whoever knocks.
const CONNECTIONS_MAX: usize = 4_096;

/// A running service.
pub(crate) struct Service {
    /// Where callbacks are answered.
    pub callbacks: SocketAddr,
    /// Where questions are answered.
    pub api: SocketAddr,
    servers: Vec<ServerHandle>,
    questions: Arc<Api>,
    login: Option<Arc<Login>>,
    workers: Vec<Worker>,
    projector: Projector,
    writer: queue::Writer,
}

impl Service {
    /// Starts the service. Must run inside an actix system.
    pub(crate) fn start(config: &Config) -> anyhow::Result<Self> {
        // Before anything is made that a start which fails would leave behind.
        look_over(config)?;
        let path = config.journal_path()?;
        let (clock, watch): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Arc::<Watch>::default());
        let (queue, writer) = start_writer(config, &path, &clock, &watch)?;
        let vault = config.open_vault(Arc::clone(&clock))?;
        let projector = start_projector(config, &path, &watch, &clock)?;
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let listings = listings(config)?;
        let (accounts, alarms) = (accounts(config, &clock)?, Alarms::default());
        let webhooks = crate::provisioning::webhooks(config, &clock)?;
        let shows = Shows::new(&path, Arc::clone(&clock));
        let around = Surroundings {
            config,
            journal: path.clone(),
            webhooks: webhooks.clone(),
            shows: Arc::clone(&shows),
            accounts: accounts.clone(),
            vault: vault.clone(),
            progress: projector.progress(),
            queue: queue.clone(),
            watch: Arc::clone(&watch),
            clock: Arc::clone(&clock),
            alarms: alarms.clone(),
            registry: &mut registry,
        };
        let find_usage = around.find_usage();
        let workers = crate::workers::start(around)?;
        let login = crate::login::start(crate::login::Surroundings {
            config,
            progress: projector.progress(),
            watch: Arc::clone(&watch),
            open_reader: readers(&path),
            vault: vault.clone(),
            clock: Arc::clone(&clock),
            registry: &mut registry,
        })?;
        let activator = Activator::new(accounts, queue.clone(), Arc::clone(&clock))
            .counting(tenure_outbound::activator::metrics(&mut registry));
        let questions = Arc::new(Api::new(Parts {
            listings: merchants(&listings),
            open_reader: readers(&path),
            read_model: config.projector.path.clone(),
            vault: vault.clone(),
            progress: projector.progress(),
            watch,
            queue: queue.clone(),
            activator: Some(activator.by_v2(by_v2(config)?)),
            alarms,
            tokens: Tokens::new(config.tokens()?),
            clock: Arc::clone(&clock),
            registry: Arc::new(Mutex::new(registry)),
            extensions: extensions(login.as_ref()),
        })?);
        let ingress = Ingress::new(listings, queue, open_reader(&path)?, vault, clock, metrics)?
            .asking(crate::provisioning::ask_change(webhooks, shows))
            .finding_usage(find_usage);
        let mut service = Self {
            callbacks: config.http.callbacks,
            api: config.http.api,
            servers: Vec::new(),
            questions,
            login,
            workers,
            projector,
            writer,
        };
        service.listen(config, Arc::new(ingress))?;
        Ok(service)
    }

    fn listen(&mut self, config: &Config, ingress: Arc<Ingress>) -> anyhow::Result<()> {
        let workers = config.http.workers;
        let (callbacks, address) = bind(config.http.callbacks)?;
        self.callbacks = address;
        let (questions, login) = (Arc::clone(&self.questions), self.login.clone());
        if config.http.api == config.http.callbacks && config.http.api.port() != 0 {
            self.api = address;
            self.servers.push(serve(callbacks, workers, move |app| {
                tenure_ingress::routes::configure(app, Arc::clone(&ingress));
                configure_login(app, login.as_ref());
                tenure_api::configure(app, Arc::clone(&questions));
            })?);
            return Ok(());
        }
        let (api, address) = bind(config.http.api)?;
        self.api = address;
        self.servers.push(serve(callbacks, workers, move |app| {
            tenure_ingress::routes::configure(app, Arc::clone(&ingress));
            configure_login(app, login.as_ref());
        })?);
        self.servers.push(serve(api, workers, move |app| {
            tenure_api::configure(app, Arc::clone(&questions));
        })?);
        Ok(())
    }

    /// Answers what was accepted, writes what is in line, and stops.
    pub(crate) async fn stop(self) {
        self.questions.stop();
        futures_util::future::join_all(self.workers.into_iter().map(Worker::stop)).await;
        for server in self.servers {
            server.stop(true).await;
        }
        self.writer.stop();
        self.projector.stop();
    }
}

/// Adds what a browser comes to, if any listing has logins.
fn configure_login(app: &mut ServiceConfig, login: Option<&Arc<Login>>) {
    if let Some(login) = login {
        browser::configure(app, Arc::clone(login));
    }
}

/// Opens the journal for reading.
pub(crate) fn open_reader(path: &Path) -> anyhow::Result<Box<dyn ReadLog>> {
    Ok(Box::new(SqliteReader::open(path)?))
}

/// Opens the journal for reading all of it.
pub(crate) fn open_scanner(path: &Path) -> anyhow::Result<SqliteReader> {
    Ok(SqliteReader::open(path)?.scanning())
}

/// Opens the journal for writing, behind its queue.
pub(crate) fn start_writer(
    config: &Config,
    path: &Path,
    clock: &Arc<dyn Clock>,
    watch: &Arc<Watch>,
) -> anyhow::Result<(Queue, queue::Writer)> {
    let (path, strangers) = (path.to_owned(), config.journal.strangers);
    queue::start(
        Box::new(move || Ok(SqliteLog::open(&path)?.keeping_strangers(strangers))),
        Arc::clone(clock),
        Entropy::System,
        Arc::clone(watch),
        config.journal.queue,
    )
    // As itself, so that whoever asks can tell a locked journal from one that is damaged.
    .map_err(|error| match error.downcast::<OpenError>() {
        Ok(error) => anyhow::Error::new(*error),
        Err(error) => anyhow::Error::from_boxed(error),
    })
}

fn start_projector(
    config: &Config,
    path: &Path,
    watch: &Arc<Watch>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Projector> {
    let read_model = config.projector.path.clone();
    let (watch, clock) = (Arc::clone(watch), Arc::clone(clock));
    Ok(Projector::start(read_model, readers(path), watch, clock)?)
}

/// Reads all that a start reads of the configuration, secrets in files too, and starts nothing.
pub(crate) fn look_over(config: &Config) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    config.check_master_key()?;
    accounts(config, &clock)?;
    crate::provisioning::webhooks(config, &clock)?;
    crate::provisioning::file_webhooks(config, &clock)?;
    by_v2(config)?;
    Ok(())
}

/// What activates codes, for the listings that have access to the open APIs.
pub(crate) fn activator(
    config: &Config,
    queue: Queue,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Activator> {
    let accounts = accounts(config, clock)?;
    Ok(Activator::new(accounts, queue, Arc::clone(clock)).by_v2(by_v2(config)?))
}

/// The listings whose codes are activated by the second edition of the interfaces.
fn by_v2(config: &Config) -> anyhow::Result<BTreeSet<ListingId>> {
    let is_by_v2 = |it: &&ListingConfig| {
        let edition = it.open_api.as_ref().map(|open_api| open_api.activation);
        edition == Some(Activation::V2)
    };
    let listings = config.listing.iter().filter(is_by_v2);
    let listings = listings.map(|it| Ok(ListingId::parse(&it.id)?));
    listings.collect()
}

/// The access of every listing to the open APIs that has one.
pub(crate) fn accounts(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<BTreeMap<ListingId, Account>> {
    let mut accounts = BTreeMap::new();
    for listing in &config.listing {
        let Some(open_api) = &listing.open_api else {
            continue;
        };
        let named = || format!("open_api of listing {:?}", listing.id);
        let settings = ClientSettings {
            endpoint: open_api.endpoint.clone(),
            fallback: open_api.fallback.clone(),
            credentials: Credentials {
                access_key_id: open_api.access_key_id.clone(),
                secret_access_key: open_api.secret().with_context(named)?,
            },
            timeout: ClientSettings::TIMEOUT,
        };
        let account = Account {
            merchant: listing.parse()?.merchant,
            client: Client::new(settings, Arc::clone(clock)).with_context(named)?,
            grace_seconds: listing.protocol.grace_seconds,
        };
        accounts.insert(ListingId::parse(&listing.id)?, account);
    }
    Ok(accounts)
}

type Opened = Result<Box<dyn ReadLog>, Box<dyn std::error::Error + Send + Sync>>;

fn readers(path: &Path) -> Box<dyn Fn() -> Opened + Send + Sync> {
    let path: PathBuf = path.to_owned();
    Box::new(move || Ok(Box::new(SqliteReader::open(&path)?)))
}

fn listings(config: &Config) -> anyhow::Result<Listings> {
    let listings = config.listing.iter().map(ListingConfig::parse);
    Ok(Listings::new(listings.collect::<anyhow::Result<Vec<_>>>()?))
}

/// Whose each listing is.
fn merchants(listings: &Listings) -> BTreeMap<ListingId, MerchantId> {
    let listings = listings.iter();
    listings
        .map(|it| (it.id.clone(), it.merchant.clone()))
        .collect()
}

/// What is answered beside the API, behind the same tokens.
fn extensions(login: Option<&Arc<Login>>) -> Vec<Extension> {
    let login = login.into_iter().map(Arc::clone);
    login.map(backend::extension).collect()
}

fn bind(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("{address} cannot be listened on: is another service there?"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn serve(
    listener: TcpListener,
    workers: usize,
    configure: impl Fn(&mut ServiceConfig) + Send + Clone + 'static,
) -> anyhow::Result<ServerHandle> {
    let server = HttpServer::new(move || App::new().configure(configure.clone()))
        .workers(workers)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    // It ends when its handle stops it; whoever stops it waits for that.
    drop(actix_web::rt::spawn(server));
    Ok(handle)
}
