//! V1.0 over bare sockets: what the debugging page finds, and the flow that is played.

use secrecy::SecretString;
use tenure_sandbox::check::{Family, Outcome, Report, Target, check};
use tenure_sandbox::client::Client;
use tenure_sandbox::clock::{Clock, real_now};
use tenure_sandbox::market::{Keys, Listing, Market, Protocol};
use tenure_sandbox::play::{Stage, Step, play_v1};
use tenure_sandbox::v1::call::query_instance;
use tenure_sandbox::v1::signer::{Style, sign};
use tokio::net::TcpListener;

use crate::merchant_v1::{KEY, Manner, Merchant};
use crate::{client, impatient_client};

const FAMILIES: [Family; 2] = [Family::SaasV1, Family::LicenseV1];

fn failed(report: &Report) -> Vec<&str> {
    report.failures().map(|case| case.name.as_str()).collect()
}

async fn checked(manner: Manner, family: Family) -> Report {
    let (target, _merchant) = Merchant::start(manner).await;
    check(&client(), &target, family).await
}

#[actix_web::test]
async fn a_merchant_by_the_book_passes() {
    for family in FAMILIES {
        for manner in [Manner::Good, Manner::Chunked] {
            let report = checked(manner, family).await;
            assert!(report.passed(), "{report}");
        }
    }
}

#[actix_web::test]
async fn a_merchant_that_always_says_yes_fails_every_negative_case() {
    for family in FAMILIES {
        let report = checked(Manner::Naive, family).await;
        assert!(!report.passed());
        for case in &report.cases {
            let right = case.expectation == "success";
            assert_eq!(case.outcome == Outcome::Passed, right, "{}", case.name);
        }
    }
}

#[actix_web::test]
async fn a_signature_that_the_marketplace_would_not_read_counts_in_every_case() {
    for (manner, why) in [
        (Manner::Unsigned, "the header Body-Sign is missing"),
        (
            Manner::LowerCase,
            "the header is spelt `body-sign` instead of Body-Sign",
        ),
        (
            Manner::Unquoted,
            r#"the header Body-Sign is not `sign_type="HMAC-SHA256", signature="…"` in Base64"#,
        ),
        (
            Manner::LineFeed,
            "the header Body-Sign does not sign the bytes of the answer with this key",
        ),
    ] {
        let report = checked(manner, Family::LicenseV1).await;
        for case in report.cases {
            // Nobody signed these, so that no key is the right one for the answer.
            let is_about_the_token = case.name.starts_with("signed with")
                || case.name.starts_with("no t")
                || case.name.contains("after signing")
                || case.name.contains("token over")
                || case.name.contains("key of the token");
            let said = case.why.unwrap_or_default();
            assert_eq!(said.contains(why), !is_about_the_token, "{}", case.name);
        }
    }
}

#[actix_web::test]
async fn a_repeated_purchase_must_give_the_same_instance() {
    let report = checked(Manner::Forgetful, Family::LicenseV1).await;
    assert_eq!(
        failed(&report),
        [
            "getLicense by the year, repeated",
            "getLicense once for all, repeated",
            "getLicense with extend parameters, repeated"
        ]
    );
    let why = report.failures().next().unwrap().why.clone().unwrap();
    assert!(why.starts_with("`instanceId` is `7d0ff4d6"), "{why}");
}

#[actix_web::test]
async fn a_merchant_that_does_not_decode_fails_where_something_is_escaped() {
    let report = checked(Manner::Undecoded, Family::LicenseV1).await;
    let failed = failed(&report);
    assert!(failed.contains(&"blanks as +"));
    assert!(failed.contains(&"a token over escaped values"));
    assert!(!failed.contains(&"expireLicense"));
}

#[actix_web::test]
async fn an_account_in_clear_is_found() {
    let report = checked(Manner::ClearAccounts, Family::SaasV1).await;
    let cases = report.cases.iter();
    let query = cases
        .clone()
        .find(|case| case.name == "queryInstance")
        .unwrap();
    assert_eq!(
        query.why.as_deref(),
        Some("`userName` cannot be decrypted with this key")
    );
}

#[actix_web::test]
async fn only_calls_about_made_up_instances_are_real() {
    for family in FAMILIES {
        let (target, merchant) = Merchant::start(Manner::Good).await;
        check(&client(), &target, family).await;
        for call in merchant.calls() {
            let is_test = call.get("testFlag").is_some_and(|flag| flag == "1");
            let id = call.get("instanceId").map_or("", String::as_str);
            assert!(is_test || id.contains("MADE-UP"), "{call:?}");
        }
    }
}

#[actix_web::test]
async fn a_silent_or_absent_merchant_is_a_failure_and_no_hang() {
    let sent = async |client: Client, url: String| {
        let key = SecretString::from(KEY);
        let call = sign(
            &url,
            &key,
            &query_instance("i"),
            real_now(),
            Style::default(),
        );
        let exchange = client.get(&call, &key).await;
        assert!(exchange.status.is_none());
        exchange.failure.unwrap().to_string()
    };
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/in", silent.local_addr().unwrap());
    let late = sent(impatient_client(), url.clone()).await;
    assert_eq!(late, "no answer within 0.05 s");
    drop(actix_web::rt::spawn(async move {
        // Hangs up on the first call, which expects TLS, and is gone for the second.
        drop(silent.accept().await);
    }));
    let insecure = sent(client(), url.replace("http", "https")).await;
    assert!(insecure.contains("the connection failed"), "{insecure}");
    let absent = sent(client(), url).await;
    assert!(absent.starts_with("the address cannot be reached: the connection failed: "));
    let no_address = sent(client(), "ftp://example.com/".to_owned()).await;
    assert!(
        no_address.ends_with("not an address of HTTP"),
        "{no_address}"
    );
}

#[actix_web::test]
async fn an_endless_answer_is_cut_off() {
    use tokio::io::AsyncWriteExt;

    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    drop(actix_web::rt::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        // Ends when nobody reads any more.
        while stream.write_all(&vec![b' '; 65536]).await.is_ok() {}
    }));
    let key = SecretString::from(KEY);
    let call = sign(
        &url,
        &key,
        &query_instance("i"),
        real_now(),
        Style::default(),
    );
    let exchange = client().get(&call, &key).await;
    let failure = exchange.failure.unwrap().to_string();
    assert!(failure.contains("the answer is longer than"), "{failure}");
}

#[actix_web::test]
async fn the_lives_of_an_instance_and_of_a_license_are_played_in_order() {
    let (Target { url, key, .. }, merchant) = Merchant::start(Manner::Good).await;
    let keys = Keys {
        base: Some(key),
        ..Keys::default()
    };
    let listing = Listing {
        name: "cad".to_owned(),
        url,
        keys,
        protocol: Protocol::V2,
    };
    let (market, clock) = (Market::new(vec![listing], 7).shared(), Clock::start(1));
    let stage = Stage {
        client: &client(),
        market: &market,
        clock: &clock,
        listing: "cad",
    };
    let status_of = async |license: String| merchant.state(&license).map(str::to_owned);
    let steps = play_v1(&stage, status_of).await;
    let told = |step: &Step| {
        assert_eq!(step.failure, None, "{step:?}");
        format!("{} {}", step.call, step.state.as_deref().unwrap_or("-"))
    };
    let of = |family| -> Vec<String> {
        let steps = steps.iter().filter(|step| step.family == family);
        steps.map(told).collect()
    };
    assert_eq!(
        of("saas-v1"),
        [
            "newInstance active",
            "queryInstance active",
            "refreshInstance active",
            "refreshInstance active",
            "expireInstance frozen",
            "refreshInstance active",
            "instanceStatus FREEZE frozen",
            "instanceStatus NORMAL active",
            "upgrade active",
            "releaseInstance released",
        ]
    );
    assert_eq!(
        of("license-v1"),
        [
            "getLicense active",
            "refreshLicense active",
            "refreshLicense active",
            "expireLicense frozen",
            "refreshLicense active",
            "releaseLicense released",
        ]
    );
    let calls = merchant.calls();
    let said = |index: usize, name: &str| calls[index][name].as_str();
    // The renewal was cancelled, the term is over, and the next renewal begins now.
    assert!(said(2, "expireTime") > said(0, "expireTime"));
    assert_eq!(said(3, "expireTime"), said(0, "expireTime"));
    assert!(said(3, "orderAmount").starts_with('-'));
    assert!(said(5, "expireTime") > said(3, "expireTime"));
    assert_eq!(said(4, "orderId"), said(0, "orderId"));
    assert_ne!(said(5, "orderId"), said(2, "orderId"));
    assert_eq!(said(8, "amount"), "5");
    let sold = market.lock().unwrap();
    assert_eq!(sold.listing("cad").unwrap().protocol, Protocol::V2);
}
