//! Where requests go: a scheme, a host and maybe a port.

use reqwest::Url;

/// A host that requests are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    url: Url,
    host: String,
}

/// Why a configured text is not a host that requests may be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is not `https://host` or `https://host:port`.
    #[error("an endpoint is written as https://host or https://host:port, nothing before or after")]
    Malformed,
    /// It is not encrypted, and not on this machine.
    #[error("http:// is for a sandbox on this machine only; {host} needs https://")]
    Unencrypted {
        /// The host.
        host: String,
    },
}

impl Origin {
    /// Parses an endpoint. `http://` is accepted for loopback addresses only.
    pub(crate) fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_not_an_address| OriginError::Malformed)?;
        let name = url.host_str().ok_or(OriginError::Malformed)?.to_owned();
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            "https" if bare => {},
            "http" if bare && is_loopback(&name) => {},
            "http" if bare => return Err(OriginError::Unencrypted { host: name }),
            _ => return Err(OriginError::Malformed),
        }
        // The parser leaves out the port that the scheme implies, and so does the header.
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name,
        };
        Ok(Self { url, host })
    }

    /// The value of the header `Host`, as it is signed.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The address of a target: path and query, encoded.
    pub(crate) fn address(&self, target: &str) -> Result<Url, OriginError> {
        self.url
            .join(target)
            .map_err(|_not_a_target| OriginError::Malformed)
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_host(text: &str, host: &str) {
        assert_eq!(Origin::parse(text).unwrap().host(), host, "{text}");
    }

    #[test]
    fn the_port_is_part_of_the_host_unless_the_scheme_implies_it() {
        check_host("https://mkt.example.com", "mkt.example.com");
        check_host("https://mkt.example.com:443/", "mkt.example.com");
        check_host("https://mkt.example.com:8443", "mkt.example.com:8443");
        check_host("http://127.0.0.1:8090", "127.0.0.1:8090");
        check_host("http://[::1]:8090", "[::1]:8090");
        check_host("http://localhost", "localhost");
    }

    #[test]
    fn nothing_leaves_this_machine_unencrypted() {
        for host in ["mkt.example.com", "10.0.0.1", "localhost.example.com"] {
            assert_eq!(
                Origin::parse(&format!("http://{host}")),
                Err(OriginError::Unencrypted {
                    host: host.to_owned()
                })
            );
        }
    }

    #[test]
    fn an_endpoint_is_a_host_and_nothing_else() {
        for text in [
            "",
            "mkt.example.com",
            "ftp://mkt.example.com",
            "https://",
            "https://user@mkt.example.com",
            "https://:secret@mkt.example.com",
            "https://mkt.example.com/api",
            "https://mkt.example.com/?x",
            "https://mkt.example.com/#x",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError::Malformed), "{text}");
        }
    }
}
