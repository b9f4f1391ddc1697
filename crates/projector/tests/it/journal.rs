//! A journal to fold, written by `transact` alone.

use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use tenure_domain::tenant::{Leave, Others};
use tenure_domain::{Command, LicenseId, MerchantId, OrderLine, order, tenant};
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::transact::transact;
use tenure_journal::{
    Actor, Arrived, Call, Log, MemoryLog, Position, ReadLog, Request, Verdict, Watch,
};
use tenure_projector::Store;
use tenure_testkit::commands;

use crate::tenants::{account, application, binding, client, department, key, member, of_top};
use crate::work::usage_requests;

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
            sealed_with: None,
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
    let of_usage = usage_requests().boxed();
    let of_a_tenant = (name(), tenant_commands()).prop_map(|(name, commands)| {
        let requests = commands.into_iter();
        requests.map(|command| of_tenant(name, command)).collect()
    });
    let histories = prop_oneof![
        6 => of_a_license,
        2 => of_an_order,
        1 => noted,
        1 => of_usage,
        1 => of_a_tenant,
    ];
    prop::collection::vec(histories, 1..6)
        .prop_map(|histories: Vec<Vec<Request>>| histories.concat())
        .prop_shuffle()
}

pub(crate) fn of_tenant(merchant_name: &str, command: tenant::Command) -> Request {
    Request::Tenant {
        merchant: merchant(merchant_name),
        key: key(Some(1), "t-0001"),
        command,
    }
}

/// Makes commands for one enterprise.
fn tenant_commands() -> impl Strategy<Value = Vec<tenant::Command>> {
    let number = || 1..3_u8;
    let members = |numbers: Vec<u8>| -> Vec<_> {
        let numbers = numbers.into_iter();
        numbers.map(|it| (member(it), account(it))).collect()
    };
    let numbers = || prop::collection::vec(number(), 1..3);
    let leaves = || prop::sample::select(vec![Leave::Application, Leave::Enterprise]);
    let command = prop_oneof![
        number().prop_map(|it| tenant::Command::Bind(binding(it))),
        Just(tenant::Command::Unbind),
        number().prop_map(|it| tenant::Command::SetClient {
            application: application(it),
            client: client(it),
        }),
        number().prop_map(|it| tenant::Command::RemoveClient {
            application: application(it),
        }),
        (number(), numbers()).prop_map(move |(it, numbers)| tenant::Command::Grant {
            application: application(it),
            members: members(numbers),
        }),
        (number(), numbers(), number()).prop_map(|(it, numbers, told)| {
            let members = numbers.into_iter().map(|it| (member(it), account(told)));
            tenant::Command::ChangeMembers {
                application: application(it),
                members: members.collect(),
            }
        }),
        (number(), numbers(), leaves()).prop_map(|(it, numbers, leave)| {
            tenant::Command::Withdraw {
                application: application(it),
                members: numbers.into_iter().map(member).collect(),
                leave,
            }
        }),
        number().prop_map(|it| tenant::Command::RemoveDepartment(department(it))),
        number().prop_map(|it| tenant::Command::SetDepartments {
            departments: vec![(department(it), of_top(it))],
            others: Others::Remove,
        }),
    ];
    prop::collection::vec(command, 1..12)
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
        "usage",
        "usage_totals",
        "usage_pending",
        "tenants",
        "tenant_clients",
        "tenant_members",
        "tenant_departments",
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
