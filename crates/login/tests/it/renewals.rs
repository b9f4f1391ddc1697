//! What the centre gave is renewed while it can be.

use serde_json::json;

use crate::centre::reply;
use crate::scene::Scene;

const TOKENS_2: &str =
    r#"{"access_token":"acc3ss-2","expires_in":7200,"refresh_token":"r3fresh-2"}"#;

fn renewal(refresh: &str) -> String {
    format!(
        "client_id=client-1&client_secret=s3cret%2F%2B%3D%26&grant_type=refresh_token&refresh_token={refresh}"
    )
}

#[actix_web::test]
async fn an_access_token_is_renewed_shortly_before_its_end_and_the_refresh_token_rotates() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.centre.asked();
    scene.after(6_899);
    assert_eq!(scene.check(&session).await["good"], true);
    assert!(scene.centre.asked().is_empty());
    scene.after(6_900);
    scene.centre.gives_tokens(TOKENS_2);
    assert_eq!(scene.check(&session).await["good"], true);
    assert_eq!(scene.check(&session).await["good"], true);
    let asked = scene.centre.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "/api/v1/oauth2/token");
    assert_eq!(asked[0].body, renewal("r3fresh-1"));
    // One that does not rotate goes on.
    scene.after(6_900 + 6_900);
    scene.centre.gives_tokens(r#"{"access_token":"acc3ss-3"}"#);
    assert_eq!(scene.check(&session).await["good"], true);
    assert_eq!(scene.centre.asked()[0].body, renewal("r3fresh-2"));
    scene.after(6_900 + 6_900 + 6_900);
    assert_eq!(scene.check(&session).await["good"], true);
    assert_eq!(scene.centre.asked()[0].body, renewal("r3fresh-2"));
}

#[actix_web::test]
async fn two_who_ask_at_once_renew_once() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.centre.asked();
    scene.after(7_000);
    scene.centre.gives_tokens(TOKENS_2);
    let (one, two, three) = tokio::join!(
        scene.check(&session),
        scene.check(&session),
        scene.check(&session)
    );
    for answer in [one, two, three] {
        assert_eq!(answer["good"], true);
    }
    assert_eq!(scene.centre.asked().len(), 1);
}

#[actix_web::test]
async fn a_centre_that_refuses_ends_the_session() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.after(7_000);
    let refused = r#"{"error":"invalid_grant","error_description":"Invalid refresh token"}"#;
    scene.centre.answers_token(reply(400, refused));
    let over = json!({ "good": false, "reason": "centre_refused" });
    assert_eq!(scene.check(&session).await, over);
    assert_eq!(scene.check(&session).await["reason"], "unknown_session");
}

#[actix_web::test]
async fn trouble_on_the_way_keeps_a_session_until_its_access_token_has_run_out() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.centre.asked();
    scene.centre.answers_token(reply(503, ""));
    scene.after(7_000);
    assert_eq!(scene.check(&session).await["good"], true);
    // Not asked again at every question.
    scene.after(7_029);
    assert_eq!(scene.check(&session).await["good"], true);
    assert_eq!(scene.centre.asked().len(), 1);
    scene.after(7_030);
    assert_eq!(scene.check(&session).await["good"], true);
    assert_eq!(scene.centre.asked().len(), 1);
    scene.after(7_200);
    let over = json!({ "good": false, "reason": "access_expired" });
    assert_eq!(scene.check(&session).await, over);
}

#[actix_web::test]
async fn a_session_that_slept_is_renewed_if_the_centre_is_there() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.centre.gives_tokens(TOKENS_2);
    scene.after(20_000);
    assert_eq!(scene.check(&session).await["good"], true);
}

#[actix_web::test]
async fn without_a_refresh_token_a_session_lasts_as_long_as_its_access_token() {
    let scene = Scene::bound();
    scene
        .centre
        .gives_tokens(r#"{"access_token":"acc3ss-1","expires_in":600}"#);
    let session = scene.session("c1").await;
    scene.centre.asked();
    scene.after(599);
    assert_eq!(scene.check(&session).await["good"], true);
    scene.after(600);
    let over = json!({ "good": false, "reason": "access_expired" });
    assert_eq!(scene.check(&session).await, over);
    assert!(scene.centre.asked().is_empty());
}

#[actix_web::test]
async fn a_renewal_proves_itself_with_the_client_as_it_is_told_now() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.set_client_secret("an0ther");
    scene.centre.asked();
    scene.after(7_000);
    assert_eq!(scene.check(&session).await["good"], true);
    assert!(
        scene.centre.asked()[0]
            .body
            .contains("client_secret=an0ther")
    );
}

#[actix_web::test]
async fn a_centre_is_not_asked_while_the_vault_is_away() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.centre.asked();
    scene.after(7_000);
    scene.vault_goes();
    let body = json!({ "listing": "cad-pro", "session": session });
    assert_eq!(scene.post("sessions/check", &body).await.status, 503);
    assert!(scene.centre.asked().is_empty());
    scene.vault_returns();
    scene.after(7_030);
    assert_eq!(scene.check(&session).await["good"], true);
    assert_eq!(scene.centre.asked()[0].body, renewal("r3fresh-1"));
}
