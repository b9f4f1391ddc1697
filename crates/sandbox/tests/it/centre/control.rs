//! The control API of the centre.

use serde_json::{Value, json};

use super::{APP, LOGIN_ADDRESS, Running, SECRET, read};

impl Running {
    async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/sandbox/centre{path}", self.origin);
        read(self.http.post(url).json(body).send().await.unwrap()).await
    }

    async fn list(&self, path: &str) -> Value {
        read(
            self.get(&format!("{}/sandbox/centre{path}", self.origin))
                .await,
        )
        .await
        .1
    }
}

#[actix_web::test]
async fn accounts_are_set_up_and_listed_without_secrets() {
    let running = Running::start();
    let member = json!({ "user_name": "wangwu", "name": "王五", "role": "admin" });
    assert_eq!(
        running
            .control("/enterprises/demo1/members", &member)
            .await
            .0,
        204
    );
    let application = json!({
        "app_id": "app-8", "client_id": "client-8", "client_secret": SECRET,
        "login_address": LOGIN_ADDRESS,
    });
    let put = running.control("/enterprises/t-1/applications", &application);
    assert_eq!(put.await.0, 204);
    let listed = running.list("/enterprises").await;
    assert_eq!(listed[0]["members"][2]["user_name"], "wangwu");
    assert_eq!(listed[0]["members"][2]["enabled"], true);
    assert_eq!(listed[0]["applications"][1]["client_id"], "client-8");
    assert!(!listed.to_string().contains(SECRET));
    let wish = json!({ "enterprise": "t-1", "app_id": "app-8", "user_name": "wangwu" });
    let (status, back) = running.control("/sign-ins", &wish).await;
    assert_eq!((status, &back["tenant"]), (200, &json!("t-1")));
    let url = format!("{}/sandbox/centre/enterprises/demo1", running.origin);
    let remove = async || running.http.delete(&url).send().await.unwrap().status();
    assert_eq!(
        (remove().await.as_u16(), remove().await.as_u16()),
        (204, 404)
    );
    assert_eq!(
        running.list("/enterprises").await.as_array().unwrap().len(),
        1
    );
}

#[actix_web::test]
async fn what_cannot_be_done_is_refused() {
    let running = Running::start();
    let sign_in = |enterprise: &str, app: &str, user: &str| json!({ "enterprise": enterprise, "app_id": app, "user_name": user });
    let enterprise =
        |id: &str, code: &str| json!({ "tenant_id": id, "tenant_code": code, "name": "Example" });
    let member = |name: &str| json!({ "user_name": name, "name": "Example" });
    for (path, body, status) in [
        ("/enterprises", json!({}), 400),
        ("/enterprises", enterprise("", "x"), 400),
        ("/enterprises", enterprise("t-3", "demo1"), 409),
        ("/enterprises/t-3/members", member("wangwu"), 404),
        ("/enterprises/t-1/members", member("\n"), 400),
        ("/sign-ins", sign_in("t-3", APP, "lisi02"), 404),
        ("/sign-ins", sign_in("t-1", "app-8", "lisi02"), 404),
        ("/sign-ins", sign_in("t-1", APP, "wangwu"), 404),
        ("/settings", json!({ "speed": 1 }), 400),
    ] {
        let (answered, error) = running.control(path, &body).await;
        assert_eq!(answered, status, "{path} {body}");
        assert!(error["error"].is_string());
    }
}

#[actix_web::test]
async fn settings_are_replaced_and_calls_are_listed() {
    let running = Running::start();
    let wish = json!({ "code_seconds": 60, "token": { "forbidden_percent": 100 } });
    let (status, settings) = running.control("/settings", &wish).await;
    assert_eq!(status, 200);
    assert_eq!(settings, running.list("/settings").await);
    assert_eq!(settings["code_seconds"], 60);
    assert_eq!(settings["access_token_seconds"], 7200);
    running.exchange(&[("code", "z2D.example")]).await;
    running.get(&running.root("/oauth2/userinfo")).await;
    let calls = running.list("/calls").await;
    assert_eq!(calls[0]["interface"], "token");
    assert_eq!(calls[0]["tenant_id"], "t-1");
    assert_eq!(calls[0]["status"], 403);
    assert_eq!(
        calls[0]["refusal"],
        "invalid_client: Bad client credentials"
    );
    assert_eq!(calls[1]["interface"], "userinfo");
    assert_eq!(calls[1]["tenant_id"], Value::Null);
    assert!(!calls.to_string().contains("z2D.example"));
}
