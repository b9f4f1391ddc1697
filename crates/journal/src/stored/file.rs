//! The stored form of events of license files.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::file::{FileContent, FileKey, FileRequest};
use tenure_domain::{Event, FileEventId, Instant};

use super::sealed::{StoredSealed, read_digest, write_digest};
use super::{Reason, id, parse, text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requested<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<StoredSealed<'a>>,
    effective_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Made<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Of a file; a text has none.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: StoredSealed<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivered<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Denied<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(borrow)]
    code: Cow<'a, str>,
}

impl<'a> From<&'a FileRequest> for Requested<'a> {
    fn from(request: &'a FileRequest) -> Self {
        Self {
            event_id: text(request.event.as_str()),
            fingerprint: request.fingerprint.as_ref().map(Into::into),
            effective_at: request.effective_at.micros(),
            expires_at: request.expires_at.map(Instant::micros),
        }
    }
}

impl<'a> Made<'a> {
    pub(super) fn of(key: &'a FileKey, content: &'a FileContent) -> Self {
        let (name, sealed) = match content {
            FileContent::Characters(sealed) => (None, sealed),
            FileContent::File { name, bytes } => (Some(text(name)), bytes),
        };
        Self {
            event_id: text(key.event.as_str()),
            device: key.device.map(write_digest),
            name,
            content: sealed.into(),
        }
    }
}

impl<'a> From<&'a FileKey> for Delivered<'a> {
    fn from(key: &'a FileKey) -> Self {
        Self {
            event_id: text(key.event.as_str()),
            device: key.device.map(write_digest),
        }
    }
}

impl<'a> Denied<'a> {
    pub(super) fn of(key: &'a FileKey, code: &'a str) -> Self {
        let Delivered { event_id, device } = key.into();
        Self {
            event_id,
            device,
            code: text(code),
        }
    }
}

pub(super) fn requested(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Requested<'_>>(data)?;
    Ok(Event::FileRequested(Box::new(FileRequest {
        event: id(FileEventId::parse(&stored.event_id))?,
        fingerprint: stored.fingerprint.map(|it| it.read()).transpose()?,
        effective_at: Instant::from_micros(stored.effective_at),
        expires_at: stored.expires_at.map(Instant::from_micros),
    })))
}

pub(super) fn made(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Made<'_>>(data)?;
    let sealed = stored.content.read()?;
    Ok(Event::FileMade {
        key: key(&stored.event_id, stored.device.as_deref())?,
        content: match stored.name {
            None => FileContent::Characters(sealed),
            Some(name) => FileContent::File {
                name: name.as_ref().into(),
                bytes: sealed,
            },
        },
    })
}

pub(super) fn delivered(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Delivered<'_>>(data)?;
    Ok(Event::FileDelivered {
        key: key(&stored.event_id, stored.device.as_deref())?,
    })
}

pub(super) fn denied(data: &str) -> Result<Event, Reason> {
    let stored = parse::<Denied<'_>>(data)?;
    Ok(Event::FileDenied {
        key: key(&stored.event_id, stored.device.as_deref())?,
        code: stored.code.as_ref().into(),
    })
}

fn key(event: &str, device: Option<&str>) -> Result<FileKey, Reason> {
    Ok(FileKey {
        event: id(FileEventId::parse(event))?,
        device: device.map(read_digest).transpose()?,
    })
}
