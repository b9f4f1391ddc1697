//! What every history of an enterprise obeys: an event tells news, and nothing but news.

use std::collections::BTreeSet;

use super::{Access, Account, Event, Leave, MemberId, Tenant};
use crate::ids::ApplicationId;

/// A law that a history breaks, and the event (counted from 1) that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// What is so already does not happen.
    #[error("event {0} tells of the enterprise what was so already")]
    ToldTwice(usize),
    /// What is not there does not go.
    #[error("event {0} removes what is not there")]
    RemovesNothing(usize),
    /// Members are given access who do not have it, or of whom something else is told.
    #[error("event {0} grants nothing that was not granted before")]
    GrantedTwice(usize),
    /// Only members who are known change.
    #[error("event {0} changes members who are not known, or nothing about them")]
    ChangesNothing(usize),
    /// Only members who are known lose access, and they lose it once.
    #[error("event {0} withdraws what members do not have")]
    WithdrawsNothing(usize),
}

/// Checks that `event`, the `number`th of its history, may follow the state.
pub fn check_next(tenant: &Tenant, event: &Event, number: usize) -> Result<(), Broken> {
    let (is_lawful, broken) = match event {
        Event::Bound(binding) => (
            !tenant
                .binding
                .as_ref()
                .is_some_and(|it| it.says_the_same(binding)),
            Broken::ToldTwice(number),
        ),
        Event::Unbound => (!tenant.has_nothing_to_end(), Broken::RemovesNothing(number)),
        Event::ClientSet {
            application,
            client,
        } => {
            let known = tenant.clients.get(application);
            (
                !known.is_some_and(|it| it.says_the_same(client)),
                Broken::ToldTwice(number),
            )
        },
        Event::ClientRemoved { application } => (
            tenant.clients.contains_key(application),
            Broken::RemovesNothing(number),
        ),
        Event::MembersGranted {
            application,
            members,
        } => (
            may_be_granted(tenant, application, members),
            Broken::GrantedTwice(number),
        ),
        Event::MembersChanged {
            application,
            members,
        } => (
            may_change(tenant, application, members),
            Broken::ChangesNothing(number),
        ),
        Event::MembersWithdrawn {
            application,
            members,
            leave,
        } => (
            may_be_withdrawn(tenant, application, members, *leave),
            Broken::WithdrawsNothing(number),
        ),
        Event::DepartmentsSet { departments } => (
            each_once(
                departments,
                |(code, _)| code,
                |(code, department)| {
                    let known = tenant.departments.get(code);
                    !known.is_some_and(|it| it.says_the_same(department))
                },
            ),
            Broken::ToldTwice(number),
        ),
        Event::DepartmentsRemoved { departments } => (
            each_once(
                departments,
                |code| code,
                |code| tenant.departments.contains_key(code),
            ),
            Broken::RemovesNothing(number),
        ),
    };
    if is_lawful { Ok(()) } else { Err(broken) }
}

fn may_be_granted(
    tenant: &Tenant,
    application: &ApplicationId,
    members: &[(MemberId, Account)],
) -> bool {
    let is_news = |(id, account): &(MemberId, Account)| {
        let known = tenant.member(application, *id);
        !known.is_some_and(|it| it.access == Access::Granted && it.account.says_the_same(account))
    };
    each_once(members, |(id, _)| id, is_news)
}

fn may_change(
    tenant: &Tenant,
    application: &ApplicationId,
    members: &[(MemberId, Account)],
) -> bool {
    let is_news = |(id, account): &(MemberId, Account)| {
        let known = tenant.member(application, *id);
        known.is_some_and(|it| !it.account.says_the_same(account))
    };
    each_once(members, |(id, _)| id, is_news)
}

fn may_be_withdrawn(
    tenant: &Tenant,
    application: &ApplicationId,
    members: &[MemberId],
    leave: Leave,
) -> bool {
    let is_news = |id: &MemberId| {
        let known = tenant.member(application, *id);
        known.is_some_and(|it| it.access < leave.access())
    };
    each_once(members, |id| id, is_news)
}

/// Whether there is something, each named once, and all of it is so.
fn each_once<T, K: Ord>(items: &[T], name: impl Fn(&T) -> &K, is_so: impl Fn(&T) -> bool) -> bool {
    let named: BTreeSet<_> = items.iter().map(name).collect();
    !items.is_empty() && named.len() == items.len() && items.iter().all(is_so)
}
