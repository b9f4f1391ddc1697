//! What is known about a member, as one text to be sealed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::user::User;

/// Everything about a member that is about the person. Its form is JSON, always the same bytes for
/// the same member: what is told again is known by its digest.
///
/// Persisted: fields are never renamed, and new ones are optional. No debug form shows any.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// `userName`: the account, unique in its enterprise.
    pub user_name: String,
    /// The name that is shown.
    pub name: String,
    /// The job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The staff number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_code: Option<String>,
    /// 1 regular, 2 intern, 3 dispatched labour, 4 outsourced labour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_type: Option<u32>,
    /// The mobile number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The place of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_place: Option<String>,
    /// The day of joining, such as `2022-11-9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_date: Option<String>,
    /// `extension` as it was written: JSON of any kind, in which enterprises put fields of their
    /// own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

impl Profile {
    /// What a call tells about a member.
    pub fn of(user: &User) -> Self {
        let text = |it: &Option<super::Personal>| it.as_ref().map(|it| it.as_str().to_owned());
        Self {
            user_name: user.user_name.as_str().to_owned(),
            name: user.name.as_str().to_owned(),
            position: text(&user.position),
            employee_code: text(&user.employee_code),
            employee_type: user.employee_type,
            mobile: text(&user.mobile),
            email: text(&user.email),
            work_place: text(&user.work_place),
            entry_date: text(&user.entry_date),
            extension: text(&user.extension),
        }
    }

    /// The text that is sealed.
    pub fn to_json(&self) -> Vec<u8> {
        // Texts and a number: writing them fails for nothing but memory.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the text back; `None` if it is none.
    pub fn from_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_stays_as_it_is() {
        let text = r#"{"user_name":"zhangsan01","name":"张三","position":"engineer","employee_code":"7","employee_type":1,"mobile":"13800000000","email":"zhang.san@example.com","work_place":"Shenzhen","entry_date":"2022-11-9","extension":"{\"a\":1}"}"#;
        let profile = Profile::from_json(text.as_bytes()).unwrap();
        assert_eq!(profile.extension.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(String::from_utf8(profile.to_json()).unwrap(), text);
        let least = r#"{"user_name":"lisi02","name":"李四"}"#;
        let profile = Profile::from_json(least.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(profile.to_json()).unwrap(), least);
        assert!(!format!("{profile:?}").contains("lisi"));
    }
}
