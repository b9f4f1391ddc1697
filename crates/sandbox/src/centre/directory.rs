//! Enterprises with their applications and members, as their administrators set them up.

use std::collections::BTreeMap;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::SignInError;

/// The most enterprises.
const ENTERPRISES_MAX: usize = 1000;

/// The most applications of an enterprise.
const APPLICATIONS_MAX: usize = 20;

/// The most members of an enterprise.
const MEMBERS_MAX: usize = 1000;

/// The most characters of a text; the marketplace's field tables allow 255.
const TEXT_CHARS_MAX: usize = 255;

/// The most characters of a login address or a secret.
const LONG_TEXT_CHARS_MAX: usize = 2048;

/// Why an account is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// No enterprise has this id or short name.
    #[error("there is no such enterprise")]
    UnknownEnterprise,
    /// There is no room for one more.
    #[error("there are too many of them already")]
    TooMany,
    /// A text is empty, too long or has control characters.
    #[error("`{0}` is empty, too long or not printable")]
    Text(&'static str),
    /// The login address is no address of the web.
    #[error("the login address is not an http or https address")]
    LoginAddress,
    /// Another enterprise has this name already.
    #[error("another enterprise has this id or short name")]
    NameTaken,
    /// Another application has this client id already.
    #[error("another application has this client id")]
    ClientTaken,
}

/// The two kinds of member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A user.
    #[default]
    User,
    /// An administrator.
    Admin,
}

impl Role {
    /// The word of the interfaces.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

/// A buyer's organisation.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Enterprise {
    /// `tenantId`.
    pub tenant_id: String,
    /// `tenantCode`, the short name.
    pub tenant_code: String,
    /// What people call it.
    pub name: String,
    /// The applications that are bound to it.
    #[serde(default)]
    pub applications: Vec<Application>,
    /// Its members.
    #[serde(default)]
    pub members: Vec<Member>,
}

/// An application of a merchant, as it is registered for one enterprise.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// `appId`, the same for all enterprises.
    pub app_id: String,
    /// `clientId`, another one for each enterprise.
    pub client_id: String,
    /// `clientSecret`, which no list shows.
    #[serde(skip_serializing)]
    pub client_secret: SecretString,
    /// The registered login address.
    pub login_address: String,
    /// The address that is registered for CAS; empty if it is the login address, too.
    #[serde(default)]
    pub service_address: String,
}

/// A member of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// `userName`, unique in the enterprise.
    pub user_name: String,
    /// What people call the member.
    pub name: String,
    /// User or administrator.
    #[serde(default)]
    pub role: Role,
    /// Whether the member can sign in.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// `orgCode` of the department.
    #[serde(default)]
    pub org_code: String,
    /// The department's name.
    #[serde(default)]
    pub org_name: String,
    /// A telephone number.
    #[serde(default)]
    pub mobile: String,
    /// An address for mail.
    #[serde(default)]
    pub email: String,
}

fn yes() -> bool {
    true
}

/// All enterprises.
#[derive(Debug, Default)]
pub struct Directory {
    enterprises: BTreeMap<String, Enterprise>,
}

impl Directory {
    /// All enterprises, by id.
    pub fn enterprises(&self) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.values()
    }

    /// The enterprise with this id or short name.
    pub fn enterprise(&self, name: &str) -> Option<&Enterprise> {
        self.enterprises
            .get(name)
            .or_else(|| self.enterprises().find(|it| it.tenant_code == name))
    }

    /// Takes an enterprise with all that belongs to it, in place of the one with its id.
    pub fn put(&mut self, enterprise: Enterprise) -> Result<(), DirectoryError> {
        enterprise.check()?;
        let others = || {
            self.enterprises()
                .filter(|it| it.tenant_id != enterprise.tenant_id)
        };
        let is_ours = |name: &str| name == enterprise.tenant_id || name == enterprise.tenant_code;
        if others().any(|it| is_ours(&it.tenant_id) || is_ours(&it.tenant_code)) {
            return Err(DirectoryError::NameTaken);
        }
        let taken = |client_id: &str| others().any(|it| it.client(client_id).is_some());
        if enterprise
            .applications
            .iter()
            .any(|it| taken(&it.client_id))
        {
            return Err(DirectoryError::ClientTaken);
        }
        if others().count() >= ENTERPRISES_MAX {
            return Err(DirectoryError::TooMany);
        }
        self.enterprises
            .insert(enterprise.tenant_id.clone(), enterprise);
        Ok(())
    }

    /// Takes a member, in place of the one with its name.
    pub fn put_member(&mut self, enterprise: &str, member: Member) -> Result<(), DirectoryError> {
        self.change(enterprise, |it| {
            it.members
                .retain(|present| present.user_name != member.user_name);
            it.members.push(member);
        })
    }

    /// Takes an application, in place of the one with its id.
    pub fn put_application(
        &mut self,
        enterprise: &str,
        application: Application,
    ) -> Result<(), DirectoryError> {
        self.change(enterprise, |it| {
            it.applications
                .retain(|present| present.app_id != application.app_id);
            it.applications.push(application);
        })
    }

    /// Forgets an enterprise; `false` if there was none. Its codes and tokens are worth nothing
    /// from then on.
    pub fn remove(&mut self, enterprise: &str) -> bool {
        let found = self.enterprise(enterprise).map(|it| it.tenant_id.clone());
        found.is_some_and(|id| self.enterprises.remove(&id).is_some())
    }

    fn change(
        &mut self,
        enterprise: &str,
        step: impl FnOnce(&mut Enterprise),
    ) -> Result<(), DirectoryError> {
        let found = self.enterprise(enterprise).cloned();
        let mut changed = found.ok_or(DirectoryError::UnknownEnterprise)?;
        step(&mut changed);
        self.put(changed)
    }

    /// A member who can sign in to an application, with both and the enterprise.
    pub(super) fn signing_in(
        &self,
        enterprise: &str,
        app_id: &str,
        user_name: &str,
    ) -> Result<(&Enterprise, &Application, &Member), SignInError> {
        let found = self.enterprise(enterprise);
        let found = found.ok_or(SignInError::UnknownEnterprise)?;
        let application = found.application(app_id);
        let application = application.ok_or(SignInError::UnknownApplication)?;
        Ok((found, application, found.signing_in(user_name)?))
    }

    /// The application with this client id, and its enterprise.
    pub(super) fn client(&self, client_id: &str) -> Option<(&Enterprise, &Application)> {
        self.enterprises()
            .find_map(|it| it.client(client_id).map(|client| (it, client)))
    }
}

impl Enterprise {
    /// The application with this id.
    pub fn application(&self, app_id: &str) -> Option<&Application> {
        self.applications.iter().find(|it| it.app_id == app_id)
    }

    /// The member with this name.
    pub fn member(&self, user_name: &str) -> Option<&Member> {
        self.members.iter().find(|it| it.user_name == user_name)
    }

    /// The member with this name, if the member can sign in.
    pub(super) fn signing_in(&self, user_name: &str) -> Result<&Member, SignInError> {
        let member = self.member(user_name).ok_or(SignInError::UnknownMember)?;
        if member.enabled {
            Ok(member)
        } else {
            Err(SignInError::Disabled)
        }
    }

    pub(super) fn client(&self, client_id: &str) -> Option<&Application> {
        self.applications
            .iter()
            .find(|it| it.client_id == client_id)
    }

    fn check(&self) -> Result<(), DirectoryError> {
        let Self {
            tenant_id,
            tenant_code,
            name,
            applications,
            members,
        } = self;
        text("tenant_id", tenant_id)?;
        text("tenant_code", tenant_code)?;
        text("name", name)?;
        if applications.len() > APPLICATIONS_MAX || members.len() > MEMBERS_MAX {
            return Err(DirectoryError::TooMany);
        }
        for (index, application) in applications.iter().enumerate() {
            application.check()?;
            let before = applications.iter().take(index);
            if before
                .clone()
                .any(|it| it.client_id == application.client_id || it.app_id == application.app_id)
            {
                return Err(DirectoryError::ClientTaken);
            }
        }
        members.iter().try_for_each(Member::check)
    }
}

impl Application {
    /// The address that CAS sends tickets to.
    pub(super) fn service(&self) -> &str {
        if self.service_address.is_empty() {
            &self.login_address
        } else {
            &self.service_address
        }
    }

    /// Whether this is its secret, compared without a hint of where they differ.
    pub(super) fn has_secret(&self, claimed: &str) -> bool {
        let secret = self.client_secret.expose_secret().as_bytes();
        secret.ct_eq(claimed.as_bytes()).into()
    }

    fn check(&self) -> Result<(), DirectoryError> {
        let Self {
            app_id,
            client_id,
            client_secret,
            login_address,
            service_address: _,
        } = self;
        text("app_id", app_id)?;
        text("client_id", client_id)?;
        bounded(
            "client_secret",
            client_secret.expose_secret(),
            LONG_TEXT_CHARS_MAX,
        )?;
        [login_address, self.service()]
            .into_iter()
            .try_for_each(address)
    }
}

impl Member {
    fn check(&self) -> Result<(), DirectoryError> {
        let Self {
            user_name,
            name,
            role: _,
            enabled: _,
            org_code,
            org_name,
            mobile,
            email,
        } = self;
        text("user_name", user_name)?;
        text("name", name)?;
        let optional = [
            ("org_code", org_code),
            ("org_name", org_name),
            ("mobile", mobile),
            ("email", email),
        ];
        optional
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .try_for_each(|(field, value)| text(field, value))
    }
}

fn text(field: &'static str, value: &str) -> Result<(), DirectoryError> {
    bounded(field, value, TEXT_CHARS_MAX)
}

fn address(value: &str) -> Result<(), DirectoryError> {
    bounded("login_address", value, LONG_TEXT_CHARS_MAX)?;
    match Url::parse(value) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(()),
        Ok(_) | Err(_) => Err(DirectoryError::LoginAddress),
    }
}

fn bounded(field: &'static str, value: &str, chars_max: usize) -> Result<(), DirectoryError> {
    let is_printable = !value.chars().any(char::is_control);
    if is_printable && (1..=chars_max).contains(&value.chars().count()) {
        Ok(())
    } else {
        Err(DirectoryError::Text(field))
    }
}

#[cfg(test)]
mod tests;
