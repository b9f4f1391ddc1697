//! The sandbox as a server: the open APIs, the authentication centre, a control API under
//! `/sandbox/`, and a page at `/`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use tokio::time::interval;

use crate::centre::Centre;
use crate::client::Client;
use crate::clock::Clock;
use crate::disorder::Disorder;
use crate::market::{Listing, Market, SharedMarket};
use crate::messages::{Messages, RETRY_INTERVAL};
use crate::open_api::OpenApi;
use crate::sdk::Credentials;

mod control;
mod kit;
mod listings;
mod page;
mod reports;
mod shop;

use shop::Shop;

/// How often the market looks for terms that have run out, and for probes that are due.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Two threads answer everything: this is a server to develop against.
const WORKERS: usize = 2;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The AK/SK that the open APIs accept.
    pub credentials: Credentials,
    /// The production addresses that it calls.
    pub listings: Vec<Listing>,
    /// The distance between two attempts of a call.
    pub retry_interval: Duration,
    /// The faults of the way to the merchant. Its seed also decides codes and order ids.
    pub disorder: Disorder,
    /// How many market seconds pass in a real one.
    pub clock_speed: u32,
}

impl Config {
    /// The marketplace's own timing, without faults and without listings.
    pub fn new(bind: SocketAddr, credentials: Credentials) -> Self {
        Self {
            bind,
            credentials,
            listings: Vec::new(),
            retry_interval: RETRY_INTERVAL,
            disorder: Disorder::default(),
            clock_speed: 1,
        }
    }
}

/// A sandbox that listens, and answers once it is [run](Sandbox::run).
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    server: ServerDebug,
    shop: Shop,
}

impl Sandbox {
    /// Takes the address and prepares the market.
    pub fn bind(config: Config) -> io::Result<Self> {
        let Config {
            bind,
            credentials,
            listings,
            retry_interval,
            disorder,
            clock_speed,
        } = config;
        let clock = Clock::start(clock_speed);
        let market = Market::new(listings, disorder.seed).shared();
        let client = Client::new().map_err(io::Error::other)?;
        let messages = Messages::new(client.clone(), retry_interval, disorder);
        let open_api = OpenApi::new(
            Arc::clone(&market),
            clock.clone(),
            credentials,
            disorder.seed,
        );
        let shop = Shop {
            market,
            centre: Centre::new(clock.clone(), disorder.seed),
            clock,
            clock_moved: Arc::default(),
            client,
            messages: Arc::new(messages),
            manner: open_api.manner(),
        };
        let state = shop.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(state.clone()))
                .configure(|config| open_api.clone().configure(config))
                .configure(|config| state.centre.clone().configure(config))
                .configure(reports::configure)
                .configure(listings::configure)
                .configure(kit::configure)
                .configure(control::configure)
                .route("/", web::get().to(page::page))
        })
        .workers(WORKERS)
        .disable_signals()
        .bind(bind)?;
        let address = server.addrs().first().copied().unwrap_or(bind);
        Ok(Self {
            address,
            server: ServerDebug(server.run()),
            shop,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The market that it serves, for a caller that drives it directly.
    pub fn market(&self) -> SharedMarket {
        Arc::clone(&self.shop.market)
    }

    /// The authentication centre, for a caller that drives it directly.
    pub fn centre(&self) -> Centre {
        self.shop.centre.clone()
    }

    /// The market's time.
    pub fn clock(&self) -> Clock {
        self.shop.clock.clone()
    }

    /// Answers until `shutdown` is ready. Calls that still are to be repeated then are forgotten.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self {
            address: _,
            server: ServerDebug(server),
            shop,
        } = self;
        let handle = server.handle();
        let mut serving = tokio::spawn(server);
        let sweeping = async {
            let mut ticks = interval(SWEEP_INTERVAL);
            loop {
                ticks.tick().await;
                shop.sweep();
            }
        };
        let probing = shop.probe_when_due();
        tokio::select! {
            ended = &mut serving => return ended.map_err(io::Error::other)?,
            () = sweeping => {},
            () = probing => {},
            () = shutdown => {},
        }
        handle.stop(true).await;
        serving.await.map_err(io::Error::other)?
    }
}

/// Binds a sandbox and runs it until `shutdown` is ready.
pub async fn serve(config: Config, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    Sandbox::bind(config)?.run(shutdown).await
}

/// The web server, which has no `Debug` of its own.
struct ServerDebug(Server);

impl std::fmt::Debug for ServerDebug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}
