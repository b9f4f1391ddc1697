//! The form of a body that is signed.
//!
//! The marketplace's guide says that the parameters are sorted by name; the rest is what its sample
//! project does: members of the top level in ascending order, those that are null left out, no
//! blanks, texts as Jackson writes them. What is nested keeps its order and its nulls.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;

/// The canonical form of a body; nothing if the body is no JSON object.
///
/// Of a name that occurs twice the last value counts.
pub fn canonical(body: &str) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(body).ok()?;
    let written = members
        .iter()
        .filter(|(_, value)| value.get() != "null")
        .map(|(name, value)| Some(format!("{}:{}", quoted(name), compact(value.get())?)));
    let written: Vec<String> = written.collect::<Option<_>>()?;
    Some(format!("{{{}}}", written.join(",")))
}

/// JSON without blanks, every text written anew.
fn compact(json: &str) -> Option<String> {
    let mut written = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(|it: char| it == '"' || it.is_ascii_whitespace()) {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        if !from.starts_with('"') {
            rest = from.trim_ascii_start();
            continue;
        }
        let mut texts = serde_json::Deserializer::from_str(from).into_iter::<String>();
        written.push_str(&quoted(&texts.next()?.ok()?));
        rest = from.get(texts.byte_offset()..)?;
    }
    written.push_str(rest);
    Some(written)
}

/// A text in quotation marks. Control characters without a short form have upper-case digits;
/// everything else stands for itself.
fn quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for character in text.chars() {
        match character {
            '"' => written.push_str(r#"\""#),
            '\\' => written.push_str(r"\\"),
            '\u{8}' => written.push_str(r"\b"),
            '\t' => written.push_str(r"\t"),
            '\n' => written.push_str(r"\n"),
            '\u{c}' => written.push_str(r"\f"),
            '\r' => written.push_str(r"\r"),
            '\0'..='\u{1f}' => write!(written, "\\u{:04X}", u32::from(character))
                .expect("a string takes every character"),
            _ => written.push(character),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[track_caller]
    fn becomes(body: &str, expected: Option<&str>) {
        assert_eq!(canonical(body).as_deref(), expected);
    }

    #[test]
    fn the_top_level_is_sorted_and_what_is_nested_is_not() {
        becomes(
            "{ \"b\" : [ {\"z\": null, \"a\" : \"x y\"} ],\n\"a\":null, \"B\": 1, \"c\":\"\"}",
            Some(r#"{"B":1,"b":[{"z":null,"a":"x y"}],"c":""}"#),
        );
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        becomes(r#"{"a":1,"a":2}"#, Some(r#"{"a":2}"#));
    }

    #[test]
    fn texts_are_written_anew() {
        becomes(
            r#"{"a":"\u4e2d\/\u001f\u0008\b\f\r\n\t\"\\\u007f"}"#,
            Some("{\"a\":\"中/\\u001F\\b\\b\\f\\r\\n\\t\\\"\\\\\u{7f}\"}"),
        );
    }

    #[test]
    fn what_is_no_object_has_no_canonical_form() {
        for body in ["", "[]", "{", r#"{"a":"\ud800"}"#, "{}{}"] {
            becomes(body, None);
        }
    }
}
