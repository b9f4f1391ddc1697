//! The kit's wall-clock times.

use tenure_domain::Instant;

use crate::wire;

/// The zone of the kit's times, ahead of UTC, in minutes.
const OFFSET_MINUTES: i32 = 480;

/// The most characters that are kept of a text that should have 17.
const CHARACTERS_MAX: usize = 64;

/// `timeStamp` or `currentSyncTime`: wall-clock time in UTC+8, 17 digits `yyyyMMddHHmmssSSS`.
///
/// The examples of the guide disagree by a year, so nothing is ever turned away because of one,
/// and none is compared with the time of the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncTime {
    /// The text as it was received, if there was one of at most 64 characters.
    pub received: Option<Box<str>>,
    /// What it means, if it is a time.
    pub at: Option<Instant>,
}

impl SyncTime {
    pub(super) fn read(text: Option<&str>) -> Self {
        let received = text.filter(|text| text.chars().count() <= CHARACTERS_MAX);
        Self {
            received: received.map(Into::into),
            at: received.and_then(|text| wire::expire_time(text, OFFSET_MINUTES).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_time_is_read_in_the_zone_of_beijing() {
        // 2022-04-20T03:41:17.642Z
        let time = SyncTime::read(Some("20220420114117642"));
        assert_eq!(time.at, Some(Instant::from_micros(1_650_426_077_642_000)));
    }

    #[test]
    fn what_is_no_time_is_kept_as_a_text_and_bounded() {
        let time = SyncTime::read(Some("now"));
        assert_eq!(time.received.as_deref(), Some("now"));
        assert_eq!(time.at, None);
        assert_eq!(SyncTime::read(None), SyncTime::default());
        assert_eq!(SyncTime::read(Some(&"9".repeat(65))), SyncTime::default());
    }
}
