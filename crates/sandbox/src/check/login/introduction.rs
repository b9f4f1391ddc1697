//! The enterprises of the check: at the centre, and as the merchant is told of them.

use secrecy::SecretString;

use super::{Login, LoginCheckError};
use crate::centre::{self, Centre, DirectoryError};
use crate::check::case::Expectation;
use crate::check::{CaseReport, Target};
use crate::client::Client;
use crate::clock::real_now;
use crate::kit::call::{Call, Writer};
use crate::kit::enterprise::{Binding, Department, Member, Profile, Role};
use crate::kit::secret::Padding;
use crate::kit::signer::{Style, sign};
use crate::kit::{Flag, Version};
use crate::random::Random;
use crate::signer::{NonceStyle, Stamp};

/// A member who may use the application.
pub(super) const GRANTED: &str = "granted";

/// A member who may, and has been disabled.
pub(super) const DISABLED: &str = "disabled";

/// A member who might, and may no longer.
pub(super) const WITHDRAWN: &str = "withdrawn";

/// A member who has left the enterprise.
pub(super) const DELETED: &str = "deleted";

/// A member of whom the merchant was never told.
pub(super) const STRANGER: &str = "stranger";

/// All of them. The centre signs each of them in: it may know more, or sooner, than the merchant.
const MEMBERS: [&str; 5] = [GRANTED, DISABLED, WITHDRAWN, DELETED, STRANGER];

/// Every kind of character that a form has to escape.
const SECRET: &str = "a+b/c=d&e%41 ~示例";

/// Two enterprises that have the application, and the way to tell the merchant of them.
#[derive(Debug)]
pub(super) struct Introduction<'a> {
    client: &'a Client,
    target: &'a Target,
    login: &'a Login,
    secret: SecretString,
    encrypted_secret: String,
    pub(super) own: Party,
    pub(super) other: Party,
}

/// One of the enterprises.
#[derive(Debug)]
pub(super) struct Party {
    binding: Binding,
    profile: Profile,
    client_id: String,
}

impl Party {
    fn new(login: &Login, origin: &str, random: &mut Random) -> Self {
        let mut name = |prefix: &str| format!("{prefix}{}", random.text(b"0123456789abcdef", 16));
        Self {
            binding: Binding {
                instance: login.instance.clone(),
                order: String::new(),
                tenant: name("t-check-"),
                application: login.app_id.clone(),
            },
            profile: Profile {
                code: name("check"),
                name: "示例企业/一部".to_owned(),
                domain_name: origin.to_owned(),
            },
            client_id: name("client-"),
        }
    }

    /// `tenantId`.
    pub(super) fn tenant(&self) -> &str {
        &self.binding.tenant
    }

    /// `tenantSync`.
    pub(super) fn call(&self, flag: Flag) -> Call {
        writer().tenant_sync(&self.binding, &self.profile, flag)
    }
}

impl<'a> Introduction<'a> {
    pub(super) fn new(
        client: &'a Client,
        target: &'a Target,
        login: &'a Login,
        origin: &str,
        random: &mut Random,
    ) -> Result<Self, LoginCheckError> {
        let secret = SecretString::from(SECRET);
        let public_key = target.public_key.as_ref();
        let public_key = public_key.ok_or(LoginCheckError::PublicKeyAbsent)?;
        Ok(Self {
            client,
            target,
            login,
            encrypted_secret: public_key.encrypt(&secret, Padding::default())?,
            secret,
            own: Party::new(login, origin, random),
            other: Party::new(login, origin, random),
        })
    }

    pub(super) fn login_address(&self) -> &str {
        &self.login.login_address
    }

    pub(super) fn cas_address(&self) -> Option<&str> {
        self.login.cas_address.as_deref()
    }

    pub(super) fn app_id(&self) -> &str {
        &self.login.app_id
    }

    /// Sets both up at the centre.
    pub(super) fn enrol(&self, centre: &Centre) -> Result<(), DirectoryError> {
        for party in [&self.own, &self.other] {
            let application = centre::Application {
                app_id: self.login.app_id.clone(),
                client_id: party.client_id.clone(),
                client_secret: self.secret.clone(),
                login_address: self.login.login_address.clone(),
                service_address: self.login.cas_address.clone().unwrap_or_default(),
            };
            let members = MEMBERS.map(|user_name| centre::Member {
                user_name: user_name.to_owned(),
                name: user_name.to_owned(),
                role: centre::Role::User,
                enabled: true,
                org_code: "10001".to_owned(),
                org_name: "产品部".to_owned(),
                mobile: String::new(),
                email: String::new(),
            });
            let enterprise = centre::Enterprise {
                tenant_id: party.binding.tenant.clone(),
                tenant_code: party.profile.code.clone(),
                name: party.profile.name.clone(),
                applications: vec![application],
                members: members.into(),
            };
            centre.accounts(|directory| directory.put(enterprise))?;
        }
        Ok(())
    }

    /// The calls of two bindings, and of what an administrator does with members afterwards.
    pub(super) fn opening(&self) -> Vec<(&'static str, Call)> {
        let writer = writer();
        let department = Department {
            code: "10001".to_owned(),
            name: "产品部".to_owned(),
            parent: String::new(),
        };
        let own = [
            "an enterprise is bound",
            "the application is bound to it",
            "its departments are told",
            "its members are authorised",
        ];
        let other = [
            "another enterprise is bound",
            "the application is bound to the other one",
            "the other one's departments are told",
            "the other one's members are authorised",
        ];
        let told = [GRANTED, DISABLED, WITHDRAWN, DELETED].map(member);
        let mut calls = Vec::new();
        for (names, party) in [(own, &self.own), (other, &self.other)] {
            let binding = [
                party.call(Flag::Create),
                self.application(party, Flag::Create),
                writer.all_org_sync(&party.binding, std::slice::from_ref(&department)),
                writer.auth_sync(&party.binding, &told, Flag::Create),
            ];
            calls.extend(names.into_iter().zip(binding));
        }
        let disabled = Member {
            is_enabled: false,
            ..member(DISABLED)
        };
        let members = [
            ("a member is disabled", disabled, Flag::Modify),
            (
                "a member's authorisation is withdrawn",
                member(WITHDRAWN),
                Flag::Withdraw,
            ),
            ("a member is deleted", member(DELETED), Flag::Delete),
        ];
        calls.extend(members.map(|(name, member, flag)| {
            (name, writer.auth_sync(&self.own.binding, &[member], flag))
        }));
        calls
    }

    /// `applicationSync`.
    pub(super) fn application(&self, party: &Party, flag: Flag) -> Call {
        let secret = &self.encrypted_secret;
        writer().application_sync(&party.binding, &party.client_id, secret, flag)
    }

    /// Tells the merchant.
    pub(super) async fn tell(&self, name: &str, call: &Call, random: &mut Random) -> CaseReport {
        let now_ms = real_now().timestamp_millis();
        let stamp = Stamp::fresh(now_ms, NonceStyle::Hex, random);
        let Target { url, key, .. } = self.target;
        let signed = sign(url, key, call, Style::default(), &stamp);
        let exchange = self.client.tell(&signed, key).await;
        let why = Expectation::Success.unmet_by(&exchange);
        CaseReport::new(name.to_owned(), Expectation::Success, &exchange, why)
    }
}

/// Real calls: a merchant may keep what debugging calls tell out of every login.
fn writer() -> Writer {
    Writer::new(Version::V2, real_now())
}

fn member(user_name: &str) -> Member {
    Member {
        user_name: user_name.to_owned(),
        name: user_name.to_owned(),
        department: "10001".to_owned(),
        role: Role::User,
        is_enabled: true,
        is_authorised: true,
    }
}
