//! One thing that was sold: an authorization code or an instance.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Change, Charging, Freeze, Interface, MarketError, News, Protocol, Scene, Term};
use crate::body::OrderLine;

/// An authorization code and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Whether the buyer has claimed it.
    pub claimed: bool,
    /// When the merchant activated it.
    pub activated_at: Option<DateTime<Utc>>,
    /// Whether the merchant has queried it since.
    pub checked: bool,
}

impl Code {
    /// A code that nobody has seen yet.
    pub fn issued(code: String) -> Self {
        Self {
            code,
            claimed: false,
            activated_at: None,
            checked: false,
        }
    }
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The merchant's id; none before it has answered.
    pub id: Option<String>,
    /// Whether it was not paid yet.
    pub trial: bool,
}

/// What the buyer got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sold {
    /// An authorization code.
    Code(Code),
    /// An instance.
    Instance(Instance),
}

impl Sold {
    /// The interface on which its life is told to the merchant.
    pub fn interface(&self) -> Interface {
        match self {
            Self::Code(_) => Interface::License,
            Self::Instance(_) => Interface::Base,
        }
    }
}

/// How far a code or an instance has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SaleState {
    /// Sold, and not yet in the buyer's hands.
    Issued,
    /// The buyer has claimed the code.
    Claimed,
    /// The merchant has activated the code, or provisioned the instance.
    Activated,
    /// The term is over.
    Expired,
    /// Over for good.
    Released,
}

/// One thing that was sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The purchase order, by which the market knows it.
    pub order: OrderLine,
    /// The listing.
    pub listing: String,
    /// The buyer's account.
    pub customer: String,
    /// The product.
    pub product: String,
    /// The units.
    pub amount: u32,
    /// How it is paid.
    pub charging: Charging,
    /// How long it lasts.
    pub term: Term,
    /// What it is.
    pub sold: Sold,
    /// The words in which the merchant is told of it, for all its life.
    pub protocol: Protocol,
}

impl Sale {
    /// The code, or the instance id if there is one yet: the merchant's name of the right.
    pub fn name(&self) -> Option<&str> {
        match &self.sold {
            Sold::Code(code) => Some(&code.code),
            Sold::Instance(instance) => instance.id.as_deref(),
        }
    }

    pub(super) fn is_named(&self, id: &str) -> bool {
        self.name() == Some(id)
    }

    /// Whether it is an instance that was not paid yet.
    pub fn is_trial(&self) -> bool {
        matches!(self.sold, Sold::Instance(Instance { trial: true, .. }))
    }

    /// How it stands, for lists.
    pub fn view(&self, now: DateTime<Utc>) -> SaleView {
        SaleView {
            order: self.order.order.clone(),
            listing: self.listing.clone(),
            kind: match self.sold {
                Sold::Code(_) => "code",
                Sold::Instance(_) => "instance",
            },
            name: self.name().map(str::to_owned),
            customer: self.customer.clone(),
            product: self.product.clone(),
            amount: self.amount,
            charging: self.charging,
            state: self.state_at(now),
            checked: matches!(self.sold, Sold::Code(Code { checked: true, .. })),
            frozen: self.term.frozen.is_some(),
            protocol: self.protocol,
            expires_at: self.term.expires_at,
        }
    }

    /// Its state in the market's eyes.
    pub fn state_at(&self, now: DateTime<Utc>) -> SaleState {
        let begun = match &self.sold {
            Sold::Code(Code {
                activated_at: Some(_),
                ..
            })
            | Sold::Instance(Instance { id: Some(_), .. }) => SaleState::Activated,
            Sold::Code(Code { claimed: true, .. }) => SaleState::Claimed,
            Sold::Code(_) | Sold::Instance(_) => SaleState::Issued,
        };
        if self.term.released_at.is_some() {
            SaleState::Released
        } else if now >= self.term.expires_at {
            SaleState::Expired
        } else {
            begun
        }
    }

    /// Applies a change and says what the merchant must be told.
    pub(super) fn apply(
        &mut self,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<Vec<News>, MarketError> {
        if !change.exists_in(self.protocol) {
            return Err(MarketError::NotApplicable);
        }
        if let Change::Claim = change {
            return self.claim();
        }
        self.name().ok_or(MarketError::NotProvisioned)?;
        let news = match change {
            Change::Claim => Vec::new(),
            Change::Renew { months } => return self.renew(*months, now),
            Change::CancelRenewal => {
                self.term.cancel_renewal(now)?;
                vec![News::Refreshed(Scene::RenewalCancelled)]
            },
            Change::Convert { months } => {
                self.expect_term()?;
                if !self.instance()?.trial {
                    return Err(MarketError::NotApplicable);
                }
                self.term.convert(*months, now)?;
                self.instance()?.trial = false;
                vec![News::Refreshed(Scene::TrialToFormal)]
            },
            Change::Upgrade { product, amount } => {
                self.instance()?;
                self.term.living()?;
                self.product.clone_from(product);
                self.amount = *amount;
                vec![News::Upgraded]
            },
            Change::Expire => {
                self.term.expire(now)?;
                vec![News::Expired]
            },
            Change::Freeze => {
                self.term.suspend()?;
                vec![News::Frozen]
            },
            Change::Unfreeze => {
                self.term.unfreeze()?;
                vec![News::Unfrozen]
            },
            Change::Release => {
                self.term.release(now)?;
                vec![News::Released]
            },
            Change::Unsubscribe => {
                self.term.release(now)?;
                vec![News::Unsubscribed]
            },
            Change::Query => {
                self.instance()?;
                vec![News::Asked]
            },
        };
        Ok(news)
    }

    fn renew(&mut self, months: u32, now: DateTime<Utc>) -> Result<Vec<News>, MarketError> {
        self.expect_term()?;
        self.term.renew(months, now)?;
        let mut news = vec![News::Refreshed(Scene::Renewal)];
        news.extend(self.term.unfreeze()?.map(|frozen| match frozen {
            Freeze::TermOver => News::UnfrozenByRenewal,
            Freeze::Suspended => News::Unfrozen,
        }));
        Ok(news)
    }

    fn expect_term(&self) -> Result<(), MarketError> {
        if self.charging.has_term() {
            Ok(())
        } else {
            Err(MarketError::NotApplicable)
        }
    }

    fn claim(&mut self) -> Result<Vec<News>, MarketError> {
        self.term.living()?;
        match &mut self.sold {
            Sold::Code(code) => code.claimed = true,
            Sold::Instance(_) => return Err(MarketError::NotApplicable),
        }
        Ok(Vec::new())
    }

    fn instance(&mut self) -> Result<&mut Instance, MarketError> {
        match &mut self.sold {
            Sold::Instance(instance) => Ok(instance),
            Sold::Code(_) => Err(MarketError::NotApplicable),
        }
    }
}

/// A [`Sale`] as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaleView {
    /// The purchase order.
    pub order: String,
    /// The listing.
    pub listing: String,
    /// `code` or `instance`.
    pub kind: &'static str,
    /// The code, or the instance id once the merchant has answered with one.
    pub name: Option<String>,
    /// The buyer's account.
    pub customer: String,
    /// The product.
    pub product: String,
    /// The units.
    pub amount: u32,
    /// How it is paid.
    pub charging: Charging,
    /// The state in the market's eyes.
    pub state: SaleState,
    /// Whether the merchant has queried the code since its activation.
    pub checked: bool,
    /// Whether use is withheld.
    pub frozen: bool,
    /// The words in which the merchant is told of it.
    pub protocol: Protocol,
    /// The end of the term.
    pub expires_at: DateTime<Utc>,
}
