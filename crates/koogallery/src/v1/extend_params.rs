//! `saasExtendParams`: what the merchant asked the buyer for, beside the fields of every purchase.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One parameter, such as `emailDomainName`, or `identificationCode` for the buyer's machine.
///
/// Its debug form has no value: what a merchant asks buyers for may be personal.
#[derive(Clone, PartialEq, Eq)]
pub struct ExtendParam {
    /// Its name.
    pub name: String,
    /// Its value: a text, or another JSON value as it was written.
    pub value: String,
}

#[derive(Deserialize)]
struct Body<'a> {
    name: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Reads the Base64 of a JSON array of names and values; `None` if it is none. An absent value is a
/// blank one, and further members are ignored.
pub fn parse(text: &str) -> Option<Vec<ExtendParam>> {
    let json = STANDARD.decode(text).ok()?;
    let bodies: Vec<Body<'_>> = serde_json::from_slice(&json).ok()?;
    let value = |value: &RawValue| {
        serde_json::from_str(value.get()).unwrap_or_else(|_other| value.get().to_owned())
    };
    let params = bodies.into_iter().map(|body| ExtendParam {
        name: body.name,
        value: body.value.map(value).unwrap_or_default(),
    });
    Some(params.collect())
}

impl fmt::Debug for ExtendParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtendParam")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Vec<(String, String)>> {
        let params = parse(&STANDARD.encode(json))?.into_iter();
        Some(params.map(|param| (param.name, param.value)).collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn values_are_texts_or_json_as_written() {
        let json = r#"[{"name":"a","value":"{\"x\":1}"},{"name":"b","value":12.50,"more":0},{"name":"c"},{"name":"d","value":null}]"#;
        assert_eq!(
            read(json).unwrap(),
            [
                pair("a", "{\"x\":1}"),
                pair("b", "12.50"),
                pair("c", ""),
                pair("d", "")
            ]
        );
        assert_eq!(read("[]"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_array_of_names_is_none() {
        for json in ["", "{}", "[1]", r#"[{"value":"x"}]"#, r#"[{"name":1}]"#] {
            assert_eq!(read(json), None, "{json}");
        }
        assert!(parse("W10").is_none(), "padding is part of it");
        assert!(parse("\u{ff}").is_none());
    }

    #[test]
    fn no_debug_form_shows_a_value() {
        let param = ExtendParam {
            name: "n".to_owned(),
            value: "secret".to_owned(),
        };
        assert!(!format!("{param:?}").contains("secret"));
    }
}
