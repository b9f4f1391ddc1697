//! The login address: whoever comes from the authentication centre is signed in, and nobody else.
//!
//! The marketplace has no such page. A centre of our own is started for the check, two made-up
//! enterprises are told to the merchant by the kit, a browser of our own comes to the login address
//! in every right and wrong way, and in the end the enterprises are taken away again.
//!
//! What a merchant does after a login is its own affair. So the first good login shows what one
//! looks like: where it leads, and which cookie or ticket goes with it. Whoever is led to the same
//! place with such a one is held to be signed in.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};

use super::{CaseReport, Outcome, Report, Subject, Target};
use crate::centre::{Centre, DirectoryError};
use crate::client::Client;
use crate::clock::{Clock, real_now};
use crate::kit::secret::NotEncrypted;
use crate::random::Random;

mod attempt;
mod browser;
mod cases;
mod course;
mod introduction;
mod judge;

use browser::Browser;
use course::Course;
use introduction::Introduction;

/// How long a browser waits for the merchant, which itself gives a centre ten seconds.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A login address to try, beside the production address that the kit calls.
#[derive(Debug, Clone)]
pub struct Login {
    /// The address that is registered with the application's credential.
    pub login_address: String,
    /// The address that is registered for CAS; its cases are not tried without it.
    pub cas_address: Option<String>,
    /// The `appId` of that credential.
    pub app_id: String,
    /// The instance that the enterprises are bound to; empty as while a seller tries a credential.
    pub instance: String,
    /// Where the centre listens; port 0 takes a free one.
    pub centre_bind: SocketAddr,
    /// How the merchant reaches the centre; none if under the address that it listens on.
    pub centre_origin: Option<String>,
    /// How long a browser waits.
    pub patience: Duration,
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum LoginCheckError {
    /// Without the public key no merchant learns a client secret.
    #[error("the merchant's public key is needed: add --public-key FILE")]
    PublicKeyAbsent,
    /// The key takes no secret.
    #[error("the client secret cannot be encrypted with the public key")]
    Secret(#[from] NotEncrypted),
    /// The login address or the application is none.
    #[error("the centre cannot be set up")]
    Account(#[from] DirectoryError),
    /// The centre cannot listen.
    #[error("the authentication centre cannot listen")]
    Bind(#[source] io::Error),
}

/// Tries every case of a login address, one after the other. The target is the production address
/// of the same application, with the kit's key and the public key.
pub async fn check_login(
    client: &Client,
    target: &Target,
    login: &Login,
) -> Result<Report, LoginCheckError> {
    let seed = real_now().timestamp_micros().unsigned_abs();
    let clock = Clock::start(1);
    let centre = Centre::new(clock.clone(), seed);
    let listener = TcpListener::bind(login.centre_bind).map_err(LoginCheckError::Bind)?;
    let bound = listener.local_addr().map_err(LoginCheckError::Bind)?;
    let origin = login.centre_origin.clone();
    let origin = origin.unwrap_or_else(|| format!("http://{bound}"));
    let mut random = Random::new(seed);
    let introduction = Introduction::new(client, target, login, &origin, &mut random)?;
    introduction.enrol(&centre)?;
    let server = serve(&centre, listener).map_err(LoginCheckError::Bind)?;
    let mut course = Course {
        browser: Browser::new(client, &login.login_address, login.patience),
        centre,
        clock,
        introduction,
        reports: Vec::new(),
    };
    course.run(&mut random).await;
    server.stop(false).await;
    Ok(Report {
        family: Subject::Login,
        url: login.login_address.clone(),
        cases: course.reports,
        not_run: Vec::new(),
    })
}

fn serve(centre: &Centre, listener: TcpListener) -> io::Result<ServerHandle> {
    let centre = centre.clone();
    let app = move || App::new().configure(|config| centre.clone().configure(config));
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

impl CaseReport {
    /// The report on a visit, which has no result code.
    fn of_visit(name: &str, expectation: &str, elapsed_ms: u64, why: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            expectation: expectation.to_owned(),
            outcome: Outcome::of(why.as_deref()),
            why,
            result_code: None,
            elapsed_ms,
        }
    }
}
