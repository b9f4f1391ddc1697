//! What happens beside licenses: commands about the use of one, and about one enterprise, out of
//! small pools, so that they meet.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::{bool, option};
use tenure_domain::tenant::{Account, Binding, Client, Department, Leave, MemberId, Others, Role};
use tenure_domain::usage::{Amount, Report, Used};
use tenure_domain::{ApplicationId, DepartmentCode, Digest, Instant, UsageSerial, tenant, usage};

use crate::builders::{code, listing, sealed, well_formed};

/// The most commands in one sequence.
const COMMANDS_MAX: usize = 40;

/// Makes 1 to 40 commands about the use of one license. Every other report has the serial of one
/// that says something else.
pub fn usage_commands() -> impl Strategy<Value = Vec<usage::Command>> {
    let reported = vec((serials(), uses()), 0..4).prop_map(|reports| {
        let reports = reports.into_iter();
        usage::Command::Report {
            listing: listing(),
            reports: reports
                .map(|(serial, used)| Report { serial, used })
                .collect(),
        }
    });
    let some = || vec(serials(), 0..4);
    let command = prop_oneof![
        4 => reported,
        2 => some().prop_map(|serials| usage::Command::Send { serials }),
        1 => some().prop_map(|serials| usage::Command::Unsend { serials }),
        2 => (some(), bool::ANY).prop_map(|(serials, denied)| usage::Command::Settle {
            serials,
            denied: denied.then(|| "CBC.0001".into()),
        }),
    ];
    vec(command, 1..=COMMANDS_MAX)
}

/// Makes 1 to 40 commands for one enterprise.
pub fn tenant_commands() -> impl Strategy<Value = Vec<tenant::Command>> {
    vec(
        prop_oneof![3 => of_members(), 2 => of_clients(), 2 => of_departments()],
        1..=COMMANDS_MAX,
    )
}

fn serials() -> impl Strategy<Value = UsageSerial> {
    (1..9_u32).prop_map(|number| well_formed(UsageSerial::parse(&format!("METERTEST{number:04}"))))
}

fn uses() -> impl Strategy<Value = Used> {
    prop_oneof![
        (1..3_u64, option::of(1..3_u32)).prop_map(|(amount, package)| Used::Metered {
            began_at: Instant::from_seconds(0),
            ended_at: Instant::from_seconds(3_600),
            amount: Amount::from_ten_thousandths(amount).expect("it is not zero"),
            package: package.map(code),
        }),
        (1..3_u8).prop_map(|number| Used::Client {
            client: sealed(number)
        }),
        (1..3_u32).prop_map(|count| Used::ActiveClients { count }),
    ]
}

fn of_members() -> impl Strategy<Value = tenant::Command> {
    let told = || vec((members(), accounts()), 0..4);
    let leaves = select(vec![Leave::Application, Leave::Enterprise]);
    prop_oneof![
        (applications(), told()).prop_map(|(application, members)| tenant::Command::Grant {
            application,
            members,
        }),
        (applications(), told()).prop_map(|(application, members)| {
            tenant::Command::ChangeMembers {
                application,
                members,
            }
        }),
        (applications(), vec(members(), 0..4), leaves).prop_map(|(application, members, leave)| {
            tenant::Command::Withdraw {
                application,
                members,
                leave,
            }
        }),
    ]
}

fn of_clients() -> impl Strategy<Value = tenant::Command> {
    prop_oneof![
        (1..3_u8).prop_map(|name| tenant::Command::Bind(Binding {
            order: None,
            code: "demo".into(),
            domain: "https://demo.example.com".into(),
            name: sealed(name),
        })),
        Just(tenant::Command::Unbind),
        (applications(), 1..3_u8).prop_map(|(application, secret)| tenant::Command::SetClient {
            application,
            client: Client {
                id: "client-1".into(),
                secret: sealed(secret)
            },
        }),
        applications().prop_map(|application| tenant::Command::RemoveClient { application }),
    ]
}

fn of_departments() -> impl Strategy<Value = tenant::Command> {
    let told =
        (departments(), option::of(departments()), 1..3_u8).prop_map(|(code, parent, name)| {
            (
                code,
                Department {
                    parent,
                    name: sealed(name),
                },
            )
        });
    let others = select(vec![Others::Keep, Others::Remove]);
    prop_oneof![
        (vec(told, 0..3), others).prop_map(|(departments, others)| {
            tenant::Command::SetDepartments {
                departments,
                others,
            }
        }),
        departments().prop_map(tenant::Command::RemoveDepartment),
    ]
}

fn applications() -> impl Strategy<Value = ApplicationId> {
    (1..3_u8).prop_map(|number| well_formed(ApplicationId::parse(&format!("app-{number}"))))
}

fn departments() -> impl Strategy<Value = DepartmentCode> {
    (1..4_u8).prop_map(|number| well_formed(DepartmentCode::parse(&format!("1000{number}"))))
}

fn members() -> impl Strategy<Value = MemberId> {
    (1..4_u8).prop_map(|number| Digest::new([number; 16]))
}

fn accounts() -> impl Strategy<Value = Account> {
    (bool::ANY, departments(), 1..3_u8).prop_map(|(enabled, department, profile)| Account {
        role: if enabled { Role::User } else { Role::Admin },
        enabled,
        department,
        profile: sealed(profile),
    })
}
