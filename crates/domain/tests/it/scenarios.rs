//! Stories of single licenses, as given, when, then. Times are seconds.

use tenure_domain::license::{Change, ChangeKind};
use tenure_domain::{
    Activation, Entitlement, Event, Family, Instant, Intent, License, Quantity, Refusal, Status,
    Term, TermChange, decide,
};
use tenure_testkit::{activation, command, order, order_line, product, term_change};

const SECOND: i64 = 1_000_000;

/// A license in the middle of its story, and what the last command came to.
struct Story {
    family: Family,
    license: License,
    answer: Result<Vec<Event>, Refusal>,
}

/// Nothing has happened yet.
fn given(family: Family) -> Story {
    Story {
        family,
        license: License::Absent,
        answer: Ok(Vec::new()),
    }
}

/// A code that was activated, with a term that ends at 100 s.
fn given_an_active_code() -> Story {
    given(Family::LicenseCode)
        .when(0, Intent::Activate(activation(1, 100)))
        .then(&["issued", "activated"])
}

impl Story {
    fn when(self, at: i64, intent: Intent) -> Self {
        self.when_micros(at * SECOND, intent)
    }

    fn when_micros(mut self, at: i64, intent: Intent) -> Self {
        let command = command(self.family, Instant::from_micros(at), intent);
        self.answer = decide(&self.license, &command);
        for event in self.answer.iter().flatten() {
            self.license = self.license.evolve(event);
        }
        self
    }

    #[track_caller]
    fn then(self, expected: &[&str]) -> Self {
        let answer = self.answer.as_ref();
        let names = answer.map(|events| events.iter().map(Event::name).collect::<Vec<_>>());
        assert_eq!(names, Ok(expected.to_vec()));
        self
    }

    #[track_caller]
    fn then_refused(self, refusal: Refusal) -> Self {
        assert_eq!(self.answer, Err(refusal));
        self
    }

    #[track_caller]
    fn status(self, at: i64, expected: Status) -> Self {
        self.status_micros(at * SECOND, expected)
    }

    #[track_caller]
    fn status_micros(self, at: i64, expected: Status) -> Self {
        let status = self.license.status_at(Instant::from_micros(at));
        assert_eq!(status, Some(expected), "at {at}µs");
        self
    }

    #[track_caller]
    fn entitlement(&self, at: i64) -> Option<Entitlement> {
        self.license.entitlement_at(Instant::from_seconds(at))
    }
}

fn purchase(ready: bool) -> Intent {
    Intent::Purchase {
        order: order_line(1),
        ready,
        details: None,
    }
}

#[test]
fn a_renewal_after_the_expiry_reinstates() {
    given_an_active_code()
        .when(100, Intent::Freeze)
        .then(&["expired"])
        .status(110, Status::Expired)
        .when(120, Intent::Renew(term_change(2, 200)))
        .then(&["renewed", "reinstated"])
        .status(120, Status::Active)
        .when(121, Intent::Unfreeze)
        .then(&[]);
}

#[test]
fn an_expiry_that_is_repeated_after_the_renewal_takes_nothing_away() {
    given(Family::Saas)
        .when(0, purchase(true))
        .when(100, Intent::Expire)
        .then(&["expired"])
        .when(120, Intent::Renew(term_change(2, 300_000)))
        .then(&["renewed", "reinstated"])
        .when(400, Intent::Expire)
        .then(&[])
        .status(400, Status::Active)
        .when(300_000, Intent::Expire)
        .then(&["expired"]);
}

#[test]
fn an_unfreeze_may_arrive_before_its_renewal() {
    given_an_active_code()
        .when(100, Intent::Freeze)
        .then(&["expired"])
        .when(120, Intent::Unfreeze)
        .then(&["reinstated"])
        .status(120, Status::Expired)
        .when(121, Intent::Renew(term_change(2, 200)))
        .then(&["renewed"])
        .status(121, Status::Active);
}

#[test]
fn a_renewal_whose_end_has_passed_leaves_an_expired_license_expired() {
    given_an_active_code()
        .when(100, Intent::Freeze)
        .when(200, Intent::Renew(term_change(2, 200)))
        .then(&["renewed"])
        .status(200, Status::Expired)
        .when(201, Intent::Renew(term_change(3, 300)))
        .then(&["renewed", "reinstated"])
        .status(201, Status::Active);
}

#[test]
fn a_renewal_does_not_lift_a_suspension() {
    given_an_active_code()
        .when(50, Intent::Freeze)
        .then(&["suspended"])
        .when(60, Intent::Renew(term_change(2, 200)))
        .then(&["renewed"])
        .status(60, Status::Suspended)
        .status(500, Status::Suspended)
        .when(70, Intent::Unfreeze)
        .then(&["reinstated"])
        .status(70, Status::Active);
}

#[test]
fn a_renewal_told_again_after_its_cancellation_does_not_come_back() {
    given_an_active_code()
        .when(10, Intent::Renew(term_change(2, 200)))
        .then(&["renewed"])
        .when(20, Intent::CancelRenewal(term_change(3, 100)))
        .then(&["renewal_cancelled"])
        .when(30, Intent::Renew(term_change(2, 200)))
        .then(&[])
        .status(100, Status::Expired);
}

#[test]
fn a_cancelled_renewal_moves_the_end_backwards() {
    given_an_active_code()
        .when(10, Intent::Renew(term_change(2, 200)))
        .status(150, Status::Active)
        .when(20, Intent::CancelRenewal(term_change(2, 100)))
        .then(&["renewal_cancelled"])
        .status(99, Status::Active)
        .status(150, Status::Expired);
}

#[test]
fn freeze_unfreeze_freeze_is_three_effects() {
    given_an_active_code()
        .when(10, Intent::Freeze)
        .then(&["suspended"])
        .when(20, Intent::Unfreeze)
        .then(&["reinstated"])
        .when(30, Intent::Freeze)
        .then(&["suspended"])
        .when(40, Intent::Freeze)
        .then(&[])
        .status(40, Status::Suspended);
}

#[test]
fn a_freeze_at_the_very_end_is_an_expiry() {
    given_an_active_code()
        .when_micros(100 * SECOND - 1, Intent::Freeze)
        .then(&["suspended"]);
    given_an_active_code()
        .when_micros(100 * SECOND, Intent::Freeze)
        .then(&["expired"]);
}

#[test]
fn a_freeze_within_the_grace_is_an_expiry() {
    let told = Activation {
        grace_seconds: 10,
        ..activation(1, 100)
    };
    given(Family::LicenseCode)
        .when(0, Intent::Activate(told))
        .status(105, Status::Grace)
        .when(105, Intent::Freeze)
        .then(&["expired"])
        .status(105, Status::Expired);
}

#[test]
fn a_release_of_a_code_never_seen_leaves_a_tombstone() {
    given(Family::LicenseCode)
        .when(10, Intent::Release { order: None })
        .then(&["issued", "released"])
        .status(10, Status::Released)
        .when(20, Intent::Activate(activation(1, 100)))
        .then_refused(Refusal::Released)
        .when(
            30,
            Intent::Release {
                order: Some(order_line(2)),
            },
        )
        .then(&[])
        .status(30, Status::Released);
}

#[test]
fn an_activation_after_a_renewal_keeps_the_renewed_end_and_product() {
    let renewal = TermChange {
        product: Some(product(2)),
        ..term_change(2, 200)
    };
    let told = Activation {
        product: Some(product(1)),
        grace_seconds: 50,
        ..activation(1, 100)
    };
    let story = given(Family::LicenseCode)
        .when(10, Intent::Renew(renewal))
        .then(&["issued", "renewed"])
        .status(10, Status::Issued)
        .when(20, Intent::Activate(told))
        .then(&["activated"])
        .status(199, Status::Active)
        .status(200, Status::Expired);
    let granted = story.entitlement(20).expect("the code is active");
    assert_eq!(granted.product, Some(product(2)));
    assert_eq!(
        granted.term,
        Term {
            starts_at: Some(Instant::EPOCH),
            expires_at: Some(Instant::from_seconds(200)),
            grace_seconds: 0,
        }
    );
}

#[test]
fn an_activation_without_an_end_grants_without_end_until_a_renewal_tells_one() {
    let told = Activation {
        expires_at: None,
        ..activation(1, 100)
    };
    given(Family::LicenseCode)
        .when(0, Intent::Activate(told))
        .status_micros(i64::MAX, Status::Active)
        .when(10, Intent::Renew(term_change(2, 200)))
        .status(200, Status::Expired);
}

#[test]
fn a_change_of_specification_changes_what_is_granted() {
    let renewal = TermChange {
        product: Some(product(2)),
        ..term_change(2, 200)
    };
    let told = Activation {
        product: Some(product(1)),
        ..activation(1, 100)
    };
    let story = given(Family::LicenseCode).when(0, Intent::Activate(told));
    let before = story.entitlement(50).and_then(|granted| granted.product);
    assert_eq!(before, Some(product(1)));
    let story = story
        .when(50, Intent::Renew(renewal))
        .when(60, Intent::Renew(term_change(3, 300)));
    let after = story.entitlement(60).expect("the code is active");
    assert_eq!(
        after.product,
        Some(product(2)),
        "a change without a product keeps it"
    );
    assert_eq!(after.quantity.map(Quantity::units), Some(1));
}

#[test]
fn an_instance_frozen_before_it_is_ready_is_good_once_it_is_unfrozen() {
    let story = given(Family::Saas)
        .when(0, purchase(false))
        .then(&["purchased"])
        .status(0, Status::Provisioning)
        .when(10, Intent::Freeze)
        .then(&["suspended"])
        .when(20, Intent::ReportProvisioned { access: None })
        .then(&["provisioned"])
        .status(20, Status::Suspended)
        .when(30, Intent::Unfreeze)
        .then(&["reinstated"])
        .status(30, Status::Active);
    let granted = story.entitlement(30).expect("the instance is active");
    assert_eq!(granted.term.starts_at, Some(Instant::from_seconds(20)));
}

#[test]
fn an_instance_that_is_not_ready_is_provisioning_even_past_its_term() {
    given(Family::Saas)
        .when(0, purchase(false))
        .when(10, Intent::Renew(term_change(2, 100)))
        .status(100, Status::Provisioning)
        .when(110, Intent::ReportProvisioned { access: None })
        .then(&["provisioned"])
        .status(110, Status::Expired);
}

#[test]
fn a_trial_that_ran_out_and_is_bought_comes_back() {
    given(Family::OnlineLicense)
        .when(0, purchase(true))
        .then(&["purchased", "provisioned"])
        .when(10, Intent::Renew(term_change(2, 100)))
        .when(100, Intent::Freeze)
        .then(&["expired"])
        .when(110, Intent::ConvertToPaid(term_change(3, 300)))
        .then(&["converted_to_paid", "reinstated"])
        .status(110, Status::Active);
}

#[test]
fn the_same_order_may_renew_and_be_cancelled_and_convert_once_each() {
    let change = term_change(2, 200);
    given_an_active_code()
        .when(10, Intent::Renew(change.clone()))
        .then(&["renewed"])
        .when(20, Intent::CancelRenewal(change.clone()))
        .then(&["renewal_cancelled"])
        .when(30, Intent::ConvertToPaid(change.clone()))
        .then(&["converted_to_paid"])
        .when(40, Intent::CancelRenewal(change))
        .then(&[]);
}

#[test]
fn a_license_changes_its_status_at_the_borders_of_its_term_and_not_beside_them() {
    let told = Activation {
        grace_seconds: 10,
        ..activation(1, 100)
    };
    let story = given(Family::LicenseCode)
        .when(0, Intent::Activate(told))
        .status_micros(i64::MIN, Status::Active)
        .status_micros(100 * SECOND - 1, Status::Active)
        .status_micros(100 * SECOND, Status::Grace)
        .status_micros(110 * SECOND - 1, Status::Grace)
        .status_micros(110 * SECOND, Status::Expired)
        .status_micros(i64::MAX, Status::Expired);
    assert!(story.entitlement(99).is_some());
    assert!(story.entitlement(109).is_some());
    assert_eq!(story.entitlement(110), None);
}

#[test]
fn a_code_not_activated_here_grants_nothing_and_has_no_grace() {
    let renewal = TermChange {
        grace_seconds: 10,
        ..term_change(2, 100)
    };
    let story = given(Family::LicenseCode)
        .when(0, Intent::Renew(renewal))
        .status(99, Status::Issued)
        .status(109, Status::Issued)
        .status(110, Status::Expired);
    assert_eq!(story.entitlement(50), None);
}

#[test]
fn nothing_has_no_status_and_grants_nothing() {
    let nothing = given(Family::Saas)
        .when(0, Intent::Freeze)
        .then_refused(Refusal::Unknown);
    assert_eq!(nothing.license.status_at(Instant::EPOCH), None);
    assert_eq!(nothing.license.living(), None);
    assert_eq!(nothing.entitlement(0), None);
}

#[test]
fn the_orders_of_a_license_are_named_once_each_in_the_order_of_their_effect() {
    let story = given_an_active_code()
        .when(10, Intent::Renew(term_change(3, 200)))
        .when(
            20,
            Intent::Upgrade {
                order: order_line(2),
                details: None,
            },
        )
        .when(30, Intent::CancelRenewal(term_change(3, 100)))
        .when(
            40,
            Intent::Release {
                order: Some(order_line(4)),
            },
        );
    let living = story.license.living().expect("it was seen");
    assert_eq!(
        living.orders(),
        [&order(1), &order(3), &order(2), &order(4)]
    );
}

#[test]
fn what_each_order_did_is_kept() {
    let conversion = TermChange {
        product: Some(product(2)),
        ..term_change(2, 200)
    };
    let story = given(Family::Saas)
        .when(0, purchase(true))
        .when(10, Intent::ConvertToPaid(conversion))
        .when(
            20,
            Intent::Release {
                order: Some(order_line(3)),
            },
        );
    let change = |kind, number| Change {
        kind,
        order: order(number),
        line: Some(order_line(number).line),
        expires_at: None,
        product: None,
    };
    let expected = [
        change(ChangeKind::Purchase, 1),
        Change {
            expires_at: Some(Instant::from_seconds(200)),
            product: Some(product(2)),
            ..change(ChangeKind::Conversion, 2)
        },
        change(ChangeKind::Unsubscription, 3),
    ];
    assert_eq!(
        story.license.living().map(|living| &living.changes[..]),
        Some(&expected[..])
    );

    let activated = given_an_active_code();
    let expected = [Change {
        line: None,
        ..change(ChangeKind::Activation, 1)
    }];
    let changes = activated.license.living().map(|living| &living.changes[..]);
    assert_eq!(
        changes,
        Some(&expected[..]),
        "an activation names the order only"
    );
}
