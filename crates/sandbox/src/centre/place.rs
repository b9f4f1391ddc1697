//! Which of the centres was called: that of one enterprise, or the one at the root for all.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};

use super::answer::Refusal;
use super::calls::Call;
use super::directory::{Application, Directory, Enterprise};
use super::{Centre, State};

/// A `domainName` that was called.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) centre: Data<Centre>,
    /// The enterprise that it belongs to; none at the root.
    pub(super) tenant_id: Option<String>,
}

impl FromRequest for Place {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Place {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let centre = request.app_data::<Data<Centre>>().cloned();
        let centre = centre.ok_or(Refusal::Internal)?;
        let tenant_id = match request.match_info().get("enterprise") {
            Some(name) => {
                let id = |it: &Enterprise| it.tenant_id.clone();
                let found = centre.accounts(|directory| directory.enterprise(name).map(id));
                Some(found.ok_or(Refusal::UnknownEnterprise)?)
            },
            None => None,
        };
        Ok(Self { centre, tenant_id })
    }

    /// Whether an enterprise is asked about here.
    pub(super) fn is_of(&self, tenant_id: &str) -> bool {
        self.tenant_id.as_deref().is_none_or(|own| own == tenant_id)
    }

    /// The application with a client id, if it is known here.
    pub(super) fn client<'a>(
        &self,
        directory: &'a Directory,
        client_id: &str,
    ) -> Result<(&'a Enterprise, &'a Application), Refusal> {
        directory
            .client(client_id)
            .filter(|(enterprise, _)| self.is_of(&enterprise.tenant_id))
            .ok_or(Refusal::BadClient)
    }

    /// Writes a call down, and its answer out.
    pub(super) fn noted(
        &self,
        interface: &'static str,
        answered: Result<HttpResponse, Refusal>,
    ) -> HttpResponse {
        let refusal = answered.as_ref().err().map(ToString::to_string);
        let answer = answered.unwrap_or_else(|refusal| refusal.error_response());
        let State { calls, .. } = &mut *self.centre.state();
        calls.note(Call {
            at: self.centre.now(),
            interface,
            tenant_id: self.tenant_id.clone(),
            status: answer.status().as_u16(),
            refusal,
        });
        answer
    }
}
