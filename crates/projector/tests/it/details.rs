//! Who bought, what the orders are, and which of them the marketplace has still to be asked about.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tenure_domain::{Family, Intent, License, LicenseId, MerchantId, OrderDetails, OrderId};
use tenure_domain::{ListingId, OrderLineId};
use tenure_journal::{MemoryLog, Position, ReadLog, Subject};
use tenure_projector::{LicenseFilter, PendingOrder, Queries};
use tenure_testkit::{
    activation, code, customer, details, listing, order, order_line, term_change,
};

use crate::answers::{folded, of};
use crate::journal::{BEGIN, Journal, merchant, requests};

fn learn(told: OrderDetails) -> Intent {
    Intent::LearnOrder(Box::new(told))
}

#[test]
fn more_orders_are_named_at_once_than_other_lists_have_on_a_page() {
    let mut journal = Journal::in_memory();
    let codes = 1..=1_001;
    journal.append(codes.map(|number| {
        let activate = Intent::Activate(activation(number, 5_000));
        of(code(number), "acme", activate)
    }));
    let queries = folded(&mut journal);
    assert_eq!(pending(&queries, 1_001).len(), 1_001);
}

/// Two codes of one order: the first was renewed in between, the second was released.
fn journal() -> Journal<MemoryLog> {
    let mut journal = Journal::in_memory();
    journal.append([
        of(code(1), "acme", Intent::Activate(activation(1, 5_000))),
        of(code(1), "acme", Intent::Renew(term_change(2, 9_000))),
        of(code(2), "acme", Intent::Activate(activation(1, 5_000))),
        of(code(1), "acme", Intent::Renew(term_change(3, 9_900))),
        of(code(2), "acme", Intent::Release { order: None }),
    ]);
    journal
}

/// What is to be asked: the license, the order, whether a line is named, and the position.
fn pending(queries: &Queries, limit: usize) -> Vec<(LicenseId, OrderId, bool, u64)> {
    let pending = queries.pending_orders(&listing(), limit).unwrap();
    pending
        .into_iter()
        .map(|it| {
            (
                it.license,
                it.order,
                it.line.is_some(),
                it.position.number(),
            )
        })
        .collect()
}

#[test]
fn orders_that_nobody_explained_are_named_oldest_first() {
    let mut journal = journal();
    let queries = folded(&mut journal);
    let all = [
        (code(1), order(1), false, 2),
        (code(1), order(2), true, 3),
        (code(2), order(1), false, 5),
        (code(1), order(3), true, 6),
    ];
    for limit in 1..=5 {
        assert_eq!(pending(&queries, limit), all[..limit.min(4)]);
    }
    let other = ListingId::parse("cad-max").unwrap();
    assert_eq!(queries.pending_orders(&other, 9).unwrap(), []);
    let first = queries.pending_orders(&listing(), 2).unwrap().pop();
    assert_eq!(
        first,
        Some(PendingOrder {
            merchant: merchant("acme"),
            license: code(1),
            family: Family::LicenseCode,
            listing: listing(),
            order: order(2),
            line: Some(order_line(2).line),
            position: Position::new(3),
        })
    );
}

#[test]
fn an_order_that_is_known_is_not_named_any_more() {
    let mut journal = journal();
    for (number, told, left) in [
        (1, 1, vec![(code(1), 2), (code(2), 1), (code(1), 3)]),
        (1, 3, vec![(code(1), 2), (code(2), 1)]),
        (2, 1, vec![(code(1), 2)]),
        (1, 2, vec![]),
    ] {
        journal.append([of(code(number), "acme", learn(details(told)))]);
        let queries = folded(&mut journal);
        let named: Vec<_> = pending(&queries, 9)
            .into_iter()
            .map(|(license, order, _, _)| (license, order))
            .collect();
        let left: Vec<_> = left
            .into_iter()
            .map(|(license, number)| (license, order(number)))
            .collect();
        assert_eq!(named, left, "after order {told} of license {number}");
    }
}

#[test]
fn an_order_line_that_changed_a_license_twice_is_named_once() {
    let mut journal = Journal::in_memory();
    journal.append([
        of(code(1), "acme", Intent::Renew(term_change(1, 5_000))),
        of(
            code(1),
            "acme",
            Intent::CancelRenewal(term_change(1, 4_000)),
        ),
    ]);
    let queries = folded(&mut journal);
    assert_eq!(pending(&queries, 9), [(code(1), order(1), true, 2)]);
}

#[test]
fn licenses_are_found_by_who_bought_them() {
    let mut journal = journal();
    let told_otherwise = OrderDetails {
        customer: Some(customer(2)),
        ..details(1)
    };
    journal.append([
        of(code(1), "acme", learn(details(1))),
        of(code(2), "acme", learn(told_otherwise)),
    ]);
    let queries = folded(&mut journal);
    for (buyer, expected) in [(1, vec![code(1)]), (2, vec![code(2)]), (3, vec![])] {
        let filter = LicenseFilter {
            customer: Some(customer(buyer)),
            ..LicenseFilter::default()
        };
        let page = queries.licenses(&filter, BEGIN, 9, None).unwrap();
        let found: Vec<_> = page.items.iter().map(|row| row.id.clone()).collect();
        assert_eq!(found, expected);
        for row in page.items {
            let living = row.license.living().unwrap();
            assert_eq!(living.customer, Some(customer(buyer)));
        }
    }
    let by_text = LicenseFilter {
        q: Some("CUSTOMER-0002".to_owned()),
        ..LicenseFilter::default()
    };
    let page = queries.licenses(&by_text, BEGIN, 9, None).unwrap();
    assert_eq!(page.items.len(), 1);
}

#[test]
fn an_order_shows_what_its_licenses_know_of_it() {
    let mut journal = journal();
    let queries = folded(&mut journal);
    let found = queries.order(None, &order(1)).unwrap().unwrap();
    assert_eq!(found.details, []);

    let mut second_line = details(1);
    second_line.order.line = order_line(9).line;
    let told_otherwise = OrderDetails {
        customer: Some(customer(2)),
        ..details(1)
    };
    for (number, told, expected) in [
        (1, second_line.clone(), vec![second_line.clone()]),
        (1, details(1), vec![details(1), second_line.clone()]),
        (2, details(1), vec![details(1), second_line.clone()]),
        (
            2,
            told_otherwise.clone(),
            vec![details(1), told_otherwise, second_line],
        ),
    ] {
        journal.append([of(code(number), "acme", learn(told))]);
        let queries = folded(&mut journal);
        let found = queries.order(None, &order(1)).unwrap().unwrap();
        assert_eq!(found.details, expected);
        assert_eq!(found.licenses, [code(1), code(2)]);
    }
    let queries = folded(&mut journal);
    let found = queries.order(None, &order(2)).unwrap().unwrap();
    assert_eq!(found.details, []);
}

/// A pending order as the records tell it.
type Told = (
    Position,
    MerchantId,
    LicenseId,
    OrderId,
    Option<OrderLineId>,
);

/// What is to be asked, told by the records alone.
fn by_the_records(journal: &mut Journal<MemoryLog>) -> Vec<Told> {
    let records = journal.log.read_after(Position::START, 10_000).unwrap();
    let streams: BTreeSet<_> = records.iter().map(|it| it.stream.clone()).collect();
    let mut pending: Vec<Told> = Vec::new();
    for stream in streams {
        let Subject::License(id) = &stream.subject else {
            continue;
        };
        let mut license = License::Absent;
        let mut places = Vec::new();
        for record in records.iter().filter(|it| it.stream == stream) {
            let event = record.event.as_license().unwrap();
            license = license.evolve(event);
            let count = license.living().map_or(0, |it| it.changes.len());
            places.resize(count, record.position);
        }
        let living = license.living().unwrap();
        let mut lines = BTreeSet::new();
        for (change, position) in living.changes.iter().zip(places) {
            let line = (change.order.clone(), change.line.clone());
            if living.details_of(change).is_none() && lines.insert(line.clone()) {
                let merchant = stream.merchant.clone();
                pending.push((position, merchant, id.clone(), line.0, line.1));
            }
        }
    }
    pending.sort();
    pending
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_left_to_ask_is_what_the_records_leave_open(requests in requests(), limit in 1..9_usize) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let mut expected = by_the_records(&mut journal);
        expected.truncate(limit);
        let queries = folded(&mut journal);
        let found: Vec<Told> = queries
            .pending_orders(&listing(), limit)
            .unwrap()
            .into_iter()
            .map(|it| (it.position, it.merchant, it.license, it.order, it.line))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
