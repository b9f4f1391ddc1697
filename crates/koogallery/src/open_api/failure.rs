//! Why an open API did not do what was asked, and what to do about it.

use chrono::{DateTime, NaiveDateTime};
use tenure_domain::Instant;

use super::answer::cut;
use crate::wire;

/// Why an open API did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenApiError {
    /// `92020003`: the state of the code does not allow it. After a lost answer to an activation
    /// it may mean that the code is active already; a query tells.
    #[error("the state of the code does not allow this")]
    IllegalState,
    /// `92020004`: the buyer has not claimed the code yet.
    #[error("the buyer has not claimed the code")]
    NotClaimed,
    /// `92020005`: there is no such code; `92020020`: a batch names one that does not exist.
    #[error("there is no such code")]
    UnknownCode,
    /// `92020011`: the code was never activated.
    #[error("the code is not activated")]
    NotActivated,
    /// The marketplace does not take this license file, nor any other for the same request.
    #[error("the marketplace does not take the license file")]
    FileRefused {
        /// Its code, of those that the table of the online License guide has for it.
        code: &'static str,
    },
    /// The marketplace does not accept what we sent.
    #[error("the marketplace refuses a parameter")]
    InvalidParameter,
    /// The gateway or the marketplace does not accept our credentials, or our clock.
    #[error("the marketplace denies access")]
    Denied,
    /// We call too often.
    #[error("the marketplace asks for fewer calls")]
    Throttled,
    /// The marketplace failed.
    #[error("the marketplace is unavailable")]
    Unavailable,
    /// The answer is not what the guides describe.
    #[error("the answer is unreadable")]
    Unreadable,
    /// A code that has no name here: one of a single API, such as `MKT.9004`, or one that the
    /// guides did not have when this was written.
    #[error("the marketplace answers with another error")]
    Other {
        /// The HTTP status.
        status: u16,
        /// The code in the body, cut after 16 characters.
        code: String,
    },
}

/// What the online License guide lets the marketplace say of a file that it does not take: the
/// license is not available, the request is invalid, the period has no amount left, the file has the
/// wrong form, the request was refused before.
const FILE_REFUSALS: [&str; 5] = ["91381033", "91381034", "91381035", "91381037", "91381038"];

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reaction {
    /// Send the same request again after a while.
    Retry,
    /// Send nothing more and tell a person: every request will fail until a key, a right or the
    /// clock is mended.
    Alarm,
    /// Give this request up: it will never succeed as it is. Others may.
    GiveUp,
}

impl OpenApiError {
    /// What to do about it. (That a buyer claims a code is something somebody has to do.)
    pub fn reaction(&self) -> Reaction {
        match self {
            Self::Throttled | Self::Unavailable | Self::Unreadable => Reaction::Retry,
            Self::Denied => Reaction::Alarm,
            Self::IllegalState
            | Self::NotClaimed
            | Self::UnknownCode
            | Self::NotActivated
            | Self::FileRefused { .. }
            | Self::InvalidParameter
            | Self::Other { .. } => Reaction::GiveUp,
        }
    }

    /// Whether the same request may succeed after a while, without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        self.reaction() == Reaction::Retry
    }

    /// The stable code under which the error is stored and counted. Persisted: never change one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IllegalState => "illegal_state",
            Self::NotClaimed => "not_claimed",
            Self::UnknownCode => "unknown_code",
            Self::NotActivated => "not_activated",
            Self::FileRefused { .. } => "file_refused",
            Self::InvalidParameter => "invalid_parameter",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
            Self::Other { .. } => "other",
        }
    }

    /// Names the failure that an answer tells of; `code` is empty if its body has none.
    ///
    /// An earlier edition of the License guide used one code for two errors with different
    /// statuses, so that a status that says enough is looked at first. The SaaS guide sends
    /// status 500 with mistakes of ours, which no repetition mends: there the code is.
    pub(super) fn of(status: u16, code: &str) -> Self {
        match status {
            401 | 403 => return Self::Denied,
            429 => return Self::Throttled,
            _ => {},
        }
        let named = market_number(code).and_then(|number| Self::of_number(number, status, code));
        if let Some(error) = named {
            return error;
        }
        if let Some(code) = FILE_REFUSALS.into_iter().find(|known| *known == code) {
            return Self::FileRefused { code };
        }
        match code {
            _ if status >= 500 => Self::Unavailable,
            "92020001" | "91381036" => Self::Unavailable,
            "92020002" | "95000001" | "95000002" | "95000003" | "95000004" => {
                Self::InvalidParameter
            },
            "92020003" => Self::IllegalState,
            "92020004" => Self::NotClaimed,
            "92020005" | "92020020" => Self::UnknownCode,
            "92020011" => Self::NotActivated,
            "91380150" => Self::Denied,
            "" if status == 200 => Self::Unreadable,
            gateway if gateway.starts_with("APIG") => Self::Denied,
            // The SaaS guide's status for too many calls.
            _ if status == 406 => Self::Throttled,
            other => Self::other(status, other),
        }
    }

    /// The error table of the SaaS guide, which the order query and the usage push share.
    fn of_number(number: &str, status: u16, code: &str) -> Option<Self> {
        Some(match number {
            "0100" | "0101" | "0199" => Self::InvalidParameter,
            // 0102, a wrong signature of the body, is a wrong key like the others.
            "0102" | "0150" | "0151" | "0154" => Self::Denied,
            "0250" => Self::Throttled,
            "0999" => Self::Unavailable,
            "9001" | "9002" | "9003" | "9004" | "9005" => Self::other(status, code),
            _ => return None,
        })
    }

    fn other(status: u16, code: &str) -> Self {
        Self::Other {
            status,
            code: cut(code),
        }
    }
}

/// The number of a code with a prefix of the SaaS guide: `MKT.` in older copies of it, `CBC.` in
/// newer ones.
pub(super) fn market_number(code: &str) -> Option<&str> {
    code.strip_prefix("MKT.")
        .or_else(|| code.strip_prefix("CBC."))
}

/// How many whole seconds the marketplace's clock is ahead of ours, from the `Date` header of an
/// answer that arrived at an instant; negative if it is behind. `None` if the header is not a date.
///
/// The way of the answer is in it too, so this is a hint: the gateway is said to tolerate 15
/// minutes, and an answer takes seconds. Read are the three forms of HTTP, whatever their day of
/// the week, and those of [`wire::answer_time`].
pub fn clock_skew_seconds(date: &str, arrived_at: Instant) -> Option<i64> {
    let micros = header_date(date.trim())?.micros_since(arrived_at);
    micros.checked_div(1_000_000)
}

fn header_date(text: &str) -> Option<Instant> {
    let (_, without_day) = text.split_once(',').unwrap_or_default();
    let without_day = if without_day.is_empty() {
        text
    } else {
        without_day.trim_start()
    };
    let naive = |text, form| NaiveDateTime::parse_from_str(text, form).ok();
    let time = DateTime::parse_from_rfc2822(without_day)
        .map(|time| time.naive_utc())
        .ok()
        .or_else(|| naive(without_day, "%d-%b-%y %H:%M:%S GMT"))
        .or_else(|| {
            let (_, without_day) = text.split_once(' ')?;
            naive(without_day, "%b %e %H:%M:%S %Y")
        });
    time.map(|time| Instant::from_micros(time.and_utc().timestamp_micros()))
        .or_else(|| wire::answer_time(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(status: u16, code: &str) -> OpenApiError {
        OpenApiError::Other {
            status,
            code: code.to_owned(),
        }
    }

    #[track_caller]
    fn check(status: u16, code: &str, expected: OpenApiError, reaction: Reaction) {
        let error = OpenApiError::of(status, code);
        assert_eq!(error, expected, "{status} {code}");
        assert_eq!(error.reaction(), reaction, "{status} {code}");
        assert_eq!(error.is_retryable(), reaction == Reaction::Retry);
    }

    #[test]
    fn the_error_table_of_the_license_guide() {
        use OpenApiError::{IllegalState, InvalidParameter, NotActivated, NotClaimed, UnknownCode};
        check(200, "92020001", OpenApiError::Unavailable, Reaction::Retry);
        for (status, code, expected) in [
            (200, "92020002", InvalidParameter),
            (400, "92020002", InvalidParameter),
            (200, "92020003", IllegalState),
            (200, "92020004", NotClaimed),
            (200, "92020005", UnknownCode),
            (200, "92020011", NotActivated),
            (200, "92020020", UnknownCode),
            (400, "95000001", InvalidParameter),
            (405, "95000002", InvalidParameter),
            (415, "95000003", InvalidParameter),
            (400, "95000004", InvalidParameter),
        ] {
            check(status, code, expected, Reaction::GiveUp);
        }
    }

    #[test]
    fn the_error_table_of_the_saas_guide_with_both_prefixes() {
        for prefix in ["MKT", "CBC"] {
            let code = |number: &str| format!("{prefix}.{number}");
            for (status, number) in [(500, "0100"), (400, "0101"), (400, "0199")] {
                check(
                    status,
                    &code(number),
                    OpenApiError::InvalidParameter,
                    Reaction::GiveUp,
                );
            }
            for (status, number) in [(400, "0102"), (401, "0150"), (401, "0151"), (401, "0154")] {
                check(status, &code(number), OpenApiError::Denied, Reaction::Alarm);
            }
            for number in ["9001", "9002", "9003", "9004", "9005"] {
                let code = code(number);
                check(500, &code, other(500, &code), Reaction::GiveUp);
            }
            check(
                500,
                &code("0999"),
                OpenApiError::Unavailable,
                Reaction::Retry,
            );
            check(406, &code("0250"), OpenApiError::Throttled, Reaction::Retry);
        }
    }

    #[test]
    fn the_error_table_of_the_online_license_guide() {
        for code in FILE_REFUSALS {
            let refused = OpenApiError::FileRefused { code };
            check(200, code, refused, Reaction::GiveUp);
        }
        check(200, "91381036", OpenApiError::Unavailable, Reaction::Retry);
        check(200, "91380150", OpenApiError::Denied, Reaction::Alarm);
        check(403, "CBC.0150", OpenApiError::Denied, Reaction::Alarm);
        check(500, "CBC.0999", OpenApiError::Unavailable, Reaction::Retry);
        let invalid = OpenApiError::InvalidParameter;
        check(400, "CBC.0101", invalid, Reaction::GiveUp);
    }

    #[test]
    fn a_code_of_the_table_counts_with_any_status_that_says_less() {
        check(200, "MKT.0250", OpenApiError::Throttled, Reaction::Retry);
        check(200, "CBC.0150", OpenApiError::Denied, Reaction::Alarm);
        check(200, "MKT.0999", OpenApiError::Unavailable, Reaction::Retry);
        check(
            406,
            "MKT.0101",
            OpenApiError::InvalidParameter,
            Reaction::GiveUp,
        );
    }

    #[test]
    fn statuses_that_say_enough() {
        for code in ["", "92020000", "92020001", "MKT.0000", "MKT.0101"] {
            check(401, code, OpenApiError::Denied, Reaction::Alarm);
            check(403, code, OpenApiError::Denied, Reaction::Alarm);
            check(429, code, OpenApiError::Throttled, Reaction::Retry);
        }
        for code in ["", "92020000", "MKT.0000", "MKT.7777", "APIGW.0106", "x"] {
            check(500, code, OpenApiError::Unavailable, Reaction::Retry);
            check(503, code, OpenApiError::Unavailable, Reaction::Retry);
        }
        check(406, "", OpenApiError::Throttled, Reaction::Retry);
        check(406, "new", OpenApiError::Throttled, Reaction::Retry);
        check(404, "APIG.0101", OpenApiError::Denied, Reaction::Alarm);
    }

    #[test]
    fn foreign_codes_are_kept_as_text_and_cut() {
        check(404, "", other(404, ""), Reaction::GiveUp);
        check(200, "MKT.7777", other(200, "MKT.7777"), Reaction::GiveUp);
        check(200, "XYZ.0250", other(200, "XYZ.0250"), Reaction::GiveUp);
        check(
            200,
            "9202009999999999999999",
            other(200, "9202009999999999"),
            Reaction::GiveUp,
        );
    }

    /// 1994-11-06T08:49:37Z
    const SECONDS: i64 = 784_111_777;

    #[test]
    fn a_date_is_read_in_every_form_that_http_has_and_a_few_more() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            " Sun, 6 Nov 1994 08:49:37 GMT ",
            "Mon, 06 Nov 1994 16:49:37 +0800",
            "06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "1994-11-06T08:49:37Z",
            "19941106T084937Z",
        ] {
            let skew = clock_skew_seconds(date, Instant::from_seconds(SECONDS));
            assert_eq!(skew, Some(0), "{date}");
        }
        for date in [
            "",
            ",",
            "Sun, ",
            "tomorrow",
            "Sun, 32 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(clock_skew_seconds(date, Instant::EPOCH), None, "{date}");
        }
    }

    #[test]
    fn a_skew_is_what_the_marketplace_is_ahead_in_whole_seconds() {
        let skew = |arrived_micros: i64| {
            let arrived_at = Instant::from_seconds(SECONDS);
            let arrived_at =
                Instant::from_micros(arrived_at.micros().saturating_add(arrived_micros));
            clock_skew_seconds("Sun, 06 Nov 1994 08:49:37 GMT", arrived_at)
        };
        assert_eq!(skew(-900_000_000), Some(900));
        assert_eq!(skew(900_000_000), Some(-900));
        assert_eq!(skew(999_999), Some(0));
        assert_eq!(skew(-999_999), Some(0));
        assert_eq!(skew(1_000_000), Some(-1));
    }
}
