//! How the members of one listing's buyers log in.

use reqwest::Url;
use tenure_domain::{ApplicationId, IdError, ListingId};
use tenure_koogallery::login::{TrustedOrigin, TrustedOriginError, browser};

/// How the members of one listing's buyers log in, as the configuration has it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `appId` of the credential in the seller centre.
    pub application: ApplicationId,
    /// Where the browser finds the callbacks listener. Registered login addresses begin with it.
    pub public_url: Url,
    /// Where the browser goes with its ticket.
    pub application_url: Url,
    /// Where the browser goes after it logged out.
    pub goodbye_url: Url,
    /// Where the marketplace's login page is: `https://macroverse.huaweicloud.com`, or a sandbox.
    pub portal: Box<str>,
    /// Centres that are called although they are not public or not encrypted.
    pub trusted_centres: Vec<TrustedOrigin>,
    /// How long a session lasts at the most.
    pub session_seconds: u32,
    /// How long a ticket waits for its exchange.
    pub ticket_seconds: u32,
    /// Who may show our pages in a frame: the workbench. Nobody, if empty.
    pub frame_ancestors: Vec<String>,
    /// The most logins that are under way at once.
    pub logins_at_once: usize,
}

/// Why a configuration is none for a login.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The application cannot be one.
    #[error("app_id is not the id of an application")]
    Application(#[source] IdError),
    /// An address is none that a browser can be sent to.
    #[error("{name} must be an address such as https://app.example.com, without user or password")]
    Address {
        /// Which.
        name: &'static str,
    },
    /// A trusted centre is no origin.
    #[error("trusted_centres holds {text:?}")]
    Centre {
        /// What it holds.
        text: String,
        /// Why it is none.
        #[source]
        source: TrustedOriginError,
    },
    /// A frame ancestor cannot stand in a header.
    #[error("frame_ancestors holds {text:?}, which is no origin such as https://desk.example.com")]
    Ancestor {
        /// What it holds.
        text: String,
    },
    /// A session or a ticket would end before it began.
    #[error("session_seconds, ticket_seconds and logins_at_once must be at least 1")]
    Zero,
}

impl Settings {
    /// How long a session lasts where nothing else is configured: half a day.
    pub const SESSION_SECONDS: u32 = 43_200;
    /// How long a ticket waits where nothing else is configured.
    pub const TICKET_SECONDS: u32 = 60;
    /// How many logins are under way at once where nothing else is configured.
    pub const LOGINS_AT_ONCE: usize = 32;

    /// Makes settings of what has no default.
    pub fn new(
        app_id: &str,
        public_url: &str,
        application_url: &str,
        goodbye_url: &str,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            application: ApplicationId::parse(app_id).map_err(SettingsError::Application)?,
            public_url: address("public_url", public_url)?,
            application_url: address("application_url", application_url)?,
            goodbye_url: address("goodbye_url", goodbye_url)?,
            portal: browser::PORTAL_ORIGIN.into(),
            trusted_centres: Vec::new(),
            session_seconds: Self::SESSION_SECONDS,
            ticket_seconds: Self::TICKET_SECONDS,
            frame_ancestors: Vec::new(),
            logins_at_once: Self::LOGINS_AT_ONCE,
        })
    }

    /// Takes another login page than the marketplace's: that of a sandbox.
    pub fn with_portal(mut self, origin: &str) -> Result<Self, SettingsError> {
        let url = address("portal", origin)?;
        self.portal = url.origin().ascii_serialization().into();
        Ok(self)
    }

    /// Trusts centres by their exact origins.
    pub fn trusting(mut self, origins: &[String]) -> Result<Self, SettingsError> {
        for text in origins {
            let origin = TrustedOrigin::parse(text).map_err(|source| SettingsError::Centre {
                text: text.clone(),
                source,
            })?;
            self.trusted_centres.push(origin);
        }
        Ok(self)
    }

    /// Lets these show our pages in a frame.
    pub fn framed_by(mut self, ancestors: &[String]) -> Result<Self, SettingsError> {
        for text in ancestors {
            let origin = Url::parse(text).ok().filter(is_origin);
            let origin = origin.ok_or_else(|| SettingsError::Ancestor { text: text.clone() })?;
            self.frame_ancestors
                .push(origin.origin().ascii_serialization());
        }
        Ok(self)
    }

    /// Sets how long sessions and tickets last, and how many logins are under way at once.
    pub fn lasting(
        mut self,
        session_seconds: u32,
        ticket_seconds: u32,
        logins_at_once: usize,
    ) -> Result<Self, SettingsError> {
        if session_seconds == 0 || ticket_seconds == 0 || logins_at_once == 0 {
            return Err(SettingsError::Zero);
        }
        self.session_seconds = session_seconds;
        self.ticket_seconds = ticket_seconds;
        self.logins_at_once = logins_at_once;
        Ok(self)
    }

    /// Where a login begins.
    pub fn start_url(&self, listing: &ListingId) -> String {
        self.ours(listing, "")
    }

    /// The login address to register with the credential: `redirect_uri` of OAuth 2.0.
    pub fn callback_url(&self, listing: &ListingId) -> String {
        self.ours(listing, "/callback")
    }

    /// The login address of CAS; what follows it up to the ticket is part of the service.
    pub fn cas_url(&self, listing: &ListingId) -> String {
        self.ours(listing, "/cas")
    }

    fn ours(&self, listing: &ListingId, rest: &str) -> String {
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}/koogallery/{listing}/login{rest}")
    }

    /// Whether browsers come over an encrypted connection, so that a cookie can demand one.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn address(name: &'static str, text: &str) -> Result<Url, SettingsError> {
    let url = Url::parse(text).ok();
    url.filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
    .ok_or(SettingsError::Address { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(public_url: &str) -> Settings {
        let app = "https://app.example.com/in?from=desk";
        Settings::new("12345", public_url, app, "https://app.example.com/bye").unwrap()
    }

    #[test]
    fn login_addresses_stand_below_the_public_one() {
        let listing = ListingId::parse("cad-pro").unwrap();
        for public in ["https://lic.example.com", "https://lic.example.com/"] {
            assert_eq!(
                settings(public).callback_url(&listing),
                "https://lic.example.com/koogallery/cad-pro/login/callback"
            );
        }
        assert_eq!(
            settings("https://example.com/lic").cas_url(&listing),
            "https://example.com/lic/koogallery/cad-pro/login/cas"
        );
    }

    #[test]
    fn a_browser_is_sent_to_web_addresses_only() {
        for text in ["", "app", "javascript:alert(1)", "https://u:p@example.com"] {
            assert!(Settings::new("1", text, text, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn who_shows_our_pages_is_an_origin() {
        let framed = |text: &str| settings("https://a.example.com").framed_by(&[text.to_owned()]);
        assert_eq!(
            framed("https://desk.example.com").unwrap().frame_ancestors,
            ["https://desk.example.com"]
        );
        for text in [
            "*",
            "desk.example.com",
            "https://desk.example.com/x",
            "https://a.example.com; script-src *",
        ] {
            assert!(framed(text).is_err(), "{text:?}");
        }
    }
}
