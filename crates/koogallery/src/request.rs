//! What a notification asks of the domain.

use tenure_domain::order;
use tenure_domain::{
    Command, Family, Instant, Intent, LicenseId, ListingId, OrderLine, TermChange,
};
use uuid::Uuid;

use crate::call::Settings;
use crate::notification::Notification;
use crate::notification::change::{Refresh, Release, StatusChange, TargetStatus};
use crate::notification::license_file::GetLicense;

/// A command for one stream, or a question without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Something is wanted of a license.
    License {
        /// The license: an instance, or an authorization code.
        id: LicenseId,
        /// What is wanted.
        command: Command,
    },
    /// Something is wanted of an order.
    Order {
        /// The order line.
        order: OrderLine,
        /// What is wanted.
        command: order::Command,
    },
    /// A license file is wanted. What is known of the device has to be sealed before it becomes a
    /// command.
    LicenseFile(GetLicense),
    /// How are these instances?
    Query {
        /// The instances, in the order asked.
        ids: Vec<LicenseId>,
    },
    /// May a renewal change the specification of this instance?
    ChangeCheck {
        /// The instance.
        id: LicenseId,
    },
}

impl Request {
    /// Says what a notification that arrived at `at` asks for.
    pub fn from_notification(
        listing: &ListingId,
        settings: &Settings,
        notification: Notification,
        at: Instant,
    ) -> Self {
        let instance = settings.instance_family;
        let license = |family, id, intent| Self::License {
            id,
            command: Command {
                listing: listing.clone(),
                family,
                at,
                when_absent: settings.when_absent,
                intent,
            },
        };
        let refresh = |family, refresh: Refresh| {
            let id = refresh.id.clone();
            license(family, id, refresh_intent(refresh, settings.grace_seconds))
        };
        let status =
            |family, change: StatusChange| license(family, change.id, status_intent(change.to));
        let release = |family, release: Release| {
            license(
                family,
                release.id,
                Intent::Release {
                    order: release
                        .order
                        .zip(release.line)
                        .map(|(order, line)| OrderLine { order, line }),
                },
            )
        };
        match notification {
            Notification::NewInstance(new) => license(
                instance,
                instance_id(listing, &new.order),
                Intent::Purchase {
                    order: new.order,
                    ready: settings.ready_at_once,
                    details: None,
                },
            ),
            Notification::QueryInstance(query) => Self::Query { ids: query.ids },
            Notification::RefreshInstance(change) => refresh(instance, change),
            Notification::UpdateInstanceStatus(change) => status(instance, change),
            Notification::ReleaseInstance(change) => release(instance, change),
            Notification::UpgradeInstance(upgrade) => license(
                instance,
                upgrade.id,
                Intent::Upgrade {
                    order: upgrade.order,
                    details: None,
                },
            ),
            Notification::ChangeInstanceCheck(check) => Self::ChangeCheck { id: check.id },
            Notification::GetLicenseAsync(wanted) => Self::LicenseFile(wanted),
            Notification::RefreshLicenseCode(change) => refresh(Family::LicenseCode, change),
            Notification::UpdateLicenseCodeStatus(change) => status(Family::LicenseCode, change),
            Notification::ReleaseLicenseCode(change) => release(Family::LicenseCode, change),
            Notification::OrderNotify(notify) => Self::Order {
                order: notify.order.clone(),
                command: order::Command::Notify {
                    listing: listing.clone(),
                    order: notify.order,
                },
            },
        }
    }
}

/// A scene that we do not know sets the new end all the same: a buyer may have paid for it.
fn refresh_intent(refresh: Refresh, grace_seconds: u32) -> Intent {
    let intent: fn(TermChange) -> Intent = match refresh.scene.as_ref() {
        "UNSUBSCRIBE_RENEWAL_PERIOD" => Intent::CancelRenewal,
        "TRIAL_TO_FORMAL" => Intent::ConvertToPaid,
        _ => Intent::Renew,
    };
    intent(TermChange {
        scene: refresh.scene,
        order: refresh.order,
        expires_at: refresh.expires_at,
        expires_at_received: refresh.expires_at_received,
        grace_seconds,
        product: refresh.product,
    })
}

fn status_intent(to: TargetStatus) -> Intent {
    match to {
        TargetStatus::Frozen => Intent::Freeze,
        TargetStatus::Unfrozen => Intent::Unfreeze,
    }
}

/// The namespace of [`instance_id`]: the UUIDv5 of `urn:tenure:koogallery:instance` in the
/// namespace of URLs. Persisted: never change it.
pub const INSTANCE_NAMESPACE: Uuid = Uuid::from_u128(0x53ea_0e13_76bd_5432_a1eb_469f_725b_5146);

/// The id of the instance for an order line: the UUIDv5 of listing, order and line in
/// [`INSTANCE_NAMESPACE`], joined by U+001F, which no id may contain.
///
/// The SaaS V2.0 guide wants the same instance for the same order line, however often it is told;
/// computed, it is the same on every node, without a look-up and without a race.
pub fn instance_id(listing: &ListingId, order: &OrderLine) -> LicenseId {
    named(&[listing.as_str(), order.order.as_str(), order.line.as_str()])
}

/// The id of what these texts name together. No text of them may hold U+001F.
pub(crate) fn named(texts: &[&str]) -> LicenseId {
    let id = Uuid::new_v5(&INSTANCE_NAMESPACE, texts.join("\u{1f}").as_bytes());
    LicenseId::parse(&id.to_string()).expect("36 hexadecimal digits and dashes are a license id")
}

#[cfg(test)]
mod tests {
    use tenure_domain::{OrderId, OrderLineId};

    use super::*;

    fn id(listing: &str, order: &str, line: &str) -> LicenseId {
        instance_id(
            &ListingId::parse(listing).unwrap(),
            &OrderLine {
                order: OrderId::parse(order).unwrap(),
                line: OrderLineId::parse(line).unwrap(),
            },
        )
    }

    #[test]
    fn the_namespace_is_what_its_documentation_says() {
        let named = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:tenure:koogallery:instance");
        assert_eq!(INSTANCE_NAMESPACE, named);
    }

    #[test]
    fn an_order_line_has_one_id_for_ever() {
        // Computed with Python's uuid5.
        assert_eq!(
            id("cad-pro", "CS2211181819B4LVS", "CS2211181819B4LVS-000001").as_str(),
            "d7eaad34-2d28-5e23-acea-15517ce29f16"
        );
    }

    #[test]
    fn ids_of_different_order_lines_differ_however_they_are_cut() {
        assert_ne!(id("a", "bc", "d"), id("a", "b", "cd"));
        assert_ne!(id("ab", "c", "d"), id("a", "bc", "d"));
    }
}
