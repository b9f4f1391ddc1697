//! Times and flags as the marketplace writes them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use tenure_domain::Instant;

/// A text is not a time that we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time of 14 or 17 digits")]
pub struct TimeError;

/// Reads `expireTime`: `yyyyMMddHHmmss`, with or without three digits of milliseconds.
///
/// The SaaS V2.0 guide says UTC, the License 2.0 guide is silent; `offset_minutes` is how far the
/// zone of the text is ahead of UTC. Dates that do not exist are errors.
pub fn expire_time(text: &str, offset_minutes: i32) -> Result<Instant, TimeError> {
    let local = digits(text).ok_or(TimeError)?;
    i64::from(offset_minutes)
        .checked_mul(60_000_000)
        .and_then(|offset| local.and_utc().timestamp_micros().checked_sub(offset))
        .map(Instant::from_micros)
        .ok_or(TimeError)
}

/// Reads a time in an answer of an open API, in any form that the guides use for one: 14 or 17
/// digits, `yyyyMMdd'T'HHmmss'Z'`, or RFC 3339. Without a zone it is UTC.
pub fn answer_time(text: &str) -> Option<Instant> {
    let text = text.trim();
    expire_time(text, 0)
        .ok()
        .or_else(|| {
            let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
            let compact = date.len() == 8 && time.len() == 6;
            expire_time(&format!("{date}{time}"), 0)
                .ok()
                .filter(|_| compact)
        })
        .or_else(|| {
            let time = DateTime::parse_from_rfc3339(text).ok()?;
            Some(Instant::from_micros(time.timestamp_micros()))
        })
}

/// Reads a time of `getLicenseAsync`: `2023-10-27 10:30:15 z` as in its guide's example, also with a
/// `T` for the first blank, without the others, with a fraction of a second, or without the `z`; or
/// any form of [`answer_time`]. Without a zone it is UTC, as the guide says.
pub fn utc_time(text: &str) -> Option<Instant> {
    answer_time(text).or_else(|| {
        let text = text.trim();
        let local = text.strip_suffix(['z', 'Z']).unwrap_or(text).trim_end();
        // Four digits: what the calendar could write beyond them, no license reaches.
        let (date, time) = local.split_once([' ', 'T', 't'])?;
        let has_four_digits = date.find('-') == Some(4);
        let joined = format!("{date}T{time}");
        let time = NaiveDateTime::parse_from_str(&joined, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        has_four_digits.then(|| Instant::from_micros(time.and_utc().timestamp_micros()))
    })
}

/// Writes an instant as RFC 3339 in UTC, with whole seconds: `2023-10-27T10:30:15Z`.
pub fn rfc3339_time(instant: Instant) -> String {
    calendar(instant).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes an instant as `yyyyMMddHHmmss` in UTC.
pub fn compact_time(instant: Instant) -> String {
    calendar(instant).format("%Y%m%d%H%M%S").to_string()
}

/// Writes an instant as `yyyyMMddHHmmssSSS` in UTC.
pub fn long_time(instant: Instant) -> String {
    calendar(instant).format("%Y%m%d%H%M%S%3f").to_string()
}

/// Writes an instant as `yyyyMMdd'T'HHmmss'Z'`, the form of the header `X-Sdk-Date`.
pub fn sdk_date(instant: Instant) -> String {
    calendar(instant).format("%Y%m%dT%H%M%SZ").to_string()
}

/// Whether a call is about real things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// A buyer's order is behind it.
    Real,
    /// Somebody debugs, or the marketplace probes: it must be answered and change nothing.
    Test,
}

impl Environment {
    /// Reads `testFlag`. Only `1` is a test; absent, blank and anything else are real.
    pub fn from_test_flag(flag: Option<&str>) -> Self {
        match flag {
            Some("1") => Self::Test,
            Some(_) | None => Self::Real,
        }
    }
}

fn digits(text: &str) -> Option<NaiveDateTime> {
    if !matches!(text.len(), 14 | 17) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
    let millis = if text.len() == 17 { number(14, 17)? } else { 0 };
    date.and_hms_milli_opt(number(8, 10)?, number(10, 12)?, number(12, 14)?, millis)
}

/// The calendar form, held inside the years 1 to 9999 that four digits can write.
fn calendar(instant: Instant) -> DateTime<Utc> {
    const YEAR_1: i64 = -62_135_596_800_000_000;
    const YEAR_9999_END: i64 = 253_402_300_799_999_999;
    DateTime::from_timestamp_micros(instant.micros().clamp(YEAR_1, YEAR_9999_END))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-05-23T15:59:59Z
    const SECONDS: i64 = 1_811_087_999;

    #[test]
    fn expire_time_has_14_or_17_digits() {
        let read = |text| expire_time(text, 0);
        assert_eq!(read("20270523155959"), Ok(Instant::from_seconds(SECONDS)));
        assert_eq!(
            read("20270523155959007").map(Instant::micros),
            Ok(SECONDS.saturating_mul(1_000_000).saturating_add(7_000))
        );
        assert!(read("20240229000000").is_ok());
    }

    #[test]
    fn expire_time_is_read_in_the_zone_of_the_setting() {
        assert_eq!(
            expire_time("20270523235959", 480),
            Ok(Instant::from_seconds(SECONDS))
        );
        assert_eq!(
            expire_time("20270523122959", -210),
            Ok(Instant::from_seconds(SECONDS))
        );
        assert!(expire_time("20270523122959", i32::MIN).is_ok());
    }

    #[test]
    fn what_is_not_a_date_is_an_error() {
        for text in [
            "",
            "2027052315595",
            "202705231559590",
            "20270523T155959",
            "+0270523155959",
            "20270229000000",
            "20271301000000",
            "20270100000000",
            "20270101240000",
            "20270101006000",
            "20270101000060",
            "２０２７０５",
        ] {
            assert_eq!(expire_time(text, 0), Err(TimeError), "{text}");
        }
    }

    #[test]
    fn an_answer_may_write_a_time_in_four_ways() {
        for text in [
            "20270523155959",
            " 20270523155959000 ",
            "20270523T155959Z",
            "2027-05-23T15:59:59Z",
            "2027-05-23T23:59:59.000+08:00",
        ] {
            assert_eq!(
                answer_time(text),
                Some(Instant::from_seconds(SECONDS)),
                "{text}"
            );
        }
        for text in ["", "tomorrow", "2027T0523155959Z", "20270523T155959"] {
            assert_eq!(answer_time(text), None, "{text}");
        }
    }

    #[test]
    fn a_license_file_names_its_times_in_many_ways() {
        for text in [
            "2027-05-23 15:59:59 z",
            "2027-05-23 15:59:59 Z",
            "2027-05-23 15:59:59z",
            "2027-05-23 15:59:59",
            " 2027-05-23T15:59:59 ",
            "2027-05-23t15:59:59z",
            "2027-05-23 15:59:59.000 z",
            "2027-05-23T15:59:59.000000Z",
            "2027-05-23T23:59:59+08:00",
            "20270523155959",
            "20270523155959000",
            "20270523T155959Z",
        ] {
            assert_eq!(
                utc_time(text),
                Some(Instant::from_seconds(SECONDS)),
                "{text}"
            );
        }
        for text in [
            "",
            "z",
            "2027-05-23",
            "2027-05-23 15:59 z",
            "2027-05-23 15:59:59 x",
            "2027-05-23 15:59:59 zz",
            "2027-02-29 00:00:00 z",
            "2027-05-23 24:00:00 z",
            "+12027-05-23 15:59:59 z",
            "-2027-05-23 15:59:59 z",
            "27-05-23 15:59:59 z",
            "２０２７-05-23 15:59:59",
        ] {
            assert_eq!(utc_time(text), None, "{text}");
        }
    }

    #[test]
    fn written_times_are_utc_and_have_a_fixed_length() {
        let instant = Instant::from_seconds(SECONDS);
        assert_eq!(compact_time(instant), "20270523155959");
        assert_eq!(sdk_date(instant), "20270523T155959Z");
        assert_eq!(rfc3339_time(instant), "2027-05-23T15:59:59Z");
        assert_eq!(compact_time(Instant::MAX), "99991231235959");
        assert_eq!(
            compact_time(Instant::from_micros(i64::MIN)),
            "00010101000000"
        );
    }

    #[test]
    fn only_1_is_a_test() {
        assert_eq!(Environment::from_test_flag(Some("1")), Environment::Test);
        for flag in [None, Some("0"), Some(""), Some("2"), Some("01")] {
            assert_eq!(Environment::from_test_flag(flag), Environment::Real);
        }
    }
}
