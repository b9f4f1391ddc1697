//! Names that are persisted or shown to programs: a change of one is a change of the contract.

use tenure_domain::{Event, Family, Instant, Refusal, Status};
use tenure_testkit::{activation, order_line, term_change};

use crate::states::{issued, purchased};

#[test]
fn events_keep_their_names() {
    let change = term_change(1, 100);
    for (event, name) in [
        (purchased(Family::Saas), "purchased"),
        (issued(), "issued"),
        (
            Event::Provisioned {
                provisioned_at: Instant::EPOCH,
            },
            "provisioned",
        ),
        (Event::Activated(activation(1, 100)), "activated"),
        (Event::Renewed(change.clone()), "renewed"),
        (Event::RenewalCancelled(change.clone()), "renewal_cancelled"),
        (Event::ConvertedToPaid(change), "converted_to_paid"),
        (
            Event::Upgraded {
                order: order_line(1),
            },
            "upgraded",
        ),
        (Event::Expired, "expired"),
        (Event::Suspended, "suspended"),
        (Event::Reinstated, "reinstated"),
        (Event::Released { order: None }, "released"),
    ] {
        assert_eq!(event.name(), name);
    }
}

#[test]
fn statuses_keep_their_names_and_are_read_back() {
    let names = Status::ALL.map(Status::name);
    assert_eq!(
        names,
        [
            "provisioning",
            "issued",
            "active",
            "grace",
            "expired",
            "suspended",
            "released"
        ]
    );
    assert_eq!(names.map(Status::from_name), Status::ALL.map(Some));
    assert_eq!(Status::from_name("Active"), None);
}

#[test]
fn families_keep_their_names_and_are_read_back() {
    for (family, name) in [
        (Family::LicenseCode, "license_code"),
        (Family::Saas, "saas"),
        (Family::OnlineLicense, "online_license"),
    ] {
        assert_eq!(family.name(), name);
        assert_eq!(Family::from_name(name), Some(family));
    }
    assert_eq!(Family::from_name(""), None);
}

#[test]
fn refusals_keep_their_codes() {
    for (refusal, code) in [
        (Refusal::Unknown, "unknown_license"),
        (Refusal::OtherFamily, "other_family"),
        (Refusal::Released, "license_released"),
        (Refusal::NotProvisionable, "not_provisionable"),
    ] {
        assert_eq!(refusal.code(), code);
    }
}
