//! The names by which the kit knows things.

use std::fmt;

use tenure_domain::{IdError, LicenseId};

/// Opaque to us: anything that may stand on one line.
fn parse(name: &'static str, text: &str) -> Result<Box<str>, IdError> {
    let max = CHARACTERS_MAX;
    if text.is_empty() {
        return Err(IdError::Empty { name });
    }
    if text.len() > max && text.chars().count() > max {
        return Err(IdError::TooLong { name, max });
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::BadCharacter { name });
    }
    Ok(text.into())
}

/// The most characters of every identifier here, as the field tables say.
const CHARACTERS_MAX: usize = 64;

macro_rules! kit_id {
    ($(#[$doc:meta])* $type:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Box<str>);

        impl $type {
            /// Parses the text, keeping it exactly as it is: 1 to 64 characters, none of them a
            /// control character.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse($name, text).map(Self)
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

macro_rules! shown {
    ($($type:ident),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($type)).field(&self.0).finish()
            }
        }
    )*};
}

kit_id!(
    /// An enterprise: `tenantId`, the same that the login calls `tenant`.
    TenantId, "tenant id"
);
kit_id!(
    /// An application of the merchant: `appId`, from the credential in the seller centre.
    ApplicationId, "application id"
);
kit_id!(
    /// A department: `orgCode`, chosen by the enterprise and unique in it.
    DepartmentCode, "department code"
);
kit_id!(
    /// A member: `userName`, unique in its enterprise only. It is a person's, so no debug form
    /// shows it.
    UserName, "user name"
);

shown!(TenantId, ApplicationId, DepartmentCode);

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserName([redacted])")
    }
}

/// The natural key of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantKey {
    /// The instance that the merchant made for the order; `None` while a credential is applied
    /// for or debugged.
    pub instance: Option<LicenseId>,
    /// The enterprise.
    pub tenant: TenantId,
}

/// The natural key of an application of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationKey {
    /// The enterprise, for one instance.
    pub tenant: TenantKey,
    /// The application.
    pub application: ApplicationId,
}

/// The natural key of a department.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DepartmentKey {
    /// The enterprise, for one instance.
    pub tenant: TenantKey,
    /// The department.
    pub department: DepartmentCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_1_to_64_characters_on_one_line() {
        assert_eq!(TenantId::parse("t-0001").unwrap().as_str(), "t-0001");
        assert!(TenantId::parse(&"企".repeat(64)).is_ok());
        for text in ["", "a\nb", &"企".repeat(65)] {
            assert!(TenantId::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_member_is_not_shown() {
        let user = UserName::parse("zhangsan01").unwrap();
        assert_eq!(format!("{user:?}"), "UserName([redacted])");
    }
}
