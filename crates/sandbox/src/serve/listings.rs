//! The control API's part that concerns listings: their protocol, and the probes of their address.
//!
//! | address | does |
//! | --- | --- |
//! | `GET /sandbox/listings` | lists them: protocol, saved cases, last probe, failing days, whether trading is frozen |
//! | `POST /sandbox/listings/{listing}` | `protocol` (`v2`, `saas-v1`, `license-v1`): how the merchant is told of instances that are sold from now on |
//! | `POST /sandbox/listings/{listing}/save` | debugs and saves: `case` of `family`, or every scene; what passes is replayed by probes |
//! | `POST /sandbox/listings/{listing}/forget` | forgets the saved cases of `family` |
//! | `POST /sandbox/listings/{listing}/probe` | replays the saved cases now; counts for no day |
//! | `POST /sandbox/listings/{listing}/lift` | lifts the freeze of trading, and resets the count of failing days |

use std::sync::Arc;

use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tokio::time::interval;

use super::control::{Answer, done, read};
use super::{SWEEP_INTERVAL, Shop};
use crate::check::Family;
use crate::market::{Protocol, Round};
use crate::probes::{Prober, debug_and_save, probe};

/// Adds the routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/sandbox/listings", web::get().to(listings))
        .route("/sandbox/listings/{listing}", web::post().to(tell_by))
        .route("/sandbox/listings/{listing}/save", web::post().to(save))
        .route("/sandbox/listings/{listing}/forget", web::post().to(forget))
        .route(
            "/sandbox/listings/{listing}/probe",
            web::post().to(probe_now),
        )
        .route("/sandbox/listings/{listing}/lift", web::post().to(lift));
}

impl Shop {
    /// Makes every probe when it is due, one after the other and for ever.
    pub(super) async fn probe_when_due(&self) {
        let mut prober = Prober::new(self.client.clone(), Arc::clone(&self.market), self.now());
        let mut ticks = interval(SWEEP_INTERVAL);
        loop {
            tokio::select! {
                _ = ticks.tick() => {},
                () = self.clock_moved.notified() => {},
            }
            prober.probe_due(self.now()).await;
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Told {
    protocol: Protocol,
}

/// A family, or one case of it. There is a default because a body may be empty.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Cases {
    family: Family,
    case: Option<String>,
}

impl Default for Cases {
    fn default() -> Self {
        Self {
            family: Family::License,
            case: None,
        }
    }
}

async fn listings(shop: Data<Shop>) -> HttpResponse {
    HttpResponse::Ok().json(shop.market().probes())
}

async fn tell_by(
    shop: Data<Shop>,
    listing: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> Answer {
    let Told { protocol } = read(&request, &body)?;
    shop.market().tell_by(&listing, protocol)?;
    Ok(done(&request, json!({ "protocol": protocol })))
}

async fn save(
    shop: Data<Shop>,
    listing: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> Answer {
    let Cases { family, case } = read(&request, &body)?;
    let (client, market) = (&shop.client, &shop.market);
    let report = debug_and_save(client, market, &listing, family, case.as_deref()).await?;
    Ok(done(&request, json!(report)))
}

async fn forget(
    shop: Data<Shop>,
    listing: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> Answer {
    let Cases { family, case: _ } = read(&request, &body)?;
    shop.market().forget_cases(&listing, family)?;
    Ok(done(&request, json!({ "forgotten": family })))
}

async fn probe_now(shop: Data<Shop>, listing: Path<String>, request: HttpRequest) -> Answer {
    let (client, market) = (&shop.client, &shop.market);
    let made = probe(client, market, &listing, shop.now(), Round::ByHand).await?;
    Ok(done(&request, json!(made)))
}

async fn lift(shop: Data<Shop>, listing: Path<String>, request: HttpRequest) -> Answer {
    shop.market().lift_freeze(&listing)?;
    Ok(done(&request, json!({ "listing": *listing })))
}
