//! No secret is ever printed, logged or stored, whatever is logged.

use tenure_sandbox::body::{Body, OrderLine, refresh_license_code};
use tenure_sandbox::signer::{Style, sign};

use crate::activation::{Marketplace, SECRET};
use crate::service::{BASE_KEY, GENERAL_KEY, LICENSE_KEY, Service, Setup, day};

const TOKEN: &str = "api-token-e1c7b5d90f3a4826";

#[tokio::test]
async fn no_secret_is_in_any_output_or_file_though_everything_is_logged() {
    let (marketplace, mut service) = Marketplace::with_service(Setup {
        filter: Some("trace"),
        token: Some(TOKEN),
        ..Setup::default()
    });
    let code = marketplace.sell_code().await;
    let mut printed = print_everything(&service, &code);
    drop(marketplace);
    call_in_every_way(&service, &code).await;
    printed.push_str(&print_everything(&service, &code));
    service.stop();
    printed.push_str(&print_everything(&service, &code));

    let log = service.log.lock().unwrap().clone();
    assert!(log.contains("\"level\":\"TRACE\""), "nothing was traced");
    let files = ["journal.db", "read.db", "stdout"]
        .map(|name| (name, std::fs::read(service.file(name)).unwrap()));
    for secret in [BASE_KEY, LICENSE_KEY, GENERAL_KEY, SECRET, TOKEN] {
        assert_eq!(place_of(secret, log.as_bytes()), None, "in the log");
        assert_eq!(place_of(secret, printed.as_bytes()), None, "printed");
        for (name, bytes) in &files {
            assert_eq!(place_of(secret, bytes), None, "in {name}");
        }
    }
}

/// What stands around a secret, if it is there.
pub(crate) fn place_of(secret: &str, text: &[u8]) -> Option<String> {
    let at = text
        .windows(secret.len())
        .position(|window| window == secret.as_bytes())?;
    let around = &text[at.saturating_sub(300)..at + secret.len()];
    Some(String::from_utf8_lossy(around).into_owned())
}

async fn call_in_every_way(service: &Service, code: &str) {
    let order = OrderLine::first_of("CS2211181819B4LVS");
    let renewal = refresh_license_code("RENEWAL", code, &order, None, day("2036-01-02"));
    service.call(&renewal).await.is("000000");
    let malformed = renewal.without("license");
    service.call(&malformed).await.is("000002");
    let base = Body::new("releaseInstance").with("instanceId", "i-1");
    let (address, stamp) = (service.address("cad-pro"), service.stamp());
    let wrong = sign(
        &address,
        &LICENSE_KEY.into(),
        &base,
        &Style::default(),
        &stamp,
    );
    service.send(&wrong).await.is("000001");
    service.get_json(&format!("/v1/licenses/{code}")).await;
    service.get_json("/v1/receipts").await;
    assert_eq!(service.get("/metrics").await.0, 200);
    let url = format!("http://{}/v1/licenses", service.api);
    let stranger = reqwest::Client::new().get(url).bearer_auth("another-token");
    assert_eq!(stranger.send().await.unwrap().status(), 401);
}

/// Runs every command that reads, and the activation, in both formats.
fn print_everything(service: &Service, code: &str) -> String {
    let mut printed = String::new();
    for arguments in [
        &["config", "check"][..],
        &["doctor"],
        &["license", "activate", code],
        &["license", "show", code],
        &["license", "history", code],
        &["receipts", "list"],
        &["journal", "verify"],
        &["replay", "--verify"],
        &["serve", "--nonsense"],
    ] {
        for format in ["table", "json"] {
            let ran = service.tenure(&[arguments, &["--format", format]].concat());
            printed.push_str(&ran.stdout);
            printed.push_str(&ran.stderr);
        }
    }
    printed
}
