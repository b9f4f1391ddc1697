//! What events of enterprises tell. What is sealed is not shown: of people there is a number.

use serde_json::{Value, json};
use tenure_domain::tenant::{Account, Event, Leave, MemberId};

use super::present;

pub(super) fn of(event: &Event) -> Value {
    match event {
        Event::Bound(binding) => present([
            (
                "order_id",
                binding.order.as_ref().map(|id| id.as_str().into()),
            ),
            ("code", Some(binding.code.as_ref().into())),
            ("domain", Some(binding.domain.as_ref().into())),
        ]),
        Event::Unbound => json!({}),
        Event::ClientSet {
            application,
            client,
        } => json!({
            "application_id": application.as_str(),
            "client_id": client.id.as_ref(),
        }),
        Event::ClientRemoved { application } => json!({
            "application_id": application.as_str(),
        }),
        Event::MembersGranted {
            application,
            members,
        }
        | Event::MembersChanged {
            application,
            members,
        } => json!({
            "application_id": application.as_str(),
            "members": members.iter().map(of_member).collect::<Vec<_>>(),
        }),
        Event::MembersWithdrawn {
            application,
            members,
            leave,
        } => json!({
            "application_id": application.as_str(),
            "members": members.iter().copied().map(member_id).collect::<Vec<_>>(),
            "left_enterprise": *leave == Leave::Enterprise,
        }),
        Event::DepartmentsSet { departments } => {
            let departments = departments.iter().map(|(code, department)| {
                let parent = department.parent.as_ref();
                present([
                    ("code", Some(code.as_str().into())),
                    ("parent", parent.map(|it| it.as_str().into())),
                ])
            });
            json!({ "departments": departments.collect::<Vec<_>>() })
        },
        Event::DepartmentsRemoved { departments } => {
            let departments = departments.iter().map(|it| json!({ "code": it.as_str() }));
            json!({ "departments": departments.collect::<Vec<_>>() })
        },
    }
}

fn of_member((member, account): &(MemberId, Account)) -> Value {
    json!({
        "member": member_id(*member),
        "role": account.role.name(),
        "enabled": account.enabled,
        "department": account.department.as_str(),
    })
}

/// A member is known by a keyed digest of the account's name.
pub(crate) fn member_id(member: MemberId) -> String {
    format!("{:032x}", u128::from_be_bytes(member.bytes()))
}
