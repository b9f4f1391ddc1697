//! Addresses of the API that other crates answer.

use std::fmt;

use actix_web::web::ServiceConfig;
use utoipa::openapi::OpenApi;

/// Addresses below `/v1` that another crate answers, behind the same tokens as all others.
pub struct Extension {
    /// Adds them, without the `/v1`.
    pub configure: Box<dyn Fn(&mut ServiceConfig) + Send + Sync>,
    /// Describes them, with the `/v1`.
    pub document: OpenApi,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<_> = self.document.paths.paths.keys().collect();
        f.debug_struct("Extension")
            .field("paths", &paths)
            .finish_non_exhaustive()
    }
}
