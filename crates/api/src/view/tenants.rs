//! The shapes of answers about enterprises.

use serde::Serialize;
use tenure_domain::tenant::TenantKey;
use tenure_journal::vault::{Opened, Vault, VaultError};
use tenure_koogallery::kit::{Profile, contexts};
use tenure_projector::{DepartmentRow, MemberRow, TenantRow};
use utoipa::ToSchema;

use super::data::tenant::member_id;
use super::{AsOf, time};

/// Some enterprises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TenantsPage {
    /// In the order in which they were first told of: one for each instance that an enterprise
    /// has to do with, and each listing.
    pub tenants: Vec<TenantView>,
    /// Goes on after the last one; null if there are no more.
    pub next_cursor: Option<String>,
    /// How much of the journal the answer knows, at the least.
    pub as_of: AsOf,
}

/// An enterprise on the buyer's side, for one instance and through one listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TenantView {
    /// The enterprise.
    #[schema(example = "t-0001")]
    pub tenant_id: String,
    /// What it is told of for.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// Whether it is bound to the instance.
    pub bound: bool,
    /// The buyer's order that it is bound with.
    pub order_id: Option<String>,
    /// The short name behind the `@` of a login.
    pub code: Option<String>,
    /// The address of its authentication centre, as it was received.
    #[schema(example = "idp.example.com")]
    pub domain: Option<String>,
    /// The name of the enterprise; null if it is not bound, or the name was erased.
    pub name: Option<String>,
    /// Whether the name was erased.
    pub erased: bool,
    /// Its clients at its authentication centre.
    pub clients: Vec<ClientView>,
    /// How many records its stream has.
    pub version: u32,
    /// The position of the last of them.
    pub position: u64,
    /// Valid time of the last of them.
    pub effective_at: String,
    /// Transaction time of the last of them.
    pub recorded_at: String,
}

/// For which instance, through which listing, and whether in earnest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScopeView {
    /// The production address that was called.
    #[schema(example = "cad-pro")]
    pub listing: String,
    /// `real`, or `test` for what test calls told.
    #[schema(example = "real")]
    pub partition: String,
    /// The instance; null while a credential is applied for or the merchant debugs.
    pub instance_id: Option<String>,
}

/// A client of an authentication centre, with which members log in to one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClientView {
    /// The application.
    pub application_id: String,
    /// The client. Its secret is not shown.
    pub client_id: String,
}

/// Some members of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsersPage {
    /// Instance by instance, and by application.
    pub users: Vec<UserView>,
    /// Goes on after the last one; null if there are no more.
    pub next_cursor: Option<String>,
    /// How much of the journal the answer knows, at the least.
    pub as_of: AsOf,
}

/// A member of an enterprise, for one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserView {
    /// A name of the member in records, made from the account's name. Whoever has the vault's key
    /// can tell whose it is.
    pub member_id: String,
    /// What the member is told of for.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// The application.
    pub application_id: String,
    /// `granted`, `withdrawn`, or `deleted` for who left the enterprise.
    #[schema(example = "granted")]
    pub access: String,
    /// `user` or `admin`.
    #[schema(example = "user")]
    pub role: String,
    /// Whether the account may be used.
    pub enabled: bool,
    /// The department.
    pub department_code: String,
    /// What is known about the person; null if it was erased.
    pub profile: Option<ProfileView>,
    /// Whether the profile was erased.
    pub erased: bool,
    /// The position of the last record that changed something about the member.
    pub position: u64,
}

/// What is known about a person, in the words of the enterprise.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProfileView {
    /// The account.
    pub user_name: String,
    /// The name that is shown.
    pub name: String,
    /// The job title.
    pub job_title: Option<String>,
    /// The staff number.
    pub employee_code: Option<String>,
    /// 1 regular, 2 intern, 3 dispatched labour, 4 outsourced labour.
    pub employee_type: Option<u32>,
    /// The mobile number.
    pub mobile: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The place of work.
    pub work_place: Option<String>,
    /// The day of joining, as it was written.
    pub entry_date: Option<String>,
    /// Fields of the enterprise's own, as they were written: JSON of any kind.
    pub extension: Option<String>,
}

/// Some departments of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DepartmentsPage {
    /// Instance by instance, and by code.
    pub departments: Vec<DepartmentView>,
    /// Goes on after the last one; null if there are no more.
    pub next_cursor: Option<String>,
    /// How much of the journal the answer knows, at the least.
    pub as_of: AsOf,
}

/// A department of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DepartmentView {
    /// Its code.
    pub department_code: String,
    /// What it is told of for.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// The department above, which may not have been told yet; null at the top.
    pub parent_code: Option<String>,
    /// Its name; null if it was erased.
    pub name: Option<String>,
    /// Whether the name was erased.
    pub erased: bool,
    /// The position of the last record that changed something about it.
    pub position: u64,
}

impl ScopeView {
    fn of(key: &TenantKey) -> Self {
        Self {
            listing: key.listing.to_string(),
            partition: key.partition.name().to_owned(),
            instance_id: key.instance.as_ref().map(ToString::to_string),
        }
    }
}

impl TenantView {
    /// Opens what is sealed.
    pub fn open(row: &TenantRow, vault: &Vault) -> Result<Self, VaultError> {
        let binding = row.binding.as_ref();
        let name = binding
            .map(|binding| vault.open_sealed(contexts::TENANT_NAME, &binding.name))
            .transpose()?;
        let clients = row.clients.iter().map(|(application, client)| ClientView {
            application_id: application.to_string(),
            client_id: client.as_ref().to_owned(),
        });
        Ok(Self {
            tenant_id: row.key.tenant.to_string(),
            scope: ScopeView::of(&row.key),
            bound: binding.is_some(),
            order_id: binding.and_then(|it| it.order.as_ref().map(ToString::to_string)),
            code: binding.map(|it| it.code.as_ref().to_owned()),
            domain: binding.map(|it| it.domain.as_ref().to_owned()),
            erased: name == Some(Opened::Erased),
            name: name.as_ref().and_then(text),
            clients: clients.collect(),
            version: row.version.number(),
            position: row.position.number(),
            effective_at: time(row.effective_at),
            recorded_at: time(row.recorded_at),
        })
    }
}

impl UserView {
    /// Opens what is sealed.
    pub fn open(row: &MemberRow, vault: &Vault) -> Result<Self, VaultError> {
        let account = &row.account;
        let profile = match vault.open_sealed(contexts::PROFILE, &account.profile)? {
            // Nothing but a profile is sealed in this context.
            Opened::Text(text) => Some(Profile::from_json(&text).ok_or(VaultError::Altered)?),
            Opened::Erased => None,
        };
        Ok(Self {
            member_id: member_id(row.id),
            scope: ScopeView::of(&row.key),
            application_id: row.application.to_string(),
            access: row.access.name().to_owned(),
            role: account.role.name().to_owned(),
            enabled: account.enabled,
            department_code: account.department.to_string(),
            erased: profile.is_none(),
            profile: profile.map(ProfileView::from),
            position: row.position.number(),
        })
    }
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        Self {
            user_name: profile.user_name,
            name: profile.name,
            job_title: profile.position,
            employee_code: profile.employee_code,
            employee_type: profile.employee_type,
            mobile: profile.mobile,
            email: profile.email,
            work_place: profile.work_place,
            entry_date: profile.entry_date,
            extension: profile.extension,
        }
    }
}

impl std::fmt::Debug for ProfileView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProfileView([redacted])")
    }
}

impl DepartmentView {
    /// Opens what is sealed.
    pub fn open(row: &DepartmentRow, vault: &Vault) -> Result<Self, VaultError> {
        let name = vault.open_sealed(contexts::DEPARTMENT_NAME, &row.department.name)?;
        Ok(Self {
            department_code: row.code.to_string(),
            scope: ScopeView::of(&row.key),
            parent_code: row.department.parent.as_ref().map(ToString::to_string),
            erased: name == Opened::Erased,
            name: text(&name),
            position: row.position.number(),
        })
    }
}

/// An opened text. Names are texts in UTF-8; whatever else is sealed as one is shown as far as it
/// is.
fn text(opened: &Opened) -> Option<String> {
    match opened {
        Opened::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Opened::Erased => None,
    }
}
