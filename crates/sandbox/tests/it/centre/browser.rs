//! Authorization for whoever is signed in, and the end of a session.

use reqwest::header::SET_COOKIE;
use tenure_sandbox::centre::Settings;

use super::{LOGIN_ADDRESS, Running, location, query, read, refusal};

/// The address of an authorization, with some parameters in place of the right ones.
fn authorize(running: &Running, parameters: &[(&str, &str)]) -> String {
    let right = [
        ("client_id", "client-1"),
        ("redirect_uri", LOGIN_ADDRESS),
        ("response_type", "code"),
    ];
    let kept = right
        .into_iter()
        .filter(|(name, _)| parameters.iter().all(|(other, _)| other != name));
    let all = parameters.iter().copied().chain(kept);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(all.filter(|(_, value)| !value.is_empty()))
        .finish();
    running.url(&format!("/oauth2/authorize?{query}"))
}

#[actix_web::test]
async fn who_is_signed_in_is_sent_back_with_a_code() {
    let running = Running::start();
    let cookie = running.cookie("lisi02").await;
    let state = "aZ09";
    let url = authorize(&running, &[("state", state), ("scope", "get_user_info")]);
    let back = location(&running.get_with_cookie(&url, &cookie).await);
    assert!(back.starts_with(&format!("{LOGIN_ADDRESS}?")), "{back}");
    let names: Vec<_> = query(&back).into_iter().collect();
    let code = names[0].1.clone();
    let expected = [("code", &*code), ("tenant", "t-1"), ("state", state)];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(names, expected);
    let form = [("code", &*code), ("redirect_uri", LOGIN_ADDRESS)];
    assert_eq!(running.exchange(&form).await.0, 200);

    running.centre.manner().set(Settings {
        authorize_names_tenant: false,
        ..Settings::default()
    });
    let url = authorize(&running, &[("state", "a b&c")]);
    let back = location(&running.get_with_cookie(&url, &cookie).await);
    let names: Vec<_> = query(&back).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["code", "state"]);
    assert_eq!(query(&back)[1].1, "a b&c", "the state comes back unchanged");
}

#[actix_web::test]
async fn who_is_not_signed_in_signs_in_and_goes_on() {
    let running = Running::start();
    let url = authorize(&running, &[("state", "s1")]);
    let page = location(&running.get(&url).await);
    assert!(page.starts_with("/unified-login/portal-login?tenant=t-1&next="));
    let page = format!("{}{page}", running.origin);
    let next = query(&page)[1].1.clone();
    assert!(url.ends_with(&next), "{next}");
    let form = [("next", &*next), ("tenant", "t-1"), ("userName", "lisi02")];
    let login = format!("{}/unified-login/portal-login", running.origin);
    let signed_in = running.post(&login, &form).await;
    assert_eq!(location(&signed_in), next);
    let cookie = super::cookie_of(&signed_in);
    let back = running.get_with_cookie(&url, &cookie).await;
    assert!(location(&back).starts_with(LOGIN_ADDRESS));
    // The session is one with the first enterprise, and no other.
    let other = authorize(&running, &[("client_id", "client-2")]).replace("/t-1/", "/t-2/");
    let page = location(&running.get_with_cookie(&other, &cookie).await);
    assert!(page.starts_with("/unified-login/"), "{page}");
}

#[actix_web::test]
async fn nothing_is_sent_to_an_address_that_is_not_registered() {
    let running = Running::start();
    let cookie = running.cookie("lisi02").await;
    let mismatch = refusal("invalid_grant", "Redirect URI mismatch");
    for address in [
        "https://elsewhere.example.com/",
        "https://saas.example.com/sso/callback/",
        "https://saas.example.com/sso/callback?a=1",
        "HTTPS://saas.example.com/sso/callback",
    ] {
        let url = authorize(&running, &[("redirect_uri", address)]);
        let answer = running.get_with_cookie(&url, &cookie).await;
        assert_eq!(read(answer).await, (400, mismatch.clone()), "{address}");
    }
    let bad_client = refusal("invalid_client", "Bad client credentials");
    for (name, expected) in [("client-2", bad_client.clone()), ("client-3", bad_client)] {
        let url = authorize(&running, &[("client_id", name)]);
        let answer = running.get_with_cookie(&url, &cookie).await;
        assert_eq!(read(answer).await, (400, expected));
    }
    for name in ["client_id", "redirect_uri"] {
        let url = authorize(&running, &[(name, "")]);
        assert_eq!(running.get(&url).await.status(), 400, "{name}");
    }
}

#[actix_web::test]
async fn other_mistakes_are_told_to_the_registered_address() {
    let running = Running::start();
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("scope", "everything", "invalid_scope"),
    ] {
        let url = authorize(&running, &[(name, value), ("state", "s1")]);
        let back = location(&running.get(&url).await);
        assert_eq!(back, format!("{LOGIN_ADDRESS}?error={error}&state=s1"));
    }
}

#[actix_web::test]
async fn a_logout_ends_the_session_and_leads_where_it_was_told_to() {
    let running = Running::start();
    let cookie = running.cookie("lisi02").await;
    let goodbye = "/logout?redirect_url=https%3A%2F%2Fsaas.example.com%2Fbye%3Fx%3D1%26y%3D2";
    // Another enterprise's centre leaves the session alone.
    let elsewhere = running.url(goodbye).replace("/t-1/", "/t-2/");
    let answer = running.get_with_cookie(&elsewhere, &cookie).await;
    assert_eq!(location(&answer), "https://saas.example.com/bye?x=1&y=2");
    assert!(!answer.headers().contains_key(SET_COOKIE));
    let authorization = authorize(&running, &[]);
    let back = location(&running.get_with_cookie(&authorization, &cookie).await);
    assert!(back.starts_with(LOGIN_ADDRESS));

    let answer = running
        .get_with_cookie(&running.url(goodbye), &cookie)
        .await;
    assert_eq!(location(&answer), "https://saas.example.com/bye?x=1&y=2");
    let gone = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(gone.contains("Max-Age=0"), "{gone}");
    assert_eq!(answer.text().await.unwrap(), "");
    let back = location(&running.get_with_cookie(&authorization, &cookie).await);
    assert!(back.starts_with("/unified-login/"), "{back}");

    assert_eq!(
        location(&running.get(&running.url("/logout")).await),
        "/unified-login/"
    );
    for address in ["javascript:alert(1)", "//example.com", "bye"] {
        let url = running.url(&format!("/logout?redirect_url={address}"));
        assert_eq!(running.get(&url).await.status(), 400, "{address}");
    }
}

#[actix_web::test]
async fn at_the_root_a_call_says_itself_which_enterprise_it_means() {
    let running = Running::start();
    let at_root = |url: String| url.replace("/centre/t-1/", "/");
    let authorization = at_root(authorize(&running, &[("client_id", "client-2")]));
    let page = location(&running.get(&authorization).await);
    assert!(page.starts_with("/unified-login/portal-login?tenant=t-2&next=%2Fapi%2Fv1%2F"));
    // A service belongs to whoever signs in.
    let service =
        running.root("/cas/login?service=https%3A%2F%2Fsaas.example.com%2Fsso%2Fcallback");
    let page = location(&running.get(&service).await);
    assert!(page.starts_with("/unified-login/portal-login?next=%2Fapi%2Fv1%2Fcas"));
    let choice = running.get(&format!("{}{page}", running.origin)).await;
    assert_eq!(choice.text().await.unwrap().matches("<form").count(), 2);

    let cookie = running.cookie("lisi02").await;
    let page = location(&running.get_with_cookie(&authorization, &cookie).await);
    assert!(
        page.starts_with("/unified-login/"),
        "not a member of the second enterprise"
    );
    let authorization = at_root(authorize(&running, &[]));
    let back = location(&running.get_with_cookie(&authorization, &cookie).await);
    let code = query(&back)[0].1.clone();
    assert_eq!(running.exchange(&[("code", &code)]).await.0, 200);
    let back = location(&running.get_with_cookie(&service, &cookie).await);
    let ticket = query(&back)[0].1.clone();
    let question = format!("/cas/p3/serviceValidate?service={LOGIN_ADDRESS}&ticket={ticket}");
    let (_, answer) = read(running.get(&running.root(&question)).await).await;
    let success = &answer["serviceResponse"]["authenticationSuccess"];
    assert_eq!(success["attributes"]["tenant"], "t-1");
    let gone = running
        .get_with_cookie(&running.root("/logout"), &cookie)
        .await;
    assert!(gone.headers().contains_key(SET_COOKIE));
    let back = location(&running.get_with_cookie(&service, &cookie).await);
    assert!(back.starts_with("/unified-login/"), "{back}");
}
