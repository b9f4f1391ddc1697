//! The laws, over long random histories and over histories that were spoilt.

use proptest::prelude::*;
use tenure_domain::file::FileContent;
use tenure_domain::laws::{Broken, check};
use tenure_domain::{Event, Family, Instant, License, OrderDetails, Status};
use tenure_testkit::{
    activation, commands, customer, details, events, file_request, history, instants, order_line,
    sealed, term_change,
};

use crate::audit::Audited;
use crate::states::{issued, purchased};

proptest! {
    #[test]
    fn long_sequences_of_commands_obey_the_laws(commands in commands()) {
        let mut audited = Audited::default();
        for command in &commands {
            audited = audited.step(command);
        }
        prop_assert_eq!(tenure_testkit::decided(&commands), audited.history);
    }

    #[test]
    fn every_decided_history_is_lawful(history in history()) {
        prop_assert_eq!(check(&history), Ok(License::replay(&history)));
    }

    #[test]
    fn what_has_happened_has_a_status_and_only_that(history in history(), micros: i64) {
        let license = License::replay(&history);
        let status = license.status_at(Instant::from_micros(micros));
        prop_assert_eq!(status.is_none(), history.is_empty());
    }

    #[test]
    fn time_alone_never_makes_a_license_better(
        history in history(),
        one in instants(),
        other in instants(),
    ) {
        let license = License::replay(&history);
        let (earlier, later) = (one.min(other), one.max(other));
        let (before, after) = (license.status_at(earlier), license.status_at(later));
        if let (Some(before), Some(after)) = (before, after) {
            prop_assert!(may_become(before, after), "{before:?} became {after:?}");
        }
    }

    #[test]
    fn grace_lies_between_the_end_and_the_end_of_the_grace(
        history in history(),
        at in instants(),
    ) {
        let license = License::replay(&history);
        if license.status_at(at) == Some(Status::Grace) {
            let term = license.living().expect("it has a status").term;
            let end = term.expires_at.expect("grace follows an end");
            prop_assert!(end <= at);
            prop_assert!(at < end.plus_seconds(i64::from(term.grace_seconds)));
        }
    }

    #[test]
    fn a_license_grants_something_exactly_while_it_is_active_or_in_grace(
        history in history(),
        at in instants(),
    ) {
        let license = License::replay(&history);
        let is_good = matches!(license.status_at(at), Some(Status::Active | Status::Grace));
        prop_assert_eq!(license.entitlement_at(at).is_some(), is_good);
    }

    #[test]
    fn no_event_happens_twice_in_a_row(history in history(), index: prop::sample::Index) {
        prop_assume!(!history.is_empty());
        let index = index.index(history.len());
        let mut repeated = history;
        repeated.insert(index, repeated[index].clone());
        let broken = check(&repeated).map_err(number_of);
        prop_assert_eq!(broken, Err(index + 2));
    }

    #[test]
    fn a_history_without_its_opening_is_unlawful(history in history()) {
        prop_assume!(history.len() > 1);
        prop_assert_eq!(check(&history[1..]), Err(Broken::OpensOtherwise(1)));
    }

    #[test]
    fn a_history_whose_opening_comes_second_is_unlawful(history in history()) {
        prop_assume!(history.len() > 1);
        let mut swapped = history;
        swapped.swap(0, 1);
        prop_assert_eq!(check(&swapped), Err(Broken::OpensOtherwise(1)));
    }

    #[test]
    fn a_history_opens_once(history in history()) {
        prop_assume!(!history.is_empty());
        let released = matches!(License::replay(&history), License::Released(_));
        let mut reopened = history;
        reopened.push(reopened[0].clone());
        let number = reopened.len();
        let expected = if released {
            Broken::FollowsRelease(number)
        } else {
            Broken::OpensTwice(number)
        };
        prop_assert_eq!(check(&reopened), Err(expected));
    }

    #[test]
    fn what_orders_are_has_no_part_in_status_and_term(history in history(), at in instants()) {
        let without: Vec<Event> = history
            .iter()
            .filter(|event| !matches!(event, Event::OrderKnown(_)))
            .cloned()
            .collect();
        let (told, untold) = (License::replay(&history), License::replay(&without));
        prop_assert_eq!(check(&without), Ok(untold.clone()));
        prop_assert_eq!(told.status_at(at), untold.status_at(at));
        let term = |license: &License| license.living().map(|living| living.term);
        prop_assert_eq!(term(&told), term(&untold));
        let changes = |license: &License| license.living().map(|living| living.changes.clone());
        prop_assert_eq!(changes(&told), changes(&untold));
    }

    #[test]
    fn what_is_known_of_an_order_is_the_last_word_on_it(history in history()) {
        let license = License::replay(&history);
        for known in license.living().into_iter().flat_map(|it| &it.orders_known) {
            let mut words = history.iter().filter_map(word);
            let last = words.rfind(|word| word.order == known.order);
            prop_assert_eq!(last, Some(known));
        }
        let told: std::collections::BTreeSet<_> =
            history.iter().filter_map(word).map(|word| &word.order).collect();
        let known = license.living().map_or(0, |living| living.orders_known.len());
        prop_assert_eq!(known, told.len());
    }

    #[test]
    fn the_customer_is_one_that_was_told(history in history()) {
        let license = License::replay(&history);
        let told: Vec<_> =
            history.iter().filter_map(word).filter_map(|word| word.customer.as_ref()).collect();
        let customer = license.living().and_then(|living| living.customer.as_ref());
        prop_assert_eq!(customer.is_some(), !told.is_empty());
        prop_assert!(customer.is_none_or(|customer| told.contains(&customer)));
    }

    #[test]
    fn no_event_follows_or_changes_a_released_license(
        history in history(),
        late in events().prop_filter("some news may come late", |it| !may_come_late(it)),
    ) {
        let mut ended = history;
        if ended.is_empty() {
            ended.push(issued());
        }
        ended.push(Event::Released { order: None });
        let license = License::replay(&ended);
        prop_assert_eq!(license.clone().evolve(&late), license);
        ended.push(late);
        let mut indices = 0..ended.len();
        indices.find(|index| matches!(ended[*index], Event::Released { .. }));
        let follows = indices.find(|index| !may_come_late(&ended[*index]));
        let follows = follows.expect("something follows the release") + 1;
        prop_assert_eq!(check(&ended), Err(Broken::FollowsRelease(follows)));
    }

    #[test]
    fn any_events_in_any_order_are_replayed_and_judged(
        events in prop::collection::vec(events(), 0..20),
    ) {
        let license = License::replay(&events);
        let opened = events
            .iter()
            .any(|event| matches!(event, Event::Purchased { .. } | Event::Issued { .. }));
        prop_assert_eq!(license != License::Absent, opened);
        if let Ok(lawful) = check(&events) {
            prop_assert_eq!(lawful, license);
        }
    }
}

/// Whether the passing of time alone may lead from one status to another.
fn may_become(before: Status, after: Status) -> bool {
    match before {
        Status::Active => matches!(after, Status::Active | Status::Grace | Status::Expired),
        Status::Grace => matches!(after, Status::Grace | Status::Expired),
        Status::Issued => matches!(after, Status::Issued | Status::Expired),
        Status::Provisioning | Status::Expired | Status::Suspended | Status::Released => {
            after == before
        },
    }
}

/// What an event tells of an order, if it is about that.
fn word(event: &Event) -> Option<&OrderDetails> {
    match event {
        Event::OrderKnown(details) => Some(details),
        Event::Purchased { .. }
        | Event::Issued { .. }
        | Event::Provisioned { .. }
        | Event::Activated(_)
        | Event::Renewed(_)
        | Event::RenewalCancelled(_)
        | Event::ConvertedToPaid(_)
        | Event::Upgraded { .. }
        | Event::Expired
        | Event::Suspended
        | Event::Reinstated
        | Event::Released { .. }
        | Event::AccessTold { .. }
        | Event::CodeChecked(_)
        | Event::FileRequested(_)
        | Event::FileMade { .. }
        | Event::FileDelivered { .. }
        | Event::FileDenied { .. } => None,
    }
}

/// Whether an event may come after the release: it tells of what was.
fn may_come_late(event: &Event) -> bool {
    let is_told_late = matches!(
        event,
        Event::FileDelivered { .. } | Event::FileDenied { .. } | Event::CodeChecked(_)
    );
    is_told_late || word(event).is_some()
}

/// The number of the event that breaks a law.
fn number_of(broken: Broken) -> usize {
    match broken {
        Broken::OpensOtherwise(number)
        | Broken::PurchasesCode(number)
        | Broken::OpensTwice(number)
        | Broken::FollowsRelease(number)
        | Broken::InForceTwice(number)
        | Broken::FrozenTwice(number)
        | Broken::NothingToReinstate(number)
        | Broken::ChangedTwice(number)
        | Broken::TellsOfNoChange(number)
        | Broken::KnownTwice(number)
        | Broken::AccessOutOfTurn(number)
        | Broken::CheckedTwice(number)
        | Broken::FileRequestedTwice(number)
        | Broken::FileOutOfTurn(number) => number,
    }
}

#[track_caller]
fn breaks(history: &[Event], expected: Broken) {
    assert_eq!(check(history), Err(expected), "{history:?}");
}

fn provisioned() -> Event {
    Event::Provisioned {
        provisioned_at: Instant::EPOCH,
    }
}

fn activated() -> Event {
    Event::Activated(activation(1, 100))
}

#[test]
fn nothing_is_a_lawful_history() {
    assert_eq!(check(&[]), Ok(License::Absent));
}

#[test]
fn a_history_opens_with_a_purchase_or_a_code() {
    breaks(&[provisioned()], Broken::OpensOtherwise(1));
    breaks(&[Event::Suspended, issued()], Broken::OpensOtherwise(1));
    assert!(check(&[issued()]).is_ok());
    assert!(check(&[purchased(Family::Saas)]).is_ok());
}

#[test]
fn a_history_does_not_open_again_as_another_family() {
    breaks(&[issued(), purchased(Family::Saas)], Broken::OpensTwice(2));
    breaks(&[purchased(Family::Saas), issued()], Broken::OpensTwice(2));
}

#[test]
fn nothing_follows_a_release() {
    let released = Event::Released { order: None };
    breaks(
        &[issued(), released.clone(), Event::Reinstated],
        Broken::FollowsRelease(3),
    );
    breaks(
        &[issued(), released.clone(), released],
        Broken::FollowsRelease(3),
    );
}

#[test]
fn instances_are_provisioned_and_codes_activated_once() {
    let saas = purchased(Family::Saas);
    breaks(&[issued(), provisioned()], Broken::InForceTwice(2));
    breaks(
        &[issued(), activated(), activated()],
        Broken::InForceTwice(3),
    );
    breaks(&[saas.clone(), activated()], Broken::InForceTwice(2));
    breaks(
        &[saas, provisioned(), provisioned()],
        Broken::InForceTwice(3),
    );
}

#[test]
fn nobody_purchases_a_code() {
    breaks(&[purchased(Family::LicenseCode)], Broken::PurchasesCode(1));
}

#[test]
fn what_is_frozen_is_not_frozen_again() {
    for first in [Event::Suspended, Event::Expired] {
        for second in [Event::Suspended, Event::Expired] {
            let history = [issued(), activated(), first.clone(), second];
            breaks(&history, Broken::FrozenTwice(4));
        }
    }
}

#[test]
fn only_what_is_frozen_is_reinstated() {
    breaks(
        &[issued(), Event::Reinstated],
        Broken::NothingToReinstate(2),
    );
    breaks(
        &[
            issued(),
            Event::Suspended,
            Event::Reinstated,
            Event::Reinstated,
        ],
        Broken::NothingToReinstate(4),
    );
}

#[test]
fn one_change_of_one_order_happens_once() {
    let change = term_change(2, 100);
    let order = order_line(2);
    for event in [
        Event::Renewed(change.clone()),
        Event::RenewalCancelled(change.clone()),
        Event::ConvertedToPaid(change),
        Event::Upgraded { order },
    ] {
        let between = Event::Renewed(term_change(3, 300));
        let history = [issued(), event.clone(), between, event];
        breaks(&history, Broken::ChangedTwice(4));
    }
}

#[test]
fn the_way_to_an_application_is_told_once_it_is_ready() {
    let told = |number| Event::AccessTold {
        access: sealed(number),
    };
    let bought = purchased(Family::Saas);
    breaks(&[bought.clone(), told(1)], Broken::AccessOutOfTurn(2));
    breaks(
        &[issued(), activated(), told(1)],
        Broken::AccessOutOfTurn(3),
    );
    let history = [bought, provisioned(), told(1), told(2), told(1)];
    assert!(check(&history).is_ok());
    breaks(
        &[&history[..], &[told(1)]].concat(),
        Broken::AccessOutOfTurn(6),
    );
}

#[test]
fn a_license_file_is_asked_for_made_and_delivered() {
    let request = file_request(1, Some(1));
    let key = || request.key();
    let requested = Event::FileRequested(Box::new(request.clone()));
    let made = Event::FileMade {
        key: key(),
        content: FileContent::Characters(sealed(1)),
    };
    let delivered = Event::FileDelivered { key: key() };
    let denied = Event::FileDenied {
        key: key(),
        code: "91381037".into(),
    };
    let bought = [purchased(Family::OnlineLicense), provisioned()];
    let after = |events: &[&Event]| -> Vec<Event> {
        let events = events.iter().map(|event| (*event).clone());
        bought.iter().cloned().chain(events).collect()
    };
    assert!(check(&after(&[&requested, &made, &denied, &delivered])).is_ok());
    let released = Event::Released { order: None };
    assert!(check(&after(&[&requested, &made, &released, &delivered])).is_ok());
    for (events, number) in [
        (after(&[&made]), 3),
        (after(&[&requested, &delivered]), 4),
        (after(&[&requested, &denied]), 4),
        (after(&[&requested, &made, &made]), 5),
        (after(&[&requested, &made, &delivered, &denied]), 6),
        (after(&[&requested, &made, &delivered, &delivered]), 6),
    ] {
        breaks(&events, Broken::FileOutOfTurn(number));
    }
    breaks(
        &after(&[&requested, &requested]),
        Broken::FileRequestedTwice(4),
    );
    let of_saas = [purchased(Family::Saas), provisioned(), requested];
    breaks(&of_saas, Broken::FileRequestedTwice(3));
}

#[test]
fn an_order_becomes_known_after_it_changed_the_license() {
    let known = |number| Event::OrderKnown(Box::new(details(number)));
    breaks(&[known(1)], Broken::OpensOtherwise(1));
    breaks(&[issued(), known(1)], Broken::TellsOfNoChange(2));
    let bought = purchased(Family::Saas);
    breaks(&[bought.clone(), known(2)], Broken::TellsOfNoChange(2));
    let released = Event::Released { order: None };
    let history = [bought, released, known(1)];
    assert!(check(&history).is_ok());
    breaks(
        &[&history[..], &[known(2)]].concat(),
        Broken::TellsOfNoChange(4),
    );
}

#[test]
fn what_is_known_of_an_order_is_not_told_again() {
    let first = Event::OrderKnown(Box::new(details(1)));
    let second = Event::OrderKnown(Box::new(OrderDetails {
        customer: Some(customer(2)),
        ..details(1)
    }));
    let history = [purchased(Family::Saas), first.clone(), second.clone()];
    breaks(
        &[&history[..], std::slice::from_ref(&second)].concat(),
        Broken::KnownTwice(4),
    );
    assert!(check(&[&history[..], &[first]].concat()).is_ok());
}
