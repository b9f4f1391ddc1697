//! A comparison names what was changed behind the projector's back.

use tenure_domain::tenant::Others;
use tenure_domain::{Family, Intent, tenant};
use tenure_journal::MemoryLog;
use tenure_projector::store::open_for_folding;
use tenure_projector::{Comparison, Projector, verify};
use tenure_testkit::{code, command, order_line, term_change};

use crate::folding::execute;
use crate::journal::{BEGIN, Journal, catch_up, notify, of_tenant, request};
use crate::tenants::{account, application, binding, client, department, member, of_top};
use crate::work::{metered, report, usage};

fn journal() -> Journal<MemoryLog> {
    let mut journal = Journal::in_memory();
    for number in 1..=3 {
        let of = |intent| {
            request(
                "acme",
                code(number),
                command(Family::LicenseCode, BEGIN, intent),
            )
        };
        journal.append([
            of(Intent::Renew(term_change(number, 9_000))),
            of(Intent::Freeze),
            notify("acme", order_line(number)),
        ]);
    }
    journal.append([
        usage("acme", 1, report("cad-pro", vec![metered(1, 7, None)])),
        of_tenant("acme", tenant::Command::Bind(binding(1))),
        of_tenant(
            "acme",
            tenant::Command::SetClient {
                application: application(1),
                client: client(1),
            },
        ),
        of_tenant(
            "acme",
            tenant::Command::Grant {
                application: application(1),
                members: vec![(member(1), account(1))],
            },
        ),
        of_tenant(
            "acme",
            tenant::Command::SetDepartments {
                departments: vec![(department(1), of_top(1))],
                others: Others::Keep,
            },
        ),
    ]);
    let read_db = journal.read_db();
    catch_up(
        &mut open_for_folding(&read_db).unwrap(),
        &mut journal.log,
        100,
    );
    journal
}

fn compare(journal: &mut Journal<MemoryLog>) -> Comparison {
    verify(&journal.read_db(), &mut journal.log, |_, _| {}).unwrap()
}

/// Checks what a comparison says after `sql` was run on the live rows.
#[track_caller]
fn check(sql: &str, expected: &[&str]) {
    let mut journal = journal();
    assert!(compare(&mut journal).is_clean());
    execute(&journal.read_db(), sql);
    let compared = compare(&mut journal);
    let named: Vec<String> = compared
        .differences
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(named, expected);
    assert_eq!(compared.difference_count, expected.len() as u64);
}

#[test]
fn a_tampered_row_is_named_field_by_field() {
    check(
        "UPDATE licenses SET expires_at = 1, standing = 'in_force' WHERE id = 'PLTEST0002'",
        &[
            "acme/license/PLTEST0002: standing is in_force, and should be suspended",
            "acme/license/PLTEST0002: expires_at is 1, and should be 9000000000",
        ],
    );
}

#[test]
fn a_tampered_state_is_taken_apart() {
    check(
        "UPDATE licenses SET state = (SELECT state FROM licenses WHERE id = 'PLTEST0003')
         WHERE id = 'PLTEST0001'",
        &[
            "acme/license/PLTEST0001: orders is [OrderId(\"CS2211181819T0003\")], \
             and should be [OrderId(\"CS2211181819T0001\")]",
            "acme/license/PLTEST0001: changes is [Change { kind: Renewal, \
             order: OrderId(\"CS2211181819T0003\"), \
             line: Some(OrderLineId(\"CS2211181819T0003-000001\")), \
             expires_at: Some(Instant(9000000000)), product: None }], \
             and should be [Change { kind: Renewal, order: OrderId(\"CS2211181819T0001\"), \
             line: Some(OrderLineId(\"CS2211181819T0001-000001\")), \
             expires_at: Some(Instant(9000000000)), product: None }]",
            "acme/license/PLTEST0001: places is [10], and should be [2]",
        ],
    );
}

#[test]
fn what_is_left_to_ask_and_who_bought_is_compared() {
    check(
        "UPDATE licenses SET pending_position = NULL, customer_id = 'nobody'
         WHERE id = 'PLTEST0002'",
        &[
            "acme/license/PLTEST0002: customer_id is nobody, and should be nothing",
            "acme/license/PLTEST0002: pending_position is nothing, and should be 6",
        ],
    );
}

#[test]
fn a_state_that_cannot_be_read_tells_nothing() {
    let mut journal = journal();
    execute(
        &journal.read_db(),
        "UPDATE licenses SET state = x'ff' WHERE id = 'PLTEST0001'",
    );
    let compared = compare(&mut journal);
    assert_eq!(compared.difference_count, 17);
    assert!(
        compared
            .differences
            .iter()
            .all(|it| it.live.is_none() && it.fresh.is_some())
    );
}

#[test]
fn a_wrong_check_is_named() {
    let mut journal = journal();
    let told = |end| Intent::NoteCheck(Box::new(tenure_testkit::check(end)));
    for (number, end) in [(11, 9_000), (12, 9_001)] {
        let of = |intent| {
            let command = command(Family::LicenseCode, BEGIN, intent);
            request("acme", code(number), command)
        };
        journal.append([of(Intent::Renew(term_change(11, 9_000))), of(told(end))]);
    }
    let read_db = journal.read_db();
    catch_up(
        &mut open_for_folding(&read_db).unwrap(),
        &mut journal.log,
        100,
    );
    assert!(compare(&mut journal).is_clean());
    execute(
        &read_db,
        "UPDATE licenses SET state = (SELECT state FROM licenses WHERE id = 'PLTEST0012')
         WHERE id = 'PLTEST0011'",
    );
    let compared = compare(&mut journal);
    let fields: Vec<_> = compared.differences.iter().map(|it| it.field).collect();
    assert!(fields.contains(&"checked"), "{fields:?}");
}

#[test]
fn a_missing_row_and_an_extra_row_are_named() {
    check(
        "DELETE FROM licenses WHERE id = 'PLTEST0001'",
        &["acme/license/PLTEST0001: row is nothing, and should be there"],
    );
    check(
        "INSERT INTO licenses SELECT 'PLTEST9999', merchant, listing, standing, expires_at, over_at,
            customer_id, product_id, pending_position, provisioning_position, file_position, version,
            position, effective_at, recorded_at, state FROM licenses WHERE id = 'PLTEST0003'",
        &["acme/license/PLTEST9999: row is there, and should be nothing"],
    );
    check(
        "DELETE FROM license_orders WHERE license_id = 'PLTEST0003'",
        &[
            "acme/order/CS2211181819T0003 of license PLTEST0003: row is nothing, and should be there",
        ],
    );
    check(
        "UPDATE orders SET line_id = 'x' WHERE order_id = 'CS2211181819T0002'",
        &[
            "acme/order/CS2211181819T0002/CS2211181819T0002-000001: \
             row is nothing, and should be there",
            "acme/order/CS2211181819T0002/x: row is there, and should be nothing",
        ],
    );
}

#[test]
fn enterprises_and_usage_are_compared() {
    check(
        "UPDATE usage SET taken = 9",
        &["acme/usage/PLTEST0001: taken is 9, and should be 0"],
    );
    check(
        "UPDATE usage_totals SET ten_thousandths = 9",
        &["acme/usage/PLTEST0001 from package \"\": ten_thousandths is 9, and should be 7"],
    );
    check(
        "DELETE FROM usage_pending",
        &["acme/usage/PLTEST0001 report SNTEST0001: row is nothing, and should be there"],
    );
    check(
        "UPDATE tenants SET bound = 0",
        &["acme/tenant/cad-pro/real/t-0001 of instance PLTEST0001: bound is 0, and should be 1"],
    );
    check(
        "UPDATE tenant_clients SET client_id = 'other'",
        &[
            "acme/tenant/cad-pro/real/t-0001 of instance PLTEST0001 client for app-1: \
             client_id is other, and should be client-1",
        ],
    );
    check(
        "UPDATE tenant_members SET access = 'deleted'",
        &[
            "acme/tenant/cad-pro/real/t-0001 of instance PLTEST0001 member \
             01010101010101010101010101010101 for app-1: access is deleted, and should be granted",
        ],
    );
    check(
        "DELETE FROM tenant_departments",
        &[
            "acme/tenant/cad-pro/real/t-0001 of instance PLTEST0001 department D1: \
             row is nothing, and should be there",
        ],
    );
}

#[test]
fn the_first_hundred_differences_are_named_and_all_are_counted() {
    let mut journal = Journal::in_memory();
    journal.append((1..=150).map(|number| notify("acme", order_line(number))));
    drop(open_for_folding(&journal.read_db()).unwrap());
    let read_db = journal.read_db();
    catch_up(
        &mut open_for_folding(&read_db).unwrap(),
        &mut journal.log,
        100,
    );
    execute(&read_db, "DELETE FROM orders");
    let compared = compare(&mut journal);
    assert_eq!(
        (compared.differences.len(), compared.difference_count),
        (100, 150)
    );
}

#[test]
fn a_model_that_is_ahead_of_the_journal_is_told() {
    let mut journal = journal();
    execute(&journal.read_db(), "UPDATE projections SET position = 99");
    let compared = compare(&mut journal);
    assert_eq!(compared.difference_count, 1);
    assert_eq!(compared.differences[0].field, "position");
}

#[test]
fn a_model_that_is_behind_is_compared_as_far_as_it_is_and_while_it_moves() {
    let mut journal = journal();
    let before = journal.head();
    journal.append([notify("acme", order_line(9))]);
    let compared = compare(&mut journal);
    assert_eq!((compared.position, compared.is_clean()), (before, true));

    let log = journal.log.clone();
    let projector = Projector::start(
        journal.read_db(),
        Box::new(move || Ok(Box::new(log.clone()))),
        std::sync::Arc::default(),
        std::sync::Arc::new(tenure_journal::ManualClock::at(BEGIN)),
    );
    for number in 20..60 {
        journal.append([notify("acme", order_line(number))]);
        assert!(compare(&mut journal).is_clean());
    }
    projector.unwrap().stop();
}
