//! Sessions end with what they rest on.

use serde_json::json;
use tenure_domain::Intent;
use tenure_domain::tenant::{Command, Partition, Role};

use crate::scene::{Scene, TENANT, USER, application};

#[track_caller]
fn over(reason: &str) -> serde_json::Value {
    json!({ "good": false, "reason": reason })
}

#[actix_web::test]
async fn a_member_who_is_withdrawn_while_logged_in_is_out() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    let ticket = scene.ticket("c2").await;
    scene.withdraw(USER);
    assert_eq!(scene.check(&session).await, over("member_withdrawn"));
    let problem = scene.exchange(&ticket).await.problem();
    assert_eq!(problem, (409, "member_withdrawn".to_owned()));
    // It is over for good, whatever comes after.
    scene.grant(TENANT, None, USER, Role::User, true);
    assert_eq!(scene.check(&session).await, over("unknown_session"));
    let metrics = scene.metrics();
    let counted =
        r#"tenure_login_sessions_ended_total{listing="cad-pro",outcome="member_withdrawn"} 2"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[actix_web::test]
async fn access_that_was_given_anew_is_another() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.withdraw(USER);
    scene.grant(TENANT, None, USER, Role::User, true);
    // Nobody asked in between: no event was followed, and none was missed.
    assert_eq!(scene.check(&session).await, over("granted_anew"));
    let session = scene.session("c2").await;
    assert_eq!(scene.check(&session).await["good"], true);
}

#[actix_web::test]
async fn a_member_who_is_disabled_is_out() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.grant(TENANT, None, USER, Role::User, false);
    assert_eq!(scene.check(&session).await, over("member_disabled"));
}

#[actix_web::test]
async fn a_client_that_is_withdrawn_ends_sessions() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    let application = application();
    scene.tell(TENANT, None, Command::RemoveClient { application });
    assert_eq!(scene.check(&session).await, over("client_withdrawn"));
}

#[actix_web::test]
async fn an_enterprise_that_is_unbound_is_out() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    let other = scene.session("c2").await;
    scene.tell(TENANT, None, Command::Unbind);
    assert_eq!(scene.check(&session).await, over("unbound"));
    let body = json!({ "listing": "cad-pro", "session": other });
    let answer = scene.post("sessions/end", &body).await.json();
    assert_eq!(
        answer,
        json!({ "logout_url": "https://app.example.com/bye" })
    );
}

#[actix_web::test]
async fn a_member_who_was_disabled_and_enabled_between_two_checks_is_out() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.grant(TENANT, None, USER, Role::User, false);
    scene.grant(TENANT, None, USER, Role::User, true);
    assert_eq!(scene.check(&session).await, over("member_disabled"));
    let session = scene.session("c2").await;
    assert_eq!(scene.check(&session).await["good"], true);
}

#[actix_web::test]
async fn a_client_that_was_removed_and_set_between_two_checks_ends_sessions() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    let application = application();
    scene.tell(TENANT, None, Command::RemoveClient { application });
    scene.set_client(TENANT, None, "client-1");
    assert_eq!(scene.check(&session).await, over("client_withdrawn"));
    let session = scene.session("c2").await;
    scene.set_client(TENANT, None, "client-2");
    assert_eq!(scene.check(&session).await, over("client_withdrawn"));
}

#[actix_web::test]
async fn an_instance_that_was_frozen_and_unfrozen_between_two_checks_ends_sessions() {
    let scene = of_instance();
    let session = scene.session("c1").await;
    scene.change("PLTEST0001", Intent::Freeze);
    scene.change("PLTEST0001", Intent::Unfreeze);
    assert_eq!(scene.check(&session).await, over("instance_suspended"));
    let session = scene.session("c2").await;
    assert_eq!(scene.check(&session).await["good"], true);
}

#[actix_web::test]
async fn a_suspended_instance_leaves_the_way_out_at_the_centre() {
    let scene = of_instance();
    let session = scene.session("c1").await;
    scene.change("PLTEST0001", Intent::Freeze);
    let body = json!({ "listing": "cad-pro", "session": session });
    let answer = scene.post("sessions/end", &body).await.json();
    let logout = answer["logout_url"].as_str().unwrap();
    assert!(logout.starts_with(&scene.centre.origin), "{logout}");
}

/// An enterprise that is bound to an instance which is in force for a thousand seconds.
fn of_instance() -> Scene {
    let scene = Scene::empty();
    let mut activation = tenure_testkit::activation(1, crate::scene::START + 1_000);
    activation.activated_at = tenure_domain::Instant::from_seconds(crate::scene::START);
    scene.change("PLTEST0001", Intent::Activate(activation));
    let instance = Some("PLTEST0001");
    scene.bind(TENANT, instance, &scene.centre.origin);
    scene.set_client(TENANT, instance, "client-1");
    scene.grant(TENANT, instance, USER, Role::User, true);
    scene
}

#[actix_web::test]
async fn a_suspended_instance_ends_sessions_and_lets_nobody_in() {
    let scene = of_instance();
    let session = scene.session("c1").await;
    assert_eq!(
        scene.check(&session).await["user"]["instance_id"],
        "PLTEST0001"
    );
    scene.change("PLTEST0001", Intent::Freeze);
    assert_eq!(scene.check(&session).await, over("instance_suspended"));
    let answer = scene.browse("/callback?code=c2&tenant=t-0001").await;
    assert_eq!(answer.page(), (403, "instance_suspended"));
    assert!(answer.text.contains("suspended"), "{}", answer.text);
    scene.change("PLTEST0001", Intent::Unfreeze);
    assert_eq!(scene.ticket("c3").await.len(), 64);
}

#[actix_web::test]
async fn a_term_that_runs_out_ends_sessions_without_an_event() {
    let scene = of_instance();
    let session = scene.session("c1").await;
    scene.after(1_000);
    assert_eq!(scene.check(&session).await, over("instance_expired"));
}

#[actix_web::test]
async fn a_released_instance_ends_sessions() {
    let scene = of_instance();
    let session = scene.session("c1").await;
    scene.change("PLTEST0001", Intent::Release { order: None });
    assert_eq!(scene.check(&session).await, over("instance_released"));
}

#[actix_web::test]
async fn of_several_instances_the_newest_client_counts_and_the_one_that_knows_the_member() {
    let scene = Scene::empty();
    for (instance, client) in [("PLTEST0001", "client-1"), ("PLTEST0002", "client-2")] {
        scene.bind(TENANT, Some(instance), &scene.centre.origin);
        scene.set_client(TENANT, Some(instance), client);
    }
    scene.grant(TENANT, Some("PLTEST0001"), USER, Role::User, true);
    // The login went through the other client, whose members it is not one of.
    let answer = scene.browse("/callback?code=c1&tenant=t-0001").await;
    assert_eq!(answer.page(), (403, "member_withdrawn"));
    assert!(scene.centre.asked()[0].body.contains("client_id=client-2"));
    // Both instances have one client by now.
    scene.set_client(TENANT, Some("PLTEST0001"), "client-2");
    let session = scene.session("c2").await;
    let user = &scene.check(&session).await["user"];
    assert_eq!(user["instance_id"], "PLTEST0001");
}

#[actix_web::test]
async fn a_newer_client_that_cannot_be_called_hides_no_older_one() {
    let scene = Scene::empty();
    let instances = [("PLTEST0001", "client-1"), ("PLTEST0002", "client-2")];
    for (instance, client) in instances {
        scene.bind(TENANT, Some(instance), &scene.centre.origin);
        scene.set_client(TENANT, Some(instance), client);
        scene.grant(TENANT, Some(instance), USER, Role::User, true);
    }
    scene.bind(TENANT, Some("PLTEST0002"), "http://127.0.0.1:1");
    let start = scene.browse("?tenant=t-0001").await;
    let location = start.header("location");
    assert!(location.contains("client_id=client-1"), "{location}");
    let session = scene.session("c1").await;
    assert!(scene.centre.asked()[0].body.contains("client_id=client-1"));
    let user = &scene.check(&session).await["user"];
    assert_eq!(user["instance_id"], "PLTEST0001");
    // Once none can be called, that is what is told.
    scene.bind(TENANT, Some("PLTEST0001"), "http://127.0.0.1:1");
    let answer = scene.browse("?tenant=t-0001").await;
    assert_eq!(answer.page(), (502, "centre_not_callable"));
}

#[actix_web::test]
async fn an_enterprise_that_was_erased_is_out() {
    let scene = Scene::bound();
    let session = scene.session("c1").await;
    scene.erase(TENANT);
    assert_eq!(scene.check(&session).await, over("erased"));
    let answer = scene.browse("/callback?code=c2&tenant=t-0001").await;
    assert_eq!(answer.page(), (403, "erased"));
}

#[actix_web::test]
async fn what_test_calls_told_serves_where_nothing_real_does() {
    let scene = Scene::empty();
    *scene.partition.lock().unwrap() = Partition::Test;
    scene.bind_all();
    let session = scene.session("c1").await;
    assert_eq!(scene.check(&session).await["user"]["test"], true);

    *scene.partition.lock().unwrap() = Partition::Real;
    scene.bind_all();
    // Told last, and made up.
    *scene.partition.lock().unwrap() = Partition::Test;
    scene.bind(TENANT, None, "https://made-up.example.com");
    scene.set_client(TENANT, None, "made-up");
    let real = scene.session("c2").await;
    assert_eq!(scene.check(&real).await["user"]["test"], false);
}
