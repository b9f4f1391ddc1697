//! An enterprise on the buyer's side, as the joint-operation kit tells of it: whether it is bound
//! to an instance, its clients at the authentication centre, its members and its departments.
//!
//! A call names everything by natural keys, and there is no order between calls: an application may
//! come before its enterprise, and a member before the department. So nothing is ever refused.
//! Every command puts something or takes it away, and what is so already is no event.
//!
//! What is about people, and the secrets of clients, is [`Sealed`]: it is compared and never read.

mod decide;
mod event;
mod evolve;
mod laws;

use std::collections::BTreeMap;

use crate::ids::{ApplicationId, DepartmentCode, LicenseId, ListingId, OrderId, TenantId};
use crate::sealed::{Digest, Sealed};

pub use decide::decide;
pub use event::Event;
pub use laws::{Broken, check_next};

/// Which enterprise, for which instance, through which production address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantKey {
    /// The production address that was called: the key of one listing has no power over what
    /// another was told.
    pub listing: ListingId,
    /// Whether it is about real things.
    pub partition: Partition,
    /// The instance; `None` while the merchant applies for a credential or debugs.
    pub instance: Option<LicenseId>,
    /// The enterprise.
    pub tenant: TenantId,
}

/// Where the facts of a call belong. Test calls are kept apart from real ones, and kept: the
/// merchant logs in with the test enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// Told by calls about real things.
    Real,
    /// Told by test calls.
    Test,
}

impl Partition {
    /// The name under which it is stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Test => "test",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Real, Self::Test]
            .into_iter()
            .find(|partition| partition.name() == name)
    }
}

/// A member of an enterprise, by a keyed digest of the account's name: a name is a person's.
pub type MemberId = Digest;

/// An enterprise, as far as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tenant {
    /// What it was bound with; `None` before the first binding, and once it is unbound.
    pub binding: Option<Binding>,
    /// Its clients at its authentication centre.
    pub clients: BTreeMap<ApplicationId, Client>,
    /// Its members, for each application of which they were told.
    pub members: BTreeMap<(ApplicationId, MemberId), Member>,
    /// Its departments.
    pub departments: BTreeMap<DepartmentCode, Department>,
}

/// What an enterprise is bound with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The buyer's order; `None` while a credential is applied for.
    pub order: Option<OrderId>,
    /// `tenantCode`: the short name behind the `@` of a login.
    pub code: Box<str>,
    /// `domainName` as it was received: the address of the authentication centre. Any text may
    /// arrive; whether it may be called is looked at before each call.
    pub domain: Box<str>,
    /// The name of the enterprise.
    pub name: Sealed,
}

/// A client of the authentication centre, with which members log in to one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `clientId`.
    pub id: Box<str>,
    /// The client's secret, in the clear once it is unsealed.
    pub secret: Sealed,
}

/// A member, for one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Whether the member may use the application.
    pub access: Access,
    /// How often access was given to somebody who had none. A session that began under one number
    /// is none under another: an account's name may pass to another person.
    pub grants: u32,
    /// What was told last.
    pub account: Account,
}

/// Whether a member may use an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Yes.
    Granted,
    /// No more; the member stays in the enterprise.
    Withdrawn,
    /// No more; the member left the enterprise.
    Deleted,
}

impl Access {
    /// The name under which it is stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Withdrawn => "withdrawn",
            Self::Deleted => "deleted",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Granted, Self::Withdrawn, Self::Deleted]
            .into_iter()
            .find(|access| access.name() == name)
    }
}

/// What is told of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the member may do in the application.
    pub role: Role,
    /// Whether the account may be used.
    pub enabled: bool,
    /// The department. It may not have been told yet.
    pub department: DepartmentCode,
    /// Everything about the person, the account's name among it.
    pub profile: Sealed,
}

/// The only two roles that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `user`: ordinary rights. The lower one.
    User,
    /// `admin`: must have the rights of an administrator.
    Admin,
}

impl Role {
    /// The name on the wire, under which it is also stored and shown. Persisted: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::Admin]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// The department above, which may not have been told yet; `None` at the top.
    pub parent: Option<DepartmentCode>,
    /// Its name.
    pub name: Sealed,
}

/// What is wanted of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `tenantSync` with a flag of 1 or 2: it is bound, or what it is bound with changes.
    Bind(Binding),
    /// `tenantSync` with 0: it is unbound. Nobody of it may use the application any more.
    Unbind,
    /// `applicationSync` with 1 or 2: members of it log in with this client.
    SetClient {
        /// Which application.
        application: ApplicationId,
        /// The client.
        client: Client,
    },
    /// `applicationSync` with 0: the client is to be forgotten.
    RemoveClient {
        /// Which application.
        application: ApplicationId,
    },
    /// `authSync` with 1: these members may use the application.
    Grant {
        /// Which application.
        application: ApplicationId,
        /// Who.
        members: Vec<(MemberId, Account)>,
    },
    /// `authSync` with 2: something about these members changes. Whoever lost access does not
    /// get it back by this; whoever is not known gets it, since the call is about members who may
    /// use the application.
    ChangeMembers {
        /// Which application.
        application: ApplicationId,
        /// Who, and what is so now.
        members: Vec<(MemberId, Account)>,
    },
    /// `authSync` with 3 or 0: these members may no longer use the application.
    Withdraw {
        /// Which application.
        application: ApplicationId,
        /// Who.
        members: Vec<MemberId>,
        /// Whether they stay in the enterprise.
        leave: Leave,
    },
    /// `singleOrgSync` with 1 or 2, and `allOrgSync`: these departments are so.
    SetDepartments {
        /// Which, and what is so now.
        departments: Vec<(DepartmentCode, Department)>,
        /// What becomes of all others.
        others: Others,
    },
    /// `singleOrgSync` with 0: the department goes.
    RemoveDepartment(DepartmentCode),
}

/// What losing access means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// The application only.
    Application,
    /// The enterprise.
    Enterprise,
}

impl Leave {
    fn access(self) -> Access {
        match self {
            Self::Application => Access::Withdrawn,
            Self::Enterprise => Access::Deleted,
        }
    }
}

/// What becomes of departments that a list does not name. The guide does not say whether a list is
/// complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They stay.
    Keep,
    /// They go, unless the list is empty.
    Remove,
}
