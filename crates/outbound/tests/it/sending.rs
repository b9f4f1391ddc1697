//! What the client sends, and where.

use std::time::Duration;

use tenure_koogallery::open_api::activate;
use tenure_koogallery::{OpenApiRequest, sdk_signature};
use tenure_outbound::{Client, ClientError, ClientSettings, OriginError, SendError};

use crate::marketplace::{Marketplace, Says, client, clock, credentials};

const PATIENT: Duration = Duration::from_secs(5);
const IMPATIENT: Duration = Duration::from_millis(200);

fn request() -> OpenApiRequest {
    activate::request(&tenure_testkit::code(1), None)
}

fn at(market: &Marketplace) -> String {
    format!("http://{}", market.address)
}

#[tokio::test]
async fn a_request_is_sent_as_it_was_signed() {
    let market = Marketplace::saying(vec![Says::Answer(200, "{}")]);
    let client = client(at(&market), None, PATIENT);
    let received = client.send(&request()).await.unwrap();
    assert_eq!((received.status, received.body), (200, b"{}".to_vec()));
    let asked = &market.asked()[0];
    assert_eq!(
        asked.line,
        "POST /api/mkp-openapi-public/global/v1/license/activate HTTP/1.1"
    );
    assert_eq!(asked.body, r#"{"license":"PLTEST0001"}"#);
    let host = market.address.to_string();
    assert_eq!(asked.header("host"), host);
    assert_eq!(asked.header("x-sdk-date"), "20260102T030405Z");
    assert_eq!(asked.header("content-type"), "application/json");
    assert_eq!(
        asked.header("authorization"),
        sdk_signature::authorization(&credentials(), &request(), &host, "20260102T030405Z")
    );
}

#[tokio::test]
async fn what_an_api_asks_for_beside_the_usual_is_sent_too() {
    let market = Marketplace::saying(vec![Says::Answer(200, "{}")]);
    let mut request = request();
    request.content_type = "text/plain".into();
    request.headers.push(("x-extra", "1".to_owned()));
    let client = client(at(&market), None, PATIENT);
    assert_eq!(client.send(&request).await.unwrap().status, 200);
    let asked = &market.asked()[0];
    assert_eq!(asked.header("content-type"), "text/plain");
    assert_eq!(asked.header("x-extra"), "1");
}

#[tokio::test]
async fn the_date_of_an_answer_tells_how_far_the_clocks_are_apart() {
    for (date, expected) in [
        ("date: Fri, 02 Jan 2026 03:14:05 GMT\r\n", Some(600)),
        ("date: today\r\n", None),
        ("", None),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{date}content-length: 0\r\n\r\n");
        let market = Marketplace::saying(vec![Says::Bytes(head.into_bytes())]);
        let received = client(at(&market), None, PATIENT).send(&request()).await;
        assert_eq!(received.unwrap().clock_skew_seconds, expected, "{date}");
    }
}

#[tokio::test]
async fn the_fallback_is_asked_with_a_signature_of_its_own() {
    let fallback = Marketplace::saying(vec![Says::Answer(200, "{}")]);
    let absent = format!("http://{}", Marketplace::absent());
    let client = client(absent, Some(at(&fallback)), PATIENT);
    assert_eq!(client.send(&request()).await.unwrap().status, 200);
    let host = fallback.address.to_string();
    let asked = &fallback.asked()[0];
    assert_eq!(asked.header("host"), host);
    assert_eq!(
        asked.header("authorization"),
        sdk_signature::authorization(&credentials(), &request(), &host, "20260102T030405Z")
    );
}

#[tokio::test]
async fn the_fallback_is_asked_when_the_first_host_is_silent() {
    let silent = Marketplace::saying(vec![Says::Nothing]);
    let fallback = Marketplace::saying(vec![Says::Answer(200, "{}")]);
    let client = client(at(&silent), Some(at(&fallback)), IMPATIENT);
    assert_eq!(client.send(&request()).await.unwrap().status, 200);
    assert_eq!((silent.asked().len(), fallback.asked().len()), (1, 1));
}

#[tokio::test]
async fn what_must_not_arrive_twice_goes_to_the_fallback_only_if_nobody_saw_it() {
    let silent = Marketplace::saying(vec![Says::Nothing]);
    let fallback = Marketplace::saying(vec![Says::Answer(200, "{}")]);
    let once = client(at(&silent), Some(at(&fallback)), IMPATIENT);
    let error = once.send_once(&request()).await.unwrap_err();
    assert_eq!(error.code(), "marketplace_timed_out");
    assert_eq!((silent.asked().len(), fallback.asked().len()), (1, 0));

    let absent = format!("http://{}", Marketplace::absent());
    let once = client(absent, Some(at(&fallback)), PATIENT);
    assert_eq!(once.send_once(&request()).await.unwrap().status, 200);
    assert_eq!(fallback.asked().len(), 1);
}

#[tokio::test]
async fn an_answer_is_an_answer_and_no_reason_for_the_fallback() {
    for status in [302, 401, 500, 503] {
        let market = Marketplace::saying(vec![Says::Answer(status, "no")]);
        let fallback = Marketplace::saying(vec![Says::Answer(200, "{}")]);
        let client = client(at(&market), Some(at(&fallback)), PATIENT);
        let received = client.send(&request()).await.unwrap();
        assert_eq!((received.status, received.body), (status, b"no".to_vec()));
        assert!(fallback.asked().is_empty());
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_trusted_is_no_reason_for_the_fallback() {
    // It speaks, but not TLS: the question it gets is a handshake, so it must not wait for a line.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stranger = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut rest = Vec::new();
        drop(std::io::Read::read_to_end(&mut stream, &mut rest));
    });
    let fallback = Marketplace::saying(vec![Says::Answer(200, "{}")]);
    let client = client(stranger, Some(at(&fallback)), PATIENT);
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, SendError::Untrusted(_)), "{error:?}");
    assert!(!error.is_retryable());
    assert!(fallback.asked().is_empty());
}

#[tokio::test]
async fn a_failure_says_what_kind_it_is() {
    let absent = format!("http://{}", Marketplace::absent());
    let error = client(absent, None, PATIENT).send(&request()).await;
    assert_eq!(error.unwrap_err().code(), "marketplace_unreachable");

    let silent = Marketplace::saying(vec![Says::Nothing]);
    let error = client(at(&silent), None, IMPATIENT).send(&request()).await;
    assert_eq!(error.unwrap_err().code(), "marketplace_timed_out");

    let broken = Marketplace::saying(vec![Says::Bytes(b"HTTP/1.1 200".to_vec())]);
    let error = client(at(&broken), None, PATIENT).send(&request()).await;
    assert_eq!(error.unwrap_err().code(), "marketplace_connection_broken");

    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let long = [head.to_vec(), vec![b'x'; 1024 * 1024 + 1]].concat();
    let endless = Marketplace::saying(vec![Says::Bytes(long)]);
    let error = client(at(&endless), None, PATIENT).send(&request()).await;
    assert_eq!(error.unwrap_err().code(), "marketplace_answer_too_large");
}

#[test]
fn an_unencrypted_endpoint_elsewhere_is_refused() {
    crate::marketplace::install_tls();
    let settings = |endpoint: &str, fallback: Option<&str>| ClientSettings {
        endpoint: endpoint.to_owned(),
        fallback: fallback.map(str::to_owned),
        credentials: credentials(),
        timeout: PATIENT,
    };
    let bare = "http://mkt.example.com";
    for settings in [
        settings(bare, None),
        settings("https://mkt.example.com", Some(bare)),
    ] {
        let error = Client::new(settings, clock()).unwrap_err();
        assert!(
            matches!(error, ClientError::Origin(OriginError::Unencrypted { .. })),
            "{error:?}"
        );
    }
}

#[test]
fn no_debug_form_shows_the_secret() {
    let client = client("https://mkt.example.com".to_owned(), None, PATIENT);
    assert!(!format!("{client:?}").contains("sk-example"));
}
