//! A journal on disk with its writer, what moves its time, and what waits for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tenure_domain::{Family, Instant, Intent, License, ListingId, MerchantId};
use tenure_journal::record_ids::Entropy;
use tenure_journal::transact::{Arrived, Call, Request};
use tenure_journal::{
    Actor, Clock, ManualClock, Position, Queue, ReadLog, SqliteLog, SqliteReader, StreamId,
    Verdict, Watch, queue,
};
use tenure_outbound::{Alarms, Common};
use tenure_testkit::code;

use crate::marketplace::clock;

/// The longest that a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn acme() -> MerchantId {
    MerchantId::parse("acme").unwrap()
}

/// A journal whose writer stops with the runtime, and whose folder goes last.
pub(crate) struct Journal {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) queue: Queue,
    pub(crate) folder: TempDir,
}

impl Journal {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let (clock, watch) = (clock(), Arc::new(Watch::default()));
        let (queue, _writer) = queue::start(
            Box::new(move || Ok(SqliteLog::open(&path)?)),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Entropy::Seeded(1),
            Arc::clone(&watch),
            16,
        )
        .unwrap();
        Self {
            clock,
            watch,
            queue,
            folder,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    /// What a worker works with.
    pub(crate) fn common(&self, alarms: &Alarms) -> Common {
        Common {
            watch: Arc::clone(&self.watch),
            clock: Arc::clone(&self.clock) as _,
            alarms: alarms.clone(),
            seed: 1,
        }
    }

    /// Has license `number` changed by a call to a listing.
    pub(crate) fn change(&self, listing: &ListingId, family: Family, number: u32, intent: Intent) {
        let request = Request::License {
            merchant: acme(),
            id: code(number),
            command: tenure_testkit::command(family, self.clock.now(), intent),
        };
        self.apply(listing, request);
    }

    /// Has a call to a listing applied.
    pub(crate) fn apply(&self, listing: &ListingId, request: Request) {
        let now = self.clock.now();
        let call = Call {
            arrived: Arrived {
                listing: listing.as_str().into(),
                at: now,
                method: "POST".into(),
                parameters: "".into(),
                body: [].into(),
                sealed_with: None,
                activity: None,
                authentic: true,
                actor: Actor::Koogallery,
            },
            request,
            answer: Box::new(|_| Vec::new()),
        };
        let done = self.queue.submit_and_wait(call, now.plus_seconds(1));
        assert_eq!(done.unwrap().verdict, Verdict::Applied);
        // A worker may have looked at this very instant already, and keeps its pace. No rest is as
        // short.
        self.pass_millis(200);
    }

    /// Moves the clock, and lets workers see it.
    pub(crate) fn pass(&self, seconds: i64) {
        self.pass_millis(seconds * 1_000);
    }

    pub(crate) fn pass_millis(&self, millis: i64) {
        let micros = self.clock.now().micros() + millis * 1_000;
        self.clock.set(Instant::from_micros(micros));
        self.watch.wake();
    }

    /// Lets time go on by steps of so many seconds until somebody was asked. Nothing tells when a
    /// worker has noted how long it waits, so one leap may come too early for it. What it records
    /// afterwards has its own time: until then, none may pass.
    pub(crate) async fn pass_until(&self, step: i64, is_asked: impl Fn() -> bool) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let so = async {
            while !is_asked() {
                self.pass(step);
                ticks.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, so).await.unwrap();
    }

    pub(crate) fn license(&self, number: u32) -> License {
        license(&self.path(), number)
    }
}

/// License `number`, from a journal on disk.
pub(crate) fn license(journal: &Path, number: u32) -> License {
    let stream = StreamId::license(&acme(), &code(number));
    let mut log = SqliteReader::open(journal).unwrap();
    let records = log.read_stream(&stream, Position::MAX).unwrap();
    License::replay(records.iter().filter_map(|it| it.event.as_license()))
}

/// What the metrics say.
pub(crate) fn measures(registry: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    text
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, registry: &Registry, is_so: impl Fn() -> bool) {
    let so = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let so = tokio::time::timeout(PATIENCE, so).await;
    assert!(so.is_ok(), "{what}\n{}", measures(registry));
}

/// Waits until a line of the metrics stands so.
pub(crate) async fn await_measure(line: &str, registry: &Registry) {
    let stands = || measures(registry).lines().any(|it| it == line);
    until(line, registry, stands).await;
}
