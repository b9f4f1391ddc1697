//! Enterprises: rows that are what their histories make, and what the questions answer.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tenure_domain::tenant::{
    Access, Account, Binding, Client, Department, Event, Leave, Member, MemberId, Partition, Role,
    Tenant, TenantKey,
};
use tenure_domain::{
    ApplicationId, DepartmentCode, Digest, LicenseId, ListingId, SealKey, Sealed, TenantId,
};
use tenure_journal::{Actor, Position, ReceiptId, Record, StreamId, StreamVersion};
use tenure_projector::store::open_for_folding;
use tenure_projector::{MemberFilter, Page, Queries, QueryError, TenantFilter};
use tenure_testkit::{code, order};
use uuid::Uuid;

use crate::journal::{BEGIN, dump, merchant};

pub(crate) fn application(number: u8) -> ApplicationId {
    ApplicationId::parse(&format!("app-{number}")).unwrap()
}

pub(crate) fn department(number: u8) -> DepartmentCode {
    DepartmentCode::parse(&format!("D{number}")).unwrap()
}

pub(crate) fn member(number: u8) -> MemberId {
    Digest::new([number; 16])
}

pub(crate) fn sealed(number: u8) -> Sealed {
    Sealed {
        key: SealKey::new(u128::MAX - u128::from(number)),
        digest: Digest::new([number; 16]),
        bytes: vec![number; usize::from(number)].into(),
    }
}

pub(crate) fn binding(number: u8) -> Binding {
    Binding {
        order: (number > 1).then(|| order(u32::from(number))),
        code: format!("code{number}").into(),
        domain: format!("{number}.example.com").into(),
        name: sealed(number),
    }
}

pub(crate) fn client(number: u8) -> Client {
    Client {
        id: format!("client-{number}").into(),
        secret: sealed(number),
    }
}

/// A department at the top.
pub(crate) fn of_top(number: u8) -> Department {
    Department {
        parent: None,
        name: sealed(number),
    }
}

pub(crate) fn account(number: u8) -> Account {
    Account {
        role: if number.is_multiple_of(2) {
            Role::Admin
        } else {
            Role::User
        },
        enabled: number != 1,
        department: department(number),
        profile: sealed(number),
    }
}

pub(crate) fn key(instance: Option<u32>, tenant: &str) -> TenantKey {
    TenantKey {
        listing: ListingId::parse("cad-pro").unwrap(),
        partition: Partition::Real,
        instance: instance.map(code),
        tenant: TenantId::parse(tenant).unwrap(),
    }
}

/// Any events, in any order, whether or not a decision could lead to them.
fn events() -> impl Strategy<Value = Event> {
    let number = || 1..4_u8;
    let members = || {
        vec(
            (number(), number()).prop_map(|(id, it)| (member(id), account(it))),
            1..4,
        )
    };
    let applications = || number().prop_map(application);
    let departments =
        (number(), option::of(number()), number()).prop_map(|(code, parent, name)| {
            let parent = parent.map(department);
            (
                department(code),
                Department {
                    parent,
                    name: sealed(name),
                },
            )
        });
    let leaves = select(vec![Leave::Application, Leave::Enterprise]);
    prop_oneof![
        2 => number().prop_map(|it| Event::Bound(binding(it))),
        1 => Just(Event::Unbound),
        2 => (applications(), number()).prop_map(|(application, it)| Event::ClientSet {
            application,
            client: client(it),
        }),
        1 => applications().prop_map(|application| Event::ClientRemoved { application }),
        3 => (applications(), members())
            .prop_map(|(application, members)| Event::MembersGranted { application, members }),
        2 => (applications(), members())
            .prop_map(|(application, members)| Event::MembersChanged { application, members }),
        2 => (applications(), vec(number().prop_map(member), 1..4), leaves)
            .prop_map(|(application, members, leave)| Event::MembersWithdrawn { application, members, leave }),
        2 => vec(departments, 1..4).prop_map(|departments| Event::DepartmentsSet { departments }),
        1 => vec(number().prop_map(department), 1..4)
            .prop_map(|departments| Event::DepartmentsRemoved { departments }),
    ]
}

/// The streams that the histories here are of: they differ in one part each.
fn streams() -> [StreamId; 6] {
    let acme = merchant("acme");
    let plain = key(None, "t-0001");
    let with = |change: fn(&mut TenantKey)| {
        let mut key = plain.clone();
        change(&mut key);
        StreamId::tenant(&acme, &key)
    };
    [
        with(|_| {}),
        with(|key| key.partition = Partition::Test),
        with(|key| key.instance = Some(code(1))),
        with(|key| key.listing = ListingId::parse("cad-max").unwrap()),
        with(|key| key.tenant = TenantId::parse("t-0002").unwrap()),
        StreamId::tenant(&merchant("zenith"), &plain),
    ]
}

/// The records of events, each of the stream of its number.
fn records(events: &[(usize, Event)]) -> Vec<Record> {
    let streams = streams();
    let mut versions = BTreeMap::new();
    let numbered = events.iter().zip(1_u32..);
    numbered
        .map(|((stream, event), number)| {
            let version = versions.entry(stream).or_insert(0);
            *version += 1;
            Record {
                position: Position::new(u64::from(number)),
                stream: streams[*stream].clone(),
                version: StreamVersion::new(*version),
                record_id: Uuid::from_u128(u128::from(number)),
                event: tenure_journal::Event::Tenant(event.clone()),
                effective_at: BEGIN.plus_seconds(-i64::from(number)),
                recorded_at: BEGIN.plus_seconds(i64::from(number)),
                actor: Actor::Koogallery,
                receipt_id: ReceiptId::new(Uuid::from_u128(u128::from(number))),
            }
        })
        .collect()
}

/// A read model of records, in a folder that has to be kept.
fn folded(records: &[Record]) -> (tempfile::TempDir, Queries) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    let mut store = open_for_folding(&path).unwrap();
    for page in records.chunks(3) {
        store.fold_records(page).unwrap();
    }
    let queries = Queries::open(&path).unwrap();
    (folder, queries)
}

/// All pages of a list, put together.
fn all<T>(page: impl Fn(Option<&str>) -> Result<Page<T>, QueryError>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = page(cursor.as_deref()).unwrap();
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

fn only(stream: &StreamId) -> (TenantId, TenantFilter) {
    let tenure_journal::Subject::Tenant(key) = &stream.subject else {
        panic!("a stream of an enterprise");
    };
    let filter = TenantFilter {
        merchant: Some(stream.merchant.clone()),
        listing: Some(key.listing.clone()),
        partition: Some(key.partition),
        instance: key.instance.clone(),
        tenant: Some(key.tenant.clone()),
        bound: None,
    };
    (key.tenant.clone(), filter)
}

/// What the rows say of a stream, but for the secrets of its clients, which they do not hold.
fn told(queries: &Queries, stream: &StreamId, limit: usize) -> Option<Tenant> {
    let (tenant, filter) = only(stream);
    let is_it = |merchant: &_, key: &_| StreamId::tenant(merchant, key) == *stream;
    let rows = all(|cursor| queries.tenants(&filter, limit, cursor));
    let row = rows.into_iter().find(|it| is_it(&it.merchant, &it.key))?;
    let any = MemberFilter::default();
    let members = all(|cursor| queries.tenant_members(&tenant, &filter, &any, limit, cursor));
    let departments = all(|cursor| queries.tenant_departments(&tenant, &filter, limit, cursor));
    let clients = row.clients.into_iter();
    Some(Tenant {
        binding: row.binding,
        clients: clients
            .map(|(application, id)| {
                (
                    application,
                    Client {
                        id,
                        secret: sealed(0),
                    },
                )
            })
            .collect(),
        members: members
            .into_iter()
            .filter(|it| is_it(&it.merchant, &it.key))
            .map(|it| {
                let member = Member {
                    access: it.access,
                    grants: it.grants,
                    account: it.account,
                };
                ((it.application, it.id), member)
            })
            .collect(),
        departments: departments
            .into_iter()
            .filter(|it| is_it(&it.merchant, &it.key))
            .map(|it| (it.code, it.department))
            .collect(),
    })
}

fn without_secrets(mut tenant: Tenant) -> Tenant {
    for client in tenant.clients.values_mut() {
        client.secret = sealed(0);
    }
    tenant
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_rows_of_an_enterprise_are_what_its_history_makes(
        events in vec((0..6_usize, events()), 0..40),
        limit in 1..5_usize,
    ) {
        let records = records(&events);
        let (_folder, queries) = folded(&records);
        for stream in streams() {
            let history = records.iter().filter(|it| it.stream == stream);
            let history: Vec<_> = history.filter_map(|it| it.event.as_tenant()).collect();
            let expected = (!history.is_empty()).then(|| Tenant::replay(history));
            prop_assert_eq!(told(&queries, &stream, limit), expected.map(without_secrets));
        }
    }

    #[test]
    fn a_row_tells_where_its_stream_is(events in vec((0..6_usize, events()), 1..20)) {
        let records = records(&events);
        let (_folder, queries) = folded(&records);
        let rows = all(|cursor| queries.tenants(&TenantFilter::default(), 2, cursor));
        prop_assert!(rows.is_sorted_by_key(|row| row.first));
        for row in rows {
            let stream = StreamId::tenant(&row.merchant, &row.key);
            let history: Vec<_> = records.iter().filter(|it| it.stream == stream).collect();
            let (first, last) = (history[0], history[history.len() - 1]);
            prop_assert_eq!(row.first, first.position);
            prop_assert_eq!(row.position, last.position);
            prop_assert_eq!(row.version, last.version);
            prop_assert_eq!((row.effective_at, row.recorded_at), (last.effective_at, last.recorded_at));
        }
    }
}

/// Members 1 to 3 of two instances, the third of them gone, and a stranger in the test partition.
fn shop() -> (tempfile::TempDir, Queries) {
    let granted = |numbers: &[u8]| Event::MembersGranted {
        application: application(1),
        members: numbers
            .iter()
            .map(|it| (member(*it), account(*it)))
            .collect(),
    };
    let departments = Event::DepartmentsSet {
        departments: [1, 2]
            .map(|it| {
                (
                    department(it),
                    Department {
                        parent: None,
                        name: sealed(it),
                    },
                )
            })
            .into(),
    };
    folded(&records(&[
        (0, Event::Bound(binding(1))),
        (2, Event::Bound(binding(2))),
        (0, granted(&[1, 2])),
        (2, granted(&[2, 3])),
        (1, granted(&[9])),
        (
            2,
            Event::MembersWithdrawn {
                application: application(1),
                members: vec![member(3)],
                leave: Leave::Enterprise,
            },
        ),
        (0, departments),
        (4, Event::Unbound),
    ]))
}

fn tenant() -> TenantId {
    TenantId::parse("t-0001").unwrap()
}

fn real() -> TenantFilter {
    TenantFilter {
        partition: Some(Partition::Real),
        ..TenantFilter::default()
    }
}

#[track_caller]
fn check_tenants(filter: TenantFilter, expected: &[u64]) {
    let (_folder, queries) = shop();
    let rows = all(|cursor| queries.tenants(&filter, 1, cursor));
    let first: Vec<_> = rows.iter().map(|row| row.first.number()).collect();
    assert_eq!(first, expected);
}

#[test]
fn each_filter_finds_its_enterprises() {
    check_tenants(TenantFilter::default(), &[1, 2, 5, 8]);
    check_tenants(real(), &[1, 2, 8]);
    let bound = Some(true);
    check_tenants(TenantFilter { bound, ..real() }, &[1, 2]);
    let bound = Some(false);
    check_tenants(TenantFilter { bound, ..real() }, &[8]);
    let instance = Some(code(1));
    check_tenants(TenantFilter { instance, ..real() }, &[2]);
    let instance = LicenseId::parse("nothing").ok();
    check_tenants(TenantFilter { instance, ..real() }, &[]);
    let tenant = TenantId::parse("t-0002").ok();
    check_tenants(TenantFilter { tenant, ..real() }, &[8]);
    let listing = ListingId::parse("cad-max").ok();
    check_tenants(TenantFilter { listing, ..real() }, &[]);
    let merchant = Some(merchant("zenith"));
    check_tenants(TenantFilter { merchant, ..real() }, &[]);
}

#[track_caller]
fn check_members(filter: MemberFilter, expected: &[(u64, u8, Access, u64)]) {
    let (_folder, queries) = shop();
    for limit in 1..=4 {
        let rows = all(|cursor| queries.tenant_members(&tenant(), &real(), &filter, limit, cursor));
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                let stream = if row.key.instance.is_none() { 1 } else { 2 };
                (stream, row.id.bytes()[0], row.access, row.position.number())
            })
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn each_filter_finds_its_members_stream_by_stream() {
    let none = MemberFilter::default;
    let one = (1, 1, Access::Granted, 3);
    let two = (1, 2, Access::Granted, 3);
    let two_again = (2, 2, Access::Granted, 4);
    let three = (2, 3, Access::Deleted, 6);
    check_members(none(), &[one, two, two_again, three]);
    let access = Some(Access::Granted);
    check_members(MemberFilter { access, ..none() }, &[one, two, two_again]);
    let department = Some(department(2));
    check_members(
        MemberFilter {
            department,
            ..none()
        },
        &[two, two_again],
    );
    let of = |number| MemberFilter {
        application: Some(application(number)),
        ..none()
    };
    check_members(of(1), &[one, two, two_again, three]);
    check_members(of(2), &[]);
}

#[test]
fn the_streams_of_a_tenant_come_with_the_newest_word_first() {
    let (_folder, queries) = shop();
    let listing = ListingId::parse("cad-pro").unwrap();
    let found = queries.tenant_streams(&listing, &tenant()).unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|(merchant, key, position)| {
            (
                merchant.to_string(),
                key.instance.is_some(),
                key.partition,
                position.number(),
            )
        })
        .collect();
    let acme = || "acme".to_owned();
    assert_eq!(
        found,
        [
            (acme(), false, Partition::Real, 7),
            (acme(), true, Partition::Real, 6),
            (acme(), false, Partition::Test, 5),
        ]
    );
    let stranger = TenantId::parse("t-0009").unwrap();
    assert_eq!(queries.tenant_streams(&listing, &stranger).unwrap(), []);
}

#[test]
fn a_cursor_that_no_page_gave_is_refused() {
    let (_folder, queries) = shop();
    let any = MemberFilter::default();
    for cursor in ["", "zz", "5b5d"] {
        let cursor = Some(cursor);
        let tenants = queries.tenants(&real(), 1, cursor).map(|_| ());
        let members = queries
            .tenant_members(&tenant(), &real(), &any, 1, cursor)
            .map(|_| ());
        let departments = queries
            .tenant_departments(&tenant(), &real(), 1, cursor)
            .map(|_| ());
        for answer in [tenants, members, departments] {
            assert!(matches!(answer, Err(QueryError::Cursor)), "{answer:?}");
        }
    }
}

#[test]
fn no_row_holds_the_secret_of_a_client() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    let mut store = open_for_folding(&path).unwrap();
    let secret = Sealed {
        bytes: b"sealed-secret".as_slice().into(),
        ..sealed(1)
    };
    let client = Client {
        id: "client-1".into(),
        secret,
    };
    let event = Event::ClientSet {
        application: application(1),
        client,
    };
    store.fold_records(&records(&[(0, event)])).unwrap();
    let rows = dump(&path).join("\n");
    assert!(rows.contains("client-1"));
    let secret = format!("{:?}", b"sealed-secret");
    assert!(!rows.contains(secret.trim_matches(['[', ']'])));
}
