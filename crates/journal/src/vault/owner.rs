//! Whose keys they are.

use std::fmt;

use tenure_domain::{CustomerId, LicenseId, MerchantId, TenantId};

/// Whom a key belongs to: what it seals is erased together. Owners belong to a merchant, so that
/// no merchant's calls reach a key of another.
///
/// The names of owners stay in the vault after their keys were destroyed. They are ids of the
/// marketplace, and at most 474 bytes: the ids bound them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Box<str>);

impl Owner {
    /// An enterprise whose members use the software: its departments and people.
    pub fn tenant(merchant: &MerchantId, id: &TenantId) -> Self {
        Self::new(merchant, "tenant", id.as_str())
    }

    /// A license: who bought and uses it.
    pub fn license(merchant: &MerchantId, id: &LicenseId) -> Self {
        Self::new(merchant, "license", id.as_str())
    }

    /// A customer, over all that was bought.
    pub fn customer(merchant: &MerchantId, id: &CustomerId) -> Self {
        Self::new(merchant, "customer", id.as_str())
    }

    /// Neither a merchant nor a kind has a slash: no two owners share a form.
    fn new(merchant: &MerchantId, kind: &str, id: &str) -> Self {
        Self(format!("{merchant}/{kind}/{id}").into())
    }

    /// The stored form, persisted: `acme/tenant/t-0001`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_have_a_form_each() {
        let merchant = MerchantId::parse("acme").unwrap();
        let id = "a/tenant/b";
        let tenant = Owner::tenant(&merchant, &TenantId::parse(id).unwrap());
        let license = Owner::license(&merchant, &LicenseId::parse(id).unwrap());
        let customer = Owner::customer(&merchant, &CustomerId::parse(id).unwrap());
        assert_eq!(tenant.as_str(), "acme/tenant/a/tenant/b");
        assert_eq!(license.as_str(), "acme/license/a/tenant/b");
        assert_eq!(customer.to_string(), "acme/customer/a/tenant/b");
    }

    #[test]
    fn the_ids_bound_an_owner() {
        let merchant = MerchantId::parse(&"m".repeat(MerchantId::CHARACTERS_MAX)).unwrap();
        let customer = CustomerId::parse(&"𠮷".repeat(CustomerId::CHARACTERS_MAX)).unwrap();
        assert_eq!(Owner::customer(&merchant, &customer).as_str().len(), 474);
    }
}
