//! Enterprises of a running sandbox, through its control API and its page.

use std::sync::Arc;

use serde_json::{Value, json};
use tenure_sandbox::check::Target;
use tenure_sandbox::market::Keys;

use super::merchant::{Manner, Merchant, public_key};
use crate::serve::Running;

fn start(manner: Manner) -> (Running, Arc<Merchant>) {
    let (Target { url, key, .. }, merchant) = Merchant::start(manner);
    let keys = Keys {
        kit: Some(key),
        kit_public_key: Some(public_key()),
        ..Keys::default()
    };
    (Running::with(url, keys), merchant)
}

async fn found(sandbox: &Running) -> String {
    let wish = json!({
        "listing": "cad", "instance": "i-1", "code": "example", "name": "Example",
        "application": "app-9", "login_address": "https://app.example.com/login",
    });
    let (status, founded) = sandbox.post("/enterprises", wish).await;
    assert_eq!(status, 200, "{founded}");
    founded["enterprise"]["tenant"].as_str().unwrap().to_owned()
}

fn told(messages: &[Value]) -> Vec<(String, String)> {
    let of = |message: &Value| {
        let body: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
        (
            message["activity"].as_str().unwrap().to_owned(),
            body["flag"].to_string(),
        )
    };
    messages.iter().map(of).collect()
}

/// Activities and flags of all messages, once they have ended.
async fn ended(sandbox: &Running) -> Vec<(String, String)> {
    told(&sandbox.ended_messages().await)
}

async fn change(sandbox: &Running, tenant: &str, name: &str, body: Value) -> (u16, Value) {
    let path = format!("/enterprises/{tenant}/{name}");
    sandbox.post(&path, body).await
}

#[actix_web::test]
async fn an_enterprise_is_bound_changed_and_unbound() {
    let (sandbox, merchant) = start(Manner::Good);
    let tenant = found(&sandbox).await;
    sandbox.ended_messages().await;
    assert_eq!(merchant.state(&tenant), "Example 1/0");
    for (name, body) in [
        (
            "department",
            json!({ "code": "11", "name": "Sales", "parent": "1" }),
        ),
        (
            "department",
            json!({ "code": "11", "name": "Sales and more" }),
        ),
        (
            "member",
            json!({ "user_name": "lisi02", "name": "Li Si", "code": "11" }),
        ),
        (
            "members",
            json!({ "members": [{ "user_name": "lisi02", "name": "Li", "role": "admin" }] }),
        ),
        ("remove-department", json!({ "code": "11" })),
        ("withdraw", json!({ "user_name": "lisi02" })),
        ("remove-member", json!({ "user_name": "lisi02" })),
        ("rename", json!({ "name": "Renamed" })),
        ("unbind", json!({})),
    ] {
        let (status, changed) = change(&sandbox, &tenant, name, body).await;
        assert_eq!(status, 200, "{name}: {changed}");
        sandbox.ended_messages().await;
    }
    let expected = [
        ("tenantSync", "1"),
        ("applicationSync", "1"),
        ("allOrgSync", "null"),
        ("singleOrgSync", "1"),
        ("singleOrgSync", "2"),
        ("authSync", "1"),
        ("authSync", "2"),
        ("singleOrgSync", "0"),
        ("authSync", "3"),
        ("authSync", "0"),
        ("tenantSync", "2"),
        ("tenantSync", "0"),
    ];
    let expected = expected.map(|(name, flag)| (name.to_owned(), flag.to_owned()));
    assert_eq!(ended(&sandbox).await, expected);
    assert_eq!(merchant.state(&tenant), "unknown");
    let kept = sandbox.list("/enterprises").await;
    assert_eq!(kept[0]["is_bound"], false);
    assert!(!kept.to_string().contains("secret"), "{kept}");
    sandbox.end().await;
}

#[actix_web::test]
async fn binding_tells_in_order_and_in_either_version() {
    let (sandbox, merchant) = start(Manner::Good);
    for version in ["V1", "V2"] {
        let wish = json!({ "listing": "cad", "version": version, "code": version });
        assert_eq!(sandbox.post("/enterprises", wish).await.0, 200);
        sandbox.ended_messages().await;
    }
    let order: Vec<_> = merchant
        .bodies()
        .iter()
        .map(|body| {
            let names = ["domainName", "clientSecret", "orgInfoList", "orgInfo"];
            names
                .into_iter()
                .find(|name| body.contains(&format!("{name}\":")))
                .unwrap()
        })
        .collect();
    assert_eq!(
        order,
        [
            "domainName",
            "clientSecret",
            "orgInfo",
            "domainName",
            "clientSecret",
            "orgInfoList",
        ]
    );
    for message in sandbox.ended_messages().await {
        assert_eq!(message["state"], "delivered", "{message}");
    }
    sandbox.end().await;
}

#[actix_web::test]
async fn a_failed_call_is_not_repeated_but_by_hand() {
    let (sandbox, merchant) = start(Manner::OrderSignature);
    found(&sandbox).await;
    for message in sandbox.ended_messages().await {
        assert_eq!(
            (&message["state"], &message["attempts"]),
            (&json!("stopped"), &json!(1))
        );
        assert_eq!(message["last"]["result_code"], "000001");
    }
    assert_eq!(merchant.bodies().len(), 3);
    let (status, _) = sandbox.post("/messages/2/resend", json!({})).await;
    assert_eq!(status, 200);
    sandbox.ended_messages().await;
    assert_eq!(merchant.bodies().len(), 4);
    sandbox.end().await;
}

#[actix_web::test]
async fn whoever_is_authorised_can_sign_in() {
    let (sandbox, _merchant) = start(Manner::Good);
    let tenant = found(&sandbox).await;
    let member = json!({ "user_name": "lisi02", "name": "Li Si" });
    change(&sandbox, &tenant, "member", member).await;
    let sign_in = json!({ "enterprise": "example", "app_id": "app-9", "user_name": "lisi02" });
    let (status, back) = sandbox.post("/centre/sign-ins", sign_in.clone()).await;
    assert_eq!((status, &back["tenant"]), (200, &json!(tenant)));
    change(
        &sandbox,
        &tenant,
        "withdraw",
        json!({ "user_name": "lisi02" }),
    )
    .await;
    assert_eq!(
        sandbox.post("/centre/sign-ins", sign_in.clone()).await.0,
        404
    );
    sandbox.end().await;
}

#[actix_web::test]
async fn what_an_enterprise_cannot_do_is_refused() {
    let (sandbox, merchant) = start(Manner::Good);
    let wish = |listing: &str, code: &str| json!({ "listing": listing, "code": code });
    assert_eq!(
        sandbox.post("/enterprises", wish("other", "a")).await.0,
        404
    );
    assert_eq!(
        sandbox.post("/enterprises", json!({ "seats": 1 })).await.0,
        400
    );
    let tenant = found(&sandbox).await;
    // The authentication centre knows the short name already.
    assert_eq!(
        sandbox.post("/enterprises", wish("cad", "example")).await.0,
        409
    );
    sandbox.ended_messages().await;
    for (name, body, expected) in [
        ("dance", json!({}), 404),
        ("remove-department", json!({ "code": "7" }), 404),
        ("withdraw", json!({ "user_name": "nobody" }), 404),
        (
            "member",
            json!({ "user_name": "a", "name": "a", "code": "7" }),
            404,
        ),
        ("members", json!({}), 400),
    ] {
        let (status, answer) = change(&sandbox, &tenant, name, body).await;
        assert_eq!(status, expected, "{name}: {answer}");
    }
    assert_eq!(change(&sandbox, "nobody", "unbind", json!({})).await.0, 404);
    let department = json!({ "code": "11", "name": "Sales", "parent": "1" });
    assert_eq!(
        change(&sandbox, &tenant, "department", department).await.0,
        200
    );
    let in_use = change(&sandbox, &tenant, "remove-department", json!({})).await;
    assert_eq!(in_use.0, 409);
    assert_eq!(change(&sandbox, &tenant, "unbind", json!({})).await.0, 200);
    assert_eq!(change(&sandbox, &tenant, "unbind", json!({})).await.0, 409);
    assert_eq!(
        sandbox.list("/enterprises").await.as_array().unwrap().len(),
        1
    );
    sandbox.ended_messages().await;
    assert_eq!(merchant.bodies().len(), 5);
    sandbox.end().await;
}

#[actix_web::test]
async fn without_a_public_key_nothing_is_bound() {
    let (Target { url, key, .. }, _merchant) = Merchant::start(Manner::Good);
    let keys = Keys {
        kit: Some(key),
        ..Keys::default()
    };
    let sandbox = Running::with(url, keys);
    let (status, refused) = sandbox
        .post("/enterprises", json!({ "listing": "cad" }))
        .await;
    assert_eq!(status, 409);
    assert!(
        refused["error"].as_str().unwrap().contains("no public key"),
        "{refused}"
    );
    sandbox.end().await;
}

#[actix_web::test]
async fn the_page_has_a_form_for_everything_and_escapes() {
    let (sandbox, _merchant) = start(Manner::Good);
    let wish = json!({ "listing": "cad", "name": "<script>", "instance": "<i>" });
    assert_eq!(sandbox.post("/enterprises", wish).await.0, 200);
    let tenant = sandbox.list("/enterprises").await[0]["tenant"].clone();
    let tenant = tenant.as_str().unwrap();
    let form = sandbox.http.post(format!(
        "http://{}/sandbox/enterprises/{tenant}/member",
        sandbox.address
    ));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let body = "user_name=%3Cb%3E&name=Li&code=1&role=admin&enabled=false";
    let answer = form.body(body).send().await.unwrap();
    assert_eq!(answer.url().path(), "/", "a form leads back to the page");
    let page = answer.text().await.unwrap();
    for raw in ["<script>", "<i>", "<b>"] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("value=\"&lt;b&gt;\""));
    assert!(page.contains("<td>admin<td>disabled<td>"));
    assert!(page.contains(&format!("/sandbox/enterprises/{tenant}/unbind")));
    sandbox.end().await;
}
