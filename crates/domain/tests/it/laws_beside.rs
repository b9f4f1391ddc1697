//! What histories of enterprises and of usage obey.

use proptest::prelude::*;
use tenure_domain::tenant::{self, Department, Leave, Tenant};
use tenure_domain::usage::{self, Report, Usage, Used};
use tenure_domain::{ApplicationId, DepartmentCode, Digest, UsageSerial};
use tenure_testkit::{listing, sealed, tenant_commands, usage_commands};

fn application() -> ApplicationId {
    ApplicationId::parse("app-1").expect("it is well formed")
}

fn department() -> DepartmentCode {
    DepartmentCode::parse("10001").expect("it is well formed")
}

/// Checks a whole history.
fn check_usage(events: &[usage::Event]) -> Result<(), usage::Broken> {
    let mut usage = Usage::default();
    for (index, event) in events.iter().enumerate() {
        usage::check_next(&usage, event, index + 1)?;
        usage = usage.evolve(event);
    }
    Ok(())
}

fn check_tenant(events: &[tenant::Event]) -> Result<(), tenant::Broken> {
    let mut tenant = Tenant::default();
    for (index, event) in events.iter().enumerate() {
        tenant::check_next(&tenant, event, index + 1)?;
        tenant = tenant.evolve(event);
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_decided_of_usage_is_lawful(commands in usage_commands()) {
        let (mut usage, mut history) = (Usage::default(), Vec::new());
        for command in &commands {
            let events = usage::decide(&usage, command).unwrap_or_default();
            usage = events.iter().fold(usage, Usage::evolve);
            history.extend(events);
        }
        prop_assert_eq!(check_usage(&history), Ok(()));
    }

    #[test]
    fn what_is_decided_of_enterprises_is_lawful(commands in tenant_commands()) {
        let (mut tenant, mut history) = (Tenant::default(), Vec::new());
        for command in &commands {
            let events = tenant::decide(&tenant, command);
            tenant = events.iter().fold(tenant, Tenant::evolve);
            history.extend(events);
        }
        prop_assert_eq!(check_tenant(&history), Ok(()));
    }
}

#[test]
fn every_law_of_usage_is_broken_by_something() {
    use usage::Broken;
    let serial = || UsageSerial::parse("METERTEST0001").unwrap();
    let reported = |times| usage::Event::Reported {
        listing: listing(),
        reports: vec![
            Report {
                serial: serial(),
                used: Used::ActiveClients { count: 1 },
            };
            times
        ],
    };
    let serials = || vec![serial()];
    let sent = || usage::Event::Sent { serials: serials() };
    let not_taken = || usage::Event::NotTaken { serials: serials() };
    let taken = || usage::Event::Taken { serials: serials() };
    let denied = usage::Event::Denied {
        serials: serials(),
        code: "9004".into(),
    };
    let twice = usage::Event::Taken {
        serials: [serials(), serials()].concat(),
    };
    let sound = [reported(1), sent(), not_taken(), sent(), taken()];
    assert_eq!(check_usage(&sound), Ok(()));
    for (history, broken) in [
        (vec![reported(0)], Broken::TellsNothing(1)),
        (vec![reported(2)], Broken::ReportedTwice(1)),
        (vec![reported(1), reported(1)], Broken::ReportedTwice(2)),
        (
            vec![reported(1), taken(), reported(1)],
            Broken::ReportedTwice(3),
        ),
        (vec![sent()], Broken::SentOutOfTurn(1)),
        (vec![reported(1), sent(), sent()], Broken::SentOutOfTurn(3)),
        (vec![reported(1), not_taken()], Broken::NothingSent(2)),
        (vec![taken()], Broken::SettledOutOfTurn(1)),
        (vec![reported(1), twice], Broken::SettledOutOfTurn(2)),
        (
            vec![reported(1), taken(), denied],
            Broken::SettledOutOfTurn(3),
        ),
    ] {
        assert_eq!(check_usage(&history), Err(broken), "{history:?}");
    }
}

#[test]
fn every_law_of_members_is_broken_by_something() {
    use tenant::{Broken, Event};
    let account = |profile| tenant::Account {
        role: tenant::Role::User,
        enabled: true,
        department: department(),
        profile: sealed(profile),
    };
    let granted = |profile, times| Event::MembersGranted {
        application: application(),
        members: vec![(Digest::new([1; 16]), account(profile)); times],
    };
    let changed = |profile| Event::MembersChanged {
        application: application(),
        members: vec![(Digest::new([1; 16]), account(profile))],
    };
    let withdrawn = |leave| Event::MembersWithdrawn {
        application: application(),
        members: vec![Digest::new([1; 16])],
        leave,
    };
    let (app, enterprise) = (Leave::Application, Leave::Enterprise);
    let sound = [
        granted(1, 1),
        granted(2, 1),
        changed(1),
        withdrawn(app),
        withdrawn(enterprise),
    ];
    assert_eq!(check_tenant(&sound), Ok(()));
    for (history, broken) in [
        (vec![granted(1, 0)], Broken::GrantedTwice(1)),
        (vec![granted(1, 2)], Broken::GrantedTwice(1)),
        (vec![granted(1, 1), granted(1, 1)], Broken::GrantedTwice(2)),
        (vec![changed(1)], Broken::ChangesNothing(1)),
        (vec![granted(1, 1), changed(1)], Broken::ChangesNothing(2)),
        (vec![withdrawn(app)], Broken::WithdrawsNothing(1)),
        (
            vec![granted(1, 1), withdrawn(enterprise), withdrawn(app)],
            Broken::WithdrawsNothing(3),
        ),
    ] {
        assert_eq!(check_tenant(&history), Err(broken), "{history:?}");
    }
}

#[test]
fn what_is_there_is_not_made_again_and_what_is_not_there_does_not_go() {
    use tenant::{Broken, Event};
    let set = || Event::DepartmentsSet {
        departments: vec![(
            department(),
            Department {
                parent: None,
                name: sealed(1),
            },
        )],
    };
    let removed = || Event::DepartmentsRemoved {
        departments: vec![department()],
    };
    let client_set = || Event::ClientSet {
        application: application(),
        client: tenant::Client {
            id: "client-1".into(),
            secret: sealed(1),
        },
    };
    let client_removed = || Event::ClientRemoved {
        application: application(),
    };
    let bound = || {
        Event::Bound(tenant::Binding {
            order: None,
            code: "demo".into(),
            domain: "https://demo.example.com".into(),
            name: sealed(1),
        })
    };
    let sound = [
        set(),
        removed(),
        client_set(),
        client_removed(),
        bound(),
        Event::Unbound,
    ];
    assert_eq!(check_tenant(&sound), Ok(()));
    for (history, broken) in [
        (vec![set(), set()], Broken::ToldTwice(2)),
        (vec![removed()], Broken::RemovesNothing(1)),
        (vec![client_set(), client_set()], Broken::ToldTwice(2)),
        (vec![client_removed()], Broken::RemovesNothing(1)),
        (vec![bound(), bound()], Broken::ToldTwice(2)),
        (vec![Event::Unbound], Broken::RemovesNothing(1)),
    ] {
        assert_eq!(check_tenant(&history), Err(broken), "{history:?}");
    }
}
