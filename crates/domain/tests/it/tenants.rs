//! Enterprises: what is told in any order, and told again.

use proptest::collection::vec;
use proptest::prelude::*;
use tenure_domain::tenant::{
    Access, Account, Binding, Client, Command, Department, Event, Leave, MemberId, Others, Role,
    Tenant, decide,
};
use tenure_domain::{ApplicationId, DepartmentCode, Digest};
use tenure_testkit::{order, sealed};

fn application(number: u8) -> ApplicationId {
    ApplicationId::parse(&format!("app-{number}")).expect("it is well formed")
}

fn department_code(number: u8) -> DepartmentCode {
    DepartmentCode::parse(&format!("1000{number}")).expect("it is well formed")
}

fn member(number: u8) -> MemberId {
    Digest::new([number; 16])
}

fn binding(name: u8) -> Binding {
    Binding {
        order: Some(order(1)),
        code: "demo".into(),
        domain: "https://demo.example.com".into(),
        name: sealed(name),
    }
}

fn client(secret: u8) -> Client {
    Client {
        id: "NzZeWuiJa91d".into(),
        secret: sealed(secret),
    }
}

fn account(role: Role, profile: u8) -> Account {
    Account {
        role,
        enabled: true,
        department: department_code(1),
        profile: sealed(profile),
    }
}

fn grant(members: &[(u8, u8)]) -> Command {
    Command::Grant {
        application: application(1),
        members: accounts(members),
    }
}

fn change(members: &[(u8, u8)]) -> Command {
    Command::ChangeMembers {
        application: application(1),
        members: accounts(members),
    }
}

fn accounts(members: &[(u8, u8)]) -> Vec<(MemberId, Account)> {
    let accounts = members.iter();
    let accounts =
        accounts.map(|(number, profile)| (member(*number), account(Role::User, *profile)));
    accounts.collect()
}

fn withdraw(members: &[u8], leave: Leave) -> Command {
    Command::Withdraw {
        application: application(1),
        members: members.iter().copied().map(member).collect(),
        leave,
    }
}

fn set(departments: &[(u8, u8)], others: Others) -> Command {
    let departments = departments.iter().map(|(code, name)| {
        let department = Department {
            parent: None,
            name: sealed(*name),
        };
        (department_code(*code), department)
    });
    Command::SetDepartments {
        departments: departments.collect(),
        others,
    }
}

#[track_caller]
fn then(tenant: Tenant, command: &Command, expected: &[&str]) -> Tenant {
    let events = decide(&tenant, command);
    let names: Vec<_> = events.iter().map(Event::name).collect();
    assert_eq!(names, expected);
    events.iter().fold(tenant, Tenant::evolve)
}

fn access(tenant: &Tenant, number: u8) -> Option<(Access, u32)> {
    let known = tenant.member(&application(1), member(number))?;
    Some((known.access, known.grants))
}

#[test]
fn an_enterprise_is_bound_changed_and_unbound() {
    let bind = |name| Command::Bind(binding(name));
    let tenant = then(Tenant::default(), &Command::Unbind, &[]);
    let tenant = then(tenant, &bind(1), &["tenant_bound"]);
    let tenant = then(tenant, &bind(1), &[]);
    let tenant = then(tenant, &bind(2), &["tenant_bound"]);
    let tenant = then(tenant, &Command::Unbind, &["tenant_unbound"]);
    assert_eq!(tenant.binding, None);
    let tenant = then(tenant, &Command::Unbind, &[]);
    then(tenant, &bind(2), &["tenant_bound"]);
}

#[test]
fn unbinding_ends_clients_and_access_and_keeps_the_departments() {
    let tenant = then(Tenant::default(), &grant(&[(1, 1)]), &["members_granted"]);
    let set_client = Command::SetClient {
        application: application(1),
        client: client(1),
    };
    let tenant = then(tenant, &set_client, &["client_set"]);
    let tenant = then(tenant, &set(&[(1, 1)], Others::Keep), &["departments_set"]);
    let tenant = then(tenant, &Command::Unbind, &["tenant_unbound"]);
    assert!(tenant.clients.is_empty());
    assert_eq!(access(&tenant, 1), Some((Access::Withdrawn, 1)));
    assert_eq!(tenant.departments.len(), 1);
    let tenant = then(tenant, &grant(&[(1, 1)]), &["members_granted"]);
    assert_eq!(access(&tenant, 1), Some((Access::Granted, 2)));
}

#[test]
fn a_client_is_set_replaced_and_removed() {
    let set = |secret| Command::SetClient {
        application: application(1),
        client: client(secret),
    };
    let remove = Command::RemoveClient {
        application: application(1),
    };
    let tenant = then(Tenant::default(), &remove, &[]);
    let tenant = then(tenant, &set(1), &["client_set"]);
    let tenant = then(tenant, &set(1), &[]);
    let tenant = then(tenant, &set(2), &["client_set"]);
    let tenant = then(tenant, &remove, &["client_removed"]);
    then(tenant, &remove, &[]);
}

#[test]
fn only_those_to_whom_it_is_news_are_granted() {
    let tenant = then(
        Tenant::default(),
        &grant(&[(1, 1), (2, 2)]),
        &["members_granted"],
    );
    let tenant = then(tenant, &grant(&[(2, 2), (1, 1)]), &[]);
    let events = decide(&tenant, &grant(&[(1, 1), (2, 3), (3, 1)]));
    let news = [Event::MembersGranted {
        application: application(1),
        members: accounts(&[(2, 3), (3, 1)]),
    }];
    assert_eq!(events, news);
    let twice = decide(&tenant, &grant(&[(4, 1), (4, 2)]));
    let last = [Event::MembersGranted {
        application: application(1),
        members: accounts(&[(4, 2)]),
    }];
    assert_eq!(twice, last, "of a member named twice the last word counts");
}

#[test]
fn a_change_gives_access_to_nobody_who_lost_it() {
    let tenant = then(Tenant::default(), &change(&[(1, 1)]), &["members_granted"]);
    let tenant = then(tenant, &change(&[(1, 1)]), &[]);
    let tenant = then(
        tenant,
        &withdraw(&[1], Leave::Application),
        &["members_withdrawn"],
    );
    let tenant = then(
        tenant,
        &change(&[(1, 2), (2, 1)]),
        &["members_changed", "members_granted"],
    );
    assert_eq!(access(&tenant, 1), Some((Access::Withdrawn, 1)));
    assert_eq!(access(&tenant, 2), Some((Access::Granted, 1)));
    let known = tenant.member(&application(1), member(1));
    assert_eq!(known.map(|it| it.account.profile.clone()), Some(sealed(2)));
}

#[test]
fn who_left_the_enterprise_comes_back_by_a_grant_only() {
    let tenant = then(Tenant::default(), &withdraw(&[1], Leave::Enterprise), &[]);
    let tenant = then(tenant, &grant(&[(1, 1)]), &["members_granted"]);
    let left = withdraw(&[1, 1, 9], Leave::Enterprise);
    let tenant = then(tenant, &left, &["members_withdrawn"]);
    let tenant = then(tenant, &withdraw(&[1], Leave::Application), &[]);
    let tenant = then(tenant, &change(&[(1, 2)]), &["members_changed"]);
    assert_eq!(access(&tenant, 1), Some((Access::Deleted, 1)));
    let tenant = then(tenant, &Command::Unbind, &[]);
    let tenant = then(tenant, &grant(&[(1, 2)]), &["members_granted"]);
    assert_eq!(access(&tenant, 1), Some((Access::Granted, 2)));
}

#[test]
fn members_of_two_applications_do_not_touch_one_another() {
    let tenant = then(Tenant::default(), &grant(&[(1, 1)]), &["members_granted"]);
    let other = Command::Withdraw {
        application: application(2),
        members: vec![member(1)],
        leave: Leave::Application,
    };
    let tenant = then(tenant, &other, &[]);
    assert_eq!(access(&tenant, 1), Some((Access::Granted, 1)));
}

#[test]
fn departments_are_kept_unless_a_list_is_said_to_be_whole() {
    let both = set(&[(1, 1), (2, 2)], Others::Keep);
    let tenant = then(Tenant::default(), &both, &["departments_set"]);
    let tenant = then(tenant, &both, &[]);
    let tenant = then(tenant, &set(&[(1, 1)], Others::Keep), &[]);
    let tenant = then(tenant, &set(&[], Others::Remove), &[]);
    let whole = set(&[(1, 3), (3, 1)], Others::Remove);
    let tenant = then(tenant, &whole, &["departments_set", "departments_removed"]);
    let codes: Vec<_> = tenant.departments.keys().cloned().collect();
    assert_eq!(codes, [department_code(1), department_code(3)]);
    let remove = Command::RemoveDepartment(department_code(3));
    let tenant = then(tenant, &remove, &["departments_removed"]);
    then(tenant, &remove, &[]);
}

fn commands() -> impl Strategy<Value = Command> {
    let members = || vec((1..=3_u8, 1..=2_u8), 0..4);
    let leave = prop_oneof![Just(Leave::Application), Just(Leave::Enterprise)];
    let others = prop_oneof![Just(Others::Keep), Just(Others::Remove)];
    prop_oneof![
        (1..=2_u8).prop_map(|name| Command::Bind(binding(name))),
        Just(Command::Unbind),
        (1..=2_u8, 1..=2_u8).prop_map(|(number, secret)| Command::SetClient {
            application: application(number),
            client: client(secret),
        }),
        (1..=2_u8).prop_map(|number| Command::RemoveClient {
            application: application(number),
        }),
        members().prop_map(|members| grant(&members)),
        members().prop_map(|members| change(&members)),
        (vec(1..=3_u8, 0..4), leave).prop_map(|(members, leave)| withdraw(&members, leave)),
        (members(), others).prop_map(|(departments, others)| set(&departments, others)),
        (1..=3_u8).prop_map(|code| Command::RemoveDepartment(department_code(code))),
    ]
}

proptest! {
    #[test]
    fn what_was_told_twice_was_told_once(commands in vec(commands(), 0..30), last in commands()) {
        let mut tenant = Tenant::default();
        for command in commands {
            tenant = decide(&tenant, &command).iter().fold(tenant, Tenant::evolve);
        }
        let once = decide(&tenant, &last).iter().fold(tenant, Tenant::evolve);
        prop_assert_eq!(decide(&once, &last), Vec::new());
    }

    #[test]
    fn nobody_of_an_unbound_enterprise_has_access(commands in vec(commands(), 0..30)) {
        let mut tenant = Tenant::default();
        for command in commands {
            tenant = decide(&tenant, &command).iter().fold(tenant, Tenant::evolve);
        }
        let unbound = decide(&tenant, &Command::Unbind).iter().fold(tenant, Tenant::evolve);
        prop_assert!(unbound.clients.is_empty() && unbound.binding.is_none());
        prop_assert!(unbound.members.values().all(|member| member.access != Access::Granted));
    }
}
