//! `POST …/v2/license/heartbeat`: what up to 100 authorization codes are now.
//!
//! The tables of this API are not public: request and answer are concluded from those of its
//! neighbours, [`activate_v2`](super::activate_v2) and [`query`](super::query). One call a code
//! with [`query`](super::query) is as the guide has it.

use std::collections::BTreeMap;

use serde::Serialize;
use tenure_domain::LicenseId;

use super::activate_v2::{Codes, texts};
use super::answer::{Data, envelope, is_success};
use super::query::LicenseInfo;
use super::{OpenApiError, OpenApiRequest};

/// What an answer told about one of the codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What the marketplace knows.
    Info(LicenseInfo),
    /// The marketplace refuses to say, for this code alone.
    Refused(OpenApiError),
    /// Nothing that we can read.
    Nothing,
}

#[derive(Serialize)]
struct Body<'a> {
    license_list: Vec<&'a str>,
}

/// Asks about codes.
pub fn request(codes: &Codes) -> OpenApiRequest {
    let body = Body {
        license_list: texts(codes),
    };
    OpenApiRequest::post("/v2/license/heartbeat", &body)
}

/// Reads the answer to a request about the codes: what it told about each, in their order. Of
/// several items about one code the first counts; items about others are ignored.
pub fn read(codes: &Codes, status: u16, body: &[u8]) -> Result<Vec<Told>, OpenApiError> {
    let items = items(&envelope(status, body)?);
    let mut about = BTreeMap::new();
    for item in &items {
        if let Some(code) = code_of(item) {
            about.entry(code).or_insert(item);
        }
    }
    let told = codes.as_slice().iter().map(|code| match about.get(code) {
        Some(item) => told(item),
        None => Told::Nothing,
    });
    Ok(told.collect())
}

/// The items of an answer: `data` is a list of them, or an object with a list in it, or an item.
fn items(answer: &Data) -> Vec<Data> {
    let (items, wrappers): (Vec<_>, Vec<_>) = answer
        .objects("data")
        .into_iter()
        .partition(|object| code_of(object).is_some());
    let wrapped = wrappers.iter().flat_map(Data::objects_of_lists);
    items.into_iter().chain(wrapped).collect()
}

fn code_of(item: &Data) -> Option<LicenseId> {
    item.id("license_code", LicenseId::parse)
        .or_else(|| item.id("license", LicenseId::parse))
}

fn told(item: &Data) -> Told {
    match item.code().filter(|code| !is_success(code)) {
        Some(code) => Told::Refused(OpenApiError::of(200, &code)),
        None => LicenseInfo::of(item).map_or(Told::Nothing, Told::Info),
    }
}
