//! From what a call tells to what is wanted of an enterprise: everything about people sealed.

use getrandom::SysRng;
use tenure_domain::tenant::{self, Account, Binding, Client, Command, Leave, MemberId, Others};
use tenure_domain::{DepartmentCode, Sealed};
use tenure_journal::vault::{DataKey, VaultError};
use tenure_koogallery::kit::application::ApplicationSync;
use tenure_koogallery::kit::department::{Department, DepartmentChange, Place};
use tenure_koogallery::kit::tenant::TenantChange;
use tenure_koogallery::kit::user::{AccessChange, Role, User};
use tenure_koogallery::kit::{
    Notification, Personal, PrivateKey, Profile, SecretError, UserName, Verified, contexts,
};

/// Why a call that was understood asks for nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// The client secret stays closed.
    #[error("the client secret cannot be decrypted")]
    Secret(#[from] SecretError),
    /// The vault said no.
    #[error("what a call tells cannot be sealed")]
    Vault(#[from] VaultError),
}

/// What a call wants of its enterprise. `key` is the enterprise's.
pub(super) fn command(
    call: &Verified,
    key: &DataKey,
    private_keys: &[PrivateKey],
    others: Others,
) -> Result<Command, CommandError> {
    Ok(match &call.notification {
        Notification::TenantSync(sync) => match &sync.change {
            TenantChange::Delete => Command::Unbind,
            TenantChange::Create(tenant) | TenantChange::Modify(tenant) => Command::Bind(Binding {
                order: tenant.order.clone(),
                code: tenant.code.clone(),
                domain: tenant.domain.received().into(),
                name: seal(key, contexts::TENANT_NAME, &tenant.name)?,
            }),
        },
        Notification::ApplicationSync(sync) => client(call, sync, key, private_keys)?,
        Notification::AuthSync(sync) => {
            let application = sync.application.application.clone();
            match &sync.change {
                AccessChange::Grant(users) => Command::Grant {
                    application,
                    members: accounts(key, users)?,
                },
                AccessChange::Modify(users) => Command::ChangeMembers {
                    application,
                    members: accounts(key, users)?,
                },
                AccessChange::Delete(names) => Command::Withdraw {
                    application,
                    members: member_ids(key, names),
                    leave: Leave::Enterprise,
                },
                AccessChange::Withdraw(names) => Command::Withdraw {
                    application,
                    members: member_ids(key, names),
                    leave: Leave::Application,
                },
            }
        },
        Notification::SingleOrgSync(sync) => match &sync.change {
            DepartmentChange::Delete => Command::RemoveDepartment(sync.key.department.clone()),
            DepartmentChange::Create(place) | DepartmentChange::Modify(place) => {
                Command::SetDepartments {
                    departments: vec![department(key, &sync.key.department, place)?],
                    others: Others::Keep,
                }
            },
        },
        Notification::AllOrgSync(sync) => {
            let each = sync.departments.iter();
            let each = each.map(|Department { code, place }| department(key, code, place));
            Command::SetDepartments {
                departments: each.collect::<Result<_, _>>()?,
                others,
            }
        },
    })
}

/// A call that brings a client brings its secret.
fn client(
    call: &Verified,
    sync: &ApplicationSync,
    key: &DataKey,
    private_keys: &[PrivateKey],
) -> Result<Command, CommandError> {
    let application = sync.key.application.clone();
    let opened = call.client_secret(private_keys, &mut SysRng)?;
    Ok(match (sync.change.client(), opened) {
        (Some(client), Some(opened)) => {
            // The guide does not say how secrets are padded: worth knowing, once one has come.
            tracing::debug!(key = opened.key, parameters = ?opened.parameters, "a client secret");
            let secret = opened.secret.expose().as_bytes();
            Command::SetClient {
                application,
                client: Client {
                    id: client.id.clone(),
                    secret: key.seal(contexts::CLIENT_SECRET, secret)?,
                },
            }
        },
        (None, _) | (Some(_), None) => Command::RemoveClient { application },
    })
}

fn accounts(key: &DataKey, users: &[User]) -> Result<Vec<(MemberId, Account)>, VaultError> {
    let accounts = users.iter().map(|user| {
        let account = Account {
            role: match user.role {
                Role::User => tenant::Role::User,
                Role::Admin => tenant::Role::Admin,
            },
            enabled: user.enabled,
            department: user.department.clone(),
            profile: key.seal(contexts::PROFILE, &Profile::of(user).to_json())?,
        };
        Ok((member_id(key, &user.user_name), account))
    });
    accounts.collect()
}

fn member_ids(key: &DataKey, names: &[UserName]) -> Vec<MemberId> {
    names.iter().map(|name| member_id(key, name)).collect()
}

fn member_id(key: &DataKey, name: &UserName) -> MemberId {
    key.digest(contexts::MEMBER, name.as_str().as_bytes())
}

fn department(
    key: &DataKey,
    code: &DepartmentCode,
    place: &Place,
) -> Result<(DepartmentCode, tenant::Department), VaultError> {
    let department = tenant::Department {
        parent: place.parent.clone(),
        name: seal(key, contexts::DEPARTMENT_NAME, &place.name)?,
    };
    Ok((code.clone(), department))
}

fn seal(key: &DataKey, context: &str, text: &Personal) -> Result<Sealed, VaultError> {
    key.seal(context, text.as_str().as_bytes())
}
