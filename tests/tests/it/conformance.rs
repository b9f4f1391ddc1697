//! The marketplace's debugging page, of every family, against the running service: it finds nothing
//! wrong, and does find something where the key is another.

use crate::kit::{KIT_KEY, setup as kit_setup};
use crate::process::own_address;
use crate::service::{BASE_KEY, CALLBACKS, GENERAL_KEY, LICENSE_KEY, Service, Setup};

/// The public key of the pair whose private one the service has.
const PUBLIC_KEY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/sandbox/tests/keys/kit-public.txt"
);

fn check(service: &Service, family: &str, key: &str, more: &[&str]) {
    let target = service.address("cad-pro");
    let what = ["sandbox", "check", "--family", family, "--target", &target];
    let ran = service.tenure(&[&what[..], &["--key", key], more].concat());
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let ran = service.tenure(&[&what[..], &["--key", "another-key"], more].concat());
    ran.exited(1).complains("cases failed");
}

#[tokio::test]
async fn codes_instances_and_orders_are_answered_as_the_marketplace_wants() {
    let service = Service::start();
    for (family, key) in [
        ("license", LICENSE_KEY),
        ("saas", BASE_KEY),
        ("order", GENERAL_KEY),
    ] {
        check(&service, family, key, &[]);
    }
}

#[tokio::test]
async fn online_licenses_are_answered_as_the_marketplace_wants() {
    let service = Service::of(&Setup {
        cad_pro: "protocol.family = \"online_license\"\n".to_owned(),
        ..Setup::default()
    });
    check(&service, "online-license", BASE_KEY, &[]);
}

#[tokio::test]
async fn the_older_calls_are_answered_as_the_marketplace_wants() {
    let service = Service::start();
    for family in ["saas-v1", "license-v1"] {
        check(&service, family, BASE_KEY, &[]);
    }
}

#[tokio::test]
async fn the_kit_is_answered_as_the_marketplace_wants() {
    let service = Service::of(&kit_setup());
    for family in ["kit", "kit-v1"] {
        check(&service, family, KIT_KEY, &["--public-key", PUBLIC_KEY]);
    }
}

#[tokio::test]
async fn whoever_logs_in_is_received_as_the_marketplace_wants() {
    let (centre, kit) = (own_address(), kit_setup());
    let login = format!(
        "login.app_id = \"app-of-the-check\"\n\
         login.public_url = \"http://{CALLBACKS}\"\n\
         login.application_url = \"https://app.example.com/in\"\n\
         login.goodbye_url = \"https://app.example.com/bye\"\n\
         login.trusted_centres = [\"http://{centre}\"]\n"
    );
    let service = Service::of(&Setup {
        cad_pro: kit.cad_pro + &login,
        ..kit
    });
    let production = service.address("cad-pro");
    let (login, cas) = (
        format!("{production}/login/callback"),
        format!("{production}/login/cas"),
    );
    let ran = service.tenure(&[
        "sandbox",
        "check",
        "--family",
        "login",
        "--target",
        &login,
        "--cas-address",
        &cas,
        "--production-address",
        &production,
        "--app-id",
        "app-of-the-check",
        "--centre-bind",
        &centre,
        "--key",
        KIT_KEY,
        "--public-key",
        PUBLIC_KEY,
    ]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}
