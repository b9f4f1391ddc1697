//! License files, and the way to an application, as a license shows them.

use tenure_domain::file::{FileContent, FileRules};
use tenure_domain::{Family, Intent};
use tenure_testkit::{file_request, order_line, sealed};

use crate::scene::{Scene, check_shape};

const INSTANCE: &str = "instance-1";

fn apply(scene: &Scene, seconds: i64, intent: Intent) {
    let scene = scene.at(seconds);
    drop(scene.apply("acme", INSTANCE, Family::OnlineLicense, intent));
}

fn ask_for(number: u32, device: Option<u8>) -> Intent {
    Intent::RequestFile {
        request: Box::new(file_request(number, device)),
        rules: FileRules {
            needs_fingerprint: false,
            counts_units: false,
        },
    }
}

/// One file is asked for, one made and delivered, one denied.
fn played() -> Scene {
    let scene = Scene::new();
    let purchase = Intent::Purchase {
        order: order_line(1),
        ready: true,
        details: None,
    };
    apply(&scene, 1_001, purchase);
    apply(&scene, 1_002, ask_for(1, Some(1)));
    apply(&scene, 1_003, ask_for(2, None));
    apply(&scene, 1_004, ask_for(3, None));
    let contents = [
        (2, FileContent::Characters(sealed(2))),
        (
            3,
            FileContent::File {
                name: "license.dat".into(),
                bytes: sealed(3),
            },
        ),
    ];
    for (number, content) in contents {
        let key = file_request(number, None).key();
        let make = Intent::MakeFile {
            key: key.clone(),
            content,
        };
        apply(&scene, 1_005, make);
        let denied = (number == 3).then(|| "CBC.0001".into());
        apply(&scene, 1_006, Intent::NoteDelivery { key, denied });
    }
    scene
}

#[actix_web::test]
async fn a_license_shows_its_files_and_how_far_they_are() {
    let scene = played();
    let shown = scene.ask("/v1/licenses/instance-1").await.json();
    check_shape("license_files", &shown["files"]);
    assert_eq!(shown["access_told"], false);
    let target = "/v1/licenses/instance-1?as_of=1970-01-01T00:16:43Z";
    let then = scene.ask(target).await.json();
    let progress: Vec<_> = then["files"].as_array().unwrap().iter().collect();
    assert_eq!(progress.len(), 2);
    assert!(progress.iter().all(|file| file["progress"] == "requested"));
}

#[actix_web::test]
async fn that_the_way_was_told_is_shown_and_the_way_is_not() {
    let scene = played();
    let access = Some(sealed(7));
    apply(&scene, 1_007, Intent::ReportProvisioned { access });
    let shown = scene.ask("/v1/licenses/instance-1").await.json();
    assert_eq!(shown["access_told"], true);
    let records = scene.ask("/v1/licenses/instance-1/records").await.json();
    let last = records["records"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["event"], &last["data"]),
        (&"access_told".into(), &serde_json::json!({}))
    );
}
