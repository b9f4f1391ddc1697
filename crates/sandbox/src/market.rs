//! What the marketplace knows: listings, what was sold on them, and the orders behind it.
//!
//! Everything is plain data in memory. An operation takes the market's time, changes the state,
//! and returns the calls to the merchant that follow from it; sending them is the caller's part.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use crate::kit::enterprise::Enterprise;
use crate::random::Random;

mod buyer;
mod change;
mod charging;
mod code;
mod enterprise;
mod listing;
mod mock;
mod news;
mod order;
mod probing;
mod sale;
mod statistics;
mod telling;
mod term;
mod test_code;
mod upload;
mod usage;

pub use buyer::{Buyer, sku_of};
pub use change::Change;
pub use charging::Charging;
pub use code::{BatchError, CodeError, CodeInfo, LicenseInfo};
pub use enterprise::{Founding, TOP_DEPARTMENT};
pub use listing::{Callback, Interface, Keys, Listing, Protocol, UnknownProtocol};
pub use mock::{MOCK_ORDERS, MockOrder};
pub use order::{Order, OrderKind};
pub use probing::{FAILING_DAYS_MAX, Probe, ProbeFailure, ProbeView, Probed, Round};
pub use sale::{Code, Instance, Sale, SaleState, SaleView, Sold};
pub use statistics::{ActiveClients, CLIENTS_MAX, Clients};
pub use term::{Freeze, RETENTION_DAYS, Term, TermError};
pub use test_code::{TestCode, TestCodeView};
pub use upload::{UPLOAD_BYTES_MAX, UPLOADS_MAX, Upload, UploadError, UploadView};
pub use usage::{USAGE_AGE_DAYS_MAX, USAGE_RECORDS_MAX, UsageError, UsageRecord};

pub(crate) use news::{News, Scene};

use probing::Probing;
use upload::Uploads;
use usage::UsageBook;

/// A market that the open APIs, the control API and the messages share.
pub type SharedMarket = Arc<Mutex<Market>>;

/// Why an operation was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// No listing has this name.
    #[error("there is no such listing")]
    UnknownListing,
    /// Nothing that was sold has this order, code or instance.
    #[error("nothing was sold under this order, code or instance")]
    UnknownSale,
    /// The merchant has not yet answered with an instance id.
    #[error("the merchant has not provisioned the instance yet")]
    NotProvisioned,
    /// The change does not exist for what was sold.
    #[error("the change does not apply to what was sold")]
    NotApplicable,
    /// The listing is hidden, and nobody has lifted that.
    #[error(
        "trading of the listing is frozen: its probes failed on {FAILING_DAYS_MAX} days in a row, \
         and nobody has lifted that yet"
    )]
    TradingFrozen,
    /// The listing has no key for the interface.
    #[error("the listing has no key for this interface")]
    NoKey,
    /// The debugging page has no such case that a merchant must accept.
    #[error("there is no such case that a merchant must accept")]
    UnknownCase,
    /// The term does not allow it.
    #[error("the term does not allow the change")]
    Term(#[from] TermError),
}

/// What is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The buyer's account.
    pub customer: String,
    /// The product.
    pub product: String,
    /// How many units.
    pub amount: u32,
    /// The length of the term.
    pub months: u32,
    /// A trial: SaaS only.
    pub trial: bool,
}

/// The state of the market.
#[derive(Debug)]
pub struct Market {
    listings: BTreeMap<String, Listing>,
    sales: BTreeMap<String, Sale>,
    enterprises: BTreeMap<String, Enterprise>,
    orders: Vec<Order>,
    test_codes: BTreeMap<String, TestCode>,
    clients: BTreeMap<String, ActiveClients>,
    probings: BTreeMap<String, Probing>,
    usage: UsageBook,
    uploads: Uploads,
    random: Random,
}

impl Market {
    /// A market with listings and nothing sold. The seed decides the codes and order ids.
    pub fn new(listings: Vec<Listing>, seed: u64) -> Self {
        let listings = listings
            .into_iter()
            .map(|listing| (listing.name.clone(), listing));
        Self {
            listings: listings.collect(),
            sales: BTreeMap::new(),
            enterprises: BTreeMap::new(),
            orders: Vec::new(),
            test_codes: BTreeMap::new(),
            clients: BTreeMap::new(),
            probings: BTreeMap::new(),
            usage: UsageBook::default(),
            uploads: Uploads::default(),
            random: Random::new(seed),
        }
    }

    /// The market behind a lock, to be shared.
    pub fn shared(self) -> SharedMarket {
        Arc::new(Mutex::new(self))
    }

    /// The listings by name.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.listings.values()
    }

    /// A listing.
    pub fn listing(&self, name: &str) -> Option<&Listing> {
        self.listings.get(name)
    }

    /// Says how a merchant is told of the instances of a listing that are sold from now on.
    pub fn tell_by(&mut self, listing: &str, protocol: Protocol) -> Result<(), MarketError> {
        let listing = self.listings.get_mut(listing);
        listing.ok_or(MarketError::UnknownListing)?.protocol = protocol;
        Ok(())
    }

    /// All that was sold, by purchase order.
    pub fn sales(&self) -> impl Iterator<Item = &Sale> {
        self.sales.values()
    }

    /// All orders, oldest first.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// What was sold under a purchase order, an authorization code or an instance id.
    pub fn sale(&self, id: &str) -> Option<&Sale> {
        self.sales
            .get(id)
            .or_else(|| self.sales.values().find(|sale| sale.is_named(id)))
    }

    /// Sells an authorization code. The merchant hears of it by `orderNotify` only.
    pub fn sell_code(
        &mut self,
        listing: &str,
        purchase: Purchase,
        now: DateTime<Utc>,
    ) -> Result<(Sale, Vec<Callback>), MarketError> {
        self.sell_code_by(Charging::Period, listing, purchase, now)
    }

    /// Sells an authorization code that is paid in another way.
    pub fn sell_code_by(
        &mut self,
        charging: Charging,
        listing: &str,
        purchase: Purchase,
        now: DateTime<Utc>,
    ) -> Result<(Sale, Vec<Callback>), MarketError> {
        let code = format!("PL{}", self.random.text(CODE_LETTERS, 14));
        let sold = Sold::Code(Code::issued(code));
        self.sell(listing, sold, charging, purchase, now)
    }

    /// Sells an instance, which the merchant is asked to provision.
    pub fn sell_instance(
        &mut self,
        listing: &str,
        purchase: Purchase,
        now: DateTime<Utc>,
    ) -> Result<(Sale, Vec<Callback>), MarketError> {
        self.sell_instance_by(Charging::Period, listing, purchase, now)
    }

    /// Sells an instance that is paid in another way.
    pub fn sell_instance_by(
        &mut self,
        charging: Charging,
        listing: &str,
        purchase: Purchase,
        now: DateTime<Utc>,
    ) -> Result<(Sale, Vec<Callback>), MarketError> {
        let sold = Sold::Instance(Instance {
            id: None,
            trial: purchase.trial,
        });
        self.sell(listing, sold, charging, purchase, now)
    }

    /// Notes the instance id that a merchant answered to a `newInstance` of an order.
    pub fn provisioned(&mut self, purchase_order: &str, instance: String) {
        if let Some(Sale {
            sold: Sold::Instance(sold),
            ..
        }) = self.sales.get_mut(purchase_order)
        {
            sold.id = Some(instance);
        }
    }

    /// Changes what was sold, on behalf of its buyer or of the marketplace itself.
    pub fn change(
        &mut self,
        id: &str,
        change: Change,
        now: DateTime<Utc>,
    ) -> Result<Vec<Callback>, MarketError> {
        let key = self
            .sale(id)
            .ok_or(MarketError::UnknownSale)?
            .order
            .order
            .clone();
        let order = self.next_order(now);
        let sale = self.sales.get_mut(&key).ok_or(MarketError::UnknownSale)?;
        let news = sale.apply(&change, now)?;
        let sale = sale.clone();
        let mut callbacks = Vec::new();
        if let Some(kind) = change.order_kind() {
            let line = order.clone();
            callbacks.extend(self.record_order(&sale, kind, line, change.months(), now));
        }
        for news in news {
            callbacks.extend(self.tell(&sale, news, &order, change.months()));
        }
        Ok(callbacks)
    }

    /// What follows from the passing of time: freezing at the end of the term, release at the end
    /// of the retention.
    pub fn sweep(&mut self, now: DateTime<Utc>) -> Vec<Callback> {
        let due: Vec<(String, Change)> = self
            .sales
            .values()
            .filter(|sale| sale.name().is_some())
            .flat_map(|sale| {
                let changes = sale.term.due_at(now);
                changes
                    .into_iter()
                    .map(|change| (sale.order.order.clone(), change))
            })
            .collect();
        due.into_iter()
            .filter_map(|(order, change)| self.change(&order, change, now).ok())
            .flatten()
            .collect()
    }

    fn sell(
        &mut self,
        listing: &str,
        sold: Sold,
        charging: Charging,
        purchase: Purchase,
        now: DateTime<Utc>,
    ) -> Result<(Sale, Vec<Callback>), MarketError> {
        let protocol = self.protocol_of(listing, &sold)?;
        let Purchase {
            customer,
            product,
            amount,
            months,
            trial,
        } = purchase;
        let order = self.next_order(now);
        let (months, term) = if charging.has_term() {
            (Some(months), Term::starting(now, months)?)
        } else {
            (None, Term::endless(now))
        };
        let sale = Sale {
            order: order.clone(),
            listing: listing.to_owned(),
            customer,
            product,
            amount,
            charging,
            term,
            sold,
            protocol,
        };
        let mut callbacks = Vec::new();
        let kind = if trial {
            OrderKind::Trial
        } else {
            OrderKind::New
        };
        callbacks.extend(self.record_order(&sale, kind, order.clone(), months, now));
        callbacks.extend(self.tell(&sale, News::Bought, &order, months));
        self.sales.insert(order.order, sale.clone());
        Ok((sale, callbacks))
    }

    /// How the merchant is told of what is sold on a listing, if it can be sold there.
    fn protocol_of(&self, listing: &str, sold: &Sold) -> Result<Protocol, MarketError> {
        let known = self.listing(listing).ok_or(MarketError::UnknownListing)?;
        self.expect_trading(listing)?;
        match sold {
            Sold::Code(_) => Ok(Protocol::V2),
            // License 1.0 knows no trial.
            Sold::Instance(Instance { trial: true, .. })
                if known.protocol == Protocol::LicenseV1 =>
            {
                Err(MarketError::NotApplicable)
            },
            Sold::Instance(_) => Ok(known.protocol),
        }
    }
}

/// Letters and digits that are not taken for each other.
const CODE_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The length of the retention as a span.
fn retention() -> TimeDelta {
    TimeDelta::days(RETENTION_DAYS)
}

#[cfg(test)]
mod tests;
