//! What support and auditors ask, on the command line and over HTTP.

use serde_json::Value;
use tenure_sandbox::body::{OrderLine, refresh_license_code, update_license_code_status};

use crate::service::{Service, day, texts};

const CODE: &str = "PLTEST0001";

/// A code that was renewed, frozen, and renewed again.
async fn service() -> Service {
    let service = Service::start();
    let renew = |order: &str, until| {
        let order = OrderLine::first_of(order);
        refresh_license_code("RENEWAL", CODE, &order, None, day(until))
    };
    for body in [
        renew("CS2211181819B4LV1", "2035-01-02"),
        update_license_code_status(CODE, "FREEZE"),
        renew("CS2211181819B4LV2", "2036-01-02"),
    ] {
        service.call(&body).await.is("000000");
    }
    service
}

#[tokio::test]
async fn the_records_that_do_not_count_are_shown_with_why() {
    let service = service().await;
    let show = |more: &[&str]| {
        let arguments = [&["license", "show", CODE], more].concat();
        service.tenure_json(&arguments)
    };
    let known = show(&["--as-of", "3"]);
    assert_eq!(known["license"]["status"], "suspended");
    let events = ["issued", "renewed", "suspended"];
    assert_eq!(texts(&known["records"], "event"), events);
    assert_eq!(texts(&known["not_counted"], "event"), ["renewed"]);
    assert_eq!(texts(&known["not_counted"], "bearing"), ["not_known"]);
    assert_eq!(known["records"][2]["led_to"]["status"], "suspended");
    // Over HTTP the same is said of the same instant.
    let at = known["at"].as_str().unwrap();
    let target = format!("/v1/licenses/{CODE}/explanation?at={at}&as_of=3");
    assert_eq!(service.get_json(&target).await, known);

    let freeze = known["records"][2]["receipt_id"].as_str().unwrap();
    let without = show(&["--without", freeze]);
    assert_eq!(without["license"]["status"], "issued");
    assert_eq!(without["license"]["expires_at"], "2036-01-02T00:00:00Z");
    assert_eq!(texts(&without["not_counted"], "bearing"), ["left_out"]);
    let table = service.tenure(&["license", "show", CODE, "--as-of", "3"]);
    assert!(table.exited(0).stdout.contains("not known"));
    for (receipt, exit, complaint) in [
        ("seven", 2, "UUID"),
        ("019ac2f0-7d3e-7c41-9d0a-5b6f1e2a3c4d", 1, "no record of"),
    ] {
        service
            .tenure(&["license", "show", CODE, "--without", receipt])
            .exited(exit)
            .complains(complaint);
    }
}

#[tokio::test]
async fn a_timeline_is_the_same_on_the_command_line_and_over_http() {
    let service = service().await;
    let printed = service.tenure_json(&["license", "timeline", CODE]);
    let asked = service
        .get_json(&format!("/v1/licenses/{CODE}/timeline"))
        .await;
    assert_eq!(printed["intervals"], asked["intervals"]);
    let believed = service.tenure_json(&["license", "timeline", CODE, "--as-of", "2"]);
    let statuses = ["issued", "expired"];
    assert_eq!(texts(&believed["intervals"], "status"), statuses);
    let of_a_day = ["license", "timeline", CODE, "--at", "2035-06-01"];
    let of_a_day = service.tenure_json(&of_a_day);
    let statuses = ["issued", "expired", "suspended", "suspended"];
    assert_eq!(texts(&of_a_day["intervals"], "status"), statuses);
    let table = service.tenure(&["license", "timeline", CODE]).exited(0);
    assert!(table.stdout.contains("recorded at"), "{table:?}");
}

/// The lines that an export has, with its columns.
fn csv(text: &str) -> (Vec<String>, usize) {
    let mut lines = text.lines();
    let head = lines.next().unwrap().split(',').map(str::to_owned);
    (head.collect(), lines.count())
}

#[tokio::test]
async fn an_order_has_a_history_that_can_be_exported() {
    let service = service().await;
    let order = "CS2211181819B4LV2";
    let answer = service
        .get_json(&format!("/v1/orders/{order}/records?min_position=4"))
        .await;
    let events = ["issued", "renewed", "suspended", "renewed"];
    assert_eq!(texts(&answer["records"], "event"), events);
    let history = ["order", "history", order];
    let printed = service.tenure_json(&history);
    assert_eq!(printed["records"], answer["records"]);
    let run = |format: &str| {
        let arguments = [&history[..], &["--format", format]].concat();
        service.tenure(&arguments).exited(0).stdout
    };
    let lines: Vec<Value> = run("jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::Array(lines), answer["records"]);
    let (head, rows) = csv(&run("csv"));
    assert_eq!(
        head[..5],
        ["position", "subject", "version", "event", "effective_at"]
    );
    assert_eq!(rows, 4);
    let timeline = ["license", "timeline", CODE, "--format", "csv"];
    let (head, rows) = csv(&service.tenure(&timeline).exited(0).stdout);
    assert_eq!(head[0], "license");
    let intervals = service.tenure_json(&timeline[..3])["intervals"].clone();
    assert_eq!(rows, intervals.as_array().unwrap().len());
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_what_to_do() {
    let service = service().await;
    let order = "CS2211181819B4LV2";
    for (arguments, exit, complaint) in [
        (
            &["order", "history", "CS2211181819B4LV9"][..],
            1,
            "nothing is known",
        ),
        (
            &["customer", "history", "customer-0009"],
            1,
            "nothing is known",
        ),
        (
            &["customer", "timeline", "customer-0009"],
            1,
            "no license of customer",
        ),
        (
            &[
                "order",
                "history",
                order,
                "--since",
                "2027-01-02",
                "--until",
                "2027-01-01",
            ],
            2,
            "--since must lie before",
        ),
        (
            &["order", "history", order, "--listing", "cad-max"],
            2,
            "no such listing",
        ),
        (
            &["receipts", "list", "--format", "csv"],
            2,
            "histories and timelines",
        ),
    ] {
        service.tenure(arguments).exited(exit).complains(complaint);
    }
}
