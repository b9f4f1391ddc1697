//! Why a call is turned away before it reaches the domain.

use tenure_domain::IdError;

use crate::result_code::ResultCode;

/// A reason to turn a call away. It names fields of ours only: no text of the call is repeated.
///
/// The order in which reasons are looked for is part of the contract: the time of the call, the
/// nonce, the presence of a signature, the signature itself, the body, and the nonce's novelty last.
/// As far as the body it is the order of the marketplace's own sample, so that its negative tests
/// meet the codes that they expect. (The sample remembers no nonce.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The query has no `timestamp`.
    #[error("timestamp is missing")]
    MissingTimestamp,
    /// `timestamp` is not a number of milliseconds.
    #[error("timestamp is not a number of milliseconds")]
    MalformedTimestamp,
    /// The call is too old.
    #[error("timestamp is too old")]
    StaleTimestamp,
    /// The call comes from the future.
    #[error("timestamp is too far ahead")]
    FutureTimestamp,
    /// The query has no `nonce`.
    #[error("nonce is missing")]
    MissingNonce,
    /// `nonce` is longer than any that the guides show.
    #[error("nonce is too long")]
    MalformedNonce,
    /// The query has no `signature`.
    #[error("signature is missing")]
    MissingSignature,
    /// No key of the right interface type made this signature.
    #[error("signature is wrong")]
    WrongSignature,
    /// The query of a V1.0 call has no `authToken`.
    #[error("authToken is missing")]
    MissingAuthToken,
    /// No key of the base interfaces made this `authToken`.
    #[error("authToken is wrong")]
    WrongAuthToken,
    /// The listing has no key for the interface type of the activity: it does not deliver that
    /// family of products.
    #[error("the listing has no key for this interface type")]
    WrongFamily,
    /// The nonce was used inside the time window.
    #[error("nonce was seen before")]
    ReplayedNonce,
    /// The body is not what the field tables ask for.
    #[error("{field} {fault}")]
    MalformedBody {
        /// The field at fault, or `body` if it is the whole.
        field: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A parameter of a V1.0 call is not what the tables ask for.
    #[error("{field} {fault}")]
    MalformedParameter {
        /// The parameter at fault.
        field: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
    /// No interface of ours has this `activity`.
    #[error("activity is not supported")]
    UnsupportedActivity,
    /// The address names no listing.
    #[error("the listing is not known")]
    UnknownListing,
    /// The body is compressed, which the guides do not provide for.
    #[error("the content encoding is not supported")]
    UnsupportedContentEncoding,
    /// The body is larger than any that the guides describe.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body did not arrive in time.
    #[error("the body arrived too slowly")]
    SlowBody,
}

/// What is wrong with a field of a body, or with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is mandatory, and absent or blank.
    #[error("is missing")]
    Missing,
    /// It occurs more than once.
    #[error("occurs twice")]
    Duplicate,
    /// It has another JSON type than the table says.
    #[error("has the wrong type")]
    WrongType,
    /// It has more characters, or more entries, than the table allows.
    #[error("is too long")]
    TooLong,
    /// It has a control character.
    #[error("has a character that is not allowed")]
    BadCharacter,
    /// Its value is none of those that the table lists, or no date that exists.
    #[error("has a value that is not allowed")]
    BadValue,
    /// It is not UTF-8, not JSON, or not an object.
    #[error("is not a JSON object")]
    Unreadable,
}

impl Fault {
    /// What is wrong with a text that is not an identifier.
    pub(crate) fn of_id(error: IdError) -> Self {
        match error {
            IdError::Empty { .. } => Self::Missing,
            IdError::TooLong { .. } => Self::TooLong,
            IdError::BadCharacter { .. } => Self::BadCharacter,
            IdError::Zero { .. } => Self::BadValue,
        }
    }
}

impl Rejection {
    /// The stable code under which the reason is stored and counted. Persisted: never change one.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// The code for the marketplace.
    pub fn result_code(self) -> ResultCode {
        self.row().1
    }

    fn row(self) -> (&'static str, ResultCode) {
        use ResultCode::{AuthenticationFailed, InternalError, InvalidParameter};
        match self {
            Self::MissingTimestamp => ("missing_timestamp", InvalidParameter),
            Self::MalformedTimestamp => ("malformed_timestamp", InvalidParameter),
            Self::StaleTimestamp => ("stale_timestamp", InvalidParameter),
            Self::FutureTimestamp => ("future_timestamp", InvalidParameter),
            Self::MissingNonce => ("missing_nonce", InvalidParameter),
            Self::MalformedNonce => ("malformed_nonce", InvalidParameter),
            Self::MissingSignature => ("missing_signature", AuthenticationFailed),
            Self::WrongSignature => ("wrong_signature", AuthenticationFailed),
            Self::MissingAuthToken => ("missing_auth_token", AuthenticationFailed),
            Self::WrongAuthToken => ("wrong_auth_token", AuthenticationFailed),
            Self::WrongFamily => ("wrong_family", AuthenticationFailed),
            Self::ReplayedNonce => ("replayed_nonce", AuthenticationFailed),
            Self::MalformedBody { .. } => ("malformed_body", InvalidParameter),
            Self::MalformedParameter { .. } => ("malformed_parameter", InvalidParameter),
            Self::UnsupportedActivity => ("unsupported_activity", InvalidParameter),
            Self::UnknownListing => ("unknown_listing", AuthenticationFailed),
            Self::UnsupportedContentEncoding => ("unsupported_content_encoding", InvalidParameter),
            Self::BodyTooLarge => ("body_too_large", InvalidParameter),
            // Not the caller's mistake for certain, and worth another try.
            Self::SlowBody => ("slow_body", InternalError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_body_names_the_field_and_the_fault() {
        let rejection = Rejection::MalformedBody {
            field: "orderId",
            fault: Fault::Missing,
        };
        assert_eq!(rejection.to_string(), "orderId is missing");
        assert_eq!(rejection.code(), "malformed_body");
        assert_eq!(rejection.result_code().code(), "000002");
    }

    #[test]
    fn result_codes_are_those_of_the_sample() {
        let check = |rejection: Rejection, code: &str| {
            assert_eq!(rejection.result_code().code(), code, "{rejection}");
        };
        check(Rejection::MissingTimestamp, "000002");
        check(Rejection::MalformedTimestamp, "000002");
        check(Rejection::StaleTimestamp, "000002");
        check(Rejection::FutureTimestamp, "000002");
        check(Rejection::MissingNonce, "000002");
        check(Rejection::MissingSignature, "000001");
        check(Rejection::WrongSignature, "000001");
        check(Rejection::ReplayedNonce, "000001");
        check(Rejection::UnknownListing, "000001");
        check(Rejection::UnsupportedActivity, "000002");
    }
}
