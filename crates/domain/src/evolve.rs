//! From a state and an event to the next state. Total: no event fails. That an event may not follow
//! a state is for [`crate::laws`] to name; a fold goes on, so that a damaged history can still be
//! looked at.

use crate::event::{Activation, Event, TermChange};
use crate::file::{File, FileKey, FileProgress};
use crate::ids::ListingId;
use crate::license::{Change, ChangeKind, Family, Hold, License, Living, Phase};
use crate::order_details::{OrderDetails, OrderKind};
use crate::term::Term;

impl License {
    /// The state after `event`.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match self {
            Self::Absent => open(event),
            Self::Living(living) => living.evolve(event),
            Self::Released(mut living) => {
                match event {
                    Event::OrderKnown(details) => living.learn(details),
                    Event::CodeChecked(check) => living.checked = Some(check.as_ref().clone()),
                    Event::FileDelivered { key } => living.deliver(key),
                    Event::FileDenied { key, code: _ } => living.deny(key),
                    Event::Purchased { .. }
                    | Event::Issued { .. }
                    | Event::Provisioned { .. }
                    | Event::AccessTold { .. }
                    | Event::Activated(_)
                    | Event::Renewed(_)
                    | Event::RenewalCancelled(_)
                    | Event::ConvertedToPaid(_)
                    | Event::Upgraded { .. }
                    | Event::Expired
                    | Event::Suspended
                    | Event::Reinstated
                    | Event::Released { .. }
                    | Event::FileRequested(_)
                    | Event::FileMade { .. } => {},
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
        | Event::AccessTold { .. }
        | Event::Activated(_)
        | Event::Renewed(_)
        | Event::RenewalCancelled(_)
        | Event::ConvertedToPaid(_)
        | Event::Upgraded { .. }
        | Event::Expired
        | Event::Suspended
        | Event::Reinstated
        | Event::Released { .. }
        | Event::OrderKnown(_)
        | Event::CodeChecked(_)
        | Event::FileRequested(_)
        | Event::FileMade { .. }
        | Event::FileDelivered { .. }
        | Event::FileDenied { .. } => License::Absent,
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
        access: None,
        checked: None,
        files: Vec::new(),
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
            Event::AccessTold { access } => self.access = Some(access.clone()),
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
            Event::CodeChecked(check) => self.checked = Some(check.as_ref().clone()),
            Event::FileRequested(request) => self.files.push(File {
                request: request.as_ref().clone(),
                progress: FileProgress::Requested,
            }),
            Event::FileMade { key, content } => {
                self.progress(key, |_| Some(FileProgress::Made(content.clone())));
            },
            Event::FileDelivered { key } => self.deliver(key),
            Event::FileDenied { key, code: _ } => self.deny(key),
        }
        License::Living(self)
    }

    fn deliver(&mut self, key: &FileKey) {
        self.progress(key, |file| {
            file.content().cloned().map(FileProgress::Delivered)
        });
    }

    fn deny(&mut self, key: &FileKey) {
        self.progress(key, |file| {
            file.content().cloned().map(FileProgress::Denied)
        });
    }

    fn progress(&mut self, key: &FileKey, next: impl FnOnce(&File) -> Option<FileProgress>) {
        let file = self.files.iter_mut().find(|it| it.request.key() == *key);
        if let Some(file) = file
            && let Some(progress) = next(file)
        {
            file.progress = progress;
        }
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

    /// Takes note of what an order is. Who bought comes from the newest change that tells it, and
    /// what is licensed from the newest that grants it, so that a late answer about an old order
    /// takes nothing back.
    fn learn(&mut self, details: &OrderDetails) {
        let order = &details.order;
        if !self.is_changed_by(order) {
            return;
        }
        let customer_is_told_since = self
            .newest_first()
            .take_while(|change| !change.is_of(order))
            .filter_map(|change| self.details_of(change))
            .any(|known| known.customer.is_some());
        if !customer_is_told_since && details.customer.is_some() {
            self.customer.clone_from(&details.customer);
        }
        self.learn_grant(details);
        self.orders_known.retain(|known| known.order != *order);
        self.orders_known.push(details.clone());
    }

    /// Takes note of what an order grants, unless a newer one told it, or the order names what it
    /// gives back.
    fn learn_grant(&mut self, details: &OrderDetails) {
        let is_granted = |change: &Change| change.is_granted_by(details);
        if !self.changes.iter().any(is_granted) {
            return;
        }
        let (mut product_is_told_since, mut quantity_is_told_since) = (false, false);
        for change in self.newest_first().take_while(|it| !is_granted(it)) {
            let known = self.details_of(change);
            let granted = known.filter(|known| change.is_granted_by(known));
            product_is_told_since |= change.product.is_some();
            product_is_told_since |= granted.is_some_and(|known| known.product.is_some());
            quantity_is_told_since |= granted.is_some_and(|known| known.quantity.is_some());
        }
        if !product_is_told_since && details.product.is_some() {
            self.product.clone_from(&details.product);
        }
        if !quantity_is_told_since {
            self.quantity = details.quantity.or(self.quantity);
        }
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
    /// Whether an order made the change, and the buyer has with it what the order names. An order
    /// that takes something back names what that was.
    fn is_granted_by(&self, details: &OrderDetails) -> bool {
        let takes_back = match self.kind {
            ChangeKind::RenewalCancellation | ChangeKind::Unsubscription => true,
            ChangeKind::Purchase
            | ChangeKind::Activation
            | ChangeKind::Renewal
            | ChangeKind::Conversion
            | ChangeKind::Upgrade => false,
        };
        !takes_back && details.kind != OrderKind::Unsubscribe && self.is_of(&details.order)
    }

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
