//! From a state and an event to the next state. Total: no event fails.

use super::{Access, Account, Event, Leave, Member, MemberId, Tenant};
use crate::ids::ApplicationId;

impl Tenant {
    /// The state that a history leads to.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        events.into_iter().fold(Self::default(), Self::evolve)
    }

    /// The state after `event`.
    #[must_use]
    pub fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::Bound(binding) => self.binding = Some(binding.clone()),
            Event::Unbound => self.unbind(),
            Event::ClientSet {
                application,
                client,
            } => {
                self.clients.insert(application.clone(), client.clone());
            },
            Event::ClientRemoved { application } => {
                self.clients.remove(application);
            },
            Event::MembersGranted {
                application,
                members,
            } => {
                for (id, account) in members {
                    self.grant(application, *id, account);
                }
            },
            Event::MembersChanged {
                application,
                members,
            } => {
                for (id, account) in members {
                    if let Some(member) = self.members.get_mut(&(application.clone(), *id)) {
                        member.account.clone_from(account);
                    }
                }
            },
            Event::MembersWithdrawn {
                application,
                members,
                leave,
            } => {
                for id in members {
                    self.withdraw(application, *id, *leave);
                }
            },
            Event::DepartmentsSet { departments } => {
                self.departments.extend(departments.iter().cloned());
            },
            Event::DepartmentsRemoved { departments } => {
                for code in departments {
                    self.departments.remove(code);
                }
            },
        }
        self
    }

    /// Who left the enterprise has left it, whatever becomes of its binding.
    fn unbind(&mut self) {
        self.binding = None;
        self.clients.clear();
        for member in self.members.values_mut() {
            if member.access == Access::Granted {
                member.access = Access::Withdrawn;
            }
        }
    }

    fn grant(&mut self, application: &ApplicationId, id: MemberId, account: &Account) {
        let member = self
            .members
            .entry((application.clone(), id))
            .or_insert_with(|| Member {
                access: Access::Withdrawn,
                grants: 0,
                account: account.clone(),
            });
        if member.access != Access::Granted {
            member.access = Access::Granted;
            member.grants = member.grants.saturating_add(1);
        }
        member.account.clone_from(account);
    }

    fn withdraw(&mut self, application: &ApplicationId, id: MemberId, leave: Leave) {
        if let Some(member) = self.members.get_mut(&(application.clone(), id)) {
            member.access = leave.access();
        }
    }
}
