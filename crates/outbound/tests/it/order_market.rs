//! A marketplace that knows orders, and answers whoever signs right.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use tenure_domain::OrderLine;
use tenure_koogallery::open_api::order;
use tenure_koogallery::{OpenApiRequest, sdk_signature};

use crate::journal::PATIENCE;
use crate::marketplace::{Asked, answer, credentials, read};

/// What it says about an order: HTTP status and body.
pub(crate) type Says = (u16, String);

/// What it says about each order line; `MKT.9001` about all others.
type Book = Arc<Mutex<BTreeMap<OrderLine, Says>>>;

pub(crate) struct OrderMarket {
    pub(crate) address: SocketAddr,
    book: Book,
    asked: Receiver<OrderLine>,
}

impl OrderMarket {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let book = Book::default();
        let (sender, asked) = channel();
        let shared = Arc::clone(&book);
        std::thread::spawn(move || serve(&listener, &shared, &sender));
        Self {
            address,
            book,
            asked,
        }
    }

    /// Decides what it says about an order line from now on.
    pub(crate) fn says(&self, line: &OrderLine, status: u16, body: impl Into<String>) {
        let says = (status, body.into());
        self.book.lock().unwrap().insert(line.clone(), says);
    }

    /// Waits for the next question; says about which line it was.
    #[track_caller]
    pub(crate) fn next(&self) -> OrderLine {
        self.asked.recv_timeout(PATIENCE).expect("a question")
    }

    /// Whether it was asked more than was waited for.
    pub(crate) fn was_asked_more(&self) -> bool {
        self.asked.try_recv().is_ok()
    }
}

fn serve(listener: &TcpListener, book: &Book, told: &Sender<OrderLine>) {
    let host = listener.local_addr().unwrap().to_string();
    // Nobody listens any more once the test is over.
    while let Ok((stream, _)) = listener.accept() {
        let question = read(&stream);
        let known = book.lock().unwrap().clone();
        let line = known.keys().find(|line| is_about(&question, line));
        let Some(line) = line.cloned() else {
            answer(stream, 200, r#"{"resultCode":"MKT.9001","resultMsg":"?"}"#);
            continue;
        };
        let (status, body) = &known[&line];
        if is_signed(&question, &line, &host) {
            answer(stream, *status, body);
        } else {
            answer(stream, 401, r#"{"error_code":"APIGW.0301"}"#);
        }
        drop(told.send(line));
    }
}

/// How a line is asked about: one that has the id of its order is known to us only.
fn request(line: &OrderLine) -> OpenApiRequest {
    let told = Some(&line.line).filter(|id| id.as_str() != line.order.as_str());
    order::request(&line.order, told)
}

fn is_about(question: &Asked, line: &OrderLine) -> bool {
    question.line == format!("GET {} HTTP/1.1", request(line).target())
}

fn is_signed(question: &Asked, line: &OrderLine, host: &str) -> bool {
    let request = request(line);
    let date = question.header("x-sdk-date");
    let expected = sdk_signature::authorization(&credentials(), &request, host, date);
    question.header("authorization") == expected
}
