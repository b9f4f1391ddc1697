//! The query string of a question, name by name.

use std::ops::RangeInclusive;

use chrono::DateTime;
use tenure_domain::{Instant, ListingId};
use tenure_journal::{AsOf, Position, ReceiptId};

use crate::problem::Problem;

/// How much alike a name must be to a known one to be taken for a slip of it.
const ALIKE_MIN: f64 = 0.5;

/// The parameters that a question came with: each of a known name, and once.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string. A name that the question does not know is refused: to pass over a
    /// filter is to answer another question.
    pub(crate) fn parse(query: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(unknown(&name, known));
            }
            if parameters.iter().any(|(earlier, _)| *earlier == name) {
                let detail = format!("{name} is given more than once");
                return Err(Problem::bad_request("repeated_parameter", detail));
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    /// The text of a parameter; an empty one is refused.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let found = self.0.iter().find(|(known, _)| known == name);
        match found.map(|(_, value)| value.as_str()) {
            Some("") => Err(malformed(name, "is empty: leave it out, or give a value")),
            value => Ok(value),
        }
    }

    /// A parameter that `parse` understands.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        self.text(name)?
            .map(parse)
            .transpose()
            .map_err(|error| malformed(name, &format!("cannot be used: {error}")))
    }

    /// A parameter that is one of a few words.
    pub(crate) fn word<T>(
        &self,
        name: &str,
        words: &[&str],
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| {
            let words = words.join(", ");
            malformed(name, &format!("is {text:?}, and must be one of {words}"))
        })
    }

    /// A whole number within bounds.
    pub(crate) fn number(
        &self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if bounds.contains(&number) => Ok(Some(number)),
            Ok(_) | Err(_) => {
                let (least, most) = (bounds.start(), bounds.end());
                let rule =
                    format!("is {text:?}, and must be a whole number from {least} to {most}");
                Err(malformed(name, &rule))
            },
        }
    }

    /// How many rows are wanted.
    pub(crate) fn limit(&self, default: u64, most: u64) -> Result<usize, Problem> {
        let limit = self.number("limit", 1..=most)?.unwrap_or(default);
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// A place in the journal.
    pub(crate) fn position(&self, name: &str) -> Result<Option<Position>, Problem> {
        let number = self.number(name, 0..=Position::MAX.number())?;
        Ok(number.map(Position::new))
    }

    /// An instant.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Instant>, Problem> {
        self.text(name)?
            .map(|text| instant(text).ok_or_else(|| not_an_instant(name, text)))
            .transpose()
    }

    /// A point on the transaction axis: a position, or an instant.
    pub(crate) fn as_of(&self) -> Result<Option<AsOf>, Problem> {
        match self.text("as_of")? {
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(self.position("as_of")?.map(AsOf::Position))
            },
            Some(_) => Ok(self.instant("as_of")?.map(AsOf::RecordedAt)),
            None => Ok(None),
        }
    }

    /// The name of a receipt.
    pub(crate) fn receipt(&self, name: &str) -> Result<Option<ReceiptId>, Problem> {
        self.parsed(name, |text| {
            ReceiptId::parse(text).ok_or("the name of a receipt is a UUID")
        })
    }

    /// The listing that is meant.
    pub(crate) fn listing(&self) -> Result<Option<ListingId>, Problem> {
        self.parsed("listing", ListingId::parse)
    }
}

/// Refuses a range that ends before it begins.
pub(crate) fn in_order(since: Option<Instant>, until: Option<Instant>) -> Result<(), Problem> {
    match (since, until) {
        (Some(since), Some(until)) if since >= until => Err(Problem::bad_request(
            "inverted_range",
            "since must lie before until; since counts, until does not",
        )),
        _ => Ok(()),
    }
}

/// Reads an instant of RFC 3339.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(Instant::from_micros(time.timestamp_micros()))
}

fn not_an_instant(name: &str, text: &str) -> Problem {
    let rule = format!(
        "is {text:?}, and must be an instant of RFC 3339 such as 2027-01-02T15:59:59Z \
         (in an address, + is written %2B)"
    );
    malformed(name, &rule)
}

fn malformed(name: &str, rule: &str) -> Problem {
    Problem::bad_request("malformed_parameter", format!("{name} {rule}"))
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let name: String = name.chars().take(64).collect();
    let nearest = known
        .iter()
        .map(|it| (strsim::jaro_winkler(&name, it), *it))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let detail = match nearest {
        Some((_, nearest)) => {
            format!("there is no parameter {name:?} here; {nearest:?} is the nearest")
        },
        None if known.is_empty() => format!("there is no parameter {name:?} here, nor any other"),
        None => {
            let known = known.join(", ");
            format!("there is no parameter {name:?} here; there are {known}")
        },
    };
    Problem::bad_request("unknown_parameter", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["limit", "cursor", "as_of", "at"];

    #[track_caller]
    fn parse(query: &str) -> Parameters {
        Parameters::parse(query, KNOWN).unwrap()
    }

    #[track_caller]
    fn check<T: std::fmt::Debug>(found: Result<T, Problem>, code: &str, part: &str) {
        let problem = found.unwrap_err();
        assert_eq!(problem.code(), code);
        assert!(problem.detail().contains(part), "{}", problem.detail());
    }

    #[test]
    fn a_slip_is_answered_with_the_nearest_name() {
        let found = Parameters::parse("limt=3", KNOWN);
        check(found, "unknown_parameter", "\"limit\" is the nearest");
        check(
            Parameters::parse("x", KNOWN),
            "unknown_parameter",
            "there are limit, cursor",
        );
        check(
            Parameters::parse("x", &[]),
            "unknown_parameter",
            "nor any other",
        );
    }

    #[test]
    fn a_parameter_is_given_once_and_with_a_value() {
        check(
            Parameters::parse("at=1&at=2", KNOWN),
            "repeated_parameter",
            "at",
        );
        check(
            parse("cursor=").text("cursor"),
            "malformed_parameter",
            "is empty",
        );
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(parse("limit=200").limit(50, 200).unwrap(), 200);
        assert_eq!(parse("").limit(50, 200).unwrap(), 50);
        for limit in ["0", "201", "-1", "1.5", "ten", "99999999999999999999999"] {
            let found = parse(&format!("limit={limit}")).limit(50, 200);
            check(found, "malformed_parameter", "from 1 to 200");
        }
    }

    #[test]
    fn a_point_on_the_transaction_axis_is_a_position_or_an_instant() {
        let as_of = |query: &str| parse(query).as_of();
        assert_eq!(
            as_of("as_of=7").unwrap(),
            Some(AsOf::Position(Position::new(7)))
        );
        assert_eq!(
            as_of("as_of=1970-01-01T08:00:01%2B08:00").unwrap(),
            Some(AsOf::RecordedAt(Instant::from_seconds(1)))
        );
        check(
            as_of("as_of=9223372036854775808"),
            "malformed_parameter",
            "whole number",
        );
        for text in [
            "2027-02-30T00:00:00Z",
            "2027-01-02",
            "1970-01-01T08:00:00+08:00",
            "-1",
        ] {
            check(
                as_of(&format!("as_of={text}")),
                "malformed_parameter",
                "RFC 3339",
            );
        }
    }

    #[test]
    fn ranges_do_not_run_backwards() {
        let at = |seconds| Some(Instant::from_seconds(seconds));
        assert!(in_order(at(1), at(2)).is_ok());
        assert!(in_order(at(2), None).is_ok());
        check(in_order(at(2), at(2)), "inverted_range", "since");
    }
}
