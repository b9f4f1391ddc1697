//! The cookie that ties the answer of a login page to the browser that asked it.
//!
//! Used only where the enterprise is known beforehand, and so the authorization request can have a
//! `state`. It holds that state and the enterprise, and no session: ours are none of the browser's.

use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use tenure_domain::{ListingId, TenantId};
use tenure_koogallery::login::State;

use crate::random_id::RandomId;
use crate::settings::Settings;

/// How long a user may take to log in, in seconds.
const SECONDS_MAX: u32 = 600;

/// What a browser asked for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StateCookie {
    pub(crate) state: State,
    pub(crate) tenant: TenantId,
}

impl StateCookie {
    /// Draws a state for an enterprise.
    pub(crate) fn draw(tenant: &TenantId) -> Option<Self> {
        let id = RandomId::draw().ok()?;
        Some(Self {
            state: State::parse(id.expose()).ok()?,
            tenant: tenant.clone(),
        })
    }

    /// The header that makes the browser keep it.
    ///
    /// A workbench shows the application in a frame of another site, so the cookie has to come
    /// along from there; such cookies are kept over encrypted connections only.
    pub(crate) fn set(&self, listing: &ListingId, settings: &Settings) -> String {
        let value = format!(
            "{}.{}",
            self.state.as_str(),
            hex::encode(self.tenant.as_str())
        );
        header(listing, settings, &value, SECONDS_MAX)
    }

    /// The header that makes the browser forget it.
    pub(crate) fn forget(listing: &ListingId, settings: &Settings) -> String {
        header(listing, settings, "", 0)
    }

    /// Reads it back. Of two of one name none is believed.
    pub(crate) fn read(
        request: &HttpRequest,
        listing: &ListingId,
        settings: &Settings,
    ) -> Option<Self> {
        let name = name(listing, settings);
        let mut values = request
            .headers()
            .get_all(COOKIE)
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value),
            _ => None,
        }
    }

    fn parse(value: &str) -> Option<Self> {
        let (state, tenant) = value.split_once('.')?;
        let tenant = String::from_utf8(hex::decode(tenant).ok()?).ok()?;
        Some(Self {
            state: State::parse(state).ok()?,
            tenant: TenantId::parse(&tenant).ok()?,
        })
    }
}

impl fmt::Debug for StateCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCookie")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// A name with this prefix is one that no other host, and no unencrypted page, can set.
fn name(listing: &ListingId, settings: &Settings) -> String {
    let prefix = if settings.is_encrypted() {
        "__Host-"
    } else {
        ""
    };
    format!("{prefix}tenure-login-{listing}")
}

fn header(listing: &ListingId, settings: &Settings, value: &str, seconds: u32) -> String {
    let reach = if settings.is_encrypted() {
        "SameSite=None; Secure"
    } else {
        "SameSite=Lax"
    };
    let name = name(listing, settings);
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; {reach}")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn settings(public_url: &str) -> Settings {
        let app = "https://app.example.com";
        Settings::new("1", public_url, app, app).unwrap()
    }

    fn listing() -> ListingId {
        ListingId::parse("cad-pro").unwrap()
    }

    #[test]
    fn a_cookie_is_read_back_and_two_of_one_name_are_not() {
        let settings = settings("https://lic.example.com");
        let cookie = StateCookie::draw(&TenantId::parse("企业; 1").unwrap()).unwrap();
        let header = cookie.set(&listing(), &settings);
        let (pair, attributes) = header.split_once(';').unwrap();
        assert!(pair.starts_with("__Host-tenure-login-cad-pro="), "{pair}");
        assert_eq!(
            attributes,
            " Path=/; Max-Age=600; HttpOnly; SameSite=None; Secure"
        );
        let read = |cookies: &str| {
            let request = TestRequest::get().insert_header(("cookie", cookies));
            StateCookie::read(&request.to_http_request(), &listing(), &settings)
        };
        assert!(read(&format!("a=b; {pair}")) == Some(cookie));
        assert!(read(&format!("{pair}; {pair}")).is_none());
        for other in ["", "a=b", "__Host-tenure-login-cad-pro=x"] {
            assert!(read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_sandbox_without_encryption_has_a_cookie_that_stays_on_its_site() {
        let settings = settings("http://127.0.0.1:8080");
        let forgotten = StateCookie::forget(&listing(), &settings);
        assert_eq!(
            forgotten,
            "tenure-login-cad-pro=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
