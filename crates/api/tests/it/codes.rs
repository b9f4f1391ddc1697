//! Activating and checking codes, against a marketplace on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use secrecy::SecretString;
use serde_json::{Value, json};
use tenure_koogallery::Credentials;
use tenure_outbound::{Account, Activator, Client, ClientSettings};

use crate::scene::{Answer, Plan, Scene, merchant};

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
    let problem: Value = serde_json::from_str(&answer.text).unwrap();
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

/// Posts a body of JSON.
async fn post(scene: &Scene, target: &str, body: &Value) -> Answer {
    let request = scene.request(reqwest::Method::POST, target).json(body);
    scene.send(request).await
}

#[actix_web::test]
async fn what_became_of_each_of_several_codes_is_told() {
    let scene = scene(ACTIVATED, ALIVE, Vec::new());
    let codes = json!({ "listing": "cad-pro", "codes": ["PLTEST0001", "PLTEST0002"] });
    let answer = post(&scene, "/v1/codes/activate", &codes).await.json();
    for (index, id) in ["PLTEST0001", "PLTEST0002"].into_iter().enumerate() {
        let code = &answer["codes"][index];
        assert_eq!(code["id"], id);
        assert_eq!(code["activated"]["outcome"], "recorded", "{answer}");
        assert_eq!(code["problem"], Value::Null);
        let license = scene.ask(&format!("/v1/licenses/{id}")).await.json();
        assert_eq!(license["status"], "active");
    }
}

#[actix_web::test]
async fn a_code_that_is_not_activated_names_its_problem_and_holds_up_no_others() {
    let scene = scene(r#"{"error_code":"92020004"}"#, ALIVE, Vec::new());
    let codes = json!({ "listing": "cad-pro", "codes": ["PLTEST0001", "PLTEST0002"] });
    let answer = post(&scene, "/v1/codes/activate", &codes).await.json();
    for code in answer["codes"].as_array().unwrap() {
        assert_eq!(code["activated"], Value::Null);
        assert_eq!(code["problem"]["code"], "not_claimed");
        assert!(code["problem"]["receipt_id"].is_string(), "{code}");
    }
    let denied = self::scene(r#"{"error_code":"APIGW.0301"}"#, ALIVE, Vec::new());
    let answer = post(&denied, "/v1/codes/activate", &codes).await.json();
    assert_eq!(answer["codes"][0]["problem"]["code"], "denied");
    assert_eq!(answer["codes"][1]["problem"]["code"], "not_tried");
}

#[actix_web::test]
async fn a_list_of_codes_is_bounded_and_names_each_once() {
    let scene = scene(ACTIVATED, ALIVE, vec!["cad-lite"]);
    let many: Vec<_> = (0..101)
        .map(|number| format!("PLTEST{number:04}"))
        .collect();
    for (body, status, problem) in [
        (
            json!({ "listing": "cad-pro", "codes": [] }),
            400,
            "malformed_body",
        ),
        (
            json!({ "listing": "cad-pro", "codes": many }),
            400,
            "malformed_body",
        ),
        (
            json!({ "listing": "cad-pro", "codes": ["A", "A"] }),
            400,
            "malformed_body",
        ),
        (
            json!({ "listing": "cad-pro", "codes": [""] }),
            400,
            "malformed_id",
        ),
        (json!({ "listing": "cad-pro" }), 400, "malformed_body"),
        (
            json!({ "listing": "nowhere", "codes": ["A"] }),
            404,
            "unknown_listing",
        ),
        (
            json!({ "listing": "cad-lite", "codes": ["A"] }),
            409,
            "open_api_not_configured",
        ),
    ] {
        let answer = post(&scene, "/v1/codes/activate", &body).await;
        assert_eq!(answer.problem(), (status, problem.to_owned()), "{body}");
    }
}

#[actix_web::test]
async fn a_check_tells_what_the_marketplace_says_beside_what_is_known() {
    let scene = scene(ACTIVATED, ALIVE, Vec::new());
    let check = "/v1/codes/PLTEST0001/check?listing=cad-pro";
    let unknown = scene.post(check).await.json();
    assert_eq!(
        (&unknown["own_status"], &unknown["outcome"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&unknown["status"], &unknown["agrees"]),
        (&json!("ALIVE"), &json!(false))
    );

    scene
        .post("/v1/codes/PLTEST0001/activate?listing=cad-pro")
        .await
        .json();
    let known = scene.post(check).await.json();
    assert_eq!(known["own_status"], "active");
    assert_eq!(known["expires_at"], "2027-01-02T15:59:59Z");
    assert_eq!(known["own_expires_at"], known["expires_at"]);
    assert_eq!(
        (&known["agrees"], &known["outcome"]),
        (&json!(true), &json!("recorded"))
    );
    assert_eq!(scene.post(check).await.json()["outcome"], "already_applied");

    let license = scene.ask("/v1/licenses/PLTEST0001").await.json();
    assert_eq!(
        license["checked"],
        json!({ "status": "ALIVE", "expires_at": "2027-01-02T15:59:59Z", "at": "1970-01-01T00:16:40Z" })
    );
    assert_eq!(license["status"], "active");
    let records = scene.ask("/v1/licenses/PLTEST0001/records").await.json();
    let told = &records["records"][2];
    assert_eq!(
        (&told["event"], &told["data"]["status"]),
        (&json!("code_checked"), &json!("ALIVE"))
    );
    let receipt = known["receipt_id"].as_str().unwrap();
    let receipt = scene.ask(&format!("/v1/receipts/{receipt}")).await.json();
    assert_eq!(
        (&receipt["activity"], &receipt["verdict"]),
        (&json!("check"), &json!("applied"))
    );
}

#[actix_web::test]
async fn who_uses_a_code_is_bounded_and_never_shown() {
    let scene = scene(ACTIVATED, ALIVE, Vec::new());
    let check = "/v1/codes/PLTEST0001/check?listing=cad-pro";
    let told = |info: Value| json!({ "heartbeat_info": info });
    let account = "zhang.san@example.com";
    let good = told(json!({
        "third_party_account": account, "ip": "192.0.2.7", "further": { "device": "7" },
    }));
    assert_eq!(post(&scene, check, &good).await.json()["status"], "ALIVE");
    for (body, problem) in [
        (
            told(json!({ "third_party_account": "" })),
            "malformed_heartbeat_info",
        ),
        (
            told(json!({ "third_party_account": account.repeat(20) })),
            "malformed_heartbeat_info",
        ),
        (
            told(json!({ "third_party_account": account, "ip": "1".repeat(33) })),
            "malformed_heartbeat_info",
        ),
        (
            told(json!({ "third_party_account": account, "further": { "ip": "x" } })),
            "malformed_heartbeat_info",
        ),
        (
            told(json!({ "third_party_account": account, "further": { "x": "y".repeat(257) } })),
            "malformed_heartbeat_info",
        ),
        (told(json!({ "account": account })), "malformed_body"),
    ] {
        let answer = post(&scene, check, &body).await;
        assert_eq!(answer.problem(), (400, problem.to_owned()), "{body}");
        assert!(!answer.text.contains("zhang"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn a_code_that_the_marketplace_does_not_know_names_the_receipt() {
    let scene = scene(ACTIVATED, r#"{"error_code":"92020011"}"#, Vec::new());
    let answer = scene
        .post("/v1/codes/PLTEST0001/check?listing=cad-pro")
        .await;
    assert_eq!(answer.problem(), (409, "not_activated".to_owned()));
    let problem: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(problem["receipt_id"].is_string(), "{problem}");
}
