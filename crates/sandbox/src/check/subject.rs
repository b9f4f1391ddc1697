//! What a check is about.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Family;

/// A family of calls, or the login address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Calls of the marketplace.
    Calls(Family),
    /// Browsers that come from an authentication centre.
    Login,
}

impl Subject {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls(family) => family.name(),
            Self::Login => "login",
        }
    }
}

impl From<Family> for Subject {
    fn from(family: Family) -> Self {
        Self::Calls(family)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A text that names nothing that can be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what can be checked is one of {0}, login")]
pub struct UnknownSubject(String);

impl FromStr for Subject {
    type Err = UnknownSubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::Login.name() {
            return Ok(Self::Login);
        }
        let family = Family::ALL.into_iter().find(|family| family.name() == text);
        let names = || Family::ALL.map(Family::name).join(", ");
        family
            .map(Self::Calls)
            .ok_or_else(|| UnknownSubject(names()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Subject};

    #[test]
    fn every_name_is_read_again() {
        let all = Family::ALL.map(Subject::from).into_iter();
        for subject in all.chain([Subject::Login]) {
            assert_eq!(subject.name().parse(), Ok(subject));
        }
        let unknown = "logout".parse::<Subject>().unwrap_err().to_string();
        assert!(unknown.ends_with("kit-v1, login"), "{unknown}");
    }
}
