//! An authentication centre: it answers what it was told to, and knows what it was asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use tokio::sync::Semaphore;

/// One call that the centre was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// What the centre answers, and what it was asked.
#[derive(Default)]
struct Script {
    token: Reply,
    user: Reply,
    ticket: Reply,
    asked: Vec<Asked>,
    hold: Option<Arc<Hold>>,
}

/// Keeps whoever asks for tokens waiting.
pub(crate) struct Hold {
    came: Semaphore,
    go: Semaphore,
}

impl Hold {
    /// Waits until somebody has come.
    pub(crate) async fn came(&self) {
        self.came.acquire().await.unwrap().forget();
    }

    /// Lets everybody go on.
    pub(crate) fn release(&self) {
        self.go.close();
    }
}

/// A status, a body, and maybe where else to look.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    status: u16,
    body: String,
    location: Option<String>,
}

/// A centre on this machine.
#[derive(Clone)]
pub(crate) struct Centre {
    pub(crate) origin: String,
    script: Arc<Mutex<Script>>,
}

pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        body: body.to_owned(),
        location: None,
    }
}

pub(crate) fn redirect(location: &str) -> Reply {
    Reply {
        location: Some(location.to_owned()),
        ..reply(302, "")
    }
}

impl Centre {
    /// Starts a centre that gives tokens for every code, all of them those of a user.
    pub(crate) fn start(user_name: &str, tenant: &str) -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let data = Data::from(Arc::clone(&script));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/api/v1/oauth2/token", web::post().to(token))
                .route("/api/v1/oauth2/userinfo", web::get().to(user))
                .route("/api/v1/cas/p3/serviceValidate", web::get().to(ticket))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let origin = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        let centre = Self { origin, script };
        centre.gives_tokens(
            r#"{"access_token":"acc3ss-1","token_type":"Bearer","expires_in":7200,"scope":"get_user_info","refresh_token":"r3fresh-1"}"#,
        );
        centre.tells_user(&format!(
            r#"{{"userName":"{user_name}","name":"张三","role":"admin","tenant":"{tenant}"}}"#
        ));
        centre
    }

    pub(crate) fn gives_tokens(&self, body: &str) {
        self.answers_token(reply(200, body));
    }

    pub(crate) fn answers_token(&self, reply: Reply) {
        self.script().token = reply;
    }

    pub(crate) fn tells_user(&self, body: &str) {
        self.answers_user(reply(200, body));
    }

    pub(crate) fn answers_user(&self, reply: Reply) {
        self.script().user = reply;
    }

    pub(crate) fn answers_ticket(&self, reply: Reply) {
        self.script().ticket = reply;
    }

    /// Keeps whoever asks for tokens waiting from now on.
    pub(crate) fn hold(&self) -> Arc<Hold> {
        let hold = Arc::new(Hold {
            came: Semaphore::new(0),
            go: Semaphore::new(0),
        });
        self.script().hold = Some(Arc::clone(&hold));
        hold
    }

    /// What it was asked since this was asked last.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script().asked)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn token(request: HttpRequest, body: Bytes, script: Data<Mutex<Script>>) -> HttpResponse {
    let hold = script.lock().unwrap().hold.clone();
    if let Some(hold) = hold {
        hold.came.add_permits(1);
        assert!(
            hold.go.acquire().await.is_err(),
            "it is closed, and never given"
        );
    }
    answer(&request, &body, &script, |script| &script.token)
}

async fn user(request: HttpRequest, body: Bytes, script: Data<Mutex<Script>>) -> HttpResponse {
    answer(&request, &body, &script, |script| &script.user)
}

async fn ticket(request: HttpRequest, body: Bytes, script: Data<Mutex<Script>>) -> HttpResponse {
    answer(&request, &body, &script, |script| &script.ticket)
}

fn answer(
    request: &HttpRequest,
    body: &[u8],
    script: &Mutex<Script>,
    of: impl Fn(&Script) -> &Reply,
) -> HttpResponse {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
    let mut script = script.lock().unwrap();
    script.asked.push(Asked {
        target: request.uri().to_string(),
        authorization: header("authorization"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let reply = of(&script).clone();
    let status = actix_web::http::StatusCode::from_u16(reply.status).unwrap();
    let mut response = HttpResponse::build(status);
    if let Some(location) = reply.location {
        response.insert_header(("location", location));
    }
    response.body(reply.body)
}
