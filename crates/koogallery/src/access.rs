//! Where one buyer finds the application and with which account, as the merchant tells it: the
//! members of `appInfo`, under names of our own.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use crate::answer::AppInfo;
use crate::key::AccessKey;
use crate::v1::cipher::{EncryptType, Iv, Plain, encrypt};

/// The context in which it is sealed, with the key of its license. Persisted with what was sealed:
/// never change it.
pub const CONTEXT: &str = "license/access";

/// What a redacted member is replaced by.
const REDACTED: &str = "[redacted]";

/// The members, each with the most characters that the guide lets `appInfo` have.
const MEMBERS: [(&str, usize); 5] = [
    ("front_end_url", 512),
    ("admin_url", 512),
    ("user_name", 128),
    ("password", 128),
    ("memo", 1024),
];

/// Where a buyer finds the application and with which account.
#[derive(Clone)]
pub struct Access {
    front_end_url: SecretString,
    admin_url: Option<SecretString>,
    user_name: Option<SecretString>,
    password: Option<SecretString>,
    memo: Option<SecretString>,
}

/// Why a text tells no access. It never shows what the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// It is not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// It has a member that means nothing.
    #[error("a member other than front_end_url, admin_url, user_name, password and memo")]
    UnknownMember,
    /// A member is not a text.
    #[error("{member} is not a text")]
    NotAText {
        /// Its name.
        member: &'static str,
    },
    /// It says something, but not where.
    #[error("front_end_url is missing")]
    NoFrontEnd,
    /// The guide has a bound.
    #[error("{member} has more than {characters_max} characters")]
    TooLong {
        /// Its name.
        member: &'static str,
        /// The bound.
        characters_max: usize,
    },
    /// A buyer's browser cannot open it.
    #[error("{member} is not an address that begins with https:// or http://")]
    NotAnAddress {
        /// Its name.
        member: &'static str,
    },
}

/// What an answer tells of an access.
#[derive(Debug, Clone)]
pub struct Told {
    /// As far as it can be told.
    pub app_info: AppInfo,
    /// The members that the version of the interface has no room for.
    pub left_out: Vec<&'static str>,
}

impl Access {
    /// Reads what a merchant tells; `None` if it says nothing: no bytes, no members, or empty ones.
    pub fn parse(json: &[u8]) -> Result<Option<Self>, AccessError> {
        if json.trim_ascii().is_empty() {
            return Ok(None);
        }
        let told: Value =
            serde_json::from_slice(json).map_err(|_unreadable| AccessError::NotAnObject)?;
        let Value::Object(told) = told else {
            return Err(AccessError::NotAnObject);
        };
        let is_known = |name: &String| MEMBERS.iter().any(|(known, _)| known == name);
        if !told.keys().all(is_known) {
            return Err(AccessError::UnknownMember);
        }
        let mut texts = [const { None }; MEMBERS.len()];
        for (text, (member, characters_max)) in texts.iter_mut().zip(MEMBERS) {
            *text = read(told.get(member), member, characters_max)?;
        }
        let [front_end_url, admin_url, user_name, password, memo] = texts;
        let Some(front_end_url) = address(front_end_url, "front_end_url")? else {
            let says_nothing = [&admin_url, &user_name, &password, &memo];
            let says_nothing = says_nothing.into_iter().all(Option::is_none);
            return if says_nothing {
                Ok(None)
            } else {
                Err(AccessError::NoFrontEnd)
            };
        };
        Ok(Some(Self {
            front_end_url,
            admin_url: address(admin_url, "admin_url")?,
            user_name,
            password,
            memo,
        }))
    }

    /// The form that is sealed: the same bytes for the same access. [`Access::parse`] reads it.
    /// Persisted: never change it.
    #[expect(
        clippy::missing_panics_doc,
        reason = "it holds texts only, and memory does not fail"
    )]
    pub fn to_json(&self) -> SecretString {
        fn shown(text: Option<&SecretString>) -> Option<&str> {
            text.map(ExposeSecret::expose_secret)
        }
        let form = AccessForm {
            front_end_url: self.front_end_url.expose_secret(),
            admin_url: shown(self.admin_url.as_ref()),
            user_name: shown(self.user_name.as_ref()),
            password: shown(self.password.as_ref()),
            memo: shown(self.memo.as_ref()),
        };
        let json = serde_json::to_string(&form).expect("texts are always JSON");
        SecretString::from(json)
    }

    /// What answers of V2.0 tell: everything, in the clear.
    pub fn in_clear(&self) -> Told {
        Told {
            app_info: AppInfo {
                user_name: self.user_name.as_ref().map(exposed),
                password: self.password.as_ref().map(exposed),
                ..self.without_account()
            },
            left_out: Vec::new(),
        }
    }

    /// What answers of V1.0 tell: the account encrypted, and without what does not fit its field
    /// then. No vector may have served before.
    pub fn encrypted(&self, key: &AccessKey, with: EncryptType, ivs: &[Iv; 2]) -> Told {
        let [first, second] = ivs;
        let mut left_out = Vec::new();
        let mut sealed = |text: &Option<SecretString>, iv, member| {
            let text = text.as_ref()?;
            if let Ok(plain) = Plain::parse(text.clone()) {
                Some(encrypt(key, with, iv, &plain))
            } else {
                left_out.push(member);
                None
            }
        };
        let (user_name, password) = (
            sealed(&self.user_name, first, "user_name"),
            sealed(&self.password, second, "password"),
        );
        Told {
            app_info: AppInfo {
                user_name,
                password,
                ..self.without_account()
            },
            left_out,
        }
    }

    fn without_account(&self) -> AppInfo {
        AppInfo {
            front_end_url: exposed(&self.front_end_url),
            admin_url: self.admin_url.as_ref().map(exposed),
            user_name: None,
            password: None,
            memo: self.memo.as_ref().map(exposed),
        }
    }
}

impl AppInfo {
    /// The same members without what they say: what is kept of an answer that told an [`Access`].
    #[must_use]
    pub fn redacted(&self) -> Self {
        let redacted = |text: &Option<String>| text.as_ref().map(|_| REDACTED.to_owned());
        Self {
            front_end_url: REDACTED.to_owned(),
            admin_url: redacted(&self.admin_url),
            user_name: redacted(&self.user_name),
            password: redacted(&self.password),
            memo: redacted(&self.memo),
        }
    }
}

#[derive(Serialize)]
struct AccessForm<'a> {
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

fn exposed(text: &SecretString) -> String {
    text.expose_secret().to_owned()
}

fn read(
    value: Option<&Value>,
    member: &'static str,
    characters_max: usize,
) -> Result<Option<SecretString>, AccessError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.chars().count() > characters_max => {
            Err(AccessError::TooLong {
                member,
                characters_max,
            })
        },
        Some(Value::String(text)) => Ok(Some(SecretString::from(text.as_str()))),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(AccessError::NotAText { member })
        },
    }
}

/// A text that a browser opens.
fn address(
    text: Option<SecretString>,
    member: &'static str,
) -> Result<Option<SecretString>, AccessError> {
    let is_address = |text: &SecretString| {
        let text = text.expose_secret();
        let scheme = |scheme: &str| {
            text.split_at_checked(scheme.len())
                .filter(|(start, _)| start.eq_ignore_ascii_case(scheme))
                .map(|(_, rest)| rest)
        };
        let rest = scheme("https://").or_else(|| scheme("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        host.is_some_and(|host| !host.is_empty())
            && !text.chars().any(|it| it.is_whitespace() || it.is_control())
    };
    match text {
        Some(text) if !is_address(&text) => Err(AccessError::NotAnAddress { member }),
        text => Ok(text),
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{"front_end_url":"https://app.example.com/t/7","admin_url":"https://app.example.com/admin","user_name":"admin-7","password":"first-password-7","memo":"你好"}"#;

    fn access(json: &str) -> Access {
        Access::parse(json.as_bytes()).unwrap().unwrap()
    }

    #[track_caller]
    fn check_refused(json: &str, error: AccessError) {
        assert_eq!(Access::parse(json.as_bytes()).unwrap_err(), error, "{json}");
    }

    #[test]
    fn what_is_told_is_read_and_sealed_in_one_form() {
        let mixed = r#" { "memo":"你好","password":"first-password-7","user_name":"admin-7",
            "admin_url":"https://app.example.com/admin","front_end_url":"https://app.example.com/t/7" } "#;
        assert_eq!(access(mixed).to_json().expose_secret(), ALL);
        assert_eq!(access(ALL).to_json().expose_secret(), ALL);
        let least = r#"{"front_end_url":"http://a","memo":null,"password":""}"#;
        assert_eq!(
            access(least).to_json().expose_secret(),
            r#"{"front_end_url":"http://a"}"#
        );
    }

    #[test]
    fn saying_nothing_is_no_access() {
        for nothing in ["", " \n", "{}", r#"{"user_name":"","memo":null}"#] {
            assert!(Access::parse(nothing.as_bytes()).unwrap().is_none());
        }
    }

    #[test]
    fn the_guide_bounds_every_member() {
        for (member, characters_max) in MEMBERS {
            let is_address = member.ends_with("_url");
            let start = if is_address { "https://a/" } else { "" };
            let told = |length: usize| {
                let text = format!("{start}{}", "é".repeat(length - start.len()));
                let mut told = serde_json::json!({ "front_end_url": "https://a" });
                told.as_object_mut()
                    .unwrap()
                    .insert(member.to_owned(), text.into());
                Access::parse(told.to_string().as_bytes())
            };
            assert!(told(characters_max).is_ok(), "{member}");
            assert_eq!(
                told(characters_max + 1).unwrap_err(),
                AccessError::TooLong {
                    member,
                    characters_max
                }
            );
        }
    }

    #[test]
    fn what_cannot_be_told_to_a_buyer_is_refused() {
        check_refused("ready", AccessError::NotAnObject);
        check_refused("[]", AccessError::NotAnObject);
        check_refused(
            r#"{"front_end_url":"https://a","frontEndUrl":"https://a"}"#,
            AccessError::UnknownMember,
        );
        check_refused(r#"{"memo":"sign in"}"#, AccessError::NoFrontEnd);
        let member = "password";
        check_refused(
            r#"{"front_end_url":"https://a","password":7}"#,
            AccessError::NotAText { member },
        );
        let member = "front_end_url";
        for wrong in [
            "a",
            "ftp://a",
            "https://",
            "https:///a",
            "https://?a",
            "javascript:alert(1)",
            "https://a b",
            "é",
        ] {
            let json = serde_json::json!({ "front_end_url": wrong }).to_string();
            check_refused(&json, AccessError::NotAnAddress { member });
        }
    }

    #[test]
    fn an_account_that_v1_has_no_room_for_is_left_out() {
        let key = AccessKey::new("11111111-2222-3333-4444-555555555555".to_owned());
        let iv = || Iv::parse("A1b2C3d4E5f6G7h8").unwrap();
        let told = |password: String| {
            let mut json: Value = serde_json::from_str(ALL).unwrap();
            let members = json.as_object_mut().unwrap();
            members.insert("user_name".to_owned(), "isv-admin@example.com".into());
            members.insert("password".to_owned(), password.into());
            access(&json.to_string()).encrypted(&key, EncryptType::Aes256, &[iv(), iv()])
        };
        let fits = told("x".repeat(79));
        assert!(fits.left_out.is_empty());
        assert!(fits.app_info.password.unwrap().len() <= 128);
        let too_long = told("x".repeat(80));
        assert_eq!(too_long.left_out, ["password"]);
        assert_eq!(too_long.app_info.password, None);
        assert_eq!(
            too_long.app_info.user_name.unwrap(),
            "A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90="
        );
    }

    #[test]
    fn nothing_shows_it_but_an_answer() {
        let told = access(ALL).in_clear();
        assert_eq!(told.app_info.password.as_deref(), Some("first-password-7"));
        for shown in [
            format!("{:?}", access(ALL)),
            format!("{:?}", told.app_info),
            format!("{:?}", told.app_info.redacted().password),
        ] {
            assert!(!shown.contains("password-7"), "{shown}");
        }
        assert_eq!(told.app_info.redacted().memo.as_deref(), Some(REDACTED));
    }
}
