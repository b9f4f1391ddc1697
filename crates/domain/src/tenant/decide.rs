//! From a state and a command to events: those parts of a command that are news.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Access, Account, Binding, Client, Command, Department, Event, Leave, MemberId, Others, Tenant,
};
use crate::ids::{ApplicationId, DepartmentCode};

/// Decides what a command does to an enterprise: events, none if nothing is left to do. Nothing is
/// ever refused.
pub fn decide(tenant: &Tenant, command: &Command) -> Vec<Event> {
    match command {
        Command::Bind(binding) => {
            let known = tenant.binding.as_ref();
            unless(known.is_some_and(|it| it.says_the_same(binding)), || {
                Event::Bound(binding.clone())
            })
        },
        Command::Unbind => unless(tenant.has_nothing_to_end(), || Event::Unbound),
        Command::SetClient {
            application,
            client,
        } => {
            let known = tenant.clients.get(application);
            unless(known.is_some_and(|it| it.says_the_same(client)), || {
                Event::ClientSet {
                    application: application.clone(),
                    client: client.clone(),
                }
            })
        },
        Command::RemoveClient { application } => {
            unless(!tenant.clients.contains_key(application), || {
                Event::ClientRemoved {
                    application: application.clone(),
                }
            })
        },
        Command::Grant {
            application,
            members,
        } => granted(tenant, application, last_of_each(members)),
        Command::ChangeMembers {
            application,
            members,
        } => changed(tenant, application, members),
        Command::Withdraw {
            application,
            members,
            leave,
        } => withdrawn(tenant, application, members, *leave),
        Command::SetDepartments {
            departments,
            others,
        } => set(tenant, departments, *others),
        Command::RemoveDepartment(code) => unless(!tenant.departments.contains_key(code), || {
            Event::DepartmentsRemoved {
                departments: vec![code.clone()],
            }
        }),
    }
}

/// Those members to whom it is news that they have access, or what is told of them.
fn granted(
    tenant: &Tenant,
    application: &ApplicationId,
    members: BTreeMap<MemberId, &Account>,
) -> Vec<Event> {
    let members: Vec<_> = members
        .into_iter()
        .filter(|(id, account)| {
            let known = tenant.member(application, *id);
            !known
                .is_some_and(|it| it.access == Access::Granted && it.account.says_the_same(account))
        })
        .map(|(id, account)| (id, account.clone()))
        .collect();
    unless(members.is_empty(), || Event::MembersGranted {
        application: application.clone(),
        members,
    })
}

/// Those who are known keep the access they have; those who are not, get it.
fn changed(
    tenant: &Tenant,
    application: &ApplicationId,
    members: &[(MemberId, Account)],
) -> Vec<Event> {
    let (known, unknown): (BTreeMap<_, _>, BTreeMap<_, _>) = last_of_each(members)
        .into_iter()
        .partition(|(id, _)| tenant.member(application, *id).is_some());
    let news: Vec<_> = known
        .into_iter()
        .filter(|(id, account)| {
            let member = tenant.member(application, *id);
            member.is_some_and(|it| !it.account.says_the_same(account))
        })
        .map(|(id, account)| (id, account.clone()))
        .collect();
    let mut events = unless(news.is_empty(), || Event::MembersChanged {
        application: application.clone(),
        members: news,
    });
    events.extend(granted(tenant, application, unknown));
    events
}

fn withdrawn(
    tenant: &Tenant,
    application: &ApplicationId,
    members: &[MemberId],
    leave: Leave,
) -> Vec<Event> {
    let named: BTreeSet<_> = members.iter().copied().collect();
    let members: Vec<_> = named
        .into_iter()
        .filter(|id| match tenant.member(application, *id) {
            // Who left the enterprise does not come back into it by losing access once more.
            Some(known) => known.access < leave.access(),
            None => false,
        })
        .collect();
    unless(members.is_empty(), || Event::MembersWithdrawn {
        application: application.clone(),
        members,
        leave,
    })
}

fn set(
    tenant: &Tenant,
    departments: &[(DepartmentCode, Department)],
    others: Others,
) -> Vec<Event> {
    let named: BTreeMap<_, _> = departments.iter().map(|(code, it)| (code, it)).collect();
    let gone: Vec<_> = match others {
        Others::Remove if !named.is_empty() => {
            let codes = tenant.departments.keys();
            codes
                .filter(|it| !named.contains_key(it))
                .cloned()
                .collect()
        },
        Others::Remove | Others::Keep => Vec::new(),
    };
    let news: Vec<_> = named
        .into_iter()
        .filter(|(code, department)| {
            let known = tenant.departments.get(code);
            !known.is_some_and(|it| it.says_the_same(department))
        })
        .map(|(code, department)| (code.clone(), department.clone()))
        .collect();
    let mut events = unless(news.is_empty(), || Event::DepartmentsSet {
        departments: news,
    });
    events.extend(unless(gone.is_empty(), || Event::DepartmentsRemoved {
        departments: gone,
    }));
    events
}

/// Of a member who is named twice, what is said last counts.
fn last_of_each(members: &[(MemberId, Account)]) -> BTreeMap<MemberId, &Account> {
    members.iter().map(|(id, account)| (*id, account)).collect()
}

fn unless(done: bool, event: impl FnOnce() -> Event) -> Vec<Event> {
    if done { Vec::new() } else { vec![event()] }
}

impl Tenant {
    /// A member, as known for an application.
    pub fn member(&self, application: &ApplicationId, id: MemberId) -> Option<&super::Member> {
        self.members.get(&(application.clone(), id))
    }

    pub(super) fn has_nothing_to_end(&self) -> bool {
        self.binding.is_none()
            && self.clients.is_empty()
            && !self.members.values().any(|it| it.access == Access::Granted)
    }
}

impl Binding {
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.order == other.order
            && self.code == other.code
            && self.domain == other.domain
            && self.name.says_the_same(&other.name)
    }
}

impl Client {
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.id == other.id && self.secret.says_the_same(&other.secret)
    }
}

impl Account {
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.role == other.role
            && self.enabled == other.enabled
            && self.department == other.department
            && self.profile.says_the_same(&other.profile)
    }
}

impl Department {
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.parent == other.parent && self.name.says_the_same(&other.name)
    }
}
