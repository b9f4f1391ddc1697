//! From the ticket to the end of the session.

use serde_json::json;
use tenure_domain::tenant::Role;
use tenure_login::{Settings, backend};

use crate::scene::{Scene, TENANT, USER};

#[actix_web::test]
async fn a_ticket_tells_who_logged_in() {
    let scene = Scene::bound();
    let ticket = scene.ticket("c1").await;
    let answer = scene.exchange(&ticket).await.json();
    let session = answer["session"].as_str().unwrap();
    assert_eq!(session.len(), 64);
    let expected = json!({
        "listing": "cad-pro",
        "tenant_id": "t-0001",
        "tenant_code": "demo",
        "test": false,
        "user_name": "zhangsan01",
        "name": "张三",
        // The centre says admin, the kit says user: the lower one counts.
        "role": "user",
        "department": "10000",
        "expires_at": "2026-01-01T12:00:00Z",
    });
    let mut with_session = expected.clone();
    with_session["session"] = session.into();
    assert_eq!(answer, with_session);
    assert_eq!(
        scene.check(session).await,
        json!({ "good": true, "user": expected })
    );
}

#[actix_web::test]
async fn an_administrator_of_both_is_one_and_follows_the_kit() {
    let scene = Scene::bound();
    scene.grant(TENANT, None, USER, Role::Admin, true);
    let session = scene.session("c1").await;
    assert_eq!(scene.check(&session).await["user"]["role"], "admin");
    scene.grant(TENANT, None, USER, Role::User, true);
    assert_eq!(scene.check(&session).await["user"]["role"], "user");
}

#[actix_web::test]
async fn a_ticket_is_good_once() {
    let scene = Scene::bound();
    let ticket = scene.ticket("c1").await;
    let unknown = (404, "unknown_ticket".to_owned());
    assert_eq!(scene.exchange(&ticket).await.status, 200);
    assert_eq!(scene.exchange(&ticket).await.problem(), unknown);
    for other in ["", "x", &"0".repeat(64)] {
        assert_eq!(scene.exchange(other).await.problem(), unknown);
    }
}

#[actix_web::test]
async fn a_ticket_outlasts_a_vault_that_is_away() {
    let scene = Scene::bound();
    let ticket = scene.ticket("c1").await;
    scene.vault_goes();
    let away = (503, "login_unavailable".to_owned());
    assert_eq!(scene.exchange(&ticket).await.problem(), away);
    scene.vault_returns();
    assert_eq!(scene.exchange(&ticket).await.status, 200);
    assert_eq!(scene.exchange(&ticket).await.status, 404);
}

#[actix_web::test]
async fn a_ticket_is_good_for_a_minute() {
    let scene = Scene::bound();
    let (one, other) = (scene.ticket("c1").await, scene.ticket("c2").await);
    scene.after(59);
    assert_eq!(scene.exchange(&one).await.status, 200);
    scene.after(60);
    let problem = scene.exchange(&other).await.problem();
    assert_eq!(problem, (404, "unknown_ticket".to_owned()));
}

#[actix_web::test]
async fn a_ticket_of_another_listing_or_enterprise_is_refused() {
    let scene = Scene::bound();
    let unknown = (404, "unknown_ticket".to_owned());
    let ticket = scene.ticket("c1").await;
    let with = |listing: &str, tenant: Option<&str>| json!({ "listing": listing, "ticket": ticket, "tenant_id": tenant });
    let post = async |body| scene.post("exchange", &body).await.problem();
    assert_eq!(post(with("other-pro", None)).await, unknown);
    let no_listing = (404, "unknown_listing".to_owned());
    assert_eq!(post(with("nobody", None)).await, no_listing);
    assert_eq!(post(with("cad-pro", Some("t-0002"))).await, unknown);
    // Who named another enterprise does not get to try again.
    assert_eq!(post(with("cad-pro", Some("t-0001"))).await, unknown);
    let ticket = scene.ticket("c2").await;
    let body = json!({ "listing": "cad-pro", "ticket": ticket, "tenant_id": "t-0001" });
    assert_eq!(scene.post("exchange", &body).await.status, 200);
}

#[actix_web::test]
async fn a_ticket_is_no_session_and_a_session_is_no_ticket() {
    let scene = Scene::bound();
    let ticket = scene.ticket("c1").await;
    let over = json!({ "good": false, "reason": "unknown_session" });
    assert_eq!(scene.check(&ticket).await, over);
    let session = scene.session("c2").await;
    let problem = scene.exchange(&session).await.problem();
    assert_eq!(problem, (404, "unknown_ticket".to_owned()));
    let body = json!({ "listing": "other-pro", "session": session });
    assert_eq!(scene.post("sessions/check", &body).await.json(), over);
}

#[actix_web::test]
async fn a_session_is_over_in_the_end() {
    let scene = Scene::with_settings(|settings: Settings| settings.lasting(100, 60, 8).unwrap());
    scene.bind_all();
    let session = scene.session("c1").await;
    scene.after(99);
    assert_eq!(scene.check(&session).await["good"], true);
    scene.after(100);
    let over = json!({ "good": false, "reason": "unknown_session" });
    assert_eq!(scene.check(&session).await, over);
}

#[actix_web::test]
async fn ending_a_session_sends_the_browser_to_its_centre_and_may_be_repeated() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    let body = json!({ "listing": "cad-pro", "session": session });
    let answer = scene.post("sessions/end", &body).await.json();
    let logout = format!(
        "{}/api/v1/logout?redirect_url=https%3A%2F%2Fapp.example.com%2Fbye",
        scene.centre.origin
    );
    assert_eq!(answer, json!({ "logout_url": logout }));
    assert_eq!(scene.check(&session).await["reason"], "unknown_session");
    let answer = scene.post("sessions/end", &body).await.json();
    assert_eq!(
        answer,
        json!({ "logout_url": "https://app.example.com/bye" })
    );
}

#[actix_web::test]
async fn a_member_has_so_many_sessions_and_the_oldest_makes_room() {
    let scene = Scene::bound();
    let mut sessions = Vec::new();
    for number in 0..17 {
        sessions.push(scene.session(&format!("c{number}")).await);
    }
    assert_eq!(scene.check(&sessions[0]).await["good"], false);
    assert_eq!(scene.check(&sessions[1]).await["good"], true);
    assert_eq!(scene.check(&sessions[16]).await["good"], true);
}

#[actix_web::test]
async fn a_body_is_what_the_document_says() {
    let scene = Scene::bound();
    let malformed = (400, "malformed_body".to_owned());
    for body in [
        json!({}),
        json!([]),
        json!({ "listing": "cad-pro" }),
        json!({ "listing": "cad-pro", "ticket": "x", "next": "https://evil.example.com" }),
    ] {
        let problem = scene.post("exchange", &body).await.problem();
        assert_eq!(problem, malformed, "{body}");
    }
    let long = json!({ "listing": "cad-pro", "ticket": "x".repeat(5_000) });
    let problem = scene.post("exchange", &long).await.problem();
    assert_eq!(problem, (413, "body_too_large".to_owned()));
}

#[actix_web::test]
async fn the_document_of_the_api_lists_what_is_answered_here() {
    let scene = Scene::empty();
    let extension = backend::extension(std::sync::Arc::clone(&scene.login));
    let document = tenure_api::document(&[extension]);
    let document = serde_json::to_value(document).unwrap();
    for (path, body) in [
        ("/v1/login/exchange", "ExchangeRequest"),
        ("/v1/login/sessions/check", "SessionRequest"),
        ("/v1/login/sessions/end", "SessionRequest"),
    ] {
        let content = &document["paths"][path]["post"]["requestBody"]["content"];
        let schema = &content["application/json"]["schema"]["$ref"];
        assert_eq!(schema, &format!("#/components/schemas/{body}"), "{path}");
        assert!(
            document["components"]["schemas"][body].is_object(),
            "{body}"
        );
    }
    assert!(document["components"]["schemas"]["Problem"].is_object());
    assert!(document["paths"]["/v1/licenses"].is_object());
}
