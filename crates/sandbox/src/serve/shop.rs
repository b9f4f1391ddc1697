//! What the control API and the page work on: the market, its time, the messages and the probes.

use std::sync::{Arc, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::centre::Centre;
use crate::client::Client;
use crate::clock::Clock;
use crate::market::{Callback, Change, Market, Protocol, SharedMarket};
use crate::messages::{Message, Messages, State};
use crate::open_api::Manner;

/// The parts of a running sandbox.
#[derive(Debug, Clone)]
pub(super) struct Shop {
    pub(super) market: SharedMarket,
    pub(super) centre: Centre,
    pub(super) clock: Clock,
    /// Is told when the clock was moved: probes may be due.
    pub(super) clock_moved: Arc<Notify>,
    pub(super) client: Client,
    pub(super) messages: Arc<Messages>,
    pub(super) manner: Arc<Manner>,
}

impl Shop {
    pub(super) fn market(&self) -> MutexGuard<'_, Market> {
        // Every change of the market is complete before anything can panic.
        self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Puts calls on the list, starts sending them, and names them.
    pub(super) fn dispatch(&self, callbacks: Vec<Callback>) -> Vec<u64> {
        let ids = self.post(callbacks);
        for id in &ids {
            self.deliver(*id);
        }
        ids
    }

    /// Puts calls on the list, starts sending them one after the other, and names them. Each waits
    /// for the one before to be delivered or to have stopped.
    pub(super) fn dispatch_in_order(&self, callbacks: Vec<Callback>) -> Vec<u64> {
        let ids = self.post(callbacks);
        let (shop, in_order) = (self.clone(), ids.clone());
        tokio::spawn(async move {
            for id in in_order {
                shop.messages.deliver(id).await;
            }
        });
        ids
    }

    fn post(&self, callbacks: Vec<Callback>) -> Vec<u64> {
        let post = |Callback { destination, call }| self.messages.post(destination, call);
        callbacks.into_iter().map(post).collect()
    }

    /// Sends a message in the background, until it is delivered or has stopped.
    pub(super) fn deliver(&self, id: u64) {
        let shop = self.clone();
        tokio::spawn(async move {
            let Some(message) = shop.messages.deliver(id).await else {
                return;
            };
            let delivered = message.state == State::Delivered;
            tracing::info!(
                id,
                activity = message.activity,
                delivered,
                "message has ended"
            );
            if delivered && ["newInstance", "getLicense"].contains(&message.activity.as_str()) {
                shop.provisioned(&message);
            }
        });
    }

    /// Learns the id of a new instance and asks for it, as the marketplace does until it is ready.
    /// Under the older protocols the answer to the purchase has told all.
    fn provisioned(&self, message: &Message) {
        let instance = message
            .last
            .as_ref()
            .and_then(|exchange| exchange.member("instanceId"));
        let (Some(instance), Some(order)) = (instance, &message.order) else {
            return;
        };
        let queries = {
            let mut market = self.market();
            market.provisioned(order, instance);
            let sale = market.sale(order);
            if sale.is_none_or(|sale| sale.protocol != Protocol::V2) {
                return;
            }
            market.change(order, Change::Query, self.now())
        };
        // Its term may be over already, and then nobody asks.
        if let Ok(queries) = queries {
            self.dispatch(queries);
        }
    }

    /// Sends what the passing of time has made due.
    pub(super) fn sweep(&self) {
        let due = self.market().sweep(self.now());
        self.dispatch(due);
    }
}
