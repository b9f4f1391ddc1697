//! The unified login page: a person picks an enterprise and a member, and needs no password.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, SET_COOKIE};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Refusal, redirect};
use super::directory::{Directory, Enterprise};
use super::grants::Session;
use super::parameters::{Parameters, with_query};
use super::{Centre, SignInError, session};
use crate::check::Escaped;

/// Where the page is.
pub(super) const ADDRESS: &str = "/unified-login/";

/// Where it is without scripts.
const FORM_ADDRESS: &str = "/unified-login/portal-login";

/// The marketplace's page has its parameters in the fragment, which no server sees: the script
/// moves them into the query.
const ENTRY: &str = r#"<!doctype html><html lang=en><meta charset=utf-8><title>Sign in</title>
<h1>Sign in</h1>
<form action=/unified-login/portal-login><input type=hidden name=ind value=UNOP>
<label>appId <input name=appId required></label> <button>continue</button></form>
<script>
const [route, query] = location.hash.slice(1).split("?", 2);
if (route === "/portal-login") location.replace("/unified-login/portal-login?" + (query ?? ""));
</script>
"#;

/// Adds the routes of the page.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(entry))
        .route("/portal-login", web::get().to(form))
        .route("/portal-login", web::post().to(sign_in));
}

/// Sends a browser to the page, and from there back to what it asked for.
pub(super) fn sign_in_first(request: &HttpRequest, tenant_id: Option<&str>) -> HttpResponse {
    let next = request.uri().path_and_query();
    let next = next.map_or("/", |it| it.as_str());
    let tenant = tenant_id.map(|id| ("tenant", id));
    let query: Vec<_> = tenant.into_iter().chain([("next", next)]).collect();
    redirect(&with_query(FORM_ADDRESS, &query))
}

async fn entry() -> HttpResponse {
    html(StatusCode::OK, ENTRY.to_owned())
}

/// What is to come of signing in.
enum Wish<'a> {
    /// A code for an application.
    Application(&'a str),
    /// What the browser was sent away from; an address of this centre.
    Next(&'a str),
}

impl<'a> Wish<'a> {
    fn of(asked: &'a Parameters) -> Result<Self, Refusal> {
        let is_ours = |next: &str| {
            let is_here = next.starts_with("/centre/") || next.starts_with("/api/v1/");
            is_here && next.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match (asked.find("next"), asked.find("appId")) {
            (Some(next), _) if is_ours(next) => Ok(Self::Next(next)),
            (Some(_), _) => Err(Refusal::Request("The page to go on with is not ours")),
            (None, Some(app_id)) => Ok(Self::Application(app_id)),
            (None, None) => Err(Refusal::Request("An appId must be supplied")),
        }
    }

    fn field(&self) -> (&'static str, &'a str) {
        match self {
            Self::Application(app_id) => ("appId", app_id),
            Self::Next(next) => ("next", next),
        }
    }

    fn is_offered_by(&self, enterprise: &Enterprise) -> bool {
        match self {
            Self::Application(app_id) => enterprise.application(app_id).is_some(),
            Self::Next(_) => true,
        }
    }
}

async fn form(centre: Data<Centre>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let asked = Parameters::parse(request.query_string().as_bytes())?;
    let wish = Wish::of(&asked)?;
    if let (Wish::Application(_), ind) = (&wish, asked.find("ind"))
        && ind != Some("UNOP")
    {
        return Err(Refusal::Request("ind is UNOP"));
    }
    let page = centre.accounts(|directory| choice(directory, &wish, asked.find("tenant")));
    Ok(html(StatusCode::OK, page))
}

/// One form for each enterprise that can be signed in to.
fn choice(directory: &Directory, wish: &Wish<'_>, tenant: Option<&str>) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sign in</title>\
         <h1>Who are you?</h1>\n",
    );
    let offered = directory
        .enterprises()
        .filter(|it| wish.is_offered_by(it))
        .filter(|it| tenant.is_none_or(|id| it.tenant_id == id || it.tenant_code == id));
    let offered: Vec<_> = offered.collect();
    if offered.is_empty() {
        page.push_str("<p>No enterprise has this application.</p>\n");
    }
    for enterprise in offered {
        write_enterprise(&mut page, enterprise, wish).expect("a string takes every line");
    }
    page
}

fn write_enterprise(
    page: &mut String,
    enterprise: &Enterprise,
    wish: &Wish<'_>,
) -> std::fmt::Result {
    let (field, value) = wish.field();
    writeln!(
        page,
        "<form method=post action={FORM_ADDRESS}><h2>{}</h2>\
         <input type=hidden name={field} value=\"{}\">\
         <input type=hidden name=tenant value=\"{}\"><select name=userName>",
        Escaped(&enterprise.name),
        Escaped(value),
        Escaped(&enterprise.tenant_id),
    )?;
    for member in &enterprise.members {
        let disabled = if member.enabled { "" } else { " disabled" };
        writeln!(
            page,
            "<option value=\"{}\"{disabled}>{} ({})</option>",
            Escaped(&member.user_name),
            Escaped(&member.name),
            member.role.word(),
        )?;
    }
    writeln!(page, "</select> <button>sign in</button></form>")
}

async fn sign_in(centre: Data<Centre>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked = Parameters::parse(&body)?;
    let wish = Wish::of(&asked)?;
    let tenant = asked.need("tenant", "A tenant must be supplied")?;
    let user_name = asked.need("userName", "A userName must be supplied")?;
    let signed_in = match wish {
        Wish::Application(app_id) => centre
            .sign_in(tenant, app_id, user_name)
            .map(|callback| callback.url()),
        Wish::Next(next) => Ok(next.to_owned()),
    };
    let opened = signed_in.and_then(|next| Ok((next, open(&centre, tenant, user_name)?)));
    match opened {
        Ok((next, session)) => {
            let mut answer = redirect(&next);
            let cookie = session::opening(&session).parse();
            let cookie = cookie.map_err(|_unwritable| Refusal::Internal)?;
            answer.headers_mut().append(SET_COOKIE, cookie);
            Ok(answer)
        },
        Err(why) => Ok(html(StatusCode::FORBIDDEN, refused(why))),
    }
}

fn open(centre: &Centre, enterprise: &str, user_name: &str) -> Result<String, SignInError> {
    let signed_in_at = centre.now();
    let mut state = centre.state();
    let found = state.directory.enterprise(enterprise);
    let found = found.ok_or(SignInError::UnknownEnterprise)?;
    let member = found.signing_in(user_name)?;
    let session = Session {
        tenant_id: found.tenant_id.clone(),
        user_name: member.user_name.clone(),
        signed_in_at,
    };
    Ok(state.grants.open_session(session))
}

fn refused(why: SignInError) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sign in</title>\
         <h1>You cannot sign in</h1><p>{why}</p>\n"
    )
}

fn html(status: StatusCode, page: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(page)
}
