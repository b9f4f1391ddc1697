//! What the marketplace tells of a code when it is asked, beside what we know.

use tenure_domain::laws::{Broken, check as check_laws};
use tenure_domain::{
    Check, CodeStatus, Event, Family, Instant, Intent, License, ProductId, Quantity,
};
use tenure_testkit::{activation, check, command, product};

use crate::states::{AFTER, BEFORE, END, State, issued, purchased};
use crate::table::{AGAIN, CODES, INSTANCES, UNKNOWN, never_seen, row, yields};

fn told(check: &Check) -> Event {
    Event::CodeChecked(Box::new(check.clone()))
}

fn note(check: &Check) -> Intent {
    Intent::NoteCheck(Box::new(check.clone()))
}

fn said(word: &str, end: i64) -> Check {
    Check {
        status: CodeStatus::of_word(word),
        ..check(end)
    }
}

/// Footnote 18.
#[test]
fn a_check_is_noted_of_every_code_that_is_known() {
    let news = yields([&told(&check(END))]);
    let cells = [
        UNKNOWN,
        news.clone(),
        news.clone(),
        news.clone(),
        news.clone(),
        news.clone(),
        news.clone(),
        news,
    ];
    row(CODES, BEFORE, note(&check(END)), cells);
    never_seen(note(&check(END)), UNKNOWN);
}

#[test]
fn a_check_does_nothing_to_an_instance() {
    let cells = [UNKNOWN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN];
    row(INSTANCES, BEFORE, note(&check(END)), cells);
}

#[test]
fn the_same_answer_again_is_no_news_and_any_other_is() {
    for state in [State::InForce, State::Released] {
        let known = state
            .license(Family::LicenseCode)
            .evolve(&told(&check(END)));
        let decided = |check: &Check| {
            let at = Instant::from_seconds(BEFORE);
            let command = command(Family::LicenseCode, at, note(check));
            tenure_domain::decide(&known, &command)
        };
        let later = Check {
            checked_at: Instant::from_seconds(AFTER),
            ..check(END)
        };
        assert_eq!(decided(&later), AGAIN);
        for other in [
            said("EXPIRED", END),
            said("ALIVE", END + 1),
            Check {
                expires_at: None,
                ..check(END)
            },
            Check {
                product: Some(product(2)),
                ..check(END)
            },
            Check {
                quantity: Quantity::parse(2).ok(),
                ..check(END)
            },
        ] {
            assert_eq!(decided(&other), yields([&told(&other)]), "{other:?}");
        }
    }
}

#[test]
fn a_check_changes_nothing_but_what_was_told_last() {
    let known = State::InForce.license(Family::LicenseCode);
    let other = Check {
        product: ProductId::parse("OTHER").ok(),
        quantity: Quantity::parse(9).ok(),
        ..said("RELEASED", END + 1)
    };
    let License::Living(mut after) = known.clone().evolve(&told(&other)) else {
        panic!("it lives");
    };
    assert_eq!(after.checked.take(), Some(other));
    assert_eq!(License::Living(after), known);
}

#[test]
fn a_check_agrees_with_what_says_the_same_of_status_and_end() {
    use State::{Absent, ExpiredNew, InForce, New, Released, Suspended};
    for (word, state, at, expected) in [
        ("ALIVE", InForce, BEFORE, true),
        ("ALIVE", InForce, AFTER, false),
        ("EXPIRED", InForce, AFTER, true),
        ("EXPIRED", InForce, BEFORE, false),
        ("ALIVE", Suspended, BEFORE, true),
        ("EXPIRED", Suspended, BEFORE, true),
        ("EXPIRED", ExpiredNew, BEFORE, true),
        ("ALIVE", New, BEFORE, false),
        ("RELEASED", Released, BEFORE, true),
        ("ALIVE", Released, BEFORE, false),
        ("RELEASED", InForce, BEFORE, false),
        ("LIVELY", InForce, BEFORE, false),
        ("RELEASED", Absent, BEFORE, false),
    ] {
        let license = state.license(Family::LicenseCode);
        let agrees = |end| said(word, end).agrees_with(&license, Instant::from_seconds(at));
        assert_eq!(agrees(END), expected, "{word} {state:?} {at}");
        assert!(!agrees(END + 1), "{word} {state:?} {at}");
    }
    let endless = [
        issued(),
        Event::Activated(tenure_domain::Activation {
            expires_at: None,
            ..activation(1, END)
        }),
    ];
    let endless = License::replay(&endless);
    assert!(check(END).agrees_with(&endless, Instant::from_seconds(BEFORE)));
    let untold = Check {
        expires_at: None,
        ..check(END)
    };
    let ended = InForce.license(Family::LicenseCode);
    assert!(untold.agrees_with(&ended, Instant::from_seconds(BEFORE)));
}

#[test]
fn what_a_check_told_last_is_not_told_again_and_instances_are_not_checked() {
    let (first, second) = (told(&check(END)), told(&said("EXPIRED", END)));
    let breaks = |history: &[Event], number| {
        assert_eq!(check_laws(history), Err(Broken::CheckedTwice(number)));
    };
    let released = Event::Released { order: None };
    let history = [issued(), first.clone(), second.clone(), released, first];
    assert!(check_laws(&history).is_ok());
    breaks(&[issued(), second.clone(), second.clone()], 3);
    breaks(&[purchased(Family::Saas), second], 2);
}
