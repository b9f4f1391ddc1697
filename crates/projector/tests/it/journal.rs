//! A journal to fold, written by `transact` alone.

use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use tenure_domain::{Command, LicenseId, MerchantId, OrderLine, order};
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::transact::transact;
use tenure_journal::{
    Actor, Arrived, Call, Log, MemoryLog, Position, ReadLog, Request, Verdict, Watch,
};
use tenure_projector::Store;
use tenure_testkit::commands;

pub(crate) use tenure_domain::Instant;

/// The first instant of every journal here.
pub(crate) const BEGIN: Instant = Instant::from_seconds(1_000);

/// A log and what writes it, in a folder of its own that also holds the read model.
pub(crate) struct Journal<L> {
    pub(crate) log: L,
    ids: RecordIds,
    now: Instant,
    pub(crate) folder: TempDir,
}

impl Journal<MemoryLog> {
    pub(crate) fn in_memory() -> Self {
        Self::over(tempfile::tempdir().unwrap(), MemoryLog::default())
    }

    /// Another journal: the same calls get other ids.
    pub(crate) fn of_another_node() -> Self {
        let ids = RecordIds::new(Entropy::Seeded(2), None);
        Self {
            ids,
            ..Self::in_memory()
        }
    }
}

impl<L: Log> Journal<L> {
    pub(crate) fn over(folder: TempDir, log: L) -> Self {
        Self {
            log,
            ids: RecordIds::new(Entropy::Seeded(1), None),
            now: BEGIN,
            folder,
        }
    }

    pub(crate) fn read_db(&self) -> std::path::PathBuf {
        self.folder.path().join("read.db")
    }

    pub(crate) fn head(&mut self) -> Position {
        self.log.head().unwrap().position
    }

    /// Appends what comes of requests, each in a second of its own.
    pub(crate) fn append(&mut self, requests: impl IntoIterator<Item = Request>) {
        for request in requests {
            self.now = self.now.plus_seconds(1);
            let call = call(self.now, request);
            let done = transact(&mut self.log, &mut self.ids, self.now, &[call]).unwrap();
            assert_eq!(done.len(), 1);
        }
    }

    pub(crate) fn append_and_announce(&mut self, request: Request, watch: &Watch) -> Position {
        self.append([request]);
        let head = self.head();
        watch.announce(head);
        head
    }
}

fn call(at: Instant, request: Request) -> Call {
    let authentic = !matches!(request, Request::Noted { .. });
    Call {
        arrived: Arrived {
            listing: "cad-pro".into(),
            at,
            method: "POST".into(),
            parameters: "".into(),
            body: b"{}".as_slice().into(),
            activity: Some("newInstance".into()),
            authentic,
            actor: Actor::Koogallery,
        },
        request,
        answer: Box::new(|_| b"{}".to_vec()),
    }
}

pub(crate) fn merchant(name: &str) -> MerchantId {
    MerchantId::parse(name).unwrap()
}

pub(crate) fn rejected() -> Request {
    Request::Noted {
        verdict: Verdict::Rejected,
        reason: Some("bad_signature".into()),
    }
}

pub(crate) fn request(merchant_name: &str, id: LicenseId, command: Command) -> Request {
    Request::License {
        merchant: merchant(merchant_name),
        id,
        command,
    }
}

pub(crate) fn notify(merchant_name: &str, line: OrderLine) -> Request {
    Request::Order {
        merchant: merchant(merchant_name),
        order: line.clone(),
        command: order::Command::Notify {
            listing: tenure_testkit::listing(),
            order: line,
        },
    }
}

/// Makes requests about a few licenses and orders of two merchants, in an order where they mix.
pub(crate) fn requests() -> impl Strategy<Value = Vec<Request>> {
    let name = || prop::sample::select(vec!["acme", "zenith"]);
    let of_a_license = (name(), 1..=3_u32, commands()).prop_map(|(name, number, commands)| {
        let requests = commands.into_iter();
        requests
            .map(|command| request(name, tenure_testkit::code(number), command))
            .collect()
    });
    let of_an_order = (name(), 1..=3_u32)
        .prop_map(|(name, number)| vec![notify(name, tenure_testkit::order_line(number))]);
    let noted = Just(vec![rejected()]);
    let histories = prop_oneof![6 => of_a_license, 2 => of_an_order, 1 => noted];
    prop::collection::vec(histories, 1..6)
        .prop_map(|histories: Vec<Vec<Request>>| histories.concat())
        .prop_shuffle()
}

/// Folds what a store has not seen, in pages of `page`, receipts first.
pub(crate) fn catch_up(store: &mut Store, log: &mut dyn ReadLog, page: usize) {
    loop {
        let folded = store.folded().unwrap();
        let receipts = log.receipts_after(folded.receipt_id, page).unwrap();
        if receipts.is_empty() {
            break;
        }
        store.fold_receipts(&receipts).unwrap();
    }
    loop {
        let folded = store.folded().unwrap();
        let records = log.read_after(folded.position, page).unwrap();
        if records.is_empty() {
            break;
        }
        store.fold_records(&records).unwrap();
    }
}

/// Every row of every table, in a comparable form.
pub(crate) fn dump(read_db: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(read_db).unwrap();
    let mut dump = Vec::new();
    for table in [
        "projections",
        "licenses",
        "license_orders",
        "orders",
        "receipts",
    ] {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
            Ok(format!(
                "{table} {:?}",
                values.collect::<Result<Vec<_>, _>>()?
            ))
        });
        dump.extend(rows.unwrap().map(Result::unwrap));
    }
    dump.sort();
    dump
}
