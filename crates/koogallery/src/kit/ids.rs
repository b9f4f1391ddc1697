//! The names by which the kit knows things.

use std::fmt;

use tenure_domain::{IdError, LicenseId};

pub use tenure_domain::{ApplicationId, DepartmentCode, TenantId};

/// The most characters of a user name, as the field tables say.
const USER_NAME_CHARACTERS_MAX: usize = 64;

/// A member: `userName`, unique in its enterprise only. It is a person's, so no debug form shows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Box<str>);

impl UserName {
    /// Parses the text, keeping it exactly as it is: 1 to 64 characters, none of them a control
    /// character.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (name, max) = ("user name", USER_NAME_CHARACTERS_MAX);
        if text.is_empty() {
            return Err(IdError::Empty { name });
        }
        if text.len() > max && text.chars().count() > max {
            return Err(IdError::TooLong { name, max });
        }
        if text.chars().any(char::is_control) {
            return Err(IdError::BadCharacter { name });
        }
        Ok(Self(text.into()))
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
    fn a_user_name_has_1_to_64_characters_on_one_line() {
        assert_eq!(
            UserName::parse("zhangsan01").unwrap().as_str(),
            "zhangsan01"
        );
        assert!(UserName::parse(&"企".repeat(64)).is_ok());
        for text in ["", "a\nb", &"企".repeat(65)] {
            assert!(UserName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_member_is_not_shown() {
        let user = UserName::parse("zhangsan01").unwrap();
        assert_eq!(format!("{user:?}"), "UserName([redacted])");
    }
}
