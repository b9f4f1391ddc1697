//! The login with a ticket of CAS.

use crate::centre::reply;
use crate::scene::Scene;

const SUCCESS: &str = r#"<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>zhangsan01</cas:user><cas:attributes><cas:role>admin</cas:role><cas:tenant>t-0001</cas:tenant></cas:attributes></cas:authenticationSuccess></cas:serviceResponse>"#;

#[actix_web::test]
async fn a_ticket_is_asked_about_for_the_service_exactly_as_it_was_received() {
    let scene = Scene::bound();
    scene.centre.answers_ticket(reply(200, SUCCESS));
    for (number, (rest, service)) in [
        (
            "/cas?tenant=t-0001&ticket=ST-",
            "https%3A%2F%2Flic.example.com%2Fkoogallery%2Fcad-pro%2Flogin%2Fcas%3Ftenant%3Dt-0001",
        ),
        (
            "/cas&tenant=t%2D0001?ticket=ST-",
            "https%3A%2F%2Flic.example.com%2Fkoogallery%2Fcad-pro%2Flogin%2Fcas%26tenant%3Dt%252D0001",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = scene.browse(&format!("{rest}{number}")).await;
        assert_eq!(answer.ticket().len(), 64);
        let asked = scene.centre.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(
            asked[0].target,
            format!(
                "/api/v1/cas/p3/serviceValidate?service={service}&ticket=ST-{number}&format=JSON"
            )
        );
    }
}

#[actix_web::test]
async fn a_session_of_cas_has_nothing_to_renew() {
    let scene = Scene::bound();
    scene.centre.answers_ticket(reply(200, SUCCESS));
    let ticket = scene
        .browse("/cas?tenant=t-0001&ticket=ST-1")
        .await
        .ticket();
    let session = scene.exchange(&ticket).await.json();
    let session = session["session"].as_str().unwrap();
    scene.centre.asked();
    scene.after(40_000);
    assert_eq!(scene.check(session).await["good"], true);
    assert!(scene.centre.asked().is_empty());
}

#[actix_web::test]
async fn a_ticket_is_used_once_and_refused_by_its_centre() {
    let scene = Scene::bound();
    let failure = r#"{"serviceResponse":{"authenticationFailure":{"code":"INVALID_TICKET"}}}"#;
    scene.centre.answers_ticket(reply(200, failure));
    let back = "/cas?tenant=t-0001&ticket=ST-1";
    assert_eq!(scene.browse(back).await.page(), (400, "invalid_ticket"));
    // What its centre refused is not remembered: the centre refuses it again.
    assert_eq!(scene.browse(back).await.page(), (400, "invalid_ticket"));
    scene.centre.answers_ticket(reply(200, SUCCESS));
    assert_eq!(scene.browse(back).await.ticket().len(), 64);
    scene.centre.asked();
    assert_eq!(scene.browse(back).await.page(), (400, "code_used"));
    assert!(scene.centre.asked().is_empty());
}

#[actix_web::test]
async fn a_ticket_of_another_enterprise_is_refused() {
    let scene = Scene::bound();
    let other = SUCCESS.replace("t-0001", "t-0002");
    scene.centre.answers_ticket(reply(200, &other));
    let answer = scene.browse("/cas?tenant=t-0001&ticket=ST-1").await;
    assert_eq!(answer.page(), (403, "other_enterprise"));
}
