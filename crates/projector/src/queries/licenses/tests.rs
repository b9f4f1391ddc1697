use super::*;
use crate::queries::question::plan;

/// Checks how a filter's rows are found, on the first page and on a later one.
#[track_caller]
fn check(filter: LicenseFilter, expected: &str) {
    let by_end = filter.expires_before.map(|_| 7_i64);
    let later = cursor::encode(&(by_end, "PLTEST0001", "acme"));
    for cursor in [None, Some(later.as_str())] {
        let (question, order) = ask(&filter, Instant::EPOCH, cursor).unwrap();
        let plan = plan(&question, order);
        assert!(plan.contains(expected), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
        assert!(!plan.contains("TEMP"), "{plan}");
    }
}

#[test]
fn lists_are_found_in_order_over_a_key_or_an_index() {
    let filter = LicenseFilter::default;
    check(filter(), "SEARCH licenses USING PRIMARY KEY");
    let listing = ListingId::parse("cad-pro").ok();
    check(
        LicenseFilter {
            listing,
            ..filter()
        },
        "SEARCH licenses USING INDEX licenses_by_listing",
    );
    let customer = CustomerId::parse("a customer").ok();
    check(
        LicenseFilter {
            customer,
            ..filter()
        },
        "SEARCH licenses USING INDEX licenses_by_customer",
    );
    let expires_before = Some(Instant::EPOCH);
    check(
        LicenseFilter {
            expires_before,
            ..filter()
        },
        "SEARCH licenses USING INDEX licenses_by_end",
    );
}

#[test]
fn a_status_is_found_over_what_it_rests_on() {
    for status in Status::ALL {
        let expected = match status {
            // Three standings in one order: the key has it, the index does not.
            Status::Expired => "SEARCH licenses USING PRIMARY KEY",
            Status::Provisioning
            | Status::Issued
            | Status::Active
            | Status::Grace
            | Status::Suspended
            | Status::Released => "SEARCH licenses USING INDEX licenses_by_standing",
        };
        check(
            LicenseFilter {
                status: Some(status),
                ..LicenseFilter::default()
            },
            expected,
        );
    }
}

#[test]
fn the_licenses_of_an_order_are_found_over_two_keys() {
    let filter = LicenseFilter {
        order: OrderId::parse("CS2211181819B4LVS").ok(),
        ..LicenseFilter::default()
    };
    let (question, order) = ask(&filter, Instant::EPOCH, None).unwrap();
    let plan = plan(&question, order);
    assert!(
        plan.contains("SEARCH license_orders USING PRIMARY KEY (order_id=?)"),
        "{plan}"
    );
    assert!(
        plan.contains("SEARCH licenses USING PRIMARY KEY (id=? AND merchant=?)"),
        "{plan}"
    );
}

#[test]
fn counts_read_an_index_and_no_row() {
    let plan = plan(&count_question(), "");
    assert!(
        plan.contains("USING COVERING INDEX licenses_by_standing"),
        "{plan}"
    );
}

#[test]
fn one_license_is_found_over_the_key() {
    let mut question = Question::new(SELECT);
    question.and_if("id = :id", ":id", Some("PLTEST0001".to_owned()));
    let plan = plan(&question, "");
    assert!(
        plan.contains("SEARCH licenses USING PRIMARY KEY (id=?)"),
        "{plan}"
    );
}

#[test]
fn a_pattern_takes_every_character_for_itself() {
    assert_eq!(contains("a_b%c\\"), "%a\\_b\\%c\\\\%");
}
