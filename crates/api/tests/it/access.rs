//! Who may ask, and what is at no address.

use crate::scene::{Plan, Scene};

#[actix_web::test]
async fn a_token_opens_everything_and_health_needs_none() {
    let scene = Scene::of(Plan {
        tokens: vec!["first-token", "second-token"],
        ..Plan::default()
    });
    for target in [
        "/v1/licenses",
        "/v1/records",
        "/metrics",
        "/openapi.json",
        "/v1/nothing",
    ] {
        let answer = scene.ask(target).await;
        assert_eq!(
            answer.problem(),
            (401, "unauthorized".to_owned()),
            "{target}"
        );
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    for target in ["/health/live", "/health/ready"] {
        assert_eq!(scene.ask(target).await.status, 200, "{target}");
    }
    for (header, status) in [
        ("Bearer first-token", 200),
        ("bearer second-token", 200),
        ("Bearer third-token", 401),
        ("Bearer ", 401),
        ("Basic first-token", 401),
        ("first-token", 401),
    ] {
        let request = scene.request(reqwest::Method::GET, "/v1/licenses");
        let answer = scene.send(request.header("authorization", header)).await;
        assert_eq!(answer.status, status, "{header}");
    }
}

#[actix_web::test]
async fn without_tokens_everybody_who_reaches_it_may_ask() {
    let scene = Scene::new();
    assert_eq!(scene.ask("/v1/licenses").await.status, 200);
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem() {
    let scene = Scene::new();
    for target in ["/", "/v1", "/v1/nothing", "/v2/licenses", "/health"] {
        let problem = scene.ask(target).await.problem();
        assert_eq!(problem, (404, "unknown_address".to_owned()), "{target}");
    }
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_one() {
    let scene = Scene::new();
    let answer = scene.post("/v1/licenses").await;
    assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.headers["allow"], "GET");
    let answer = scene.ask("/v1/codes/PLTEST0001/activate").await;
    assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.headers["allow"], "POST");
}
