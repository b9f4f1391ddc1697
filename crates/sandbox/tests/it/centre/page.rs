//! The unified login page.

use tenure_sandbox::centre::Role;

use super::{APP, LOGIN_ADDRESS, Running, location, member, query};

#[actix_web::test]
async fn the_page_moves_its_fragment_into_the_query() {
    let running = Running::start();
    let page = running
        .get(&format!("{}/unified-login/", running.origin))
        .await;
    let content_type = page.headers()["content-type"].to_str().unwrap();
    assert_eq!(content_type, "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    assert!(page.contains("location.hash") && page.contains("/unified-login/portal-login?"));
}

#[actix_web::test]
async fn whoever_is_picked_is_sent_to_the_login_address() {
    let running = Running::start();
    let login = format!("{}/unified-login/portal-login", running.origin);
    let page = running.get(&format!("{login}?ind=UNOP&appId={APP}")).await;
    let page = page.text().await.unwrap();
    assert_eq!(page.matches("<form method=post").count(), 2);
    assert!(page.contains("示例企业/一部 &lt;1&gt;"), "{page}");
    assert!(page.contains("value=\"zhang&amp;san\""), "{page}");
    let form = [
        ("appId", APP),
        ("tenant", "demo2"),
        ("userName", "zhang&san"),
    ];
    let back = location(&running.post(&login, &form).await);
    assert!(
        back.starts_with(&format!("{LOGIN_ADDRESS}?code=")),
        "{back}"
    );
    assert_eq!(query(&back)[1], ("tenant".to_owned(), "t-2".to_owned()));
}

#[actix_web::test]
async fn who_cannot_sign_in_is_told_why() {
    let running = Running::start();
    let mut disabled = member("lisi02", Role::User);
    disabled.enabled = false;
    running
        .centre
        .accounts(|it| it.put_member("t-2", disabled).unwrap());
    let login = format!("{}/unified-login/portal-login", running.origin);
    for (app, tenant, user, why) in [
        (APP, "t-3", "lisi02", "there is no such enterprise"),
        (
            "app-8",
            "t-1",
            "lisi02",
            "the enterprise does not have the application",
        ),
        (APP, "t-1", "wangwu", "the enterprise has no such member"),
        (APP, "t-2", "lisi02", "the member is disabled"),
    ] {
        let form = [("appId", app), ("tenant", tenant), ("userName", user)];
        let answer = running.post(&login, &form).await;
        assert_eq!(answer.status(), 403);
        let page = answer.text().await.unwrap();
        assert!(page.contains(why), "{page}");
    }
}

#[actix_web::test]
async fn the_page_asks_for_what_it_needs_and_leads_nowhere_else() {
    let running = Running::start();
    let login = format!("{}/unified-login/portal-login", running.origin);
    for query in ["", "ind=UNOP", "appId=app-9", "ind=OTHER&appId=app-9"] {
        let answer = running.get(&format!("{login}?{query}")).await;
        assert_eq!(answer.status(), 400, "{query}");
    }
    for next in [
        "https://example.com/",
        "//example.com/",
        "/sandbox/clock",
        "/centre/\r\nSet-Cookie: a=b",
        "/centre/示例",
    ] {
        let form = [("next", next), ("tenant", "t-1"), ("userName", "lisi02")];
        assert_eq!(running.post(&login, &form).await.status(), 400, "{next}");
    }
    let unknown = running.get(&format!("{login}?ind=UNOP&appId=<b>")).await;
    let page = unknown.text().await.unwrap();
    assert!(
        page.contains("No enterprise has this application."),
        "{page}"
    );
}
