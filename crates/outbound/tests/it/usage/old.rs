//! Amounts by the older interface, which bills twice what arrives twice.

use serde_json::json;
use tenure_domain::{Activation, Family, Intent};

use super::*;
use crate::marketplace::Marketplace;

impl Scene {
    fn work_old(&self, market: &Market) -> Worker {
        self.work_with(market, Push::Old, None)
    }

    /// Has it become known what license 1 is of.
    fn learn_product(&self) {
        let activation = Activation {
            product: Some(tenure_testkit::product(1)),
            ..tenure_testkit::activation(1, 2_000_000_000)
        };
        let intent = Intent::Activate(activation);
        self.journal
            .change(&listing(), Family::LicenseCode, 1, intent);
    }

    fn denied(&self) -> Vec<Option<String>> {
        let settled = self.usage().settled;
        let denied = settled.values().map(|it| it.denied.clone());
        denied.map(|code| code.map(String::from)).collect()
    }

    /// Activities and reasons of the receipts of what was sent.
    fn activities(&self) -> Vec<String> {
        let receipts = self.receipts();
        let activities = receipts.iter().filter_map(|it| it.activity.as_deref());
        activities.map(str::to_owned).collect()
    }
}

fn two_hours() -> Vec<Used> {
    vec![metered(1, "12.5"), metered(2, "1")]
}

/// The code of a report of which nobody knows whether it was taken.
fn unknown() -> String {
    "outcome_unknown".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_names_its_product_and_goes_alone() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.learn_product();
    scene.report(1, two_hours());
    let worker = scene.work_old(&market);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(scene.denied(), [None, None]);
    let asked = market.next();
    assert_eq!(
        asked.line,
        "POST /rest/marketplace/v1/isv/usage-data HTTP/1.1"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&asked.body).unwrap(),
        json!({ "usage_records": [{
            "begin_time": "20260101T010000Z",
            "end_time": "20260101T020000Z",
            "instance_id": "PLTEST0001",
            "product_id": "PRODTEST0001",
            "record_time": "20260101T020000Z",
            "usage_value": "12.5",
        }] })
    );
    assert!(market.next().body.contains("20260101T030000Z"));
    assert!(market.asked.try_recv().is_err(), "each was sent once");
    let once = ["usageSending", "usagePushOld"];
    assert_eq!(scene.activities(), [once, once].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_known_product_nothing_is_sent_until_it_is_known() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.report(1, vec![metered(1, "1")]);
    scene.report(2, vec![Used::ActiveClients { count: 1 }]);
    let worker = scene.work_old(&market);
    let of_other = scene.journal.path();
    scene
        .await_usage(|_| is_settled(&usage_in(&of_other, 2)))
        .await;
    assert!(market.next().body.contains("PLTEST0002"));
    assert!(scene.usage().sent.is_empty());
    assert_eq!(scene.usage().pending.len(), 1);
    scene.learn_product();
    scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(scene.denied(), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_whose_answer_is_lost_is_never_sent_again() {
    for lost in [
        (0, String::new()),
        (200, "<html>".to_owned()),
        (503, String::new()),
        refused("MKT.0999"),
    ] {
        let mut says = Some(lost.clone());
        let market = Market::of(move |_| says.take().unwrap_or_else(taken));
        let scene = Scene::new();
        scene.learn_product();
        scene.report(1, two_hours());
        let worker = scene.work_old(&market);
        scene.await_usage(|usage| usage.settled.len() == 2).await;
        worker.stop().await;
        assert_eq!(scene.denied(), [Some(unknown()), None], "{lost:?}");
        assert!(market.next().body.contains("12.5"));
        assert!(!market.next().body.contains("12.5"));
        assert!(market.asked.try_recv().is_err(), "{lost:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_the_answer_to_what_was_sent() {
    let ((arrived, is_there), (answer, may_answer)) = (channel(), channel());
    let market = Market::of(move |_| {
        arrived.send(()).unwrap();
        may_answer.recv_timeout(PATIENCE).unwrap();
        taken()
    });
    let scene = Scene::new();
    scene.learn_product();
    scene.report(1, vec![metered(1, "1")]);
    let worker = scene.work_old(&market);
    is_there.recv_timeout(PATIENCE).unwrap();
    // The stop is polled first.
    tokio::join!(worker.stop(), async { answer.send(()).unwrap() });
    assert_eq!(scene.denied(), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_was_being_sent_when_the_process_died_waits_for_a_person() {
    // Whatever is configured by now.
    for push in [Push::Old, Push::New] {
        let scene = Scene::new();
        let market = Market::taking_everything();
        scene.learn_product();
        scene.report(1, two_hours());
        scene.journal.apply(
            &listing(),
            Request::Usage {
                merchant: acme(),
                id: code(1),
                command: usage::Command::Send {
                    serials: vec![serial(1)],
                },
            },
        );
        let key = AccessKey::new(BASE_KEY.to_owned());
        let worker = scene.work_with(&market, push, Some(key));
        scene.await_usage(is_settled).await;
        worker.stop().await;
        assert_eq!(scene.denied(), [Some(unknown()), None]);
        assert!(!market.next().body.contains("12.5"));
        assert!(market.asked.try_recv().is_err());
        assert_eq!(scene.activities()[0], "usageUnheard");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_certainly_not_taken_is_sent_again() {
    let mut says = vec![(401, String::new()), (429, String::new())];
    let market = Market::of(move |_| says.pop().unwrap_or_else(taken));
    let scene = Scene::new();
    scene.learn_product();
    scene.report(1, vec![metered(1, "1")]);
    let worker = scene.work_old(&market);
    scene.await_usage(|_| !scene.alarms.all().is_empty()).await;
    assert_eq!(scene.alarms.all()[0].reason, "denied");
    scene.journal.pass(3_601);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(scene.denied(), [None]);
    let once = ["usageSending", "usagePushOld"];
    assert_eq!(scene.activities(), [once, once, once].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketplace_that_is_not_there_has_seen_nothing() {
    let scene = Scene::new();
    let gone = Market {
        address: Marketplace::absent(),
        ..Market::taking_everything()
    };
    scene.learn_product();
    scene.report(1, vec![metered(1, "1")]);
    let worker = scene.work_old(&gone);
    let noted = || scene.activities().contains(&"usageNotSent".to_owned());
    scene.await_usage(|_| noted()).await;
    worker.stop().await;
    assert!(scene.usage().sent.is_empty());
    let market = Market::taking_everything();
    let worker = scene.work_old(&market);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(scene.denied(), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_the_marketplace_refuses_is_denied() {
    let market = Market::of(|asked| {
        if asked.body.contains("12.5") {
            refused("MKT.9004")
        } else {
            taken()
        }
    });
    let scene = Scene::new();
    scene.learn_product();
    scene.report(1, two_hours());
    let worker = scene.work_old(&market);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(scene.denied(), [Some("MKT.9004".to_owned()), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_came_in_is_sent_again_and_what_no_guide_has_is_not() {
    for (says, expected) in [
        ((404, String::new()), None),
        ((302, String::new()), None),
        ((408, String::new()), Some(unknown())),
        (refused("MKT.7777"), Some(unknown())),
    ] {
        let mut first = Some(says.clone());
        let market = Market::of(move |_| first.take().unwrap_or_else(taken));
        let scene = Scene::new();
        scene.learn_product();
        scene.report(1, vec![metered(1, "1")]);
        let worker = scene.work_old(&market);
        scene.await_usage(is_settled).await;
        worker.stop().await;
        assert_eq!(scene.denied(), [expected], "{says:?}");
    }
}
