//! The authentication centre: who signed in, told to merchants by OAuth 2.0 or by CAS 3.0.
//!
//! | address | is |
//! | --- | --- |
//! | `GET /unified-login/` | the unified login page; `#/portal-login?ind=UNOP&appId=…` picks the application |
//! | `GET`, `POST /unified-login/portal-login` | the same without scripts; a form with `appId`, `tenant`, `userName` signs in |
//! | `GET …/api/v1/oauth2/authorize` | a code for whoever is signed in already |
//! | `POST …/api/v1/oauth2/token` | tokens for a code, or for a refresh token |
//! | `GET …/api/v1/oauth2/userinfo` | whom a token is about |
//! | `GET …/api/v1/logout`, `…/api/v1/cas/logout` | the end of the browser's session |
//! | `GET …/api/v1/cas/login`, `…/api/v1/cas/p3/serviceValidate` | a ticket, and whom it is about |
//!
//! `…` is the `domainName` of an enterprise. It is the sandbox's origin, as the marketplace's are
//! origins, and the enterprise is the one of the client, the token, the ticket or the session that
//! a call names. Where each enterprise is to have a `domainName` of its own, that is the origin and
//! `/centre/{enterprise}`, with the `tenantId` or the `tenantCode`; then whatever belongs to another
//! enterprise is refused there.
//!
//! Error texts are those of the marketplace's login guide and of the `OneAccess` documentation. The
//! sandbox asks for no password: whoever reaches its page may be any member. Codes and tokens are
//! others in every run, since a merchant remembers those that it has seen; faults are those of the
//! seed. Times are read on the market's clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::{self, Data, PayloadConfig, ServiceConfig};
use chrono::{DateTime, Utc};

use crate::clock::{Clock, real_now};

mod answer;
mod browser;
mod calls;
mod cas;
mod control;
mod directory;
mod grants;
mod kept;
mod manner;
mod page;
mod parameters;
mod place;
mod session;
mod token;
mod user_info;

pub use calls::Call;
pub use directory::{Application, Directory, DirectoryError, Enterprise, Member, Role};
pub use manner::{Manner, PersonFaults, Settings, TokenFaults};

use calls::Calls;
use grants::{Grant, Grants, Ticket};
pub(crate) use parameters::with_query;

/// The most bytes of a form; the longest documented one has some hundred.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// The most bytes of a body of the control API: an enterprise with all its members.
const ENTERPRISE_BYTES_MAX: usize = 1024 * 1024;

/// The scope of a token where none is asked for.
const DEFAULT_SCOPE: &str = "get_user_info";

/// Why a member cannot be signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// No enterprise has this id or short name.
    #[error("there is no such enterprise")]
    UnknownEnterprise,
    /// The enterprise does not have the application.
    #[error("the enterprise does not have the application")]
    UnknownApplication,
    /// The enterprise has no such member.
    #[error("the enterprise has no such member")]
    UnknownMember,
    /// The member is disabled.
    #[error("the member is disabled")]
    Disabled,
}

/// Where a member comes back to the merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The registered login address.
    pub login_address: String,
    /// The code, good for one exchange.
    pub code: String,
    /// The enterprise's id.
    pub tenant: String,
}

impl Callback {
    /// The address that the browser is sent to.
    pub fn url(&self) -> String {
        let query = [("code", &*self.code), ("tenant", &*self.tenant)];
        with_query(&self.login_address, &query)
    }
}

/// Authentication centres of all enterprises. Clones share everything.
#[derive(Debug, Clone)]
pub struct Centre {
    state: Arc<Mutex<State>>,
    clock: Clock,
    manner: Arc<Manner>,
}

#[derive(Debug)]
struct State {
    directory: Directory,
    grants: Grants,
    calls: Calls,
}

impl Centre {
    /// A centre without enterprises. The seed decides faults.
    pub fn new(clock: Clock, seed: u64) -> Self {
        let state = State {
            directory: Directory::default(),
            grants: Grants::new(real_now()),
            calls: Calls::default(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            clock,
            manner: Arc::new(Manner::new(seed)),
        }
    }

    /// A `domainName` that no other enterprise has, for a sandbox at this origin.
    pub fn domain_name(origin: &str, enterprise: &str) -> String {
        format!("{}/centre/{enterprise}", origin.trim_end_matches('/'))
    }

    /// How it answers, for whoever wants to change it.
    pub fn manner(&self) -> Arc<Manner> {
        Arc::clone(&self.manner)
    }

    /// Reads or changes the accounts.
    pub fn accounts<T>(&self, step: impl FnOnce(&mut Directory) -> T) -> T {
        step(&mut self.state().directory)
    }

    /// What merchants and browsers asked for, oldest first, as much as is kept.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.list()
    }

    /// Signs a member in to an application, as the unified login page does.
    pub fn sign_in(
        &self,
        enterprise: &str,
        app_id: &str,
        user_name: &str,
    ) -> Result<Callback, SignInError> {
        let (now, settings) = (self.now(), self.manner.settings());
        let State {
            directory, grants, ..
        } = &mut *self.state();
        let (found, application, member) = directory.signing_in(enterprise, app_id, user_name)?;
        let grant = Grant {
            tenant_id: found.tenant_id.clone(),
            client_id: application.client_id.clone(),
            user_name: member.user_name.clone(),
            scope: DEFAULT_SCOPE.to_owned(),
        };
        let login_address = application.login_address.clone();
        Ok(Callback {
            code: grants.issue_code(grant, login_address.clone(), settings.code_until(now)),
            login_address,
            tenant: found.tenant_id.clone(),
        })
    }

    /// Signs a member in to an application by CAS, and returns the ticket. It is for the service
    /// that is the registered address with the `tenant` behind it.
    pub fn sign_in_by_cas(
        &self,
        enterprise: &str,
        app_id: &str,
        user_name: &str,
    ) -> Result<String, SignInError> {
        let (now, settings) = (self.now(), self.manner.settings());
        let State {
            directory, grants, ..
        } = &mut *self.state();
        let (found, application, member) = directory.signing_in(enterprise, app_id, user_name)?;
        let tenant = [("tenant", found.tenant_id.as_str())];
        Ok(grants.issue_ticket(Ticket {
            tenant_id: found.tenant_id.clone(),
            user_name: member.user_name.clone(),
            service: with_query(application.service(), &tenant),
            signed_in_at: now,
            expires_at: settings.code_until(now),
        }))
    }

    /// Adds its routes to a web application.
    pub fn configure(self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self))
            .service(
                web::scope("/sandbox/centre")
                    .app_data(PayloadConfig::new(ENTERPRISE_BYTES_MAX))
                    .configure(control::configure),
            )
            .service(
                web::scope("/unified-login")
                    .app_data(PayloadConfig::new(FORM_BYTES_MAX))
                    .configure(page::configure),
            )
            .service(web::scope("/centre/{enterprise}/api/v1").configure(interfaces))
            .service(web::scope("/api/v1").configure(interfaces));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// The addresses below a `domainName`.
fn interfaces(config: &mut ServiceConfig) {
    config
        .app_data(PayloadConfig::new(FORM_BYTES_MAX))
        .service(web::resource("/oauth2/authorize").get(browser::authorize))
        .service(web::resource("/oauth2/token").post(token::exchange))
        .service(web::resource("/oauth2/userinfo").get(user_info::tell))
        .service(web::resource("/logout").get(browser::log_out))
        .service(web::resource("/cas/login").get(cas::log_in))
        .service(web::resource("/cas/logout").get(cas::log_out))
        .service(web::resource("/cas/p3/serviceValidate").get(cas::tell));
}
