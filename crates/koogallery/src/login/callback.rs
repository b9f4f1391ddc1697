//! What the browser brings back from a login page.

use std::fmt;

use subtle::ConstantTimeEq;
use tenure_domain::TenantId;

/// The most characters of a code or a ticket. The guides name no bound.
pub const CODE_CHARACTERS_MAX: usize = 2_048;

/// The most characters of a state: far more than ours have.
const STATE_CHARACTERS_MAX: usize = 128;

/// The most bytes of a query that are looked at: a code of which every character is escaped.
const QUERY_BYTES_MAX: usize = 16_384;

/// What the browser brings back from a login page of OAuth 2.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callback {
    /// The user logged in.
    Code {
        /// Good for one exchange.
        code: LoginCode,
        /// The enterprise. The marketplace's portal tells it; a centre that was asked with a state
        /// may not.
        tenant: Option<TenantId>,
        /// The state of the request, if it had one.
        state: Option<State>,
    },
    /// The user did not, or may not: the centre came back with an error.
    Refused,
}

/// What the browser brings back from a login page of CAS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasCallback {
    /// The enterprise.
    pub tenant: TenantId,
    /// Good for one question.
    pub ticket: CasTicket,
    /// What stands between the address of the callback and the ticket, exactly as it was received.
    /// It is part of the service that the ticket is for.
    pub service_end: String,
}

/// Why what the browser brought cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Nothing has this name.
    #[error("{name} is missing")]
    Missing {
        /// The parameter.
        name: &'static str,
    },
    /// Two have this name, and readers differ in which one they believe.
    #[error("{name} occurs twice")]
    Twice {
        /// The parameter.
        name: &'static str,
    },
    /// It is too long, or holds what cannot be in it.
    #[error("{name} is malformed")]
    Malformed {
        /// The parameter.
        name: &'static str,
    },
}

/// The code of OAuth 2.0 that a login ends with. No debug form shows it.
#[derive(Clone)]
pub struct LoginCode(Box<str>);

/// The ticket of CAS that a login ends with: `ST-…`. No debug form shows it.
#[derive(Clone)]
pub struct CasTicket(Box<str>);

/// A text of letters and digits that a login page gives back unchanged. No debug form shows it.
#[derive(Clone)]
pub struct State(Box<str>);

impl LoginCode {
    /// Parses 1 to 2,048 characters, none of them a control character.
    pub fn parse(text: &str) -> Result<Self, CallbackError> {
        opaque(text)
            .map(Self)
            .ok_or(CallbackError::Malformed { name: "code" })
    }

    /// The code as it was received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CasTicket {
    /// Parses `ST-` and more, 2,048 characters at most, none of them a control character.
    pub fn parse(text: &str) -> Result<Self, CallbackError> {
        opaque(text)
            .filter(|text| text.len() > 3 && text.starts_with("ST-"))
            .map(Self)
            .ok_or(CallbackError::Malformed { name: "ticket" })
    }

    /// The ticket as it was received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl State {
    /// Parses 1 to 128 letters and digits, which is what the guide allows.
    pub fn parse(text: &str) -> Result<Self, CallbackError> {
        let fits = (1..=STATE_CHARACTERS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.into()))
            .ok_or(CallbackError::Malformed { name: "state" })
    }

    /// The state as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn opaque(text: &str) -> Option<Box<str>> {
    let fits = !text.trim().is_empty()
        && text.chars().count() <= CODE_CHARACTERS_MAX
        && !text.chars().any(char::is_control);
    fits.then(|| text.into())
}

impl Callback {
    /// Reads a query. Parameters of other names are none of ours, and ignored.
    pub fn read(query: &str) -> Result<Self, CallbackError> {
        let tenant = one(query, "tenant")?;
        let state = one(query, "state")?;
        let Some(code) = one(query, "code")? else {
            return match one(query, "error")? {
                Some(_) => Ok(Self::Refused),
                None => Err(CallbackError::Missing { name: "code" }),
            };
        };
        if tenant.is_none() && state.is_none() {
            return Err(CallbackError::Missing { name: "tenant" });
        }
        Ok(Self::Code {
            code: LoginCode::parse(&code)?,
            tenant: tenant.as_deref().map(parse_tenant).transpose()?,
            state: state.as_deref().map(State::parse).transpose()?,
        })
    }
}

impl CasCallback {
    /// Reads what stands behind the address of the callback, as it was received.
    ///
    /// The tenant is part of the service, and the printed example joins it to the address with an
    /// ampersand and no question mark: either sign may begin either parameter. The ticket is what
    /// the centre added, and stands at the end.
    pub fn read(target_end: &str) -> Result<Self, CallbackError> {
        let missing = CallbackError::Missing { name: "ticket" };
        let ticket_at = target_end
            .rfind("?ticket=")
            .or_else(|| target_end.rfind("&ticket="))
            .ok_or(missing)?;
        let (service_end, ticket) = target_end.split_at_checked(ticket_at).ok_or(missing)?;
        let parameters = service_end.replace('?', "&");
        let tenant = one(parameters.trim_start_matches('&'), "tenant")?;
        let tenant = tenant.ok_or(CallbackError::Missing { name: "tenant" })?;
        let ticket = one(ticket.trim_start_matches(['?', '&']), "ticket")?.ok_or(missing)?;
        Ok(Self {
            tenant: parse_tenant(&tenant)?,
            ticket: CasTicket::parse(&ticket)?,
            service_end: service_end.to_owned(),
        })
    }
}

fn parse_tenant(text: &str) -> Result<TenantId, CallbackError> {
    TenantId::parse(text).or(Err(CallbackError::Malformed { name: "tenant" }))
}

/// The value of a parameter, if there is one with more than nothing in it.
fn one(query: &str, name: &'static str) -> Result<Option<String>, CallbackError> {
    if query.len() > QUERY_BYTES_MAX {
        return Err(CallbackError::Malformed { name });
    }
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(parameter, _)| parameter == name)
        .map(|(_, value)| value.into_owned());
    let value = values.next().filter(|value| !value.is_empty());
    match values.next() {
        Some(_) => Err(CallbackError::Twice { name }),
        None => Ok(value),
    }
}

/// What nobody may learn who does not have it: by its debug form, or by how long a comparison takes.
macro_rules! secret {
    ($($type:ident),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "([redacted])"))
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
            }
        }

        impl Eq for $type {}
    )*};
}

secret!(LoginCode, CasTicket, State);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(query: &str, code: &str, tenant: Option<&str>, state: Option<&str>) {
        let expected = Callback::Code {
            code: LoginCode::parse(code).unwrap(),
            tenant: tenant.map(|it| TenantId::parse(it).unwrap()),
            state: state.map(|it| State::parse(it).unwrap()),
        };
        assert!(Callback::read(query) == Ok(expected), "{query}");
    }

    #[test]
    fn a_code_comes_with_an_enterprise_or_a_state() {
        check("code=z2D&tenant=123456", "z2D", Some("123456"), None);
        check("tenant=123456&x=1&code=z2D", "z2D", Some("123456"), None);
        check("code=a%2Bb&state=s1", "a+b", None, Some("s1"));
        check("code=z&tenant=t&state=s1", "z", Some("t"), Some("s1"));
        check("code=z&tenant=t&state=", "z", Some("t"), None);
    }

    #[track_caller]
    fn check_error(query: &str, expected: CallbackError) {
        assert_eq!(Callback::read(query), Err(expected), "{query}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        use CallbackError::{Malformed, Missing, Twice};
        check_error("", Missing { name: "code" });
        check_error("tenant=t", Missing { name: "code" });
        check_error("code=&tenant=t", Missing { name: "code" });
        check_error("code=z", Missing { name: "tenant" });
        check_error("code=z&code=z&tenant=t", Twice { name: "code" });
        check_error("code=z&code=&tenant=t", Twice { name: "code" });
        check_error("code=z&tenant=t&tenant=u", Twice { name: "tenant" });
        check_error("code=z%0A&tenant=t", Malformed { name: "code" });
        check_error("code=%20&tenant=t", Malformed { name: "code" });
        check_error("code=z&state=a-b", Malformed { name: "state" });
        let long = "x".repeat(65);
        check_error(
            &format!("code=z&tenant={long}"),
            Malformed { name: "tenant" },
        );
        let long = "x".repeat(2_049);
        check_error(&format!("code={long}&tenant=t"), Malformed { name: "code" });
    }

    #[test]
    fn an_error_of_the_centre_is_a_refusal() {
        let query = "error=access_denied&error_description=no&state=s1";
        assert_eq!(Callback::read(query), Ok(Callback::Refused));
    }

    #[track_caller]
    fn check_cas(target_end: &str, service_end: &str) {
        let callback = CasCallback::read(target_end).unwrap();
        assert_eq!(callback.service_end, service_end, "{target_end}");
        assert_eq!(callback.tenant.as_str(), "t 1", "{target_end}");
        assert_eq!(callback.ticket.as_str(), "ST-1+2", "{target_end}");
    }

    #[test]
    fn a_service_is_what_was_received_before_the_ticket() {
        check_cas("?tenant=t%201&ticket=ST-1%2B2", "?tenant=t%201");
        check_cas("?x=1&tenant=t+1&ticket=ST-1%2B2", "?x=1&tenant=t+1");
        check_cas("&tenant=t%201?ticket=ST-1%2B2", "&tenant=t%201");
    }

    #[test]
    fn a_ticket_without_an_enterprise_is_of_no_use() {
        use CallbackError::{Malformed, Missing, Twice};
        for (target_end, expected) in [
            ("", Missing { name: "ticket" }),
            ("?tenant=t", Missing { name: "ticket" }),
            ("?tenant=t&ticket=", Missing { name: "ticket" }),
            ("?ticket=ST-1", Missing { name: "tenant" }),
            ("?ticket=ST-1&tenant=t", Missing { name: "tenant" }),
            ("?tenant=t&ticket=PT-1", Malformed { name: "ticket" }),
            ("?tenant=t&tenant=u&ticket=ST-1", Twice { name: "tenant" }),
        ] {
            assert_eq!(CasCallback::read(target_end), Err(expected), "{target_end}");
        }
    }

    #[test]
    fn no_debug_form_shows_a_code() {
        let callback = Callback::read("code=c0de&tenant=t&state=st4te");
        let shown = format!("{callback:?} {:?}", CasTicket::parse("ST-t1cket"));
        for secret in ["c0de", "st4te", "t1cket"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn nothing_from_outside_panics(query in "(?s).{0,80}|([?&](code|tenant|state|ticket|error)=[a-zA-Z0-9%-]{0,9}){0,5}") {
            if let Ok(Callback::Code { code, .. }) = Callback::read(&query) {
                prop_assert!(!code.as_str().is_empty());
            }
            if let Ok(callback) = CasCallback::read(&query) {
                prop_assert!(query.starts_with(&callback.service_end));
            }
        }
    }
}
