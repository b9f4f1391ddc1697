//! What the answers of a centre have in common.

use serde_json::{Map, Value};

/// The most bytes that an answer of a centre may have. Those of the guides have a few hundred.
pub const ANSWER_BYTES_MAX: usize = 65_536;

/// An object of an answer.
#[derive(Debug, Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads a body, if it is one object of a reasonable size.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        if body.len() > ANSWER_BYTES_MAX {
            return None;
        }
        serde_json::from_slice(body).ok().map(Self)
    }

    /// An object inside.
    pub(super) fn inner(&self, name: &str) -> Option<Self> {
        self.find(name)?.as_object().cloned().map(Self)
    }

    /// A text or a number, without the blanks around it; `None` if there is nothing else. Of a list
    /// the first counts: CAS may give every attribute as one.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.find(name)?;
        let value = match value {
            Value::Array(values) => values.first()?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
            Value::Object(_) => return None,
        };
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Object(_) | Value::Array(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A member by its name, or by its name with the prefix that the XML form of CAS has.
    fn find(&self, name: &str) -> Option<&Value> {
        let prefixed = |member: &str| member.strip_prefix("cas:") == Some(name);
        self.0.get(name).or_else(|| {
            let mut members = self.0.iter();
            members
                .find(|(member, _)| prefixed(member))
                .map(|(_, value)| value)
        })
    }
}
