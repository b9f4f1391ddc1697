//! License files that wait for the merchant, and the ones that the merchant makes.

use serde_json::{Value, json};
use tenure_domain::file::{FileRequest, FileRules};
use tenure_domain::{Family, FileEventId, Instant, Intent};
use tenure_journal::vault::Owner;
use tenure_koogallery::license_file::FINGERPRINT_CONTEXT;
use tenure_testkit::order_line;

use crate::scene::{Answer, Scene, check_shape, license, merchant};

const FILES: &str = "/v1/licenses/instance-1/files";
const TEXT: &str = "AAAA-BBBB-CCCC";

fn apply(scene: &Scene, intent: Intent) {
    drop(scene.apply("acme", "instance-1", Family::OnlineLicense, intent));
}

/// A license for which this was asked: event and device.
fn asked(requests: &[(&str, Option<&str>)]) -> Scene {
    let scene = Scene::new();
    let purchase = Intent::Purchase {
        order: order_line(1),
        ready: true,
        details: None,
    };
    apply(&scene, purchase);
    let owner = Owner::license(&merchant("acme"), &license("instance-1"));
    let key = scene.vault.key(&owner).unwrap();
    for (event, device) in requests {
        let fingerprint =
            device.map(|device| key.seal(FINGERPRINT_CONTEXT, device.as_bytes()).unwrap());
        let request = FileRequest {
            event: FileEventId::parse(event).unwrap(),
            fingerprint,
            effective_at: Instant::from_seconds(1_000),
            expires_at: Some(Instant::from_seconds(2_000)),
        };
        let intent = Intent::RequestFile {
            request: Box::new(request),
            rules: FileRules {
                needs_fingerprint: false,
                counts_units: false,
            },
        };
        apply(&scene, intent);
    }
    scene
}

async fn make(scene: &Scene, event: &str, body: &Value) -> Answer {
    let request = scene.request(reqwest::Method::POST, &format!("{FILES}/{event}"));
    scene.send(request.json(body)).await
}

#[actix_web::test]
async fn what_is_asked_for_is_listed_with_its_device() {
    let scene = asked(&[("EV-1", Some("00-1B-63|S4EVNX0R")), ("EV-2", None)]);
    let mut listed = scene.ask(FILES).await.json();
    let device = listed["files"][0]["device"].take();
    assert_eq!(device.as_str().map(str::len), Some(32), "{device}");
    check_shape("asked_files", &listed);

    let owner = Owner::license(&merchant("acme"), &license("instance-1"));
    assert_eq!(scene.vault.destroy(&owner).unwrap(), 1);
    let listed = scene.ask(FILES).await.json();
    assert_eq!(listed["files"][0]["device"], device);
    assert_eq!(listed["files"][0]["fingerprint"], Value::Null);
    let unknown = scene.ask("/v1/licenses/nothing/files").await;
    assert_eq!(unknown.problem(), (404, "unknown_license".to_owned()));
}

#[actix_web::test]
async fn a_file_is_made_once_and_its_receipt_keeps_it_sealed() {
    let scene = asked(&[("EV-1", Some("00-1B-63|S4EVNX0R"))]);
    let made = json!({ "characters": TEXT });
    let answer = make(&scene, "EV-1", &made).await;
    assert_eq!(
        answer.json(),
        json!({ "id": "instance-1", "outcome": "recorded" })
    );
    let receipt = answer.headers["tenure-receipt-id"].to_str().unwrap();
    let again = make(&scene, "EV-1", &made).await.json();
    assert_eq!(again["outcome"], "already_applied");
    let other = make(&scene, "EV-1", &json!({ "characters": "DDDD" })).await;
    assert_eq!(other.problem(), (409, "file_made_before".to_owned()));
    let listed = scene.ask(FILES).await.json();
    assert_eq!(listed["files"][0]["progress"], "made");

    let receipt = scene.ask(&format!("/v1/receipts/{receipt}")).await.json();
    assert_eq!(receipt["activity"], "license_file");
    assert!(receipt.to_string().contains(TEXT), "{receipt}");
    let owner = Owner::license(&merchant("acme"), &license("instance-1"));
    assert_eq!(scene.vault.destroy(&owner).unwrap(), 1);
    let id = receipt["id"].as_str().unwrap();
    let receipt = scene.ask(&format!("/v1/receipts/{id}")).await.json();
    assert!(!receipt.to_string().contains(TEXT), "{receipt}");
}

#[actix_web::test]
async fn a_device_has_to_be_named_where_two_share_an_event() {
    let scene = asked(&[("EV-1", Some("00-1B-63|A")), ("EV-1", Some("00-1B-63|B"))]);
    let file = json!({ "file_name": "cad-pro.lic", "file": "QUFBQS1CQkJC" });
    let either = make(&scene, "EV-1", &file).await;
    assert_eq!(either.problem(), (409, "ambiguous_device".to_owned()));
    let listed = scene.ask(FILES).await.json();
    let mut second = file.clone();
    second["device"] = listed["files"][1]["device"].clone();
    assert_eq!(
        make(&scene, "EV-1", &second).await.json()["outcome"],
        "recorded"
    );
    second["device"] = "0123456789abcdef0123456789abcdef".into();
    let neither = make(&scene, "EV-1", &second).await;
    assert_eq!(neither.problem(), (404, "file_not_requested".to_owned()));
    let listed = scene.ask(FILES).await.json();
    assert_eq!(listed["files"][0]["progress"], "requested");
    assert_eq!(listed["files"][1]["progress"], "made");
}

#[actix_web::test]
async fn what_is_no_file_or_was_not_asked_for_is_refused() {
    let scene = asked(&[("EV-1", None)]);
    let made = json!({ "characters": TEXT });
    let unknown = make(&scene, "EV-2", &made).await;
    assert_eq!(unknown.problem(), (404, "file_not_requested".to_owned()));
    let (status, code, detail) = make(&scene, "EV-1", &json!({ "characters": "" }))
        .await
        .problem_with_detail();
    assert_eq!((status, code.as_str()), (400, "malformed_file"));
    assert!(detail.contains("1 to 1024 characters"), "{detail}");
    let large = json!({ "characters": "x".repeat(400 * 1024) });
    let large = make(&scene, "EV-1", &large).await;
    assert_eq!(large.problem(), (413, "body_too_large".to_owned()));
    let wrong_method = scene.ask(&format!("{FILES}/EV-1")).await;
    assert_eq!(
        wrong_method.problem(),
        (405, "method_not_allowed".to_owned())
    );
}
