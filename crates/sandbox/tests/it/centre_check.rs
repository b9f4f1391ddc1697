//! The check of login addresses finds what is wrong, and only that.

mod merchant;

use std::time::Duration;

use secrecy::SecretString;
use tenure_sandbox::centre::DirectoryError;
use tenure_sandbox::check::{Login, LoginCheckError, Report, Target, check_login};
use tenure_sandbox::kit::secret::PublicKey;

use crate::client;
use merchant::{APP, Manner, Merchant};

/// The merchants here give up sooner.
const PATIENCE: Duration = Duration::from_millis(1500);

fn public_key() -> PublicKey {
    PublicKey::parse(include_str!("../keys/kit-public.txt")).unwrap()
}

fn target(url: &str) -> Target {
    Target {
        url: url.to_owned(),
        key: SecretString::from("kitAccessKey-Example-0001"),
        public_key: Some(public_key()),
    }
}

fn login(login_address: &str) -> Login {
    Login {
        login_address: login_address.to_owned(),
        cas_address: None,
        app_id: APP.to_owned(),
        instance: String::new(),
        centre_bind: ([127, 0, 0, 1], 0).into(),
        centre_origin: None,
        patience: PATIENCE,
    }
}

async fn checked(manner: Manner) -> Report {
    check_with(manner, |_, _| ()).await
}

async fn checked_with_cas(manner: Manner) -> Report {
    let cas = |login: &mut Login, origin: &str| login.cas_address = Some(format!("{origin}/cas"));
    check_with(manner, cas).await
}

async fn check_with(manner: Manner, change: impl FnOnce(&mut Login, &str)) -> Report {
    let origin = Merchant::start(manner);
    let target = target(&format!("{origin}/in"));
    let mut login = login(&format!("{origin}/login"));
    change(&mut login, &origin);
    check_login(&client(), &target, &login).await.unwrap()
}

#[track_caller]
fn failed(report: &Report, expected: &[&str]) {
    let failed: Vec<_> = report.failures().map(|case| case.name.as_str()).collect();
    assert_eq!(failed, expected, "{report}");
}

#[actix_web::test]
async fn a_merchant_by_the_book_passes() {
    for manner in [Manner::Good, Manner::Ticket] {
        let report = checked(manner).await;
        assert!(report.passed(), "{report}");
        assert_eq!(report.cases.len(), 53, "{report}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["family"], "login");
    }
}

#[actix_web::test]
async fn tickets_are_tried_where_there_is_an_address_for_them() {
    let report = checked_with_cas(Manner::Good).await;
    assert!(report.passed(), "{report}");
    let tickets = report
        .cases
        .iter()
        .filter(|it| it.name.starts_with("CAS: "));
    assert_eq!(tickets.count(), 16);
    let report = checked_with_cas(Manner::AnyTicket).await;
    let expected = [
        "CAS: a member that was never authorised",
        "CAS: a member that is disabled",
        "CAS: a member whose authorisation was withdrawn",
        "CAS: a person of another enterprise",
    ];
    failed(&report, &expected);
}

#[actix_web::test]
async fn who_does_not_look_at_the_person_signs_anybody_in() {
    let report = checked(Manner::AnyPerson).await;
    let expected = [
        "a member that was never authorised",
        "a member that is disabled",
        "a member whose authorisation was withdrawn",
        "a member that was deleted",
        "a person of another enterprise",
    ];
    failed(&report, &expected);
}

#[actix_web::test]
async fn who_sends_a_code_again_is_found_out() {
    let report = checked(Manner::Twice).await;
    let expected = [
        "a made-up code",
        "a code that has expired",
        "the code of another enterprise",
        "a code with another tenant",
        "token fails",
        "token is forbidden",
        "token answers with half of the JSON",
        "token does not answer in time",
    ];
    failed(&report, &expected);
}

#[actix_web::test]
async fn who_goes_where_a_parameter_says_is_found_out() {
    let report = checked(Manner::OpenRedirect).await;
    failed(&report, &["addresses to go on with are ignored"]);
    let why = report.failures().next().unwrap().why.as_deref();
    assert_eq!(why, Some("led to https://elsewhere.example.com/"));
}

#[actix_web::test]
async fn who_keeps_a_session_that_was_brought_is_found_out() {
    let report = checked(Manner::FixedSession).await;
    failed(&report, &["a browser with a session gets another one"]);
}

#[actix_web::test]
async fn who_repeats_a_parameter_as_markup_is_found_out() {
    let report = checked(Manner::Markup).await;
    failed(&report, &["a tenant with markup in it"]);
}

#[actix_web::test]
async fn who_does_not_bound_parameters_is_found_out() {
    let report = checked(Manner::Unbounded).await;
    let expected = ["no code", "an empty code", "a code that is too long"];
    failed(&report, &expected);
}

#[actix_web::test]
async fn who_has_one_client_for_all_enterprises_is_found_out() {
    let report = checked(Manner::OneClient).await;
    let expected = [
        "a login of another enterprise",
        "a login of the other enterprise after that",
    ];
    failed(&report, &expected);
}

#[actix_web::test]
async fn who_forgets_nothing_signs_in_after_all_is_over() {
    let report = checked(Manner::Unforgetting).await;
    let expected = [
        "a login after the application was withdrawn",
        "a login after the enterprise was unbound",
    ];
    failed(&report, &expected);
}

#[actix_web::test]
async fn who_waits_for_ever_is_not_waited_for() {
    let report = checked(Manner::Patient).await;
    failed(&report, &["token does not answer in time"]);
    let why = report.failures().next().unwrap().why.as_deref();
    assert_eq!(why, Some("no answer within 1.5 s"));
}

#[actix_web::test]
async fn without_a_first_login_nothing_else_is_tried() {
    let first = "a login leads to a clean address with a session";
    for (manner, why) in [
        (
            Manner::KeepsCode,
            "the code stays in the address that the browser is sent to",
        ),
        (Manner::OpenCookie, "the cookie `session` is not HttpOnly"),
        // The secret has characters that a form has to escape.
        (
            Manner::Unescaped,
            "HTTP status 403 instead of a redirect to a clean address",
        ),
    ] {
        let report = checked(manner).await;
        failed(&report, &[first]);
        assert_eq!(report.failures().next().unwrap().why.as_deref(), Some(why));
        let last = report.cases.last().unwrap();
        assert_eq!(last.name, "the other enterprise is unbound");
    }
}

#[actix_web::test]
async fn what_cannot_be_tried_is_said_at_once() {
    let check = async |target: &Target, login: &Login| {
        let refused = check_login(&client(), target, login).await;
        refused.map(|report| report.cases.len()).unwrap_err()
    };
    let mut without_key = target("http://127.0.0.1:9/in");
    without_key.public_key = None;
    let error = check(&without_key, &login("http://127.0.0.1:9/login")).await;
    assert!(matches!(error, LoginCheckError::PublicKeyAbsent));
    let target = target("http://127.0.0.1:9/in");
    let error = check(&target, &login("127.0.0.1:9/login")).await;
    let expected = DirectoryError::LoginAddress;
    assert!(matches!(error, LoginCheckError::Account(it) if it == expected));
    let mut nameless = login("http://127.0.0.1:9/login");
    nameless.app_id.clear();
    let error = check(&target, &nameless).await;
    assert!(matches!(error, LoginCheckError::Account(_)));
    let mut taken = login("http://127.0.0.1:9/login");
    let holder = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    taken.centre_bind = holder.local_addr().unwrap();
    let error = check(&target, &taken).await;
    assert!(matches!(error, LoginCheckError::Bind(_)));
}

#[actix_web::test]
async fn who_cannot_be_told_of_enterprises_is_not_visited() {
    let target = target("http://127.0.0.1:9/in");
    let login = login("http://127.0.0.1:9/login");
    let report = check_login(&client(), &target, &login).await.unwrap();
    assert_eq!(report.failures().count(), report.cases.len());
    assert!(
        report
            .cases
            .iter()
            .all(|case| case.expectation == "success")
    );
}
