//! What the questions answer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tenure_domain::{Family, Intent, LicenseId, OrderId, ProductId, Status};
use tenure_journal::{MemoryLog, Verdict};
use tenure_projector::store::open_for_folding;
use tenure_projector::{LicenseFilter, LicenseRow, Page, Queries, QueryError, ReceiptFilter};
use tenure_testkit::{
    activation, code, command, customer, instants, listing, order, order_line, term_change,
};

use crate::journal::{
    BEGIN, Instant, Journal, catch_up, merchant, notify, rejected, request, requests,
};

pub(crate) fn folded(journal: &mut Journal<MemoryLog>) -> Queries {
    let read_db = journal.read_db();
    catch_up(
        &mut open_for_folding(&read_db).unwrap(),
        &mut journal.log,
        100,
    );
    Queries::open(&read_db).unwrap()
}

/// All pages of a list, put together.
fn all<T>(page: impl Fn(Option<&str>) -> Result<Page<T>, QueryError>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = page(cursor.as_deref()).unwrap();
        assert!(
            !page.items.is_empty() || cursor.is_none(),
            "an empty page was announced"
        );
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

fn ids(rows: &[LicenseRow]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| (row.id.as_str(), row.merchant.as_str()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_status_in_sql_is_the_status_of_the_domain(
        requests in requests(),
        at in prop_oneof![9 => instants(), 1 => Just(Instant::MAX)],
        limit in 1..4_usize,
    ) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let queries = folded(&mut journal);
        let whole = all(|cursor| queries.licenses(&LicenseFilter::default(), at, 2, cursor));
        let mut counts: BTreeMap<Status, u64> = Status::ALL.map(|status| (status, 0)).into();
        for status in Status::ALL {
            let filter = LicenseFilter { status: Some(status), ..LicenseFilter::default() };
            let found = all(|cursor| queries.licenses(&filter, at, limit, cursor));
            let expected: Vec<_> = whole
                .iter()
                .filter(|row| row.license.status_at(at) == Some(status))
                .cloned()
                .collect();
            counts.insert(status, expected.len() as u64);
            prop_assert_eq!(found, expected);
        }
        prop_assert_eq!(queries.counts_by_status(at).unwrap(), counts);
    }

    #[test]
    fn pages_are_complete_in_order_and_without_duplicates(requests in requests(), limit in 1..5_usize) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let queries = folded(&mut journal);
        let page = |filter: &LicenseFilter, limit| {
            all(|cursor| queries.licenses(filter, BEGIN, limit, cursor))
        };
        let filter = LicenseFilter::default();
        let whole = page(&filter, 1_000);
        let mut sorted = whole.clone();
        sorted.sort_by_key(|row| (row.id.clone(), row.merchant.clone()));
        sorted.dedup();
        prop_assert_eq!(&sorted, &whole);
        prop_assert_eq!(&page(&filter, limit), &whole);

        let before = Instant::from_seconds(250);
        let filter = LicenseFilter { expires_before: Some(before), ..filter };
        let end = |row: &LicenseRow| row.license.living().and_then(|it| it.term.expires_at);
        sorted.retain(|row| end(row).is_some_and(|end| end < before));
        sorted.sort_by_key(|row| (end(row), row.id.clone(), row.merchant.clone()));
        prop_assert_eq!(page(&filter, limit), sorted);

        let receipts = all(|cursor| queries.receipts(&ReceiptFilter::default(), limit, cursor));
        let mut ids: Vec<_> = receipts.iter().map(|row| row.id).collect();
        ids.reverse();
        let kept = tenure_journal::ReadLog::receipts_after(&mut journal.log, None, 10_000).unwrap();
        prop_assert_eq!(ids, kept.iter().map(|receipt| receipt.id).collect::<Vec<_>>());
    }
}

pub(crate) fn of(id: LicenseId, merchant: &str, intent: Intent) -> tenure_journal::Request {
    request(merchant, id, command(Family::LicenseCode, BEGIN, intent))
}

/// Four licenses: one of two merchants each, one with a product, one with a strange id.
fn shop() -> Journal<MemoryLog> {
    let mut journal = Journal::in_memory();
    let mut activated = activation(1, 5_000);
    activated.product = ProductId::parse("PROD_%1").ok();
    journal.append([
        of(code(1), "acme", Intent::Activate(activated)),
        of(code(1), "zenith", Intent::Freeze),
        of(code(2), "acme", Intent::Renew(term_change(1, 4_000))),
        of(LicenseId::parse("pl%odd").unwrap(), "acme", Intent::Freeze),
        notify("acme", order_line(1)),
        notify("acme", order_line(2)),
        rejected(),
    ]);
    journal
}

#[track_caller]
fn check(filter: LicenseFilter, expected: &[(&str, &str)]) {
    let mut journal = shop();
    let queries = folded(&mut journal);
    let rows = all(|cursor| queries.licenses(&filter, BEGIN, 1, cursor));
    assert_eq!(ids(&rows), expected);
}

#[test]
fn each_filter_finds_its_licenses() {
    let none = LicenseFilter::default;
    let first = ("PLTEST0001", "acme");
    let second = ("PLTEST0002", "acme");
    let odd = ("pl%odd", "acme");
    check(none(), &[first, ("PLTEST0001", "zenith"), second, odd]);
    check(
        LicenseFilter {
            merchant: Some(merchant("acme")),
            ..none()
        },
        &[first, second, odd],
    );
    check(
        LicenseFilter {
            order: Some(order(1)),
            ..none()
        },
        &[first, second],
    );
    check(
        LicenseFilter {
            listing: Some(listing()),
            status: Some(Status::Active),
            ..none()
        },
        &[first],
    );
    check(
        LicenseFilter {
            expires_before: Some(Instant::from_seconds(5_001)),
            ..none()
        },
        &[second, first],
    );
    check(
        LicenseFilter {
            expires_before: Some(Instant::from_seconds(5_000)),
            ..none()
        },
        &[second],
    );
    let nobody = Some(customer(9));
    check(
        LicenseFilter {
            customer: nobody,
            ..none()
        },
        &[],
    );
    for (q, expected) in [
        ("TEST0002", &[second][..]),
        ("pltest0002", &[second]),
        ("D_%1", &[first]),
        ("l%o", &[odd]),
        ("%", &[first, odd]),
        ("_", &[first]),
        ("\\", &[]),
    ] {
        check(
            LicenseFilter {
                q: Some(q.to_owned()),
                ..none()
            },
            expected,
        );
    }
}

#[test]
fn a_license_is_found_with_its_merchant_and_without_if_it_is_the_only_one() {
    let mut journal = shop();
    let queries = folded(&mut journal);
    let row = queries
        .license(&merchant("acme"), &code(1))
        .unwrap()
        .unwrap();
    assert_eq!((row.version.number(), row.position.number()), (2, 2));
    assert_eq!(row.license.status_at(BEGIN), Some(Status::Active));
    assert_eq!(row.effective_at, Instant::EPOCH);
    assert_eq!(row.recorded_at, BEGIN.plus_seconds(1));
    assert!(queries.license(None, &code(2)).unwrap().is_some());
    assert!(queries.license(None, &code(9)).unwrap().is_none());
    let error = queries.license(None, &code(1)).unwrap_err();
    assert!(matches!(error, QueryError::Ambiguous { .. }), "{error}");
}

#[test]
fn an_order_shows_its_lines_and_the_licenses_it_changed() {
    let mut journal = shop();
    let queries = folded(&mut journal);
    let found = queries.order(None, &order(1)).unwrap().unwrap();
    assert_eq!(found.lines.len(), 1);
    assert_eq!(found.lines[0].line, order_line(1).line);
    assert_eq!(found.licenses, [code(1), code(2)]);
    let found = queries
        .order(&merchant("acme"), &order(2))
        .unwrap()
        .unwrap();
    assert_eq!((found.lines.len(), found.licenses.len()), (1, 0));
    assert_eq!(queries.order(&merchant("zenith"), &order(1)).unwrap(), None);
    assert_eq!(
        queries
            .order(None, &OrderId::parse("CS0").unwrap())
            .unwrap(),
        None
    );
}

#[test]
fn each_filter_finds_its_receipts() {
    let mut journal = shop();
    let queries = folded(&mut journal);
    let none = ReceiptFilter::default;
    let seconds = |filter: ReceiptFilter| -> Vec<i64> {
        let rows = all(|cursor| queries.receipts(&filter, 2, cursor));
        rows.iter()
            .map(|row| row.arrived_at.micros_since(BEGIN) / 1_000_000)
            .collect()
    };
    assert_eq!(seconds(none()), [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(
        seconds(ReceiptFilter {
            verdict: Some(Verdict::Rejected),
            ..none()
        }),
        [7]
    );
    assert_eq!(
        seconds(ReceiptFilter {
            license: Some(code(1)),
            ..none()
        }),
        [2, 1]
    );
    assert_eq!(
        seconds(ReceiptFilter {
            listing: Some("other".to_owned()),
            ..none()
        }),
        [0; 0]
    );
    let activity = Some("newInstance".to_owned());
    assert_eq!(seconds(ReceiptFilter { activity, ..none() }).len(), 7);
    let since = Some(BEGIN.plus_seconds(3));
    let until = Some(BEGIN.plus_seconds(5));
    assert_eq!(
        seconds(ReceiptFilter {
            since,
            until,
            ..none()
        }),
        [4, 3]
    );

    let newest = queries.receipts(&none(), 1, None).unwrap().items.remove(0);
    assert_eq!(
        (newest.authentic, newest.reason.as_deref()),
        (false, Some("bad_signature"))
    );
    assert_eq!((newest.merchant, newest.license), (None, None));
}

#[test]
fn a_cursor_that_no_page_gave_is_refused() {
    let mut journal = shop();
    let queries = folded(&mut journal);
    let by_id = LicenseFilter::default();
    let by_end = LicenseFilter {
        expires_before: Some(Instant::MAX),
        ..by_id.clone()
    };
    let ask = |filter, cursor: &str| queries.licenses(filter, BEGIN, 1, Some(cursor)).err();
    let next = queries
        .licenses(&by_id, BEGIN, 1, None)
        .unwrap()
        .next
        .unwrap();
    assert!(ask(&by_id, &next).is_none());
    for (filter, cursor) in [
        (&by_end, next.as_str()),
        (&by_id, "zz"),
        (&by_id, "5b5d"),
        (&by_id, ""),
    ] {
        assert!(
            matches!(ask(filter, cursor), Some(QueryError::Cursor)),
            "{cursor}"
        );
    }
    let error = queries
        .receipts(&ReceiptFilter::default(), 1, Some(&next))
        .unwrap_err();
    assert!(matches!(error, QueryError::Cursor), "{error}");
}

#[test]
fn a_file_that_is_not_there_or_holds_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    assert!(Queries::open(&path).is_err());
    std::fs::write(&path, "").unwrap();
    assert!(Queries::open(&path).is_err());
}
