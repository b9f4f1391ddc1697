//! `GET /api/v1/cas/p3/serviceValidate`: who a ticket of CAS 3.0 was made for.

use roxmltree::{Document, Node, ParsingOptions};

use super::answer::{ANSWER_BYTES_MAX, Members};
use super::callback::CasTicket;
use super::failure::CentreError;
use super::request::CentreRequest;
use super::user::CentreUser;
use crate::sdk_signature::encoded;

/// The most elements and texts of an answer in XML. Those of the guide have about 25.
const NODES_MAX: u32 = 1_024;

/// Asks who a ticket was made for. It is good once.
///
/// `service` is what the browser was sent to, up to the ticket.
pub fn request(service: &str, ticket: &CasTicket) -> CentreRequest {
    let target = format!(
        "/api/v1/cas/p3/serviceValidate?service={}&ticket={}&format=JSON",
        encoded(service),
        encoded(ticket.as_str())
    );
    CentreRequest::get(target, None)
}

/// Reads the answer, in JSON or in XML: the guides disagree about which one comes unasked.
pub fn read(status: u16, body: &[u8]) -> Result<CentreUser, CentreError> {
    if status != 200 || body.len() > ANSWER_BYTES_MAX {
        return Err(CentreError::of(status, body, CentreError::InvalidTicket));
    }
    let is_xml = body.trim_ascii_start().first() == Some(&b'<');
    let user = if is_xml {
        read_xml(body)
    } else {
        read_json(body)
    };
    user.unwrap_or(Err(CentreError::Unreadable))
}

type Answer = Result<CentreUser, CentreError>;

fn read_json(body: &[u8]) -> Option<Answer> {
    let response = Members::parse(body)?.inner("serviceResponse")?;
    if response.inner("authenticationFailure").is_some() {
        return Some(Err(CentreError::InvalidTicket));
    }
    let success = response.inner("authenticationSuccess")?;
    let attributes = success.inner("attributes").unwrap_or_default();
    let account = attributes.text("userName").or_else(|| success.text("user"));
    CentreUser::read(account, |name| attributes.text(name)).map(Ok)
}

/// Reads XML without a document type: one could declare entities, so it makes all unreadable.
fn read_xml(body: &[u8]) -> Option<Answer> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let text = std::str::from_utf8(body).ok()?.trim_start();
    let document = Document::parse_with_options(text, options).ok()?;
    let response = document.root_element();
    if response.tag_name().name() != "serviceResponse" {
        return None;
    }
    if child(response, "authenticationFailure").is_some() {
        return Some(Err(CentreError::InvalidTicket));
    }
    let success = child(response, "authenticationSuccess")?;
    let attribute = |name: &str| text_of(child(child(success, "attributes")?, name)?);
    let account = attribute("userName").or_else(|| text_of(child(success, "user")?));
    CentreUser::read(account, attribute).map(Ok)
}

/// The first element of a name inside another, in whatever name space.
fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children()
        .find(|child| child.is_element() && child.tag_name().name() == name)
}

fn text_of(node: Node<'_, '_>) -> Option<String> {
    let text = node.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenure_domain::tenant::Role;

    use super::*;

    #[test]
    fn a_ticket_is_asked_about_for_its_service() {
        let ticket = CasTicket::parse("ST-1 2").unwrap();
        let request = request("https://example.com&tenant=xxxxxxxxx", &ticket);
        assert_eq!(request.method.name(), "GET");
        assert_eq!(
            request.target,
            "/api/v1/cas/p3/serviceValidate?service=https%3A%2F%2Fexample.com%26tenant%3Dxxxxxxxxx&ticket=ST-1%202&format=JSON"
        );
    }

    #[track_caller]
    fn check(body: &str) {
        let user = read(200, body.as_bytes()).unwrap();
        assert_eq!(user.user_name.as_str(), "zhangsan01", "{body}");
        assert_eq!(user.tenant.unwrap().as_str(), "t-0001", "{body}");
        assert_eq!(user.role, Some(Role::Admin), "{body}");
    }

    fn xml(inside: &str) -> String {
        format!(
            r#"<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inside}</cas:serviceResponse>"#
        )
    }

    const ATTRIBUTES: &str = "<cas:attributes><cas:isFromNewLogin>true</cas:isFromNewLogin>\
        <cas:role>admin</cas:role><cas:organizationCode>10000</cas:organizationCode>\
        <cas:name>张三</cas:name><cas:userName> zhangsan01 </cas:userName>\
        <cas:tenant>t-0001</cas:tenant></cas:attributes>";

    #[test]
    fn a_success_is_read_in_either_form() {
        let success = format!(
            "<cas:authenticationSuccess><cas:user>u</cas:user>{ATTRIBUTES}</cas:authenticationSuccess>"
        );
        check(&format!("\n<?xml version=\"1.0\"?>{}", xml(&success)));
        check(
            r#"{"serviceResponse":{"authenticationSuccess":{"user":"u","attributes":{"role":"admin","organizationCode":"10000","name":"张三","userName":"zhangsan01","tenant":"t-0001"}}}}"#,
        );
        check(
            r#"{"serviceResponse":{"cas:authenticationSuccess":{"cas:user":"zhangsan01","cas:attributes":{"cas:role":["admin"],"cas:organizationCode":[10000],"cas:name":["张三"],"cas:tenant":["t-0001"]}}}}"#,
        );
    }

    #[test]
    fn the_user_of_cas_serves_where_the_attributes_have_no_account() {
        let body = xml(
            "<cas:authenticationSuccess><cas:user>zhangsan01</cas:user></cas:authenticationSuccess>",
        );
        let user = read(200, body.as_bytes()).unwrap();
        assert_eq!(user.user_name.as_str(), "zhangsan01");
        assert_eq!(user.tenant, None);
    }

    #[test]
    fn a_failure_comes_with_status_200() {
        for body in [
            &xml(
                r#"<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>"#,
            ),
            r#"{"serviceResponse":{"authenticationFailure":{"code":"INVALID_TICKET","description":"no"}}}"#,
        ] {
            assert_eq!(
                read(200, body.as_bytes()).unwrap_err(),
                CentreError::InvalidTicket
            );
        }
        assert_eq!(read(403, b"").unwrap_err(), CentreError::InvalidTicket);
        assert_eq!(read(500, b"").unwrap_err(), CentreError::Unavailable);
    }

    #[test]
    fn entities_depth_and_size_are_bounded() {
        let entity = format!(
            r#"<!DOCTYPE x [<!ENTITY e "zhangsan01">]>{}"#,
            xml("<cas:authenticationSuccess><cas:user>&e;</cas:user></cas:authenticationSuccess>")
        );
        let outside = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><serviceResponse/>"#;
        let deep = "<a>".repeat(20_000);
        let wide = xml(&"<a/>".repeat(2_000));
        let long = xml(&" ".repeat(ANSWER_BYTES_MAX));
        for body in [
            "",
            "{}",
            "<x/>",
            "<serviceResponse/>",
            &entity,
            outside,
            &deep,
            &wide,
            &long,
        ] {
            assert_eq!(
                read(200, body.as_bytes()).unwrap_err(),
                CentreError::Unreadable,
                "{}",
                &body[..body.len().min(80)]
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(status, &body).is_err());
        }

        #[test]
        fn no_markup_panics(inside in "(<[/a-z:! \\[]{0,9}>?|&[a-z#0-9]{0,4};?|[a-z]{0,5}){0,20}") {
            prop_assert!(read(200, xml(&inside).as_bytes()).is_err());
        }
    }
}
