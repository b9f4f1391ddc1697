//! Activating a code, against a marketplace on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use secrecy::SecretString;
use tenure_koogallery::Credentials;
use tenure_outbound::{Account, Activator, Client, ClientSettings};

use crate::scene::{Plan, Scene, merchant};

const ACTIVATED: &str = r#"{"error_code":"92020000","data":{"license_code_info":"{\"status\":\"ALIVE\",\"expire_time\":\"20270101000000\"}"}}"#;
const ALIVE: &str = r#"{"error_code":"92020000","data":{"license_code":"PLTEST0001","status":"ALIVE","expire_time":"20270102155959"}}"#;

/// A marketplace that gives these two answers, always.
fn marketplace(activate: &'static str, query: &'static str) -> String {
    let say = |body: &'static str| web::to(move || async move { HttpResponse::Ok().body(body) });
    let server = HttpServer::new(move || {
        let base = "/api/mkp-openapi-public/global/v1/license";
        App::new()
            .route(&format!("{base}/activate"), say(activate))
            .route(&format!("{base}/heartbeat"), say(query))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    format!("http://{address}")
}

fn scene(activate: &'static str, query: &'static str, more_listings: Vec<&'static str>) -> Scene {
    let endpoint = marketplace(activate, query);
    Scene::of(Plan {
        more_listings,
        activator: Some(Box::new(move |queue, clock| {
            let settings = ClientSettings {
                endpoint,
                fallback: None,
                credentials: Credentials {
                    access_key_id: "AKEXAMPLE00000000001".to_owned(),
                    secret_access_key: SecretString::from("sk-example-0123456789"),
                },
                timeout: Duration::from_secs(5),
            };
            let account = Account {
                merchant: merchant("acme"),
                client: Client::new(settings, Arc::clone(&clock) as _).unwrap(),
                grace_seconds: 0,
            };
            let accounts = BTreeMap::from([(tenure_testkit::listing(), account)]);
            Activator::new(accounts, queue, clock)
        })),
        ..Plan::default()
    })
}

#[actix_web::test]
async fn a_code_is_activated_once_and_saying_so_again_is_a_success() {
    let scene = scene(ACTIVATED, ALIVE, Vec::new());
    let target = "/v1/codes/PLTEST0001/activate?listing=cad-pro";
    let first = scene.post(target).await.json();
    assert_eq!(first["outcome"], "recorded");
    assert_eq!(first["expires_at"], "2027-01-02T15:59:59Z");
    assert_eq!(first["estimate"], false);
    assert_eq!(first["position"], 2);
    let license = scene.ask("/v1/licenses/PLTEST0001").await.json();
    assert_eq!(license["status"], "active");
    assert_eq!(
        scene.post(target).await.json()["outcome"],
        "already_applied"
    );
}

#[actix_web::test]
async fn a_refusal_of_the_marketplace_names_its_receipt() {
    let scene = scene(r#"{"error_code":"92020004"}"#, ALIVE, Vec::new());
    let answer = scene
        .post("/v1/codes/PLTEST0001/activate?listing=cad-pro")
        .await;
    let (status, code, detail) = answer.problem_with_detail();
    assert_eq!((status, code.as_str()), (409, "not_claimed"));
    assert!(detail.contains("buyer"), "{detail}");
    let problem: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let receipt = problem["receipt_id"].as_str().unwrap();
    let receipt = scene.ask(&format!("/v1/receipts/{receipt}")).await.json();
    assert_eq!(receipt["reason"], "not_claimed");
    assert_eq!(receipt["method"], "OPEN-API");
}

#[actix_web::test]
async fn the_listing_must_be_known_and_have_access() {
    let scene = scene(ACTIVATED, ALIVE, vec!["cad-lite"]);
    let code = "/v1/codes/PLTEST0001/activate";
    for (target, status, problem) in [
        (code.to_owned(), 400, "missing_parameter"),
        (format!("{code}?listing=nowhere"), 404, "unknown_listing"),
        (
            format!("{code}?listing=cad-lite"),
            409,
            "open_api_not_configured",
        ),
        (format!("{code}?lsting=cad-pro"), 400, "unknown_parameter"),
    ] {
        assert_eq!(
            scene.post(&target).await.problem(),
            (status, problem.to_owned())
        );
    }
    let without = Scene::new();
    let problem = without
        .post(&format!("{code}?listing=cad-pro"))
        .await
        .problem();
    assert_eq!(problem, (409, "open_api_not_configured".to_owned()));
}
