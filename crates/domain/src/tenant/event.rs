//! What happened to an enterprise.

use super::{Account, Binding, Client, Department, Leave, MemberId};
use crate::ids::{ApplicationId, DepartmentCode};

/// A fact about one enterprise, for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was bound, or what it is bound with changed.
    Bound(Binding),
    /// It was unbound: its clients and the access of its members ended with that.
    Unbound,
    /// Members log in to an application with this client.
    ClientSet {
        /// Which application.
        application: ApplicationId,
        /// The client.
        client: Client,
    },
    /// The client of an application ended.
    ClientRemoved {
        /// Which application.
        application: ApplicationId,
    },
    /// Members were given access to an application, or something about members who have it
    /// changed.
    MembersGranted {
        /// Which application.
        application: ApplicationId,
        /// Those to whom it is news.
        members: Vec<(MemberId, Account)>,
    },
    /// Something about members changed, and not whether they have access.
    MembersChanged {
        /// Which application.
        application: ApplicationId,
        /// Those to whom it is news.
        members: Vec<(MemberId, Account)>,
    },
    /// Members lost access to an application.
    MembersWithdrawn {
        /// Which application.
        application: ApplicationId,
        /// Those who had it, or of whom less was known.
        members: Vec<MemberId>,
        /// Whether they left the enterprise too.
        leave: Leave,
    },
    /// Departments were made, renamed or moved.
    DepartmentsSet {
        /// Those to which it is news.
        departments: Vec<(DepartmentCode, Department)>,
    },
    /// Departments went.
    DepartmentsRemoved {
        /// Which.
        departments: Vec<DepartmentCode>,
    },
}

impl Event {
    /// The name under which the event is stored and shown. Persisted: never change one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bound(_) => "tenant_bound",
            Self::Unbound => "tenant_unbound",
            Self::ClientSet { .. } => "client_set",
            Self::ClientRemoved { .. } => "client_removed",
            Self::MembersGranted { .. } => "members_granted",
            Self::MembersChanged { .. } => "members_changed",
            Self::MembersWithdrawn { .. } => "members_withdrawn",
            Self::DepartmentsSet { .. } => "departments_set",
            Self::DepartmentsRemoved { .. } => "departments_removed",
        }
    }
}
