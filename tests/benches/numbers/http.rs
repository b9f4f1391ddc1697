//! Callbacks over HTTP: 64 connections, each call answered after it is on disk, against the same
//! server that verifies, parses and answers, and stores nothing. The load comes from the same
//! process, on the same cores.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use prometheus_client::registry::Registry;
use tenure_domain::{ListingId, MerchantId};
use tenure_ingress::{Ingress, Listing, Listings, Metrics};
use tenure_journal::record_ids::Entropy;
use tenure_journal::vault::{MasterKey, Vault};
use tenure_journal::{Clock, SqliteLog, SqliteReader, SystemClock, Watch, queue};
use tenure_koogallery::{
    AccessKey, Answer, KeyRing, Keys, NonceMemory, Request, Settings, call, signature,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::journal::{self, code};
use crate::measure::{Cost, Rounds, promise};

const CONNECTIONS: u64 = 64;
const CALLS_EACH: u64 = 200;
const ROUNDS: u64 = 5;
const LICENSES: u64 = 20_000;
const KEY: &str = "5b0d4c1e-7a2f-4f0e-9b1c-2f6d3a8e7c45";

pub(crate) fn run() {
    println!("Callbacks over HTTP, {CONNECTIONS} connections, server and load on the same cores");
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("journal.db");
    drop(journal::fill(&path, LICENSES * 5));
    let (mut bare, mut stored) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        bare.push(load(&serve_bare(), round * 2));
        let owned = path.clone();
        let (queue, writer) = queue::start(
            Box::new(move || Ok(SqliteLog::open(&owned)?)),
            Arc::new(SystemClock),
            Entropy::System,
            Arc::new(Watch::default()),
            4_096,
        )
        .unwrap();
        let metrics = Metrics::register(&mut Registry::default());
        let reader = Box::new(SqliteReader::open(&path).unwrap());
        let listings = Listings::new([listing()]);
        let clock = Arc::new(SystemClock);
        let ingress =
            Arc::new(Ingress::new(listings, queue, reader, vault(), clock, metrics).unwrap());
        let server = serve(move |config| {
            tenure_ingress::routes::configure(config, Arc::clone(&ingress));
        });
        stored.push(load(&server, round * 2 + 1));
        drop(server);
        writer.stop();
    }
    for (name, costs) in [("without storage", &bare), ("on disk", &stored)] {
        let per_second = Rounds::of(costs.iter().map(Cost::per_second));
        println!("  {name:<22} calls/s {per_second}");
    }
    let ratio = Rounds::of(
        stored
            .iter()
            .zip(&bare)
            .map(|(it, bare)| it.per_second() / bare.per_second()),
    );
    promise(
        "on disk / without storage",
        &ratio,
        ">= 0.3",
        ratio.median() >= 0.3,
    );
}

fn vault() -> Vault {
    let master = MasterKey::parse(&"a5".repeat(32)).unwrap();
    Vault::in_memory(master, Arc::new(SystemClock)).unwrap()
}

fn listing() -> Listing {
    let ring = KeyRing::new(vec![AccessKey::new(KEY.to_owned())]);
    let none = || KeyRing::new(Vec::new());
    Listing {
        id: ListingId::parse("cad-pro").unwrap(),
        merchant: MerchantId::parse("acme").unwrap(),
        keys: Keys {
            base: none(),
            license: ring,
            general: none(),
            kit: none(),
        },
        settings: Settings::default(),
        app_info: None,
        change_check: tenure_ingress::ChangeCheck::Allow,
        file_rules: tenure_domain::file::FileRules {
            needs_fingerprint: false,
            counts_units: true,
        },
        v1: tenure_koogallery::v1::Settings::default(),
        kit: tenure_ingress::kit::Settings::default(),
    }
}

/// A server on a thread of its own; stops when it is dropped.
struct Served {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.handle.stop(true));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(configure: impl Fn(&mut web::ServiceConfig) + Send + Clone + 'static) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = HttpServer::new(move || App::new().configure(configure.clone()))
                .workers(2)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
            sender.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    Served {
        address,
        handle: receiver.recv().unwrap(),
        thread: Some(thread),
    }
}

/// The same work without a journal.
fn serve_bare() -> Served {
    let shared = Data::new((listing(), Mutex::new(NonceMemory::new(1_000_000))));
    serve(move |config| {
        config
            .app_data(shared.clone())
            .route("/koogallery/cad-pro", web::post().to(answer_bare));
    })
}

async fn answer_bare(
    request: HttpRequest,
    body: Bytes,
    shared: Data<(Listing, Mutex<NonceMemory>)>,
) -> HttpResponse {
    let (listing, nonces) = shared.get_ref();
    let now = SystemClock.now();
    let query = request.query_string();
    let verified = call::read(
        &listing.id,
        &listing.keys,
        &listing.settings,
        query,
        &body,
        now,
    )
    .unwrap();
    nonces
        .lock()
        .unwrap()
        .remember("cad-pro", &verified.nonce, now)
        .unwrap();
    let asked =
        Request::from_notification(&listing.id, &listing.settings, verified.notification, now);
    assert!(matches!(asked, Request::License { .. }));
    HttpResponse::Ok()
        .content_type("application/json")
        .body(Answer::success().to_json())
}

/// Signs the calls beforehand, and measures how long it takes to have them all answered.
fn load(server: &Served, round: u64) -> Cost {
    let calls: Vec<Vec<Vec<u8>>> = (0..CONNECTIONS)
        .map(|connection| {
            (0..CALLS_EACH)
                .map(|call| signed(round, connection, call))
                .collect()
        })
        .collect();
    let address = server.address;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    Cost::of(|| {
        runtime.block_on(async {
            let callers: Vec<_> = calls
                .into_iter()
                .map(|calls| tokio::spawn(caller(address, calls)))
                .collect();
            for caller in callers {
                caller.await.unwrap();
            }
        });
        CONNECTIONS * CALLS_EACH
    })
}

async fn caller(address: SocketAddr, calls: Vec<Vec<u8>>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = vec![0; 4_096];
    for call in calls {
        stream.write_all(&call).await.unwrap();
        let mut read = 0;
        loop {
            read += stream.read(&mut answer[read..]).await.unwrap();
            if answer[..read].ends_with(b"}") {
                break;
            }
            assert!(read > 0, "the server closed the connection");
        }
        let text = std::str::from_utf8(&answer[..read]).unwrap();
        assert!(text.contains(r#""resultCode":"000000""#), "{text}");
    }
}

/// One freeze or unfreeze, as bytes on the wire.
fn signed(round: u64, connection: u64, call: u64) -> Vec<u8> {
    let own = LICENSES / CONNECTIONS;
    let license = code(connection * own + (call / 2 + round * 31) % own);
    let status = if call.is_multiple_of(2) {
        "FREEZE"
    } else {
        "UNFREEZE"
    };
    let body = format!(
        r#"{{"activity":"updateLicenseCodeStatus","license":"{license}","status":"{status}"}}"#
    );
    let timestamp = SystemClock.now().millis().to_string();
    let nonce = format!("{round:08x}{connection:08x}{call:08x}");
    let key = AccessKey::new(KEY.to_owned());
    let signature = signature::sign(&key, &nonce, &timestamp, body.as_bytes());
    format!(
        "POST /koogallery/cad-pro?signature={signature}&timestamp={timestamp}&nonce={nonce} HTTP/1.1\r\n\
         Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
