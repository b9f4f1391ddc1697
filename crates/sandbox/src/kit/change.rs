//! What an enterprise does, and the calls that follow from it.

use chrono::{DateTime, Utc};

use super::call::{Call, Writer};
use super::enterprise::{Department, Enterprise, Member};
use super::secret::{NotEncrypted, Padding, PublicKey};
use super::{Flag, Version};

/// The most members of one call, as the marketplace's guide of V1.0 says.
pub const MEMBERS_MAX: usize = 500;

/// What an enterprise does, or its administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnterpriseChange {
    /// It is bound to the instance: enterprise, application and departments are told, in this order.
    Bind,
    /// It takes another name.
    Rename(String),
    /// A department is made, renamed or moved.
    Department(Department),
    /// A department goes, which must have no members and nothing below it.
    RemoveDepartment(String),
    /// Members may use the application, or change.
    Members(Vec<Member>),
    /// A member may no longer use the application, and stays.
    Withdraw(String),
    /// A member leaves.
    RemoveMember(String),
    /// It gives the instance back.
    Unbind,
}

/// Why a change of an enterprise was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnterpriseError {
    /// No listing has this name.
    #[error("there is no such listing")]
    UnknownListing,
    /// The listing has no key for the kit, and so takes no part in it.
    #[error("the listing has no key for the kit")]
    NoKey,
    /// The merchant uploaded no public key, so that no client secret can be told to it.
    #[error("the listing has no public key for the client secret")]
    NoPublicKey,
    /// The client secret cannot be encrypted.
    #[error("the client secret cannot be encrypted")]
    NotEncrypted(#[from] NotEncrypted),
    /// No enterprise has this id.
    #[error("there is no such enterprise")]
    UnknownEnterprise,
    /// It gave the instance back.
    #[error("the enterprise is not bound to the instance")]
    NotBound,
    /// It has no such department.
    #[error("the enterprise has no such department")]
    UnknownDepartment,
    /// Somebody is in the department, or something is below it.
    #[error("the department has members, or departments below it")]
    DepartmentInUse,
    /// It has no such member.
    #[error("the enterprise has no such member")]
    UnknownMember,
    /// There are more than one call may have, or none.
    #[error("a call has 1 to {MEMBERS_MAX} members")]
    NumberOfMembers,
}

impl Enterprise {
    /// Carries a change out, and returns what the merchant is to be told.
    pub fn apply(
        &mut self,
        change: EnterpriseChange,
        public_key: Option<&PublicKey>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Call>, EnterpriseError> {
        let writer = Writer {
            is_test: self.is_test,
            ..Writer::new(self.version, now)
        };
        match change {
            EnterpriseChange::Bind => return self.bind(&writer, public_key),
            _ if !self.is_bound => return Err(EnterpriseError::NotBound),
            EnterpriseChange::Rename(name) => {
                self.profile.name = name;
                let flag = match self.version {
                    Version::V1 => Flag::Create,
                    Version::V2 => Flag::Modify,
                };
                Ok(writer.tenant_sync(&self.binding, &self.profile, flag))
            },
            EnterpriseChange::Department(department) => Ok(self.put(&writer, department)),
            EnterpriseChange::RemoveDepartment(code) => self.remove_department(&writer, &code),
            EnterpriseChange::Members(members) => return self.authorise(&writer, members),
            EnterpriseChange::Withdraw(name) => self.withdraw(&writer, &name),
            EnterpriseChange::RemoveMember(name) => {
                let member = self.members.remove(&name);
                let member = member.ok_or(EnterpriseError::UnknownMember)?;
                Ok(writer.auth_sync(&self.binding, &[member], Flag::Delete))
            },
            EnterpriseChange::Unbind => {
                self.is_bound = false;
                Ok(writer.tenant_sync(&self.binding, &self.profile, Flag::Delete))
            },
        }
        .map(|call| vec![call])
    }

    fn bind(
        &mut self,
        writer: &Writer,
        public_key: Option<&PublicKey>,
    ) -> Result<Vec<Call>, EnterpriseError> {
        let public_key = public_key.ok_or(EnterpriseError::NoPublicKey)?;
        let secret = public_key.encrypt(&self.client.secret, Padding::default())?;
        self.is_bound = true;
        let departments: Vec<_> = self.departments.values().cloned().collect();
        let (binding, client) = (&self.binding, &self.client.id);
        Ok(vec![
            writer.tenant_sync(binding, &self.profile, Flag::Create),
            writer.application_sync(binding, client, &secret, Flag::Create),
            writer.all_org_sync(binding, &departments),
        ])
    }

    fn put(&mut self, writer: &Writer, department: Department) -> Call {
        let code = department.code.clone();
        let call = |flag| writer.single_org_sync(&self.binding, &department, flag);
        let call = if self.departments.contains_key(&code) {
            call(Flag::Modify)
        } else {
            call(Flag::Create)
        };
        self.departments.insert(code, department);
        call
    }

    fn remove_department(&mut self, writer: &Writer, code: &str) -> Result<Call, EnterpriseError> {
        let department = self.departments.get(code);
        let department = department.ok_or(EnterpriseError::UnknownDepartment)?;
        let call = writer.single_org_sync(&self.binding, department, Flag::Delete);
        let has_members = self.members.values().any(|it| it.department == code);
        let has_departments = self.departments.values().any(|it| it.parent == code);
        if has_members || has_departments {
            return Err(EnterpriseError::DepartmentInUse);
        }
        self.departments.remove(code);
        Ok(call)
    }

    /// Those who may use the application already change; the others are authorised.
    fn authorise(
        &mut self,
        writer: &Writer,
        members: Vec<Member>,
    ) -> Result<Vec<Call>, EnterpriseError> {
        if !(1..=MEMBERS_MAX).contains(&members.len()) {
            return Err(EnterpriseError::NumberOfMembers);
        }
        let has = |member: &Member| self.departments.contains_key(&member.department);
        if !members.iter().all(has) {
            return Err(EnterpriseError::UnknownDepartment);
        }
        let may_already = |member: &Member| {
            let present = self.members.get(&member.user_name);
            present.is_some_and(|present| present.is_authorised)
        };
        let (changed, new): (Vec<_>, Vec<_>) = members.iter().cloned().partition(may_already);
        let calls = [(new, Flag::Create), (changed, Flag::Modify)]
            .into_iter()
            .filter(|(members, _)| !members.is_empty())
            .map(|(members, flag)| writer.auth_sync(&self.binding, &members, flag))
            .collect();
        let named = members
            .into_iter()
            .map(|member| (member.user_name.clone(), member));
        self.members.extend(named);
        Ok(calls)
    }

    /// V1.0 has no word for it but deletion.
    fn withdraw(&mut self, writer: &Writer, name: &str) -> Result<Call, EnterpriseError> {
        let member = self.members.get_mut(name);
        let member = member.ok_or(EnterpriseError::UnknownMember)?;
        member.is_authorised = false;
        let flag = match self.version {
            Version::V1 => Flag::Delete,
            Version::V2 => Flag::Withdraw,
        };
        Ok(writer.auth_sync(&self.binding, std::slice::from_ref(member), flag))
    }
}
