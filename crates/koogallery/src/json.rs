//! A JSON object with its values as they were written.
//!
//! Both the canonical form and the field tables need what the usual readers throw away: the text
//! of numbers, the order of members, and whether a name occurs twice.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in the order in which they stand.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    members: Vec<(String, &'a RawValue)>,
}

/// Why a text is not an object that we accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ObjectError {
    /// It is not UTF-8, not JSON, or not an object.
    Unreadable,
    /// A name occurs twice. Readers differ in which one they believe, so neither is believed.
    Duplicate(String),
}

impl<'a> Object<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ObjectError> {
        let object: Self = serde_json::from_slice(bytes).or(Err(ObjectError::Unreadable))?;
        let mut names = BTreeSet::new();
        let twice = object
            .members
            .iter()
            .find(|(name, _)| !names.insert(name.as_str()));
        match twice {
            Some((name, _)) => Err(ObjectError::Duplicate(name.clone())),
            None => Ok(object),
        }
    }

    /// The text of a member's value, without blanks around it.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value.get())
    }

    /// The members as names and texts of values.
    pub(crate) fn into_members(self) -> impl Iterator<Item = (String, &'a str)> {
        self.members
            .into_iter()
            .map(|(name, value)| (name, value.get()))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object { members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text() {
        let object = Object::parse(br#" { "a" : 1.50 , "b":[ 1 ] } "#).unwrap();
        assert_eq!(object.value("a"), Some("1.50"));
        assert_eq!(object.value("b"), Some("[ 1 ]"));
        assert_eq!(object.value("c"), None);
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let texts: [&[u8]; 7] = [
            b"",
            b"[]",
            b"null",
            b"{",
            b"{}{}",
            b"{\"a\":\xff}",
            b"{\"\xff\":1}",
        ];
        for text in texts {
            assert_eq!(Object::parse(text).unwrap_err(), ObjectError::Unreadable);
        }
        let nested_bytes = b"{\"a\":\"\xff\"}";
        assert_eq!(
            Object::parse(nested_bytes).unwrap_err(),
            ObjectError::Unreadable
        );
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused_however_it_is_spelled() {
        assert_eq!(
            Object::parse(br#"{"a":1,"\u0061":2}"#).unwrap_err(),
            ObjectError::Duplicate("a".to_owned())
        );
    }
}
