//! Questions what a code is.

use tenure_domain::{CodeStatus, Status};
use tenure_koogallery::open_api::bounded::Text;
use tenure_koogallery::open_api::query::{Further, HeartbeatInfo};
use tenure_outbound::{CheckError, Checked};

use super::v2::{ALIVE_V2, DONE};
use super::*;

const EXPIRED: &str = r#"{"error_code":"92020000","data":{"license_code":"PLTEST0001","status":"EXPIRED","expire_time":"20270102155959"}}"#;

impl Scene {
    async fn check(&self, user: Option<&HeartbeatInfo>) -> Result<Checked, CheckError> {
        let listing = tenure_testkit::listing();
        self.activator.check(&listing, &code(), user).await
    }

    fn names(&mut self) -> Vec<&'static str> {
        self.events().iter().map(Event::name).collect()
    }
}

fn user() -> HeartbeatInfo {
    HeartbeatInfo {
        third_party_account: Text::parse("zhang.san").unwrap(),
        ip: None,
        further: Further::default(),
    }
}

#[tokio::test]
async fn an_answer_is_recorded_if_it_is_news_and_changes_nothing_else() {
    let mut scene = Scene::new(vec![
        Says::Answer(200, ACTIVATED),
        Says::Answer(200, ALIVE),
        Says::Answer(200, ALIVE),
        Says::Answer(200, ALIVE),
        Says::Answer(200, EXPIRED),
    ]);
    scene.activate().await.unwrap();
    let first = scene.check(None).await.unwrap();
    assert!(first.news);
    assert_eq!(first.told.status, CodeStatus::Alive);
    assert_eq!(first.told.expires_at, Some(AUTHORITATIVE));
    let at = first.told.checked_at;
    assert_eq!(first.license.status_at(at), Some(Status::Active));
    assert!(first.told.agrees_with(&first.license, at));

    assert!(!scene.check(None).await.unwrap().news);
    let over = scene.check(None).await.unwrap();
    assert!(over.news);
    assert!(!over.told.agrees_with(&over.license, at));
    assert_eq!(over.license.status_at(at), Some(Status::Active));
    assert_eq!(
        scene.names(),
        ["issued", "activated", "code_checked", "code_checked"]
    );
    assert_eq!(
        scene.verdicts()[2..],
        [
            seen("check", Verdict::Applied, ""),
            seen("check", Verdict::AlreadyApplied, ""),
            seen("check", Verdict::Applied, ""),
        ]
    );
    assert_eq!(scene.receipts()[2].id, first.receipt_id);
}

#[tokio::test]
async fn of_a_code_that_is_unknown_here_nothing_is_recorded() {
    let mut scene = Scene::new(vec![Says::Answer(200, ALIVE)]);
    let checked = scene.check(None).await.unwrap();
    assert_eq!((checked.news, &checked.license), (false, &License::Absent));
    assert!(!checked.told.agrees_with(&checked.license, Instant::EPOCH));
    assert_eq!(scene.events(), []);
    assert_eq!(
        scene.verdicts(),
        [seen("check", Verdict::Refused, "unknown_license")]
    );
}

#[tokio::test]
async fn who_uses_a_code_is_told_and_not_kept() {
    let mut scene = Scene::new(vec![Says::Answer(200, ALIVE)]);
    scene.check(Some(&user())).await.unwrap();
    assert_eq!(
        scene.market.asked()[0].body,
        r#"{"heartbeatInfo":{"thirdPartyAccount":"zhang.san"},"license":"PLTEST0001"}"#
    );
    let receipts = format!("{:?}", scene.receipts());
    assert!(!receipts.contains("zhang"), "{receipts}");

    let scene = Scene::by_v2(Vec::new());
    let error = scene.check(Some(&user())).await.unwrap_err();
    assert_eq!(error.code(), "heartbeat_info_needs_v1");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn the_second_edition_is_asked_and_then_the_first() {
    let mut scene = Scene::by_v2(vec![
        Says::Answer(200, ALIVE_V2),
        Says::Answer(200, DONE),
        Says::Answer(200, EXPIRED),
    ]);
    let told = scene.check(None).await.unwrap().told;
    assert_eq!(told.status, CodeStatus::Alive);
    let told = scene.check(None).await.unwrap().told;
    assert_eq!(told.status, CodeStatus::Expired);
    assert_eq!(
        scene.verdicts(),
        [
            seen("checkV2", Verdict::Refused, "unknown_license"),
            seen("checkV2", Verdict::Rejected, "unreadable"),
            seen("check", Verdict::Refused, "unknown_license"),
        ]
    );
}

#[tokio::test]
async fn what_is_no_answer_leaves_a_receipt_and_no_event() {
    for (status, body, code, verdict) in [
        (
            200,
            r#"{"error_code":"92020011"}"#,
            "not_activated",
            Verdict::Refused,
        ),
        (
            200,
            r#"{"error_code":"92020005"}"#,
            "unknown_code",
            Verdict::Refused,
        ),
        (401, "", "denied", Verdict::Rejected),
        (200, "{", "unreadable", Verdict::Rejected),
    ] {
        let mut scene = Scene::new(vec![Says::Answer(status, body)]);
        let error = scene.check(None).await.unwrap_err();
        assert_eq!(error.code(), code, "{body}");
        assert_eq!(scene.verdicts(), [seen("check", verdict, code)]);
        assert_eq!(scene.events(), []);
    }
    let mut scene = Scene::new(vec![Says::Bytes(Vec::new())]);
    let error = scene.check(None).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(scene.receipts(), []);
}
