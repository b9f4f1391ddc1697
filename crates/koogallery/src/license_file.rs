//! License files as the merchant makes them, and what is kept of the devices that they are for.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::json::Object;
use crate::open_api::bounded::Text;
use crate::open_api::upload::{FileContent, FileName, Upload};

/// The context in which the fingerprint of a device is sealed, with the key of its license.
/// Persisted with what was sealed: never change it.
pub const FINGERPRINT_CONTEXT: &str = "license/fingerprint";

/// The context in which a license file is sealed, or the text that stands for one. Persisted with
/// what was sealed: never change it.
pub const CONTENT_CONTEXT: &str = "license/file";

/// The most bytes of a license file that is made here. The guide names no bound; this one is ours.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// The field of `getLicenseAsync` that tells of a device.
pub(crate) const FINGERPRINT: &str = "deviceFingerprint";

/// What a redacted value is replaced by.
const REDACTED: &str = "[redacted]";

/// The members of [`Made`] as JSON.
const MEMBERS: [&str; 4] = ["characters", "file_name", "file", "device"];

/// A license file that the merchant made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The file, or the text that stands for one.
    pub upload: Upload,
    /// Which device it is for, by the digest that the request was shown with: only needed where two
    /// devices share a request's name.
    pub device: Option<String>,
}

/// Why a text is no license file. It never shows what the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MadeError {
    /// It is not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// It has a member that means nothing.
    #[error("a member other than characters, file_name, file and device")]
    UnknownMember,
    /// A member is not a text.
    #[error("{member} is not a text")]
    NotAText {
        /// Its name.
        member: &'static str,
    },
    /// It is neither a text nor a file, or both.
    #[error("either characters, or file_name and file")]
    NotOne,
    /// The guide bounds a text.
    #[error("characters has not 1 to 1024 characters")]
    Characters,
    /// A file has no such name.
    #[error("file_name has not 1 to 1024 characters, or a control character or a slash")]
    FileName,
    /// A file is told in Base64.
    #[error("file is not Base64")]
    NotBase64,
    /// The file is empty or too large.
    #[error("file has not 1 to {FILE_BYTES_MAX} bytes")]
    FileSize,
}

impl Made {
    /// Reads `{"characters":"…"}`, or `{"file_name":"…","file":"…"}` with the file in Base64; maybe
    /// with `"device":"…"`.
    pub fn parse(json: &[u8]) -> Result<Self, MadeError> {
        let told = serde_json::from_slice(json).map_err(|_unreadable| MadeError::NotAnObject)?;
        let Value::Object(told) = told else {
            return Err(MadeError::NotAnObject);
        };
        if !told.keys().all(|name| MEMBERS.contains(&name.as_str())) {
            return Err(MadeError::UnknownMember);
        }
        let upload = match (
            text(&told, "characters")?,
            text(&told, "file_name")?,
            text(&told, "file")?,
        ) {
            (Some(characters), None, None) => {
                let characters = Text::parse(characters);
                Upload::Characters(characters.map_err(|_bound| MadeError::Characters)?)
            },
            (None, Some(name), Some(file)) => {
                let bytes = STANDARD.decode(file);
                let bytes = bytes.map_err(|_no_base64| MadeError::NotBase64)?;
                if bytes.len() > FILE_BYTES_MAX {
                    return Err(MadeError::FileSize);
                }
                Upload::File {
                    name: FileName::parse(name).map_err(|_name| MadeError::FileName)?,
                    content: FileContent::new(bytes).map_err(|_empty| MadeError::FileSize)?,
                }
            },
            _ => return Err(MadeError::NotOne),
        };
        let device = text(&told, "device")?.map(str::to_owned);
        Ok(Self { upload, device })
    }
}

fn text<'a>(
    told: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, MadeError> {
    match told.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(MadeError::NotAText { member })
        },
    }
}

/// The body of a call as it is kept without being sealed: what it says of a device is left out. Of
/// one that cannot be read and seems to name a device, nothing is kept.
pub fn without_fingerprint(body: &[u8]) -> Cow<'_, [u8]> {
    let Ok(object) = Object::parse(body) else {
        let names_one = body
            .windows(FINGERPRINT.len())
            .any(|window| window == FINGERPRINT.as_bytes());
        return if names_one {
            Cow::Borrowed(REDACTED.as_bytes())
        } else {
            Cow::Borrowed(body)
        };
    };
    if object.value(FINGERPRINT).is_none() {
        return Cow::Borrowed(body);
    }
    let members = object.into_members().map(|(name, value)| {
        let is_fingerprint = name == FINGERPRINT;
        let name = Value::String(name);
        if is_fingerprint {
            format!(r#"{name}:"{REDACTED}""#)
        } else {
            format!("{name}:{value}")
        }
    });
    let members: Vec<_> = members.collect();
    Cow::Owned(format!("{{{}}}", members.join(",")).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(json: &str, error: MadeError) {
        assert_eq!(Made::parse(json.as_bytes()), Err(error), "{json}");
    }

    #[test]
    fn a_text_or_a_file_is_read() {
        let made = Made::parse(r#"{"characters":"AAAA-BBBB","file":null}"#.as_bytes()).unwrap();
        let text = Text::parse("AAAA-BBBB").unwrap();
        assert_eq!(made.upload, Upload::Characters(text));
        assert_eq!(made.device, None);
        let json = r#"{"device":"0a","file_name":"许可.lic","file":"AAEC"}"#;
        let made = Made::parse(json.as_bytes()).unwrap();
        assert_eq!(
            made.upload,
            Upload::File {
                name: FileName::parse("许可.lic").unwrap(),
                content: FileContent::new(vec![0, 1, 2]).unwrap(),
            }
        );
        assert_eq!(made.device.as_deref(), Some("0a"));
    }

    #[test]
    fn what_is_no_license_file_is_refused() {
        check_refused("", MadeError::NotAnObject);
        check_refused("[]", MadeError::NotAnObject);
        check_refused("{}", MadeError::NotOne);
        check_refused(r#"{"file":"AAEC"}"#, MadeError::NotOne);
        check_refused(r#"{"file_name":"a.lic"}"#, MadeError::NotOne);
        check_refused(
            r#"{"characters":"a","file_name":"a","file":"AAEC"}"#,
            MadeError::NotOne,
        );
        check_refused(
            r#"{"characters":"a","license":"a"}"#,
            MadeError::UnknownMember,
        );
        let member = "characters";
        check_refused(r#"{"characters":7}"#, MadeError::NotAText { member });
        check_refused(r#"{"characters":""}"#, MadeError::Characters);
        let long = format!(r#"{{"characters":"{}"}}"#, "许".repeat(1_025));
        check_refused(&long, MadeError::Characters);
        check_refused(r#"{"file_name":"../a","file":"AAEC"}"#, MadeError::FileName);
        check_refused(
            r#"{"file_name":"a","file":"no base64"}"#,
            MadeError::NotBase64,
        );
        check_refused(r#"{"file_name":"a","file":""}"#, MadeError::FileSize);
        let large = STANDARD.encode(vec![7; FILE_BYTES_MAX + 1]);
        let large = format!(r#"{{"file_name":"a","file":"{large}"}}"#);
        check_refused(&large, MadeError::FileSize);
    }

    #[test]
    fn no_debug_form_shows_a_license() {
        let made = Made::parse(br#"{"characters":"AAAA-BBBB"}"#);
        assert!(!format!("{made:?}").contains("AAAA"));
    }

    #[track_caller]
    fn check_kept(body: &str, kept: &str) {
        let found = without_fingerprint(body.as_bytes());
        assert_eq!(String::from_utf8_lossy(&found), kept);
    }

    #[test]
    fn nothing_but_the_fingerprint_is_left_out() {
        let without = r#" {"activity":"getLicenseAsync", "n":1.50} "#;
        check_kept(without, without);
        check_kept(
            r#"{"activity": "getLicenseAsync","deviceFingerprint":"00-1B-63|\"x\"","n":1.50}"#,
            r#"{"activity":"getLicenseAsync","deviceFingerprint":"[redacted]","n":1.50}"#,
        );
        check_kept(
            r#"{"device\u0046ingerprint":["00-1B-63"]}"#,
            r#"{"deviceFingerprint":"[redacted]"}"#,
        );
    }

    #[test]
    fn of_an_unreadable_body_that_names_a_device_nothing_is_kept() {
        check_kept("{", "{");
        check_kept("", "");
        check_kept(r#"{"deviceFingerprint":"00-1B-63""#, REDACTED);
        check_kept(
            r#"{"deviceFingerprint":"a","deviceFingerprint":"b"}"#,
            REDACTED,
        );
    }
}
