//! A browser that does as it is told: it follows no redirect and keeps no cookie.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use tokio::time::{Instant, timeout};

use crate::client::{Client, chain};

/// The most bytes of a page that are read.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Comes to login addresses on one server.
#[derive(Debug)]
pub(super) struct Browser {
    http: reqwest::Client,
    login_address: String,
    pub(super) patience: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) status: u16,
    /// The header `Location`.
    pub(super) location: Option<Url>,
    pub(super) cookies: Vec<Cookie>,
    pub(super) page: String,
}

/// A cookie that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_http_only: bool,
    pub(super) is_secure: bool,
}

/// A visit or why there is none, and how long it took in milliseconds.
pub(super) type Timed = (Result<Visit, String>, u64);

impl Browser {
    pub(super) fn new(client: &Client, login_address: &str, patience: Duration) -> Self {
        Self {
            http: client.http().clone(),
            login_address: login_address.to_owned(),
            patience,
        }
    }

    /// Whether the login address is read by nobody on the way.
    pub(super) fn is_encrypted(&self) -> bool {
        Url::parse(&self.login_address).is_ok_and(|own| own.scheme() == "https")
    }

    /// Whether an address is on the server of the login address.
    pub(super) fn is_of_its_origin(&self, address: &Url) -> bool {
        Url::parse(&self.login_address).is_ok_and(|own| own.origin() == address.origin())
    }

    /// Opens an address, with cookies if there are any.
    pub(super) async fn open(&self, address: &str, cookies: &[Cookie]) -> Timed {
        let started_at = Instant::now();
        let visited = timeout(self.patience, self.visit(address, cookies)).await;
        let elapsed_ms = u64::try_from(started_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let visited = match visited {
            Err(_elapsed) => Err(format!(
                "no answer within {} s",
                self.patience.as_secs_f32()
            )),
            Ok(Err(error)) => Err(format!(
                "the login address cannot be reached: {}",
                chain(&error.without_url())
            )),
            Ok(Ok(visit)) => Ok(visit),
        };
        (visited, elapsed_ms)
    }

    async fn visit(&self, address: &str, cookies: &[Cookie]) -> Result<Visit, reqwest::Error> {
        let mut request = self.http.get(address);
        if !cookies.is_empty() {
            let pairs = cookies.iter().map(|it| format!("{}={}", it.name, it.value));
            request = request.header(COOKIE, pairs.collect::<Vec<_>>().join("; "));
        }
        let mut response = request.send().await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > PAGE_BYTES_MAX {
                break;
            }
        }
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        Ok(Visit {
            status: response.status().as_u16(),
            location: location.and_then(|it| response.url().join(it).ok()),
            cookies: cookies_of(response.headers()),
            page: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }
}

impl Visit {
    /// Where the browser is sent on to, if it is.
    pub(super) fn leads_to(&self) -> Option<&Url> {
        let is_redirect = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        self.location.as_ref().filter(|_| is_redirect)
    }
}

fn cookies_of(headers: &HeaderMap) -> Vec<Cookie> {
    let values = headers.get_all(SET_COOKIE).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.filter_map(Cookie::parse).collect()
}

impl Cookie {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let attributes: Vec<&str> = parts.collect();
        let has = |attribute: &str| {
            attributes
                .iter()
                .any(|it| it.eq_ignore_ascii_case(attribute))
        };
        Some(Self {
            name: name.to_owned(),
            value: value.to_owned(),
            is_http_only: has("HttpOnly"),
            is_secure: has("Secure"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Cookie;

    #[test]
    fn a_cookie_is_read_with_what_protects_it() {
        let cookie = Cookie::parse("session=a=b; Path=/; httponly; Secure").unwrap();
        assert_eq!((&*cookie.name, &*cookie.value), ("session", "a=b"));
        assert!(cookie.is_http_only && cookie.is_secure);
        let plain = Cookie::parse("session=; HttpOnlyNot").unwrap();
        assert!(!plain.is_http_only && !plain.is_secure && plain.value.is_empty());
        assert_eq!(Cookie::parse("nothing"), None);
    }
}
