//! Activations by the second edition of the interfaces.

use super::*;

pub(super) const DONE: &str = r#"{"error_code":"92020000","error_msg":"success"}"#;
pub(super) const ALIVE_V2: &str = r#"{"error_code":"92020000","data":[{"license_code":"PLTEST0001","status":"ALIVE","activate_time":"20260102030400","expire_time":"20270102155959"}]}"#;

#[tokio::test]
async fn the_end_of_the_term_comes_from_the_query_of_the_same_edition() {
    let mut scene = Scene::by_v2(vec![Says::Answer(200, DONE), Says::Answer(200, ALIVE_V2)]);
    let activated = scene.activate().await.unwrap();
    assert_eq!(activated.outcome, Outcome::Recorded);
    assert_eq!(activated.expires_at, Some(AUTHORITATIVE));
    assert!(!activated.estimate);
    assert_eq!(
        scene.verdicts(),
        [
            seen("queryV2", Verdict::Answered, ""),
            seen("activateV2", Verdict::Applied, ""),
        ]
    );
    let asked = scene.market.asked();
    let base = "POST /api/mkp-openapi-public/global/v2/license";
    assert_eq!(asked[0].line, format!("{base}/activate HTTP/1.1"));
    assert_eq!(asked[0].body, r#"{"license_list":["PLTEST0001"]}"#);
    assert_eq!(asked[1].line, format!("{base}/heartbeat HTTP/1.1"));
}

#[tokio::test]
async fn an_answer_in_a_form_that_is_not_public_has_the_first_edition_asked() {
    let mut scene = Scene::by_v2(vec![
        Says::Answer(200, DONE),
        Says::Answer(200, DONE),
        Says::Answer(200, ALIVE),
    ]);
    let activated = scene.activate().await.unwrap();
    assert_eq!(activated.expires_at, Some(AUTHORITATIVE));
    assert_eq!(
        scene.verdicts(),
        [
            seen("queryV2", Verdict::Rejected, "unreadable"),
            seen("query", Verdict::Answered, ""),
            seen("activateV2", Verdict::Applied, ""),
        ]
    );
}

#[tokio::test]
async fn without_a_query_nothing_is_known_but_that_it_is_active() {
    let mut scene = Scene::by_v2(vec![Says::Answer(200, DONE), Says::Answer(503, "")]);
    let activated = scene.activate().await.unwrap();
    assert_eq!((activated.expires_at, activated.estimate), (None, true));
    assert_eq!(scene.events().len(), 2);
}

#[tokio::test]
async fn of_one_code_a_refusal_is_its_own() {
    let lost = vec![
        Says::Answer(200, ILLEGAL_STATE),
        Says::Answer(200, ALIVE_V2),
    ];
    let mut scene = Scene::by_v2(lost);
    let activated = scene.activate().await.unwrap();
    assert_eq!(activated.expires_at, Some(AUTHORITATIVE));
    assert_eq!(
        scene.verdicts(),
        [
            seen("activateV2", Verdict::Refused, "illegal_state"),
            seen("queryV2", Verdict::Applied, ""),
        ]
    );
    for (body, code) in [
        (r#"{"error_code":"92020004"}"#, "not_claimed"),
        (r#"{"error_code":"92020020"}"#, "unknown_code"),
    ] {
        let mut scene = Scene::by_v2(vec![Says::Answer(200, body)]);
        assert_eq!(scene.activate().await.unwrap_err().code(), code);
        assert_eq!(
            scene.verdicts(),
            [seen("activateV2", Verdict::Refused, code)]
        );
    }
}
