//! Every right and wrong way to come to a login address.

use std::time::Duration;

use super::attempt::{Attempt, Code, Entry, Tenant};
use super::introduction::{DELETED, DISABLED, GRANTED, STRANGER, WITHDRAWN};
use super::judge::Expected;
use crate::centre::{PersonFaults, Settings, TokenFaults};

/// An address that nobody is to be sent to.
const ELSEWHERE: &str = "https://elsewhere.example.com/";

/// Names under which an address to go on with is often taken.
const REDIRECTS: &[(&str, &str)] = &[
    ("redirect", ELSEWHERE),
    ("redirect_uri", ELSEWHERE),
    ("redirect_url", ELSEWHERE),
    ("redirectUrl", ELSEWHERE),
    ("return_to", ELSEWHERE),
    ("returnUrl", ELSEWHERE),
    ("next", ELSEWHERE),
    ("target", ELSEWHERE),
    ("url", ELSEWHERE),
    ("goto", "//elsewhere.example.com/"),
];

/// All of them, in the order in which they are tried.
pub(super) fn attempts(patience: Duration) -> Vec<Attempt> {
    let mut attempts = good();
    attempts.extend(parameters());
    attempts.extend(codes());
    attempts.extend(members());
    attempts.extend(persons([
        "a person of another enterprise",
        "userinfo fails",
        "userinfo answers with half of the JSON",
    ]));
    attempts.extend(failures(patience));
    attempts.push(Attempt::good("a login after all that"));
    attempts
}

/// All of them with tickets of CAS.
pub(super) fn tickets() -> Vec<Attempt> {
    let refused = |name, code, tenant, questions| Attempt {
        entry: Entry::Ticket,
        questions,
        ..Attempt::bad(name, code, tenant)
    };
    let of = |name, user_name| refused(name, Code::Of(user_name), Tenant::Own, Some(1));
    let of_own = |name, code, questions| refused(name, code, Tenant::Own, questions);
    let of_tenant = |name, tenant| refused(name, Code::Of(GRANTED), tenant, Some(0));
    let mut attempts = vec![
        Attempt {
            entry: Entry::Ticket,
            ..Attempt::good("CAS: a login")
        },
        of_own("CAS: no ticket", Code::Absent, Some(0)),
        of_own("CAS: an empty ticket", Code::Empty, Some(0)),
        of_own("CAS: a ticket that is too long", Code::Long, Some(0)),
        of_tenant("CAS: no tenant", Tenant::Absent),
        of_tenant("CAS: a tenant that is too long", Tenant::Long),
        of_own("CAS: a made-up ticket", Code::MadeUp, Some(1)),
        of_own("CAS: a ticket for the second time", Code::Used, None),
        of_own("CAS: a ticket that has expired", Code::Expired, Some(1)),
        of_own(
            "CAS: a ticket of another enterprise",
            Code::OfOther,
            Some(1),
        ),
        of("CAS: a member that was never authorised", STRANGER),
        of("CAS: a member that is disabled", DISABLED),
        of("CAS: a member whose authorisation was withdrawn", WITHDRAWN),
    ];
    attempts.extend(
        persons([
            "CAS: a person of another enterprise",
            "CAS: the centre fails",
            "CAS: the centre answers with half of it",
        ])
        .map(|attempt| Attempt {
            entry: Entry::Ticket,
            ..attempt
        }),
    );
    attempts
}

fn good() -> Vec<Attempt> {
    let without_refresh_token = token(TokenFaults {
        no_refresh_token_percent: 100,
        ..TokenFaults::default()
    });
    let brief = person(PersonFaults {
        brief_percent: 100,
        ..PersonFaults::default()
    });
    vec![
        Attempt::of_other("a login of another enterprise"),
        Attempt {
            is_known: true,
            ..Attempt::good("a browser with a session gets another one")
        },
        Attempt {
            extra: REDIRECTS,
            ..Attempt::good("addresses to go on with are ignored")
        },
        Attempt {
            settings: without_refresh_token,
            ..Attempt::good("tokens without a refresh token")
        },
        Attempt {
            settings: brief,
            ..Attempt::good("a person with the printed members only")
        },
    ]
}

fn parameters() -> Vec<Attempt> {
    let fresh = Code::Of(GRANTED);
    let markup = Tenant::Text("\"><script>alert(1)</script>");
    vec![
        Attempt::bad("neither code nor tenant", Code::Absent, Tenant::Absent),
        Attempt::bad("no code", Code::Absent, Tenant::Own),
        Attempt::bad("an empty code", Code::Empty, Tenant::Own),
        Attempt::bad("a code that is too long", Code::Long, Tenant::Own),
        Attempt::bad("no tenant", fresh, Tenant::Absent),
        Attempt::bad("an empty tenant", fresh, Tenant::Text("")),
        Attempt::bad("a tenant that is too long", fresh, Tenant::Long),
        Attempt::bad("an unknown tenant", fresh, Tenant::Text("t-made-up")),
        Attempt::bad("a tenant with markup in it", fresh, markup),
    ]
}

fn codes() -> Vec<Attempt> {
    let refused = |name, code, questions| Attempt {
        questions,
        ..Attempt::bad(name, code, Tenant::Own)
    };
    vec![
        refused("a made-up code", Code::MadeUp, Some(1)),
        // A merchant may remember what it has seen.
        refused("a code for the second time", Code::Used, None),
        refused("a code that has expired", Code::Expired, Some(1)),
        // What the centre says then is what it says to a client that was replaced, too.
        Attempt {
            expected: Expected::NotSignedIn,
            ..refused("the code of another enterprise", Code::OfOther, Some(1))
        },
        Attempt {
            tenant: Tenant::Other,
            expected: Expected::NotSignedIn,
            ..refused("a code with another tenant", Code::Of(GRANTED), Some(1))
        },
    ]
}

fn members() -> Vec<Attempt> {
    let refused = |name, user_name| Attempt {
        questions: Some(1),
        ..Attempt::bad(name, Code::Of(user_name), Tenant::Own)
    };
    vec![
        refused("a member that was never authorised", STRANGER),
        refused("a member that is disabled", DISABLED),
        refused("a member whose authorisation was withdrawn", WITHDRAWN),
        refused("a member that was deleted", DELETED),
    ]
}

/// What is wrong with the answer to who that is.
fn persons([other, failing, half]: [&'static str; 3]) -> [Attempt; 3] {
    let faulty = |name, expected, faults| Attempt {
        settings: person(faults),
        expected,
        ..Attempt::good(name)
    };
    let none = PersonFaults::default;
    [
        faulty(
            other,
            Expected::Refused,
            PersonFaults {
                other_tenant_percent: 100,
                ..none()
            },
        ),
        faulty(
            failing,
            Expected::NotSignedIn,
            PersonFaults {
                internal_percent: 100,
                ..none()
            },
        ),
        faulty(
            half,
            Expected::NotSignedIn,
            PersonFaults {
                malformed_percent: 100,
                ..none()
            },
        ),
    ]
}

/// The code is never sent twice: the merchant cannot know whether it was used up.
fn failures(patience: Duration) -> Vec<Attempt> {
    let none = TokenFaults::default;
    let faulty = |name, faults| Attempt {
        settings: token(faults),
        expected: Expected::NotSignedIn,
        ..Attempt::good(name)
    };
    let expired = TokenFaults {
        expired_percent: 100,
        ..none()
    };
    let slow = TokenFaults {
        slow_percent: 100,
        ..none()
    };
    let slow_ms = u32::try_from(patience.as_millis().saturating_mul(2)).unwrap_or(u32::MAX);
    vec![
        faulty(
            "token fails",
            TokenFaults {
                internal_percent: 100,
                ..none()
            },
        ),
        faulty(
            "token is forbidden",
            TokenFaults {
                forbidden_percent: 100,
                ..none()
            },
        ),
        faulty(
            "token answers with half of the JSON",
            TokenFaults {
                malformed_percent: 100,
                ..none()
            },
        ),
        Attempt {
            questions: None,
            ..faulty("an access token that has expired", expired)
        },
        Attempt {
            settings: Settings {
                slow_ms,
                ..token(slow)
            },
            ..faulty("token does not answer in time", slow)
        },
    ]
}

fn token(token: TokenFaults) -> Settings {
    Settings {
        token,
        ..Settings::default()
    }
}

fn person(person: PersonFaults) -> Settings {
    Settings {
        person,
        ..Settings::default()
    }
}
