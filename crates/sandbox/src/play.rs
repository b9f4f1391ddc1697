//! The scripted flows of a demonstration: one life of a code, the lives of two instances, and the
//! life of an instance that was sold under V1.0.
//!
//! Every call is signed and sent over HTTP to the listing's production address; what became of
//! the license is asked from the merchant after each.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Months, Utc};
use serde::Serialize;
use tokio::time::sleep;

use crate::client::{Client, Exchange};
use crate::clock::{Clock, real_now};
use crate::market::{Callback, Change, Market, MarketError, Purchase, Sale, SharedMarket};
use crate::messages::Destination;
use crate::random::Random;
use crate::signer::{Stamp, Style, sign};
use crate::v1;

mod message;

use message::Message;

/// How often an instance that is still being provisioned is asked for, and how long is between.
const POLLS_MAX: u32 = 50;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// One call and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `license`, `saas` or `saas-v1`.
    pub family: &'static str,
    /// The activity with its scene or status; `activate` for the call in the other direction.
    pub call: String,
    /// The result code, or `-` when there was none.
    pub result_code: String,
    /// The authorization code or the instance id; `-` while there is none.
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

/// Plays the flows of License 2.0 and SaaS V2.0 and returns every step.
///
/// `activate` activates a claimed code as the merchant's program does and returns the
/// `error_code`; `status_of` says how a license stands with the merchant.
pub async fn play(
    stage: &Stage<'_>,
    activate: impl AsyncFn(String) -> Result<String, String>,
    status_of: impl AsyncFn(String) -> Option<String>,
) -> Vec<Step> {
    let mut player = Player::on(stage, "license", status_of);
    player.code(activate).await;
    player.family = "saas";
    player.instance().await;
    player.unsubscribed_instance().await;
    player.steps
}

/// Plays the flow of SaaS V1.0 and returns every step.
pub async fn play_v1(
    stage: &Stage<'_>,
    status_of: impl AsyncFn(String) -> Option<String>,
) -> Vec<Step> {
    let mut player = Player::on(stage, SAAS_V1, status_of);
    player.instance_of_v1().await;
    player.steps
}

/// The family that is told by GET.
const SAAS_V1: &str = "saas-v1";

struct Player<'a, S> {
    stage: &'a Stage<'a>,
    status_of: S,
    random: Random,
    family: &'static str,
    steps: Vec<Step>,
}

impl<'a, S: AsyncFn(String) -> Option<String>> Player<'a, S> {
    fn on(stage: &'a Stage<'a>, family: &'static str, status_of: S) -> Self {
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

    /// Sold a month ago for a month, so that its term is over now. The renewal after that gives back
    /// what was frozen: V1.0 has no other call for it.
    async fn instance_of_v1(&mut self) {
        let now = self.stage.clock.now();
        let month_ago = now.checked_sub_months(Months::new(1)).unwrap_or(now);
        let Some(order) = self.new_instance(purchase(false), month_ago).await else {
            return;
        };
        let renew = || Change::Renew { months: 12 };
        self.change(&order, Change::Query).await;
        self.change(&order, renew()).await;
        // A renewal can be cancelled before its period begins.
        self.change_at(&order, Change::CancelRenewal, month_ago)
            .await;
        for change in [
            Change::Freeze,
            renew(),
            Change::Upgrade {
                product: "OFFI0000002".to_owned(),
                amount: 5,
            },
            Change::Release,
        ] {
            self.change(&order, change).await;
        }
    }

    /// Buys an instance and returns its purchase order.
    async fn new_instance(&mut self, purchase: Purchase, now: DateTime<Utc>) -> Option<String> {
        let listing = self.stage.listing;
        let sold = self.with_market(|market| market.sell_instance(listing, purchase, now));
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
            let Some(message) = self.worded(id, &callback) else {
                continue;
            };
            let exchange = self.send_until_ready(&callback.destination, &message).await;
            if exchange.activity == "newInstance"
                && let Some(instance) = exchange.member("instanceId")
            {
                self.with_market(|market| market.provisioned(id, instance));
            }
            let name = self.with_market(|market| {
                market
                    .sale(id)
                    .and_then(Sale::name)
                    .map_or_else(|| "-".to_owned(), str::to_owned)
            });
            let result_code = exchange.result_code.unwrap_or_else(|| "-".to_owned());
            let failure = exchange.failure.map(|failure| failure.to_string());
            self.note(message.title(), result_code, &name, failure)
                .await;
        }
    }

    /// The call in the words of the family; nothing where it has none for it.
    fn worded(&mut self, id: &str, callback: &Callback) -> Option<Message> {
        let Callback { destination, body } = callback;
        if self.family != SAAS_V1 || body.activity() == "orderNotify" {
            return Some(Message::V2(body.clone()));
        }
        let sale = self.with_market(|market| market.sale(id).cloned())?;
        v1::translate(body, &sale, &destination.key, &mut self.random).map(Message::V1)
    }

    /// The marketplace asks for an instance until it is ready.
    async fn send_until_ready(&mut self, to: &Destination, message: &Message) -> Exchange {
        let is_query = message.activity() == "queryInstance";
        let mut polls = 0;
        loop {
            let exchange = self.send(to, message).await;
            polls += 1;
            let pending = exchange.result_code.as_deref() == Some("000004");
            if !(is_query && pending && polls < POLLS_MAX) {
                return exchange;
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn send(&mut self, to: &Destination, message: &Message) -> Exchange {
        let now = real_now();
        let client = self.stage.client;
        match message {
            Message::V2(body) => {
                let style = Style::default();
                let stamp = Stamp::fresh(now.timestamp_millis(), style.nonce, &mut self.random);
                client
                    .send(&sign(&to.url, &to.key, body, &style, &stamp))
                    .await
            },
            Message::V1(call) => {
                let style = v1::signer::Style::default();
                let call = v1::signer::sign(&to.url, &to.key, call, now, style);
                client.get(&call, &to.key).await
            },
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
        self.steps.push(Step {
            family: self.family,
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

fn purchase(trial: bool) -> Purchase {
    Purchase {
        customer: "68cbc86abc2018ab880d92f36422fa0e".to_owned(),
        product: "OFFI0000001".to_owned(),
        amount: 1,
        months: 1,
        trial,
    }
}
