//! `POST …/v1/license/activate`: an authorization code comes into force.

use serde::Serialize;
use tenure_domain::{CodeStatus, Instant, LicenseId, OrderId, ProductId, Quantity};

use super::answer::open;
use super::{OpenApiError, OpenApiRequest};
use crate::wire;

/// What an activation told. The guide makes all of it a hint: the code is active once the
/// marketplace says success.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activated {
    /// What the code is now.
    pub status: Option<CodeStatus>,
    /// When its term ends: an estimate, which a query corrects.
    pub expires_at: Option<Instant>,
    /// What is licensed.
    pub product: Option<ProductId>,
    /// The purchase order.
    pub order: Option<OrderId>,
    /// How many units, if the product is sold by number.
    pub quantity: Option<Quantity>,
}

#[derive(Serialize)]
struct Body<'a> {
    license: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    real_effect_time: Option<String>,
}

/// Asks to activate a code; `real_effect_time` is when the software takes effect, if that is not
/// now. The marketplace refuses one before the order.
pub fn request(code: &LicenseId, real_effect_time: Option<Instant>) -> OpenApiRequest {
    let body = Body {
        license: code.as_str(),
        real_effect_time: real_effect_time.map(wire::compact_time),
    };
    OpenApiRequest::post("/v1/license/activate", &body)
}

/// Reads the answer.
pub fn read(status: u16, body: &[u8]) -> Result<Activated, OpenApiError> {
    let data = open(status, body)?;
    let Some(info) = data.inner("license_code_info") else {
        return Ok(Activated::default());
    };
    Ok(Activated {
        status: info.status(),
        expires_at: info.expires_at(),
        product: info.id("product_id", ProductId::parse),
        order: info.id("order_id", OrderId::parse),
        quantity: info.quantity(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_api::Method;

    fn code() -> LicenseId {
        LicenseId::parse("PLTEST0001").unwrap()
    }

    #[track_caller]
    fn check_body(request: OpenApiRequest, expected: &str) {
        assert_eq!(request.method, Method::Post);
        assert_eq!(
            request.path,
            "/api/mkp-openapi-public/global/v1/license/activate"
        );
        assert_eq!(String::from_utf8(request.body.unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_request_names_the_code_and_maybe_the_time() {
        check_body(request(&code(), None), r#"{"license":"PLTEST0001"}"#);
        check_body(
            request(&code(), Some(Instant::from_seconds(1_767_368_155))),
            r#"{"license":"PLTEST0001","real_effect_time":"20260102153555"}"#,
        );
    }

    fn expected() -> Activated {
        Activated {
            status: Some(CodeStatus::Alive),
            expires_at: wire::answer_time("20270102155959"),
            product: Some(ProductId::parse("12345").unwrap()),
            order: Some(OrderId::parse("CS2601020304ABCDE").unwrap()),
            quantity: Some(Quantity::parse(2).unwrap()),
        }
    }

    #[test]
    fn json_in_a_text_is_read_twice() {
        let body = br#"{"error_code":"92020000","error_msg":"success","data":{"license_code_info":"{\"status\":\"ALIVE\",\"expire_time\":\"20270102155959\",\"product_id\":\"12345\",\"amount\":2,\"order_id\":\" CS2601020304ABCDE\"}"}}"#;
        assert_eq!(read(200, body), Ok(expected()));
    }

    #[test]
    fn plain_json_and_other_types_are_read_too() {
        let body = br#"{"error_code":92020000,"data":{"license_code_info":{"status":"ALIVE","expired_time":"2027-01-02T15:59:59Z","product_id":12345,"amount":"2","order_id":"CS2601020304ABCDE","new":[]}}}"#;
        assert_eq!(read(200, body), Ok(expected()));
    }

    #[test]
    fn a_success_that_tells_nothing_is_a_success() {
        for body in [
            r#"{"error_code":"92020000"}"#,
            r#"{"error_code":"92020000","data":null}"#,
            r#"{"error_code":"92020000","data":{"license_code_info":"not JSON"}}"#,
            r#"{"error_code":"92020000","data":{"license_code_info":"{\"amount\":0,\"expire_time\":\"soon\"}"}}"#,
        ] {
            assert_eq!(
                read(200, body.as_bytes()),
                Ok(Activated::default()),
                "{body}"
            );
        }
    }

    #[test]
    fn a_second_activation_is_an_illegal_state() {
        let body = br#"{"error_code":"92020003","error_msg":"illegal state"}"#;
        assert_eq!(read(200, body), Err(OpenApiError::IllegalState));
    }
}
