//! One call of SaaS V1.0 or License 1.0, from its query string to its signed answer.

use std::sync::Arc;

use tenure_koogallery::v1::{self, Iv, body_sign};
use tenure_koogallery::{AccessKey, Rejection};

use crate::callback::{Ingress, Known, Understood, unavailable};
use crate::exchange::{Incoming, Reply};
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
    let app_info = listing.app_info.clone();
    if account.is_empty() || purchase == Some(PurchaseForm::License) {
        return Some(Form {
            purchase,
            app_info,
            encrypt_type: None,
        });
    }
    let ivs = [draw()?, draw()?];
    Some(Form {
        purchase,
        app_info: app_info.map(|info| account.seal_into(info, key, *encrypt_type, &ivs)),
        encrypt_type: Some(*encrypt_type),
    })
}

fn draw() -> Option<Iv> {
    let mut random = [0; Iv::RANDOM_BYTES];
    match getrandom::fill(&mut random) {
        Ok(()) => Some(Iv::from_random(&random)),
        Err(error) => {
            tracing::error!(%error, "the system has no randomness");
            None
        },
    }
}
