//! The disk fails or is slow, the journal is a stranger's, or somebody else's.

use std::time::Duration;

use serde_json::json;
use tenure_sandbox::body::{
    Body, OrderLine, query_instance, refresh_license_code, update_license_code_status,
};
use tokio::time::Instant;

use crate::activation::Marketplace;
use crate::orders::await_event;
use crate::service::{Service, Setup, day, texts};
use crate::usage::metered;

/// The most calls until the disk fails, and until it works again.
const CALLS_MAX: u32 = 1_000;

/// The most queries until a read model that hung is read.
const QUERIES_MAX: u32 = 10;

/// How late an answer may be.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(4);

fn code(number: u32) -> String {
    format!("PLTEST{number:04}")
}

fn renewal(number: u32) -> Body {
    let order = OrderLine::first_of(format!("CS2211181819{number:04}"));
    refresh_license_code("RENEWAL", &code(number), &order, None, day("2036-01-02"))
}

/// Makes a call that must be answered in time; says whether it was acknowledged.
async fn is_acknowledged(service: &Service, number: u32) -> bool {
    let begun_at = Instant::now();
    let answer = service.call(&renewal(number)).await;
    let took = begun_at.elapsed();
    assert!(took < ANSWER_TIME_MAX, "{took:?}");
    if answer.code != "000000" {
        answer.is("000005");
    }
    answer.code == "000000"
}

/// Runs a service that was stopped with a disk of which some of the kernel's calls on a file are
/// tampered with.
fn run_tampered(service: &mut Service, file: &str, inject: &str) {
    let file = service.file(file);
    let inject = format!("inject={inject}");
    // -D makes the service our child, and strace its grandchild.
    let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null"];
    let only = ["-P", file.to_str().unwrap(), "-e", &inject];
    service.run_under(&[&strace[..], &only[..]].concat());
}

/// Runs the service with a disk that fails for a while, on its own account: the n-th call of the
/// kernel on the journal's write-ahead log, and some after it, come back with an error.
async fn check(inject: &str) {
    let mut service = Service::start();
    service.stop();
    run_tampered(&mut service, "journal.db-wal", inject);
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while is_acknowledged(&service, number).await {
        acknowledged.push(number);
        number += 1;
        assert!(
            number < CALLS_MAX,
            "the disk does not fail: is strace there?"
        );
    }
    let (status, text) = service.get("/health/ready").await;
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("journal_not_writable"), "{text}");
    let (_, metrics) = service.get("/metrics").await;
    assert!(metrics.contains("tenure_journal_writable 0"), "{metrics}");
    assert!(!metrics.contains("tenure_journal_failures_total 0"));

    // It recovers by itself, and the call that failed is made again.
    while !is_acknowledged(&service, number).await {
        assert!(number < CALLS_MAX, "the disk does not recover");
    }
    acknowledged.push(number);
    assert_eq!(service.get("/health/ready").await.0, 200);
    assert_all_recorded_once(&service, &acknowledged).await;
    service.restart();
    assert_all_recorded_once(&service, &acknowledged).await;
}

async fn assert_all_recorded_once(service: &Service, acknowledged: &[u32]) {
    let records = service.records_after(0).await.into();
    let expected: Vec<_> = acknowledged
        .iter()
        .flat_map(|number| [code(*number), code(*number)])
        .collect();
    assert_eq!(texts(&records, "license_id"), expected);
    assert_eq!(
        texts(&records, "event"),
        ["issued", "renewed"].repeat(acknowledged.len())
    );
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    check("pwrite64:error=ENOSPC:when=40..45").await;
}

#[tokio::test]
async fn a_disk_that_became_read_only_is_told_and_survived() {
    check("pwrite64:error=EROFS:when=40..45").await;
}

#[tokio::test]
async fn a_disk_that_fails_to_flush_is_told_and_survived() {
    check("fsync,fdatasync:error=EIO:when=4..7").await;
}

/// The answer is due after four seconds, and one flush takes five.
#[tokio::test]
async fn a_call_that_the_disk_was_too_slow_for_is_done_once_and_its_nonce_is_used_up() {
    let mut service = Service::start();
    service.stop();
    let slow = "fsync,fdatasync:delay_enter=5000000:when=4";
    run_tampered(&mut service, "journal.db-wal", slow);
    let mut number = 0;
    let late = loop {
        let call = service.signed("cad-pro", &renewal(number));
        let answer = service.send(&call).await;
        if answer.code != "000000" {
            answer.is("000005");
            break call;
        }
        number += 1;
        assert!(number < CALLS_MAX, "the disk is not slow: is strace there?");
    };
    // Whether it was recorded is not known by now, and it is not done twice.
    service.send(&late).await.is("000001");
    assert_eq!(service.events(&code(number)).await, ["issued", "renewed"]);
    let verdicts = service.verdicts();
    let [.., before, last] = &verdicts[..] else {
        panic!("{verdicts:?}")
    };
    assert_eq!(before, "applied");
    assert_eq!(last, "rejected: replayed_nonce");
    // The marketplace calls again with a nonce of its own.
    service.call(&renewal(number)).await.is("000000");
    assert_eq!(service.events(&code(number)).await, ["issued", "renewed"]);
}

/// A query waits a second and a half for what was used, and the file takes two to be opened.
#[tokio::test]
async fn a_query_does_not_wait_for_a_read_model_that_hangs() {
    let (marketplace, mut service) = Marketplace::with_service(Setup::default());
    let wish = json!({ "listing": "cad-pro", "charging": "ON_DEMAND" });
    let sale = marketplace.sell(wish).await;
    let id = sale["name"].as_str().unwrap();
    let reports = json!({ "reports": [metered("METERTEST0001", 3, "12.5")] });
    let path = format!("/v1/licenses/{id}/usage");
    assert_eq!(service.post_json(&path, &reports).await.0, 200);
    await_event(&service, id, "usage_taken").await;
    service.stop();
    run_tampered(&mut service, "read.db", "openat:delay_enter=2000000");
    let query = query_instance(id);
    let begun_at = Instant::now();
    let answer = service.call(&query).await;
    let took = begun_at.elapsed();
    answer.is("000000");
    assert!(took < ANSWER_TIME_MAX, "{took:?}");
    let told = &answer.json["info"][0];
    assert_eq!(told["instanceId"], *id, "{told}");
    assert_eq!(told.get("usageInfo"), None, "{told}");
    service.await_line("an answer is without what was used");
    // Once the file is open, the next who asks is told.
    let mut asked = 1;
    let told = loop {
        let answer = service.call(&query).await;
        if let Some(told) = answer.json["info"][0].get("usageInfo") {
            break told.clone();
        }
        asked += 1;
        assert!(asked < QUERIES_MAX, "{answer:?}");
    };
    assert_eq!(told[0]["usageValue"], json!(12.5), "{told}");
}

#[tokio::test]
async fn a_journal_of_a_newer_version_is_not_touched() {
    let mut service = Service::start();
    service.call(&renewal(1)).await.is("000000");
    service.stop();
    let journal = rusqlite::Connection::open(service.file("journal.db")).unwrap();
    let newer = "INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', '')";
    journal.execute(newer, []).unwrap();
    service.tenure(&["serve"]).exited(3).complains("schema 99");
    service
        .tenure(&["license", "show", &code(1)])
        .exited(3)
        .complains("schema 99");
    let older = "DELETE FROM migrations WHERE number = 99";
    journal.execute(older, []).unwrap();
    drop(journal);
    service.run();
    assert_eq!(service.license(&code(1)).await["status"], "issued");
}

#[tokio::test]
async fn a_stream_that_cannot_be_read_waits_for_a_person_and_the_others_go_on() {
    let mut service = Service::start();
    service.call(&renewal(1)).await.is("000000");
    service.call(&renewal(2)).await.is("000000");
    service.stop();
    service.leave_unverified();
    let journal = rusqlite::Connection::open(service.file("journal.db")).unwrap();
    let trigger = "DROP TRIGGER records_are_never_changed";
    journal.execute(trigger, []).unwrap();
    let spoil = "UPDATE records SET data = '{' WHERE position = 1";
    assert_eq!(journal.execute(spoil, []), Ok(1));
    drop(journal);
    service.run();
    let frozen = update_license_code_status(&code(1), "FREEZE");
    service.call(&frozen).await.is("000005");
    let frozen = update_license_code_status(&code(2), "FREEZE");
    service.call(&frozen).await.is("000000");
    assert_eq!(service.license(&code(2)).await["status"], "suspended");
    let verdicts = service.verdicts();
    assert!(verdicts[2].starts_with("quarantined"), "{verdicts:?}");
    assert_eq!(verdicts[3], "applied");
    service.tenure(&["journal", "verify"]).exited(1);
}

#[tokio::test]
async fn a_second_service_on_the_same_journal_does_not_start() {
    let service = Service::start();
    let refused = service.tenure(&["serve"]).exited(3);
    refused.complains("another tenure process writes to");
    service.call(&renewal(1)).await.is("000000");
}

#[tokio::test]
async fn read_models_that_were_deleted_are_folded_anew() {
    let mut service = Service::start();
    for number in 0..5 {
        service.call(&renewal(number)).await.is("000000");
    }
    service.stop();
    for suffix in ["", "-wal", "-shm"] {
        let file = service.file(&format!("read.db{suffix}"));
        if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
    service.run();
    let page = service.get_json("/v1/licenses?min_position=10").await;
    let expected: Vec<_> = (0..5).map(code).collect();
    assert_eq!(json!(texts(&page["licenses"], "id")), json!(expected));
}
