//! Whether a browser was signed in, as far as can be seen from outside.

use reqwest::Url;

use super::browser::{Cookie, Visit};

/// What a good login looks like: where it leads, and by what the merchant knows the browser there.
/// That is a cookie, or else a ticket among the parameters of the address.
#[derive(Debug)]
pub(super) struct Landing {
    pub(super) location: Url,
    /// The cookies that scripts cannot read; without any, the session is a ticket's.
    pub(super) cookies: Vec<Cookie>,
}

/// What must come of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    SignedIn,
    /// An answer that is no failure of the merchant's own, and no login.
    Refused,
    /// An answer, and no login. The centre failed, so the merchant may fail too.
    NotSignedIn,
}

impl Expected {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed in",
            Self::Refused => "refused",
            Self::NotSignedIn => "not signed in",
        }
    }
}

impl Landing {
    /// Learns what a good login looks like, or says what is wrong with it.
    pub(super) fn learn(visit: &Visit, code: &str, is_encrypted: bool) -> Result<Self, String> {
        let location = visit.leads_to().ok_or_else(|| {
            let status = visit.status;
            format!("HTTP status {status} instead of a redirect to a clean address")
        })?;
        let cookies = visit.cookies.iter().filter(|it| !it.value.is_empty());
        let (guarded, open): (Vec<_>, Vec<_>) = cookies.cloned().partition(|it| it.is_http_only);
        if let ([], [cookie, ..]) = (&*guarded, &*open) {
            return Err(format!("the cookie `{}` is not HttpOnly", cookie.name));
        }
        let landing = Self {
            location: location.clone(),
            cookies: guarded,
        };
        match landing.unmet_by(visit, Some(code), is_encrypted) {
            None => Ok(landing),
            Some(why) => Err(why),
        }
    }

    /// Why a visit is not as expected; nothing when it is.
    pub(super) fn judge(
        &self,
        expected: Expected,
        visit: &Visit,
        code: Option<&str>,
        is_encrypted: bool,
    ) -> Option<String> {
        let status = visit.status;
        match expected {
            Expected::SignedIn => self.unmet_by(visit, code, is_encrypted),
            _ if self.is_signed_in(visit) => Some("the browser is signed in".to_owned()),
            Expected::Refused if status >= 500 => Some(format!("HTTP status {status}")),
            Expected::Refused | Expected::NotSignedIn => None,
        }
    }

    /// Why a browser that had the session of the first login has it still; nothing when it got
    /// another one, so that nobody can prepare the session of somebody else.
    pub(super) fn kept_by(&self, visit: &Visit) -> Option<String> {
        if self.cookies.is_empty() {
            let is_kept = visit.leads_to() == Some(&self.location);
            return is_kept.then(|| "the ticket keeps its value".to_owned());
        }
        let kept = self
            .session_cookies(visit)
            .find(|set| self.cookies.iter().any(|it| it.value == set.value))?;
        Some(format!("the cookie `{}` keeps its value", kept.name))
    }

    /// What is wrong with a login; nothing if it is like the first one and keeps its secrets.
    fn unmet_by(&self, visit: &Visit, code: Option<&str>, is_encrypted: bool) -> Option<String> {
        let Some(location) = visit.leads_to() else {
            return Some(format!(
                "HTTP status {} instead of a redirect",
                visit.status
            ));
        };
        if !self.is_at_its_place(location) {
            return Some(format!("led to {}", without_query(location)));
        }
        let tells_code = |text: &str| code.is_some_and(|code| text.contains(code));
        if tells_code(location.as_str()) {
            return Some("the code stays in the address that the browser is sent to".to_owned());
        }
        if tells_code(&visit.page) {
            return Some("the code stands in the page".to_owned());
        }
        if !self.is_signed_in(visit) {
            return Some("neither a cookie nor a ticket tells who is signed in".to_owned());
        }
        let unguarded = self
            .session_cookies(visit)
            .find(|cookie| !cookie.is_http_only || (is_encrypted && !cookie.is_secure))?;
        Some(format!(
            "the cookie `{}` is not HttpOnly and Secure",
            unguarded.name
        ))
    }

    fn is_signed_in(&self, visit: &Visit) -> bool {
        let Some(location) = visit.leads_to().filter(|it| self.is_at_its_place(it)) else {
            return false;
        };
        if !self.cookies.is_empty() {
            return self.session_cookies(visit).next().is_some();
        }
        let has = |name: &str| location.query_pairs().any(|(it, _)| it == name);
        let mut names = self.location.query_pairs().map(|(name, _)| name).peekable();
        names.peek().is_some() && names.all(|name| has(&name))
    }

    fn is_at_its_place(&self, location: &Url) -> bool {
        location.origin() == self.location.origin() && location.path() == self.location.path()
    }

    /// The cookies of the first login, as a visit sets them.
    fn session_cookies<'a>(&'a self, visit: &'a Visit) -> impl Iterator<Item = &'a Cookie> {
        let is_known = |name: &str| self.cookies.iter().any(|it| it.name == name);
        let set = visit.cookies.iter();
        set.filter(move |it| !it.value.is_empty() && is_known(&it.name))
    }
}

/// An address as it may stand in a report.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::{Cookie, Expected, Landing, Url, Visit};

    const CODE: &str = "z2D.example";

    fn cookie() -> Cookie {
        Cookie {
            name: "session".to_owned(),
            value: "s1".to_owned(),
            is_http_only: true,
            is_secure: true,
        }
    }

    fn visit(location: &str) -> Visit {
        Visit {
            status: 303,
            location: Url::parse(location).ok(),
            cookies: vec![cookie()],
            page: String::new(),
        }
    }

    #[track_caller]
    fn wrong(change: impl FnOnce(&mut Visit), expected: &str) {
        let mut visit = visit("https://saas.example.com/home");
        change(&mut visit);
        let landing = Landing::learn(&visit, CODE, true);
        assert_eq!(landing.map(|_| ()), Err(expected.to_owned()));
    }

    #[test]
    fn a_login_keeps_its_secrets() {
        wrong(
            |visit| visit.status = 200,
            "HTTP status 200 instead of a redirect to a clean address",
        );
        wrong(
            |visit| visit.location = Url::parse("https://saas.example.com/?code=z2D.example").ok(),
            "the code stays in the address that the browser is sent to",
        );
        wrong(
            |visit| visit.page = format!("<a href=?code={CODE}>"),
            "the code stands in the page",
        );
        wrong(
            |visit| visit.cookies.clear(),
            "neither a cookie nor a ticket tells who is signed in",
        );
        wrong(
            |visit| visit.cookies[0].is_http_only = false,
            "the cookie `session` is not HttpOnly",
        );
        wrong(
            |visit| visit.cookies[0].is_secure = false,
            "the cookie `session` is not HttpOnly and Secure",
        );
    }

    #[test]
    fn whoever_is_led_to_the_same_place_with_a_session_is_signed_in() {
        let good = visit("https://saas.example.com/home?n=1");
        let landing = Landing::learn(&good, CODE, true).unwrap();
        let judge = |expected, visit: &Visit| landing.judge(expected, visit, Some(CODE), true);
        let again = visit("https://saas.example.com/home?n=2");
        assert_eq!(judge(Expected::SignedIn, &again), None);
        assert!(judge(Expected::Refused, &again).is_some());
        let elsewhere = visit("https://elsewhere.example.com/home");
        let why = "led to https://elsewhere.example.com/home".to_owned();
        assert_eq!(judge(Expected::SignedIn, &elsewhere), Some(why));
        assert_eq!(judge(Expected::Refused, &elsewhere), None);
        let mut anonymous = visit("https://saas.example.com/home");
        anonymous.cookies.clear();
        assert_eq!(judge(Expected::Refused, &anonymous), None);
        anonymous.status = 502;
        assert!(judge(Expected::Refused, &anonymous).is_some());
        assert_eq!(judge(Expected::NotSignedIn, &anonymous), None);
    }

    #[test]
    fn a_ticket_does_in_place_of_a_cookie() {
        let ticketed = |location: &str| {
            let mut visit = visit(location);
            visit.cookies.clear();
            visit
        };
        let good = ticketed("https://app.example.com/enter?ticket=1");
        let landing = Landing::learn(&good, CODE, true).unwrap();
        let is_signed_in = |location| {
            let visit = ticketed(location);
            landing
                .judge(Expected::Refused, &visit, Some(CODE), true)
                .is_some()
        };
        assert!(is_signed_in("https://app.example.com/enter?ticket=2"));
        assert!(!is_signed_in("https://app.example.com/enter?error=refused"));
        assert!(landing.kept_by(&good).is_some());
        let next = ticketed("https://app.example.com/enter?ticket=2");
        assert_eq!(landing.kept_by(&next), None);
    }

    #[test]
    fn a_session_is_a_new_one() {
        let good = visit("https://saas.example.com/home");
        let landing = Landing::learn(&good, CODE, true).unwrap();
        let why = "the cookie `session` keeps its value".to_owned();
        assert_eq!(landing.kept_by(&good), Some(why));
        let mut next = visit("https://saas.example.com/home");
        next.cookies[0].value = "s2".to_owned();
        assert_eq!(landing.kept_by(&next), None);
    }
}
