//! Activations of several codes.

use tenure_koogallery::open_api::activate_v2::Codes;

use super::v2::{ALIVE_V2, DONE};
use super::*;

const ALIVE_2: &str = r#"{"error_code":"92020000","data":[{"license_code":"PLTEST0002","status":"ALIVE","expire_time":"20270102155959"}]}"#;
const NOT_CLAIMED: &str = r#"{"error_code":"92020004"}"#;

impl Scene {
    /// What became of the codes 1 to `count`: when the term ends, or the code of the error.
    async fn activate_all(&self, count: u32) -> Result<Vec<String>, ActivateError> {
        let codes = Codes::new((1..=count).map(tenure_testkit::code).collect()).unwrap();
        let listing = tenure_testkit::listing();
        let outcomes = self.activator.activate_all(&listing, &codes).await?;
        let words = outcomes.into_iter().map(|outcome| match outcome {
            Ok(activated) => format!("{:?}", activated.outcome),
            Err(error) => error.code().to_owned(),
        });
        Ok(words.collect())
    }
}

#[tokio::test]
async fn the_second_edition_activates_all_at_once_and_asks_about_each() {
    let mut scene = Scene::by_v2(vec![
        Says::Answer(200, DONE),
        Says::Answer(200, ALIVE_V2),
        Says::Answer(200, ALIVE_2),
    ]);
    assert_eq!(
        scene.activate_all(2).await.unwrap(),
        ["Recorded", "Recorded"]
    );
    assert_eq!(
        scene.verdicts(),
        [
            seen("activateV2", Verdict::Answered, ""),
            seen("queryV2", Verdict::Applied, ""),
            seen("queryV2", Verdict::Applied, ""),
        ]
    );
    assert_eq!(
        scene.market.asked()[0].body,
        r#"{"license_list":["PLTEST0001","PLTEST0002"]}"#
    );
    let License::Living(living) = scene.license() else {
        panic!("the license lives");
    };
    assert_eq!(living.term.expires_at, Some(AUTHORITATIVE));
}

#[tokio::test]
async fn codes_of_which_one_is_refused_are_looked_at_one_by_one() {
    let mut scene = Scene::by_v2(vec![
        Says::Answer(200, ILLEGAL_STATE),
        // The first was active already.
        Says::Answer(200, ILLEGAL_STATE),
        Says::Answer(200, ALIVE_V2),
        Says::Answer(200, NOT_CLAIMED),
        Says::Answer(200, DONE),
        Says::Answer(503, ""),
    ]);
    assert_eq!(
        scene.activate_all(3).await.unwrap(),
        ["Recorded", "not_claimed", "Recorded"]
    );
    assert_eq!(scene.receipts().len(), 6);
    assert_eq!(scene.events().len(), 4);
}

#[tokio::test]
async fn the_first_edition_activates_one_by_one() {
    let scene = Scene::new(vec![
        Says::Answer(200, NOT_CLAIMED),
        Says::Answer(200, ACTIVATED),
        Says::Answer(200, ALIVE),
    ]);
    assert_eq!(
        scene.activate_all(2).await.unwrap(),
        ["not_claimed", "Recorded"]
    );
}

#[tokio::test]
async fn what_all_would_meet_is_met_by_one() {
    for (says, code) in [
        (Says::Answer(401, ""), "denied"),
        (Says::Answer(429, ""), "throttled"),
        (Says::Bytes(Vec::new()), "marketplace_connection_broken"),
    ] {
        let scene = Scene::new(vec![
            Says::Answer(200, ACTIVATED),
            Says::Answer(200, ALIVE),
            says,
        ]);
        let outcomes = scene.activate_all(4).await.unwrap();
        assert_eq!(outcomes, ["Recorded", code, "not_tried", "not_tried"]);
        assert_eq!(scene.market.asked().len(), 3);
    }
}

#[tokio::test]
async fn all_at_once_fails_as_a_whole_before_anything_is_known() {
    let mut scene = Scene::by_v2(vec![Says::Answer(401, "")]);
    let error = scene.activate_all(2).await.unwrap_err();
    assert_eq!(error.code(), "denied");
    assert_eq!(
        scene.verdicts(),
        [seen("activateV2", Verdict::Rejected, "denied")]
    );
    let scene = Scene::by_v2(vec![Says::Bytes(Vec::new())]);
    let error = scene.activate_all(2).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}
