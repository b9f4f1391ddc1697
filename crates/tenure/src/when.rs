//! Instants as people write them.

use std::str::FromStr;

use anyhow::bail;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use tenure_domain::Instant;
use tenure_journal::{AsOf, Position};

/// Reads an instant of RFC 3339, or a day (its first instant, UTC).
pub(crate) fn instant(text: &str) -> anyhow::Result<Instant> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Instant::from_micros(time.timestamp_micros()));
    }
    match NaiveDate::from_str(text)
        .ok()
        .and_then(|day| day.and_hms_opt(0, 0, 0))
    {
        Some(midnight) => Ok(Instant::from_micros(midnight.and_utc().timestamp_micros())),
        None => bail!("{text:?} is no instant: write 2026-03-03 or 2026-03-03T10:00:00Z"),
    }
}

/// Reads a point on the transaction axis: a position of the journal, or an instant.
pub(crate) fn as_of(text: &str) -> anyhow::Result<AsOf> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(AsOf::Position(Position::new(text.parse()?)));
    }
    Ok(AsOf::RecordedAt(instant(text)?))
}

/// An instant as a part of a file's name: 20261124T184500Z.
pub(crate) fn compact(instant: Instant) -> String {
    DateTime::<Utc>::from_timestamp_micros(instant.micros()).map_or_else(
        || instant.micros().to_string(),
        |time| time.format("%Y%m%dT%H%M%SZ").to_string(),
    )
}

/// An instant as RFC 3339 in UTC; beyond the calendar, its microseconds.
pub(crate) fn text(instant: Instant) -> String {
    DateTime::<Utc>::from_timestamp_micros(instant.micros()).map_or_else(
        || instant.to_string(),
        |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_read() {
        assert_eq!(
            instant("1970-01-02").unwrap(),
            Instant::from_seconds(86_400)
        );
        assert_eq!(
            instant("1970-01-01T08:00:01+08:00").unwrap(),
            Instant::from_seconds(1)
        );
        for text in ["", "yesterday", "2026-13-01", "2026-02-30", "12"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_is_a_position() {
        assert_eq!(as_of("17").unwrap(), AsOf::Position(Position::new(17)));
        assert_eq!(
            as_of("1970-01-02").unwrap(),
            AsOf::RecordedAt(Instant::from_seconds(86_400))
        );
        assert!(as_of("99999999999999999999999").is_err());
    }
}
