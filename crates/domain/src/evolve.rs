//! From a state and an event to the next state. Total: no event fails. That an event may not follow
//! a state is for [`crate::laws`] to name; a fold goes on, so that a damaged history can still be
//! looked at.

use crate::event::{Activation, Event, TermChange};
use crate::ids::ListingId;
use crate::license::{Change, ChangeKind, Family, Hold, License, Living, Phase};
use crate::order_details::OrderDetails;
use crate::term::Term;

impl License {
    /// The state after `event`.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match self {
            Self::Absent => open(event),
            Self::Living(living) => living.evolve(event),
            Self::Released(mut living) => {
                if let Event::OrderKnown(details) = event {
                    living.learn(details);
                }
                Self::Released(living)
            },
        }
    }
}

fn open(event: &Event) -> License {
    match event {
        Event::Purchased {
            listing,
            family,
            order,
        } => {
            let mut living = new(listing, *family, Phase::Provisioning);
            living
                .changes
                .push(Change::of_order(ChangeKind::Purchase, order));
            License::Living(living)
        },
        Event::Issued { listing } => {
            License::Living(new(listing, Family::LicenseCode, Phase::Issued))
        },
        Event::Provisioned { .. }
        | Event::Activated(_)
        | Event::Renewed(_)
        | Event::RenewalCancelled(_)
        | Event::ConvertedToPaid(_)
        | Event::Upgraded { .. }
        | Event::Expired
        | Event::Suspended
        | Event::Reinstated
        | Event::Released { .. }
        | Event::OrderKnown(_) => License::Absent,
    }
}

fn new(listing: &ListingId, family: Family, phase: Phase) -> Living {
    Living {
        listing: listing.clone(),
        family,
        phase,
        hold: None,
        term: Term::default(),
        product: None,
        quantity: None,
        customer: None,
        changes: Vec::new(),
        orders_known: Vec::new(),
    }
}

impl Living {
    fn evolve(mut self, event: &Event) -> License {
        match event {
            Event::Purchased { .. } | Event::Issued { .. } => {},
            Event::Provisioned { provisioned_at } => {
                self.phase = Phase::InForce;
                self.term.starts_at = Some(*provisioned_at);
            },
            Event::Activated(activation) => self.activate(activation),
            Event::Renewed(change) => self.change_term(ChangeKind::Renewal, change),
            Event::RenewalCancelled(change) => {
                self.change_term(ChangeKind::RenewalCancellation, change);
            },
            Event::ConvertedToPaid(change) => self.change_term(ChangeKind::Conversion, change),
            Event::Upgraded { order } => {
                self.changes
                    .push(Change::of_order(ChangeKind::Upgrade, order));
            },
            Event::Expired => self.hold = Some(Hold::Expired),
            Event::Suspended => self.hold = Some(Hold::Suspended),
            Event::Reinstated => self.hold = None,
            Event::Released { order } => {
                if let Some(order) = order {
                    self.changes
                        .push(Change::of_order(ChangeKind::Unsubscription, order));
                }
                return License::Released(self);
            },
            Event::OrderKnown(details) => self.learn(details),
        }
        License::Living(self)
    }

    fn activate(&mut self, activation: &Activation) {
        self.phase = Phase::InForce;
        self.term.starts_at = Some(activation.activated_at);
        // A renewal may have told a later end before we heard of the activation.
        let renewed = self
            .changes
            .iter()
            .any(|change| change.expires_at.is_some());
        if !renewed && activation.expires_at.is_some() {
            self.term.expires_at = activation.expires_at;
            self.term.grace_seconds = activation.grace_seconds;
        }
        if self.product.is_none() {
            self.product.clone_from(&activation.product);
        }
        self.quantity = self.quantity.or(activation.quantity);
        if let Some(order) = &activation.order {
            self.changes.push(Change {
                kind: ChangeKind::Activation,
                order: order.clone(),
                line: None,
                expires_at: None,
                product: None,
            });
        }
    }

    fn change_term(&mut self, kind: ChangeKind, change: &TermChange) {
        self.term.expires_at = Some(change.expires_at);
        self.term.grace_seconds = change.grace_seconds;
        if let Some(product) = &change.product {
            self.product = Some(product.clone());
        }
        self.changes.push(Change::of_term(kind, change));
    }

    /// Takes note of what an order is. What is licensed comes from the newest change that tells it,
    /// so that a late answer about an old order takes nothing back.
    fn learn(&mut self, details: &OrderDetails) {
        let order = &details.order;
        if !self.is_changed_by(order) {
            return;
        }
        let (mut product_is_told_since, mut quantity_is_told_since) = (false, false);
        for change in self.newest_first().take_while(|it| !it.is_of(order)) {
            let known = self.details_of(change);
            product_is_told_since |= change.product.is_some();
            product_is_told_since |= known.is_some_and(|known| known.product.is_some());
            quantity_is_told_since |= known.is_some_and(|known| known.quantity.is_some());
        }
        if !product_is_told_since && details.product.is_some() {
            self.product.clone_from(&details.product);
        }
        if !quantity_is_told_since {
            self.quantity = details.quantity.or(self.quantity);
        }
        if details.customer.is_some() {
            self.customer.clone_from(&details.customer);
        }
        self.orders_known.retain(|known| known.order != *order);
        self.orders_known.push(details.clone());
    }

    /// The changes, newest first. An activation tells of the purchase, which came before every
    /// change that we may have heard of sooner.
    fn newest_first(&self) -> impl Iterator<Item = &Change> {
        let is_activation = |change: &&Change| change.kind == ChangeKind::Activation;
        let newest_first = || self.changes.iter().rev();
        let others = newest_first().filter(move |it| !is_activation(it));
        others.chain(newest_first().filter(is_activation))
    }
}

impl Change {
    /// A change that sets a term.
    pub(crate) fn of_term(kind: ChangeKind, change: &TermChange) -> Self {
        Self {
            kind,
            order: change.order.order.clone(),
            line: Some(change.order.line.clone()),
            expires_at: Some(change.expires_at),
            product: change.product.clone(),
        }
    }
}
