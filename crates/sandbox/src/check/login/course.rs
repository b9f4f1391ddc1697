//! The whole course of attempts, from the first call of the kit to the last.

use super::attempt::{Attempt, Code, Entry, Tenant};
use super::browser::{Browser, Cookie, Timed, Visit};
use super::introduction::{GRANTED, Introduction, Party};
use super::judge::{Expected, Landing};
use super::{CaseReport, cases};
use crate::centre::{Centre, Settings, with_query};
use crate::check::Outcome;
use crate::clock::Clock;
use crate::kit::Flag;
use crate::random::Random;

/// A length that no code and no tenant has.
const LONG_CHARS: usize = 6000;

/// Everything that an attempt needs.
#[derive(Debug)]
pub(super) struct Course<'a> {
    pub(super) browser: Browser,
    pub(super) centre: Centre,
    pub(super) clock: Clock,
    pub(super) introduction: Introduction<'a>,
    pub(super) reports: Vec<CaseReport>,
}

impl Course<'_> {
    /// Tries everything. Without a first login that works, nothing can be said about others.
    pub(super) async fn run(&mut self, random: &mut Random) {
        let opening = self.introduction.opening();
        let mut is_known = true;
        for (name, call) in opening {
            let report = self.introduction.tell(name, &call, random).await;
            is_known &= report.outcome == Outcome::Passed;
            self.reports.push(report);
        }
        if is_known && let Some(landing) = self.first_login().await {
            let mut attempts = cases::attempts(self.browser.patience);
            if self.introduction.cas_address().is_some() {
                attempts.extend(cases::tickets());
            }
            for attempt in attempts {
                self.attempt(&landing, &attempt).await;
            }
            self.unbinding(&landing, random).await;
        }
        for (party, name) in [
            (
                &self.introduction.own,
                "the enterprise is unbound once more",
            ),
            (&self.introduction.other, "the other enterprise is unbound"),
        ] {
            let call = party.call(Flag::Delete);
            let report = self.introduction.tell(name, &call, random).await;
            self.reports.push(report);
        }
    }

    async fn first_login(&mut self) -> Option<Landing> {
        let name = "a login leads to a clean address with a session";
        let code = self.fresh(Entry::Code, &self.introduction.own, GRANTED);
        let tenant = self.introduction.own.tenant();
        let query = Entry::Code.query(Some(&code), Some(tenant));
        let (visit, elapsed_ms) = self.come(Entry::Code, &query, &[]).await;
        let landing =
            visit.and_then(|visit| Landing::learn(&visit, &code, self.browser.is_encrypted()));
        let landing = match landing {
            Ok(landing) => self.opened(landing, &code).await,
            Err(why) => Err(why),
        };
        let why = landing.as_ref().err().cloned();
        let expected = Expected::SignedIn.word();
        let report = CaseReport::of_visit(name, expected, elapsed_ms, why);
        self.reports.push(report);
        landing.ok()
    }

    /// Goes where a login leads, if that is the merchant's server too.
    async fn opened(&self, landing: Landing, code: &str) -> Result<Landing, String> {
        let location = &landing.location;
        if !self.browser.is_of_its_origin(location) {
            return Ok(landing);
        }
        let (visit, _) = self.browser.open(location.as_str(), &landing.cookies).await;
        let visit = visit?;
        if visit.status >= 400 {
            let status = visit.status;
            return Err(format!("HTTP status {status} where the login leads to"));
        }
        if visit.page.contains(code) {
            return Err("the code stands in the page that the login leads to".to_owned());
        }
        Ok(landing)
    }

    /// What the merchant must forget, and must learn again.
    async fn unbinding(&mut self, landing: &Landing, random: &mut Random) {
        let introduction = &self.introduction;
        let own = &introduction.own;
        let application = |flag| introduction.application(own, flag);
        let steps = [
            (
                "the application is withdrawn",
                application(Flag::Delete),
                Attempt::bad(
                    "a login after the application was withdrawn",
                    Code::Of(GRANTED),
                    Tenant::Own,
                ),
            ),
            (
                "the application is bound again",
                application(Flag::Create),
                Attempt::good("a login after the application was bound again"),
            ),
            (
                "the enterprise is unbound",
                own.call(Flag::Delete),
                Attempt::bad(
                    "a login after the enterprise was unbound",
                    Code::Of(GRANTED),
                    Tenant::Own,
                ),
            ),
        ];
        for (name, call, attempt) in steps {
            let report = self.introduction.tell(name, &call, random).await;
            self.reports.push(report);
            self.attempt(landing, &attempt).await;
        }
        let other = Attempt::of_other("a login of the other enterprise after that");
        self.attempt(landing, &other).await;
    }

    async fn attempt(&mut self, landing: &Landing, attempt: &Attempt) {
        let Attempt {
            name,
            entry,
            code,
            tenant,
            extra,
            is_known,
            settings,
            expected,
            questions,
        } = attempt;
        let code = self.code(*entry, *code).await;
        let tenant = self.tenant(*tenant);
        self.centre.manner().set(*settings);
        let asked_before = self.questions(*entry);
        let mut query = entry.query(code.as_deref(), tenant.as_deref());
        query.extend(extra.iter().copied());
        let cookies = if *is_known { &*landing.cookies } else { &[] };
        let (visit, elapsed_ms) = self.come(*entry, &query, cookies).await;
        let asked = self.questions(*entry).saturating_sub(asked_before);
        self.centre.manner().set(Settings::default());
        let judged = |visit: Visit| {
            let why = landing.judge(
                *expected,
                &visit,
                code.as_deref(),
                self.browser.is_encrypted(),
            );
            why.or_else(|| landing.kept_by(&visit).filter(|_| *is_known))
                .or_else(|| reflected(tenant.as_deref(), &visit))
        };
        let why = visit.map_or_else(Some, judged);
        let why = why.or_else(|| miscounted(*questions, asked));
        let report = CaseReport::of_visit(name, expected.word(), elapsed_ms, why);
        self.reports.push(report);
    }

    async fn come(&self, entry: Entry, query: &[(&str, &str)], cookies: &[Cookie]) -> Timed {
        let login_address = self.introduction.login_address();
        let address = match entry {
            Entry::Code => login_address,
            Entry::Ticket => self.introduction.cas_address().unwrap_or(login_address),
        };
        if query.is_empty() {
            self.browser.open(address, cookies).await
        } else {
            self.browser
                .open(&with_query(address, query), cookies)
                .await
        }
    }

    async fn code(&self, entry: Entry, code: Code) -> Option<String> {
        let own = &self.introduction.own;
        match code {
            Code::Of(user_name) => Some(self.fresh(entry, own, user_name)),
            Code::OfOther => Some(self.fresh(entry, &self.introduction.other, GRANTED)),
            Code::Used => {
                let code = self.fresh(entry, own, GRANTED);
                let query = entry.query(Some(&code), Some(own.tenant()));
                // How that ends is the affair of the case before.
                drop(self.come(entry, &query, &[]).await);
                Some(code)
            },
            Code::Expired => {
                let code = self.fresh(entry, own, GRANTED);
                self.clock
                    .advance(i64::from(Settings::default().code_seconds));
                Some(code)
            },
            Code::MadeUp => Some(entry.made_up(own.tenant())),
            Code::Empty => Some(String::new()),
            Code::Long => Some("x".repeat(LONG_CHARS)),
            Code::Absent => None,
        }
    }

    fn tenant(&self, tenant: Tenant) -> Option<String> {
        match tenant {
            Tenant::Own => Some(self.introduction.own.tenant().to_owned()),
            Tenant::Other => Some(self.introduction.other.tenant().to_owned()),
            Tenant::Text(text) => Some(text.to_owned()),
            Tenant::Long => Some("x".repeat(LONG_CHARS)),
            Tenant::Absent => None,
        }
    }

    fn fresh(&self, entry: Entry, party: &Party, user_name: &str) -> String {
        let (tenant, app_id) = (party.tenant(), self.introduction.app_id());
        let issued = match entry {
            Entry::Code => {
                let back = self.centre.sign_in(tenant, app_id, user_name);
                back.map(|back| back.code)
            },
            Entry::Ticket => self.centre.sign_in_by_cas(tenant, app_id, user_name),
        };
        issued.expect("the enterprises and their members were enrolled before")
    }

    fn questions(&self, entry: Entry) -> usize {
        let calls = self.centre.calls().into_iter();
        calls.filter(|it| it.interface == entry.interface()).count()
    }
}

/// What a browser brings does not become part of the page.
fn reflected(tenant: Option<&str>, visit: &Visit) -> Option<String> {
    let markup = tenant.filter(|tenant| tenant.contains('<'))?;
    visit
        .page
        .contains(markup)
        .then(|| "the page repeats the parameter without escaping it".to_owned())
}

fn miscounted(expected: Option<usize>, asked: usize) -> Option<String> {
    let expected = expected.filter(|expected| *expected != asked)?;
    Some(format!(
        "asked the centre {asked} times instead of {expected}"
    ))
}
