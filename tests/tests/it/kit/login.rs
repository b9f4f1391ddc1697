//! Whom the kit told of logs in, at the sandbox's authentication centre.

use actix_web::{App, HttpServer};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_sandbox::centre::{Application, Centre, Enterprise, Member, Role};
use tenure_sandbox::clock::Clock;
use tenure_sandbox::kit::{Flag, Version};

use super::{CLIENT_SECRET, Profile, binding, client, grant, member, profile, setup, told, writer};
use crate::service::{Service, Setup};

const TOKEN: &str = "api-token-7c1e9a52-4b3d";

/// A service whose members log in at a centre on this machine.
struct Scene {
    service: Service,
    centre: Centre,
    origin: String,
    http: reqwest::Client,
}

impl Scene {
    fn start() -> Self {
        let centre = Centre::new(Clock::start(1), 7);
        centre.accounts(|directory| directory.put(enterprise()).unwrap());
        let shared = centre.clone();
        let server = HttpServer::new(move || {
            App::new().configure(|config| shared.clone().configure(config))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0");
        let server = server.unwrap();
        let origin = format!("http://{}", server.addrs()[0]);
        drop(actix_web::rt::spawn(server.run()));
        let login = format!(
            "login.app_id = \"{}\"\n\
             login.public_url = \"https://lic.example.com\"\n\
             login.application_url = \"https://app.example.com/in\"\n\
             login.goodbye_url = \"https://app.example.com/bye\"\n\
             login.portal = \"{origin}\"\n\
             login.trusted_centres = [\"{origin}\"]\n",
            binding().application,
        );
        let service = Service::of(&Setup {
            filter: Some("info,tenure_login=debug"),
            token: Some(TOKEN),
            cad_pro: setup().cad_pro + &login,
        });
        // A connection of an earlier run would be found closed.
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0);
        Self {
            service,
            centre,
            origin,
            http: http.redirect(Policy::none()).build().unwrap(),
        }
    }

    /// Has the marketplace tell of the enterprise, its client and a member.
    async fn bind(&self) {
        let writer = writer(Version::V2);
        let profile = Profile {
            domain_name: Centre::domain_name(&self.origin, &binding().tenant),
            ..profile()
        };
        let bound = writer.tenant_sync(&binding(), &profile, Flag::Create);
        told(&self.service, &bound).await;
        told(&self.service, &client(&writer, CLIENT_SECRET)).await;
        told(&self.service, &grant(&[member("zhangsan01", "张三")])).await;
    }

    /// The browser comes to an address of the login: the status, and where it is sent.
    async fn browse(&self, rest: &str) -> (u16, String) {
        let address = format!("{}/login{rest}", self.service.address("cad-pro"));
        let response = self.http.get(address).send().await.unwrap();
        let location = response.headers().get("location");
        let location = location.map_or("", |it| it.to_str().unwrap()).to_owned();
        (response.status().as_u16(), location)
    }

    /// A member logs in at the centre and comes back.
    async fn log_in(&self, user_name: &str) -> (u16, String) {
        let (tenant, application) = (binding().tenant, binding().application);
        let callback = self.centre.sign_in(&tenant, &application, user_name);
        let callback = callback.unwrap();
        self.browse(&format!("/callback?code={}&tenant={tenant}", callback.code))
            .await
    }

    /// The level at which the next login that did not come about is logged, for this reason.
    fn level_of(&self, reason: &str) -> String {
        self.service.await_line(&format!("\"reason\":\"{reason}\""));
        let log = self.service.log.lock().unwrap();
        let failed = log.lines().rfind(|it| it.contains("a login did not"));
        let line: Value = serde_json::from_str(failed.unwrap()).unwrap();
        line["level"].as_str().unwrap().to_owned()
    }

    async fn session(&self, user_name: &str) -> Value {
        let (status, location) = self.log_in(user_name).await;
        assert_eq!(status, 302);
        let ticket = location.strip_prefix("https://app.example.com/in?ticket=");
        let body = json!({ "listing": "cad-pro", "ticket": ticket.unwrap() });
        self.post("exchange", &body, TOKEN).await.1
    }

    async fn check(&self, session: &Value) -> Value {
        let body = json!({ "listing": "cad-pro", "session": session["session"] });
        self.post("sessions/check", &body, TOKEN).await.1
    }

    async fn post(&self, path: &str, body: &Value, token: &str) -> (u16, Value) {
        let address = format!("http://{}/v1/login/{path}", self.service.api);
        let request = self.http.post(address).bearer_auth(token);
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }
}

fn enterprise() -> Enterprise {
    Enterprise {
        tenant_id: binding().tenant,
        tenant_code: profile().code,
        name: profile().name,
        applications: vec![Application {
            app_id: binding().application,
            client_id: "client-1".to_owned(),
            client_secret: SecretString::from(CLIENT_SECRET),
            login_address: "https://lic.example.com/koogallery/cad-pro/login/callback".to_owned(),
            service_address: String::new(),
        }],
        members: ["zhangsan01", "lisi02"].map(at_centre).into(),
    }
}

fn at_centre(user_name: &str) -> Member {
    Member {
        user_name: user_name.to_owned(),
        name: "张三".to_owned(),
        role: Role::Admin,
        enabled: true,
        org_code: "10001".to_owned(),
        org_name: "一部".to_owned(),
        mobile: String::new(),
        email: String::new(),
    }
}

#[actix_web::test]
async fn a_member_logs_in_and_is_out_when_the_kit_says_so() {
    let mut scene = Scene::start();
    assert_eq!(scene.log_in("zhangsan01").await.0, 403);
    scene.bind().await;
    let session = scene.session("zhangsan01").await;
    assert_eq!(session["user_name"], "zhangsan01", "{session}");
    assert_eq!(session["name"], "张三");
    assert_eq!(session["role"], "user");
    assert_eq!(session["tenant_id"], binding().tenant);
    assert_eq!(session["instance_id"], binding().instance);
    // The centre knows the other one, and the kit told nothing of it.
    assert_eq!(scene.log_in("lisi02").await.0, 403);

    scene.service.restart();
    assert_eq!(scene.check(&session).await["good"], true);
    let withdrawn =
        writer(Version::V2).auth_sync(&binding(), &[member("zhangsan01", "")], Flag::Withdraw);
    told(&scene.service, &withdrawn).await;
    let over = json!({ "good": false, "reason": "member_withdrawn" });
    assert_eq!(scene.check(&session).await, over);
    assert_eq!(scene.log_in("zhangsan01").await.0, 403);
}

#[actix_web::test]
async fn sessions_are_for_the_back_end_and_its_token() {
    let scene = Scene::start();
    scene.bind().await;
    let session = scene.session("zhangsan01").await;
    let body = json!({ "listing": "cad-pro", "session": session["session"] });
    for path in ["exchange", "sessions/check", "sessions/end"] {
        let (status, problem) = scene.post(path, &body, "another").await;
        assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")));
    }
    let document = scene.service.get_json("/openapi.json").await;
    assert!(document["paths"]["/v1/login/exchange"]["post"].is_object());
    let metrics = scene.service.get("/metrics").await.1;
    let counted = r#"tenure_logins_total{listing="cad-pro",outcome="logged_in"} 1"#;
    assert!(metrics.lines().any(|it| it == counted), "{metrics}");
    let (status, answer) = scene.post("sessions/end", &body, TOKEN).await;
    let logout = answer["logout_url"].as_str().unwrap();
    assert!(
        status == 200 && logout.starts_with(&scene.origin),
        "{answer}"
    );
    assert_eq!(scene.check(&session).await["reason"], "unknown_session");
}

#[actix_web::test]
async fn a_login_starts_at_the_page_of_the_marketplace_or_at_the_centre_of_an_enterprise() {
    let scene = Scene::start();
    let application = binding().application;
    let portal = format!(
        "{}/unified-login/#/portal-login?ind=UNOP&appId={application}",
        scene.origin
    );
    assert_eq!(scene.browse("").await, (302, portal));
    scene.bind().await;
    let tenant = binding().tenant;
    let (status, location) = scene.browse(&format!("?tenant={tenant}")).await;
    let centre = Centre::domain_name(&scene.origin, &tenant);
    assert_eq!(status, 302);
    assert!(
        location.starts_with(&format!("{centre}/api/v1/oauth2/authorize?")),
        "{location}"
    );
    // Other listings have no login.
    let other = format!("{}/login", scene.service.address("cad-manual"));
    let other = scene.http.get(other).send().await.unwrap();
    assert_eq!(other.status(), 404);
}

#[actix_web::test]
async fn what_any_stranger_can_cause_is_no_warning() {
    let scene = Scene::start();
    scene.bind().await;
    for (rest, reason) in [
        ("?tenant=", "malformed"),
        ("/callback?code=c1", "malformed"),
        ("/callback?error=access_denied&state=s1", "refused"),
        ("/callback?code=c1&state=s1", "state_lost"),
        ("?tenant=made-up", "unbound"),
        ("/callback?code=c1&tenant=made-up", "unbound"),
        ("/cas?tenant=made-up&ticket=ST-1", "unbound"),
    ] {
        scene.browse(rest).await;
        assert_eq!(scene.level_of(reason), "DEBUG", "{rest}");
    }
    // Only whom a centre vouches for comes that far.
    assert_eq!(scene.log_in("lisi02").await.0, 403);
    assert_eq!(scene.level_of("member_withdrawn"), "WARN");
}

#[actix_web::test]
async fn while_the_read_model_is_late_nobody_is_said_to_be_unbound() {
    let scene = Scene::start();
    let read_model = rusqlite::Connection::open(scene.service.file("read.db")).unwrap();
    read_model.execute_batch("BEGIN IMMEDIATE").unwrap();
    scene.bind().await;
    let start = format!("?tenant={}", binding().tenant);
    assert_eq!(scene.browse(&start).await.0, 503);
    assert_eq!(scene.level_of("index"), "WARN");
    read_model.execute_batch("ROLLBACK").unwrap();
    let recorded = scene.service.records_after(0).await;
    let head = &recorded.last().unwrap()["position"];
    let folded = format!("/v1/licenses?min_position={head}");
    scene.service.get_json(&folded).await;
    assert_eq!(scene.browse(&start).await.0, 302);
}
