//! The decision table, row by row: the cells stand in the order of [`State::ALL`].

use tenure_domain::{
    Command, Event, Family, Instant, Intent, License, OrderLine, Refusal, TermChange, WhenAbsent,
    decide,
};
use tenure_testkit::{activation, command, details, order_line, term_change};

use crate::states::{AFTER, BEFORE, DAY, END, State, issued, purchased};

pub(crate) type Answer = Result<Vec<Event>, Refusal>;

pub(crate) const INSTANCES: [Family; 2] = [Family::Saas, Family::OnlineLicense];
pub(crate) const CODES: [Family; 1] = [Family::LicenseCode];
pub(crate) const UNKNOWN: Answer = Err(Refusal::Unknown);
const RELEASED: Answer = Err(Refusal::Released);
const NOT_PROVISIONABLE: Answer = Err(Refusal::NotProvisionable);
pub(crate) const NOT_ITS_ORDER: Answer = Err(Refusal::NotItsOrder);
pub(crate) const AGAIN: Answer = Ok(Vec::new());

#[track_caller]
pub(crate) fn check(license: &License, command: &Command, expected: &Answer) {
    let answer = decide(license, command);
    assert_eq!(answer, *expected, "given {license:?}, when {command:?}");
}

/// Checks one command against every state of each family.
#[track_caller]
pub(crate) fn row<const FAMILIES: usize>(
    families: [Family; FAMILIES],
    at: i64,
    intent: Intent,
    cells: [Answer; 8],
) {
    for family in families {
        let command = command(family, Instant::from_seconds(at), intent.clone());
        for (state, expected) in State::ALL.into_iter().zip(&cells) {
            check(&state.license(family), &command, expected);
        }
    }
}

/// Checks a command about an authorization code never seen, when such codes are not remembered.
#[track_caller]
pub(crate) fn never_seen(intent: Intent, expected: Answer) {
    let command = Command {
        when_absent: WhenAbsent::Refuse,
        ..command(Family::LicenseCode, Instant::from_seconds(BEFORE), intent)
    };
    check(&License::Absent, &command, &expected);
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a cell of the table is an answer, and some answers are refusals"
)]
pub(crate) fn yields<const EVENTS: usize>(events: [&Event; EVENTS]) -> Answer {
    Ok(events.into_iter().cloned().collect())
}

fn purchase(ready: bool) -> Intent {
    Intent::Purchase {
        order: order_line(1),
        ready,
        details: None,
    }
}

fn upgrade(order: OrderLine) -> Intent {
    Intent::Upgrade {
        order,
        details: None,
    }
}

#[test]
fn purchase_opens_an_instance_and_nothing_else() {
    for family in INSTANCES {
        let opened = yields([&purchased(family)]);
        row(
            [family],
            BEFORE,
            purchase(false),
            [opened, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
        );
    }
    row(
        CODES,
        BEFORE,
        purchase(true),
        [UNKNOWN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
    );
}

/// Footnote 1.
#[test]
fn purchase_of_what_is_ready_at_once_provisions_too() {
    let provisioned = Event::Provisioned {
        provisioned_at: Instant::from_seconds(BEFORE),
    };
    for family in INSTANCES {
        let opened = yields([&purchased(family), &provisioned]);
        row(
            [family],
            BEFORE,
            purchase(true),
            [opened, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
        );
    }
}

/// Footnote 12.
#[test]
fn purchase_that_tells_what_the_order_is_makes_it_known_at_once() {
    let known = Event::OrderKnown(Box::new(details(1)));
    let provisioned = Event::Provisioned {
        provisioned_at: Instant::from_seconds(BEFORE),
    };
    for family in INSTANCES {
        let bought = purchased(family);
        for (told, ready, opened) in [
            (1, false, yields([&bought, &known])),
            (1, true, yields([&bought, &known, &provisioned])),
            (2, true, yields([&bought, &provisioned])),
        ] {
            let intent = Intent::Purchase {
                order: order_line(1),
                ready,
                details: Some(Box::new(details(told))),
            };
            let cells = [opened, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN];
            row([family], BEFORE, intent, cells);
        }
    }
}

/// Footnote 5 for instances.
#[test]
fn report_provisioned_brings_an_instance_into_force_once() {
    let done = yields([&Event::Provisioned {
        provisioned_at: Instant::from_seconds(BEFORE),
    }]);
    row(
        INSTANCES,
        BEFORE,
        Intent::ReportProvisioned { access: None },
        [
            UNKNOWN,
            done.clone(),
            done.clone(),
            done,
            AGAIN,
            AGAIN,
            AGAIN,
            RELEASED,
        ],
    );
}

#[test]
fn report_provisioned_is_refused_for_a_code() {
    row(
        CODES,
        BEFORE,
        Intent::ReportProvisioned { access: None },
        [
            UNKNOWN,
            NOT_PROVISIONABLE,
            NOT_PROVISIONABLE,
            NOT_PROVISIONABLE,
            NOT_PROVISIONABLE,
            NOT_PROVISIONABLE,
            NOT_PROVISIONABLE,
            RELEASED,
        ],
    );
}

/// Footnote 5 for codes.
#[test]
fn activate_brings_a_code_into_force_once() {
    let told = activation(1, 90);
    let activated = Event::Activated(told.clone());
    let (first, done) = (yields([&issued(), &activated]), yields([&activated]));
    row(
        CODES,
        BEFORE,
        Intent::Activate(told.clone()),
        [
            first.clone(),
            done.clone(),
            done.clone(),
            done,
            AGAIN,
            AGAIN,
            AGAIN,
            RELEASED,
        ],
    );
    never_seen(Intent::Activate(told), first);
}

#[test]
fn activate_does_nothing_to_an_instance() {
    row(
        INSTANCES,
        BEFORE,
        Intent::Activate(activation(1, 90)),
        [UNKNOWN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, RELEASED],
    );
}

/// Checks a row of the two intents that lengthen a term: footnotes 2, 3 and 4.
#[track_caller]
fn lengthens(intent: &Intent, event: &Event, end_is_ahead: bool) {
    let first = yields([&issued(), event]);
    let same = yields([event]);
    let back = if end_is_ahead {
        yields([event, &Event::Reinstated])
    } else {
        same.clone()
    };
    for (family, absent) in [
        (Family::LicenseCode, first),
        (Family::Saas, UNKNOWN),
        (Family::OnlineLicense, UNKNOWN),
    ] {
        row(
            [family],
            AFTER,
            intent.clone(),
            [
                absent,
                same.clone(),
                same.clone(),
                back.clone(),
                same.clone(),
                same.clone(),
                back.clone(),
                RELEASED,
            ],
        );
    }
    never_seen(intent.clone(), UNKNOWN);
}

#[test]
fn renew_lengthens_and_lifts_an_expiry_if_the_new_end_lies_ahead() {
    for (end, is_ahead) in [(AFTER + 1, true), (AFTER, false), (AFTER - 1, false)] {
        let change = term_change(3, end);
        lengthens(
            &Intent::Renew(change.clone()),
            &Event::Renewed(change),
            is_ahead,
        );
    }
}

#[test]
fn convert_to_paid_lengthens_and_lifts_an_expiry_if_the_new_end_lies_ahead() {
    for (end, is_ahead) in [(AFTER + 1, true), (AFTER, false), (AFTER - 1, false)] {
        let change = term_change(3, end);
        let event = Event::ConvertedToPaid(change.clone());
        lengthens(&Intent::ConvertToPaid(change), &event, is_ahead);
    }
}

/// Checks a row of the two intents that change a license and never lift a hold: footnote 2.
#[track_caller]
fn changes(intent: &Intent, event: &Event) {
    lengthens(intent, event, false);
}

#[test]
fn cancel_renewal_shortens_and_lifts_nothing() {
    for end in [40, AFTER + 1] {
        let change = term_change(3, end);
        let event = Event::RenewalCancelled(change.clone());
        changes(&Intent::CancelRenewal(change), &event);
    }
}

#[test]
fn upgrade_changes_and_lifts_nothing() {
    let order = order_line(3);
    let event = Event::Upgraded {
        order: order.clone(),
    };
    changes(&upgrade(order), &event);
}

/// Footnote 3: whatever came between.
#[test]
fn a_change_that_an_order_made_before_is_not_made_again() {
    let (change, order) = (term_change(3, 300), order_line(3));
    for (event, intent) in [
        (
            Event::Renewed(change.clone()),
            Intent::Renew(change.clone()),
        ),
        (
            Event::RenewalCancelled(change.clone()),
            Intent::CancelRenewal(change.clone()),
        ),
        (
            Event::ConvertedToPaid(change.clone()),
            Intent::ConvertToPaid(change),
        ),
        (
            Event::Upgraded {
                order: order.clone(),
            },
            upgrade(order),
        ),
    ] {
        for family in [Family::LicenseCode, Family::Saas, Family::OnlineLicense] {
            for state in State::ALL {
                let license = state.license(family).evolve(&event).evolve(&later_change());
                let expected = match state {
                    State::Absent => continue,
                    State::Released => RELEASED,
                    State::New
                    | State::SuspendedNew
                    | State::ExpiredNew
                    | State::InForce
                    | State::Suspended
                    | State::Expired => AGAIN,
                };
                let at = Instant::from_seconds(AFTER);
                check(&license, &command(family, at, intent.clone()), &expected);
            }
        }
    }
}

/// A cancellation that takes the end back, so that a repeated renewal would show.
fn later_change() -> Event {
    Event::RenewalCancelled(term_change(4, END))
}

/// Footnote 3, from the other side: what makes a change a new one.
#[test]
fn another_order_another_end_or_another_product_is_another_change() {
    let made = term_change(2, END);
    let mut product = made.clone();
    product.product = Some(tenure_testkit::product(1));
    for change in [term_change(3, END), term_change(2, END + 1), product] {
        let event = yields([&Event::Renewed(change.clone())]);
        let at = Instant::from_seconds(BEFORE);
        let renew = command(Family::Saas, at, Intent::Renew(change));
        check(&State::InForce.license(Family::Saas), &renew, &event);
    }
    let mut retold = made;
    retold.scene = "RENEWAL_CHANGE".into();
    retold.expires_at_received = "19700101000140".into();
    let at = Instant::from_seconds(BEFORE);
    let renew = command(Family::Saas, at, Intent::Renew(retold));
    check(&State::InForce.license(Family::Saas), &renew, &AGAIN);
}

#[test]
fn another_line_of_the_same_order_is_another_change() {
    let mut order = order_line(2);
    order.line = order_line(3).line;
    let change = TermChange {
        order: order.clone(),
        ..term_change(2, END)
    };
    let at = Instant::from_seconds(BEFORE);
    let upgraded = State::InForce
        .license(Family::Saas)
        .evolve(&Event::Upgraded {
            order: order_line(2),
        });
    for (intent, event) in [
        (Intent::Renew(change.clone()), Event::Renewed(change)),
        (upgrade(order.clone()), Event::Upgraded { order }),
    ] {
        let told = command(Family::Saas, at, intent);
        check(&upgraded, &told, &yields([&event]));
    }
}

/// Footnotes 2 and 6.
#[test]
fn freeze_is_an_expiry_from_the_end_on_and_a_suspension_before_it() {
    let suspended = yields([&Event::Suspended]);
    let unheard_of = yields([&issued(), &Event::Suspended]);
    for (at, frozen) in [
        (BEFORE, &suspended),
        (END, &yields([&Event::Expired])),
        (AFTER, &yields([&Event::Expired])),
    ] {
        for (family, absent) in [
            (Family::LicenseCode, &unheard_of),
            (Family::Saas, &UNKNOWN),
            (Family::OnlineLicense, &UNKNOWN),
        ] {
            row(
                [family],
                at,
                Intent::Freeze,
                [
                    absent.clone(),
                    frozen.clone(),
                    AGAIN,
                    AGAIN,
                    frozen.clone(),
                    AGAIN,
                    AGAIN,
                    RELEASED,
                ],
            );
        }
    }
    never_seen(Intent::Freeze, UNKNOWN);
    let endless = License::Absent.evolve(&purchased(Family::Saas));
    let freeze = command(Family::Saas, Instant::MAX, Intent::Freeze);
    check(&endless, &freeze, &suspended);
}

/// Footnotes 2 and 13.
#[test]
fn expire_is_an_expiry_unless_a_renewal_set_an_end_more_than_a_day_ahead() {
    let expired = yields([&Event::Expired]);
    for (family, absent) in [
        (Family::LicenseCode, yields([&issued(), &Event::Expired])),
        (Family::Saas, UNKNOWN),
        (Family::OnlineLicense, UNKNOWN),
    ] {
        for (at, done) in [
            (END - DAY - 1, &AGAIN),
            (END - DAY, &expired),
            (BEFORE, &expired),
            (AFTER, &expired),
        ] {
            let [absent, done] = [&absent, done].map(Clone::clone);
            let (new, in_force) = (done.clone(), done);
            let cells = [absent, new, AGAIN, AGAIN, in_force, AGAIN, AGAIN, RELEASED];
            row([family], at, Intent::Expire, cells);
        }
    }
    never_seen(Intent::Expire, UNKNOWN);
}

/// Footnote 13: what else may have set the end, of a license that had none before.
#[test]
fn expire_is_about_an_end_that_no_renewal_or_conversion_set() {
    let far = AFTER + DAY + 1;
    let renewed = |number, end| Event::Renewed(term_change(number, end));
    let cancelled = |end| Event::RenewalCancelled(term_change(4, end));
    let expired = yields([&Event::Expired]);
    for (changes, expected) in [
        (vec![], &expired),
        (vec![Event::ConvertedToPaid(term_change(3, far))], &AGAIN),
        (vec![cancelled(far)], &expired),
        (vec![renewed(3, far), cancelled(END)], &expired),
        (
            vec![renewed(3, far), renewed(4, far + DAY), cancelled(far)],
            &AGAIN,
        ),
    ] {
        let bought = License::Absent.evolve(&purchased(Family::Saas));
        let license = changes.iter().fold(bought, License::evolve);
        let expire = command(Family::Saas, Instant::from_seconds(AFTER), Intent::Expire);
        check(&license, &expire, expected);
    }
}

/// Footnote 2.
#[test]
fn unfreeze_gives_back_what_is_withheld() {
    let back = yields([&Event::Reinstated]);
    for (family, absent) in [
        (Family::LicenseCode, yields([&issued()])),
        (Family::Saas, UNKNOWN),
        (Family::OnlineLicense, UNKNOWN),
    ] {
        row(
            [family],
            AFTER,
            Intent::Unfreeze,
            [
                absent,
                AGAIN,
                back.clone(),
                back.clone(),
                AGAIN,
                back.clone(),
                back.clone(),
                RELEASED,
            ],
        );
    }
    never_seen(Intent::Unfreeze, UNKNOWN);
}

/// Footnote 7.
#[test]
fn release_ends_everything_once() {
    for order in [None, Some(order_line(3))] {
        let release = Intent::Release {
            order: order.clone(),
        };
        let released = Event::Released { order };
        let (tombstone, done) = (yields([&issued(), &released]), yields([&released]));
        for (family, absent) in [
            (Family::LicenseCode, tombstone.clone()),
            (Family::Saas, UNKNOWN),
            (Family::OnlineLicense, UNKNOWN),
        ] {
            row(
                [family],
                BEFORE,
                release.clone(),
                [
                    absent,
                    done.clone(),
                    done.clone(),
                    done.clone(),
                    done.clone(),
                    done.clone(),
                    done.clone(),
                    AGAIN,
                ],
            );
        }
        never_seen(release, tombstone);
    }
}

/// Each line repairs the fault that the line before was refused for.
#[test]
fn absence_wins_over_family_over_release_over_repetition() {
    let at = Instant::from_seconds(BEFORE);
    let told_before = Intent::Renew(term_change(2, END));
    let foreign = command(Family::Saas, at, told_before.clone());
    let own = command(Family::LicenseCode, at, told_before);
    let new = term_change(3, 200);
    let changed = command(Family::LicenseCode, at, Intent::Renew(new.clone()));
    let released = State::Released.license(Family::LicenseCode);
    let living = State::InForce.license(Family::LicenseCode);

    check(&License::Absent, &foreign, &UNKNOWN);
    check(&released, &foreign, &Err(Refusal::OtherFamily));
    check(&released, &own, &RELEASED);
    check(&living, &own, &AGAIN);
    check(&living, &changed, &yields([&Event::Renewed(new)]));

    let learn = |number| Intent::LearnOrder(Box::new(details(number)));
    let known = released
        .clone()
        .evolve(&Event::OrderKnown(Box::new(details(2))));
    check(
        &released,
        &command(Family::Saas, at, learn(3)),
        &Err(Refusal::OtherFamily),
    );
    check(
        &known,
        &command(Family::LicenseCode, at, learn(3)),
        &NOT_ITS_ORDER,
    );
    check(&known, &command(Family::LicenseCode, at, learn(2)), &AGAIN);
}

#[test]
fn a_command_of_another_family_learns_nothing_but_that() {
    let families = [Family::LicenseCode, Family::Saas, Family::OnlineLicense];
    let at = Instant::from_seconds(AFTER);
    for intent in [
        purchase(true),
        Intent::ReportProvisioned { access: None },
        Intent::Activate(activation(1, 90)),
        Intent::Renew(term_change(2, END)),
        Intent::CancelRenewal(term_change(3, END)),
        Intent::ConvertToPaid(term_change(3, END)),
        upgrade(order_line(3)),
        Intent::Freeze,
        Intent::Expire,
        Intent::Unfreeze,
        Intent::Release { order: None },
        Intent::LearnOrder(Box::new(details(2))),
        Intent::NoteCheck(Box::new(tenure_testkit::check(END))),
    ] {
        for owner in families {
            for signer in families.into_iter().filter(|signer| *signer != owner) {
                let foreign = command(signer, at, intent.clone());
                for state in State::ALL
                    .into_iter()
                    .filter(|state| *state != State::Absent)
                {
                    check(&state.license(owner), &foreign, &Err(Refusal::OtherFamily));
                }
            }
        }
    }
}
