//! Tokens, and whom they are about.

use serde_json::{Value, json};
use tenure_sandbox::centre::{Application, Role, Settings};

use super::{APP, LOGIN_ADDRESS, Running, SECRET, enterprise, member, query, read, refusal};

const UNAUTHORIZED: &str = "Full authentication is required to access this resource";

#[actix_web::test]
async fn a_code_is_worth_tokens_and_tokens_name_a_person() {
    let running = Running::start();
    let code = running.code();
    let (status, tokens) = running
        .exchange(&[("code", &code), ("redirect_uri", LOGIN_ADDRESS)])
        .await;
    assert_eq!(status, 200);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 7200);
    assert_eq!(tokens["scope"], "get_user_info");
    assert!(tokens["refresh_token"].is_string());
    let url = running.url("/oauth2/userinfo");
    let (status, person) = running.user_info(&url, &tokens["access_token"]).await;
    assert_eq!(status, 200);
    let id = &person["id"];
    assert_eq!(id.as_str().unwrap().len(), 32);
    assert_eq!(
        person,
        json!({
            "id": id, "userId": id, "userName": "lisi02", "name": "李四", "role": "user",
            "email": "lisi02@example.com", "mobile": "13800000000", "organizationName": "产品部",
            "organizationCode": "10001", "projectName": "示例企业/一部 <1>", "tenant": "t-1",
        })
    );
}

#[actix_web::test]
async fn every_refusal_has_its_words() {
    let running = Running::start();
    let (request, client, grant) = ("invalid_request", "invalid_client", "invalid_grant");
    let bad_client = refusal(client, "Bad client credentials");
    let no_code = refusal(grant, "Invalid authorization code");
    // Each row is wrong in one way; the code is a fresh one where the row names none.
    let rows: [(&[(&str, &str)], Value); 13] = [
        (
            &[("grant_type", "")],
            refusal(request, "Missing grant type"),
        ),
        (
            &[("grant_type", "password")],
            refusal("unsupported_grant_type", "Unsupported grant type"),
        ),
        (&[("client_id", "")], bad_client.clone()),
        (&[("client_id", "client-3")], bad_client.clone()),
        // The client of another enterprise, at this one's centre.
        (&[("client_id", "client-2")], bad_client.clone()),
        (&[("client_secret", "")], bad_client.clone()),
        (&[("client_secret", "a b/c=d&e")], bad_client.clone()),
        (&[("client_secret", "a+b/c=d")], bad_client),
        (
            &[("code", "")],
            refusal(request, "An authorization code must be supplied"),
        ),
        (&[("code", "z2D.example")], no_code),
        (
            &[("redirect_uri", "https://saas.example.com/other")],
            refusal(grant, "Redirect URI mismatch"),
        ),
        (
            &[("grant_type", "refresh_token")],
            refusal(request, "A refresh token must be supplied"),
        ),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            refusal(grant, "Invalid refresh token"),
        ),
    ];
    for (wrong, expected) in rows {
        let code = running.code();
        let names_code = wrong.iter().any(|(name, _)| *name == "code");
        let fresh = [("code", &*code)].into_iter().filter(|_| !names_code);
        let fields: Vec<_> = wrong.iter().copied().chain(fresh).collect();
        assert_eq!(
            running.exchange(&fields).await,
            (400, expected),
            "{wrong:?}"
        );
    }
}

#[actix_web::test]
async fn a_code_is_good_for_one_exchange_even_a_wrong_one() {
    let running = Running::start();
    let invalid = (400, refusal("invalid_grant", "Invalid authorization code"));
    let code = running.code();
    assert_eq!(running.exchange(&[("code", &code)]).await.0, 200);
    assert_eq!(running.exchange(&[("code", &code)]).await, invalid);

    let code = running.code();
    let elsewhere = [("code", &*code), ("redirect_uri", "https://example.com/")];
    assert_eq!(running.exchange(&elsewhere).await.0, 400);
    assert_eq!(running.exchange(&[("code", &code)]).await, invalid);

    // At the root every client is known, and the code is still the other one's.
    let code = running.code();
    let form = [
        ("code", &*code),
        ("client_id", "client-2"),
        ("client_secret", SECRET),
        ("grant_type", "authorization_code"),
    ];
    let answer = running.post(&running.root("/oauth2/token"), &form).await;
    let mismatch = refusal("invalid_client", "Client ID mismatch");
    assert_eq!(read(answer).await, (400, mismatch));
    assert_eq!(running.exchange(&[("code", &code)]).await, invalid);
}

#[actix_web::test]
async fn codes_and_tokens_expire_on_the_markets_clock() {
    let running = Running::start();
    let old = running.code();
    running.clock.advance(300);
    assert_eq!(
        running.exchange(&[("code", &old)]).await.1,
        refusal("invalid_grant", "Invalid authorization code")
    );
    let (_, tokens) = running.exchange(&[("code", &running.code())]).await;
    let url = running.url("/oauth2/userinfo");
    assert_eq!(
        running.user_info(&url, &tokens["access_token"]).await.0,
        200
    );
    running.clock.advance(7200);
    assert_eq!(
        running.user_info(&url, &tokens["access_token"]).await,
        (401, refusal("unauthorized", UNAUTHORIZED))
    );
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let renewal = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    running.clock.advance(30 * 24 * 60 * 60);
    assert_eq!(
        running.exchange(&renewal).await,
        (400, refusal("invalid_grant", "Invalid refresh token"))
    );
}

#[actix_web::test]
async fn refresh_tokens_rotate_or_stay() {
    let running = Running::start();
    let renew = async |token: &Value| {
        let token = token.as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        running.exchange(&form).await
    };
    let (_, first) = running.exchange(&[("code", &running.code())]).await;
    let (status, second) = renew(&first["refresh_token"]).await;
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(renew(&first["refresh_token"]).await.0, 400);

    running.centre.manner().set(Settings {
        rotates_refresh_tokens: false,
        ..Settings::default()
    });
    for _ in 0..2 {
        let (status, third) = renew(&second["refresh_token"]).await;
        assert_eq!(status, 200);
        assert_eq!(third["refresh_token"], second["refresh_token"]);
    }
    // Another client's refresh token is none.
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", second["refresh_token"].as_str().unwrap()),
        ("client_id", "client-2"),
        ("client_secret", SECRET),
    ];
    let answer = running.post(&running.root("/oauth2/token"), &form).await;
    let refused = refusal("invalid_grant", "Invalid refresh token");
    assert_eq!(read(answer).await, (400, refused));
}

#[actix_web::test]
async fn who_is_no_bearer_learns_nothing() {
    let running = Running::start();
    let (_, tokens) = running.exchange(&[("code", &running.code())]).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let unauthorized = (401, refusal("unauthorized", UNAUTHORIZED));
    let url = running.url("/oauth2/userinfo");
    for header in ["", "Bearer", "Bearer x", &format!("Basic {token}")] {
        let request = running.http.get(&url).header("Authorization", header);
        let answer = request.send().await.unwrap();
        assert_eq!(read(answer).await, unauthorized, "{header:?}");
    }
    assert_eq!(read(running.get(&url).await).await, unauthorized);
    // The centre of another enterprise does not know it; the one at the root does.
    let elsewhere = url.replace("/t-1/", "/demo2/");
    let asked = running.user_info(&elsewhere, &tokens["access_token"]);
    assert_eq!(asked.await, unauthorized);
    let root = running.root("/oauth2/userinfo");
    assert_eq!(
        running.user_info(&root, &tokens["access_token"]).await.0,
        200
    );
    let unknown = url.replace("/t-1/", "/t-9/");
    assert_eq!(
        running.user_info(&unknown, &tokens["access_token"]).await.0,
        404
    );
}

#[actix_web::test]
async fn nothing_is_worth_anything_without_its_account() {
    let running = Running::start();
    let (_, tokens) = running.exchange(&[("code", &running.code())]).await;
    let url = running.url("/oauth2/userinfo");
    let known = async || running.user_info(&url, &tokens["access_token"]).await.0;
    let unused = running.code();
    let mut disabled = member("lisi02", Role::User);
    disabled.enabled = false;
    let accounts = &running.centre;
    accounts.accounts(|it| it.put_member("t-1", disabled).unwrap());
    assert_eq!(known().await, 401);
    assert_eq!(running.exchange(&[("code", &unused)]).await.0, 400);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let renewal = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    let refused = refusal("invalid_grant", "Invalid refresh token");
    assert_eq!(running.exchange(&renewal).await, (400, refused));
    accounts.accounts(|it| it.put(enterprise(1)).unwrap());
    assert_eq!(known().await, 200);
    // A new client id, as after a new binding: what the old one was given is void.
    let rebound = Application {
        client_id: "client-1b".to_owned(),
        ..enterprise(1).applications.remove(0)
    };
    accounts.accounts(|it| it.put_application("t-1", rebound).unwrap());
    assert_eq!(known().await, 401);
    let code = running.code();
    assert_eq!(running.exchange(&[("code", &code)]).await.0, 400);
    accounts.accounts(|it| assert!(it.remove("t-1")));
    assert_eq!(known().await, 404);
}

#[actix_web::test]
async fn what_is_no_form_is_refused() {
    let running = Running::start();
    let url = running.url("/oauth2/token");
    let send = async |content_type: &str, body: String| {
        let request = running.http.post(&url).header("Content-Type", content_type);
        request.body(body).send().await.unwrap()
    };
    let no_form = refusal("invalid_request", "The parameters must be a form");
    let json = send("application/json", "{}".to_owned()).await;
    assert_eq!(read(json).await, (400, no_form));
    let form = "Application/x-www-form-urlencoded ;charset=UTF-8";
    let twice = send(form, "grant_type=a&grant_type=b".to_owned()).await;
    let refused = refusal("invalid_request", "A parameter comes twice");
    assert_eq!(read(twice).await, (400, refused));
    assert_eq!(send(form, "x".repeat(17 * 1024)).await.status(), 413);
    assert_eq!(running.get(&url).await.status(), 405);
}

#[actix_web::test]
async fn the_way_back_is_the_registered_address() {
    let running = Running::start();
    let back = running.centre.sign_in("demo1", APP, "zhang&san").unwrap();
    let url = back.url();
    assert!(url.starts_with(&format!("{LOGIN_ADDRESS}?code=")), "{url}");
    let expected = [("code", &*back.code), ("tenant", "t-1")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(query(&url), expected);
}
