//! The address of an enterprise's authentication centre, and whether it may be called.

use std::fmt;

/// Ends of names that no public name has: of the special-use registry, and of private networks.
const RESERVED_ENDS: [&str; 15] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// `domainName` as it was received. Anything may arrive while a credential is debugged: it is kept
/// as a text, and only a [`DomainName::centre`] can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainName {
    received: Box<str>,
    centre: Option<AuthenticationCentre>,
}

impl DomainName {
    /// Keeps a text, and reads it as the address of a centre if it is one.
    pub fn new(text: &str) -> Self {
        Self {
            received: text.into(),
            centre: AuthenticationCentre::parse(text),
        }
    }

    /// The text as it was received.
    pub fn received(&self) -> &str {
        &self.received
    }

    /// The authentication centre, if the text is an address that may be called.
    pub fn centre(&self) -> Option<&AuthenticationCentre> {
        self.centre.as_ref()
    }
}

/// The origin of an authentication centre: `https`, the usual port, and a name of the public
/// domain name system.
///
/// The merchant's server calls it with a client secret, and the text comes from outside. So there
/// is none for an IP address, a name of a private network, user information, another port, or a
/// path. **A public name may still resolve to a private address**: whoever connects must refuse
/// those after the name was resolved.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthenticationCentre {
    /// `https://` and a lower-case host, without a slash behind it.
    origin: Box<str>,
}

const SCHEME: &str = "https://";

impl AuthenticationCentre {
    /// Reads an address: blanks around it and slashes behind it are ignored, a missing scheme is
    /// `https`, and case does not count. `None` if it may not be called.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let authority = match text.split_once("://") {
            Some(("https", authority)) => authority,
            Some(_) => return None,
            None => &text,
        };
        let host = authority.strip_suffix(":443").unwrap_or(authority);
        is_public_name(host).then(|| Self {
            origin: [SCHEME, host].concat().into(),
        })
    }

    /// The origin, such as `https://demo.example.com`; paths of the centre are written behind it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host, such as `demo.example.com`.
    pub fn host(&self) -> &str {
        self.origin.strip_prefix(SCHEME).unwrap_or(&self.origin)
    }
}

impl fmt::Debug for AuthenticationCentre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthenticationCentre")
            .field(&self.origin)
            .finish()
    }
}

/// Whether a lower-case text is a host name of at least two labels whose last is no reserved one.
/// The last label has no digits, so that no way of writing an IPv4 address is a name.
fn is_public_name(host: &str) -> bool {
    let Some((_, end)) = host.rsplit_once('.') else {
        return false;
    };
    let is_end = end.starts_with("xn--") || end.bytes().all(|byte| byte.is_ascii_lowercase());
    host.len() <= 253
        && host.split('.').all(is_label)
        && is_end
        && end.len() >= 2
        && !RESERVED_ENDS.contains(&end)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, origin: Option<&str>) {
        let domain = DomainName::new(text);
        assert_eq!(domain.received(), text);
        assert_eq!(
            domain.centre().map(AuthenticationCentre::origin),
            origin,
            "{text:?}"
        );
    }

    #[test]
    fn an_address_has_one_form() {
        let origin = Some("https://demo.example.com");
        for text in [
            "https://demo.example.com",
            "https://demo.example.com/",
            "https://demo.example.com//",
            "demo.example.com",
            " demo.example.com/ ",
            "HTTPS://Demo.Example.COM:443",
        ] {
            check(text, origin);
        }
        check(
            "https://xn--fiqs8s.xn--fiqs8s",
            Some("https://xn--fiqs8s.xn--fiqs8s"),
        );
        assert_eq!(
            AuthenticationCentre::parse("demo.example.com")
                .unwrap()
                .host(),
            "demo.example.com"
        );
    }

    #[test]
    fn what_may_not_be_called_is_kept_as_a_text() {
        for text in [
            "",
            "abc",
            "http://demo.example.com",
            "ftp://demo.example.com",
            "//demo.example.com",
            "https://",
            "https://https://demo.example.com",
            "https://127.0.0.1",
            "127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://127.0.0.0x1",
            "https://0177.0.0.1",
            "https://[::1]",
            "https://169.254.169.254",
            "https://localhost",
            "https://db.localhost",
            "https://metadata.internal",
            "https://nas.local",
            "https://1.0.0.127.in-addr.arpa",
            "https://user@demo.example.com",
            "https://user:word@demo.example.com",
            "https://demo.example.com:8443",
            "https://demo.example.com:443:443",
            "https://demo.example.com/path",
            "https://demo.example.com?query",
            "https://demo.example.com#fragment",
            "https://demo.example.com\\@evil.example.com",
            "https://demo.example.com%2f",
            "https://demo..example.com",
            "https://demo.example.com.",
            "https://-demo.example.com",
            "https://demo_.example.com",
            "https://demo example.com",
            "https://demo.example.com\r\nhost: evil",
            "https://示例.com",
            "https://demo.example.c0m",
        ] {
            check(text, None);
        }
        check(&format!("https://{}.com", "a".repeat(64)), None);
        check(&format!("https://{}com", "a.".repeat(126)), None);
    }

    proptest! {
        #[test]
        fn whatever_is_callable_is_an_https_origin_and_its_own_form(
            text in "(?s).{0,80}|(https://)?[a-zA-Z0-9.:/@-]{1,20}\\.(com|cn)/{0,2}",
        ) {
            if let Some(centre) = AuthenticationCentre::parse(&text) {
                prop_assert_eq!(
                    AuthenticationCentre::parse(centre.origin()),
                    Some(centre.clone())
                );
                prop_assert!(centre.host().contains('.'));
                prop_assert!(centre.host().bytes().all(|it| it.is_ascii_alphanumeric()
                    || it == b'.' || it == b'-'));
            }
        }
    }
}
