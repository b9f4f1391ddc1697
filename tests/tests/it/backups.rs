//! Backups while the service runs, and what they are worth.

use std::path::PathBuf;

use serde_json::Value;
use tenure_sandbox::body::{OrderLine, refresh_license_code, update_license_code_status};

use crate::service::{Service, day, texts};

const CODE: &str = "PLTEST0001";

async fn renew(service: &Service, number: u32) {
    let order = format!("CS2211181819T{number:04}");
    let order = OrderLine::first_of(&order);
    let until = day(&format!("{}-01-02", 2030 + number));
    let body = refresh_license_code("RENEWAL", CODE, &order, None, until);
    service.call(&body).await.is("000000");
}

/// A service with a history of five records: a code that was opened, renewed, frozen, unfrozen and
/// renewed.
async fn service() -> Service {
    let service = Service::start();
    renew(&service, 1).await;
    for status in ["FREEZE", "UNFREEZE"] {
        let body = update_license_code_status(CODE, status);
        service.call(&body).await.is("000000");
    }
    renew(&service, 2).await;
    service
}

fn folder(service: &Service) -> String {
    let path: PathBuf = service.file("backup");
    path.to_str().unwrap().to_owned()
}

fn backup(service: &Service) -> Value {
    service.tenure_json(&["backup", &folder(service)])
}

fn restore(service: &Service, more: &[&str]) -> Value {
    let folder = folder(service);
    service.tenure_json(&[&["restore", &folder], more].concat())
}

/// What the API says of the code, without the instants of the question.
async fn shown(service: &Service) -> Value {
    let mut shown = service.get_json(&format!("/v1/licenses/{CODE}")).await;
    shown["at"] = Value::Null;
    shown
}

#[tokio::test]
async fn what_was_backed_up_while_the_service_ran_is_there_again() {
    let mut service = service().await;
    assert_eq!(backup(&service)["position"], 5);
    let drilled = restore(&service, &["--drill"]);
    assert_eq!(drilled["records"], 5);
    assert_eq!(drilled["restored"], false);
    // The second time only what was added is copied.
    renew(&service, 3).await;
    let again = backup(&service);
    assert_eq!(again["records_added"], 1);
    assert_eq!(again["receipts_added"], 1);
    let known = shown(&service).await;

    service.kill();
    for name in [
        "journal.db",
        "journal.db-wal",
        "journal.db-shm",
        "vault.db",
        "read.db",
    ] {
        std::fs::remove_file(service.file(name)).unwrap();
    }
    // A restore that was killed left this.
    std::fs::create_dir(service.file("journal.db.restoring")).unwrap();
    std::fs::write(service.file("journal.db.restoring/journal.db"), "half").unwrap();
    let restored = restore(&service, &[]);
    assert!(!service.file("journal.db.restoring").exists());
    assert_eq!(restored["position"], 6);
    assert_eq!(restored["licenses"], 1);
    assert_eq!(restored["aside"], serde_json::json!([]));
    service.run();
    assert_eq!(shown(&service).await, known);
    let verdicts = service.tenure_json(&["receipts", "list"]);
    assert_eq!(texts(&verdicts, "verdict"), ["applied"; 5]);
    // And it goes on from there.
    renew(&service, 4).await;
    assert_eq!(backup(&service)["records_added"], 1);
}

#[tokio::test]
async fn a_journal_is_brought_back_to_a_position_and_to_an_instant() {
    let mut service = service().await;
    backup(&service);
    let folder = folder(&service);
    let records = service.tenure_json(&["license", "history", CODE]);
    service.stop();
    let drill = |as_of: &str| {
        let arguments = ["restore", &folder, "--drill", "--as-of", as_of];
        service.tenure(&arguments)
    };
    // The first call caused two records.
    drill("1").exited(2).complains("one call caused");
    for ahead in ["6", "2099-01-01"] {
        drill(ahead).exited(2).complains("which is position 5");
    }
    drill("2020-01-01").exited(2).complains("nothing was known");
    let frozen = records["records"][2]["recorded_at"].as_str().unwrap();
    let ran = drill(frozen).exited(0);
    assert!(ran.stdout.contains("3 records and 2 receipts"), "{ran:?}");

    let refused = service.tenure(&["restore", &folder, "--as-of", "3"]);
    refused.exited(2).complains("--replace moves it aside");
    std::fs::write(service.file("login.db"), "sessions of then").unwrap();
    let restored = restore(&service, &["--as-of", "3", "--replace"]);
    assert_eq!(restored["position"], 3);
    assert!(!service.file("login.db").exists());
    service.run();
    let now = service.tenure_json(&["license", "show", CODE]);
    assert_eq!(now["license"]["status"], "suspended");
    // What was there is a whole journal still.
    let aside = restored["aside"].as_array().unwrap();
    let journal = aside
        .iter()
        .find(|it| it.as_str().unwrap().contains("journal.db"));
    let mut command = service.command(&["journal", "verify", "--format", "json"]);
    let url = format!("sqlite:{}", journal.unwrap().as_str().unwrap());
    command.env("TENURE__JOURNAL__URL", url);
    let ran = crate::process::Ran::from(command.output().unwrap()).exited(0);
    assert_eq!(ran.json()["records"], 5);
    // The backup holds what this journal never will: it is not continued.
    let refused = service.tenure(&["backup", &folder]);
    refused.exited(1).complains("choose another folder");
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_not_restored() {
    let mut service = service().await;
    let folder = folder(&service);
    backup(&service);
    let restore = ["restore", &folder, "--drill"];
    let manifest = service.file("backup/backup.json");
    let told = std::fs::read_to_string(&manifest).unwrap();

    // As if the next backup had been interrupted after the journal: what the older manifest names
    // is whole, and no more than that is restored.
    renew(&service, 3).await;
    backup(&service);
    std::fs::write(&manifest, &told).unwrap();
    assert_eq!(service.tenure_json(&restore)["position"], 5);
    // As if the first had been: then it is done again.
    std::fs::remove_file(&manifest).unwrap();
    let refused = service.tenure(&restore);
    refused.exited(1).complains("written last");
    assert_eq!(backup(&service)["records_added"], 0);
    assert_eq!(service.tenure_json(&restore)["position"], 6);

    for (from, to, complaint) in [
        ("\"form\": 1", "\"form\": 2", "knows form 1"),
        ("\"position\": 6", "\"position\": 7", "damaged"),
        (
            "\"position\": 6",
            "\"position\": \"six\"",
            "not what a backup writes",
        ),
        ("\"record_id\": \"0", "\"record_id\": \"f", "another record"),
    ] {
        let told = std::fs::read_to_string(&manifest).unwrap();
        assert!(told.contains(from), "{told}");
        std::fs::write(&manifest, told.replace(from, to)).unwrap();
        service.tenure(&restore).exited(1).complains(complaint);
        std::fs::write(&manifest, told).unwrap();
    }
    let vault = service.file("backup/vault.db");
    let bytes = std::fs::read(&vault).unwrap();
    std::fs::remove_file(&vault).unwrap();
    service
        .tenure(&restore)
        .exited(1)
        .complains("its vault.db is missing");
    std::fs::write(&vault, bytes).unwrap();
    let mut command = service.command(&restore);
    command.env("TENURE__VAULT__MASTER_KEY", "a5".repeat(32));
    let ran = crate::process::Ran::from(command.output().unwrap());
    ran.exited(1).complains("master key");

    // A record that was changed in the copy.
    let copy = rusqlite::Connection::open(service.file("backup/journal.db")).unwrap();
    copy.execute_batch(
        "DROP TRIGGER records_are_never_changed; UPDATE records SET version = 9 WHERE position = 3",
    )
    .unwrap();
    drop(copy);
    let found = service.tenure(&restore).exited(1);
    found.complains("nothing was changed");
    found.complains("record 3");
    service.stop();
}

/// A receipt whose body was sealed under a key that the vault of the backup never had.
#[tokio::test]
async fn a_backup_whose_vault_lacks_keys_is_not_restored() {
    let service = service().await;
    backup(&service);
    let copy = rusqlite::Connection::open(service.file("backup/journal.db")).unwrap();
    copy.execute_batch(
        "DROP TRIGGER receipts_are_never_changed; UPDATE receipts SET sealed_with = zeroblob(16)",
    )
    .unwrap();
    drop(copy);
    let refused = service.tenure(&["restore", &folder(&service), "--drill"]);
    refused.exited(1).complains("its vault lacks keys");
}

#[tokio::test]
async fn a_backup_keeps_the_vault_that_it_has() {
    let mut service = service().await;
    let folder = folder(&service);
    backup(&service);
    service.stop();
    let moved = service.file("moved.db");
    std::fs::rename(service.file("vault.db"), &moved).unwrap();
    let refused = service.tenure(&["backup", &folder]);
    refused.exited(1).complains("restore the vault");
    // Another vault of the same master key, which lacks a key that the backup has.
    let backed_up = rusqlite::Connection::open(service.file("backup/vault.db")).unwrap();
    let key = "INSERT INTO keys (id, owner, created_at) VALUES (randomblob(16), 'acme/t-1', 0)";
    backed_up.execute(key, []).unwrap();
    drop(backed_up);
    let known = std::fs::read(service.file("backup/vault.db")).unwrap();
    std::fs::rename(&moved, service.file("vault.db")).unwrap();
    let refused = service.tenure(&["backup", &folder]);
    refused.exited(1).complains("does not know 1 keys");
    let kept = std::fs::read(service.file("backup/vault.db")).unwrap();
    assert!(kept == known, "the refused vault took its place");
    assert!(!service.file("backup/vault.db.new").exists());
}

/// The vault and the read models may lie on other file systems than the journal.
#[tokio::test]
async fn what_lies_on_another_file_system_is_kept_and_replaced_too() {
    let mut service = service().await;
    backup(&service);
    service.stop();
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let vault = elsewhere.path().join("vault.db");
    std::fs::copy(service.file("vault.db"), &vault).unwrap();
    let connection = rusqlite::Connection::open(&vault).unwrap();
    let key = "INSERT INTO keys (id, owner, created_at) VALUES (randomblob(16), 'acme/t-1', 0)";
    connection.execute(key, []).unwrap();
    drop(connection);
    let mut aside = Vec::new();
    for _ in 0..2 {
        let mut command = service.command(&["restore", &folder(&service), "--replace"]);
        command
            .args(["--format", "json"])
            .env("TENURE__VAULT__PATH", &vault)
            .env("TENURE__PROJECTOR__PATH", elsewhere.path().join("read.db"));
        let ran = crate::process::Ran::from(command.output().unwrap()).exited(0);
        aside.extend(ran.json()["aside"].as_array().unwrap().clone());
    }
    // Two restores within a second take two names.
    let names: std::collections::BTreeSet<_> = aside.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let keys = |path: &std::path::Path| -> u32 {
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT count(*) FROM keys";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let kept = aside
        .iter()
        .find(|it| it.as_str().unwrap().contains("vault.db"));
    assert_eq!(keys(kept.unwrap().as_str().unwrap().as_ref()), 1);
    assert_eq!(keys(&vault), 0);
}

#[tokio::test]
async fn nothing_is_overwritten_by_mistake() {
    let service = service().await;
    let folder = folder(&service);
    backup(&service);
    let running = service.tenure(&["restore", &folder, "--replace"]);
    running
        .exited(3)
        .complains("the service runs: stop it first");
    let other = service.file("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("notes.txt"), "mine").unwrap();
    let refused = service.tenure(&["backup", other.to_str().unwrap()]);
    refused.exited(2).complains("holds no backup");
    let own = service.file(".");
    let refused = service.tenure(&["backup", own.to_str().unwrap()]);
    refused.exited(2).complains("is the folder of the journal");
    let foreign = service.file("foreign.db");
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection
        .execute("CREATE TABLE precious (it)", [])
        .unwrap();
    drop(connection);
    let mut command = service.command(&["restore", &folder, "--drill"]);
    command.env("TENURE__PROJECTOR__PATH", &foreign);
    let refused = crate::process::Ran::from(command.output().unwrap());
    refused.exited(2).complains("it stays as it is");
    let none = service.file("none");
    let refused = service.tenure(&["restore", none.to_str().unwrap(), "--drill"]);
    refused.exited(1).complains("no whole backup");
    let both = service.tenure(&["restore", &folder, "--drill", "--replace"]);
    both.exited(2).complains("cannot be used with");
}

/// Calls come in while the copy is made, and none of those that were acknowledged before it began is
/// missing from it.
#[tokio::test]
async fn a_backup_under_load_is_sound() {
    let mut service = service().await;
    for round in 0..3 {
        let mut command = service.command(&["backup", &folder(&service), "--format", "json"]);
        let known = 5 + round * 4;
        let running = command
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        for number in 0..4 {
            renew(&service, 10 + round * 4 + number).await;
        }
        let output = running.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(
            told["position"].as_u64().unwrap() >= u64::from(known),
            "{told}"
        );
        let drilled = restore(&service, &["--drill"]);
        assert_eq!(drilled["position"], told["position"]);
    }
    service.stop();
}
