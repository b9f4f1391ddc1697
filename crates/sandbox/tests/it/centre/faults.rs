//! Faults on purpose.

use std::time::Duration;

use serde_json::{Value, json};
use tenure_sandbox::centre::{PersonFaults, Settings, TokenFaults};

use super::{Running, refusal};

fn token(running: &Running, faults: TokenFaults) {
    running.centre.manner().set(Settings {
        token: faults,
        slow_ms: 1000,
        ..Settings::default()
    });
}

fn person(running: &Running, faults: PersonFaults) {
    running.centre.manner().set(Settings {
        person: faults,
        ..Settings::default()
    });
}

#[actix_web::test]
async fn refused_on_purpose_a_code_stays_good() {
    let running = Running::start();
    let code = running.code();
    token(
        &running,
        TokenFaults {
            internal_percent: 100,
            ..TokenFaults::default()
        },
    );
    let (status, answer) = running.exchange(&[("code", &code)]).await;
    assert_eq!((status, &answer["error"]), (500, &json!("server_error")));
    token(
        &running,
        TokenFaults {
            forbidden_percent: 100,
            ..TokenFaults::default()
        },
    );
    let forbidden = refusal("invalid_client", "Bad client credentials");
    assert_eq!(running.exchange(&[("code", &code)]).await, (403, forbidden));
    running.centre.manner().set(Settings::default());
    assert_eq!(running.exchange(&[("code", &code)]).await.0, 200);
}

#[actix_web::test]
async fn answers_are_cut_or_come_late_after_all_is_done() {
    let running = Running::start();
    let code = running.code();
    token(
        &running,
        TokenFaults {
            malformed_percent: 100,
            ..TokenFaults::default()
        },
    );
    let (status, answer) = running.exchange(&[("code", &code)]).await;
    assert_eq!(status, 200);
    assert!(
        matches!(&answer, Value::String(half) if half.starts_with('{')),
        "{answer}"
    );
    token(
        &running,
        TokenFaults {
            slow_percent: 100,
            ..TokenFaults::default()
        },
    );
    let request = running.http.post(running.url("/oauth2/token"));
    let request = request.timeout(Duration::from_millis(100)).body("");
    assert!(request.send().await.unwrap_err().is_timeout());
    running.centre.manner().set(Settings::default());
    assert_eq!(running.exchange(&[("code", &code)]).await.0, 400);
}

#[actix_web::test]
async fn tokens_are_missing_or_old() {
    let running = Running::start();
    token(
        &running,
        TokenFaults {
            no_refresh_token_percent: 100,
            ..TokenFaults::default()
        },
    );
    let (_, tokens) = running.exchange(&[("code", &running.code())]).await;
    assert_eq!(tokens.get("refresh_token"), None);
    let url = running.url("/oauth2/userinfo");
    assert_eq!(
        running.user_info(&url, &tokens["access_token"]).await.0,
        200
    );
    token(
        &running,
        TokenFaults {
            expired_percent: 100,
            ..TokenFaults::default()
        },
    );
    let (_, tokens) = running.exchange(&[("code", &running.code())]).await;
    assert_eq!(tokens["expires_in"], 7200);
    assert_eq!(
        running.user_info(&url, &tokens["access_token"]).await.0,
        401
    );
}

#[actix_web::test]
async fn persons_are_told_wrongly_or_briefly() {
    let running = Running::start();
    let (_, tokens) = running.exchange(&[("code", &running.code())]).await;
    let url = running.url("/oauth2/userinfo");
    let asked = async |faults| {
        person(&running, faults);
        running.user_info(&url, &tokens["access_token"]).await
    };
    let none = PersonFaults::default;
    let (_, stranger) = asked(PersonFaults {
        other_tenant_percent: 100,
        ..none()
    })
    .await;
    assert_eq!(stranger["userName"], "lisi02");
    assert_ne!(stranger["tenant"], "t-1");
    let (_, brief) = asked(PersonFaults {
        brief_percent: 100,
        ..none()
    })
    .await;
    let mut names: Vec<_> = brief.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["email", "id", "mobile", "name", "userName"]);
    let (status, _) = asked(PersonFaults {
        internal_percent: 100,
        ..none()
    })
    .await;
    assert_eq!(status, 500);
    let (status, half) = asked(PersonFaults {
        malformed_percent: 100,
        ..none()
    })
    .await;
    assert!(status == 200 && half.is_string(), "{half}");
}

#[actix_web::test]
async fn the_same_seed_meets_the_same_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let running = Running::start();
        token(
            &running,
            TokenFaults {
                internal_percent: 50,
                ..TokenFaults::default()
            },
        );
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(running.exchange(&[("code", &running.code())]).await.0);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].contains(&500) && runs[0].contains(&200), "{runs:?}");
}
