//! Decisions about license files.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::file::{File, FileContent, FileKey, FileProgress, FileRequest, FileRules};
use crate::license::{Family, Hold, Living, Phase};
use crate::refusal::Refusal;
use crate::time::Instant;

/// How far, in seconds, a file may reach beyond the license. The marketplace writes both ends, and
/// the zone of one of them is an assumption.
const BEYOND_TERM_SECONDS_MAX: i64 = 86_400;

/// The same request again gets what the first one got, also where a new one would be refused.
pub(super) fn request(
    living: &Living,
    at: Instant,
    request: &FileRequest,
    rules: FileRules,
) -> Result<Vec<Event>, Refusal> {
    if living.family != Family::OnlineLicense {
        return Err(Refusal::NoFiles);
    }
    if living.file(&request.key()).is_some() {
        return Ok(Vec::new());
    }
    if rules.needs_fingerprint && request.fingerprint.is_none() {
        return Err(Refusal::FileFingerprintRequired);
    }
    if living.term.expires_at.is_some() && request.expires_at.is_none() {
        return Err(Refusal::FileExpiryRequired);
    }
    if !living.covers(at, request) {
        return Err(Refusal::FileOutsideTerm);
    }
    if rules.counts_units && !living.has_unit_left_for(request) {
        return Err(Refusal::FileQuotaExhausted);
    }
    Ok(vec![Event::FileRequested(Box::new(request.clone()))])
}

/// The same request always gets the same file.
pub(super) fn make(
    living: &Living,
    key: &FileKey,
    content: &FileContent,
) -> Result<Vec<Event>, Refusal> {
    let file = living.file(key).ok_or(Refusal::FileNotRequested)?;
    match file.content() {
        None => Ok(vec![Event::FileMade {
            key: key.clone(),
            content: content.clone(),
        }]),
        Some(known) if known.says_the_same(content) => Ok(Vec::new()),
        Some(_) => Err(Refusal::FileMadeBefore),
    }
}

pub(super) fn note_delivery(
    living: &Living,
    key: &FileKey,
    denied: Option<&str>,
) -> Result<Vec<Event>, Refusal> {
    let file = living.file(key).ok_or(Refusal::FileNotRequested)?;
    Ok(match (&file.progress, denied) {
        (FileProgress::Requested, _) => return Err(Refusal::FileNotRequested),
        (FileProgress::Made(_), Some(code)) => vec![Event::FileDenied {
            key: key.clone(),
            code: code.into(),
        }],
        (FileProgress::Made(_) | FileProgress::Denied(_), None) => {
            vec![Event::FileDelivered { key: key.clone() }]
        },
        (FileProgress::Delivered(_), _) | (FileProgress::Denied(_), Some(_)) => Vec::new(),
    })
}

impl Living {
    /// A license file that was asked for.
    pub fn file(&self, key: &FileKey) -> Option<&File> {
        self.files.iter().find(|file| file.request.key() == *key)
    }

    /// Whether the license is in force now, and for as long as the file is to hold.
    fn covers(&self, at: Instant, request: &FileRequest) -> bool {
        let is_withheld = matches!(self.hold, Some(Hold::Suspended | Hold::Expired));
        let Some(end) = self.term.expires_at else {
            return !is_withheld && self.phase == Phase::InForce;
        };
        let end = end.plus_seconds(i64::from(self.term.grace_seconds));
        !is_withheld
            && self.phase == Phase::InForce
            && at < end
            && request.effective_at < end
            && request
                .expires_at
                .is_none_or(|it| it <= end.plus_seconds(BEYOND_TERM_SECONDS_MAX))
    }

    /// Files for one device count once. As long as nobody told how many units were bought, there is
    /// nothing to count against.
    fn has_unit_left_for(&self, request: &FileRequest) -> bool {
        let Some(units) = self.quantity else {
            return true;
        };
        let requests = || self.files.iter().map(|file| &file.request);
        if requests().any(|other| other.shares_device_with(request)) {
            return true;
        }
        let devices: BTreeSet<_> = requests().filter_map(FileRequest::device).collect();
        let without_device = requests().filter(|it| it.fingerprint.is_none()).count();
        let counted = devices.len() + without_device;
        u32::try_from(counted).is_ok_and(|counted| counted < units.units())
    }
}
