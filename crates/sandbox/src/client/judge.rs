//! The marketplace's judgement of an answer.

use serde_json::Value;

use super::{ANSWER_BYTES_MAX, Failure};

/// What an answer says and whether it counts as success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The `resultCode`, when the answer was readable that far.
    pub result_code: Option<String>,
    /// Why the answer does not count as success; none when it does.
    pub failure: Option<Failure>,
}

/// Judges an answer to a call of an activity, in the order in which the debugging page looks:
/// status, content type, JSON, `resultCode` and `resultMsg`, success, mandatory members.
pub fn judge(activity: &str, status: u16, content_type: &str, body: &[u8]) -> Judgement {
    match read(status, content_type, body) {
        Err(failure) => Judgement {
            result_code: None,
            failure: Some(failure),
        },
        Ok((code, answer)) => {
            let failure = succeeded(activity, &code, &answer).err();
            Judgement {
                result_code: Some(code),
                failure,
            }
        },
    }
}

fn read(status: u16, content_type: &str, body: &[u8]) -> Result<(String, Value), Failure> {
    let answer = json_object(status, content_type, body)?;
    let code = text(&answer, "resultCode", 6)?.to_owned();
    text(&answer, "resultMsg", 255)?;
    Ok((code, answer))
}

/// The answer as JSON, after what comes first: status, content type, syntax.
pub(crate) fn json_object(status: u16, content_type: &str, body: &[u8]) -> Result<Value, Failure> {
    if status != 200 {
        return Err(Failure::Status(status));
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Failure::ContentType(content_type.to_owned()));
    }
    if body.len() > ANSWER_BYTES_MAX {
        return Err(Failure::Unreadable);
    }
    let answer: Value = serde_json::from_slice(body).map_err(|_syntax| Failure::Unreadable)?;
    Some(answer)
        .filter(Value::is_object)
        .ok_or(Failure::Unreadable)
}

/// `000004` is an answer to a purchase and to an application for a license: accepted, and done
/// later.
fn succeeded(activity: &str, code: &str, answer: &Value) -> Result<(), Failure> {
    let may_be_later = matches!(activity, "newInstance" | "getLicenseAsync");
    if code != "000000" && !(code == "000004" && may_be_later) {
        return Err(Failure::ResultCode(code.to_owned()));
    }
    match activity {
        "newInstance" => text(answer, "instanceId", 64).map(|_present| ()),
        "queryInstance" => instances(answer),
        _ => Ok(()),
    }
}

fn instances(answer: &Value) -> Result<(), Failure> {
    let info = answer
        .get("info")
        .and_then(Value::as_array)
        .ok_or(Failure::Missing("info"))?;
    if info.is_empty() {
        return Err(Failure::Missing("info[].instanceId"));
    }
    for instance in info {
        text(instance, "instanceId", 64)?;
        if let Some(app) = present(instance, "appInfo") {
            text(app, "frontEndUrl", 512)?;
        }
        let usages = present(instance, "usageInfo").and_then(Value::as_array);
        for usage in usages.into_iter().flatten() {
            present(usage, "usageValue").ok_or(Failure::Missing("usageValue"))?;
            text(usage, "statisticalTime", 20)?;
        }
    }
    Ok(())
}

/// A member that is not null.
pub(crate) fn present<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

fn text<'a>(
    object: &'a Value,
    name: &'static str,
    characters_max: usize,
) -> Result<&'a str, Failure> {
    let text = object
        .get(name)
        .and_then(Value::as_str)
        .ok_or(Failure::Missing(name))?;
    if text.chars().count() > characters_max {
        return Err(Failure::TooLong(name, characters_max));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Failure, judge};

    const JSON: &str = "application/json;charset=utf8";

    #[track_caller]
    fn check(activity: &str, body: &str, expected: Option<Failure>) {
        assert_eq!(
            judge(activity, 200, JSON, body.as_bytes()).failure,
            expected
        );
    }

    #[test]
    fn the_first_fault_counts() {
        let failure = |status, content_type, body: &str| {
            judge("releaseInstance", status, content_type, body.as_bytes()).failure
        };
        assert_eq!(failure(500, "text/html", "{"), Some(Failure::Status(500)));
        assert_eq!(
            failure(200, "text/html", "{"),
            Some(Failure::ContentType("text/html".to_owned()))
        );
        assert_eq!(failure(200, JSON, "{"), Some(Failure::Unreadable));
        assert_eq!(failure(200, JSON, "[]"), Some(Failure::Unreadable));
        assert_eq!(
            failure(200, JSON, "{}"),
            Some(Failure::Missing("resultCode"))
        );
        assert_eq!(
            failure(200, JSON, r#"{"resultCode":"000000"}"#),
            Some(Failure::Missing("resultMsg"))
        );
        assert_eq!(
            failure(200, JSON, r#"{"resultCode":"000001","resultMsg":"no"}"#),
            Some(Failure::ResultCode("000001".to_owned()))
        );
        assert_eq!(
            failure(200, JSON, r#"{"resultCode":"000000","resultMsg":"ok"}"#),
            None
        );
    }

    #[test]
    fn a_purchase_may_be_accepted_for_later_and_names_its_instance() {
        let accepted = r#"{"resultCode":"000004","resultMsg":"ok","instanceId":"i"}"#;
        check("newInstance", accepted, None);
        check(
            "releaseInstance",
            accepted,
            Some(Failure::ResultCode("000004".to_owned())),
        );
        check("getLicenseAsync", accepted, None);
        let nameless = r#"{"resultCode":"000000","resultMsg":"ok"}"#;
        check(
            "newInstance",
            nameless,
            Some(Failure::Missing("instanceId")),
        );
    }

    #[test]
    fn a_query_names_every_instance() {
        let answer =
            |info: &str| format!(r#"{{"resultCode":"000000","resultMsg":"ok","info":{info}}}"#);
        let query = |info: &str, expected| check("queryInstance", &answer(info), expected);
        query(r#"[{"instanceId":"i"}]"#, None);
        query(
            r#"[{"instanceId":"i","appInfo":{"frontEndUrl":"https://example.com"}}]"#,
            None,
        );
        query("[]", Some(Failure::Missing("info[].instanceId")));
        query(
            r#"[{"instanceId":"i","appInfo":{}}]"#,
            Some(Failure::Missing("frontEndUrl")),
        );
        query(
            r#"[{"instanceId":"i","usageInfo":[{"usageValue":1}]}]"#,
            Some(Failure::Missing("statisticalTime")),
        );
        let long = format!(
            r#"[{{"instanceId":"i","appInfo":{{"frontEndUrl":"{}"}}}}]"#,
            "x".repeat(513)
        );
        query(&long, Some(Failure::TooLong("frontEndUrl", 512)));
    }
}
