//! The members of an object, each read once and named when it is at fault.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use tenure_domain::{IdError, LicenseId};

use super::ids::{ApplicationId, ApplicationKey, TenantId, TenantKey};
use super::list;
use super::personal::Personal;
use super::sync_time::SyncTime;
use super::token;
use crate::canonical::canonical_form;
use crate::rejection::{Fault, Rejection};
use crate::wire::Environment;

/// The most members of one object. The largest documented one has 13.
const MEMBERS_MAX: usize = 128;

/// How deep a body may nest. The deepest documented one has four levels, the last of which
/// enterprises extend.
const DEPTH_MAX: usize = 16;

/// An object whose values are still as they were written. Of a name that occurs twice the last
/// value counts, as with the reader of the marketplace's sample.
pub(super) struct Fields<'a> {
    members: BTreeMap<String, &'a RawValue>,
    /// Whether a name occurred twice.
    repeated: bool,
}

impl<'a> Fields<'a> {
    /// Reads a whole body. Its depth is bounded first, since the canonical form reads every level
    /// anew, and nobody has proved yet who sent it.
    pub(super) fn parse_body(body: &'a [u8]) -> Result<Self, Fault> {
        if depth(body) > DEPTH_MAX {
            return Err(Fault::BadValue);
        }
        Self::parse(body)
    }

    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(text).or(Err(Fault::Unreadable))?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let fields = reader
            .deserialize_map(Members)
            .or(Err(Fault::Unreadable))?
            .ok_or(Fault::TooLong)?;
        reader.end().or(Err(Fault::Unreadable))?;
        Ok(fields)
    }

    /// The canonical form of the body that the fields were read from.
    pub(super) fn canonical(&self, body: &[u8]) -> Option<Vec<u8>> {
        if !self.repeated {
            return canonical_form(body);
        }
        let once = serde_json::to_vec(&self.members).ok()?;
        canonical_form(&once)
    }

    /// The body that this one stands for if its texts are URL-encoded: only members that are strings
    /// are. The token is verified over this body, and this body is read.
    pub(super) fn url_decoded(&self) -> Vec<u8> {
        let decoded = |value: &RawValue| {
            let text: String = serde_json::from_str(value.get()).ok()?;
            serde_json::value::to_raw_value(&token::url_decoded(&text)).ok()
        };
        let members: BTreeMap<_, _> = self
            .members
            .iter()
            .map(|(name, value)| (name, decoded(value).unwrap_or_else(|| (*value).to_owned())))
            .collect();
        // Names and values are JSON already, and memory does not fail.
        serde_json::to_vec(&members).unwrap_or_default()
    }

    /// Those members that a token covers: no others were vouched for.
    pub(super) fn only_signed(mut self) -> Self {
        let signed: BTreeSet<_> = self
            .signed_members()
            .map(|(name, _)| name.to_owned())
            .collect();
        self.members.retain(|name, _| signed.contains(name));
        self
    }

    /// Names and texts of the members that are neither null nor blank.
    pub(super) fn signed_members(&self) -> impl Iterator<Item = (&str, Cow<'a, str>)> {
        let names = self.members.keys();
        names.filter_map(|name| Some((name.as_str(), self.signed_text(name)?)))
    }

    /// The text of a value: of a string what it says, of anything else how it is written.
    pub(super) fn signed_text(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.value(name)?;
        let text = if value.starts_with('"') {
            Cow::Owned(serde_json::from_str(value).ok()?)
        } else {
            Cow::Borrowed(value)
        };
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// `testFlag`: 0 or 1, and nothing else.
    pub(super) fn environment(&self) -> Result<Environment, Rejection> {
        let name = "testFlag";
        match self.mandatory_number(name)? {
            0 => Ok(Environment::Real),
            1 => Ok(Environment::Test),
            _ => Err(malformed(name, Fault::BadValue)),
        }
    }

    pub(super) fn tenant_key(&self) -> Result<TenantKey, Rejection> {
        Ok(TenantKey {
            instance: self.optional_id("instanceId", LicenseId::parse)?,
            tenant: self.id("tenantId", TenantId::parse)?,
        })
    }

    pub(super) fn application_key(&self) -> Result<ApplicationKey, Rejection> {
        Ok(ApplicationKey {
            tenant: self.tenant_key()?,
            application: self.id("appId", ApplicationId::parse)?,
        })
    }

    /// A time that is kept whatever it is.
    pub(super) fn sync_time(&self, name: &str) -> SyncTime {
        SyncTime::read(self.signed_text(name).as_deref())
    }

    /// A text of at most `characters_max` characters; `None` if it is absent, null or blank.
    pub(super) fn text(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<Option<String>, Rejection> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let text = serde_json::from_str::<String>(value)
            .ok()
            .ok_or_else(|| malformed(name, Fault::WrongType))?;
        if text.chars().count() > characters_max {
            return Err(malformed(name, Fault::TooLong));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub(super) fn mandatory_text(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<String, Rejection> {
        self.text(name, characters_max)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    pub(super) fn personal(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<Option<Personal>, Rejection> {
        Ok(self.text(name, characters_max)?.map(Personal::new))
    }

    pub(super) fn mandatory_personal(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<Personal, Rejection> {
        self.mandatory_text(name, characters_max).map(Personal::new)
    }

    /// An identifier; its own parser bounds it.
    pub(super) fn id<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Result<T, Rejection> {
        self.optional_id(name, parse)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    pub(super) fn optional_id<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Result<Option<T>, Rejection> {
        self.text(name, usize::MAX)?
            .map(|text| parse(&text).map_err(|error| malformed(name, Fault::of_id(error))))
            .transpose()
    }

    /// A number without sign or fraction, or a text that holds one.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u32>, Rejection> {
        let text = self.value(name).filter(|value| *value != r#""""#);
        let digits = text.map(|value| {
            value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .unwrap_or(value)
        });
        digits
            .map(|digits| {
                digits
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
                    .then(|| digits.parse().ok())
                    .flatten()
                    .ok_or_else(|| malformed(name, Fault::WrongType))
            })
            .transpose()
    }

    pub(super) fn mandatory_number(&self, name: &'static str) -> Result<u32, Rejection> {
        self.number(name)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    /// `true` or `false`, or a text that says so.
    pub(super) fn boolean(&self, name: &'static str) -> Result<bool, Rejection> {
        match self.value(name) {
            Some("true" | r#""true""#) => Ok(true),
            Some("false" | r#""false""#) => Ok(false),
            Some(r#""""#) | None => Err(malformed(name, Fault::Missing)),
            Some(_) => Err(malformed(name, Fault::BadValue)),
        }
    }

    /// Reads every object of a list, in its order.
    pub(super) fn each<T>(
        &self,
        name: &'static str,
        entries_max: usize,
        read: impl Fn(&Fields<'_>) -> Result<T, Rejection>,
    ) -> Result<Vec<T>, Rejection> {
        let value = self.value(name).filter(|value| *value != r#""""#);
        let value = value.ok_or_else(|| malformed(name, Fault::Missing))?;
        list::each(value, entries_max, |entry| {
            let fields = Fields::parse(entry.as_bytes());
            read(&fields.map_err(|fault| malformed(name, entry_fault(fault)))?)
        })
        .map_err(|fault| malformed(name, fault))?
    }

    /// How a value is written; `None` if it is absent or null.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        let value = self.members.get(name)?.get();
        (value != "null").then_some(value)
    }
}

pub(super) fn malformed(field: &'static str, fault: Fault) -> Rejection {
    Rejection::MalformedBody { field, fault }
}

/// Inside of a list that is JSON, what is not an object is something else.
fn entry_fault(fault: Fault) -> Fault {
    match fault {
        Fault::Unreadable => Fault::WrongType,
        Fault::Missing
        | Fault::Duplicate
        | Fault::WrongType
        | Fault::TooLong
        | Fault::BadCharacter
        | Fault::BadValue => fault,
    }
}

/// How deep a text nests, if it is JSON.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_string, mut is_escaped) = (false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            },
            b'}' | b']' if !is_string => depth = depth.saturating_sub(1),
            _ => {},
        }
    }
    deepest
}

struct Members;

impl<'de> Visitor<'de> for Members {
    /// `None` if there are too many.
    type Value = Option<Fields<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields {
            members: BTreeMap::new(),
            repeated: false,
        };
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            fields.repeated |= fields.members.insert(name, value).is_some();
            if fields.members.len() > MEMBERS_MAX {
                // What is left has still to be JSON.
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
        }
        Ok(Some(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Fields<'_> {
        Fields::parse(body.as_bytes()).unwrap()
    }

    fn fault<T>(result: Result<T, Rejection>) -> Option<Fault> {
        match result {
            Err(Rejection::MalformedBody { fault, .. }) => Some(fault),
            _ => None,
        }
    }

    #[test]
    fn the_last_of_two_values_counts_for_reading_and_for_the_canonical_form() {
        let body = r#"{"instanceId":"a","b":1,"instanceId":"c"}"#;
        let fields = fields(body);
        assert_eq!(fields.text("instanceId", 9), Ok(Some("c".to_owned())));
        assert_eq!(
            fields.canonical(body.as_bytes()).as_deref(),
            Some(br#"{"b":1,"instanceId":"c"}"#.as_slice())
        );
    }

    #[test]
    fn a_number_may_be_a_text() {
        for (value, number) in [
            ("1", Ok(Some(1))),
            (r#""1""#, Ok(Some(1))),
            (r#""02""#, Ok(Some(2))),
            ("null", Ok(None)),
            (r#""""#, Ok(None)),
            ("-1", Err(malformed("n", Fault::WrongType))),
            ("1.0", Err(malformed("n", Fault::WrongType))),
            (r#""+1""#, Err(malformed("n", Fault::WrongType))),
            ("99999999999", Err(malformed("n", Fault::WrongType))),
            ("true", Err(malformed("n", Fault::WrongType))),
            ("{}", Err(malformed("n", Fault::WrongType))),
        ] {
            let body = format!(r#"{{"n":{value}}}"#);
            assert_eq!(fields(&body).number("n"), number, "{value}");
        }
    }

    #[test]
    fn a_boolean_may_be_a_text() {
        for (value, expected) in [
            ("true", Ok(true)),
            (r#""true""#, Ok(true)),
            ("false", Ok(false)),
            (r#""false""#, Ok(false)),
            ("null", Err(malformed("b", Fault::Missing))),
            (r#""""#, Err(malformed("b", Fault::Missing))),
            ("1", Err(malformed("b", Fault::BadValue))),
            (r#""TRUE""#, Err(malformed("b", Fault::BadValue))),
        ] {
            let body = format!(r#"{{"b":{value}}}"#);
            assert_eq!(fields(&body).boolean("b"), expected, "{value}");
        }
    }

    #[test]
    fn lengths_are_characters() {
        let body = r#"{"a":"企业企业","b":5}"#;
        assert!(fields(body).text("a", 4).is_ok());
        assert_eq!(fault(fields(body).text("a", 3)), Some(Fault::TooLong));
        assert_eq!(fault(fields(body).text("b", 3)), Some(Fault::WrongType));
        assert_eq!(
            fault(fields(body).mandatory_text("c", 3)),
            Some(Fault::Missing)
        );
    }

    #[test]
    fn depth_is_that_of_brackets_outside_of_texts() {
        for (text, expected) in [
            ("", 0),
            ("{}", 1),
            (r#"{"a":[{}],"b":[]}"#, 3),
            (r#"{"[[[":"{{\"[[\\"}"#, 1),
            (r#"{"a":"\\","b":[]}"#, 2),
            ("[[[", 3),
            ("]]][[", 2),
        ] {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn members_are_bounded_and_what_follows_must_be_json() {
        let body = |count: usize, end: &str| {
            let members: Vec<_> = (0..count).map(|n| format!(r#""{n}":{n}"#)).collect();
            format!("{{{}{end}", members.join(","))
        };
        let parse = |text: String| Fields::parse(text.as_bytes()).err();
        assert_eq!(parse(body(128, "}")), None);
        assert_eq!(parse(body(129, "}")), Some(Fault::TooLong));
        assert_eq!(parse(body(300, "}")), Some(Fault::TooLong));
        assert_eq!(parse(body(300, "")), Some(Fault::Unreadable));
        assert_eq!(parse("{}{}".to_owned()), Some(Fault::Unreadable));
        assert_eq!(parse("[]".to_owned()), Some(Fault::Unreadable));
    }
}
