//! What goes back to the marketplace.

use std::fmt;
use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use serde_json::value::RawValue;
use tenure_domain::LicenseId;
use tenure_domain::usage::Total;

use crate::result_code::ResultCode;
use crate::v1::EncryptType;
use crate::wire;

/// The most characters of `resultMsg`.
pub const MESSAGE_CHARACTERS_MAX: usize = 255;

/// An answer to a call. It is sent with HTTP status 200 and `application/json`, whatever its code
/// is: the marketplace reads no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it worked.
    pub code: ResultCode,
    /// A text for people, cut after 255 characters.
    pub message: String,
    /// How the account in `app_info` or `info` is encrypted. V1.0 only.
    pub encrypt_type: Option<EncryptType>,
    /// The license text, in the answer to `getLicense` of License 1.0.
    pub license: Option<Box<str>>,
    /// The instance, in the answer to `newInstance`.
    pub instance_id: Option<LicenseId>,
    /// Where the buyer finds the application. The V2.0 guide asks for it in a query only; the
    /// marketplace's debugging page also looks for it after `newInstance`.
    pub app_info: Option<AppInfo>,
    /// The instances, in the answer to `queryInstance`.
    pub info: Vec<InstanceInfo>,
}

/// Where the buyer finds the application. Its debug form has no account.
#[derive(Clone, PartialEq, Eq)]
pub struct AppInfo {
    /// The address that the buyer opens, at most 512 characters.
    pub front_end_url: String,
    /// The address of the administration, at most 512 characters.
    pub admin_url: Option<String>,
    /// The name of the account with which a buyer begins, at most 128 characters: encrypted in V1.0,
    /// in the clear in V2.0.
    pub user_name: Option<String>,
    /// The password of that account, likewise.
    pub password: Option<String>,
    /// A remark, at most 1024 characters.
    pub memo: Option<String>,
}

impl fmt::Debug for AppInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppInfo")
            .field("front_end_url", &self.front_end_url)
            .field("admin_url", &self.admin_url)
            .finish_non_exhaustive()
    }
}

/// One instance in the answer to `queryInstance`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceInfo {
    /// The instance.
    pub instance_id: LicenseId,
    /// Where the buyer finds it; absent while it is being provisioned.
    pub app_info: Option<AppInfo>,
    /// What was used of it, if it is paid by use.
    pub usage: Vec<UsageInfo>,
}

/// What was used of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageInfo {
    /// Of a package, the instance whose use was taken from it.
    pub related_instance: Option<LicenseId>,
    /// How much, and until when it is counted.
    pub total: Total,
}

impl Answer {
    /// It worked, now or before.
    pub fn success() -> Self {
        Self::of(ResultCode::Success)
    }

    /// An answer that says no more than its code.
    pub fn of(code: ResultCode) -> Self {
        Self {
            code,
            message: code.meaning().to_owned(),
            encrypt_type: None,
            license: None,
            instance_id: None,
            app_info: None,
            info: Vec::new(),
        }
    }

    /// The body: always the same bytes for the same answer, and ASCII only. The guide wants other
    /// characters of `memo` as `\uXXXX`; written so, every string survives any reader.
    #[expect(
        clippy::missing_panics_doc,
        reason = "an answer holds texts only, and memory does not fail"
    )]
    pub fn to_json(&self) -> Vec<u8> {
        let body = AnswerBody {
            result_code: self.code.code(),
            result_msg: bounded(&self.message),
            encrypt_type: self.encrypt_type.map(EncryptType::wire),
            license: self.license.as_deref(),
            instance_id: self.instance_id.as_ref().map(LicenseId::as_str),
            app_info: self.app_info.as_ref().map(AppInfoBody::of),
            info: self.info.iter().map(InstanceInfoBody::of).collect(),
        };
        let mut bytes = Vec::new();
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut bytes, AsciiFormatter(CompactFormatter));
        body.serialize(&mut serializer)
            .expect("texts are always JSON");
        bytes
    }
}

fn bounded(message: &str) -> &str {
    message
        .char_indices()
        .nth(MESSAGE_CHARACTERS_MAX)
        .and_then(|(end, _)| message.get(..end))
        .unwrap_or(message)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBody<'a> {
    result_code: &'a str,
    result_msg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypt_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_info: Option<AppInfoBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    info: Vec<InstanceInfoBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceInfoBody<'a> {
    instance_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_info: Option<AppInfoBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usage_info: Vec<UsageInfoBody<'a>>,
}

impl<'a> InstanceInfoBody<'a> {
    fn of(info: &'a InstanceInfo) -> Self {
        Self {
            instance_id: info.instance_id.as_str(),
            app_info: info.app_info.as_ref().map(AppInfoBody::of),
            usage_info: info.usage.iter().map(UsageInfoBody::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageInfoBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    related_instance_id: Option<&'a str>,
    usage_value: Box<RawValue>,
    statistical_time: String,
}

impl<'a> UsageInfoBody<'a> {
    fn of(info: &'a UsageInfo) -> Self {
        Self {
            related_instance_id: info.related_instance.as_ref().map(LicenseId::as_str),
            // A number, and exactly: no float comes near it.
            usage_value: RawValue::from_string(info.total.to_string()).unwrap_or_default(),
            statistical_time: wire::long_time(info.total.ended_at),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppInfoBody<'a> {
    front_end_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<&'a str>,
}

impl<'a> AppInfoBody<'a> {
    fn of(info: &'a AppInfo) -> Self {
        Self {
            front_end_url: &info.front_end_url,
            admin_url: info.admin_url.as_deref(),
            user_name: info.user_name.as_deref(),
            password: info.password.as_deref(),
            memo: info.memo.as_deref(),
        }
    }
}

/// Writes what is not ASCII as escapes of UTF-16 code units.
struct AsciiFormatter(CompactFormatter);

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() {
                let mut text = [0; 4];
                let text = character.encode_utf8(&mut text);
                self.0.write_string_fragment(writer, text)?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &Answer, expected: &str) {
        assert_eq!(String::from_utf8(answer.to_json()).unwrap(), expected);
    }

    fn app_info() -> AppInfo {
        AppInfo {
            front_end_url: "https://app.example.com".to_owned(),
            admin_url: None,
            user_name: None,
            password: None,
            memo: None,
        }
    }

    fn instance(id: &str) -> LicenseId {
        LicenseId::parse(id).unwrap()
    }

    #[test]
    fn code_and_message_are_always_there() {
        check(
            &Answer::success(),
            r#"{"resultCode":"000000","resultMsg":"success."}"#,
        );
        check(
            &Answer::of(ResultCode::NotFound),
            r#"{"resultCode":"000003","resultMsg":"the instance or code does not exist"}"#,
        );
    }

    #[test]
    fn a_created_instance_names_itself() {
        let answer = Answer {
            instance_id: Some(instance("i-1")),
            app_info: Some(app_info()),
            ..Answer::success()
        };
        check(
            &answer,
            r#"{"resultCode":"000000","resultMsg":"success.","instanceId":"i-1","appInfo":{"frontEndUrl":"https://app.example.com"}}"#,
        );
    }

    #[test]
    fn a_query_answers_in_ascii_with_what_is_known() {
        let total = Total {
            ten_thousandths: 125_000,
            ended_at: tenure_domain::Instant::from_micros(1_667_271_073_409_000),
        };
        let ready = InstanceInfo {
            usage: vec![
                UsageInfo {
                    related_instance: None,
                    total,
                },
                UsageInfo {
                    related_instance: Some(LicenseId::parse("i-9").unwrap()),
                    total: Total {
                        ten_thousandths: u64::MAX,
                        ..total
                    },
                },
            ],
            instance_id: instance("i-1"),
            app_info: Some(AppInfo {
                admin_url: Some("https://admin.example.com".to_owned()),
                memo: Some("中文 \"😀\"".to_owned()),
                ..app_info()
            }),
        };
        let pending = InstanceInfo {
            usage: Vec::new(),
            instance_id: instance("i-2"),
            app_info: None,
        };
        let answer = Answer {
            info: vec![ready, pending],
            ..Answer::success()
        };
        check(
            &answer,
            concat!(
                r#"{"resultCode":"000000","resultMsg":"success.","info":[{"instanceId":"i-1","#,
                r#""appInfo":{"frontEndUrl":"https://app.example.com","#,
                r#""adminUrl":"https://admin.example.com","#,
                r#""memo":"\u4e2d\u6587 \"\ud83d\ude00\""},"#,
                r#""usageInfo":[{"usageValue":12.5,"statisticalTime":"20221101025113409"},"#,
                r#"{"relatedInstanceId":"i-9","usageValue":1844674407370955.1615,"#,
                r#""statisticalTime":"20221101025113409"}]},{"instanceId":"i-2"}]}"#,
            ),
        );
    }

    #[test]
    fn older_answers_have_an_account_or_a_license() {
        let with_account = Answer {
            encrypt_type: Some(EncryptType::Aes256),
            instance_id: Some(instance("03pf80c2bae96vc49b80b917bea776d7")),
            app_info: Some(AppInfo {
                front_end_url: "https://www.example.com".to_owned(),
                admin_url: Some("https://admin.example.com".to_owned()),
                user_name: Some("A1b2C3d4E5f6G7h8qiIFCqgG".to_owned()),
                password: Some("Z9y8X7w6V5u4T3s2hsdfvnDI".to_owned()),
                memo: None,
            }),
            ..Answer::success()
        };
        check(
            &with_account,
            concat!(
                r#"{"resultCode":"000000","resultMsg":"success.","encryptType":"1","#,
                r#""instanceId":"03pf80c2bae96vc49b80b917bea776d7","#,
                r#""appInfo":{"frontEndUrl":"https://www.example.com","#,
                r#""adminUrl":"https://admin.example.com","#,
                r#""userName":"A1b2C3d4E5f6G7h8qiIFCqgG","#,
                r#""password":"Z9y8X7w6V5u4T3s2hsdfvnDI"}}"#,
            ),
        );
        let with_license = Answer {
            license: Some("ABCD-EFGH".into()),
            instance_id: Some(instance("i-1")),
            ..Answer::success()
        };
        check(
            &with_license,
            r#"{"resultCode":"000000","resultMsg":"success.","license":"ABCD-EFGH","instanceId":"i-1"}"#,
        );
    }

    #[test]
    fn a_message_is_cut_between_characters() {
        let answer = Answer {
            message: "码".repeat(300),
            ..Answer::success()
        };
        let written: serde_json::Value = serde_json::from_slice(&answer.to_json()).unwrap();
        assert_eq!(
            written.get("resultMsg").and_then(|text| text.as_str()),
            Some("码".repeat(255).as_str())
        );
    }
}
