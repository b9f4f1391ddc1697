//! How much was used, which is what a buyer pays for: a decimal number, exactly.

use std::fmt;

/// A number greater than zero of at most eight digits before the point and four behind it: the
/// guide's `Double(12,4)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    ten_thousandths: u64,
}

/// The greatest amount: twelve digits, of which four stand behind the point.
const TEN_THOUSANDTHS_MAX: u64 = 999_999_999_999;

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is not digits, and maybe a point with digits behind it.
    #[error("not a number such as 12 or 12.5, without sign, exponent or leading zero")]
    Malformed,
    /// More than four digits stand behind the point.
    #[error("more than {} decimals", Amount::DECIMALS_MAX)]
    TooManyDecimals,
    /// More than eight digits stand before the point.
    #[error("more than {} digits before the point", Amount::DIGITS_MAX)]
    TooLarge,
    /// It is zero. What was not used is not reported.
    #[error("zero")]
    Zero,
}

impl Amount {
    /// The most digits before the point.
    pub const DIGITS_MAX: usize = 8;

    /// The most digits behind the point.
    pub const DECIMALS_MAX: usize = 4;

    /// So many ten-thousandths; `None` for zero and for what has more digits.
    pub const fn from_ten_thousandths(ten_thousandths: u64) -> Option<Self> {
        match ten_thousandths {
            1..=TEN_THOUSANDTHS_MAX => Some(Self { ten_thousandths }),
            _ => None,
        }
    }

    /// Parses a number such as `99` or `12.5000`.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return Err(AmountError::Malformed),
            Some(parts) => parts,
            None => (text, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leads_with_zero || !are_digits(whole) || !are_digits(decimals) {
            return Err(AmountError::Malformed);
        }
        if decimals.len() > Self::DECIMALS_MAX {
            return Err(AmountError::TooManyDecimals);
        }
        if whole.len() > Self::DIGITS_MAX {
            return Err(AmountError::TooLarge);
        }
        // Twelve digits at most: they fit.
        let digits = format!("{whole}{decimals:0<width$}", width = Self::DECIMALS_MAX);
        match digits.parse() {
            Ok(0) => Err(AmountError::Zero),
            Ok(ten_thousandths) => Ok(Self { ten_thousandths }),
            Err(_) => Err(AmountError::Malformed),
        }
    }

    /// The value in ten-thousandths, for sums.
    pub const fn ten_thousandths(self) -> u64 {
        self.ten_thousandths
    }
}

/// The shortest form: `12.5`, whether it was given as `12.5` or `12.5000`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_units(f, self.ten_thousandths)
    }
}

/// Writes ten-thousandths as units, in the shortest form.
pub(super) fn write_units(f: &mut fmt::Formatter<'_>, ten_thousandths: u64) -> fmt::Result {
    let whole = ten_thousandths.div_euclid(10_000);
    let decimals = format!("{:04}", ten_thousandths.rem_euclid(10_000));
    match decimals.trim_end_matches('0') {
        "" => write!(f, "{whole}"),
        decimals => write!(f, "{whole}.{decimals}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, ten_thousandths: u64, shown: &str) {
        let value = Amount::parse(text).unwrap();
        assert_eq!(value.ten_thousandths(), ten_thousandths, "{text}");
        assert_eq!(value.to_string(), shown, "{text}");
    }

    #[test]
    fn an_amount_is_exact_and_shown_shortest() {
        check("99", 990_000, "99");
        check("12.5000", 125_000, "12.5");
        check("12.5", 125_000, "12.5");
        check("0.0001", 1, "0.0001");
        check("10", 100_000, "10");
        check("100.0010", 1_000_010, "100.001");
        check("99999999.9999", 999_999_999_999, "99999999.9999");
    }

    #[track_caller]
    fn check_refused(text: &str, expected: AmountError) {
        assert_eq!(Amount::parse(text), Err(expected), "{text}");
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in [
            "", ".", "1.", ".5", "1e3", "1E3", "-1", "+1", " 1", "1 ", "1,5", "1.2.3", "1.-2",
            "1.+2", "007", "00.5", "0x1", "１", "NaN", "inf", "1_000",
        ] {
            check_refused(text, AmountError::Malformed);
        }
    }

    #[test]
    fn every_bound_has_an_edge() {
        check_refused("1.00000", AmountError::TooManyDecimals);
        check_refused("0.00001", AmountError::TooManyDecimals);
        check_refused("100000000", AmountError::TooLarge);
        check_refused("100000000.0001", AmountError::TooLarge);
        check_refused(&"9".repeat(1_000), AmountError::TooLarge);
        for zero in ["0", "0.0", "0.0000"] {
            check_refused(zero, AmountError::Zero);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same_value(ten_thousandths in 1_u64..1_000_000_000_000) {
            let value = Amount::from_ten_thousandths(ten_thousandths).unwrap();
            prop_assert_eq!(Amount::parse(&value.to_string()), Ok(value));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9.eE+-]{0,24}|.{0,30}") {
            if let Ok(value) = Amount::parse(&text) {
                prop_assert!(value.to_string().len() <= 13);
            }
        }
    }
}
