//! CAS 3.0: a ticket for whoever is signed in, and whom a ticket is about.

use std::fmt::Write as _;

use actix_web::{HttpRequest, HttpResponse};
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::answer::{Refusal, Told, answer, redirect};
use super::browser::logged_out;
use super::directory::Enterprise;
use super::grants::Ticket;
use super::manner::Fault;
use super::parameters::{Parameters, with_query};
use super::place::Place;
use super::user_info::tenant;
use super::{State, page, session};
use crate::check::Escaped;

/// `GET …/cas/login`.
pub(super) async fn log_in(place: Place, request: HttpRequest) -> HttpResponse {
    let answered = ticketed(&place, &request);
    place.noted("cas/login", answered)
}

/// `GET …/cas/logout`.
pub(super) async fn log_out(place: Place, request: HttpRequest) -> HttpResponse {
    let answered = logged_out(&place, &request, "service");
    place.noted("cas/logout", answered)
}

/// `GET …/cas/p3/serviceValidate`. A failure is an answer with status 200.
pub(super) async fn tell(place: Place, request: HttpRequest) -> HttpResponse {
    let fault = place.centre.manner.person_fault();
    let told = match fault {
        Some(Fault::Internal) => Err(Refusal::Internal),
        _ => told(&place, &request, fault),
    };
    answer(&place, "cas/p3/serviceValidate", fault, told).await
}

fn ticketed(place: &Place, request: &HttpRequest) -> Result<HttpResponse, Refusal> {
    let asked = Parameters::parse(request.query_string().as_bytes())?;
    let service = asked.need("service", "A service must be supplied")?;
    let (now, settings) = (place.centre.now(), place.centre.manner.settings());
    let mut state = place.centre.state();
    let State {
        directory, grants, ..
    } = &mut *state;
    let session =
        session::signed_in(grants, request).filter(|session| place.is_of(&session.tenant_id));
    let tenant_id = session.map(|session| session.tenant_id.as_str());
    let tenant_id = tenant_id.or(place.tenant_id.as_deref());
    // At the root and without a session, the enterprise is not known before somebody signs in.
    let enterprise = tenant_id.and_then(|id| directory.enterprise(id));
    if enterprise.is_some_and(|it| !takes(it, service)) {
        return Err(Refusal::RedirectUri);
    }
    let member = session.zip(enterprise).and_then(|(session, enterprise)| {
        let member = enterprise.signing_in(&session.user_name).ok()?;
        Some((session, enterprise, member))
    });
    let Some((session, enterprise, member)) = member else {
        return Ok(page::sign_in_first(request, tenant_id));
    };
    let ticket = Ticket {
        tenant_id: enterprise.tenant_id.clone(),
        user_name: member.user_name.clone(),
        service: service.to_owned(),
        signed_in_at: session.signed_in_at,
        expires_at: settings.code_until(now),
    };
    let ticket = grants.issue_ticket(ticket);
    Ok(redirect(&with_query(service, &[("ticket", &ticket)])))
}

/// Whether a service is a registered address, which may be followed by the tenant: the printed
/// example has it after `&`, without any `?`.
fn takes(enterprise: &Enterprise, service: &str) -> bool {
    let tenant = format!("tenant={}", enterprise.tenant_id);
    let ends = [String::new(), format!("?{tenant}"), format!("&{tenant}")];
    enterprise.applications.iter().any(|application| {
        let end = service.strip_prefix(application.service());
        end.is_some_and(|end| ends.iter().any(|it| it == end))
    })
}

fn told(place: &Place, request: &HttpRequest, fault: Option<Fault>) -> Result<Told, Refusal> {
    let asked = Parameters::parse(request.query_string().as_bytes())?;
    let written = match asked.find("format") {
        Some("XML") => Answer::xml,
        Some("JSON") | None => Answer::json,
        Some(_) => return Err(Refusal::Request("The format is XML or JSON")),
    };
    Ok(written(&asked_about(place, &asked, fault)))
}

/// What is known of a ticket.
#[derive(Debug)]
enum Answer {
    Success {
        user: String,
        attributes: Vec<(&'static str, String)>,
    },
    Failure {
        code: &'static str,
        description: String,
    },
}

fn asked_about(place: &Place, asked: &Parameters, fault: Option<Fault>) -> Answer {
    let (Some(service), Some(name)) = (asked.find("service"), asked.find("ticket")) else {
        let description = "service and ticket must be supplied";
        return Answer::failure("INVALID_REQUEST", description);
    };
    let now = place.centre.now();
    let mut state = place.centre.state();
    let State {
        directory, grants, ..
    } = &mut *state;
    let unknown = || Answer::failure("INVALID_TICKET", &format!("Ticket {name} not recognized"));
    let ticket = grants.redeem_ticket(name, now);
    let Some(ticket) = ticket.filter(|ticket| place.is_of(&ticket.tenant_id)) else {
        return unknown();
    };
    if ticket.service != service {
        let description = "The ticket was made for another service";
        return Answer::failure("INVALID_SERVICE", description);
    }
    let enterprise = directory.enterprise(&ticket.tenant_id);
    let member = enterprise.and_then(|it| Some((it, it.signing_in(&ticket.user_name).ok()?)));
    let Some((enterprise, member)) = member else {
        return unknown();
    };
    let mut attributes = vec![
        (
            "authenticationDate",
            ticket
                .signed_in_at
                .to_rfc3339_opts(SecondsFormat::Millis, true),
        ),
        ("longTermAuthenticationRequestTokenUsed", "false".to_owned()),
        ("isFromNewLogin", "true".to_owned()),
        ("name", member.name.clone()),
        ("userName", member.user_name.clone()),
    ];
    if fault != Some(Fault::Brief) {
        attributes.extend([
            ("role", member.role.word().to_owned()),
            ("organizationCode", member.org_code.clone()),
            ("tenant", tenant(enterprise, fault).to_owned()),
        ]);
    }
    Answer::Success {
        user: member.user_name.clone(),
        attributes,
    }
}

impl Answer {
    fn failure(code: &'static str, description: &str) -> Self {
        Self::Failure {
            code,
            description: description.to_owned(),
        }
    }

    fn json(&self) -> Told {
        let response = match self {
            Self::Success { user, attributes } => {
                let attributes = attributes.iter().map(|(name, value)| {
                    let value = match value.as_str() {
                        "true" => Value::Bool(true),
                        "false" => Value::Bool(false),
                        text => text.into(),
                    };
                    ((*name).to_owned(), value)
                });
                let attributes: Map<String, Value> = attributes.collect();
                json!({ "authenticationSuccess": { "user": user, "attributes": attributes } })
            },
            Self::Failure { code, description } => {
                json!({ "authenticationFailure": { "code": code, "description": description } })
            },
        };
        Told::json(&json!({ "serviceResponse": response }))
    }

    fn xml(&self) -> Told {
        let mut xml =
            String::from("<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\">\n");
        self.write_xml(&mut xml).expect("a string takes every line");
        xml.push_str("</cas:serviceResponse>\n");
        Told::xml(xml)
    }

    fn write_xml(&self, xml: &mut String) -> std::fmt::Result {
        match self {
            Self::Success { user, attributes } => {
                writeln!(xml, "  <cas:authenticationSuccess>")?;
                writeln!(xml, "    <cas:user>{}</cas:user>", Escaped(user))?;
                writeln!(xml, "    <cas:attributes>")?;
                for (name, value) in attributes {
                    writeln!(xml, "      <cas:{name}>{}</cas:{name}>", Escaped(value))?;
                }
                writeln!(xml, "    </cas:attributes>")?;
                writeln!(xml, "  </cas:authenticationSuccess>")
            },
            Self::Failure { code, description } => writeln!(
                xml,
                "  <cas:authenticationFailure code=\"{code}\">{}</cas:authenticationFailure>",
                Escaped(description)
            ),
        }
    }
}
