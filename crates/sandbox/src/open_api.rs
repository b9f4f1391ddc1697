//! The marketplace's open APIs as a web service.
//!
//! | address | is |
//! | --- | --- |
//! | `POST …/v1/license/activate`, `…/v2/license/activate` | activation of one code, of up to 100 |
//! | `POST …/v1/license/heartbeat`, `…/v2/license/heartbeat` | query of one code, of up to 100 |
//! | `POST …/v2/license/software-usage-info` | who used the software today |
//! | `GET …/v1/order/query` | an order, or one of the nine mock orders |
//! | `POST …/v1/isv/usage-data`, and the old one at [`OLD_USAGE_PATH`] | what was used of instances that are paid by use |
//! | `POST …/v1/market-event/{event_id}/file` | a license that was applied for |
//!
//! `…` is [`BASE_PATH`]. Codes follow the error tables of the marketplace's License 2.0 and SaaS
//! guides; a signature that does not verify is refused as the API gateway in front of them does.
//! Nothing of a call that is refused is kept. What is kept has bounds, and the oldest gives way.

use std::sync::{Arc, MutexGuard, PoisonError};

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, PayloadConfig, ServiceConfig};

use crate::clock::Clock;
use crate::market::{Market, SharedMarket};
use crate::sdk::Credentials;

mod body_signature;
mod call;
mod code;
mod error;
mod faults;
mod manner;
mod market_answer;
mod nonces;
mod order;
mod statistics;
mod upload;
mod usage;

pub use manner::{Manner, Settings, Spelling};

use error::Refusal;
use nonces::Nonces;

/// The path before the version of every open API but the oldest.
pub const BASE_PATH: &str = "/api/mkp-openapi-public/global";

/// The path of the old way to report what was used.
pub const OLD_USAGE_PATH: &str = "/rest/marketplace/v1/isv/usage-data";

/// The most bytes of a body; the gateway takes nothing longer.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What the open APIs work on.
#[derive(Debug, Clone)]
pub struct OpenApi {
    market: SharedMarket,
    clock: Clock,
    credentials: Credentials,
    manner: Arc<Manner>,
    nonces: Arc<Nonces>,
}

impl OpenApi {
    /// Open APIs to a market, for a merchant with this AK/SK. The seed decides what the
    /// [`Settings`] leave open.
    pub fn new(market: SharedMarket, clock: Clock, credentials: Credentials, seed: u64) -> Self {
        Self {
            market,
            clock,
            credentials,
            manner: Arc::new(Manner::new(seed)),
            nonces: Arc::default(),
        }
    }

    /// How they answer, for whoever wants to change it.
    pub fn manner(&self) -> Arc<Manner> {
        Arc::clone(&self.manner)
    }

    /// Adds the routes of the open APIs to a web application.
    pub fn configure(self, config: &mut ServiceConfig) {
        let payload = || PayloadConfig::new(BODY_BYTES_MAX);
        config
            .app_data(Data::new(self))
            .service(
                web::scope(BASE_PATH)
                    .app_data(payload())
                    .wrap(from_fn(faults::disturb))
                    .route("/v1/license/activate", web::route().to(code::activate))
                    .route("/v2/license/activate", web::route().to(code::activate_all))
                    .route("/v1/license/heartbeat", web::route().to(code::heartbeat))
                    .route(
                        "/v2/license/heartbeat",
                        web::route().to(code::heartbeat_all),
                    )
                    .route(
                        "/v2/license/software-usage-info",
                        web::route().to(statistics::report),
                    )
                    .route("/v1/order/query", web::route().to(order::query))
                    .route("/v1/isv/usage-data", web::route().to(usage::report))
                    .route(
                        "/v1/market-event/{event_id}/file",
                        web::route().to(upload::deliver),
                    )
                    .default_service(web::route().to(no_such_api)),
            )
            .service(
                web::resource(OLD_USAGE_PATH)
                    .app_data(payload())
                    .wrap(from_fn(faults::disturb))
                    .route(web::route().to(usage::report_old)),
            );
    }

    fn market(&self) -> MutexGuard<'_, Market> {
        // Every change of the market is complete before anything can panic.
        self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn no_such_api() -> Result<&'static str, Refusal> {
    Err(Refusal::NoSuchApi)
}
