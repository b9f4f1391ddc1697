//! Which authentication centres are called.

use crate::kit::AuthenticationCentre;

/// An authentication centre that may be called.
///
/// Its address came from outside, and the merchant's server sends it a client secret. So it is
/// either what [`AuthenticationCentre`] lets through, or at an origin that the merchant configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Centre {
    base: Box<str>,
    is_trusted: bool,
}

impl Centre {
    /// The centre that a `domainName` names, if it may be called. At an origin that the merchant
    /// trusts it is called as it is, encrypted or not, wherever that is; a sandbox may have many
    /// centres, each below a path.
    pub fn find(domain_name: &str, trusted: &[TrustedOrigin]) -> Option<Self> {
        if let Some(base) = trusted_base(domain_name, trusted) {
            return Some(Self {
                base: base.into(),
                is_trusted: true,
            });
        }
        let centre = AuthenticationCentre::parse(domain_name)?;
        Some(Self {
            base: centre.origin().into(),
            is_trusted: false,
        })
    }

    /// What the paths of the centre are written behind, such as `https://demo.example.com`: no
    /// slash ends it.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether the merchant configured it. If not, whoever connects must refuse a private address
    /// that its name resolves to.
    pub fn is_trusted(&self) -> bool {
        self.is_trusted
    }
}

/// The address of a centre at an origin that is trusted: the origin, and maybe a path.
fn trusted_base(domain_name: &str, trusted: &[TrustedOrigin]) -> Option<String> {
    let text = domain_name.trim().trim_end_matches('/');
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (rest, None),
    };
    let origin = normal(&[scheme, "://", authority].concat());
    trusted.iter().find(|it| *it.0 == *origin)?;
    match path {
        None => Some(origin),
        Some(path) if path.split('/').all(is_segment) => Some([&origin, "/", path].concat()),
        Some(_) => None,
    }
}

/// Whether a text is one step of a path, to somewhere below and nowhere else.
fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

/// An origin that is called although it is no public name or not encrypted, because the merchant's
/// configuration says so: a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustedOrigin(Box<str>);

/// Why a text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is written as http://host:port or https://host:port, nothing before or after")]
pub struct TrustedOriginError;

impl TrustedOrigin {
    /// Parses `http://host`, `https://host`, and either with a port.
    pub fn parse(text: &str) -> Result<Self, TrustedOriginError> {
        let origin = normal(text);
        match origin.split_once("://") {
            Some(("http" | "https", authority)) if is_authority(authority) => {
                Ok(Self(origin.into()))
            },
            Some(_) | None => Err(TrustedOriginError),
        }
    }

    /// The origin, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn normal(text: &str) -> String {
    text.trim().trim_end_matches('/').to_ascii_lowercase()
}

/// Whether a text is a host and maybe a port, and nothing that a reader of addresses would take for
/// something else.
fn is_authority(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> [TrustedOrigin; 1] {
        [TrustedOrigin::parse("http://127.0.0.1:9090/").unwrap()]
    }

    #[track_caller]
    fn check(domain_name: &str, expected: Option<(&str, bool)>) {
        let centre = Centre::find(domain_name, &trusted());
        let found = centre.as_ref().map(|it| (it.base(), it.is_trusted()));
        assert_eq!(found, expected, "{domain_name:?}");
    }

    #[test]
    fn a_public_name_or_a_configured_origin_is_called() {
        let public = Some(("https://demo.example.com", false));
        check("https://demo.example.com/", public);
        check("demo.example.com", public);
        let configured = Some(("http://127.0.0.1:9090", true));
        check("http://127.0.0.1:9090", configured);
        check(" HTTP://127.0.0.1:9090/ ", configured);
        let below = Some(("http://127.0.0.1:9090/centre/T-1", true));
        check("http://127.0.0.1:9090/centre/T-1/", below);
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "abc",
            "http://127.0.0.1:9091",
            "http://127.0.0.1",
            "https://127.0.0.1:9090",
            "127.0.0.1:9090",
            "http://127.0.0.1:9090/../x",
            "http://127.0.0.1:9090//x",
            "http://127.0.0.1:9090/x?y",
            "http://127.0.0.1:9090/x#y",
            "http://127.0.0.1:9090/x%2e",
            "http://127.0.0.1:9090?x",
            "http://127.0.0.1:9090\\@evil.example.com",
            "http://127.0.0.1:9090@evil.example.com",
            "http://demo.example.com",
            "https://169.254.169.254",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_maybe_a_port() {
        for text in [
            "http://sandbox:8090",
            "https://sso.internal",
            "http://[::1]:8090",
        ] {
            assert_eq!(TrustedOrigin::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "sandbox",
            "ftp://sandbox",
            "http://",
            "http://a/b",
            "http://u@a",
            "http://a?b",
            "http://a b",
        ] {
            assert!(TrustedOrigin::parse(text).is_err(), "{text:?}");
        }
    }
}
