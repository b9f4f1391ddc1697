//! The command line: what it prints, and how it exits.

use serde_json::{Value, json};
use tenure_sandbox::body::{OrderLine, refresh_license_code, update_license_code_status};

use crate::service::{Service, day, texts};

const CODE: &str = "PLTEST0001";

/// A service that has renewed a code twice and turned a call away.
async fn service_with_a_history() -> Service {
    let service = Service::start();
    for (order, until) in [
        ("CS2211181819B4LV1", "2035-01-02"),
        ("CS2211181819B4LV2", "2036-01-02"),
    ] {
        let order = OrderLine::first_of(order);
        let body = refresh_license_code("RENEWAL", CODE, &order, None, day(until));
        service.call(&body).await.is("000000");
    }
    let body = update_license_code_status(CODE, "MELT");
    service.call(&body).await.is("000002");
    service
}

#[tokio::test]
async fn the_example_configuration_is_right_and_a_slip_is_answered_with_the_nearest_key() {
    let service = Service::start();
    let example = service.tenure(&["config", "example"]).exited(0).stdout;
    let file = service.file("example.toml");
    std::fs::write(&file, &example).unwrap();
    let check = ["config", "check", "--config", file.to_str().unwrap()];
    let ran = service.tenure(&check[..2]).exited(0);
    assert!(ran.stdout.contains("cad-manual"), "{ran:?}");

    let run = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = std::process::Command::new(crate::process::binary());
        crate::process::Ran::from(command.args(check).output().unwrap())
    };
    let ran = run(&example).exited(0);
    assert!(ran.stdout.contains("cad-pro"), "{ran:?}");
    run(&example.replace("callbacks =", "callback  ="))
        .exited(2)
        .complains("did you mean `callbacks`?");
    run(&example.replace("workers   = 2", "workers   = 0"))
        .exited(2)
        .complains("http.workers");
    run("[[listing]]\nid = \"a\"\nmerchant = \"b\"")
        .exited(2)
        .complains("it has no key");
    run("[[listing]]\nid = \"a\"\nmerchant = \"b\"\nprovisioning.mode = \"auto\"")
        .exited(2)
        .complains("`static`, `manual`, `webhook`");
}

#[tokio::test]
async fn exit_codes_tell_wrong_from_usage_from_unavailable() {
    let mut service = service_with_a_history().await;
    service.tenure(&["nonsense"]).exited(2).complains("Usage");
    service.tenure(&["--help"]).exited(0);
    service.tenure(&["license", "show", CODE]).exited(0);
    service
        .tenure(&["license", "show", "PLTEST0009"])
        .exited(1)
        .complains("there is no license");
    service
        .tenure(&["license", "show", CODE, "--at", "yesterday"])
        .exited(2)
        .complains("is no instant");
    service
        .tenure(&["license", "show", CODE, "--listing", "cad-max"])
        .exited(2)
        .complains("no such listing");
    let unknown = "019ac2f0-7d3e-7c41-9d0a-5b6f1e2a3c4d";
    service.tenure(&["receipts", "show", unknown]).exited(1);
    service
        .tenure(&["receipts", "show", "seven"])
        .exited(2)
        .complains("UUID");
    service
        .tenure(&["receipts", "list", "--verdict", "maybe"])
        .exited(2)
        .complains("rejected");
    service.stop();
    std::fs::remove_file(service.file("journal.db")).unwrap();
    service.leave_unverified();
    for arguments in [
        &["license", "show", CODE][..],
        &["receipts", "list"],
        &["replay", "--verify"],
        &["journal", "verify"],
    ] {
        service
            .tenure(arguments)
            .exited(3)
            .complains("there is no journal");
    }
}

#[tokio::test]
async fn receipts_are_listed_and_shown() {
    let service = service_with_a_history().await;
    let list = service.tenure_json(&["receipts", "list"]);
    assert_eq!(texts(&list, "verdict"), ["rejected", "applied", "applied"]);
    let rejected = service.tenure_json(&["receipts", "list", "--verdict", "rejected"]);
    assert_eq!(texts(&rejected, "reason"), ["malformed_body"]);
    let none = service.tenure_json(&["receipts", "list", "--listing", "codes-only"]);
    assert_eq!(none, json!([]));
    let newest = service.tenure_json(&["receipts", "list", "--limit", "1"]);
    assert_eq!(newest, rejected);

    let id = rejected[0]["id"].as_str().unwrap();
    let receipt = service.tenure_json(&["receipts", "show", id]);
    assert!(receipt["body"].as_str().unwrap().contains("MELT"));
    assert!(receipt["answer"].as_str().unwrap().contains("000002"));
    assert!(receipt["parameters"].as_str().unwrap().contains("nonce="));
    let table = service.tenure(&["receipts", "show", id]).exited(0);
    assert!(table.stdout.contains("malformed_body"), "{table:?}");
}

#[tokio::test]
async fn a_license_is_shown_as_it_was_and_as_it_was_known() {
    let service = service_with_a_history().await;
    let show = |more: &[&str]| {
        let arguments = [&["license", "show", CODE], more].concat();
        service.tenure_json(&arguments)
    };
    let now = show(&[]);
    assert_eq!(now["license"]["status"], "issued");
    assert_eq!(now["license"]["expires_at"], "2036-01-02T00:00:00Z");
    assert_eq!(
        texts(&now["records"], "event"),
        ["issued", "renewed", "renewed"]
    );
    // What holds later: the term will be over.
    let later = show(&["--at", "2036-01-02"]);
    assert_eq!(later["license"]["status"], "expired");
    // What was known before the second renewal, about the same instant and one before it.
    let known = show(&["--at", "2035-06-01", "--as-of", "2"]);
    assert_eq!(known["license"]["status"], "expired");
    assert_eq!(known["license"]["expires_at"], "2035-01-02T00:00:00Z");
    let known = show(&["--at", "2034-06-01", "--as-of", "2"]);
    assert_eq!(known["license"]["status"], "issued");
    service
        .tenure(&["license", "show", CODE, "--as-of", "2020-01-01"])
        .exited(1)
        .complains("nothing was known");

    let history = service.tenure_json(&["license", "history", CODE]);
    for name in ["position", "event", "receipt_id"] {
        let column = |records: &Value| -> Vec<Value> {
            let records = records.as_array().unwrap().iter();
            records.map(|it| it[name].clone()).collect()
        };
        assert_eq!(column(&history["records"]), column(&now["records"]));
    }
    let table = service.tenure(&["license", "history", CODE]).exited(0);
    assert!(table.stdout.contains("CS2211181819B4LV2"), "{table:?}");
    // The API says the same.
    let asked = service
        .get_json("/v1/licenses/PLTEST0001?at=2035-06-01T00:00:00Z&as_of=2")
        .await;
    assert_eq!(asked["status"], "expired");
}

#[tokio::test]
async fn a_read_model_that_was_changed_is_found_and_mended() {
    let mut service = service_with_a_history().await;
    service.stop();
    let read_model = rusqlite::Connection::open(service.file("read.db")).unwrap();
    let change = "UPDATE licenses SET expires_at = expires_at + 1";
    assert_eq!(read_model.execute(change, []), Ok(1));
    drop(read_model);
    let found = service.tenure(&["replay", "--verify", "--format", "json"]);
    let found = found.exited(1);
    found.complains("run `tenure replay`");
    assert_eq!(found.json()["difference_count"], 1);
    let difference = found.json()["differences"][0].to_string();
    assert!(difference.contains(CODE), "{difference}");

    let rebuilt = service.tenure(&["replay"]).exited(0);
    assert!(rebuilt.stdout.contains("1 licenses"), "{rebuilt:?}");
    service.tenure(&["replay", "--verify"]).exited(0);
}

/// Nobody who asks meanwhile is told less than before.
#[tokio::test]
async fn the_read_models_are_rebuilt_while_the_service_answers() {
    let service = service_with_a_history().await;
    let target = format!("/v1/licenses?q={CODE}&min_position=3");
    let before = service.get_json(&target).await;
    let read_model = rusqlite::Connection::open(service.file("read.db")).unwrap();
    let change = "UPDATE licenses SET standing = 'released'";
    assert_eq!(read_model.execute(change, []), Ok(1));
    drop(read_model);
    let rebuilding = service.command(&["replay"]).output();
    assert!(rebuilding.unwrap().status.success());
    let after = service.get_json(&target).await;
    assert_eq!(
        after["licenses"][0]["status"],
        before["licenses"][0]["status"]
    );
    assert_eq!(after["as_of"], before["as_of"]);
    service.tenure(&["replay", "--verify"]).exited(0);
    let running = service.command(&["replay"]).spawn();
    for _ in 0..40 {
        let told = service.get_json(&target).await;
        assert_eq!(told["licenses"].as_array().unwrap().len(), 1);
    }
    assert!(running.unwrap().wait().unwrap().success());
}

#[tokio::test]
async fn a_journal_that_was_changed_is_found() {
    let mut service = service_with_a_history().await;
    let sound = service.tenure_json(&["journal", "verify"]);
    assert_eq!(sound["records"], 3);
    assert_eq!(sound["receipts"], 3);
    assert_eq!(sound["wrong_count"], 0);
    service.stop();
    service.leave_unverified();
    let journal = rusqlite::Connection::open(service.file("journal.db")).unwrap();
    let remove = "DELETE FROM records WHERE position = 2";
    assert!(journal.execute(remove, []).is_err(), "a trigger refuses");
    let trigger = "DROP TRIGGER records_are_never_removed";
    journal.execute(trigger, []).unwrap();
    journal.execute(remove, []).unwrap();
    drop(journal);
    let found = service.tenure(&["journal", "verify", "--format", "json"]);
    let found = found.exited(1);
    found.complains("the journal is damaged");
    assert!(found.json()["wrong_count"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_how_to_mend_it() {
    let service = service_with_a_history().await;
    let findings = service.tenure_json(&["doctor"]);
    let findings = findings.as_array().unwrap();
    assert!(findings.iter().all(|it| it["ok"] == true), "{findings:?}");
    for what in ["configuration", "journal", "clock"] {
        assert!(findings.iter().any(|it| it["what"] == what), "{what}");
    }
    let mut command = service.command(&["doctor"]);
    command.env("TENURE__PROJECTOR__PATH", "/proc/none/read.db");
    let ran = crate::process::Ran::from(command.output().unwrap()).exited(1);
    assert!(ran.stdout.contains("WRONG"), "{ran:?}");
    assert!(ran.stdout.contains("give it to the user"), "{ran:?}");
}

#[tokio::test]
async fn completions_are_printed() {
    let service = Service::start();
    let bash = service.tenure(&["completions", "bash"]).exited(0);
    assert!(bash.stdout.contains("complete -F _tenure"));
}
