//! The shape of one license, with what is known of it beside its status.

use std::collections::BTreeMap;

use serde::Serialize;
use tenure_domain::file::{File, FileContent, FileKey, FileProgress};
use tenure_domain::{Check, Event, Instant};
use tenure_journal::Record;
use utoipa::ToSchema;

use super::{AsOf, LicenseView, Located, time};

/// A license, and the license files that its buyer's software asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LicenseDetailsView {
    /// The license.
    #[serde(flatten)]
    pub license: LicenseView,
    /// Whether the merchant told where the buyer finds the application. The way itself is told to
    /// the marketplace only.
    pub access_told: bool,
    /// What the marketplace told last, when it was asked what the code is; null if it never was.
    pub checked: Option<CheckView>,
    /// The license files that were asked for, oldest first.
    pub files: Vec<FileView>,
}

/// What the marketplace told of an authorization code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckView {
    /// `ALIVE`, `EXPIRED`, `RELEASED`, or another word of the marketplace, cut if it is long.
    #[schema(example = "ALIVE")]
    pub status: String,
    /// When the term ends, if it told.
    pub expires_at: Option<String>,
    /// Since when it tells this: the same answer again is no news.
    pub at: String,
}

impl From<&Check> for CheckView {
    fn from(check: &Check) -> Self {
        Self {
            status: check.status.word().to_owned(),
            expires_at: check.expires_at.map(time),
            at: time(check.checked_at),
        }
    }
}

/// A license file, from its request to its delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileView {
    /// The marketplace's name of the request. It names the file together with the device.
    pub event_id: String,
    /// Whether the request named a device.
    pub for_device: bool,
    /// `requested`, `made`, `delivered`, or `denied` if the marketplace will not take it.
    #[schema(example = "delivered")]
    pub progress: String,
    /// The name of the file; null before it is made, and of a text.
    pub name: Option<String>,
    /// Since when it is to hold.
    pub effective_at: String,
    /// Until when, if it has an end.
    pub expires_at: Option<String>,
    /// When it was asked for.
    pub requested_at: Option<String>,
    /// When it was made.
    pub made_at: Option<String>,
    /// When the marketplace took it.
    pub delivered_at: Option<String>,
    /// When the marketplace said that it will not take it.
    pub denied_at: Option<String>,
    /// The marketplace's code of that.
    pub denied_code: Option<String>,
}

/// When what happened to a file.
#[derive(Debug, Clone, Default)]
struct Times {
    requested_at: Option<Instant>,
    made_at: Option<Instant>,
    delivered_at: Option<Instant>,
    denied_at: Option<Instant>,
    denied_code: Option<Box<str>>,
}

impl LicenseDetailsView {
    /// `None` for a license to which nothing has happened. `records` are those of its stream.
    pub fn of(
        located: &Located<'_>,
        records: &[Record],
        at: Instant,
        as_of: &AsOf,
    ) -> Option<Self> {
        let living = located.license.living()?;
        let times = times(records);
        let files = living.files.iter().map(|file| {
            let times = times.get(&file.request.key()).cloned();
            FileView::of(file, times.unwrap_or_default())
        });
        Some(Self {
            license: LicenseView::of(located, at, as_of)?,
            access_told: living.access.is_some(),
            checked: living.checked.as_ref().map(CheckView::from),
            files: files.collect(),
        })
    }
}

impl FileView {
    fn of(file: &File, times: Times) -> Self {
        let name = match file.content() {
            Some(FileContent::File { name, bytes: _ }) => Some(name.as_ref().to_owned()),
            Some(FileContent::Characters(_)) | None => None,
        };
        Self {
            event_id: file.request.event.to_string(),
            for_device: file.request.fingerprint.is_some(),
            progress: progress(&file.progress).to_owned(),
            name,
            effective_at: time(file.request.effective_at),
            expires_at: file.request.expires_at.map(time),
            requested_at: times.requested_at.map(time),
            made_at: times.made_at.map(time),
            delivered_at: times.delivered_at.map(time),
            denied_at: times.denied_at.map(time),
            denied_code: times.denied_code.map(Into::into),
        }
    }
}

/// How far a file has come.
pub(crate) fn progress(progress: &FileProgress) -> &'static str {
    match progress {
        FileProgress::Requested => "requested",
        FileProgress::Made(_) => "made",
        FileProgress::Delivered(_) => "delivered",
        FileProgress::Denied(_) => "denied",
    }
}

fn times(records: &[Record]) -> BTreeMap<FileKey, Times> {
    let mut files: BTreeMap<FileKey, Times> = BTreeMap::new();
    for record in records {
        let at = Some(record.effective_at);
        let Some(event) = record.event.as_license() else {
            continue;
        };
        match event {
            Event::FileRequested(request) => {
                files.entry(request.key()).or_default().requested_at = at;
            },
            Event::FileMade { key, content: _ } => {
                files.entry(key.clone()).or_default().made_at = at;
            },
            Event::FileDelivered { key } => {
                files.entry(key.clone()).or_default().delivered_at = at;
            },
            Event::FileDenied { key, code } => {
                let file = files.entry(key.clone()).or_default();
                file.denied_at = at;
                file.denied_code = Some(code.clone());
            },
            Event::Purchased { .. }
            | Event::Issued { .. }
            | Event::Provisioned { .. }
            | Event::AccessTold { .. }
            | Event::Activated(_)
            | Event::Renewed(_)
            | Event::RenewalCancelled(_)
            | Event::ConvertedToPaid(_)
            | Event::Upgraded { .. }
            | Event::Expired
            | Event::Suspended
            | Event::Reinstated
            | Event::Released { .. }
            | Event::OrderKnown(_)
            | Event::CodeChecked(_) => {},
        }
    }
    files
}
