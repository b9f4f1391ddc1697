//! What goes back to the marketplace.

use super::secret::SecretError;
use crate::result_code::ResultCode;

/// An answer of the kit: a code and a text, and nothing else. It is sent with HTTP status 200 and
/// `application/json`; in version 1.0 it is [signed](crate::v1::body_sign).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it worked.
    pub code: ResultCode,
    /// A text for people, cut after 255 characters.
    pub message: String,
}

impl Answer {
    /// It worked, now or before.
    pub fn success() -> Self {
        Self {
            code: ResultCode::Success,
            message: "Success".to_owned(),
        }
    }

    /// An answer that says no more than its code.
    pub fn of(code: ResultCode) -> Self {
        Self {
            code,
            message: code.meaning().to_owned(),
        }
    }

    /// The client secret could not be decrypted. The code means something else where it comes
    /// from, so the text says what happened; it does not say why, to nobody's use who guesses.
    pub fn secret_refused(error: SecretError) -> Self {
        Self {
            code: error.result_code(),
            message: "clientSecret could not be decrypted".to_owned(),
        }
    }

    /// The body: always the same bytes for the same answer.
    pub fn to_json(&self) -> Vec<u8> {
        let answer = crate::Answer {
            message: self.message.clone(),
            ..crate::Answer::of(self.code)
        };
        answer.to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &Answer, expected: &str) {
        assert_eq!(String::from_utf8(answer.to_json()).unwrap(), expected);
    }

    #[test]
    fn an_answer_is_a_code_and_a_text() {
        check(
            &Answer::success(),
            r#"{"resultCode":"000000","resultMsg":"Success"}"#,
        );
        check(
            &Answer::of(ResultCode::InvalidParameter),
            r#"{"resultCode":"000002","resultMsg":"a request parameter is invalid"}"#,
        );
    }

    #[test]
    fn a_secret_that_stays_closed_is_answered_alike_whatever_the_reason() {
        for error in [
            SecretError::NotBase64,
            SecretError::WrongLength,
            SecretError::Undecryptable,
            SecretError::NotText,
        ] {
            check(
                &Answer::secret_refused(error),
                r#"{"resultCode":"000101","resultMsg":"clientSecret could not be decrypted"}"#,
            );
        }
        let ours = Answer::secret_refused(SecretError::NoRandomness);
        assert_eq!(ours.code, ResultCode::InternalError);
    }
}
