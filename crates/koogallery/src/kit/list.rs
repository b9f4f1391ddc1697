//! Lists, which the kit writes in three ways.
//!
//! The tables say array; version 1.0 sends a text that holds one; and the printed example of
//! version 2.0 is a text that holds one whose names have no quotation marks, which is not JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::rejection::{Fault, Rejection};

/// Hands on the entries of a list, at most `entries_max`, as they are written.
///
/// The outer error is about the list, the inner one about an entry.
pub(super) fn each<T>(
    value: &str,
    entries_max: usize,
    read: impl Fn(&str) -> Result<T, Rejection>,
) -> Result<Result<Vec<T>, Rejection>, Fault> {
    let list = if value.starts_with('"') {
        let text: String = serde_json::from_str(value).or(Err(Fault::WrongType))?;
        Cow::Owned(text)
    } else {
        Cow::Borrowed(value)
    };
    let quoted;
    let found = match entries(&list, entries_max) {
        Err(Fault::WrongType) if matches!(list, Cow::Owned(_)) => {
            quoted = quote_names(&list);
            entries(&quoted, entries_max)
        },
        found => found,
    }?;
    Ok(found.into_iter().map(|entry| read(entry.get())).collect())
}

fn entries(list: &str, max: usize) -> Result<Vec<&RawValue>, Fault> {
    let mut reader = serde_json::Deserializer::from_str(list);
    let entries = Entries { max }.deserialize(&mut reader);
    let entries = entries.or(Err(Fault::WrongType))?;
    reader.end().or(Err(Fault::WrongType))?;
    entries.ok_or(Fault::TooLong)
}

/// Reads an array whose length is bounded; `None` if it is longer.
struct Entries {
    max: usize,
}

impl<'de> DeserializeSeed<'de> for Entries {
    type Value = Option<Vec<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            if entries.len() >= self.max {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
            entries.push(entry);
        }
        Ok(Some(entries))
    }
}

/// Puts names without quotation marks into some, and leaves all else as it is: what is not JSON
/// then, will not be read.
fn quote_names(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_bytes(rest),
            _ if begins_name(first) => name_bytes(rest),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if begins_name(first) && after.trim_start().starts_with(':') {
            out.extend(["\"", token, "\""]);
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out
}

fn begins_name(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '_' | '$')
}

fn name_bytes(text: &str) -> usize {
    text.find(|character: char| !begins_name(character) && !character.is_ascii_digit())
        .unwrap_or(text.len())
}

/// The length of a string with its quotation marks; all the text if it does not end.
fn string_bytes(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(index, _)| index.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Result<Vec<String>, Fault> {
        each(value, 3, |entry| Ok(entry.to_owned())).map(Result::unwrap)
    }

    #[test]
    fn a_list_may_be_written_in_three_ways() {
        let expected = Ok(vec![r#"{"a":"b:c"}"#.to_owned(), "null".to_owned()]);
        assert_eq!(read(r#"[{"a":"b:c"}, null]"#), expected);
        assert_eq!(read(r#""[{\"a\":\"b:c\"}, null]""#), expected);
        assert_eq!(read(r#""[{a:\"b:c\"}, null]""#), expected);
        assert_eq!(read("[]"), Ok(vec![]));
        assert_eq!(read(r#"" [ ] ""#), Ok(vec![]));
    }

    #[test]
    fn what_is_no_list_is_refused_in_every_way() {
        for value in [
            "{}",
            "1",
            "true",
            r#""{}""#,
            r#""a""#,
            r#""[{a:b}]""#,
            r#""[{'a':1}]""#,
            r#""[{a:1}""#,
            r#""[] []""#,
            r#""[{a:\"}]""#,
            r#""\"[]\"""#,
        ] {
            assert_eq!(read(value), Err(Fault::WrongType), "{value}");
        }
    }

    #[test]
    fn a_list_is_bounded_in_every_way() {
        assert!(read("[1,2,3]").is_ok());
        assert_eq!(read("[1,2,3,4]"), Err(Fault::TooLong));
        assert_eq!(read(r#""[1,2,3,4,5]""#), Err(Fault::TooLong));
        assert_eq!(read(r#""[1,2,3,{a:4}]""#), Err(Fault::TooLong));
        assert_eq!(read(r#""[1,2,3,{a:4},""#), Err(Fault::WrongType));
    }

    #[test]
    fn only_names_get_quotation_marks() {
        assert_eq!(
            quote_names(r#"[{a1 : true,_b:"c:\"d:",$e : null, "f":{g:-1e5}}]"#),
            r#"[{"a1" : true,"_b":"c:\"d:","$e" : null, "f":{"g":-1e5}}]"#
        );
        assert_eq!(quote_names("a: \"unended"), "\"a\": \"unended");
        assert_eq!(quote_names("企业:1"), "企业:1");
    }

    #[test]
    fn long_texts_take_linear_time() {
        for text in ["a ", "[", "\"", "\\\"", "a:", "{a:"] {
            let long = text.repeat(50_000);
            assert!(quote_names(&long).len() >= long.len());
            let value = serde_json::to_string(&long).unwrap();
            assert!(read(&value).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(?s)([a-c"\\:,{}\[\] ]|.){0,60}"#) {
            let value = serde_json::to_string(&text).unwrap();
            for written in [&text, &value] {
                let fault = read(written).err();
                prop_assert!(matches!(fault, None | Some(Fault::WrongType | Fault::TooLong)));
            }
        }

        #[test]
        fn json_is_left_as_it_is(entry in any::<String>(), number in any::<i64>()) {
            let list = serde_json::to_string(&serde_json::json!([{"a b": entry, "n": number}])).unwrap();
            prop_assert_eq!(quote_names(&list), list);
        }
    }
}
