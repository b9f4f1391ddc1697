//! Bodies that are too large or too slow, byte by byte.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use tenure_sandbox::body::{Body, update_license_code_status};
use tenure_sandbox::kit::signer::SignedCall as KitCall;
use tenure_sandbox::signer::SignedCall;
use tokio::time::Instant;

use crate::service::{Answer, Service};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The bound of a callback's body.
const BODY_BYTES_MAX: usize = 64 * 1024;

fn freeze() -> Body {
    update_license_code_status("PLTEST0001", "FREEZE")
}

/// A connection on which a call is made piece by piece.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) fn connect(service: &Service) -> Self {
        let stream = TcpStream::connect(&service.callbacks).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    /// Sends the head of a call with these header lines.
    pub(crate) fn send_head(&mut self, service: &Service, call: &SignedCall, headers: &str) {
        let url = call.url();
        let (_, path) = url.split_once(&service.callbacks).unwrap();
        let host = &service.callbacks;
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        self.send(head.as_bytes());
    }

    /// Sends the head of a call of the kit with these header lines.
    pub(crate) fn send_kit_head(&mut self, service: &Service, call: &KitCall, headers: &str) {
        let (_, path) = call.url.split_once(&service.callbacks).unwrap();
        let host = &service.callbacks;
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}");
        for (name, value) in &call.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        self.send(head.as_bytes());
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Reads up to the end of the next head.
    pub(crate) fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "it ended early");
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// Reads an answer, and says whether the connection is closed with it.
    pub(crate) fn read_answer(&mut self) -> (Answer, bool) {
        let head = self.read_head().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(':').trim().to_owned())
        };
        let length = header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        let closes = header("connection").as_deref() == Some("close");
        (Answer::read(status, &body), closes)
    }

    /// Asserts that the other side has closed.
    pub(crate) fn is_closed(&mut self) {
        // Bytes that were never read turn the close into a reset.
        match self.0.read(&mut [0]) {
            Ok(left) => assert_eq!(left, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_waited_for() {
    let service = Service::start();
    let mut wire = Wire::connect(&service);
    let call = service.signed("cad-pro", &freeze());
    wire.send_head(&service, &call, "Content-Length: 1073741824\r\n");
    let (answer, closes) = wire.read_answer();
    assert_eq!((answer.status, answer.code.as_str()), (413, "000002"));
    assert!(closes);
    wire.is_closed();
    assert_eq!(service.verdicts(), ["rejected: body_too_large"]);
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_not_read_to_its_end() {
    let service = Service::start();
    let mut wire = Wire::connect(&service);
    let call = service.signed("cad-pro", &freeze());
    wire.send_head(&service, &call, "Transfer-Encoding: chunked\r\n");
    wire.send(b"10000000\r\n");
    wire.send(&vec![b'x'; BODY_BYTES_MAX + 1]);
    let (answer, closes) = wire.read_answer();
    assert_eq!((answer.status, answer.code.as_str()), (413, "000002"));
    assert!(closes);
    wire.is_closed();
    assert_eq!(service.verdicts(), ["rejected: body_too_large"]);
    assert!(service.records_after(0).await.is_empty());
}

#[tokio::test]
async fn a_body_without_end_is_not_read_for_a_method_that_has_none() {
    let service = Service::start();
    let mut wire = Wire::connect(&service);
    let head = "DELETE /koogallery/cad-pro HTTP/1.1\r\nHost: localhost\r\n\
                Transfer-Encoding: chunked\r\n\r\n10000000\r\n";
    wire.send(head.as_bytes());
    let (answer, closes) = wire.read_answer();
    assert_eq!((answer.status, answer.code.as_str()), (405, "000002"));
    assert!(closes);
    wire.is_closed();
}

#[tokio::test]
async fn a_body_of_the_greatest_size_is_read() {
    let service = Service::start();
    let body = freeze();
    let padding = BODY_BYTES_MAX - body.clone().with("zzz", "").sorted().len();
    let body = body.with("zzz", "z".repeat(padding));
    assert_eq!(body.sorted().len(), BODY_BYTES_MAX);
    service.call(&body).await.is("000000");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_in_time() {
    let service = Service::start();
    let mut wire = Wire::connect(&service);
    let call = service.signed("cad-pro", &freeze());
    let begun_at = Instant::now();
    let length = format!("Content-Length: {}\r\n", call.body.len());
    wire.send_head(&service, &call, &length);
    wire.send(&call.body.as_bytes()[..10]);
    let (answer, closes) = wire.read_answer();
    assert_eq!((answer.status, answer.code.as_str()), (408, "000005"));
    assert!(begun_at.elapsed() < Duration::from_secs(4));
    assert!(closes);
    wire.is_closed();
    assert_eq!(service.verdicts(), ["rejected: slow_body"]);
    assert!(service.records_after(0).await.is_empty());
    // Its nonce was not used up: the whole call is as good as new.
    service.send(&call).await.is("000000");
}
