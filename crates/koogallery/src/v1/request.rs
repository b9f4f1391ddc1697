//! What a V1.0 or License 1.0 call asks of the domain.

use tenure_domain::{
    ChargingMode, Command, Family, Instant, Intent, LicenseId, ListingId, OrderDetails, OrderKind,
};

use super::activity::Activity;
use super::notification::{Ended, Notification, Purchase, Upgrade, order_as_line};
use crate::call::Settings;
use crate::notification::Notification as Current;
use crate::notification::change::Release;
use crate::request::{self, Request};

/// Says what a call that arrived at `at` asks for.
///
/// What License 1.0 delivers is of the family of online licenses, whatever the listing's base
/// interfaces deliver otherwise: the two share their keys, and a license their merchant makes.
pub fn from_notification(
    listing: &ListingId,
    settings: &Settings,
    activity: Activity,
    notification: Notification,
    at: Instant,
) -> Request {
    let family = if activity.is_of_licenses() {
        Family::OnlineLicense
    } else {
        settings.instance_family
    };
    let settings = Settings {
        instance_family: family,
        ..*settings
    };
    let license = |id, intent| Request::License {
        id,
        command: Command {
            listing: listing.clone(),
            family,
            at,
            when_absent: settings.when_absent,
            intent,
        },
    };
    let current = match notification {
        Notification::Purchase(purchase) => {
            return license(instance_id(listing, &purchase), buy(&settings, *purchase));
        },
        Notification::Refresh(refresh) => Current::RefreshInstance(refresh),
        Notification::Expire(Ended { id, order: _ }) => return license(id, Intent::Expire),
        // The order is that of the purchase, so it is no unsubscription's.
        Notification::Release(Ended { id, order: _ }) => Current::ReleaseInstance(Release {
            id,
            order: None,
            line: None,
        }),
        Notification::Upgrade(upgrade) => return license(upgrade.id.clone(), change(upgrade)),
        Notification::StatusChange(change) => Current::UpdateInstanceStatus(change),
        Notification::Query(query) => Current::QueryInstance(query),
    };
    Request::from_notification(listing, &settings, current, at)
}

/// A purchase. V1.0 has no order query, so what the call tells of the order is all that there is.
fn buy(settings: &Settings, purchase: Purchase) -> Intent {
    let order = order_as_line(&purchase.order);
    Intent::Purchase {
        order: order.clone(),
        ready: settings.ready_at_once,
        details: Some(Box::new(OrderDetails {
            order,
            kind: if purchase.is_trial {
                OrderKind::Trial
            } else {
                OrderKind::New
            },
            ordered_at: None,
            customer: Some(purchase.customer),
            product: Some(purchase.product),
            sku: purchase.sku,
            quantity: purchase.quantity,
            charging: purchase.charging,
            expires_at: purchase.expires_at,
        })),
    }
}

/// An upgrade, of which the call tells what is licensed from now on, and nothing else.
fn change(upgrade: Upgrade) -> Intent {
    let order = order_as_line(&upgrade.order);
    Intent::Upgrade {
        order: order.clone(),
        details: Some(Box::new(OrderDetails {
            order,
            kind: OrderKind::Change,
            ordered_at: None,
            customer: None,
            product: Some(upgrade.product),
            sku: Some(upgrade.sku),
            quantity: upgrade.quantity,
            charging: None,
            expires_at: None,
        })),
    }
}

/// The id of the instance for an order: that of V2.0 for an order whose one line has the order's
/// id. The guide wants one instance an order; what is paid per use has one for each product.
pub fn instance_id(listing: &ListingId, purchase: &Purchase) -> LicenseId {
    let order = order_as_line(&purchase.order);
    match purchase.charging {
        Some(ChargingMode::OnDemand) => request::named(&[
            listing.as_str(),
            order.order.as_str(),
            order.line.as_str(),
            purchase.product.as_str(),
        ]),
        Some(ChargingMode::Period | ChargingMode::OneTime | ChargingMode::OnDemandPackage)
        | None => request::instance_id(listing, &order),
    }
}
