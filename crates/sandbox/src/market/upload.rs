//! Licenses that are applied for, and delivered by an upload.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Callback, Interface, Market, MarketError, Protocol, Sold};
use crate::body;

/// The most applications that are remembered; the oldest gives way.
const EVENTS_MAX: usize = 1000;

/// The most uploads that are kept; the oldest gives way.
pub const UPLOADS_MAX: usize = 100;

/// The most bytes that all kept uploads hold together.
pub const UPLOAD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The application that it answers.
    pub event: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// The name of the file; none for a text.
    pub file_name: Option<String>,
    /// The hash of the content, in hexadecimal.
    pub sha256: String,
    /// The file, or the text.
    pub content: Vec<u8>,
}

/// An [`Upload`] as lists show it, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadView {
    /// The application that it answers.
    pub event: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// `FILE` or `CHARACTERS`.
    pub kind: &'static str,
    /// The name of the file.
    pub file_name: Option<String>,
    /// The hash of the content, in hexadecimal.
    pub sha256: String,
    /// How many bytes.
    pub size: usize,
}

/// Why an upload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// Nobody applied under this event, or something else was delivered for it before.
    #[error("the application is invalid")]
    Application,
    /// What the license is for was released.
    #[error("the license resource is unavailable")]
    Unavailable,
}

/// Applications and what was delivered for them.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// The purchase order of every application, oldest first.
    events: VecDeque<(String, String)>,
    /// The hash of what was delivered for an application.
    answered: BTreeMap<String, String>,
    kept: VecDeque<Upload>,
}

impl Uploads {
    fn apply(&mut self, event: String, order: String) {
        self.events.push_back((event, order));
        if self.events.len() > EVENTS_MAX
            && let Some((event, _)) = self.events.pop_front()
        {
            self.answered.remove(&event);
        }
    }

    fn keep(&mut self, upload: Upload) {
        self.kept.push_back(upload);
        let bytes = |kept: &VecDeque<Upload>| -> usize {
            kept.iter().map(|upload| upload.content.len()).sum()
        };
        while self.kept.len() > UPLOADS_MAX || bytes(&self.kept) > UPLOAD_BYTES_MAX {
            self.kept.pop_front();
        }
    }
}

impl Market {
    /// Applies for a license of an instance: names the application and, if the listing has a key
    /// for that, tells the merchant of it with `getLicenseAsync`.
    pub fn apply_for_license(
        &mut self,
        id: &str,
        device_fingerprint: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(String, Option<Callback>), MarketError> {
        let sale = self.sale(id).ok_or(MarketError::UnknownSale)?.clone();
        if let (Sold::Code(_), _) | (Sold::Instance(_), Protocol::SaasV1 | Protocol::LicenseV1) =
            (&sale.sold, sale.protocol)
        {
            return Err(MarketError::NotApplicable);
        }
        sale.term.living()?;
        let instance = sale.name().ok_or(MarketError::NotProvisioned)?;
        let event = self.random.text(b"0123456789abcdef", 32);
        let expires_at = sale.charging.has_term().then_some(sale.term.expires_at);
        let mut body = body::get_license_async(instance, &event, now, expires_at);
        if let Some(fingerprint) = device_fingerprint {
            body = body.with("deviceFingerprint", fingerprint);
        }
        let destination = self.destination(&sale, Interface::Base);
        let callback = destination.map(|destination| Callback {
            destination,
            call: body.into(),
        });
        self.uploads.apply(event.clone(), sale.order.order.clone());
        Ok((event, callback))
    }

    /// Takes a license that was applied for. The same one may come again.
    pub fn deliver(&mut self, upload: Upload) -> Result<(), UploadError> {
        let applied = self
            .uploads
            .events
            .iter()
            .find(|(event, _)| *event == upload.event);
        let (_, order) = applied.ok_or(UploadError::Application)?;
        let sale = self.sales.get(order).ok_or(UploadError::Application)?;
        sale.term
            .living()
            .map_err(|_released| UploadError::Unavailable)?;
        match self.uploads.answered.get(&upload.event) {
            Some(before) if *before == upload.sha256 => return Ok(()),
            Some(_) => return Err(UploadError::Application),
            None => {},
        }
        let (event, sha256) = (upload.event.clone(), upload.sha256.clone());
        self.uploads.answered.insert(event, sha256);
        self.uploads.keep(upload);
        Ok(())
    }

    /// What was delivered and is still kept, oldest first.
    pub fn uploads(&self) -> impl DoubleEndedIterator<Item = &Upload> {
        self.uploads.kept.iter()
    }
}

impl Upload {
    /// It without its content.
    pub fn view(&self) -> UploadView {
        UploadView {
            event: self.event.clone(),
            received_at: self.received_at,
            kind: if self.file_name.is_some() {
                "FILE"
            } else {
                "CHARACTERS"
            },
            file_name: self.file_name.clone(),
            sha256: self.sha256.clone(),
            size: self.content.len(),
        }
    }
}
