//! The canonical form of a body, as the marketplace's SaaS V2.0 guide and sample make it before
//! they sign: top-level names ascending, top-level nulls dropped, no blanks.

use crate::json::Object;

/// How deep values may nest. The deepest documented body has two levels.
const DEPTH_MAX: u32 = 32;

/// Rewrites a body in canonical form; `None` if it is no JSON object, has a name twice, or nests
/// deeper than 32 levels.
///
/// Numbers stay as they were written. Strings are written as the sample's library writes them:
/// only what JSON requires is escaped, in its shortest form, so that `\/` and `\u4e2d` do not
/// survive. Names below the top level keep their order, and nulls there stay.
pub fn canonical_form(body: &[u8]) -> Option<Vec<u8>> {
    let mut members: Vec<_> = Object::parse(body)
        .ok()?
        .into_members()
        .filter(|(_, value)| *value != "null")
        .collect();
    // Java compares strings by UTF-16 code units, which differs from UTF-8 order above U+FFFF.
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    let mut out = Vec::with_capacity(body.len());
    write_members(members.into_iter(), DEPTH_MAX, &mut out)?;
    Some(out)
}

fn write_value(value: &str, depth_left: u32, out: &mut Vec<u8>) -> Option<()> {
    match value.bytes().next()? {
        b'{' => {
            let object = Object::parse(value.as_bytes()).ok()?;
            write_members(object.into_members(), depth_left, out)
        },
        b'[' => {
            let entries: Vec<&serde_json::value::RawValue> = serde_json::from_str(value).ok()?;
            let depth_left = depth_left.checked_sub(1)?;
            out.push(b'[');
            for (index, entry) in entries.into_iter().enumerate() {
                separate(index, out);
                write_value(entry.get(), depth_left, out)?;
            }
            out.push(b']');
            Some(())
        },
        b'"' => {
            let text: String = serde_json::from_str(value).ok()?;
            write_string(&text, out);
            Some(())
        },
        _ => {
            out.extend_from_slice(value.as_bytes());
            Some(())
        },
    }
}

fn write_members<'a>(
    members: impl Iterator<Item = (String, &'a str)>,
    depth_left: u32,
    out: &mut Vec<u8>,
) -> Option<()> {
    let depth_left = depth_left.checked_sub(1)?;
    out.push(b'{');
    for (index, (name, value)) in members.enumerate() {
        separate(index, out);
        write_string(&name, out);
        out.push(b':');
        write_value(value, depth_left, out)?;
    }
    out.push(b'}');
    Some(())
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            // Upper-case digits, as Jackson has them.
            control if control < ' ' => {
                out.extend_from_slice(format!("\\u{:04X}", u32::from(control)).as_bytes());
            },
            plain => out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(body: &str) -> Option<String> {
        canonical_form(body.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[track_caller]
    fn check(body: &str, expected: &str) {
        assert_eq!(form(body).as_deref(), Some(expected));
    }

    #[test]
    fn names_are_sorted_and_nulls_dropped_at_the_top_only() {
        check(
            r#"{ "b" : {"z":null, "a": [ 1 , null ]} , "n": null, "a" : true }"#,
            r#"{"a":true,"b":{"z":null,"a":[1,null]}}"#,
        );
        check(" {} ", "{}");
        check(r#"{"n":null}"#, "{}");
    }

    #[test]
    fn names_sort_by_utf16_units() {
        // U+1F600 is D83D DE00 in UTF-16, before U+FF5E; in UTF-8 it comes after.
        check(
            "{\"\u{ff5e}\":1,\"\u{1f600}\":2}",
            "{\"\u{1f600}\":2,\"\u{ff5e}\":1}",
        );
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        check(
            r#"{"a":1.50,"b":-0,"c":1E+2,"d":123456789012345678901234567890}"#,
            r#"{"a":1.50,"b":-0,"c":1E+2,"d":123456789012345678901234567890}"#,
        );
    }

    #[test]
    fn strings_lose_every_escape_they_do_not_need() {
        check(
            r#"{"a":"\u4e2d\u6587\/ \" \\ \u000a\b\u001f 中 \ud83d\ude00"}"#,
            "{\"a\":\"中文/ \\\" \\\\ \\n\\b\\u001F 中 😀\"}",
        );
        check(r#"{"a":" { \"b\" : 1 } "}"#, r#"{"a":" { \"b\" : 1 } "}"#);
    }

    #[test]
    fn what_has_no_one_meaning_has_no_form() {
        for body in [
            "[]",
            "{",
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert_eq!(form(body), None, "{body}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested =
            |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(form(&nested(31)).is_some());
        assert!(form(&nested(32)).is_none());
        assert!(form(&nested(30_000)).is_none());
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn members() -> impl Strategy<Value = Vec<(String, serde_json::Value)>> {
        prop::collection::btree_map(any::<String>(), value(), 0..6)
            .prop_map(|members| members.into_iter().collect::<Vec<_>>())
            .prop_shuffle()
    }

    fn write(members: &[(String, serde_json::Value)], blank: &str) -> String {
        let body: Vec<String> = members
            .iter()
            .map(|(name, value)| {
                let name = serde_json::to_string(name).unwrap();
                format!("{blank}{name}{blank}:{blank}{value}{blank}")
            })
            .collect();
        format!("{blank}{{{}{blank}}}{blank}", body.join(","))
    }

    proptest! {
        #[test]
        fn the_form_ignores_order_and_blanks_and_is_its_own_form(
            members in members(),
            turn in any::<prop::sample::Index>(),
            blank in "[ \t\r\n]{0,3}",
        ) {
            let first = form(&write(&members, "")).unwrap();
            let mut turned = members.clone();
            turned.rotate_left(turn.index(members.len().max(1)).min(members.len()));
            prop_assert_eq!(form(&write(&turned, &blank)).unwrap(), first.as_str());
            prop_assert_eq!(form(&first).unwrap(), first.as_str());
        }

        #[test]
        fn the_form_means_what_the_body_means(members in members()) {
            let meant: serde_json::Map<_, _> = members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .cloned()
                .collect();
            let read: serde_json::Value =
                serde_json::from_str(&form(&write(&members, "")).unwrap()).unwrap();
            prop_assert_eq!(read, serde_json::Value::Object(meant));
        }

        #[test]
        fn no_bytes_panic(body in any::<Vec<u8>>()) {
            if let Some(first) = canonical_form(&body) {
                prop_assert_eq!(canonical_form(&first), Some(first));
            }
        }
    }
}
