//! Requests to a centre.

use std::fmt;

use secrecy::SecretString;

use super::centre::Centre;
use crate::open_api::Method;

/// A request to an authentication centre, without the centre it goes to. Each may be sent to the
/// centre of one enterprise only, over a connection that follows no redirect.
pub struct CentreRequest {
    /// The method.
    pub method: Method,
    /// Path and query, encoded. The query may hold a ticket, so no debug form shows it.
    pub target: String,
    /// What `Authorization: Bearer` is followed by.
    pub bearer: Option<SecretString>,
    /// A body of the type `application/x-www-form-urlencoded`.
    pub form: Option<SecretString>,
}

impl CentreRequest {
    /// The whole address at a centre.
    pub fn address(&self, centre: &Centre) -> String {
        [centre.base(), &self.target].concat()
    }

    pub(super) fn get(target: String, bearer: Option<SecretString>) -> Self {
        Self {
            method: Method::Get,
            target,
            bearer,
            form: None,
        }
    }

    pub(super) fn post(target: &str, form: &[(&str, &str)]) -> Self {
        Self {
            method: Method::Post,
            target: target.to_owned(),
            bearer: None,
            form: Some(encoded_form(form)),
        }
    }
}

impl fmt::Debug for CentreRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        f.debug_struct("CentreRequest")
            .field("method", &self.method)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}

/// Writes a form. The room for it is taken at once, so that no piece of it stays behind where it
/// would not be wiped.
fn encoded_form(form: &[(&str, &str)]) -> SecretString {
    let bytes = form
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()))
        .fold(0_usize, usize::saturating_add);
    // Three bytes for each that is escaped, and two signs for each pair.
    let room = bytes
        .saturating_mul(3)
        .saturating_add(form.len().saturating_mul(2));
    let mut text = String::with_capacity(room);
    for (name, value) in form {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        text.push('=');
        text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
    SecretString::from(text)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn no_debug_form_shows_a_secret() {
        let mut request = CentreRequest::post("/path?ticket=ST-1", &[("client_secret", "s3cret")]);
        request.bearer = Some(SecretString::from("t0ken"));
        let shown = format!("{request:?}");
        assert!(shown.contains("/path"), "{shown}");
        for secret in ["ST-1", "s3cret", "t0ken"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_form_has_blanks_as_plus_signs_and_everything_else_escaped() {
        let form = encoded_form(&[("a", "1 2"), ("b", "é&=+/"), ("c", "")]);
        assert_eq!(form.expose_secret(), "a=1+2&b=%C3%A9%26%3D%2B%2F&c=");
    }
}
