//! From the start to the ticket.

use tenure_domain::tenant::Role;
use tenure_login::Settings;

use crate::centre::{redirect, reply};
use crate::scene::{SECRET, Scene, TENANT, USER};

#[actix_web::test]
async fn a_login_starts_at_the_portal_of_the_marketplace() {
    let scene = Scene::empty();
    let answer = scene.browse("").await;
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.header("location"),
        "https://macroverse.huaweicloud.com/unified-login/#/portal-login?ind=UNOP&appId=app-1"
    );
    assert!(!answer.headers.contains_key("set-cookie"));
    answer.assert_guarded();
}

#[actix_web::test]
async fn a_code_becomes_a_ticket() {
    let scene = Scene::bound();
    let answer = scene.browse("/callback?code=c0de%2F1&tenant=t-0001").await;
    answer.assert_guarded();
    assert_eq!(answer.ticket().len(), 64);
    let asked = scene.centre.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].target, "/api/v1/oauth2/token");
    assert_eq!(
        asked[0].body,
        "code=c0de%2F1&client_id=client-1&client_secret=s3cret%2F%2B%3D%26&redirect_uri=https%3A%2F%2Flic.example.com%2Fkoogallery%2Fcad-pro%2Flogin%2Fcallback&grant_type=authorization_code"
    );
    assert_eq!(asked[1].target, "/api/v1/oauth2/userinfo");
    assert_eq!(asked[1].authorization.as_deref(), Some("Bearer acc3ss-1"));
    let metrics = scene.metrics();
    let counted = r#"tenure_logins_total{listing="cad-pro",outcome="logged_in"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("tenure_login_sessions 1"), "{metrics}");
}

#[actix_web::test]
async fn a_known_enterprise_logs_in_at_its_own_centre_with_a_state() {
    let scene = Scene::bound();
    let answer = scene.browse("?tenant=t-0001").await;
    answer.assert_guarded();
    let location = answer.header("location");
    let (address, state) = location.rsplit_once("&state=").unwrap();
    assert_eq!(
        address,
        format!(
            "{}/api/v1/oauth2/authorize?client_id=client-1&redirect_uri=https%3A%2F%2Flic.example.com%2Fkoogallery%2Fcad-pro%2Flogin%2Fcallback&response_type=code&scope=get_user_info",
            scene.centre.origin
        )
    );
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("; HttpOnly; SameSite=None; Secure"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let back = format!("/callback?code=c1&state={state}");
    let stranger = scene.browse(&back).await;
    assert_eq!(stranger.page(), (400, "state_lost"));
    let other = format!("/callback?code=c1&state={}", "0".repeat(64));
    assert_eq!(
        scene.browse_with(&other, cookie).await.page(),
        (400, "state_lost")
    );
    let told = format!("/callback?code=c1&state={state}&tenant=t-0002");
    let other = scene.browse_with(&told, cookie).await;
    assert_eq!(other.page(), (400, "state_lost"));
    let answer = scene.browse_with(&back, cookie).await;
    assert_eq!(answer.ticket().len(), 64);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
}

#[actix_web::test]
async fn no_parameter_says_where_the_browser_goes() {
    let scene = Scene::bound();
    let evil = "redirect_uri=https%3A%2F%2Fevil.example.com&redirect_url=https%3A%2F%2Fevil.example.com&next=//evil.example.com&service=https%3A%2F%2Fevil.example.com";
    for rest in [
        format!("?{evil}"),
        format!("?tenant=t-0001&{evil}"),
        format!("/callback?code=c1&tenant=t-0001&{evil}"),
        format!("/callback?{evil}"),
        format!("/cas?{evil}"),
    ] {
        let answer = scene.browse(&rest).await;
        let location = answer.headers.get("location");
        let location = location.map_or("", |it| it.to_str().unwrap());
        assert!(!location.contains("evil"), "{rest}: {location}");
        assert!(!answer.text.contains("evil"), "{rest}");
    }
}

#[actix_web::test]
async fn a_code_is_used_once() {
    let scene = Scene::bound();
    let address = "/callback?code=c1&tenant=t-0001";
    assert_eq!(scene.browse(address).await.ticket().len(), 64);
    assert_eq!(scene.centre.asked().len(), 2);
    assert_eq!(scene.browse(address).await.page(), (400, "code_used"));
    scene.after(600);
    assert_eq!(scene.browse(address).await.page(), (400, "code_used"));
    assert!(scene.centre.asked().is_empty());
    assert_eq!(scene.ticket("c2").await.len(), 64);
}

#[actix_web::test]
async fn an_enterprise_that_is_not_bound_is_told_so() {
    let scene = Scene::empty();
    let back = "/callback?code=c1&tenant=t-0001";
    let answer = scene.browse(back).await;
    assert_eq!(answer.page(), (403, "unbound"));
    assert!(answer.text.contains("尚未绑定") && answer.text.contains("not bound"));
    assert_eq!(
        scene.browse("?tenant=t-0001").await.page(),
        (403, "unbound")
    );
    scene.bind(TENANT, None, &scene.centre.origin);
    assert_eq!(scene.browse(back).await.page(), (403, "client_withdrawn"));
    scene.set_client(TENANT, None, "client-1");
    let answer = scene.browse(back).await;
    assert_eq!(answer.page(), (403, "member_withdrawn"));
    assert!(
        answer.text.contains("未获得此应用的使用授权"),
        "{}",
        answer.text
    );
    scene.grant(TENANT, None, USER, Role::User, false);
    let disabled = scene.browse("/callback?code=c2&tenant=t-0001").await;
    assert_eq!(disabled.page(), (403, "member_disabled"));
}

#[actix_web::test]
async fn a_user_of_another_enterprise_is_refused() {
    let scene = Scene::bound();
    scene
        .centre
        .tells_user(r#"{"userName":"zhangsan01","tenant":"t-0002"}"#);
    let answer = scene.browse("/callback?code=c1&tenant=t-0001").await;
    assert_eq!(answer.page(), (403, "other_enterprise"));
    // Where the centre does not tell it, the client of the enterprise vouches for it.
    scene.centre.tells_user(r#"{"userName":"zhangsan01"}"#);
    assert_eq!(scene.ticket("c2").await.len(), 64);
}

#[actix_web::test]
async fn what_the_centre_refuses_is_told() {
    let scene = Scene::bound();
    let cases = [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"Invalid authorization code"}"#,
            (400, "invalid_grant"),
        ),
        (
            400,
            r#"{"error":"invalid_client","error_description":"Client ID mismatch"}"#,
            (502, "client_mismatch"),
        ),
        (403, "", (502, "invalid_client")),
        (500, "", (502, "unavailable")),
        (200, "<html>", (502, "unreadable")),
        (200, r#"{"access_token":"a b"}"#, (502, "unreadable")),
        (200, r#"{"access_token":""}"#, (502, "unreadable")),
    ];
    for (number, (status, body, expected)) in cases.into_iter().enumerate() {
        scene.centre.answers_token(reply(status, body));
        let back = format!("/callback?code=c{number}&tenant=t-0001");
        assert_eq!(scene.browse(&back).await.page(), expected, "{body}");
        // Never sent twice, and nobody asked who it is.
        assert_eq!(scene.centre.asked().len(), 1, "{body}");
    }
}

#[actix_web::test]
async fn an_answer_is_bounded_and_no_redirect_is_followed() {
    let scene = Scene::bound();
    scene.centre.answers_token(reply(200, &" ".repeat(70_000)));
    let answer = scene.browse("/callback?code=c1&tenant=t-0001").await;
    assert_eq!(answer.page(), (502, "centre_answer_too_large"));
    let elsewhere = format!("{}/api/v1/oauth2/userinfo", scene.centre.origin);
    scene.centre.answers_token(redirect(&elsewhere));
    scene.centre.asked();
    let answer = scene.browse("/callback?code=c2&tenant=t-0001").await;
    assert_eq!(answer.page(), (502, "other"));
    assert_eq!(scene.centre.asked().len(), 1);
}

#[actix_web::test]
async fn a_user_who_cannot_be_read_is_not_logged_in() {
    let scene = Scene::bound();
    for (number, (status, body, expected)) in [
        (401, "", (502, "unauthorized")),
        (200, "{}", (502, "unreadable")),
    ]
    .into_iter()
    .enumerate()
    {
        scene.centre.answers_user(reply(status, body));
        let back = format!("/callback?code=c{number}&tenant=t-0001");
        assert_eq!(scene.browse(&back).await.page(), expected, "{body}");
    }
}

#[actix_web::test]
async fn a_centre_that_is_none_is_never_called() {
    let scene = Scene::bound();
    // A private address, another port of the trusted one, and what is no address at all.
    for (number, domain) in [
        "http://127.0.0.1:1",
        "https://169.254.169.254",
        "https://localhost",
        "abc",
    ]
    .into_iter()
    .enumerate()
    {
        scene.bind(TENANT, None, domain);
        let back = format!("/callback?code=c{number}&tenant=t-0001");
        assert_eq!(
            scene.browse(&back).await.page(),
            (502, "centre_not_callable")
        );
    }
    assert!(scene.centre.asked().is_empty());
}

#[actix_web::test]
async fn a_centre_that_is_gone_is_told() {
    let scene = Scene::with_settings(|settings| {
        settings
            .trusting(&["http://127.0.0.1:9".to_owned()])
            .unwrap()
    });
    scene.bind_all();
    scene.bind(TENANT, None, "http://127.0.0.1:9");
    let answer = scene.browse("/callback?code=c1&tenant=t-0001").await;
    assert_eq!(answer.page(), (502, "centre_unreachable"));
}

#[actix_web::test]
async fn what_the_browser_brings_has_to_be_whole() {
    let scene = Scene::bound();
    for rest in [
        "/callback",
        "/callback?code=c1",
        "/callback?tenant=t-0001",
        "/callback?code=c1&code=c2&tenant=t-0001",
        "?tenant=",
        "?tenant=a&tenant=b",
        "/cas?tenant=t-0001",
        "/cas?ticket=ST-1",
    ] {
        assert_eq!(
            scene.browse(rest).await.page(),
            (400, "malformed"),
            "{rest}"
        );
    }
    let refused = scene.browse("/callback?error=access_denied&state=s1").await;
    assert_eq!(refused.page(), (400, "refused"));
    let again = "href=\"https://lic.example.com/koogallery/cad-pro/login\"";
    assert!(refused.text.contains(again), "{}", refused.text);
}

#[actix_web::test]
async fn logins_under_way_are_bounded() {
    let scene = Scene::with_settings(|settings| settings.lasting(60, 60, 1).unwrap());
    scene.bind_all();
    let hold = scene.centre.hold();
    let first = scene.browse("/callback?code=c1&tenant=t-0001");
    let second = async {
        hold.came().await;
        let answer = scene.browse("/callback?code=c2&tenant=t-0001").await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(second.page(), (503, "busy"));
    assert_eq!(first.ticket().len(), 64);
    assert_eq!(scene.ticket("c3").await.len(), 64);
}

/// Who asks about a ticket of CAS is not kept waiting.
#[actix_web::test]
async fn an_enterprise_whose_centre_is_slow_stops_no_other() {
    let scene = Scene::bound();
    scene.bind("t-0002", None, &scene.centre.origin);
    scene.set_client("t-0002", None, "client-2");
    scene.grant("t-0002", None, USER, Role::User, true);
    let user = r#"{"serviceResponse":{"authenticationSuccess":{"user":"zhangsan01"}}}"#;
    scene.centre.answers_ticket(reply(200, user));
    let hold = scene.centre.hold();
    let back = ["c1", "c2", "c3", "c4"].map(|it| format!("/callback?code={it}&tenant=t-0001"));
    let one_more = "/cas?tenant=t-0001&ticket=ST-1";
    let [first, second, third, fourth] = back.each_ref().map(|it| scene.browse(it));
    let meanwhile = async {
        for _ in &back {
            hold.came().await;
        }
        let fifth = scene.browse(one_more).await;
        let start = scene.browse("?tenant=t-0001").await;
        let other = scene.browse("/cas?tenant=t-0002&ticket=ST-2").await;
        hold.release();
        (fifth, start, other)
    };
    let (first, second, third, fourth, (fifth, start, other)) =
        tokio::join!(first, second, third, fourth, meanwhile);
    assert_eq!(fifth.page(), (503, "busy"));
    assert_eq!(start.page(), (503, "busy"));
    assert_eq!(other.ticket().len(), 64);
    for answer in [first, second, third, fourth] {
        assert_eq!(answer.ticket().len(), 64);
    }
    // What was turned away is not used up.
    assert_eq!(scene.browse(one_more).await.ticket().len(), 64);
}

#[actix_web::test]
async fn a_vault_that_goes_while_the_centre_is_asked_leaves_no_session() {
    let scene = Scene::bound();
    let hold = scene.centre.hold();
    let address = "/callback?code=c1&tenant=t-0001";
    let goes = async {
        hold.came().await;
        scene.vault_goes();
        hold.release();
    };
    let (answer, ()) = tokio::join!(scene.browse(address), goes);
    assert_eq!(answer.page(), (500, "sealed"));
    assert_eq!(scene.centre.asked().len(), 2, "the centre told who it is");
    let kept = rusqlite::Connection::open(scene.folder.path().join("login.db")).unwrap();
    let count = "SELECT count(*) FROM sessions";
    assert_eq!(kept.query_row(count, [], |row| row.get(0)), Ok(0));

    scene.vault_returns();
    // The centre has seen the code, and the browser gets another.
    assert_eq!(scene.browse(address).await.page(), (400, "code_used"));
    let session = scene.session("c2").await;
    assert_eq!(scene.check(&session).await["good"], true);
}

#[actix_web::test]
async fn whether_an_enterprise_is_bound_is_not_said_before_it_is_known() {
    let scene = Scene::bound();
    scene.index_falls_behind();
    let address = "/callback?code=c1&tenant=t-0001";
    for rest in [address, "?tenant=t-0001", "/cas?tenant=t-0001&ticket=ST-1"] {
        assert_eq!(scene.browse(rest).await.page(), (503, "index"), "{rest}");
    }
    assert!(scene.centre.asked().is_empty());
    scene.index_catches_up();
    assert_eq!(scene.browse(address).await.ticket().len(), 64);
}

#[actix_web::test]
async fn our_pages_are_framed_by_the_workbench_alone() {
    let framed = |settings: Settings| {
        let desk = ["https://desk.example.com".to_owned()];
        settings.framed_by(&desk).unwrap()
    };
    let policy = |answer: crate::scene::Answer| {
        let policy = answer.header("content-security-policy");
        policy.split("; ").last().unwrap().to_owned()
    };
    let scene = Scene::with_settings(framed);
    assert_eq!(
        policy(scene.browse("").await),
        "frame-ancestors https://desk.example.com"
    );
    let scene = Scene::empty();
    assert_eq!(policy(scene.browse("").await), "frame-ancestors 'none'");
}

#[actix_web::test]
async fn nothing_that_is_kept_tells_a_secret_or_a_person() {
    let scene = Scene::bound();
    let ticket = scene.ticket("c0de1").await;
    let session = scene.session("c0de2").await;
    let file = std::fs::read(scene.folder.path().join("login.db")).unwrap();
    let file = String::from_utf8_lossy(&file);
    for secret in [
        ticket.as_str(),
        &session,
        "c0de",
        SECRET,
        "acc3ss",
        "r3fresh",
        USER,
        "张三",
    ] {
        assert!(!file.contains(secret), "{secret}");
    }
    assert!(file.contains("acme/tenant/cad-pro"), "the file is the one");
}
