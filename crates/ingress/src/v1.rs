//! One call of SaaS V1.0 or License 1.0, from its query string to its signed answer.

use std::sync::Arc;

use tenure_koogallery::v1::{self, body_sign};
use tenure_koogallery::{AccessKey, Rejection};

use crate::access::{Accounts, draw};
use crate::callback::{Ingress, Known, Understood};
use crate::exchange::{Incoming, Reply, unavailable};
use crate::listing::Listing;
use crate::requests::{Form, Prepared, PurchaseForm};

impl Ingress {
    /// Answers a GET, once its receipt and its events are on disk. Every answer is signed, with the
    /// key that signed the call or else with the first of the base interfaces; only a listing that
    /// is not there, or has no such key, has nothing to sign with.
    pub async fn answer_v1(self: Arc<Self>, incoming: Incoming) -> Reply {
        let Some(listing) = self.listings.find(&incoming.listing) else {
            let rejected = v1::Rejected {
                rejection: Rejection::UnknownListing,
                key: None,
                activity: None,
            };
            return self.reject_v1(&incoming, None, &rejected).await;
        };
        let read = v1::read(
            &listing.keys.base,
            &listing.v1,
            listing.settings.expire_time_offset_minutes,
            &incoming.query,
            incoming.arrived_at,
        );
        let (reply, key) = match read {
            Ok(verified) => {
                let key = verified.key.clone();
                (
                    self.answer_verified_v1(&incoming, listing, verified).await,
                    Some(key),
                )
            },
            Err(rejected) => {
                let reply = self.reject_v1(&incoming, Some(listing), &rejected).await;
                (reply, rejected.key)
            },
        };
        let key = key.as_ref().or_else(|| listing.keys.base.iter().next());
        Reply {
            body_sign: key.map(|key| body_sign::value(key, &reply.body)),
            ..reply
        }
    }

    async fn answer_verified_v1(
        &self,
        incoming: &Incoming,
        listing: &Listing,
        verified: v1::Verified,
    ) -> Reply {
        let activity = verified.activity;
        let Some(form) = form(listing, activity, &verified.key) else {
            return unavailable();
        };
        let request = v1::request::from_notification(
            &listing.id,
            &listing.settings,
            activity,
            verified.notification,
            incoming.arrived_at,
        );
        let understood = Understood {
            activity: activity.name(),
            environment: verified.environment,
            request,
            form,
            nonce: None,
        };
        self.answer_understood(incoming, listing, understood).await
    }

    async fn reject_v1(
        &self,
        incoming: &Incoming,
        listing: Option<&Listing>,
        rejected: &v1::Rejected,
    ) -> Reply {
        let known = Known {
            listing,
            activity: rejected.activity.map(v1::Activity::name),
            authentic: rejected.key.is_some(),
            prepared: Prepared::rejection(rejected.rejection),
            nonce: None,
            sealed_with: None,
        };
        self.record(incoming, known).await
    }
}

/// What the answer shows; `None` if the system has no randomness to encrypt with.
fn form(listing: &Listing, activity: v1::Activity, key: &AccessKey) -> Option<Form> {
    let purchase = match activity {
        v1::Activity::NewInstance => Some(PurchaseForm::AppInfo),
        v1::Activity::GetLicense => Some(PurchaseForm::License),
        v1::Activity::QueryInstance => None,
        v1::Activity::RefreshInstance
        | v1::Activity::ExpireInstance
        | v1::Activity::ReleaseInstance
        | v1::Activity::Upgrade
        | v1::Activity::InstanceStatus
        | v1::Activity::RefreshLicense
        | v1::Activity::ExpireLicense
        | v1::Activity::ReleaseLicense => return Some(Form::default()),
    };
    let v1::Settings {
        account,
        encrypt_type,
        freshness_seconds: _,
    } = &listing.v1;
    let app_info = match listing.app_info.clone() {
        Some(info) if !account.is_empty() && purchase != Some(PurchaseForm::License) => {
            Some(account.seal_into(info, key, *encrypt_type, &[draw()?, draw()?]))
        },
        info => info,
    };
    Some(Form {
        purchase,
        app_info,
        accounts: Accounts::Encrypted {
            key: key.clone(),
            with: *encrypt_type,
        },
        ..Form::default()
    })
}
