//! What the answers of the open APIs have in common.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tenure_domain::{CodeStatus, Instant, Quantity};

use super::failure::{OpenApiError, market_number};
use crate::wire;

/// The most bytes that an answer may have. Those of the guides have less than a thousand.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// The most characters of a foreign text that we keep.
const KEPT_CHARACTERS_MAX: usize = 16;

/// Looks into the envelope of an answer: its `data` if it is a success, and the error otherwise.
pub(super) fn open(status: u16, body: &[u8]) -> Result<Data, OpenApiError> {
    Ok(envelope(status, body)?.inner("data").unwrap_or_default())
}

/// The envelope of an answer as it stands, for APIs that put nothing into `data`; the error if the
/// answer is not a success.
///
/// A success is HTTP status 200 and one of the two [success codes](is_success), both.
pub(super) fn envelope(status: u16, body: &[u8]) -> Result<Data, OpenApiError> {
    let envelope = parsed(body);
    let code = envelope.as_ref().and_then(Data::code).unwrap_or_default();
    match envelope {
        Some(envelope) if status == 200 && is_success(&code) => Ok(envelope),
        Some(_) | None => Err(OpenApiError::of(status, &code)),
    }
}

/// What a body holds, if it is an object of a reasonable size.
pub(super) fn parsed(body: &[u8]) -> Option<Data> {
    if body.len() > ANSWER_BYTES_MAX {
        return None;
    }
    serde_json::from_slice(body).ok().map(Data)
}

/// `92020000` for the License APIs; the number `0000` with either prefix for the SaaS ones.
pub(super) fn is_success(code: &str) -> bool {
    code == "92020000" || market_number(code) == Some("0000")
}

/// An object of an answer.
#[derive(Debug, Default)]
pub(super) struct Data(Map<String, Value>);

impl Data {
    /// The code of an answer, or of an item in one: the guides name the member in two ways.
    pub(super) fn code(&self) -> Option<String> {
        self.text("error_code").or_else(|| self.text("resultCode"))
    }

    /// An object inside, or a text that holds one: the guides have both.
    pub(super) fn inner(&self, name: &str) -> Option<Self> {
        Self::of(self.0.get(name)?)
    }

    /// The objects of a list inside, or of a text that holds one. An object that stands in the
    /// place of a list is the only one of it.
    pub(super) fn objects(&self, name: &str) -> Vec<Self> {
        self.0.get(name).map(listed).unwrap_or_default()
    }

    /// The objects of every list inside, whatever its name.
    pub(super) fn objects_of_lists(&self) -> Vec<Self> {
        let lists = self.0.values().filter(|value| unfolded(value).is_array());
        lists.flat_map(listed).collect()
    }

    /// The members whose names start with a text.
    pub(super) fn starting_with(&self, start: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .filter(move |(name, _)| name.starts_with(start))
    }

    fn of(value: &Value) -> Option<Self> {
        unfolded(value).as_object().cloned().map(Self)
    }

    /// A text or a number, without the blanks around it; `None` if there is nothing else.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Object(_) | Value::Array(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// An identifier, if there is a well-formed one.
    pub(super) fn id<T, E>(&self, name: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
        parse(&self.text(name)?).ok()
    }

    pub(super) fn status(&self) -> Option<CodeStatus> {
        Some(CodeStatus::of_word(&self.text("status")?))
    }

    pub(super) fn time(&self, name: &str) -> Option<Instant> {
        wire::answer_time(&self.text(name)?)
    }

    /// The end of the term; the name of the field differs between places of the guide.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.time("expire_time")
            .or_else(|| self.time("expired_time"))
    }

    pub(super) fn quantity(&self) -> Option<Quantity> {
        Quantity::parse(self.text("amount")?.parse().ok()?).ok()
    }
}

fn listed(value: &Value) -> Vec<Data> {
    match unfolded(value).as_ref() {
        Value::Array(items) => items.iter().filter_map(Data::of).collect(),
        Value::Object(members) => vec![Data(members.clone())],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The value that a text holds as JSON, if it holds one; the value itself otherwise.
fn unfolded(value: &Value) -> Cow<'_, Value> {
    let inside = value
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    inside.map_or(Cow::Borrowed(value), Cow::Owned)
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(KEPT_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: OpenApiError) {
        let error = envelope(status, body.as_bytes()).unwrap_err();
        assert_eq!(error, expected, "{body}");
    }

    fn code(code: &str) -> String {
        format!(r#"{{"error_code":"{code}","error_msg":"text"}}"#)
    }

    #[test]
    fn a_success_has_one_of_three_codes_in_one_of_two_members() {
        for body in [
            &code("92020000"),
            &code("MKT.0000"),
            &code("CBC.0000"),
            r#"{"error_code":92020000}"#,
            r#"{"resultCode":" 92020000 "}"#,
            r#"{"resultCode":"MKT.0000","resultMsg":"Success","new":{}}"#,
        ] {
            assert!(envelope(200, body.as_bytes()).is_ok(), "{body}");
        }
        for other in ["APX.0000", "0000", "MKT0000", "MKT.00000", "mkt.0000"] {
            check(
                200,
                &code(other),
                OpenApiError::Other {
                    status: 200,
                    code: other.to_owned(),
                },
            );
        }
    }

    #[test]
    fn a_success_needs_both_status_and_code() {
        check(
            201,
            &code("92020000"),
            OpenApiError::Other {
                status: 201,
                code: "92020000".to_owned(),
            },
        );
        check(500, &code("92020000"), OpenApiError::Unavailable);
        check(401, &code("92020000"), OpenApiError::Denied);
        check(500, &code("MKT.0100"), OpenApiError::InvalidParameter);
        check(503, "<html>", OpenApiError::Unavailable);
        check(429, "", OpenApiError::Throttled);
    }

    #[test]
    fn a_200_that_says_nothing_is_unreadable() {
        for body in ["", "[]", "{}", "<html>", r#"{"error_code":null}"#] {
            check(200, body, OpenApiError::Unreadable);
        }
        check(
            404,
            "not JSON",
            OpenApiError::Other {
                status: 404,
                code: String::new(),
            },
        );
    }

    #[test]
    fn an_answer_is_bounded() {
        let filled = |length: usize| {
            let mut body = code("92020000");
            body.extend(std::iter::repeat_n(' ', length.saturating_sub(body.len())));
            envelope(200, body.as_bytes())
        };
        assert!(filled(ANSWER_BYTES_MAX).is_ok());
        assert_eq!(
            filled(ANSWER_BYTES_MAX.saturating_add(1)).unwrap_err(),
            OpenApiError::Unreadable
        );
    }

    #[track_caller]
    fn check_objects(data: &str, ids: &[&str]) {
        let body = format!(r#"{{"error_code":"92020000","data":{data}}}"#);
        let objects = envelope(200, body.as_bytes()).unwrap().objects("data");
        let found: Vec<_> = objects.iter().map(|it| it.text("id").unwrap()).collect();
        assert_eq!(found, ids, "{data}");
    }

    #[test]
    fn objects_are_found_in_lists_of_every_form() {
        check_objects(r#"[{"id":"1"},{"id":2}]"#, &["1", "2"]);
        check_objects(r#"[null,"{\"id\":1}","x",[],7]"#, &["1"]);
        check_objects(r#"{"id":1,"list":[{"id":2}]}"#, &["1"]);
        check_objects(r#""[{\"id\":1}]""#, &["1"]);
        check_objects("null", &[]);
        check_objects("7", &[]);
    }

    #[test]
    fn objects_of_lists_are_found_under_any_name() {
        let data = parsed(br#"{"a":[{"id":1}],"b":{"id":2},"c":"[{\"id\":3}]","d":4}"#).unwrap();
        let found: Vec<_> = data.objects_of_lists();
        let found: Vec<_> = found.iter().filter_map(|it| it.text("id")).collect();
        assert_eq!(found, ["1", "3"]);
    }
}
