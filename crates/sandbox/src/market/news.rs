//! What a merchant must be told of something that was sold, before it is put into words.

use super::{Sale, Sold};
use crate::body::{self, Body, OrderLine};

/// Something that a merchant must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// It was bought.
    Bought,
    /// The buyer asks how it stands.
    Asked,
    /// Its term has another end.
    Refreshed(Scene),
    /// Its term is over, and use is withheld.
    Expired,
    /// Use is withheld, for another reason.
    Frozen,
    /// Use is given back.
    Unfrozen,
    /// Use is given back because of the renewal that was told just before.
    UnfrozenByRenewal,
    /// It is of another specification.
    Upgraded,
    /// It is over for good, because nobody renewed it.
    Released,
    /// It is over for good, because the buyer wanted it so.
    Unsubscribed,
}

/// Why a term has another end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// A trial was paid.
    TrialToFormal,
    /// It was renewed.
    Renewal,
    /// The last renewal was cancelled.
    RenewalCancelled,
}

impl Scene {
    /// The `scene` of V2.0.
    fn name(self) -> &'static str {
        match self {
            Self::TrialToFormal => "TRIAL_TO_FORMAL",
            Self::Renewal => "RENEWAL",
            Self::RenewalCancelled => "UNSUBSCRIBE_RENEWAL_PERIOD",
        }
    }
}

impl News {
    /// The call of V2.0, under an order. Nothing for the purchase of a code, of which there is no
    /// call but the order notification.
    pub(super) fn body(self, sale: &Sale, order: &OrderLine, business_id: &str) -> Option<Body> {
        let name = sale.name().unwrap_or_default();
        let body = match sale.sold {
            Sold::Code(_) => self.about_code(sale, name, order)?,
            Sold::Instance(_) => self.about_instance(sale, name, order, business_id),
        };
        Some(body)
    }

    fn about_code(self, sale: &Sale, code: &str, order: &OrderLine) -> Option<Body> {
        let ends_at = sale.term.expires_at;
        match self {
            Self::Bought | Self::Asked | Self::Upgraded => None,
            Self::Refreshed(scene) => {
                let scene = scene.name();
                Some(body::refresh_license_code(
                    scene, code, order, None, ends_at,
                ))
            },
            Self::Expired | Self::Frozen => Some(body::update_license_code_status(code, "FREEZE")),
            Self::Unfrozen | Self::UnfrozenByRenewal => {
                Some(body::update_license_code_status(code, "UNFREEZE"))
            },
            Self::Released => Some(body::release_license_code(code, None)),
            Self::Unsubscribed => Some(body::release_license_code(code, Some(order))),
        }
    }

    fn about_instance(self, sale: &Sale, id: &str, order: &OrderLine, business_id: &str) -> Body {
        let ends_at = sale.term.expires_at;
        match self {
            Self::Bought => body::new_instance(business_id, order),
            Self::Asked => body::query_instance(id),
            Self::Refreshed(scene) => {
                body::refresh_instance(scene.name(), id, order, None, ends_at)
            },
            Self::Expired | Self::Frozen => body::update_instance_status(id, "FREEZE"),
            Self::Unfrozen | Self::UnfrozenByRenewal => {
                body::update_instance_status(id, "UNFREEZE")
            },
            Self::Upgraded => body::upgrade_instance(id, order),
            Self::Released => body::release_instance(id, None),
            Self::Unsubscribed => body::release_instance(id, Some(order)),
        }
    }
}
