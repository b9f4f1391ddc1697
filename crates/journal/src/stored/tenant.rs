//! The stored form of events of enterprises.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::tenant::{Account, Binding, Client, Department, Event, Leave, MemberId, Role};
use tenure_domain::{ApplicationId, DepartmentCode, OrderId};

use super::sealed::{StoredSealed, read_digest, write_digest};
use super::{Bare, Reason, id, json, parse, text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    order_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    domain: Cow<'a, str>,
    #[serde(borrow)]
    name: StoredSealed<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientSet<'a> {
    #[serde(borrow)]
    application_id: Cow<'a, str>,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    secret: StoredSealed<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientRemoved<'a> {
    #[serde(borrow)]
    application_id: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(borrow)]
    application_id: Cow<'a, str>,
    #[serde(borrow)]
    members: Vec<StoredMember<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMember<'a> {
    member: String,
    #[serde(borrow)]
    role: Cow<'a, str>,
    enabled: bool,
    #[serde(borrow)]
    department: Cow<'a, str>,
    #[serde(borrow)]
    profile: StoredSealed<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawn<'a> {
    #[serde(borrow)]
    application_id: Cow<'a, str>,
    members: Vec<String>,
    left_enterprise: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DepartmentsSet<'a> {
    #[serde(borrow)]
    departments: Vec<StoredDepartment<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDepartment<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: StoredSealed<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DepartmentsRemoved<'a> {
    #[serde(borrow)]
    departments: Vec<Cow<'a, str>>,
}

pub(super) fn encode(event: &Event) -> String {
    match event {
        Event::Bound(binding) => json(&Bound {
            order_id: binding.order.as_ref().map(|it| text(it.as_str())),
            code: text(&binding.code),
            domain: text(&binding.domain),
            name: (&binding.name).into(),
        }),
        Event::Unbound => json(&Bare {}),
        Event::ClientSet {
            application,
            client,
        } => json(&ClientSet {
            application_id: text(application.as_str()),
            client_id: text(&client.id),
            secret: (&client.secret).into(),
        }),
        Event::ClientRemoved { application } => json(&ClientRemoved {
            application_id: text(application.as_str()),
        }),
        Event::MembersGranted {
            application,
            members,
        }
        | Event::MembersChanged {
            application,
            members,
        } => json(&Members {
            application_id: text(application.as_str()),
            members: members.iter().map(StoredMember::of).collect(),
        }),
        Event::MembersWithdrawn {
            application,
            members,
            leave,
        } => json(&Withdrawn {
            application_id: text(application.as_str()),
            members: members.iter().copied().map(write_digest).collect(),
            left_enterprise: *leave == Leave::Enterprise,
        }),
        Event::DepartmentsSet { departments } => json(&DepartmentsSet {
            departments: departments.iter().map(StoredDepartment::of).collect(),
        }),
        Event::DepartmentsRemoved { departments } => json(&DepartmentsRemoved {
            departments: departments.iter().map(|it| text(it.as_str())).collect(),
        }),
    }
}

/// Reads an event of an enterprise; `None` if no event of an enterprise has this name.
pub(super) fn decode(name: &str, data: &str) -> Option<Result<Event, Reason>> {
    Some(match name {
        "tenant_bound" => bound(data),
        "tenant_unbound" => parse::<Bare>(data).map(|Bare {}| Event::Unbound),
        "client_set" => client_set(data),
        "client_removed" => client_removed(data),
        "members_granted" => members(data).map(|(application, members)| Event::MembersGranted {
            application,
            members,
        }),
        "members_changed" => members(data).map(|(application, members)| Event::MembersChanged {
            application,
            members,
        }),
        "members_withdrawn" => withdrawn(data),
        "departments_set" => departments_set(data),
        "departments_removed" => departments_removed(data),
        _ => return None,
    })
}

fn bound(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Bound<'_>>(data)?;
    let order = stored.order_id.as_deref();
    Ok(Event::Bound(Binding {
        order: order.map(|text| id(OrderId::parse(text))).transpose()?,
        code: stored.code.as_ref().into(),
        domain: stored.domain.as_ref().into(),
        name: stored.name.read()?,
    }))
}

fn client_set(data: &str) -> Result<Event, Reason> {
    let stored = parse::<ClientSet<'_>>(data)?;
    Ok(Event::ClientSet {
        application: id(ApplicationId::parse(&stored.application_id))?,
        client: Client {
            id: stored.client_id.as_ref().into(),
            secret: stored.secret.read()?,
        },
    })
}

fn client_removed(data: &str) -> Result<Event, Reason> {
    let stored = parse::<ClientRemoved<'_>>(data)?;
    Ok(Event::ClientRemoved {
        application: id(ApplicationId::parse(&stored.application_id))?,
    })
}

fn members(data: &str) -> Result<(ApplicationId, Vec<(MemberId, Account)>), Reason> {
    let stored = parse::<Members<'_>>(data)?;
    let members = stored.members.iter().map(StoredMember::read);
    Ok((
        id(ApplicationId::parse(&stored.application_id))?,
        members.collect::<Result<_, _>>()?,
    ))
}

fn withdrawn(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Withdrawn<'_>>(data)?;
    let members = stored.members.iter().map(|it| read_digest(it));
    Ok(Event::MembersWithdrawn {
        application: id(ApplicationId::parse(&stored.application_id))?,
        members: members.collect::<Result<_, _>>()?,
        leave: if stored.left_enterprise {
            Leave::Enterprise
        } else {
            Leave::Application
        },
    })
}

fn departments_set(data: &str) -> Result<Event, Reason> {
    let stored = parse::<DepartmentsSet<'_>>(data)?;
    let departments = stored.departments.iter().map(StoredDepartment::read);
    Ok(Event::DepartmentsSet {
        departments: departments.collect::<Result<_, _>>()?,
    })
}

fn departments_removed(data: &str) -> Result<Event, Reason> {
    let stored = parse::<DepartmentsRemoved<'_>>(data)?;
    let departments = stored.departments.iter();
    let departments = departments.map(|text| id(DepartmentCode::parse(text)));
    Ok(Event::DepartmentsRemoved {
        departments: departments.collect::<Result<_, _>>()?,
    })
}

impl<'a> StoredMember<'a> {
    fn of((member, account): &'a (MemberId, Account)) -> Self {
        Self {
            member: write_digest(*member),
            role: text(account.role.name()),
            enabled: account.enabled,
            department: text(account.department.as_str()),
            profile: (&account.profile).into(),
        }
    }

    fn read(&self) -> Result<(MemberId, Account), Reason> {
        let account = Account {
            role: Role::from_name(&self.role).ok_or("there is no such role")?,
            enabled: self.enabled,
            department: id(DepartmentCode::parse(&self.department))?,
            profile: self.profile.read()?,
        };
        Ok((read_digest(&self.member)?, account))
    }
}

impl<'a> StoredDepartment<'a> {
    fn of((code, department): &'a (DepartmentCode, Department)) -> Self {
        Self {
            code: text(code.as_str()),
            parent: department.parent.as_ref().map(|it| text(it.as_str())),
            name: (&department.name).into(),
        }
    }

    fn read(&self) -> Result<(DepartmentCode, Department), Reason> {
        let parent = self.parent.as_deref();
        let department = Department {
            parent: parent
                .map(|text| id(DepartmentCode::parse(text)))
                .transpose()?,
            name: self.name.read()?,
        };
        Ok((id(DepartmentCode::parse(&self.code))?, department))
    }
}
