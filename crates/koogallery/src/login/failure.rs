//! Why a centre did not do what was asked, and what to do about it.

use super::answer::{ANSWER_BYTES_MAX, Members};

/// The most characters of a foreign word that we keep.
const KEPT_CHARACTERS_MAX: usize = 32;

/// Why a centre did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CentreError {
    /// `invalid_grant`: the code or the refresh token was used, ran out, or never was.
    #[error("the centre does not accept the code or the refresh token")]
    InvalidGrant,
    /// `invalid_client`, or HTTP status 403: the client secret is wrong, or the centre is not that
    /// of the client.
    #[error("the centre does not accept the client id and its secret")]
    InvalidClient,
    /// `invalid_client` with `Client ID mismatch`: the code was made for another client.
    #[error("the code was made for another client id")]
    ClientMismatch,
    /// HTTP status 401 where a user was asked for: the access token is not good, or no longer.
    #[error("the centre does not accept the access token")]
    Unauthorized,
    /// `INVALID_TICKET` and its like: the ticket of CAS was used, ran out, or is for another
    /// service.
    #[error("the centre does not accept the ticket")]
    InvalidTicket,
    /// The centre failed, or is asked too often.
    #[error("the centre is unavailable")]
    Unavailable,
    /// The answer is not what the guides describe.
    #[error("the answer of the centre is unreadable")]
    Unreadable,
    /// An error that has no name here.
    #[error("the centre answers with another error")]
    Other {
        /// The HTTP status.
        status: u16,
        /// `error` of the body, cut after 32 characters; empty if it has none.
        error: String,
    },
}

impl CentreError {
    /// The stable code under which the error is logged and counted. Never change one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::ClientMismatch => "client_mismatch",
            Self::Unauthorized => "unauthorized",
            Self::InvalidTicket => "invalid_ticket",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
            Self::Other { .. } => "other",
        }
    }

    /// What whoever runs the service should do, as the guide's questions and answers have it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::InvalidGrant | Self::InvalidTicket => {
                "start the login again; a code or ticket is good once, and for a short time"
            },
            Self::InvalidClient => {
                "the client secret is wrong, or the centre is not the client's: check the key pair \
                 of the credential, then bind the application again so that applicationSync is \
                 sent again"
            },
            Self::ClientMismatch => {
                "the code was made for another client id: bind the application again so that \
                 applicationSync is sent again"
            },
            Self::Unauthorized => "the access token has ended: start the login again",
            Self::Unavailable => "the centre has trouble: start the login again in a while",
            Self::Unreadable => {
                "the answer is none that the guides describe: check the domain name of the \
                 enterprise"
            },
            Self::Other { .. } => {
                "the guides do not describe this error: ask the marketplace with its word and status"
            },
        }
    }

    /// Names the failure that an answer tells of. `denied` is what it means that the centre denies
    /// access without a word.
    ///
    /// A status of the 5xx is the centre's trouble whatever stands below it.
    pub(super) fn of(status: u16, body: &[u8], denied: Self) -> Self {
        if status == 200 || body.len() > ANSWER_BYTES_MAX {
            return Self::Unreadable;
        }
        if status == 429 || status >= 500 {
            return Self::Unavailable;
        }
        let members = Members::parse(body).unwrap_or_default();
        let error = members.text("error").unwrap_or_default();
        let description = members.text("error_description").unwrap_or_default();
        match error.to_ascii_lowercase().as_str() {
            "invalid_grant" => Self::InvalidGrant,
            "invalid_client" | "unauthorized_client"
                if description
                    .to_ascii_lowercase()
                    .contains("client id mismatch") =>
            {
                Self::ClientMismatch
            },
            "invalid_client" | "unauthorized_client" => Self::InvalidClient,
            "unauthorized" | "invalid_token" => denied,
            _ if status == 401 || status == 403 => denied,
            _ => Self::Other {
                status,
                error: error.chars().take(KEPT_CHARACTERS_MAX).collect(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: CentreError) {
        let error = CentreError::of(status, body.as_bytes(), CentreError::InvalidClient);
        assert_eq!(error, expected, "{status} {body}");
    }

    #[test]
    fn an_error_has_a_word() {
        for (status, body, expected) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"Invalid authorization code"}"#,
                CentreError::InvalidGrant,
            ),
            (
                401,
                r#"{"error":"invalid_client","error_description":"Bad client credentials"}"#,
                CentreError::InvalidClient,
            ),
            (
                400,
                r#"{"error":"invalid_client","error_description":"Client ID mismatch"}"#,
                CentreError::ClientMismatch,
            ),
            (
                400,
                r#"{"error":"new_one"}"#,
                CentreError::Other {
                    status: 400,
                    error: "new_one".to_owned(),
                },
            ),
        ] {
            check(status, body, expected);
        }
    }

    #[test]
    fn a_status_says_enough_without_one() {
        check(403, "<html>", CentreError::InvalidClient);
        check(401, "", CentreError::InvalidClient);
        check(429, "", CentreError::Unavailable);
        check(
            502,
            r#"{"error":"invalid_grant"}"#,
            CentreError::Unavailable,
        );
        check(200, "<html>", CentreError::Unreadable);
        let other = CentreError::Other {
            status: 302,
            error: String::new(),
        };
        check(302, "", other);
    }

    #[test]
    fn a_foreign_word_is_cut() {
        let body = format!(r#"{{"error":"{}"}}"#, "字".repeat(100));
        let expected = CentreError::Other {
            status: 400,
            error: "字".repeat(32),
        };
        check(400, &body, expected);
    }
}
