//! What answers mean for reports, and which reports are sent at all.

use super::*;

/// What no guide describes says nothing about a report.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_no_guide_has_denies_nothing() {
    for says in [
        (404, String::new()),
        (302, String::new()),
        (408, "<html>".to_owned()),
        (413, String::new()),
        refused("MKT.7777"),
        (400, r#"{"error_code":"92020003"}"#.to_owned()),
    ] {
        let mut first = Some(says.clone());
        let market = Market::of(move |_| first.take().unwrap_or_else(taken));
        let scene = Scene::new();
        scene.report(1, vec![metered(1, "1")]);
        let worker = scene.work(&market);
        let usage = scene.await_usage(is_settled).await;
        worker.stop().await;
        let settled = &usage.settled[&serial(1)];
        assert_eq!(settled.denied, None, "{says:?}");
        assert_eq!(serials_of(&market.next()), serials_of(&market.next()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guides_name_is_denied() {
    for code in ["MKT.9001", "CBC.9005", "MKT.0100"] {
        let market = Market::of(move |_| refused(code));
        let scene = Scene::new();
        scene.report(1, vec![metered(1, "1")]);
        let worker = scene.work(&market);
        let usage = scene.await_usage(is_settled).await;
        worker.stop().await;
        assert!(usage.settled[&serial(1)].denied.is_some(), "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_serial_of_two_licenses_is_two_reports() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.report(1, vec![metered(1, "1")]);
    scene.report(2, vec![metered(1, "1")]);
    let worker = scene.work(&market);
    let of_other = scene.journal.path();
    let both = |usage: &Usage| is_settled(usage) && is_settled(&usage_in(&of_other, 2));
    scene.await_usage(both).await;
    worker.stop().await;
    assert_ne!(serials_of(&market.next()), serials_of(&market.next()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_first_goes_first() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.report(1, vec![metered(9, "1"), metered(1, "1"), metered(5, "1")]);
    let worker = scene.work(&market);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    assert_eq!(serials_of(&market.next()), [SENT[1], SENT[2], SENT[0]]);
}

/// It is 11:04 in Beijing.
#[tokio::test(flavor = "multi_thread")]
async fn clients_of_yesterday_are_not_told_as_those_of_today() {
    let scene = Scene::new();
    let market = Market::taking_everything();
    scene.report(1, vec![Used::ActiveClients { count: 7 }]);
    scene.journal.pass(13 * 60 * 60);
    let worker = scene.work(&market);
    let usage = scene.await_usage(is_settled).await;
    worker.stop().await;
    let settled = &usage.settled[&serial(1)];
    assert_eq!(settled.denied.as_deref(), Some("too_late"));
    assert!(market.asked.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_denied_reports_cost_few_requests() {
    let market = Market::of(|_| refused("MKT.9004"));
    let scene = Scene::new();
    scene.report(1, (0..16).map(|hour| metered(hour, "1")).collect());
    let worker = scene.work(&market);
    scene.await_usage(is_settled).await;
    worker.stop().await;
    // 16, 8, 4 and 2 are denied as a whole, and then each alone.
    assert_eq!(market.asked.try_iter().count(), 4 + 16);
}

/// A proxy that lets little through says nothing about any report.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_too_large_is_sent_in_smaller_ones() {
    let market = Market::of(|asked| match &serials_of(asked)[..] {
        [_, _, ..] => (413, "<html>".to_owned()),
        [alone] if alone == SENT[1] => refused("MKT.9004"),
        _ => taken(),
    });
    let scene = Scene::new();
    scene.report(1, (1..=4).map(|hour| metered(hour, "1")).collect());
    let worker = scene.work(&market);
    let usage = scene.await_usage(is_settled).await;
    worker.stop().await;
    let sizes: Vec<_> = market
        .asked
        .try_iter()
        .map(|it| serials_of(&it).len())
        .collect();
    assert_eq!(sizes[..3], [4, 2, 1]);
    assert_eq!(usage.settled.len(), 4);
    for (known, settled) in &usage.settled {
        let expected = (*known == serial(2)).then_some("MKT.9004");
        assert_eq!(settled.denied.as_deref(), expected, "{known}");
    }
    // Each report has an answer of its own, and no batch one for all of its reports.
    assert_eq!(scene.receipts().len(), 4);
}
