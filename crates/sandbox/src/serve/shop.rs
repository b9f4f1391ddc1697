//! What the control API and the page work on: the market, its time, and the messages.

use std::sync::{Arc, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::clock::Clock;
use crate::market::{Callback, Change, Market, SharedMarket};
use crate::messages::{Message, Messages, State};
use crate::open_api::Manner;

/// The parts of a running sandbox.
#[derive(Debug, Clone)]
pub(super) struct Shop {
    pub(super) market: SharedMarket,
    pub(super) clock: Clock,
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
        let post = |Callback { destination, body }| self.messages.post(destination, body);
        let ids: Vec<u64> = callbacks.into_iter().map(post).collect();
        for id in &ids {
            self.deliver(*id);
        }
        ids
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
            if delivered && message.activity == "newInstance" {
                shop.provisioned(&message);
            }
        });
    }

    /// Learns the id of a new instance and asks for it, as the marketplace does until it is ready.
    fn provisioned(&self, message: &Message) {
        let instance = message
            .last
            .as_ref()
            .and_then(|exchange| exchange.member("instanceId"));
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let order = body.get("orderId").and_then(Value::as_str);
        let (Some(instance), Some(order)) = (instance, order) else {
            return;
        };
        let queries = {
            let mut market = self.market();
            market.provisioned(order, instance);
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
