//! One request over a socket of our own, and the answer as it came.
//!
//! HTTP libraries write every header's name in lower case, but V1.0 reads `Body-Sign` in this one
//! spelling. The requests are simple, and a parser for the head of an answer exists.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::ANSWER_BYTES_MAX;

/// The most headers of an answer that are read.
const HEADERS_MAX: usize = 64;

/// The most bytes of an answer with its head.
const BYTES_MAX: usize = ANSWER_BYTES_MAX + 64 * 1024;

/// An answer, with the names of its headers spelt as they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers in their order.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header, whose name is spelt as it likes.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(it, _)| it.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoReply {
    /// The address is no `http://` or `https://` address of a host.
    #[error("not an address of HTTP")]
    Address,
    /// No connection, or it broke.
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    /// What came is not HTTP/1.1.
    #[error("the answer is not HTTP/1.1")]
    NotHttp,
    /// More came than is read.
    #[error("the answer is longer than {BYTES_MAX} bytes")]
    TooLong,
}

/// Asks an address, whose connections are closed after one answer. The caller bounds the time.
pub async fn get(url: &str, tls: Arc<ClientConfig>) -> Result<Reply, NoReply> {
    let headers = [("Accept", "application/json".to_owned())];
    ask("GET", url, &headers, "", tls).await
}

/// Tells an address something, with headers that hold no line breaks.
pub async fn post(
    url: &str,
    headers: &[(&str, String)],
    body: &str,
    tls: Arc<ClientConfig>,
) -> Result<Reply, NoReply> {
    let length = ("Content-Length", body.len().to_string());
    ask("POST", url, &[headers, &[length]].concat(), body, tls).await
}

async fn ask(
    method: &str,
    url: &str,
    headers: &[(&str, String)],
    body: &str,
    tls: Arc<ClientConfig>,
) -> Result<Reply, NoReply> {
    let url = Url::parse(url).map_err(|_syntax| NoReply::Address)?;
    let host = url.host_str().ok_or(NoReply::Address)?;
    let port = url.port_or_known_default().ok_or(NoReply::Address)?;
    let name = host.trim_matches(['[', ']']);
    let request = head(method, &url, host, headers) + body;
    match url.scheme() {
        "http" => {
            let stream = TcpStream::connect((name, port)).await?;
            exchange(stream, &request).await
        },
        "https" => {
            let server = ServerName::try_from(name.to_owned());
            let server = server.map_err(|_name| NoReply::Address)?;
            let stream = TcpStream::connect((name, port)).await?;
            let stream = TlsConnector::from(tls).connect(server, stream).await?;
            exchange(stream, &request).await
        },
        _ => Err(NoReply::Address),
    }
}

fn head(method: &str, url: &Url, host: &str, headers: &[(&str, String)]) -> String {
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let query = url.query().map(|query| format!("?{query}"));
    let (path, query) = (url.path(), query.unwrap_or_default());
    let headers = headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let headers = headers.concat();
    format!("{method} {path}{query} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n")
}

/// Sends and receives at the same time: whoever finds a body too long may say so, and hang up, before
/// all of it is sent.
async fn exchange(stream: impl AsyncRead + AsyncWrite, request: &str) -> Result<Reply, NoReply> {
    let (reader, writer) = tokio::io::split(stream);
    match select(pin!(receive(reader)), pin!(send(writer, request))).await {
        Either::Left((reply, _sending)) => reply,
        Either::Right((Ok(()), receiving)) => receiving.await,
        Either::Right((Err(error), receiving)) => receiving.await.map_err(|_nothing| error.into()),
    }
}

async fn send(mut writer: impl AsyncWrite + Unpin, request: &str) -> io::Result<()> {
    writer.write_all(request.as_bytes()).await?;
    writer.flush().await
}

async fn receive(mut reader: impl AsyncRead + Unpin) -> Result<Reply, NoReply> {
    let mut came = Vec::new();
    loop {
        let ended = reader.read_buf(&mut came).await? == 0;
        if let Some(reply) = parse(&came, ended)? {
            return Ok(reply);
        }
        if came.len() > BYTES_MAX {
            return Err(NoReply::TooLong);
        }
    }
}

/// The answer, once all of it has come.
fn parse(came: &[u8], ended: bool) -> Result<Option<Reply>, NoReply> {
    let reply = parse_so_far(came, ended)?;
    if reply.is_none() && ended {
        return Err(NoReply::NotHttp);
    }
    Ok(reply)
}

fn parse_so_far(came: &[u8], ended: bool) -> Result<Option<Reply>, NoReply> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) =
        head.parse(came).map_err(|_syntax| NoReply::NotHttp)?
    else {
        return Ok(None);
    };
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_owned(), value)
    });
    let mut reply = Reply {
        status: head.code.unwrap_or_default(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    let rest = came.get(length..).unwrap_or_default();
    let chunked = reply
        .header("Transfer-Encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = if chunked {
        dechunked(rest)?
    } else if let Some(length) = reply.header("Content-Length") {
        let length: usize = length.parse().map_err(|_digits| NoReply::NotHttp)?;
        rest.get(..length).map(<[u8]>::to_vec)
    } else {
        ended.then(|| rest.to_vec())
    };
    Ok(body.map(|body| {
        reply.body = body;
        reply
    }))
}

/// A body in chunks, once its last one has come.
fn dechunked(mut rest: &[u8]) -> Result<Option<Vec<u8>>, NoReply> {
    let mut body = Vec::new();
    loop {
        let parsed = httparse::parse_chunk_size(rest).map_err(|_size| NoReply::NotHttp)?;
        let httparse::Status::Complete((start, size)) = parsed else {
            return Ok(None);
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some(chunk) = rest.get(start..start.saturating_add(size)) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        let Some(after) = rest.get(start + size..).filter(|after| after.len() >= 2) else {
            return Ok(None);
        };
        rest = after.strip_prefix(b"\r\n").ok_or(NoReply::NotHttp)?;
    }
}

#[cfg(test)]
mod tests {
    use super::{NoReply, Reply, parse};

    fn body(came: &str) -> Option<String> {
        let reply = parse(came.as_bytes(), false).unwrap()?;
        Some(String::from_utf8(reply.body).unwrap())
    }

    /// An answer is complete at its end and nowhere before.
    #[track_caller]
    fn completes(came: &str, expected: &str) {
        for end in 0..came.len() {
            let before = came.get(..end).unwrap();
            assert_eq!(body(before), None, "{before:?}");
        }
        assert_eq!(body(came).as_deref(), Some(expected));
    }

    #[test]
    fn names_of_headers_keep_their_spelling() {
        let came = "HTTP/1.1 200 OK\r\nBody-sign: a\r\ncontent-length: 2\r\n\r\n{}";
        let reply = parse(came.as_bytes(), false).unwrap().unwrap();
        assert_eq!(
            reply,
            Reply {
                status: 200,
                headers: vec![
                    ("Body-sign".to_owned(), "a".to_owned()),
                    ("content-length".to_owned(), "2".to_owned()),
                ],
                body: b"{}".to_vec(),
            }
        );
        assert_eq!(reply.header("BODY-SIGN"), Some("a"));
    }

    #[test]
    fn bodies_by_length_and_in_chunks() {
        completes("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc");
        completes(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n",
            "abc",
        );
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection() {
        let came = b"HTTP/1.1 200 OK\r\n\r\n{} ";
        assert_eq!(parse(came, false).unwrap(), None);
        assert_eq!(parse(came, true).unwrap().unwrap().body, b"{} ");
    }

    #[test]
    fn what_is_cut_off_or_no_http_is_no_answer() {
        for (came, ended) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true),
            ("", true),
            ("SSH-2.0-example\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcdef",
                false,
            ),
        ] {
            let parsed = parse(came.as_bytes(), ended);
            assert!(matches!(parsed, Err(NoReply::NotHttp)), "{came:?}");
        }
    }
}
