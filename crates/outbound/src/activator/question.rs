//! What is asked about codes, under the names that the receipts of the answers carry, and how the
//! answers of both editions are read as one.

use tenure_domain::LicenseId;
use tenure_koogallery::OpenApiRequest;
use tenure_koogallery::open_api::activate_v2::{BatchActivated, Codes};
use tenure_koogallery::open_api::query::{HeartbeatInfo, LicenseInfo};
use tenure_koogallery::open_api::query_v2::Told;
use tenure_koogallery::open_api::{OpenApiError, activate, activate_v2, query, query_v2};

use super::Edition;
use crate::client::Received;

/// A question.
pub(super) struct Question {
    /// The name that the receipt of its answer carries. Persisted: never change one.
    pub(super) activity: &'static str,
    pub(super) request: OpenApiRequest,
}

impl Question {
    pub(super) fn activate(edition: Edition, code: &LicenseId) -> Self {
        match edition {
            Edition::V1 => Self {
                activity: "activate",
                request: activate::request(code, None),
            },
            Edition::V2 => Self::activate_all(&one(code)),
        }
    }

    pub(super) fn activate_all(codes: &Codes) -> Self {
        Self {
            activity: "activateV2",
            request: activate_v2::request(codes, None),
        }
    }

    /// What a code is, in the course of an activation.
    pub(super) fn query(edition: Edition, code: &LicenseId) -> Self {
        match edition {
            Edition::V1 => Self {
                activity: "query",
                request: query::request(code),
            },
            Edition::V2 => Self {
                activity: "queryV2",
                request: query_v2::request(&one(code)),
            },
        }
    }

    /// What a code is, because somebody wants to know; only the first edition can tell who uses it.
    pub(super) fn check(edition: Edition, code: &LicenseId, user: Option<&HeartbeatInfo>) -> Self {
        let asked = Self::query(edition, code);
        match (edition, user) {
            (Edition::V1, Some(user)) => Self {
                activity: "check",
                request: query::request_with(code, user),
            },
            (Edition::V1, None) => Self {
                activity: "check",
                ..asked
            },
            (Edition::V2, _) => Self {
                activity: "checkV2",
                ..asked
            },
        }
    }
}

/// What an activation of one code told: of one code alone the second edition tells whether it is
/// in force, and why not.
pub(super) fn read_activation(
    edition: Edition,
    received: &Received,
) -> Result<activate::Activated, OpenApiError> {
    let (status, body) = (received.status, &received.body);
    match edition {
        Edition::V1 => activate::read(status, body),
        Edition::V2 => match activate_v2::read(status, body)? {
            BatchActivated::All => Ok(activate::Activated::default()),
            BatchActivated::OneByOne(error) => Err(error),
        },
    }
}

/// What a query about one code told.
pub(super) fn read_query(
    edition: Edition,
    code: &LicenseId,
    received: &Received,
) -> Result<LicenseInfo, OpenApiError> {
    let (status, body) = (received.status, &received.body);
    match edition {
        Edition::V1 => query::read(status, body),
        Edition::V2 => match query_v2::read(&one(code), status, body)?.pop() {
            Some(Told::Info(info)) => Ok(info),
            Some(Told::Refused(error)) => Err(error),
            Some(Told::Nothing) | None => Err(OpenApiError::Unreadable),
        },
    }
}

fn one(code: &LicenseId) -> Codes {
    Codes::new(vec![code.clone()]).expect("one is not more than a hundred")
}
