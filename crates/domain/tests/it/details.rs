//! What becomes of a license as the marketplace tells what its orders are.

use tenure_domain::license::ChangeKind;
use tenure_domain::{
    Activation, Event, Family, Instant, Intent, License, Living, OrderDetails, OrderKind, Quantity,
    Term, TermChange,
};
use tenure_testkit::{activation, command, customer, details, order_line, product, term_change};

use crate::states::{BEFORE, State, issued, purchased};
use crate::table::{
    AGAIN, Answer, CODES, INSTANCES, NOT_ITS_ORDER, UNKNOWN, check, never_seen, row, yields,
};

/// Footnote 11.
#[test]
fn learn_order_makes_known_what_changed_the_license_whatever_became_of_it() {
    let known = yields([&Event::OrderKnown(Box::new(details(2)))]);
    let mut cells = [const { AGAIN }; 8].map(|_| known.clone());
    cells[0] = UNKNOWN;
    let learn = Intent::LearnOrder(Box::new(details(2)));
    row(CODES, BEFORE, learn.clone(), cells.clone());
    row(INSTANCES, BEFORE, learn.clone(), cells);
    never_seen(learn, UNKNOWN);
}

/// Footnote 11: of orders that the license never saw.
#[test]
fn learn_order_is_refused_for_an_order_that_changed_nothing() {
    let mut other_line = details(2);
    other_line.order.line = order_line(3).line;
    for told in [details(3), other_line] {
        let mut cells = [NOT_ITS_ORDER; 8];
        cells[0] = UNKNOWN;
        let learn = Intent::LearnOrder(Box::new(told));
        row(CODES, BEFORE, learn.clone(), cells.clone());
        row(INSTANCES, BEFORE, learn, cells);
    }
}

/// Footnote 11: told again, and told otherwise.
#[test]
fn the_later_word_about_an_order_counts() {
    let at = Instant::from_seconds(BEFORE);
    let learn = |told: &OrderDetails| Intent::LearnOrder(Box::new(told.clone()));
    let otherwise = OrderDetails {
        customer: Some(customer(2)),
        ..details(2)
    };
    for family in [Family::LicenseCode, Family::Saas, Family::OnlineLicense] {
        for state in State::ALL {
            if state == State::Absent {
                continue;
            }
            let event = Event::OrderKnown(Box::new(details(2)));
            let known = state.license(family).evolve(&event);
            check(&known, &command(family, at, learn(&details(2))), &AGAIN);
            let later = Event::OrderKnown(Box::new(otherwise.clone()));
            let told = command(family, at, learn(&otherwise));
            check(&known, &told, &yields([&later]));
            check(&known.evolve(&later), &told, &AGAIN);
        }
    }
}

/// Footnote 12 of upgrades: details of that very order, unless they were known before.
#[test]
fn upgrade_that_tells_what_the_order_is_makes_it_known_at_once() {
    let at = Instant::from_seconds(BEFORE);
    let upgrade = |number, told| Intent::Upgrade {
        order: order_line(number),
        details: Some(Box::new(details(told))),
    };
    let upgraded = |number| Event::Upgraded {
        order: order_line(number),
    };
    let known_at_once = yields([&upgraded(3), &known(details(3))]);
    for family in [Family::LicenseCode, Family::Saas, Family::OnlineLicense] {
        let license = State::InForce.license(family);
        let decides = |license: &License, intent: Intent, expected: &Answer| {
            check(license, &command(family, at, intent), expected);
        };
        decides(&license, upgrade(3, 3), &known_at_once);
        decides(&license, upgrade(3, 2), &yields([&upgraded(3)]));
        decides(&license.clone().evolve(&upgraded(3)), upgrade(3, 3), &AGAIN);
        let renewal_known = license.evolve(&known(details(2)));
        decides(&renewal_known, upgrade(2, 2), &yields([&upgraded(2)]));
    }
}

fn known(told: OrderDetails) -> Event {
    Event::OrderKnown(Box::new(told))
}

/// Order `number`, of which only the product and the quantity are told.
fn told(number: u32, product_number: Option<u32>, units: Option<u32>) -> OrderDetails {
    OrderDetails {
        customer: None,
        product: product_number.map(product),
        quantity: units.map(|units| Quantity::parse(units).expect("it is not zero")),
        ..details(number)
    }
}

#[track_caller]
fn living(history: &[Event]) -> Living {
    match tenure_domain::laws::check(history) {
        Ok(License::Living(living)) => living,
        other => panic!("{history:?} leads to {other:?}"),
    }
}

/// Checks which product and how many units a history leads to.
#[track_caller]
fn licenses(history: &[Event], product_number: Option<u32>, units: Option<u32>) {
    let living = living(history);
    let found = (living.product, living.quantity.map(Quantity::units));
    assert_eq!(found, (product_number.map(product), units), "{history:?}");
}

fn renewed_with_product(number: u32) -> Event {
    Event::Renewed(TermChange {
        product: Some(product(number)),
        ..term_change(number, 200)
    })
}

#[test]
fn a_late_answer_about_an_old_order_takes_nothing_back() {
    let mut history = vec![purchased(Family::Saas), renewed_with_product(2)];
    history.push(known(told(1, Some(1), Some(5))));
    licenses(&history, Some(2), Some(5));
    history.push(known(told(2, Some(9), Some(7))));
    licenses(&history, Some(9), Some(7));
    history.push(known(told(1, Some(3), Some(6))));
    licenses(&history, Some(9), Some(7));
}

#[test]
fn a_newer_order_that_tells_nothing_leaves_what_an_older_one_told() {
    let upgraded = Event::Upgraded {
        order: order_line(3),
    };
    let mut history = vec![purchased(Family::Saas), upgraded];
    history.push(known(told(3, None, None)));
    licenses(&history, None, None);
    history.push(known(told(1, Some(1), Some(5))));
    licenses(&history, Some(1), Some(5));
    history.push(known(told(3, None, Some(8))));
    licenses(&history, Some(1), Some(8));
    history.push(known(told(1, Some(2), Some(6))));
    licenses(&history, Some(2), Some(8));
}

#[test]
fn a_change_after_all_answers_counts_more_than_they() {
    let history = [
        purchased(Family::Saas),
        known(told(1, Some(1), Some(5))),
        renewed_with_product(2),
    ];
    licenses(&history, Some(2), Some(5));
}

/// It tells of the purchase, which came before all that we heard of sooner.
#[test]
fn an_activation_heard_of_late_is_the_oldest_change() {
    let activated = Event::Activated(Activation {
        product: Some(product(1)),
        ..activation(1, 100)
    });
    let renewed = Event::Renewed(term_change(2, 200));
    let mut history = vec![issued(), renewed];
    history.push(known(told(2, Some(2), Some(3))));
    history.push(activated);
    licenses(&history, Some(2), Some(3));
    history.push(known(told(1, Some(1), Some(1))));
    licenses(&history, Some(2), Some(3));
}

#[test]
fn an_order_that_made_several_changes_is_as_new_as_the_last_of_them() {
    let history = [
        purchased(Family::Saas),
        Event::Renewed(term_change(2, 200)),
        renewed_with_product(3),
        Event::Renewed(term_change(2, 300)),
        known(told(2, Some(1), None)),
    ];
    licenses(&history, Some(1), None);
}

/// Checks that an answer about the newest order, 3, told early or late, tells who bought and
/// nothing of what is licensed.
#[track_caller]
fn tells_only_who_bought(change: Event, answer: OrderDetails) {
    let purchase = known(told(1, Some(1), Some(5)));
    let answer = known(OrderDetails {
        customer: Some(customer(3)),
        ..answer
    });
    let mut early = vec![purchased(Family::Saas), change];
    let mut late = early.clone();
    early.extend([answer.clone(), purchase.clone()]);
    late.extend([purchase, answer]);
    for history in [early, late] {
        let license = tenure_domain::laws::check(&history).expect("it is lawful");
        let living = license.living().expect("it was bought");
        let found = (&living.product, living.quantity.map(Quantity::units));
        assert_eq!(found, (&Some(product(1)), Some(5)), "{history:?}");
        assert_eq!(living.customer, Some(customer(3)), "{history:?}");
        assert_eq!(living.orders_known.len(), 2);
    }
}

#[test]
fn what_is_given_back_is_not_what_is_licensed() {
    let given_back = OrderDetails {
        kind: OrderKind::Unsubscribe,
        ..told(3, Some(2), Some(7))
    };
    let upgraded = Event::Upgraded {
        order: order_line(3),
    };
    tells_only_who_bought(upgraded, given_back);
    let cancelled = Event::RenewalCancelled(term_change(3, 100));
    tells_only_who_bought(cancelled, told(3, Some(2), Some(7)));
    let released = Event::Released {
        order: Some(order_line(3)),
    };
    tells_only_who_bought(released, told(3, Some(2), Some(7)));
}

/// The order granted the renewal before a refund was told under its name.
#[test]
fn a_cancelled_renewal_is_as_old_as_it_was_when_it_was_made() {
    let history = [
        purchased(Family::Saas),
        Event::Renewed(term_change(2, 200)),
        renewed_with_product(3),
        Event::RenewalCancelled(term_change(2, 100)),
        known(told(2, Some(1), Some(4))),
    ];
    licenses(&history, Some(3), Some(4));
}

#[test]
fn a_late_answer_about_an_old_order_tells_no_other_customer() {
    let by = |number, buyer: Option<u32>| {
        known(OrderDetails {
            customer: buyer.map(customer),
            ..details(number)
        })
    };
    let mut history = vec![purchased(Family::Saas), Event::Renewed(term_change(2, 200))];
    for (answer, buyer) in [
        (by(2, None), None),
        (by(1, Some(1)), Some(1)),
        (by(2, Some(2)), Some(2)),
        (by(1, Some(3)), Some(2)),
        (by(2, Some(4)), Some(4)),
    ] {
        history.push(answer);
        assert_eq!(
            living(&history).customer,
            buyer.map(customer),
            "{history:?}"
        );
    }
}

#[test]
fn every_change_of_an_order_line_is_known_with_it() {
    let living = living(&[
        purchased(Family::Saas),
        Event::Renewed(term_change(2, 200)),
        Event::RenewalCancelled(term_change(2, 100)),
        known(details(2)),
    ]);
    let told: Vec<_> = living
        .changes
        .iter()
        .map(|change| (change.kind, living.details_of(change).cloned()))
        .collect();
    assert_eq!(
        told,
        [
            (ChangeKind::Purchase, None),
            (ChangeKind::Renewal, Some(details(2))),
            (ChangeKind::RenewalCancellation, Some(details(2))),
        ]
    );
}

#[test]
fn an_activation_is_known_with_the_line_that_was_told_last() {
    let mut second_line = details(1);
    second_line.order.line = order_line(9).line;
    let mut history = vec![issued(), Event::Activated(activation(1, 100))];
    for last in [details(1), second_line, told(1, None, None)] {
        history.push(known(last.clone()));
        let living = living(&history);
        assert_eq!(living.details_of(&living.changes[0]), Some(&last));
    }
    assert_eq!(living(&history).orders_known.len(), 2);
}

#[test]
fn an_answer_tells_who_bought_and_changes_no_term() {
    let history = [
        issued(),
        Event::Activated(activation(1, 100)),
        known(details(1)),
    ];
    let told = living(&history);
    assert_eq!(told.customer, Some(customer(1)));
    assert_eq!(
        told.term,
        Term {
            starts_at: Some(Instant::EPOCH),
            expires_at: Some(Instant::from_seconds(100)),
            grace_seconds: 0,
        }
    );
    let untold = OrderDetails {
        customer: None,
        ..details(1)
    };
    let told = living(&[&history[..], &[known(untold)]].concat());
    assert_eq!(told.customer, Some(customer(1)), "not told is not nobody");
}

#[test]
fn a_released_license_learns_who_bought_it() {
    let license = License::replay(&[
        purchased(Family::Saas),
        Event::Released { order: None },
        known(details(1)),
    ]);
    let License::Released(living) = license else {
        panic!("{license:?}");
    };
    assert_eq!(living.customer, Some(customer(1)));
    assert_eq!(living.product, Some(product(1)));
}

/// A history that was spoilt, or looked at as of an instant before the change.
#[test]
fn details_of_an_order_that_changed_nothing_are_passed_over() {
    let without = License::replay(&[issued()]);
    assert_eq!(without.clone().evolve(&known(details(1))), without);
}
