//! The control API's part that concerns the authentication centre, as JSON.
//!
//! | address | does |
//! | --- | --- |
//! | `GET`, `POST /sandbox/centre/enterprises` | lists them without secrets; takes one with all its applications and members |
//! | `DELETE /sandbox/centre/enterprises/{enterprise}` | dissolves it |
//! | `POST …/{enterprise}/members`, `…/{enterprise}/applications` | takes one, in place of the one with its name |
//! | `POST /sandbox/centre/sign-ins` | signs `user_name` of `enterprise` in to `app_id`; answers with the way back |
//! | `GET`, `POST /sandbox/centre/settings` | what the documents leave open, and faults; replaces them |
//! | `GET /sandbox/centre/calls` | what was asked of the centre |

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, ResponseError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Centre, DirectoryError, SignInError};

/// Adds the routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/enterprises", web::get().to(enterprises))
        .route("/enterprises", web::post().to(put_enterprise))
        .route("/enterprises/{enterprise}", web::delete().to(remove))
        .route(
            "/enterprises/{enterprise}/members",
            web::post().to(put_member),
        )
        .route(
            "/enterprises/{enterprise}/applications",
            web::post().to(put_application),
        )
        .route("/sign-ins", web::post().to(sign_in))
        .route("/settings", web::get().to(settings))
        .route("/settings", web::post().to(set))
        .route("/calls", web::get().to(calls));
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
enum ControlError {
    #[error("the request cannot be read: {0}")]
    Unreadable(serde_json::Error),
    #[error("{0}")]
    Account(DirectoryError),
    #[error("{0}")]
    SignIn(SignInError),
}

impl From<DirectoryError> for ControlError {
    fn from(error: DirectoryError) -> Self {
        Self::Account(error)
    }
}

impl ResponseError for ControlError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Account(DirectoryError::UnknownEnterprise)
            | Self::SignIn(
                SignInError::UnknownEnterprise
                | SignInError::UnknownApplication
                | SignInError::UnknownMember,
            ) => StatusCode::NOT_FOUND,
            Self::Account(
                DirectoryError::TooMany | DirectoryError::NameTaken | DirectoryError::ClientTaken,
            )
            | Self::SignIn(SignInError::Disabled) => StatusCode::CONFLICT,
            Self::Unreadable(_)
            | Self::Account(DirectoryError::Text(_) | DirectoryError::LoginAddress) => {
                StatusCode::BAD_REQUEST
            },
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({ "error": self.to_string() }))
    }
}

type Answer = Result<HttpResponse, ControlError>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    enterprise: String,
    app_id: String,
    user_name: String,
}

async fn enterprises(centre: Data<Centre>) -> HttpResponse {
    centre
        .accounts(|directory| HttpResponse::Ok().json(directory.enterprises().collect::<Vec<_>>()))
}

async fn put_enterprise(centre: Data<Centre>, body: Bytes) -> Answer {
    let enterprise = read(&body)?;
    centre.accounts(|directory| directory.put(enterprise))?;
    Ok(HttpResponse::NoContent().finish())
}

async fn remove(centre: Data<Centre>, enterprise: Path<String>) -> Answer {
    if centre.accounts(|directory| directory.remove(&enterprise)) {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(DirectoryError::UnknownEnterprise.into())
    }
}

async fn put_member(centre: Data<Centre>, enterprise: Path<String>, body: Bytes) -> Answer {
    let member = read(&body)?;
    centre.accounts(|directory| directory.put_member(&enterprise, member))?;
    Ok(HttpResponse::NoContent().finish())
}

async fn put_application(centre: Data<Centre>, enterprise: Path<String>, body: Bytes) -> Answer {
    let application = read(&body)?;
    centre.accounts(|directory| directory.put_application(&enterprise, application))?;
    Ok(HttpResponse::NoContent().finish())
}

async fn sign_in(centre: Data<Centre>, body: Bytes) -> Answer {
    let SignIn {
        enterprise,
        app_id,
        user_name,
    } = read(&body)?;
    let callback = centre
        .sign_in(&enterprise, &app_id, &user_name)
        .map_err(ControlError::SignIn)?;
    Ok(HttpResponse::Ok().json(json!({
        "url": callback.url(), "code": callback.code, "tenant": callback.tenant,
    })))
}

async fn settings(centre: Data<Centre>) -> HttpResponse {
    HttpResponse::Ok().json(centre.manner.settings())
}

async fn set(centre: Data<Centre>, body: Bytes) -> Answer {
    centre.manner.set(read(&body)?);
    Ok(HttpResponse::Ok().json(centre.manner.settings()))
}

async fn calls(centre: Data<Centre>) -> HttpResponse {
    HttpResponse::Ok().json(centre.calls())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(body).map_err(ControlError::Unreadable)
}
