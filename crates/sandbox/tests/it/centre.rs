//! The authentication centre over real HTTP, as merchants and browsers see it.

mod browser;
mod cas;
mod control;
mod faults;
mod page;
mod token;

use actix_web::{App, HttpServer};
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_sandbox::centre::{Application, Centre, Enterprise, Member, Role};
use tenure_sandbox::clock::Clock;

use crate::install_provider;
use crate::merchant::Manner;
use crate::serve::Running as Sandbox;

const APP: &str = "app-9";
const LOGIN_ADDRESS: &str = "https://saas.example.com/sso/callback";
const SECRET: &str = "a+b/c=d&e";

/// A centre of two enterprises that share an application.
struct Running {
    origin: String,
    centre: Centre,
    clock: Clock,
    http: reqwest::Client,
}

impl Running {
    fn start() -> Self {
        install_provider();
        let clock = Clock::start(1);
        let centre = Centre::new(clock.clone(), 7);
        centre.accounts(|directory| {
            directory.put(enterprise(1)).unwrap();
            directory.put(enterprise(2)).unwrap();
        });
        let shared = centre.clone();
        let server = HttpServer::new(move || {
            App::new().configure(|config| shared.clone().configure(config))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let origin = format!("http://{}", server.addrs()[0]);
        drop(actix_web::rt::spawn(server.run()));
        let http = reqwest::Client::builder();
        Self {
            origin,
            centre,
            clock,
            http: http.redirect(Policy::none()).build().unwrap(),
        }
    }

    /// The address of an interface below the first enterprise's `domainName`.
    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", Centre::domain_name(&self.origin, "t-1"))
    }

    /// The address of an interface at the root.
    fn root(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.origin)
    }

    fn code(&self) -> String {
        self.centre.sign_in("t-1", APP, "lisi02").unwrap().code
    }

    async fn get(&self, url: &str) -> Response {
        self.http.get(url).send().await.unwrap()
    }

    async fn get_with_cookie(&self, url: &str, cookie: &str) -> Response {
        let request = self.http.get(url).header("Cookie", cookie);
        request.send().await.unwrap()
    }

    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Response {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self.http.post(url).body(body);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.send().await.unwrap()
    }

    /// Calls `token` with some fields in place of the right ones; an empty one is left out.
    async fn exchange(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let right = [
            ("grant_type", "authorization_code"),
            ("client_id", "client-1"),
            ("client_secret", SECRET),
        ];
        let kept = right
            .into_iter()
            .filter(|(name, _)| fields.iter().all(|(other, _)| other != name));
        let form = fields.iter().copied().chain(kept);
        let form: Vec<_> = form.filter(|(_, value)| !value.is_empty()).collect();
        read(self.post(&self.url("/oauth2/token"), &form).await).await
    }

    async fn user_info(&self, url: &str, access_token: &Value) -> (u16, Value) {
        let request = self.http.get(url);
        let request = request.bearer_auth(access_token.as_str().unwrap());
        read(request.send().await.unwrap()).await
    }

    /// Signs a member of the first enterprise in, and returns the browser's cookie.
    async fn cookie(&self, user_name: &str) -> String {
        let form = [("appId", APP), ("tenant", "t-1"), ("userName", user_name)];
        let url = format!("{}/unified-login/portal-login", self.origin);
        let answer = self.post(&url, &form).await;
        assert_eq!(answer.status(), 302);
        cookie_of(&answer)
    }
}

fn enterprise(number: u8) -> Enterprise {
    Enterprise {
        tenant_id: format!("t-{number}"),
        tenant_code: format!("demo{number}"),
        name: "示例企业/一部 <1>".to_owned(),
        applications: vec![Application {
            app_id: APP.to_owned(),
            client_id: format!("client-{number}"),
            client_secret: SecretString::from(SECRET),
            login_address: LOGIN_ADDRESS.to_owned(),
            service_address: String::new(),
        }],
        members: vec![
            member("lisi02", Role::User),
            member("zhang&san", Role::Admin),
        ],
    }
}

fn member(user_name: &str, role: Role) -> Member {
    Member {
        user_name: user_name.to_owned(),
        name: "李四".to_owned(),
        role,
        enabled: true,
        org_code: "10001".to_owned(),
        org_name: "产品部".to_owned(),
        mobile: "13800000000".to_owned(),
        email: "lisi02@example.com".to_owned(),
    }
}

async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or_else(|_| text.into()),
    )
}

fn refusal(error: &str, description: &str) -> Value {
    json!({ "error": error, "error_description": description })
}

fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), 302);
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The parameters of an address, in their order.
fn query(address: &str) -> Vec<(String, String)> {
    let url = Url::parse(address).unwrap();
    url.query_pairs().into_owned().collect()
}

fn cookie_of(answer: &Response) -> String {
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[actix_web::test]
async fn the_sandbox_serves_a_whole_login() {
    let sandbox = Sandbox::start(Manner::Naive);
    let body = json!({
        "tenant_id": "t-9", "tenant_code": "demo9", "name": "Example",
        "applications": [{
            "app_id": APP, "client_id": "client-9", "client_secret": SECRET,
            "login_address": "https://saas.example.com/sso/callback?listing=cad",
        }],
        "members": [{ "user_name": "lisi02", "name": "Li Si" }],
    });
    let origin = format!("http://{}", sandbox.address);
    let put = sandbox
        .http
        .post(format!("{origin}/sandbox/centre/enterprises"));
    assert_eq!(put.json(&body).send().await.unwrap().status(), 204);
    let wish = json!({ "enterprise": "demo9", "app_id": APP, "user_name": "lisi02" });
    let (_, back) = sandbox.post("/centre/sign-ins", wish).await;
    let code = back["code"].as_str().unwrap();
    assert_eq!(
        back["url"],
        format!("https://saas.example.com/sso/callback?listing=cad&code={code}&tenant=t-9")
    );
    let form = format!(
        "code={code}&client_id=client-9&client_secret=a%2Bb%2Fc%3Dd%26e\
        &redirect_uri=https%3A%2F%2Fsaas.example.com%2Fsso%2Fcallback%3Flisting%3Dcad\
        &grant_type=authorization_code"
    );
    let domain_name = Centre::domain_name(&origin, "demo9");
    let token = sandbox
        .http
        .post(format!("{domain_name}/api/v1/oauth2/token"));
    let token = token.header("Content-Type", "application/x-www-form-urlencoded");
    let (status, tokens) = read(token.body(form).send().await.unwrap()).await;
    assert_eq!((status, &tokens["token_type"]), (200, &json!("Bearer")));
    let person = sandbox.http.get(format!("{origin}/api/v1/oauth2/userinfo"));
    let person = person.bearer_auth(tokens["access_token"].as_str().unwrap());
    let (_, person) = read(person.send().await.unwrap()).await;
    assert_eq!(person["userName"], "lisi02");
    sandbox.end().await;
}
