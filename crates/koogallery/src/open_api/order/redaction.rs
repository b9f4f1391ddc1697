//! An answer to the order query without what it tells about persons.
//!
//! A receipt is kept for ever, so what is not known to be harmless does not come into one: the
//! values of the members that the guides describe are kept, of the buyer the id only, and every
//! other text or number is replaced. The rest of the answer stays as it came, byte for byte.

use serde_json::value::RawValue;

use crate::json::Object;

/// What stands in the place of a value, in quotation marks.
const REDACTED: &str = "[redacted]";

/// How far values are looked into that lie in each other. What lies deeper is replaced as a whole.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// Through how many more values.
    values: u8,
    /// Through how many more texts that hold JSON. Each doubles the escapes of what is written in
    /// it, so that a few more would make a large answer of a small one.
    texts: u8,
}

impl Reach {
    /// The answers of the guides are four values deep, and hold no texts in texts.
    const START: Self = Self {
        values: 16,
        texts: 2,
    };

    fn into_value(self) -> Option<Self> {
        let values = self.values.checked_sub(1)?;
        Some(Self { values, ..self })
    }

    fn into_text(self) -> Option<Self> {
        let texts = self.texts.checked_sub(1)?;
        Self { texts, ..self }.into_value()
    }
}

/// Where a value stands. Members of other places are of unknown meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the answer, its order, a line of it, or a product of that.
    Answer,
    /// In `buyerInfo`.
    Buyer,
    /// In `extendParams`: names, and values that may be anything.
    Parameters,
    /// In a member that the guides do not describe.
    Elsewhere,
}

impl Place {
    /// Where the members of a member stand.
    fn inside(self, name: &str) -> Self {
        match (self, name) {
            (Self::Answer, "orderInfo" | "orderLine" | "productInfo") => Self::Answer,
            (Self::Answer, "buyerInfo") => Self::Buyer,
            (Self::Answer, "extendParams") => Self::Parameters,
            (Self::Answer | Self::Buyer | Self::Parameters | Self::Elsewhere, _) => Self::Elsewhere,
        }
    }

    /// Whether a text or a number is kept.
    fn keeps(self, name: &str) -> bool {
        match self {
            Self::Answer => KEPT.contains(&name),
            Self::Buyer => name == "customerId",
            Self::Parameters => name == "name",
            Self::Elsewhere => false,
        }
    }
}

/// What the guides describe, persons and containers apart.
const KEPT: [&str; 19] = [
    "resultCode",
    "resultMsg",
    "error_code",
    "error_msg",
    "request_id",
    "orderId",
    "orderType",
    "createTime",
    "orderLineId",
    "chargingMode",
    "periodType",
    "periodNumber",
    "expireTime",
    "productId",
    "skuCode",
    "linearValue",
    "productName",
    "currency",
    "currencyAfterDiscount",
];

/// An answer with every value replaced by `[redacted]` that may tell about a person. Of a body
/// that is not JSON nothing is kept but its length.
pub fn redacted(body: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(value) => {
            let mut kept = String::with_capacity(body.len());
            write(value.get(), Place::Answer, false, Reach::START, &mut kept);
            kept.into_bytes()
        },
        Err(_) if body.is_empty() => Vec::new(),
        Err(_) => format!("[redacted: {} bytes that are not JSON]", body.len()).into_bytes(),
    }
}

/// Writes a value; `keeps` says whether it is kept if it holds no others.
fn write(value: &str, place: Place, keeps: bool, reach: Reach, kept: &mut String) {
    let inside = reach
        .into_value()
        .and_then(|reach| Some((reach, members(value, place, keeps)?)));
    match inside {
        Some((reach, members)) => {
            let (start, mut rest) = (kept.len(), value);
            for member in members {
                let Some((before, after)) = around(rest, member.value) else {
                    // It cannot be; and if it is, nothing of the value is kept.
                    kept.truncate(start);
                    kept.push_str(&quoted(REDACTED));
                    return;
                };
                kept.push_str(before);
                write(member.value, member.place, member.keeps, reach, kept);
                rest = after;
            }
            kept.push_str(rest);
        },
        None => write_single(value, place, keeps, reach, kept),
    }
}

/// Writes a text, a number, a truth value or nothing; or what lies too deep.
fn write_single(value: &str, place: Place, keeps: bool, reach: Reach, kept: &mut String) {
    // The guides have JSON in texts, in other answers than this one.
    let text = serde_json::from_str::<String>(value).ok();
    let json = text.filter(|text| {
        text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(text).is_ok()
    });
    let is_single = json.is_none() && !value.starts_with(['{', '[']);
    if matches!(value, "null" | "true" | "false") || keeps && is_single {
        kept.push_str(value);
        return;
    }
    let inner = json.filter(|_| place != Place::Elsewhere);
    match inner.zip(reach.into_text()) {
        Some((inner, reach)) => {
            let mut redacted = String::with_capacity(inner.len());
            write(inner.trim(), place, false, reach, &mut redacted);
            kept.push_str(&quoted(&redacted));
        },
        None => kept.push_str(&quoted(REDACTED)),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("texts are always JSON")
}

/// A value inside another.
struct Member<'a> {
    value: &'a str,
    place: Place,
    keeps: bool,
}

/// The values inside a value, as they stand; `None` if it can hold none.
fn members(value: &str, place: Place, keeps: bool) -> Option<Vec<Member<'_>>> {
    if value.starts_with('{') {
        let object: Object<'_> = serde_json::from_str(value).ok()?;
        let members = object.into_members().map(|(name, value)| Member {
            value,
            place: place.inside(&name),
            keeps: place.keeps(&name),
        });
        return Some(members.collect());
    }
    let items: Vec<&RawValue> = value
        .starts_with('[')
        .then(|| serde_json::from_str(value).ok())
        .flatten()?;
    let members = items.into_iter().map(|item| Member {
        value: item.get(),
        place,
        keeps,
    });
    Some(members.collect())
}

/// What stands before and after a part of a text; `None` if it is not a part of it.
fn around<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    Some((text.get(..start)?, text.get(end..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;

    /// Names that are kept, names that are looked into, and others.
    const NAMES: [&str; 9] = [
        "orderId",
        "customerId",
        "name",
        "orderInfo",
        "orderLine",
        "buyerInfo",
        "extendParams",
        "email",
        "x",
    ];

    fn answers() -> impl Strategy<Value = Value> {
        let single = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            "[a-z{}\\\\\"\\[\\]]{0,6}".prop_map(Value::from),
            Just(Value::from(r#"{"email":"secret"}"#)),
        ];
        single.prop_recursive(6, 40, 5, |inner| {
            let name = prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..5)
                    .prop_map(|members| Value::from(Map::from_iter(members))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_left_is_json_and_holds_nothing_more_to_redact(answer in answers()) {
            let left = redacted(answer.to_string().as_bytes());
            prop_assert!(serde_json::from_slice::<Value>(&left).is_ok());
            prop_assert!(!String::from_utf8_lossy(&left).contains("secret"));
            prop_assert_eq!(redacted(&left), left);
        }

        #[test]
        fn no_bytes_are_too_much(bytes: Vec<u8>) {
            redacted(&bytes);
        }
    }

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let redacted = redacted(body.as_bytes());
        assert_eq!(String::from_utf8(redacted).unwrap(), expected);
    }

    #[test]
    fn of_the_buyer_the_id_is_kept_and_nothing_else() {
        check(
            r#"{ "orderInfo" : {"buyerInfo":{"customerId":"c-1", "customerName":"Li Lei","userId":7,"x":{"email":["li@example.com"]},"mobilePhone":null}} }"#,
            r#"{ "orderInfo" : {"buyerInfo":{"customerId":"c-1", "customerName":"[redacted]","userId":"[redacted]","x":{"email":["[redacted]"]},"mobilePhone":null}} }"#,
        );
        check(
            r#"{"buyerInfo":{"customerId":{"name":"Li Lei"},"customerId":["c-1","c-2"]}}"#,
            r#"{"buyerInfo":{"customerId":{"name":"[redacted]"},"customerId":["c-1","c-2"]}}"#,
        );
    }

    #[test]
    fn an_answer_about_no_person_stays_as_it_is() {
        for body in [
            "{\n\t\"resultCode\":\"MKT.0000\" , \"orderInfo\":{\"orderId\":\"CS\\u0031\",\"orderLine\":[{\"periodNumber\":1.0,\"productInfo\":[{\"linearValue\":10,\"productName\":\"CAD \\\"Pro\\\"\"}]}]}}",
            r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information","request_id":"1"}"#,
            "{}",
            "[]",
            "null",
            "",
        ] {
            check(body, body);
        }
    }

    #[test]
    fn the_values_of_parameters_are_replaced_and_their_names_kept() {
        check(
            r#"{"orderInfo":{"extendParams":[{"name":"email","value":"li@example.com"},{"name":"x","value":{"name":"Li Lei"}}],"orderLine":[{"extendParams":[{"value":"{\"mobilePhone\":\"13800000000\"}"}]}]}}"#,
            r#"{"orderInfo":{"extendParams":[{"name":"email","value":"[redacted]"},{"name":"x","value":{"name":"[redacted]"}}],"orderLine":[{"extendParams":[{"value":"[redacted]"}]}]}}"#,
        );
    }

    #[test]
    fn members_that_nobody_described_are_replaced() {
        check(
            r#"{"orderInfo":{"contact":{"name":"Li Lei","orderId":"x"},"CustomerName":"Li Lei","since":20260102}}"#,
            r#"{"orderInfo":{"contact":{"name":"[redacted]","orderId":"[redacted]"},"CustomerName":"[redacted]","since":"[redacted]"}}"#,
        );
        check(r#""Li Lei""#, r#""[redacted]""#);
        check(
            r#"[["Li Lei"],13800000000]"#,
            r#"[["[redacted]"],"[redacted]"]"#,
        );
    }

    #[test]
    fn json_in_a_text_is_looked_into() {
        check(
            r#"{"orderInfo":"{\"orderId\":\"CS1\",\"buyerInfo\":{\"customerId\":\"c-1\",\"email\":\"li@example.com\"}}"}"#,
            r#"{"orderInfo":"{\"orderId\":\"CS1\",\"buyerInfo\":{\"customerId\":\"c-1\",\"email\":\"[redacted]\"}}"}"#,
        );
        check(
            r#"{"orderInfo":"{ Li Lei"}"#,
            r#"{"orderInfo":"[redacted]"}"#,
        );
    }

    #[test]
    fn of_what_is_not_json_the_length_is_kept() {
        check("<b>Li Lei</b>", "[redacted: 13 bytes that are not JSON]");
        check(
            r#"{"buyerInfo":{"customerName":"Li"#,
            "[redacted: 32 bytes that are not JSON]",
        );
    }

    #[test]
    fn depth_is_bounded() {
        let deep = 100_000;
        let body = ["[".repeat(deep), "]".repeat(deep)].concat();
        let expected = ["[".repeat(16), "\"[redacted]\"".to_owned(), "]".repeat(16)].concat();
        check(&body, &expected);
    }

    #[test]
    fn texts_inside_each_other_do_not_make_much_of_little() {
        let numbers = format!("[{}1]", "1,".repeat(5_000));
        let nested = |levels: usize| {
            (0..levels).fold(numbers.clone(), |inner, _| format!("[{}]", quoted(&inner)))
        };
        for levels in 0..=7 {
            let body = nested(levels);
            let kept = redacted(body.as_bytes());
            assert!(kept.len() <= 16 * body.len(), "{levels}: {}", kept.len());
        }
        let three = String::from_utf8(redacted(nested(3).as_bytes())).unwrap();
        assert_eq!(three, r#"["[\"[\\\"[redacted]\\\"]\"]"]"#);
    }
}
