//! Texts and lists that the guides bound.

use std::fmt;

use serde::Serialize;

/// Why a text or a list is not within its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoundError {
    /// There is nothing.
    #[error("empty")]
    Empty,
    /// There is too much.
    #[error("more than {max} characters or items")]
    TooMuch {
        /// The most characters of the text, or items of the list.
        max: usize,
    },
}

/// A text of at least one character, and at most `CHARACTERS_MAX`.
///
/// It may be the account of a user, so its debug form shows nothing of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text<const CHARACTERS_MAX: usize>(String);

impl<const CHARACTERS_MAX: usize> Text<CHARACTERS_MAX> {
    /// Parses the text, keeping it exactly as it is.
    pub fn parse(text: &str) -> Result<Self, BoundError> {
        // No text has more characters than bytes: most need not be counted.
        let length = match text.len() {
            bytes if bytes <= CHARACTERS_MAX => bytes,
            _ => text.chars().count(),
        };
        within(length, CHARACTERS_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const CHARACTERS_MAX: usize> fmt::Debug for Text<CHARACTERS_MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text([redacted])")
    }
}

/// A list of at least one item, and at most `ITEMS_MAX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const ITEMS_MAX: usize>(Vec<T>);

impl<T, const ITEMS_MAX: usize> List<T, ITEMS_MAX> {
    /// Makes a list of the items, in their order.
    pub fn new(items: Vec<T>) -> Result<Self, BoundError> {
        within(items.len(), ITEMS_MAX)?;
        Ok(Self(items))
    }

    /// The items.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

fn within(length: usize, max: usize) -> Result<(), BoundError> {
    match length {
        0 => Err(BoundError::Empty),
        _ if length > max => Err(BoundError::TooMuch { max }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_in_characters() {
        let parse = Text::<3>::parse;
        assert_eq!(parse("授权码").unwrap().as_str(), "授权码");
        assert_eq!(parse("").unwrap_err(), BoundError::Empty);
        assert_eq!(parse("abcd").unwrap_err(), BoundError::TooMuch { max: 3 });
        assert_eq!(
            parse("授权码 ").unwrap_err(),
            BoundError::TooMuch { max: 3 }
        );
    }

    #[test]
    fn a_list_is_neither_empty_nor_too_long() {
        let list = |length: usize| List::<_, 2>::new(vec![7; length]);
        assert_eq!(list(0), Err(BoundError::Empty));
        assert_eq!(list(1).unwrap().as_slice(), [7]);
        assert_eq!(list(2).unwrap().as_slice(), [7, 7]);
        assert_eq!(list(3), Err(BoundError::TooMuch { max: 2 }));
    }

    #[test]
    fn no_debug_form_shows_a_text() {
        let text = Text::<64>::parse("zhang.san").unwrap();
        assert!(!format!("{text:?}").contains("zhang"));
    }
}
