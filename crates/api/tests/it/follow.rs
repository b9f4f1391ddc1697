//! Following the journal.

use std::time::Duration;

use tenure_domain::{Family, Intent};
use tenure_testkit::activation;

use crate::licenses::played;
use crate::scene::{Scene, check_shape};

#[actix_web::test]
async fn records_come_in_order_and_page_by_page() {
    let scene = played();
    check_shape("records", &scene.ask("/v1/records?limit=6").await.json());
    let page = scene.ask("/v1/records?after=2&limit=3").await.json();
    let positions: Vec<_> = page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["position"].as_u64().unwrap())
        .collect();
    assert_eq!(positions, [3, 4, 5]);
    assert_eq!(page["next_after"], 5);
    let end = scene.ask("/v1/records?after=6").await.json();
    assert_eq!(end["records"].as_array().unwrap().len(), 0);
    assert_eq!(end["next_after"], 6);
    assert_eq!(end["head"], 6);
}

#[actix_web::test]
async fn a_question_beyond_the_journal_is_refused() {
    let scene = played();
    for (target, code) in [
        ("/v1/records?after=7", "position_beyond_head"),
        ("/v1/records?after=-1", "malformed_parameter"),
        ("/v1/records?limit=1001", "malformed_parameter"),
        ("/v1/records?wait=31", "malformed_parameter"),
        ("/v1/records?before=3", "unknown_parameter"),
    ] {
        assert_eq!(
            scene.ask(target).await.problem(),
            (400, code.to_owned()),
            "{target}"
        );
    }
}

/// Comes back once somebody waits for a record.
async fn somebody_waits(scene: &Scene) {
    let line = "\ntenure_api_followers 1\n";
    while !scene.ask("/metrics").await.text.contains(line) {}
}

#[actix_web::test]
async fn who_waits_hears_of_the_next_record() {
    let scene = Scene::new();
    let waiting = scene.ask("/v1/records?wait=30");
    let acting = async {
        somebody_waits(&scene).await;
        let intent = Intent::Activate(activation(1, 5_000));
        scene.apply("acme", "PLTEST0001", Family::LicenseCode, intent)
    };
    let (answer, _done) = tokio::join!(waiting, acting);
    assert_eq!(answer.json()["records"][0]["event"], "issued");
}

#[actix_web::test]
async fn who_waits_is_sent_away_when_the_service_stops() {
    let scene = Scene::new();
    let waiting = tokio::time::timeout(Duration::from_secs(5), scene.ask("/v1/records?wait=30"));
    let stopping = async {
        somebody_waits(&scene).await;
        scene.api.stop();
    };
    let (answer, ()) = tokio::join!(waiting, stopping);
    assert_eq!(answer.unwrap().json()["next_after"], 0);
}
