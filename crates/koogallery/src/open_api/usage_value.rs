//! How much was used, which is what a buyer pays for: a decimal number, exactly.

use std::fmt;

use serde::{Serialize, Serializer};

/// A number greater than zero of at most eight digits before the point and four behind it: the
/// guide's `Double(12,4)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageValue {
    ten_thousandths: u64,
}

/// Why a text is not a usage value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsageValueError {
    /// It is not digits, and maybe a point with digits behind it.
    #[error("not a number such as 12 or 12.5, without sign, exponent or leading zero")]
    Malformed,
    /// More than four digits stand behind the point.
    #[error("more than {} decimals", UsageValue::DECIMALS_MAX)]
    TooManyDecimals,
    /// More than eight digits stand before the point.
    #[error("more than {} digits before the point", UsageValue::DIGITS_MAX)]
    TooLarge,
    /// It is zero. What was not used is not reported.
    #[error("zero")]
    Zero,
}

impl UsageValue {
    /// The most digits before the point.
    pub const DIGITS_MAX: usize = 8;

    /// The most digits behind the point.
    pub const DECIMALS_MAX: usize = 4;

    /// Parses a number such as `99` or `12.5000`.
    pub fn parse(text: &str) -> Result<Self, UsageValueError> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return Err(UsageValueError::Malformed),
            Some(parts) => parts,
            None => (text, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leads_with_zero || !are_digits(whole) || !are_digits(decimals) {
            return Err(UsageValueError::Malformed);
        }
        if decimals.len() > Self::DECIMALS_MAX {
            return Err(UsageValueError::TooManyDecimals);
        }
        if whole.len() > Self::DIGITS_MAX {
            return Err(UsageValueError::TooLarge);
        }
        // Twelve digits at most: they fit.
        let digits = format!("{whole}{decimals:0<width$}", width = Self::DECIMALS_MAX);
        match digits.parse() {
            Ok(0) => Err(UsageValueError::Zero),
            Ok(ten_thousandths) => Ok(Self { ten_thousandths }),
            Err(_) => Err(UsageValueError::Malformed),
        }
    }

    /// The value in ten-thousandths, for sums.
    pub fn ten_thousandths(self) -> u64 {
        self.ten_thousandths
    }
}

/// The shortest form: `12.5`, whether it was given as `12.5` or `12.5000`.
impl fmt::Display for UsageValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.ten_thousandths.div_euclid(10_000);
        let decimals = format!("{:04}", self.ten_thousandths.rem_euclid(10_000));
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

/// A text, as in the guide's examples: readers of JSON make floats of numbers.
impl Serialize for UsageValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, ten_thousandths: u64, shown: &str) {
        let value = UsageValue::parse(text).unwrap();
        assert_eq!(value.ten_thousandths(), ten_thousandths, "{text}");
        assert_eq!(value.to_string(), shown, "{text}");
        assert_eq!(
            serde_json::to_string(&value).unwrap(),
            format!("\"{shown}\"")
        );
    }

    #[test]
    fn a_value_is_exact_and_shown_shortest() {
        check("99", 990_000, "99");
        check("12.5000", 125_000, "12.5");
        check("12.5", 125_000, "12.5");
        check("0.0001", 1, "0.0001");
        check("10", 100_000, "10");
        check("100.0010", 1_000_010, "100.001");
        check("99999999.9999", 999_999_999_999, "99999999.9999");
    }

    #[track_caller]
    fn check_refused(text: &str, expected: UsageValueError) {
        assert_eq!(UsageValue::parse(text), Err(expected), "{text}");
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in [
            "", ".", "1.", ".5", "1e3", "1E3", "-1", "+1", " 1", "1 ", "1,5", "1.2.3", "1.-2",
            "1.+2", "007", "00.5", "0x1", "１", "NaN", "inf", "1_000",
        ] {
            check_refused(text, UsageValueError::Malformed);
        }
    }

    #[test]
    fn every_bound_has_an_edge() {
        check_refused("1.00000", UsageValueError::TooManyDecimals);
        check_refused("0.00001", UsageValueError::TooManyDecimals);
        check_refused("100000000", UsageValueError::TooLarge);
        check_refused("100000000.0001", UsageValueError::TooLarge);
        check_refused(&"9".repeat(1_000), UsageValueError::TooLarge);
        for zero in ["0", "0.0", "0.0000"] {
            check_refused(zero, UsageValueError::Zero);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same_value(ten_thousandths in 1_u64..1_000_000_000_000) {
            let value = UsageValue { ten_thousandths };
            prop_assert_eq!(UsageValue::parse(&value.to_string()), Ok(value));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9.eE+-]{0,24}|.{0,30}") {
            if let Ok(value) = UsageValue::parse(&text) {
                prop_assert!(value.to_string().len() <= 13);
            }
        }
    }
}
