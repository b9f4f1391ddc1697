//! Text about people.

use std::fmt;

/// A text that is about a person or an enterprise. No debug form shows it, and it has no other
/// form: whoever needs it asks for it by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal(Box<str>);

impl Personal {
    pub(crate) fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text as it was received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
