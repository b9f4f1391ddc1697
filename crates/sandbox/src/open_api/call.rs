//! A call as the gateway lets it through: its signature, its clock and its size are in order.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{Method, header::CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use super::{OpenApi, Refusal};
use crate::clock::real_now;
use crate::sdk::{self, SdkError};

/// A call with a signature that verifies.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) api: Data<OpenApi>,
    pub(super) request: HttpRequest,
    pub(super) body: Bytes,
}

impl FromRequest for Call {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let api = request.app_data::<Data<OpenApi>>().cloned();
            let call = Self {
                api: api.ok_or(Refusal::Internal)?,
                body: body.await.map_err(|_unread| Refusal::TooLarge)?,
                request,
            };
            call.authenticate()?;
            Ok(call)
        })
    }
}

impl Call {
    fn authenticate(&self) -> Result<(), SdkError> {
        let headers: Vec<(String, String)> = self
            .request
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let signed = sdk::Request {
            method: self.request.method().as_str(),
            path: self.request.uri().path(),
            query: self.request.query_string(),
            headers: &headers,
            body: &self.body,
        };
        // Callers sign with their own clock, which nobody moved.
        sdk::verify(signed, &self.api.credentials, real_now())
    }

    /// The value of a header, if it is there and text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// Checks that it was made with the one method of its API.
    pub(super) fn expect_method(&self, method: &Method) -> Result<(), Refusal> {
        if self.request.method() == method {
            Ok(())
        } else {
            Err(Refusal::Method)
        }
    }

    /// Checks that its body is declared to be of a media type.
    pub(super) fn expect_media_type(&self, expected: &str) -> Result<(), Refusal> {
        let declared = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let declared = declared.split(';').next().unwrap_or_default().trim();
        if declared.eq_ignore_ascii_case(expected) {
            Ok(())
        } else {
            Err(Refusal::ContentType)
        }
    }

    /// Checks that it was posted, with a body that is declared to be JSON.
    pub(super) fn expect_json(&self) -> Result<(), Refusal> {
        self.expect_method(&Method::POST)?;
        self.expect_media_type("application/json")
    }

    /// The JSON of a posted body.
    pub(super) fn json(&self) -> Result<Value, Refusal> {
        self.expect_json()?;
        serde_json::from_slice(&self.body).map_err(|_syntax| Refusal::Unreadable)
    }
}
