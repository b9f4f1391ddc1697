//! `POST v1/market-event/{event_id}/file`: delivers a license that was applied for.

use std::convert::Infallible;
use std::future::ready;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use futures_util::stream;
use multer::{Constraints, Multipart, SizeLimit};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::call::Call;
use super::manner::Spelled;
use super::market_answer::{MarketFault, MarketRefusal};
use crate::market::{Upload, UploadError};

/// The part with the JSON.
const DESCRIPTION_PART: &str = "isvUpdateFileReq";

/// The part with the file.
const FILE_PART: &str = "file";

/// The most bytes of the JSON: three texts of 1,024 characters, of up to four bytes or escaped.
const DESCRIPTION_BYTES_MAX: u64 = 32 * 1024;

/// The most bytes of a file. The marketplace's page names no limit; this one is ours.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most characters of a text.
const CHARACTERS_MAX: usize = 1024;

/// The most characters of an event.
const EVENT_CHARACTERS_MAX: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    r#type: Kind,
    file_name: Option<String>,
    sha256: Option<String>,
    characters: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Characters,
    File,
}

/// Takes the file or the text.
pub(super) async fn deliver(call: Call) -> HttpResponse {
    let spelled = call.api.manner.spelled(Spelled::CBC_ERROR);
    match take(&call).await {
        Ok(()) => spelled.success([]),
        Err(refusal) => spelled.refusal(&refusal),
    }
}

async fn take(call: &Call) -> Result<(), MarketRefusal> {
    call.expect_method(&Method::POST)?;
    call.expect_media_type("multipart/form-data")?;
    let event = call
        .request
        .match_info()
        .get("event_id")
        .unwrap_or_default();
    if event.is_empty() || event.chars().count() > EVENT_CHARACTERS_MAX {
        return Err(parameter("event_id has 1 to 64 characters"));
    }
    let (description, file) = parts(call).await?;
    let upload = description.parse(event, file, call)?;
    call.api.market().deliver(upload).map_err(|error| {
        let code = match error {
            UploadError::Application => "91381034",
            UploadError::Unavailable => "91381033",
        };
        MarketRefusal::License(code, error.to_string())
    })
}

fn parameter(what: impl Into<String>) -> MarketRefusal {
    MarketFault::Parameter.about(what)
}

/// Both parts, each at most once.
async fn parts(call: &Call) -> Result<(Description, Option<Bytes>), MarketRefusal> {
    let unreadable = |error: multer::Error| parameter(error.to_string());
    let declared = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let boundary = multer::parse_boundary(declared).map_err(unreadable)?;
    let limits = SizeLimit::new()
        .for_field(DESCRIPTION_PART, DESCRIPTION_BYTES_MAX)
        .for_field(FILE_PART, FILE_BYTES_MAX);
    let constraints = Constraints::new()
        .allowed_fields(vec![DESCRIPTION_PART, FILE_PART])
        .size_limit(limits);
    let body = stream::once(ready(Ok::<_, Infallible>(call.body.clone())));
    let mut parts = Multipart::with_constraints(body, boundary, constraints);
    let (mut description, mut file) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let is_file = part.name() == Some(FILE_PART);
        let is_json = part
            .content_type()
            .is_some_and(|it| it.essence_str() == "application/json");
        if !is_file && !is_json {
            return Err(parameter("isvUpdateFileReq is not application/json"));
        }
        let content = part.bytes().await.map_err(unreadable)?;
        let place = if is_file { &mut file } else { &mut description };
        if place.replace(content).is_some() {
            return Err(parameter("a part comes twice"));
        }
    }
    let description = description.ok_or_else(|| parameter("isvUpdateFileReq is missing"))?;
    let description =
        serde_json::from_slice(&description).map_err(|error| parameter(error.to_string()))?;
    Ok((description, file))
}

impl Description {
    fn parse(self, event: &str, file: Option<Bytes>, call: &Call) -> Result<Upload, MarketRefusal> {
        let (file_name, content) = match self.r#type {
            Kind::Characters => (None, self.characters(file)?.into_bytes()),
            Kind::File => {
                let (name, content) = self.file(file)?;
                (Some(name), content.to_vec())
            },
        };
        if content.is_empty() {
            return Err(MarketRefusal::License(
                "91381037",
                "the license is empty".to_owned(),
            ));
        }
        Ok(Upload {
            event: event.to_owned(),
            received_at: call.api.clock.now(),
            file_name,
            sha256: hex::encode(Sha256::digest(&content)),
            content,
        })
    }

    fn characters(self, file: Option<Bytes>) -> Result<String, MarketRefusal> {
        if file.is_some() {
            return Err(parameter("a text comes without a file"));
        }
        self.characters
            .filter(|text| text.chars().count() <= CHARACTERS_MAX)
            .ok_or_else(|| parameter("characters is missing or too long"))
    }

    fn file(self, file: Option<Bytes>) -> Result<(String, Bytes), MarketRefusal> {
        let content = file.ok_or_else(|| parameter("the file is missing"))?;
        let name = self
            .file_name
            .filter(|name| !name.is_empty() && name.chars().count() <= CHARACTERS_MAX)
            .ok_or_else(|| parameter("file_name is missing or too long"))?;
        let claimed = self.sha256.and_then(|claimed| hex::decode(claimed).ok());
        if claimed.is_none_or(|claimed| claimed != Sha256::digest(&content).as_slice()) {
            return Err(parameter("sha256 is missing or not that of the file"));
        }
        Ok((name, content))
    }
}
