//! Faults on purpose.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use serde_json::json;
use tenure_sandbox::market::{Change, SaleState};
use tenure_sandbox::open_api::{BASE_PATH, OLD_USAGE_PATH, Settings};

use super::{Caller, Scene};

/// The addresses, the method of each, and what an answer of it is called.
const APIS: [(&str, &str, &str); 5] = [
    ("/v1/license/activate", "POST", "error_code"),
    ("/v2/license/software-usage-info", "POST", "error_code"),
    ("/v1/order/query", "GET", "resultCode"),
    ("/v1/isv/usage-data", "POST", "error_code"),
    ("/v1/market-event/event-0/file", "POST", "error_code"),
];

#[actix_web::test]
async fn every_interface_fails_in_its_own_words() {
    let scene = Scene::start();
    let throttled = Settings {
        throttled_percent: 100,
        ..Settings::default()
    };
    let internal = Settings {
        internal_percent: 100,
        ..Settings::default()
    };
    let too_frequent = Settings {
        too_frequent_percent: 100,
        ..Settings::default()
    };
    let gateway = || vec![(429, "APIGW.0308"); 5];
    let expected = [
        (throttled, gateway()),
        (
            internal,
            vec![
                (500, "92020001"),
                (500, "92020001"),
                (500, "MKT.0999"),
                (500, "MKT.0999"),
                (500, "CBC.0999"),
            ],
        ),
        (
            too_frequent,
            vec![
                (429, "APIGW.0308"),
                (429, "APIGW.0308"),
                (406, "MKT.0250"),
                (406, "MKT.0250"),
                (406, "CBC.0250"),
            ],
        ),
    ];
    for (settings, answers) in expected {
        scene.manner.set(settings);
        for ((path, method, name), (status, code)) in APIS.into_iter().zip(answers) {
            let mut caller = Caller::new(scene.caller.address);
            caller.method = method;
            let answer = caller.call(path, "", "").await;
            let name = if code.starts_with("APIGW") {
                "error_code"
            } else {
                name
            };
            assert_eq!(
                (answer.0, &answer.1[name]),
                (status, &json!(code)),
                "{path} {answer:?}"
            );
        }
        let old = scene
            .caller
            .send(OLD_USAGE_PATH, "", Vec::new(), &[])
            .await
            .unwrap();
        assert!([429, 500, 406].contains(&old.status().as_u16()));
    }
    scene.manner.set(Settings::default());
    Caller::assert_code(&scene.caller.activate("{}").await, 400, "95000001");
}

#[actix_web::test]
async fn a_lost_answer_was_an_answer() {
    let scene = Scene::start();
    let claimed = || {
        let code = scene.sell().name().unwrap().to_owned();
        scene.change(&code, Change::Claim);
        code
    };
    let (cut, late) = (claimed(), claimed());
    let path = format!("{BASE_PATH}/v1/license/activate");
    let body = |code: &str| json!({ "license": code }).to_string().into_bytes();

    scene.manner.set(Settings {
        truncated_percent: 100,
        ..Settings::default()
    });
    let answer = scene.caller.send(&path, "", body(&cut), &[]).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let text = answer.text().await.unwrap();
    assert!(text.starts_with('{') && serde_json::from_str::<serde_json::Value>(&text).is_err());

    scene.manner.set(Settings {
        slow_percent: 100,
        slow_ms: 60_000,
        ..Settings::default()
    });
    let mut waiting = pin!(scene.caller.send(&path, "", body(&late), &[]));
    let is_done = || {
        let market = scene.market();
        market.sale(&late).unwrap().state_at(scene.clock.now()) == SaleState::Activated
    };
    let done = poll_fn(|context| {
        assert!(
            waiting.as_mut().poll(context).is_pending(),
            "it answered at once"
        );
        context.waker().wake_by_ref();
        if is_done() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    done.await;

    scene.manner.set(Settings::default());
    for code in [cut, late] {
        let again = String::from_utf8(body(&code)).unwrap();
        Caller::assert_code(&scene.caller.activate(&again).await, 200, "92020003");
    }
}

#[actix_web::test]
async fn the_same_seed_meets_the_same_faults() {
    let statuses = async || {
        let scene = Scene::start();
        scene.manner.set(Settings {
            throttled_percent: 30,
            internal_percent: 30,
            ..Settings::default()
        });
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(scene.caller.activate("{}").await.0);
        }
        statuses
    };
    let first = statuses().await;
    assert_eq!(first, statuses().await);
    for status in [400, 429, 500] {
        assert!(first.contains(&status), "{first:?}");
    }
}
