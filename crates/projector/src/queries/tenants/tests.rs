//! How the questions about enterprises are answered.

use super::people::{DEPARTMENTS_ORDER, MEMBERS_ORDER, ask_departments, ask_members};
use tenure_domain::DepartmentCode;

use super::*;
use crate::queries::question::plan;

fn tenant() -> TenantId {
    TenantId::parse("t-0001").unwrap()
}

fn listing() -> ListingId {
    ListingId::parse("cad-pro").unwrap()
}

fn stream() -> Stream {
    Stream {
        first: Position::new(7),
        merchant: MerchantId::parse("acme").unwrap(),
        key: TenantKey {
            listing: listing(),
            partition: Partition::Real,
            instance: None,
            tenant: tenant(),
        },
        position: Position::new(9),
    }
}

#[track_caller]
fn check(filter: TenantFilter, index: &str) {
    for after in [None, Some(7)] {
        let mut question = ask(SELECT, &filter);
        question.and_if("tenant > :after", ":after", after);
        let plan = plan(&question, ORDER);
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("TEMP"), "{plan}");
    }
}

#[test]
fn enterprises_are_found_in_order_over_an_index() {
    let filter = TenantFilter::default;
    let real = TenantFilter {
        partition: Some(Partition::Real),
        ..filter()
    };
    check(
        real.clone(),
        "SEARCH tenants USING INDEX tenants_by_partition (partition=?",
    );
    check(
        TenantFilter {
            listing: Some(listing()),
            ..real.clone()
        },
        "SEARCH tenants USING INDEX tenants_by_listing (listing=? AND partition=?",
    );
    check(
        TenantFilter {
            tenant: Some(tenant()),
            ..real
        },
        "SEARCH tenants USING INDEX tenants_by_tenant (tenant_id=? AND partition=?",
    );
    check(
        TenantFilter {
            instance: LicenseId::parse("PLTEST0001").ok(),
            ..filter()
        },
        "SEARCH tenants USING INDEX tenants_by_instance (instance_id=?",
    );
}

#[test]
fn the_streams_of_a_tenant_are_found_by_their_last_word() {
    let question = ask_streams(&listing(), &tenant());
    let plan = plan(&question, NEWEST_WORD_FIRST);
    let index = "tenants_by_word (tenant_id=? AND listing=?)";
    assert_eq!(plan, format!("SEARCH tenants USING INDEX {index}"));
}

#[test]
fn members_are_found_in_order_over_an_index() {
    let department = MemberFilter {
        department: DepartmentCode::parse("D1").ok(),
        ..MemberFilter::default()
    };
    let application = MemberFilter {
        application: ApplicationId::parse("app-1").ok(),
        ..MemberFilter::default()
    };
    let after = (7, "app-1".to_owned(), "00".repeat(16));
    for (filter, index) in [
        (MemberFilter::default(), "PRIMARY KEY (tenant=?"),
        (application, "PRIMARY KEY (tenant=? AND application_id=?"),
        (
            department,
            "tenant_members_by_department (tenant=? AND department=?",
        ),
    ] {
        for after in [None, Some(&after)] {
            let question = ask_members(&stream(), &filter, after).unwrap();
            let plan = plan(&question, MEMBERS_ORDER);
            assert!(plan.starts_with("SEARCH tenant_members USING "), "{plan}");
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("TEMP"), "{plan}");
        }
    }
}

#[test]
fn departments_and_clients_are_found_over_keys() {
    let after = (7, "D1".to_owned());
    for after in [None, Some(&after)] {
        let plan = plan(&ask_departments(&stream(), after), DEPARTMENTS_ORDER);
        let key = "SEARCH tenant_departments USING PRIMARY KEY (tenant=?";
        assert!(plan.starts_with(key), "{plan}");
        assert!(!plan.contains("TEMP"), "{plan}");
    }
    let plan = plan(&of_tenant(CLIENTS, Position::new(7)), "");
    assert_eq!(plan, "SEARCH tenant_clients USING PRIMARY KEY (tenant=?)");
}
