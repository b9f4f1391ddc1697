//! Orders over which the marketplace fails, and those that it knows by another line.

use tenure_domain::{OrderId, OrderLineId, TermChange};

use super::*;

const NOT_ALLOWED: &str = r#"{"resultCode":"MKT.0150","resultMsg":"operation not allowed"}"#;

/// The line that V1.0 of the calls makes of an order that it names without one.
fn made_up_line() -> OrderLine {
    OrderLine {
        order: OrderId::parse("CS1906666666ABCDE").unwrap(),
        line: OrderLineId::parse("CS1906666666ABCDE").unwrap(),
    }
}

/// Has the marketplace tell of a renewal of license 1 as V1.0 does.
fn renew(scene: &Scene) -> OrderLine {
    let line = made_up_line();
    let change = TermChange {
        order: line.clone(),
        ..tenure_testkit::term_change(1, 1_800_000_000)
    };
    scene.change(&tenure_testkit::listing(), 1, &line, Intent::Renew(change));
    line
}

/// A scene in which purchase 1 is known, and whose next record is the fourth.
async fn with_purchase() -> (Scene, Worker) {
    let scene = Scene::new();
    scene.tell(1);
    let worker = scene.work();
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_records(3);
    scene
        .await_measure("tenure_orders_learned_total{listing=\"cad-pro\"} 1")
        .await;
    scene.journal.pass(1);
    (scene, worker)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_named_without_a_line_is_learned_under_the_line_that_the_license_knows() {
    let (scene, worker) = with_purchase().await;
    let real = OrderLine {
        line: OrderLineId::parse("CS1906666666ABCDE-000001").unwrap(),
        ..made_up_line()
    };
    scene.market.says(&made_up_line(), 200, known_order(&real));
    assert_eq!(renew(&scene), scene.market.next());
    scene.await_records(5);
    let mut log = SqliteReader::open(&scene.journal.path()).unwrap();
    assert_eq!(known(&mut log), [order_line(1), made_up_line()]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn which_of_several_lines_an_order_named_without_one_means_nobody_says() {
    let (scene, worker) = with_purchase().await;
    let two = r#"{"resultCode":"MKT.0000","orderInfo":{"orderId":"CS1906666666ABCDE","orderLine":[{"orderLineId":"CS1906666666ABCDE-000001"},{"orderLineId":"CS1906666666ABCDE-000002"}]}}"#;
    scene.market.says(&made_up_line(), 200, two);
    assert_eq!(renew(&scene), scene.market.next());
    scene.await_answers(2).await;
    let last = scene.verdicts().pop();
    assert_eq!(last, Some(seen(Verdict::Refused, "ambiguous_order")));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_order_does_not_stop_its_listing() {
    let scene = Scene::new();
    scene.market.says(&order_line(1), 401, NOT_ALLOWED);
    scene.tell(2);
    scene.buy(1);
    scene.buy(2);
    let worker = scene.work();
    assert_eq!(scene.market.next(), order_line(1));
    scene
        .await_measure(r#"tenure_orders_failures_total{listing="cad-pro",kind="denied"} 1"#)
        .await;
    scene.journal.pass(1);
    assert_eq!(scene.market.next(), order_line(2));
    scene.await_records(5);
    assert!(scene.alarmed().is_empty());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_denied_two_orders_in_a_row_raises_an_alarm() {
    let scene = Scene::new();
    scene.market.says(&order_line(1), 401, NOT_ALLOWED);
    scene.market.says(&order_line(2), 403, "");
    scene.tell(3);
    for number in 1..=3 {
        scene.buy(number);
    }
    let worker = scene.work();
    assert_eq!(scene.market.next(), order_line(1));
    scene
        .await_measure(r#"tenure_orders_failures_total{listing="cad-pro",kind="denied"} 1"#)
        .await;
    assert!(scene.alarmed().is_empty());
    scene.journal.pass(1);
    assert_eq!(scene.market.next(), order_line(2));
    scene
        .await_measure("tenure_orders_stopped{listing=\"cad-pro\"} 1")
        .await;
    assert_eq!(scene.alarmed(), [(tenure_testkit::listing(), "denied")]);
    scene.journal.pass(3_600);
    assert_eq!(scene.market.next(), order_line(3));
    scene
        .await_measure("tenure_orders_stopped{listing=\"cad-pro\"} 0")
        .await;
    assert!(scene.alarmed().is_empty());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_tells_no_order_is_no_failure_of_the_marketplace() {
    let scene = Scene::new();
    let empty = r#"{"resultCode":"MKT.0000","orderInfo":{"orderId":"CS1"}}"#;
    scene.market.says(&order_line(1), 200, empty);
    let worker = scene.work();
    scene.buy(1);
    assert_eq!(scene.market.next(), order_line(1));
    scene
        .await_measure(r#"tenure_orders_failures_total{listing="cad-pro",kind="unreadable"} 1"#)
        .await;
    scene.tell(2);
    scene.buy(2);
    assert_eq!(scene.market.next(), order_line(2));
    scene.await_records(5);
    scene.journal.pass(60);
    assert_eq!(scene.market.next(), order_line(1));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_comes_again_is_kept_once_and_in_part() {
    let scene = Scene::new();
    let long = format!(
        r#"{{"resultCode":"MKT.7777","resultMsg":"{}"}}"#,
        "单".repeat(9_000)
    );
    scene.market.says(&order_line(1), 500, long);
    let worker = scene.work();
    scene.buy(1);
    for count in 1..=4 {
        assert_eq!(scene.market.next(), order_line(1));
        let failures = r#"tenure_orders_failures_total{listing="cad-pro",kind="unavailable"}"#;
        scene.await_measure(&format!("{failures} {count}")).await;
        // No rest is longer.
        scene.journal.pass(300);
    }
    assert_eq!(scene.market.next(), order_line(1));
    let failures = r#"tenure_orders_failures_total{listing="cad-pro",kind="unavailable"} 5"#;
    scene.await_measure(failures).await;
    let receipts = scene.receipts();
    assert_eq!(receipts.len(), 1);
    let kept = std::str::from_utf8(&receipts[0].body).unwrap();
    assert!((16 * 1_024 - 3..=16 * 1_024).contains(&kept.len()));

    scene.market.says(&order_line(1), 429, "");
    scene.journal.pass(300);
    assert_eq!(scene.market.next(), order_line(1));
    scene.await_answers(2).await;
    worker.stop().await;
}
