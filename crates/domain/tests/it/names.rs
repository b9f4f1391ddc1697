//! Names that are persisted or shown to programs: a change of one is a change of the contract.

use tenure_domain::file::FileContent;
use tenure_domain::{ChargingMode, CodeStatus, Event, Family, Instant, OrderKind, Refusal, Status};
use tenure_testkit::{activation, check, details, file_request, order_line, sealed, term_change};

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
        (Event::OrderKnown(Box::new(details(1))), "order_known"),
        (Event::CodeChecked(Box::new(check(100))), "code_checked"),
        (Event::AccessTold { access: sealed(1) }, "access_told"),
        (
            Event::FileRequested(Box::new(file_request(1, None))),
            "file_requested",
        ),
        (
            Event::FileMade {
                key: file_request(1, None).key(),
                content: FileContent::Characters(sealed(1)),
            },
            "file_made",
        ),
        (
            Event::FileDelivered {
                key: file_request(1, None).key(),
            },
            "file_delivered",
        ),
        (
            Event::FileDenied {
                key: file_request(1, None).key(),
                code: "91381037".into(),
            },
            "file_denied",
        ),
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
fn words_of_the_marketplace_about_codes_are_kept_and_read_back() {
    for (status, word) in [
        (CodeStatus::Alive, "ALIVE"),
        (CodeStatus::Expired, "EXPIRED"),
        (CodeStatus::Released, "RELEASED"),
        (CodeStatus::Other("alive".into()), "alive"),
    ] {
        assert_eq!(status.word(), word);
        assert_eq!(CodeStatus::of_word(word), status);
    }
    let long = CodeStatus::of_word(&"码".repeat(100));
    assert_eq!(long.word(), "码".repeat(16));
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
fn kinds_of_orders_keep_their_names_and_are_read_back() {
    for (kind, name) in [
        (OrderKind::New, "new"),
        (OrderKind::Trial, "trial"),
        (OrderKind::TrialToFormal, "trial_to_formal"),
        (OrderKind::Unsubscribe, "unsubscribe"),
        (OrderKind::Renew, "renew"),
        (OrderKind::Change, "change"),
    ] {
        assert_eq!((kind.name(), kind.word()), (name, None));
        assert_eq!(OrderKind::from_name(name), Some(kind));
    }
    let other = OrderKind::other("GIFT");
    assert_eq!((other.name(), other.word()), ("other", Some("GIFT")));
    assert_eq!(OrderKind::from_name("other"), None);
}

#[test]
fn charging_modes_keep_their_names_and_are_read_back() {
    for (mode, name) in [
        (ChargingMode::Period, "period"),
        (ChargingMode::OneTime, "one_time"),
        (ChargingMode::OnDemand, "on_demand"),
        (ChargingMode::OnDemandPackage, "on_demand_package"),
    ] {
        assert_eq!(mode.name(), name);
        assert_eq!(ChargingMode::from_name(name), Some(mode));
    }
    assert_eq!(ChargingMode::from_name(""), None);
}

#[test]
fn refusals_keep_their_codes() {
    for (refusal, code) in [
        (Refusal::Unknown, "unknown_license"),
        (Refusal::OtherFamily, "other_family"),
        (Refusal::Released, "license_released"),
        (Refusal::NotProvisionable, "not_provisionable"),
        (Refusal::NotItsOrder, "not_its_order"),
        (Refusal::NoFiles, "no_license_files"),
        (Refusal::FileQuotaExhausted, "file_quota_exhausted"),
        (Refusal::FileOutsideTerm, "file_outside_term"),
        (Refusal::FileExpiryRequired, "file_expiry_required"),
        (
            Refusal::FileFingerprintRequired,
            "file_fingerprint_required",
        ),
        (Refusal::FileNotRequested, "file_not_requested"),
        (Refusal::FileMadeBefore, "file_made_before"),
        (Refusal::SerialReused, "serial_reused"),
    ] {
        assert_eq!(refusal.code(), code);
    }
}
