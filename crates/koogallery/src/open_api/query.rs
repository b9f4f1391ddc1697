//! `POST …/v1/license/heartbeat`: what an authorization code is now.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tenure_domain::{CodeStatus, Instant, LicenseId, OrderId, ProductId, Quantity};

use super::answer::{Data, open};
use super::bounded::Text;
use super::{OpenApiError, OpenApiRequest};

/// What the marketplace knows about a code. The guide names this answer the authoritative one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseInfo {
    /// The code that the answer is about.
    pub code: Option<LicenseId>,
    /// What it is now.
    pub status: CodeStatus,
    /// When it was activated.
    pub activated_at: Option<Instant>,
    /// When its term ends.
    pub expires_at: Option<Instant>,
    /// What is licensed.
    pub product: Option<ProductId>,
    /// The purchase order.
    pub order: Option<OrderId>,
    /// How many units, if the product is sold by number.
    pub quantity: Option<Quantity>,
}

/// Who uses a code, as the first edition of the guide had it told with every query. New software
/// tells it with [`software_usage`](super::software_usage) instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeartbeatInfo {
    /// What the merchant's software knows the user by: an account, or a device.
    #[serde(rename = "thirdPartyAccount")]
    pub third_party_account: Text<256>,
    /// Where the user logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<Text<32>>,
    /// More, which the guide leaves to the merchant.
    #[serde(flatten)]
    pub further: Further,
}

/// Members that a merchant adds.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Further(BTreeMap<String, String>);

/// Why a member cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the guide defines this member")]
pub struct DefinedMember;

impl Further {
    /// Adds a member, or replaces one of the same name.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), DefinedMember> {
        if matches!(name, "thirdPartyAccount" | "ip") {
            return Err(DefinedMember);
        }
        self.0.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

impl fmt::Debug for Further {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Further({} members)", self.0.len())
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "heartbeatInfo", skip_serializing_if = "Option::is_none")]
    heartbeat_info: Option<&'a HeartbeatInfo>,
    license: &'a str,
}

/// Asks about a code.
pub fn request(code: &LicenseId) -> OpenApiRequest {
    ask(code, None)
}

/// Asks about a code, and tells who uses it, for software that began to before the guide
/// deprecated it.
pub fn request_with(code: &LicenseId, info: &HeartbeatInfo) -> OpenApiRequest {
    ask(code, Some(info))
}

fn ask(code: &LicenseId, heartbeat_info: Option<&HeartbeatInfo>) -> OpenApiRequest {
    let body = Body {
        heartbeat_info,
        license: code.as_str(),
    };
    OpenApiRequest::post("/v1/license/heartbeat", &body)
}

/// Reads the answer. Without a status it means nothing.
pub fn read(status: u16, body: &[u8]) -> Result<LicenseInfo, OpenApiError> {
    LicenseInfo::of(&open(status, body)?).ok_or(OpenApiError::Unreadable)
}

impl LicenseInfo {
    /// Reads what an answer holds, one about several codes too.
    pub(super) fn of(data: &Data) -> Option<Self> {
        Some(Self {
            code: data.id("license_code", LicenseId::parse),
            status: data.status()?,
            activated_at: data.time("activate_time"),
            expires_at: data.expires_at(),
            product: data.id("product_id", ProductId::parse),
            order: data.id("order_id", OrderId::parse),
            quantity: data.quantity(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer_time;

    #[test]
    fn a_request_names_the_code_only() {
        let request = request(&LicenseId::parse("PLTEST0001").unwrap());
        assert_eq!(
            request.target(),
            "/api/mkp-openapi-public/global/v1/license/heartbeat"
        );
        assert_eq!(request.body.unwrap(), br#"{"license":"PLTEST0001"}"#);
    }

    #[test]
    fn an_answer_is_read_in_every_form_it_may_have() {
        let expected = LicenseInfo {
            code: Some(LicenseId::parse("PLTEST0001").unwrap()),
            status: CodeStatus::Expired,
            activated_at: answer_time("20260102030405"),
            expires_at: answer_time("20270102155959"),
            product: None,
            order: None,
            quantity: None,
        };
        for body in [
            r#"{"error_code":"92020000","data":{"license_code":" PLTEST0001","status":"EXPIRED","activate_time":"20260102030405","expire_time":"20270102155959"}}"#,
            r#"{"error_code":"92020000","data":{"license_code":"PLTEST0001","status":"EXPIRED","activate_time":20260102030405,"expired_time":"20270102T155959Z","x":{}}}"#,
            r#"{"resultCode":"92020000","data":"{\"license_code\":\"PLTEST0001\",\"status\":\"EXPIRED\",\"activate_time\":\"2026-01-02T03:04:05Z\",\"expire_time\":20270102155959}"}"#,
        ] {
            assert_eq!(read(200, body.as_bytes()), Ok(expected.clone()), "{body}");
        }
    }

    #[test]
    fn statuses_we_do_not_know_are_kept_and_cut() {
        let body = br#"{"error_code":"92020000","data":{"status":"SOMETHING_RATHER_NEW"}}"#;
        assert_eq!(
            read(200, body).map(|info| info.status),
            Ok(CodeStatus::Other("SOMETHING_RATHER".into()))
        );
    }

    #[test]
    fn an_answer_without_a_status_is_unreadable() {
        for body in [
            r#"{"error_code":"92020000"}"#,
            r#"{"error_code":"92020000","data":{"license_code":"PLTEST0001"}}"#,
            r#"{"error_code":"92020000","data":[]}"#,
        ] {
            assert_eq!(
                read(200, body.as_bytes()),
                Err(OpenApiError::Unreadable),
                "{body}"
            );
        }
    }

    #[test]
    fn a_code_that_was_never_activated_is_an_error_of_its_own() {
        let body =
            br#"{"error_code":"92020011","error_msg":"license code has been not activated."}"#;
        assert_eq!(read(200, body), Err(OpenApiError::NotActivated));
    }
}
