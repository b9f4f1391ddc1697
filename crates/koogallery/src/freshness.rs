//! How old a call may be, and whether its nonce was used before.

mod nonce;

use tenure_domain::Instant;

pub use nonce::{NonceMemory, NonceRefused};

use crate::rejection::Rejection;

/// How far the time of a call may lie from its arrival, on either side. The guides say that the
/// two may differ by at most 60 s; their sample looks at the past only.
pub const FRESHNESS_SECONDS_MAX: i64 = 60;

const FRESHNESS_MILLIS_MAX: u64 = FRESHNESS_SECONDS_MAX.unsigned_abs().saturating_mul(1_000);

/// Reads the time of a call and compares it with its arrival, in whole milliseconds.
///
/// The current guides count milliseconds and the older ones seconds: with `accept_seconds` a number
/// of ten digits is read as seconds. Ten digits of milliseconds would lie in early 1970.
pub fn check(
    timestamp: &str,
    arrived_at: Instant,
    accept_seconds: bool,
) -> Result<Instant, Rejection> {
    let millis = millis(timestamp, accept_seconds).ok_or(Rejection::MalformedTimestamp)?;
    let micros = millis
        .checked_mul(1_000)
        .ok_or(Rejection::MalformedTimestamp)?;
    let arrived = arrived_at.millis();
    if millis.abs_diff(arrived) <= FRESHNESS_MILLIS_MAX {
        Ok(Instant::from_micros(micros))
    } else if millis < arrived {
        Err(Rejection::StaleTimestamp)
    } else {
        Err(Rejection::FutureTimestamp)
    }
}

fn millis(timestamp: &str, accept_seconds: bool) -> Option<i64> {
    // A sign would pass the number parser, and the guides have none. Neither have they a leading
    // zero, and none may pass: nonce and timestamp are signed without anything between them, so
    // a last zero of the nonce could be moved over, which makes a new nonce at the same time.
    if timestamp.starts_with('0') || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = timestamp.parse().ok()?;
    if accept_seconds && timestamp.len() == 10 {
        number.checked_mul(1_000)
    } else {
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVED_MILLIS: i64 = 1_666_677_988_730;

    fn at(offset_millis: i64) -> Result<Instant, Rejection> {
        let arrived_at = Instant::from_micros(ARRIVED_MILLIS.saturating_mul(1_000));
        let timestamp = ARRIVED_MILLIS.saturating_add(offset_millis).to_string();
        check(&timestamp, arrived_at, true)
    }

    #[test]
    fn the_window_is_60_seconds_on_both_sides_and_includes_its_ends() {
        assert!(at(0).is_ok());
        assert!(at(-60_000).is_ok());
        assert!(at(60_000).is_ok());
        assert_eq!(at(-60_001), Err(Rejection::StaleTimestamp));
        assert_eq!(at(60_001), Err(Rejection::FutureTimestamp));
    }

    #[test]
    fn the_instant_is_that_of_the_call_and_not_of_its_arrival() {
        assert_eq!(
            at(-5).map(Instant::millis),
            Ok(ARRIVED_MILLIS.saturating_sub(5))
        );
    }

    #[test]
    fn ten_digits_are_seconds_if_the_setting_allows_them() {
        let arrived_at = Instant::from_seconds(1_666_677_988);
        assert_eq!(check("1666677988", arrived_at, true), Ok(arrived_at));
        assert_eq!(
            check("1666678048", arrived_at, true).map(Instant::millis),
            Ok(1_666_678_048_000)
        );
        assert_eq!(
            check("1666678049", arrived_at, true),
            Err(Rejection::FutureTimestamp)
        );
        assert_eq!(
            check("1666677988", arrived_at, false),
            Err(Rejection::StaleTimestamp)
        );
    }

    #[test]
    fn what_is_not_a_number_of_milliseconds_is_malformed() {
        for text in [
            "",
            " ",
            "+1666677988730",
            "-1666677988730",
            "1666677988730 ",
            "1666677988.73",
            "0x1",
            "01666677988730",
            "１６６６６７７９８８７３０",
            "9223372036854775808",
            "9223372036854775807",
            "99999999999999999999999999",
        ] {
            assert_eq!(
                check(text, Instant::EPOCH, true),
                Err(Rejection::MalformedTimestamp),
                "{text}"
            );
        }
    }
}
