//! One way to come to a login address.

use super::introduction::GRANTED;
use super::judge::Expected;
use crate::centre::Settings;

/// What a browser comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// A code, to the login address.
    Code,
    /// A ticket, to the address for CAS.
    Ticket,
}

impl Entry {
    /// The parameters that there are, in the order in which a centre writes them: a service of CAS
    /// ends before the ticket.
    pub(super) fn query<'a>(
        self,
        code: Option<&'a str>,
        tenant: Option<&'a str>,
    ) -> Vec<(&'static str, &'a str)> {
        let parameters = match self {
            Self::Code => [("code", code), ("tenant", tenant)],
            Self::Ticket => [("tenant", tenant), ("ticket", code)],
        };
        let parameters = parameters.into_iter();
        parameters
            .filter_map(|(name, value)| value.map(|value| (name, value)))
            .collect()
    }

    /// One that the centre has not made, in the form of those that it makes.
    pub(super) fn made_up(self, random: &str) -> String {
        match self {
            Self::Code => format!("z2D.{random}"),
            Self::Ticket => format!("ST-{random}"),
        }
    }

    /// Where the merchant asks the centre about it.
    pub(super) fn interface(self) -> &'static str {
        match self {
            Self::Code => "token",
            Self::Ticket => "cas/p3/serviceValidate",
        }
    }
}

/// The code or the ticket that a browser brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// A fresh one, of a member of the enterprise.
    Of(&'static str),
    /// A fresh one, of a member of the other enterprise.
    OfOther,
    /// One that somebody has signed in with.
    Used,
    /// One that is too old.
    Expired,
    /// One that the centre has not made, another in every check.
    MadeUp,
    /// An empty one.
    Empty,
    /// One that is too long.
    Long,
    /// None.
    Absent,
}

/// The enterprise that a browser names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tenant {
    /// The first one.
    Own,
    /// The other one, which the merchant knows, too.
    Other,
    /// One that the merchant does not know.
    Text(&'static str),
    /// One that is too long.
    Long,
    /// None.
    Absent,
}

/// A way to come to the login address.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) name: &'static str,
    pub(super) entry: Entry,
    pub(super) code: Code,
    pub(super) tenant: Tenant,
    /// More parameters.
    pub(super) extra: &'static [(&'static str, &'static str)],
    /// Whether the browser has the cookies of an earlier login.
    pub(super) is_known: bool,
    /// How the centre answers meanwhile.
    pub(super) settings: Settings,
    pub(super) expected: Expected,
    /// How often the merchant must ask the centre about it; none if that is its own affair.
    pub(super) questions: Option<usize>,
}

impl Attempt {
    /// A login that must succeed.
    pub(super) fn good(name: &'static str) -> Self {
        Self {
            name,
            entry: Entry::Code,
            code: Code::Of(GRANTED),
            tenant: Tenant::Own,
            extra: &[],
            is_known: false,
            settings: Settings::default(),
            expected: Expected::SignedIn,
            questions: Some(1),
        }
    }

    /// A login of the other enterprise that must succeed.
    pub(super) fn of_other(name: &'static str) -> Self {
        Self {
            code: Code::OfOther,
            tenant: Tenant::Other,
            ..Self::good(name)
        }
    }

    /// A login that must be refused, and without asking the centre.
    pub(super) fn bad(name: &'static str, code: Code, tenant: Tenant) -> Self {
        Self {
            code,
            tenant,
            expected: Expected::Refused,
            questions: Some(0),
            ..Self::good(name)
        }
    }
}
