//! Where a webhook is.

use std::fmt;

use reqwest::Url;

use crate::origin::is_loopback;

/// An address that messages may be sent to. Its debug form has no query: a token may stand in it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookAddress(Url);

/// Why a text is not such an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookAddressError {
    /// It is not an address of HTTP.
    #[error(
        "a webhook is written as https://host/path, without a name or password before the host"
    )]
    Malformed,
    /// Whoever is on the way would read the accounts of buyers.
    #[error(
        "{host} needs https://, because accounts of buyers are told there; where nobody is on the \
         way, allow http:// by provisioning.webhook_allow_http"
    )]
    Unencrypted {
        /// The host.
        host: String,
    },
}

impl WebhookAddress {
    /// Parses an address: `https://` anywhere, `http://` on this machine, or anywhere if that is
    /// allowed.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, WebhookAddressError> {
        let url = Url::parse(text).map_err(|_not_an_address| WebhookAddressError::Malformed)?;
        let host = url.host_str().ok_or(WebhookAddressError::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(WebhookAddressError::Malformed);
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if allow_http || is_loopback(host) => Ok(Self(url)),
            "http" => Err(WebhookAddressError::Unencrypted {
                host: host.to_owned(),
            }),
            _ => Err(WebhookAddressError::Malformed),
        }
    }

    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }
}

/// Without the query.
impl fmt::Display for WebhookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        shown.set_query(None);
        shown.fmt(f)
    }
}

impl fmt::Debug for WebhookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_leave_this_machine_encrypted_unless_told_otherwise() {
        for text in [
            "https://app.example.com/hooks/tenure?team=7",
            "https://10.0.0.7:8443",
            "http://127.0.0.1:9000/hook",
            "http://[::1]:9000/hook",
            "http://localhost/hook",
        ] {
            assert!(WebhookAddress::parse(text, false).is_ok(), "{text}");
        }
        let inside = "http://provisioner.internal/hook";
        assert_eq!(
            WebhookAddress::parse(inside, false),
            Err(WebhookAddressError::Unencrypted {
                host: "provisioner.internal".to_owned()
            })
        );
        assert!(WebhookAddress::parse(inside, true).is_ok());
    }

    #[test]
    fn other_texts_are_no_address() {
        for text in [
            "",
            "app.example.com",
            "ftp://app.example.com",
            "https://",
            "https://user:word@app.example.com",
            "https://app.example.com/#part",
        ] {
            let parsed = WebhookAddress::parse(text, true);
            assert_eq!(parsed, Err(WebhookAddressError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_token_in_the_query_is_not_shown() {
        let address =
            WebhookAddress::parse("https://a.example.com/hook?token=7f3a", false).unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "https://a.example.com/hook WebhookAddress(https://a.example.com/hook)"
        );
        assert_eq!(address.url().query(), Some("token=7f3a"));
    }
}
