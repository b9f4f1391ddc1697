//! The flow of an online license: applications arrive, and the license is uploaded.

use std::time::Duration;

use serde_json::Value;
use tenure_sandbox::check::Target;
use tenure_sandbox::market::{Keys, Listing, Protocol};
use tenure_sandbox::play::{Stage, Step, play_online};

use super::Scene;
use super::uploads::{form, json_part, text_of};
use crate::client;
use crate::merchant::{Manner, Merchant};

const LICENSE: &str = "ABCD-EFGH";

/// Plays the flow against a merchant that answers everything and, if it is a good one, uploads one
/// license for every application it hears of.
async fn played(is_good: bool) -> (Vec<Step>, Vec<Value>, Scene) {
    let (Target { url, key, .. }, merchant) = Merchant::start(Manner::Naive);
    let keys = Keys {
        base: Some(key),
        ..Keys::default()
    };
    let mut scene = Scene::selling(vec![Listing {
        name: "cad".to_owned(),
        url,
        keys,
        protocol: Protocol::V2,
    }]);
    scene.caller.content_type = "multipart/form-data; boundary=boundary-0123456789";
    let heard = || -> Vec<Value> {
        let calls = merchant.calls().into_iter();
        let bodies = calls.map(|(_, body)| serde_json::from_str(&body).unwrap());
        bodies
            .filter(|body: &Value| body["activity"] == "getLicenseAsync")
            .collect()
    };
    let client = client();
    let stage = Stage {
        client: &client,
        market: &scene.market,
        clock: &scene.clock,
        listing: "cad",
    };
    // Is asked after every call, which is when a merchant would have the time for it.
    let status_of = async |license: String| {
        for application in heard().into_iter().filter(|_| is_good) {
            let event = application["eventId"].as_str().unwrap();
            let form = form(&[json_part(&text_of(LICENSE))]);
            let (status, answer) = scene.caller.upload(event, form).await;
            assert_eq!(status, 200, "{answer}");
        }
        Some(license)
    };
    let steps = play_online(&stage, Duration::ZERO, status_of).await;
    (steps, heard(), scene)
}

#[actix_web::test]
async fn an_application_is_told_twice_and_its_license_is_uploaded_once() {
    let (steps, heard, scene) = played(true).await;
    let calls: Vec<_> = steps.iter().map(|step| step.call.as_str()).collect();
    assert_eq!(
        calls,
        [
            "newInstance",
            "queryInstance",
            "getLicenseAsync",
            "getLicenseAsync",
            "upload",
            "refreshInstance RENEWAL",
            "refreshInstance UNSUBSCRIBE_RENEWAL_PERIOD",
            "updateInstanceStatus FREEZE",
            "updateInstanceStatus UNFREEZE",
            "releaseInstance",
        ]
    );
    for step in &steps {
        assert_eq!((step.family, &step.failure), ("online-license", &None));
        assert!(step.license.starts_with("i-CS"), "{step:?}");
    }
    assert_eq!(steps[4].result_code, "CBC.0000");
    let [first, repeated] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert_eq!(first, repeated, "one event id is one application");
    assert_eq!(
        first["deviceFingerprint"],
        "00-11-22-33-44-55|WD-0001|MB-0001|"
    );
    assert!(first["expireTime"].as_str().unwrap().ends_with(" z"));
    let market = scene.market();
    let uploads: Vec<_> = market.uploads().map(|it| it.content.as_slice()).collect();
    assert_eq!(uploads, [LICENSE.as_bytes()]);
}

#[actix_web::test]
async fn a_license_that_nobody_uploads_is_a_failed_step() {
    let (steps, _, _) = played(false).await;
    let upload = steps.iter().find(|step| step.call == "upload").unwrap();
    assert_eq!(upload.result_code, "-");
    let failure = upload.failure.as_deref();
    assert_eq!(failure, Some("no license was uploaded for the application"));
}
