//! What the debugging page fills in: a made-up enterprise, its departments and its members.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::kit::call::{Call, ListForm, Writer};
use crate::kit::enterprise::{Binding, Department, Member, Profile, Role};
use crate::kit::secret::{Padding, PublicKey};
use crate::kit::{Flag, Version};

/// An id that no marketplace has given to anything.
pub(super) const MADE_UP: &str = "SANDBOX-MADE-UP-0000000000000001";

/// A secret with every kind of character.
const SECRET: &str = "9f8A+/=secret-示例";

/// An enterprise, and how calls about it are written.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a> {
    pub(super) writer: Writer,
    pub(super) binding: Binding,
    pub(super) profile: Profile,
    pub(super) public_key: Option<&'a PublicKey>,
}

impl<'a> Sample<'a> {
    /// The enterprise of debugging calls.
    pub(super) fn new(
        version: Version,
        now: DateTime<Utc>,
        public_key: Option<&'a PublicKey>,
    ) -> Self {
        Self {
            writer: Writer {
                is_test: true,
                ..Writer::new(version, now)
            },
            binding: Binding {
                instance: "huaweitest123456".to_owned(),
                order: "CS1906666666ABCDE".to_owned(),
                tenant: "68cbc86abcdef01234567880d92f36422".to_owned(),
                application: "sandbox-app".to_owned(),
            },
            profile: Profile {
                code: "example".to_owned(),
                name: "示例企业/一部".to_owned(),
                domain_name: "https://example.tenantaccount.com".to_owned(),
            },
            public_key,
        }
    }

    /// Another enterprise, of which nothing was told before.
    pub(super) fn of_enterprise(&self, tenant: &str) -> Self {
        let mut other = self.clone();
        tenant.clone_into(&mut other.binding.tenant);
        other
    }

    /// The same enterprise for another instance.
    pub(super) fn of_instance(&self, instance: &str) -> Self {
        let mut other = self.clone();
        instance.clone_into(&mut other.binding.instance);
        other
    }

    /// An enterprise and an instance that no marketplace knows, in real calls.
    pub(super) fn for_real(&self) -> Self {
        let mut other = self.of_enterprise(MADE_UP).of_instance(MADE_UP);
        other.writer.is_test = false;
        other
    }

    /// The same with lists in another form.
    pub(super) fn listing(&self, lists: ListForm) -> Self {
        let mut other = self.clone();
        other.writer.lists = lists;
        other
    }

    pub(super) fn version(&self) -> Version {
        self.writer.version
    }

    pub(super) fn tenant(&self, flag: Flag) -> Call {
        self.writer.tenant_sync(&self.binding, &self.profile, flag)
    }

    /// With a client secret that was encrypted already, or pretends to be.
    pub(super) fn application_with(&self, encrypted_secret: &str, flag: Flag) -> Call {
        let client = "sandbox-client";
        self.writer
            .application_sync(&self.binding, client, encrypted_secret, flag)
    }

    /// With a client secret for the merchant; an empty one without its public key.
    pub(super) fn application(&self, flag: Flag, padding: Padding) -> Call {
        let secret = SecretString::from(SECRET);
        let encrypted = self
            .public_key
            .and_then(|key| key.encrypt(&secret, padding).ok());
        self.application_with(&encrypted.unwrap_or_default(), flag)
    }

    pub(super) fn members(&self, members: &[Member], flag: Flag) -> Call {
        self.writer.auth_sync(&self.binding, members, flag)
    }

    pub(super) fn department(&self, department: &Department, flag: Flag) -> Call {
        self.writer.single_org_sync(&self.binding, department, flag)
    }

    pub(super) fn departments(&self, departments: &[Department]) -> Call {
        self.writer.all_org_sync(&self.binding, departments)
    }
}

/// A member of the department `10001`.
pub(super) fn member(number: usize) -> Member {
    Member {
        user_name: format!("member-{number:03}"),
        name: format!("成员 {number}"),
        department: "10001".to_owned(),
        role: Role::User,
        is_enabled: true,
        is_authorised: true,
    }
}

/// A department at the top, or below another one.
pub(super) fn department(code: &str, parent: &str) -> Department {
    Department {
        code: code.to_owned(),
        name: format!("部门 {code}"),
        parent: parent.to_owned(),
    }
}
