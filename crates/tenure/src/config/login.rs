//! How the members of a listing's buyers log in, as configured.

use serde::Deserialize;
use tenure_koogallery::login::browser::PORTAL_ORIGIN;
use tenure_login::{Settings, SettingsError};

/// How the members of a listing's buyers log in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginConfig {
    /// `appId` of the credential in the seller centre.
    pub app_id: String,
    /// Where browsers find the callbacks listener.
    pub public_url: String,
    /// Where the browser goes with its ticket.
    pub application_url: String,
    /// Where the browser goes after it logged out.
    pub goodbye_url: String,
    /// Where the marketplace's login page is.
    #[serde(default = "default_portal")]
    pub portal: String,
    /// Centres that are called although they are not public or not encrypted: a sandbox.
    #[serde(default)]
    pub trusted_centres: Vec<String>,
    /// How long a session lasts at the most.
    #[serde(default = "default_session_seconds")]
    pub session_seconds: u32,
    /// How long a ticket waits for its exchange.
    #[serde(default = "default_ticket_seconds")]
    pub ticket_seconds: u32,
    /// Who may show the login's pages in a frame: the workbench.
    #[serde(default)]
    pub frame_ancestors: Vec<String>,
    /// The most logins that are under way at once.
    #[serde(default = "default_logins_at_once")]
    pub logins_at_once: usize,
}

fn default_portal() -> String {
    PORTAL_ORIGIN.to_owned()
}

fn default_session_seconds() -> u32 {
    Settings::SESSION_SECONDS
}

fn default_ticket_seconds() -> u32 {
    Settings::TICKET_SECONDS
}

fn default_logins_at_once() -> usize {
    Settings::LOGINS_AT_ONCE
}

impl LoginConfig {
    /// Where members of an application log in and whither they go, and nothing else said.
    pub(crate) fn of(app_id: &str, public_url: &str, application_url: &str) -> Self {
        Self {
            app_id: app_id.to_owned(),
            public_url: public_url.to_owned(),
            application_url: application_url.to_owned(),
            goodbye_url: application_url.to_owned(),
            portal: default_portal(),
            trusted_centres: Vec::new(),
            session_seconds: default_session_seconds(),
            ticket_seconds: default_ticket_seconds(),
            frame_ancestors: Vec::new(),
            logins_at_once: default_logins_at_once(),
        }
    }

    /// The settings.
    pub(crate) fn parse(&self) -> Result<Settings, SettingsError> {
        Settings::new(
            &self.app_id,
            &self.public_url,
            &self.application_url,
            &self.goodbye_url,
        )?
        .with_portal(&self.portal)?
        .trusting(&self.trusted_centres)?
        .framed_by(&self.frame_ancestors)?
        .lasting(
            self.session_seconds,
            self.ticket_seconds,
            self.logins_at_once,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    const LISTING: &str = "[[listing]]\nid = \"cad-pro\"\nmerchant = \"acme\"\n\
        login.app_id = \"12345\"\nlogin.public_url = \"https://lic.example.com\"\n\
        login.application_url = \"https://app.example.com/in\"\n\
        login.goodbye_url = \"https://app.example.com/bye\"\n";

    fn parse(more: &str) -> anyhow::Result<Settings> {
        let config = Config::parse(&format!("{LISTING}{more}"), std::iter::empty())?;
        config.listing[0].parse()?;
        Ok(config.listing[0].login.as_ref().unwrap().parse()?)
    }

    const KIT: &str = "keys.kit = [\"kit-key\"]\n";

    #[test]
    fn what_is_not_said_has_its_default() {
        let settings = parse(KIT).unwrap();
        assert_eq!(settings.application.as_str(), "12345");
        assert_eq!(&*settings.portal, PORTAL_ORIGIN);
        assert_eq!(settings.session_seconds, 43_200);
        assert_eq!(settings.ticket_seconds, 60);
        assert_eq!(settings.logins_at_once, 32);
        assert!(settings.trusted_centres.is_empty() && settings.frame_ancestors.is_empty());
    }

    #[test]
    fn everything_can_be_said() {
        let more = "login.portal = \"http://127.0.0.1:8090\"\n\
            login.trusted_centres = [\"http://127.0.0.1:8090\"]\n\
            login.frame_ancestors = [\"https://desk.example.com\"]\n\
            login.session_seconds = 1\nlogin.ticket_seconds = 2\nlogin.logins_at_once = 3\n";
        let settings = parse(&format!("{KIT}{more}")).unwrap();
        assert_eq!(&*settings.portal, "http://127.0.0.1:8090");
        assert_eq!(
            settings.trusted_centres[0].as_str(),
            "http://127.0.0.1:8090"
        );
        assert_eq!(settings.frame_ancestors, ["https://desk.example.com"]);
        let numbers = (settings.session_seconds, settings.ticket_seconds);
        assert_eq!((numbers, settings.logins_at_once), ((1, 2), 3));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (more, part) in [
            ("", "keys.kit"),
            ("login.session_seconds = 0\n", "at least 1"),
            (
                "login.trusted_centres = [\"http://127.0.0.1/x\"]\n",
                "127.0.0.1/x",
            ),
            ("login.frame_ancestors = [\"*\"]\n", "frame_ancestors"),
            ("login.portal = \"javascript:alert(1)\"\n", "portal"),
            (
                "login.session_second = 1\n",
                "did you mean `session_seconds`?",
            ),
        ] {
            let keys = if more.is_empty() {
                "keys.license = [\"license-key\"]\n"
            } else {
                KIT
            };
            let error = parse(&format!("{keys}{more}")).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(part), "{more}: {error}");
        }
    }
}
