//! Enterprises that share the market's instances.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Callback, Interface, Market};
use crate::kit::Version;
use crate::kit::change::{EnterpriseChange, EnterpriseError};
use crate::kit::enterprise::{Binding, Department, Enterprise, OAuthClient, Profile};
use crate::signer::ALPHANUMERICS;

/// The code of the department that every enterprise has from the start.
pub const TOP_DEPARTMENT: &str = "1";

/// An enterprise, as its administrator asks for it.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The listing whose instance it uses.
    pub listing: String,
    /// In which version the merchant is told.
    pub version: Version,
    /// Whether a seller tries a credential with it.
    pub is_test: bool,
    /// The instance; empty while a seller tries its credential.
    pub instance: String,
    /// `appId`.
    pub application: String,
    /// Where the merchant's application takes members who sign in; empty if it has none.
    pub login_address: String,
    /// The short name.
    pub code: String,
    /// The name.
    pub name: String,
}

impl Market {
    /// Founds an enterprise and binds it to its instance; [`Market::keep_enterprise`] keeps it.
    /// `domain_name` makes the address of its authentication centre of its id.
    pub fn found_enterprise(
        &mut self,
        founding: Founding,
        domain_name: impl FnOnce(&str) -> String,
        now: DateTime<Utc>,
    ) -> Result<(Enterprise, Vec<Callback>), EnterpriseError> {
        let order = self.sale(&founding.instance).map(|sale| &sale.order.order);
        let order = order.cloned().unwrap_or_default();
        let mut id = || self.random.text(b"0123456789abcdef", 32);
        let (tenant, client) = (id(), id());
        let secret = SecretString::from(self.random.text(ALPHANUMERICS, 40));
        let top = Department {
            code: TOP_DEPARTMENT.to_owned(),
            name: founding.name.clone(),
            parent: String::new(),
        };
        let enterprise = Enterprise {
            listing: founding.listing,
            version: founding.version,
            is_test: founding.is_test,
            profile: Profile {
                code: founding.code,
                name: founding.name,
                domain_name: domain_name(&tenant),
            },
            binding: Binding {
                instance: founding.instance,
                order,
                tenant,
                application: founding.application,
            },
            client: OAuthClient {
                id: client,
                secret,
                login_address: founding.login_address,
            },
            departments: [(top.code.clone(), top)].into(),
            members: BTreeMap::new(),
            is_bound: false,
        };
        self.changed(enterprise, EnterpriseChange::Bind, now)
    }

    /// Keeps an enterprise as it is now, in place of what was kept of it.
    pub fn keep_enterprise(&mut self, enterprise: Enterprise) {
        let tenant = enterprise.binding.tenant.clone();
        self.enterprises.insert(tenant, enterprise);
    }

    /// All enterprises, by id.
    pub fn enterprises(&self) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.values()
    }

    /// Carries a change of an enterprise out; [`Market::keep_enterprise`] keeps what it has become.
    pub fn change_enterprise(
        &self,
        tenant: &str,
        change: EnterpriseChange,
        now: DateTime<Utc>,
    ) -> Result<(Enterprise, Vec<Callback>), EnterpriseError> {
        let enterprise = self.enterprises.get(tenant).cloned();
        let enterprise = enterprise.ok_or(EnterpriseError::UnknownEnterprise)?;
        self.changed(enterprise, change, now)
    }

    fn changed(
        &self,
        mut enterprise: Enterprise,
        change: EnterpriseChange,
        now: DateTime<Utc>,
    ) -> Result<(Enterprise, Vec<Callback>), EnterpriseError> {
        let listing = self.listings.get(&enterprise.listing);
        let listing = listing.ok_or(EnterpriseError::UnknownListing)?;
        let destination = listing.destination(Interface::Kit);
        let destination = destination.ok_or(EnterpriseError::NoKey)?;
        let calls = enterprise.apply(change, listing.keys.kit_public_key.as_ref(), now)?;
        let callbacks = calls.into_iter().map(|call| Callback {
            destination: destination.clone(),
            call: call.into(),
        });
        Ok((enterprise, callbacks.collect()))
    }
}
