//! The scripted flows of a demonstration, one for every family: the life of a code, of instances,
//! of an online license, of what is told by V1.0 and by License 1.0, and the orders of them all.
//!
//! Every call is signed and sent over HTTP to the listing's production address; what became of
//! the license is asked from the merchant after each.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::sleep;

use crate::check::Family;
use crate::client::{Client, Exchange};
use crate::clock::{Clock, real_now};
use crate::market::{
    Callback, Change, Market, MarketError, Protocol, Purchase, Sale, SharedMarket,
};
use crate::random::Random;

mod online;
mod v1;

pub use online::play_online;
pub use v1::play_v1;

/// How often an instance that is still being provisioned is asked for, and how long is between.
const POLLS_MAX: u32 = 50;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// One call and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The family's name: that of [`Family`].
    pub family: &'static str,
    /// The activity with its scene or status; `activate` and `upload` for the calls in the other
    /// direction.
    pub call: String,
    /// The result code, or `-` when there was none.
    pub result_code: String,
    /// The authorization code or the instance id, of the kit the enterprise; `-` while there is none.
    pub license: String,
    /// The state of the license in the merchant's eyes, after the call.
    pub state: Option<String>,
    /// Why the call failed; none when it succeeded.
    pub failure: Option<String>,
}

/// The stage: a market with a listing, and the way to the merchant.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Sends the calls.
    pub client: &'a Client,
    /// Sells; shared with the open APIs, so that codes can be activated.
    pub market: &'a SharedMarket,
    /// The market's time.
    pub clock: &'a Clock,
    /// The listing in the market whose address is called. Interfaces without a key are skipped.
    pub listing: &'a str,
}

/// Plays the flows of License 2.0 and SaaS V2.0 and returns every step. Where the listing has a
/// key for that, every order is told of, too.
///
/// `activate` activates a claimed code as the merchant's program does and returns the
/// `error_code`; `status_of` says how a license stands with the merchant.
pub async fn play(
    stage: &Stage<'_>,
    activate: impl AsyncFn(String) -> Result<String, String>,
    status_of: impl AsyncFn(String) -> Option<String>,
) -> Vec<Step> {
    let mut player = Player::on(stage, Family::License, status_of);
    player.code(activate).await;
    player.family = Family::Saas;
    player.instance().await;
    player.unsubscribed_instance().await;
    player.steps
}

/// Buys an instance that later flows use, and returns the step and the merchant's name of it.
pub async fn buy_instance(
    stage: &Stage<'_>,
    status_of: impl AsyncFn(String) -> Option<String>,
) -> (Vec<Step>, Option<String>) {
    let mut player = Player::on(stage, Family::Saas, status_of);
    let now = stage.clock.now();
    let order = player.new_instance(purchase(false), now).await;
    let name = order.map(|order| player.name_of(&order));
    (player.steps, name.filter(|name| name != "-"))
}

struct Player<'a, S> {
    stage: &'a Stage<'a>,
    status_of: S,
    random: Random,
    family: Family,
    steps: Vec<Step>,
}

impl<'a, S: AsyncFn(String) -> Option<String>> Player<'a, S> {
    fn on(stage: &'a Stage<'a>, family: Family, status_of: S) -> Self {
        let random = Random::new(real_now().timestamp_micros().unsigned_abs());
        Self {
            stage,
            status_of,
            random,
            family,
            steps: Vec::new(),
        }
    }

    async fn code(&mut self, activate: impl AsyncFn(String) -> Result<String, String>) {
        let now = self.stage.clock.now();
        let listing = self.stage.listing;
        let sold = self.with_market(|market| market.sell_code(listing, purchase(false), now));
        let Some(sale) = self.sold("buy a code", sold).await else {
            return;
        };
        let code = sale.name().unwrap_or("-").to_owned();
        self.change(&code, Change::Claim).await;
        let (result_code, failure) = match activate(code.clone()).await {
            Ok(result_code) => (result_code, None),
            Err(failure) => ("-".to_owned(), Some(failure)),
        };
        self.note("activate".to_owned(), result_code, &code, failure)
            .await;
        for change in [
            Change::Renew { months: 12 },
            Change::CancelRenewal,
            Change::Freeze,
            Change::Renew { months: 12 },
            Change::Release,
        ] {
            self.change(&code, change).await;
        }
    }

    async fn instance(&mut self) {
        let now = self.stage.clock.now();
        let Some(order) = self.new_instance(purchase(true), now).await else {
            return;
        };
        for change in [
            Change::Query,
            Change::Convert { months: 12 },
            Change::Renew { months: 12 },
            Change::Freeze,
            Change::Unfreeze,
            Change::Upgrade {
                product: "OFFI0000002".to_owned(),
                amount: 5,
            },
            Change::CancelRenewal,
            Change::Release,
        ] {
            self.change(&order, change).await;
        }
    }

    async fn unsubscribed_instance(&mut self) {
        let now = self.stage.clock.now();
        let Some(order) = self.new_instance(purchase(false), now).await else {
            return;
        };
        self.change(&order, Change::Unsubscribe).await;
    }

    /// Buys an instance, told by the family's protocol, and returns its purchase order.
    async fn new_instance(&mut self, purchase: Purchase, now: DateTime<Utc>) -> Option<String> {
        let listing = self.stage.listing;
        let protocol = protocol_of(self.family);
        let sold = self.with_market(|market| {
            let before = market.listing(listing).map(|listing| listing.protocol);
            market.tell_by(listing, protocol)?;
            let sold = market.sell_instance(listing, purchase, now);
            market.tell_by(listing, before.unwrap_or_default())?;
            sold
        });
        self.sold("buy an instance", sold)
            .await
            .map(|sale| sale.order.order)
    }

    async fn sold(
        &mut self,
        call: &str,
        sold: Result<(Sale, Vec<Callback>), MarketError>,
    ) -> Option<Sale> {
        match sold {
            Ok((sale, callbacks)) => {
                self.tell(&sale.order.order, callbacks).await;
                Some(sale)
            },
            Err(error) => {
                let failure = Some(error.to_string());
                self.note(call.to_owned(), "-".to_owned(), "-", failure)
                    .await;
                None
            },
        }
    }

    async fn change(&mut self, id: &str, change: Change) {
        let now = self.stage.clock.now();
        self.change_at(id, change, now).await;
    }

    async fn change_at(&mut self, id: &str, change: Change, now: DateTime<Utc>) {
        let call = format!("{change:?}");
        match self.with_market(|market| market.change(id, change, now)) {
            Ok(callbacks) => self.tell(id, callbacks).await,
            Err(error) => {
                let failure = Some(error.to_string());
                self.note(call, "-".to_owned(), id, failure).await;
            },
        }
    }

    /// Sends the calls one after the other.
    async fn tell(&mut self, id: &str, callbacks: Vec<Callback>) {
        for callback in callbacks {
            let exchange = self.send_until_ready(&callback).await;
            if ["newInstance", "getLicense"].contains(&exchange.activity.as_str())
                && let Some(instance) = exchange.member("instanceId")
            {
                self.with_market(|market| market.provisioned(id, instance));
            }
            let name = self.name_of(id);
            let result_code = exchange.result_code.unwrap_or_else(|| "-".to_owned());
            let failure = exchange.failure.map(|failure| failure.to_string());
            self.note(callback.call.title(), result_code, &name, failure)
                .await;
        }
    }

    /// The merchant's name of what was sold; `-` while it has none.
    fn name_of(&self, id: &str) -> String {
        self.with_market(|market| {
            let name = market.sale(id).and_then(Sale::name);
            name.unwrap_or("-").to_owned()
        })
    }

    /// The marketplace asks for an instance until it is ready.
    async fn send_until_ready(&mut self, callback: &Callback) -> Exchange {
        let Callback { destination, call } = callback;
        let is_query = call.activity() == "queryInstance";
        let mut polls = 0;
        loop {
            let signed = call.sign(destination, &mut self.random);
            let exchange = signed.send(self.stage.client).await;
            polls += 1;
            let pending = exchange.result_code.as_deref() == Some("000004");
            if !(is_query && pending && polls < POLLS_MAX) {
                return exchange;
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn note(
        &mut self,
        call: String,
        result_code: String,
        license: &str,
        failure: Option<String>,
    ) {
        let license = license.to_owned();
        let state = (self.status_of)(license.clone()).await;
        let family = if call == "orderNotify" {
            Family::Order
        } else {
            self.family
        };
        self.steps.push(Step {
            family: family.name(),
            call,
            result_code,
            license,
            state,
            failure,
        });
    }

    fn with_market<T>(&self, read: impl FnOnce(&mut Market) -> T) -> T {
        read(
            &mut self
                .stage
                .market
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// How the instances of a family are told of.
fn protocol_of(family: Family) -> Protocol {
    match family {
        Family::License
        | Family::Saas
        | Family::OnlineLicense
        | Family::Order
        | Family::Kit
        | Family::KitV1 => Protocol::V2,
        Family::SaasV1 => Protocol::SaasV1,
        Family::LicenseV1 => Protocol::LicenseV1,
    }
}

fn purchase(trial: bool) -> Purchase {
    Purchase {
        customer: "68cbc86abc2018ab880d92f36422fa0e".to_owned(),
        product: "OFFI0000001".to_owned(),
        amount: 1,
        months: 1,
        trial,
    }
}
