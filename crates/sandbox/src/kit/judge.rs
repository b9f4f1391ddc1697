//! The marketplace's judgement of an answer.

use secrecy::SecretString;
use serde_json::Value;

use super::Version;
use crate::client::{Failure, Judgement, json_object, present};
use crate::v1::body_sign;
use crate::v1::reply::Reply;

/// The most characters of `resultMsg`.
const MESSAGE_CHARACTERS_MAX: usize = 255;

/// Judges an answer: status, content type, JSON, `resultCode`, and, if there is one, `resultMsg`; in
/// V1.0 `Body-Sign`; last whether it says success.
pub fn judge(version: Version, key: &SecretString, reply: &Reply) -> Judgement {
    match read(reply) {
        Err(failure) => Judgement {
            result_code: None,
            failure: Some(failure),
        },
        Ok(code) => {
            let signed = match version {
                Version::V1 => body_sign::check(&reply.headers, key, &reply.body),
                Version::V2 => Ok(()),
            };
            let succeeded = match code.as_str() {
                "000000" => Ok(()),
                code => Err(Failure::ResultCode(code.to_owned())),
            };
            Judgement {
                result_code: Some(code),
                failure: signed.and(succeeded).err(),
            }
        },
    }
}

fn read(reply: &Reply) -> Result<String, Failure> {
    let content_type = reply.header("Content-Type").unwrap_or_default();
    let answer = json_object(reply.status, content_type, &reply.body)?;
    let code = answer.get("resultCode").and_then(Value::as_str);
    let code = code.ok_or(Failure::Missing("resultCode"))?;
    if code.chars().count() > 6 {
        return Err(Failure::TooLong("resultCode", 6));
    }
    if let Some(message) = present(&answer, "resultMsg") {
        let message = message.as_str().ok_or(Failure::Missing("resultMsg"))?;
        if message.chars().count() > MESSAGE_CHARACTERS_MAX {
            return Err(Failure::TooLong("resultMsg", MESSAGE_CHARACTERS_MAX));
        }
    }
    Ok(code.to_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::judge;
    use crate::client::Failure;
    use crate::kit::Version;
    use crate::v1::reply::Reply;

    const ANSWER: &str = r#"{"resultCode":"000000","resultMsg":"Success"}"#;

    fn reply(body: &str, sign: &[(&str, &str)]) -> Reply {
        let headers = [&[("content-type", "application/json")], sign].concat();
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Reply {
            status: 200,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn failure(version: Version, reply: &Reply) -> Option<Failure> {
        judge(version, &SecretString::from("v1Key-Example-0001"), reply).failure
    }

    #[test]
    fn answers_of_v2() {
        let of = |body: &str| failure(Version::V2, &reply(body, &[]));
        assert_eq!(of(ANSWER), None);
        assert_eq!(of(r#"{"resultCode":"000000"}"#), None);
        assert_eq!(of(r#"{"resultCode":"000000","resultMsg":null}"#), None);
        assert_eq!(of("{}"), Some(Failure::Missing("resultCode")));
        assert_eq!(
            of(r#"{"resultCode":"000001"}"#),
            Some(Failure::ResultCode("000001".to_owned()))
        );
        assert_eq!(
            of(r#"{"resultCode":"0000000"}"#),
            Some(Failure::TooLong("resultCode", 6))
        );
        let long = format!(r#"{{"resultCode":"000000","resultMsg":"{:256}"}}"#, "");
        assert_eq!(of(&long), Some(Failure::TooLong("resultMsg", 255)));
    }

    #[test]
    fn answers_of_v1_are_signed() {
        let sign =
            r#"sign_type="HMAC-SHA256", signature="eTbMtIzvSO53CqusEarSu4ZoVrR038T94vxiWKxujBU=""#;
        let of = |body, sign: &[_]| failure(Version::V1, &reply(body, sign));
        assert_eq!(of(ANSWER, &[("Body-Sign", sign)]), None);
        assert_eq!(of(ANSWER, &[]), Some(Failure::BodySignAbsent));
        assert_eq!(
            of(r#"{"resultCode":"000005"}"#, &[("Body-Sign", sign)]),
            Some(Failure::BodySignWrong)
        );
    }
}
