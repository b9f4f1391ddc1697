//! Enterprises: who uses an instance, and who may.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::Version;

/// An enterprise that is bound to an instance, with all that the marketplace knows of it.
#[derive(Debug, Clone)]
pub struct Enterprise {
    /// The listing whose production address is told of it.
    pub listing: String,
    /// In which version it is told.
    pub version: Version,
    /// Whether a seller tries a credential with it.
    pub is_test: bool,
    /// Which instance of which application it uses.
    pub binding: Binding,
    /// What it is called, and where its members sign in.
    pub profile: Profile,
    /// The client with which the merchant asks its authentication centre.
    pub client: OAuthClient,
    /// Its departments by code.
    pub departments: BTreeMap<String, Department>,
    /// Its members by account, those that are not authorised too.
    pub members: BTreeMap<String, Member>,
    /// Whether the instance is its own at present.
    pub is_bound: bool,
}

/// What every call names: which application of which enterprise, for which instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The id that the merchant gave the instance; empty while a seller tries its credential.
    pub instance: String,
    /// The buyer's order; empty like the instance.
    pub order: String,
    /// `tenantId`.
    pub tenant: String,
    /// `appId`, from the merchant's credential.
    pub application: String,
}

/// What an enterprise is called, and where its members sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// `tenantCode`: the short name.
    pub code: String,
    /// The name.
    pub name: String,
    /// `domainName`: the address of its authentication centre.
    pub domain_name: String,
}

/// A client of an authentication centre.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// `clientId`.
    pub id: String,
    /// `clientSecret`, before it is encrypted for the merchant.
    pub secret: SecretString,
    /// Where the merchant's application takes members who sign in; empty if it has none.
    pub login_address: String,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// `orgCode`, unique in the enterprise.
    pub code: String,
    /// `orgName`.
    pub name: String,
    /// `parentCode`: the department above; empty at the top.
    #[serde(default)]
    pub parent: String,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// `userName`: the account, unique in the enterprise.
    pub user_name: String,
    /// The name that is shown.
    pub name: String,
    /// `orgCode`: the department.
    pub department: String,
    /// What the member may do in the application.
    pub role: Role,
    /// `enable`: whether the account may be used.
    pub is_enabled: bool,
    /// Whether the member may use the application.
    pub is_authorised: bool,
}

/// The only two roles that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ordinary rights.
    #[default]
    User,
    /// The rights of an administrator.
    Admin,
}

impl Role {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

/// An [`Enterprise`] as lists show it, without the secret of its client.
#[derive(Debug, Clone, Serialize)]
pub struct EnterpriseView {
    /// The listing.
    pub listing: String,
    /// The version in which the merchant is told.
    pub version: Version,
    /// Whether a seller tries a credential with it.
    pub is_test: bool,
    /// What its calls name.
    #[serde(flatten)]
    pub binding: Binding,
    /// What it is called.
    #[serde(flatten)]
    pub profile: Profile,
    /// The id of its client.
    pub client_id: String,
    /// Its departments.
    pub departments: Vec<Department>,
    /// Its members.
    pub members: Vec<Member>,
    /// Whether the instance is its own at present.
    pub is_bound: bool,
}

impl Enterprise {
    /// It without its secret.
    pub fn view(&self) -> EnterpriseView {
        EnterpriseView {
            listing: self.listing.clone(),
            version: self.version,
            is_test: self.is_test,
            binding: self.binding.clone(),
            profile: self.profile.clone(),
            client_id: self.client.id.clone(),
            departments: self.departments.values().cloned().collect(),
            members: self.members.values().cloned().collect(),
            is_bound: self.is_bound,
        }
    }
}
