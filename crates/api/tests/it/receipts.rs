//! Receipts, with and without their bytes.

use std::time::Duration;

use tenure_domain::{MerchantId, TenantId};
use tenure_journal::transact::Request;
use tenure_journal::vault::Owner;
use tenure_journal::{Clock, Verdict};
use tenure_koogallery::kit::contexts;

use crate::licenses::played;
use crate::scene::{Scene, check_shape};

/// The verdicts of a list.
async fn verdicts(scene: &Scene, parameters: &str) -> Vec<String> {
    let page = scene
        .ask(&format!("/v1/receipts?{parameters}"))
        .await
        .json();
    let receipts = page["receipts"].as_array().unwrap();
    receipts
        .iter()
        .map(|receipt| receipt["verdict"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn receipts_are_listed_newest_first_and_filtered() {
    let scene = played();
    let rejected = scene.record(Request::Noted {
        verdict: Verdict::Rejected,
        reason: Some("bad_signature".into()),
    });
    // A receipt brings no record to wait for: the next record comes after it.
    let done = scene.announce_order(7);
    scene.fold(done.head);
    assert_eq!(verdicts(&scene, "limit=2").await, ["applied", "rejected"]);
    assert_eq!(verdicts(&scene, "verdict=rejected").await, ["rejected"]);
    assert_eq!(
        verdicts(&scene, "since=1970-01-01T01:06:40Z").await.len(),
        3
    );
    assert_eq!(
        verdicts(&scene, "until=1970-01-01T00:16:41Z").await.len(),
        2
    );
    assert_eq!(verdicts(&scene, "license=PLTEST0001").await.len(), 3);
    assert_eq!(verdicts(&scene, "activity=newInstance").await.len(), 0);
    assert_eq!(verdicts(&scene, "listing=cad-pro").await.len(), 7);
    let page = scene.ask("/v1/receipts?limit=3").await.json();
    check_shape("receipts", &page);
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(verdicts(&scene, &format!("cursor={cursor}")).await.len(), 4);

    let receipt = scene
        .ask(&format!("/v1/receipts/{}", rejected.receipt_id))
        .await;
    check_shape("receipt", &receipt.json());
}

#[actix_web::test]
async fn a_question_that_means_nothing_is_refused() {
    let scene = played();
    for (target, status, code) in [
        (
            "/v1/receipts?since=1970-01-02T00:00:00Z&until=1970-01-01T00:00:00Z",
            400,
            "inverted_range",
        ),
        ("/v1/receipts?verdict=lost", 400, "malformed_parameter"),
        ("/v1/receipts?cursor=x", 400, "malformed_cursor"),
        ("/v1/receipts?from=1", 400, "unknown_parameter"),
        ("/v1/receipts/7", 400, "malformed_id"),
        (
            "/v1/receipts/00000000-0000-7000-8000-000000000000",
            404,
            "unknown_receipt",
        ),
        (
            "/v1/receipts/00000000-0000-7000-8000-000000000000?x=1",
            400,
            "unknown_parameter",
        ),
    ] {
        assert_eq!(
            scene.ask(target).await.problem(),
            (status, code.to_owned()),
            "{target}"
        );
    }
}

#[actix_web::test]
async fn bytes_that_are_no_text_are_shown_as_they_are() {
    let scene = Scene::new();
    let now = scene.clock.now();
    let call = tenure_journal::Call {
        arrived: tenure_journal::Arrived {
            listing: "cad-pro".into(),
            at: now,
            method: "POST".into(),
            parameters: "".into(),
            body: [0xff_u8, 0xfe].as_slice().into(),
            sealed_with: None,
            activity: None,
            authentic: false,
            actor: tenure_journal::Actor::Koogallery,
        },
        request: Request::Noted {
            verdict: Verdict::Rejected,
            reason: None,
        },
        answer: Box::new(|_decided| Vec::new()),
    };
    let deadline = now.plus_seconds(5);
    let done = scene.queue.submit_and_wait(call, deadline).unwrap();
    let receipt = scene
        .ask(&format!("/v1/receipts/{}", done.receipt_id))
        .await
        .json();
    assert_eq!(receipt["body"]["encoding"], "base64");
    assert_eq!(receipt["body"]["content"], "//4=");
    assert!(scene.progress.wait_for(done.head, Duration::ZERO));
}

#[actix_web::test]
async fn a_sealed_body_is_opened_until_it_is_erased() {
    let scene = Scene::new();
    let merchant = MerchantId::parse("acme").unwrap();
    let owner = Owner::tenant(&merchant, &TenantId::parse("t-0001").unwrap());
    let key = scene.vault.key(&owner).unwrap();
    let sealed = key.seal(contexts::RECEIPT_BODY, "{\"name\":\"张三\"}".as_bytes());
    let now = scene.clock.now();
    let call = tenure_journal::Call {
        arrived: tenure_journal::Arrived {
            listing: "cad-pro".into(),
            at: now,
            method: "POST".into(),
            parameters: "x-nonce=n&body-bytes=17".into(),
            body: sealed.unwrap().bytes,
            sealed_with: Some(key.id()),
            activity: Some("tenantSync".into()),
            authentic: true,
            actor: tenure_journal::Actor::Koogallery,
        },
        request: Request::Noted {
            verdict: Verdict::AlreadyApplied,
            reason: None,
        },
        answer: Box::new(|_decided| Vec::new()),
    };
    let done = scene.queue.submit_and_wait(call, now.plus_seconds(5));
    let done = done.unwrap();
    let path = format!("/v1/receipts/{}", done.receipt_id);
    let receipt = scene.ask(&path).await.json();
    assert_eq!(receipt["body"]["encoding"], "utf-8");
    assert_eq!(receipt["body"]["content"], "{\"name\":\"张三\"}");
    scene.vault.destroy(&owner).unwrap();
    let receipt = scene.ask(&path).await.json();
    assert_eq!(receipt["body"]["encoding"], "erased");
    assert_eq!(receipt["body"]["content"], "");
    assert!(scene.progress.wait_for(done.head, Duration::ZERO));
}
