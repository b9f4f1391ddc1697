//! A marketplace that says what it was told to say, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use secrecy::SecretString;
use tenure_domain::Instant;
use tenure_journal::ManualClock;
use tenure_koogallery::Credentials;
use tenure_outbound::{Client, ClientSettings};

/// What it says to one request.
pub(crate) enum Says {
    /// HTTP status and body.
    Answer(u16, &'static str),
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, for as long as the test runs.
    Nothing,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

pub(crate) struct Marketplace {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Marketplace {
    /// Answers one connection a line of the script, and none after it.
    pub(crate) fn saying(script: Vec<Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for says in script {
                let (stream, _) = listener.accept().unwrap();
                let question = read(&stream);
                remembered.lock().unwrap().push(question);
                match says {
                    Says::Answer(status, body) => answer(stream, status, body),
                    Says::Bytes(bytes) => write(stream, &bytes),
                    Says::Nothing => silent.push(stream),
                }
            }
            // Held open until the process ends.
            std::mem::forget(silent);
        });
        Self { address, asked }
    }

    /// An address where nobody listens.
    pub(crate) fn absent() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut asked = Asked {
        line: line.trim().to_owned(),
        headers,
        body: String::new(),
    };
    let length = asked.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    asked.body = String::from_utf8(body).unwrap();
    asked
}

pub(crate) fn answer(stream: TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nlocation: /elsewhere\r\nconnection: close\r\n\r\n{body}"
    );
    write(stream, head.as_bytes());
}

/// A client that has heard enough may have gone.
fn write(mut stream: TcpStream, bytes: &[u8]) {
    drop(stream.write_all(bytes));
}

/// 2026-01-02T03:04:05Z.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Instant::from_seconds(1_767_323_045)))
}

pub(crate) fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AKEXAMPLE00000000001".to_owned(),
        secret_access_key: SecretString::from("sk-example-0123456789"),
    }
}

pub(crate) fn client(endpoint: String, fallback: Option<String>, timeout: Duration) -> Client {
    install_tls();
    let settings = ClientSettings {
        endpoint,
        fallback,
        credentials: credentials(),
        timeout,
    };
    Client::new(settings, clock()).unwrap()
}

pub(crate) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
}
