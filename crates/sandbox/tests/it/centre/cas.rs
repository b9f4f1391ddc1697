//! CAS 3.0.

use reqwest::header::SET_COOKIE;
use serde_json::json;
use tenure_sandbox::centre::{Directory, PersonFaults, Settings};

use super::{LOGIN_ADDRESS, Running, location, query, read};

fn login(running: &Running, service: &str) -> String {
    let service: String = form_urlencoded::byte_serialize(service.as_bytes()).collect();
    running.url(&format!("/cas/login?service={service}"))
}

fn question(running: &Running, service: &str, ticket: &str, format: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("service", service), ("ticket", ticket), ("format", format)])
        .finish();
    running.url(&format!("/cas/p3/serviceValidate?{query}"))
}

async fn ticket(running: &Running, service: &str) -> String {
    let cookie = running.cookie("zhang&san").await;
    let answer = running
        .get_with_cookie(&login(running, service), &cookie)
        .await;
    let back = location(&answer);
    assert!(back.starts_with(service), "{back}");
    let (name, ticket) = query(&back).pop().unwrap();
    assert!(name == "ticket" && ticket.starts_with("ST-"), "{back}");
    ticket
}

#[actix_web::test]
async fn a_ticket_names_a_person_as_json() {
    let running = Running::start();
    let services = ["", "?tenant=t-1", "&tenant=t-1"].map(|end| format!("{LOGIN_ADDRESS}{end}"));
    for service in services {
        // Without a format, and with an empty one, it is JSON.
        let ticket = ticket(&running, &service).await;
        let (status, answer) = read(
            running
                .get(&question(&running, &service, &ticket, ""))
                .await,
        )
        .await;
        assert_eq!(status, 200);
        let success = &answer["serviceResponse"]["authenticationSuccess"];
        assert_eq!(success["user"], "zhang&san");
        let mut attributes = success["attributes"].clone();
        let date = attributes["authenticationDate"].take();
        assert!(date.as_str().unwrap().ends_with('Z'), "{date}");
        assert_eq!(
            attributes,
            json!({
                "authenticationDate": null, "longTermAuthenticationRequestTokenUsed": false,
                "isFromNewLogin": true, "role": "admin", "organizationCode": "10001",
                "name": "李四", "userName": "zhang&san", "tenant": "t-1",
            })
        );
    }
}

#[actix_web::test]
async fn a_ticket_names_a_person_as_xml() {
    let running = Running::start();
    let ticket = ticket(&running, LOGIN_ADDRESS).await;
    let answer = running
        .get(&question(&running, LOGIN_ADDRESS, &ticket, "XML"))
        .await;
    let content_type = answer.headers()["content-type"].to_str().unwrap();
    assert_eq!(content_type, "application/xml;charset=UTF-8");
    let xml = answer.text().await.unwrap();
    for part in [
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\">",
        "<cas:user>zhang&amp;san</cas:user>",
        "<cas:isFromNewLogin>true</cas:isFromNewLogin>",
        "<cas:tenant>t-1</cas:tenant>",
        "<cas:role>admin</cas:role>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    let again = running
        .get(&question(&running, LOGIN_ADDRESS, &ticket, "XML"))
        .await;
    assert_eq!(again.status(), 200);
    let xml = again.text().await.unwrap();
    let failure = format!("<cas:authenticationFailure code=\"INVALID_TICKET\">Ticket {ticket} not");
    assert!(xml.contains(&failure), "{xml}");
}

#[actix_web::test]
async fn failures_are_answers_too() {
    let running = Running::start();
    let code = async |service: &str, ticket: &str| {
        let answer = read(
            running
                .get(&question(&running, service, ticket, "JSON"))
                .await,
        )
        .await;
        assert_eq!(answer.0, 200);
        answer.1["serviceResponse"]["authenticationFailure"]["code"].clone()
    };
    assert_eq!(code(LOGIN_ADDRESS, "ST-made-up").await, "INVALID_TICKET");
    assert_eq!(code(LOGIN_ADDRESS, "").await, "INVALID_REQUEST");
    assert_eq!(code("", "ST-made-up").await, "INVALID_REQUEST");
    let other = ticket(&running, LOGIN_ADDRESS).await;
    let service = format!("{LOGIN_ADDRESS}?tenant=t-1");
    assert_eq!(code(&service, &other).await, "INVALID_SERVICE");
    assert_eq!(code(LOGIN_ADDRESS, &other).await, "INVALID_TICKET");
    let old = ticket(&running, LOGIN_ADDRESS).await;
    running.clock.advance(300);
    assert_eq!(code(LOGIN_ADDRESS, &old).await, "INVALID_TICKET");
    let unknown_format = question(&running, LOGIN_ADDRESS, "ST-1", "YAML");
    assert_eq!(running.get(&unknown_format).await.status(), 400);
    // The centre of another enterprise does not know the ticket.
    let elsewhere = ticket(&running, LOGIN_ADDRESS).await;
    let url = question(&running, LOGIN_ADDRESS, &elsewhere, "JSON").replace("/t-1/", "/t-2/");
    let (_, answer) = read(running.get(&url).await).await;
    let failure = &answer["serviceResponse"]["authenticationFailure"];
    assert_eq!(failure["code"], "INVALID_TICKET");
}

#[actix_web::test]
async fn tickets_go_to_registered_services_of_whoever_is_signed_in() {
    let running = Running::start();
    let cookie = running.cookie("lisi02").await;
    for service in [
        "https://elsewhere.example.com/",
        "https://saas.example.com/sso/callback?tenant=t-2",
        "https://saas.example.com/sso/callback/tenant=t-1",
    ] {
        let answer = running
            .get_with_cookie(&login(&running, service), &cookie)
            .await;
        assert_eq!(answer.status(), 400, "{service}");
    }
    let url = login(&running, LOGIN_ADDRESS);
    let page = location(&running.get(&url).await);
    assert!(page.starts_with("/unified-login/portal-login?tenant=t-1&next="));
    let logout = running.url("/cas/logout?service=https%3A%2F%2Fsaas.example.com%2Fbye");
    let answer = running.get_with_cookie(&logout, &cookie).await;
    assert_eq!(location(&answer), "https://saas.example.com/bye");
    assert!(answer.headers().contains_key(SET_COOKIE));
    let page = location(&running.get_with_cookie(&url, &cookie).await);
    assert!(page.starts_with("/unified-login/"), "{page}");
}

#[actix_web::test]
async fn an_address_of_its_own_can_be_registered() {
    let running = Running::start();
    let service = "https://saas.example.com/sso/cas";
    let mut application = super::enterprise(1).applications.remove(0);
    service.clone_into(&mut application.service_address);
    let put = |it: &mut Directory| it.put_application("t-1", application);
    running.centre.accounts(put).unwrap();
    let ticket = ticket(&running, service).await;
    let url = question(&running, service, &ticket, "JSON");
    let (_, answer) = read(running.get(&url).await).await;
    let success = &answer["serviceResponse"]["authenticationSuccess"];
    assert_eq!(success["user"], "zhang&san");
    let cookie = running.cookie("lisi02").await;
    let refused = login(&running, LOGIN_ADDRESS);
    let refused = running.get_with_cookie(&refused, &cookie).await;
    assert_eq!(refused.status(), 400);
}

#[actix_web::test]
async fn another_enterprise_is_named_on_purpose() {
    let running = Running::start();
    running.centre.manner().set(Settings {
        person: PersonFaults {
            other_tenant_percent: 100,
            ..PersonFaults::default()
        },
        ..Settings::default()
    });
    let ticket = ticket(&running, LOGIN_ADDRESS).await;
    let url = question(&running, LOGIN_ADDRESS, &ticket, "JSON");
    let (_, answer) = read(running.get(&url).await).await;
    let success = &answer["serviceResponse"]["authenticationSuccess"];
    assert_ne!(success["attributes"]["tenant"], "t-1");
}
