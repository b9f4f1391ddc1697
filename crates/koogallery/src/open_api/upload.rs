//! `POST …/v1/market-event/{event_id}/file`: the license that a buyer waits for, as a text or as a
//! file, in the form `multipart/form-data`.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer::envelope;
use super::bounded::Text;
use super::{BASE_PATH, Method, OpenApiError, OpenApiRequest};

/// The most bytes of a file. The guide names no bound; this one is ours.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// What is uploaded.
#[derive(Clone, PartialEq, Eq)]
pub enum Upload {
    /// A text.
    Characters(Text<1024>),
    /// A file.
    File {
        /// What it is called.
        name: FileName,
        /// What it holds: 1 to [`FILE_BYTES_MAX`] bytes.
        content: FileContent,
    },
}

/// What a file holds.
#[derive(Clone, PartialEq, Eq)]
pub struct FileContent(Vec<u8>);

impl FileContent {
    /// Makes the content of a file: 1 to [`FILE_BYTES_MAX`] bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, UploadError> {
        match bytes.len() {
            1..=FILE_BYTES_MAX => Ok(Self(bytes)),
            _ => Err(UploadError::FileSize),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a file is called: 1 to 1024 characters, none of which is a control character or separates
/// folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The most characters that one may have.
    pub const CHARACTERS_MAX: usize = 1024;

    /// Parses the text, keeping it exactly as it is.
    pub fn parse(text: &str) -> Result<Self, UploadError> {
        let allowed = |character: char| !character.is_control() && !matches!(character, '/' | '\\');
        let fits = (1..=Self::CHARACTERS_MAX).contains(&text.chars().count());
        if fits && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UploadError::FileName)
        }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as browsers write it between quotation marks in the header of a part.
    fn quoted(&self) -> String {
        self.0.replace('"', "%22")
    }
}

/// What the marketplace asked for with `getLicenseAsync`: 1 to 64 characters that make one segment
/// of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventId(String);

impl EventId {
    /// The most characters that one may have.
    pub const CHARACTERS_MAX: usize = 64;

    /// Parses the text, keeping it exactly as it is.
    pub fn parse(text: &str) -> Result<Self, UploadError> {
        let allowed = |character: char| !character.is_control() && character != '/';
        let fits = (1..=Self::CHARACTERS_MAX).contains(&text.chars().count());
        // A client that follows the rules for addresses would leave these out of the path.
        let is_segment = !matches!(text, "." | "..");
        if fits && is_segment && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UploadError::EventId)
        }
    }
}

/// What stands between the parts of a body: 16 to 70 of `A-Z`, `a-z`, `0-9`, `-`, `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// The fewest characters, so that one drawn at random occurs nowhere else.
    pub const CHARACTERS_MIN: usize = 16;

    /// The most characters, by RFC 2046.
    pub const CHARACTERS_MAX: usize = 70;

    /// Parses the text.
    pub fn parse(text: &str) -> Result<Self, UploadError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = (Self::CHARACTERS_MIN..=Self::CHARACTERS_MAX).contains(&text.len());
        if fits && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UploadError::Boundary)
        }
    }

    fn occurs_in(&self, bytes: &[u8]) -> bool {
        bytes
            .windows(self.0.len())
            .any(|window| window == self.0.as_bytes())
    }
}

/// Why nothing can be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The event has no such id.
    #[error("an event id is 1 to 64 characters, without a slash")]
    EventId,
    /// A file has no such name.
    #[error("a file name is 1 to 1024 characters, without control characters and slashes")]
    FileName,
    /// The file is empty or too large.
    #[error("a file has 1 to {FILE_BYTES_MAX} bytes")]
    FileSize,
    /// The boundary is malformed.
    #[error("a boundary is 16 to 70 of A-Z, a-z, 0-9, - and _")]
    Boundary,
    /// The boundary stands in what is uploaded: draw another.
    #[error("the boundary occurs in what is uploaded")]
    BoundaryOccurs,
}

/// The JSON part; the order is that of the guide's example.
#[derive(Serialize)]
struct Description<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    characters: Option<&'a Text<1024>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
}

/// Uploads what an event asked for. Same arguments, same bytes: the boundary is an argument, and
/// has to be drawn at random.
pub fn request(
    event: &EventId,
    upload: &Upload,
    boundary: &Boundary,
) -> Result<OpenApiRequest, UploadError> {
    Ok(OpenApiRequest {
        method: Method::Post,
        path: format!("{BASE_PATH}/v1/market-event/{}/file", event.0),
        query: Vec::new(),
        headers: Vec::new(),
        content_type: Cow::Owned(format!("multipart/form-data; boundary={}", boundary.0)),
        body: Some(body(upload, boundary)?),
    })
}

fn body(upload: &Upload, boundary: &Boundary) -> Result<Vec<u8>, UploadError> {
    let mut parts = Parts {
        boundary,
        written: Vec::new(),
    };
    let description = match upload {
        Upload::Characters(characters) => Description {
            kind: "CHARACTERS",
            sha256: None,
            characters: Some(characters),
            file_name: None,
        },
        Upload::File { name, content } => {
            let disposition = format!(r#"name="file"; filename="{}""#, name.quoted());
            parts.add(&disposition, "application/octet-stream", &content.0)?;
            Description {
                kind: "FILE",
                sha256: Some(hex::encode(Sha256::digest(&content.0))),
                characters: None,
                file_name: Some(&name.0),
            }
        },
    };
    let description = serde_json::to_vec(&description).expect("texts are always JSON");
    parts.add(
        r#"name="isvUpdateFileReq""#,
        "application/json",
        &description,
    )?;
    Ok(parts.finish())
}

struct Parts<'a> {
    boundary: &'a Boundary,
    written: Vec<u8>,
}

impl Parts<'_> {
    fn add(&mut self, named: &str, content_type: &str, content: &[u8]) -> Result<(), UploadError> {
        if self.boundary.occurs_in(named.as_bytes()) || self.boundary.occurs_in(content) {
            return Err(UploadError::BoundaryOccurs);
        }
        let boundary = &self.boundary.0;
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; {named}\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        self.written.extend_from_slice(head.as_bytes());
        self.written.extend_from_slice(content);
        self.written.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        let end = format!("--{}--\r\n", self.boundary.0);
        self.written.extend_from_slice(end.as_bytes());
        self.written
    }
}

/// Reads the answer.
pub fn read(status: u16, body: &[u8]) -> Result<(), OpenApiError> {
    envelope(status, body)?;
    Ok(())
}

/// What is uploaded is a license.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Characters(_) => "Characters([redacted])",
            Self::File { .. } => "File([redacted])",
        })
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileContent({} bytes)", self.0.len())
    }
}
