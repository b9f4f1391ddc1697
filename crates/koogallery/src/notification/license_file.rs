//! What only online licenses have: the buyer's desktop software asks for a license file.

use tenure_domain::{FileEventId, Instant, LicenseId};

use super::fields::{Fields, malformed};
use super::saas;
use crate::kit::Personal;
use crate::license_file::FINGERPRINT;
use crate::open_api::upload;
use crate::rejection::{Fault, Rejection};
use crate::wire;

/// The most characters of a device's fingerprint.
pub const FINGERPRINT_CHARACTERS_MAX: usize = 1024;

/// The most characters of a time.
const TIME_CHARACTERS_MAX: usize = 32;

/// `getLicenseAsync`: a license file is wanted, and taken later by an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetLicense {
    /// The license.
    pub id: LicenseId,
    /// The marketplace's name of the request, which the upload names again. One that cannot stand
    /// in the address of the upload is malformed.
    pub event: FileEventId,
    /// What the buyer's device is known by, if the software told it.
    pub fingerprint: Option<Personal>,
    /// Since when the file is to hold.
    pub effective_at: Instant,
    /// Until when, if it has an end.
    pub expires_at: Option<Instant>,
}

impl GetLicense {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let id = saas::instance_id(fields)?;
        let event = fields.id("eventId", FileEventId::parse)?;
        if upload::EventId::parse(event.as_str()).is_err() {
            return Err(malformed("eventId", Fault::BadCharacter));
        }
        let fingerprint = fields.text(FINGERPRINT, FINGERPRINT_CHARACTERS_MAX)?;
        Ok(Self {
            id,
            event,
            fingerprint: fingerprint.map(Personal::new),
            effective_at: time(fields, "effectiveTime")?
                .ok_or_else(|| malformed("effectiveTime", Fault::Missing))?,
            expires_at: time(fields, "expireTime")?,
        })
    }
}

fn time(fields: &Fields<'_>, name: &'static str) -> Result<Option<Instant>, Rejection> {
    let text = fields.text(name, TIME_CHARACTERS_MAX)?;
    text.map(|text| wire::utc_time(&text).ok_or_else(|| malformed(name, Fault::BadValue)))
        .transpose()
}
