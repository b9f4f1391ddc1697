//! The worker that tells merchants' applications of purchases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_domain::ListingId;
use tenure_outbound::Worker;
use tenure_outbound::provisioning::{self, Parts, Shown, Told};

use super::Surroundings;
use crate::config::{Config, ListingConfig, ProvisioningMode};

/// Starts it, if any listing's application is told of purchases.
pub(super) fn start(around: &mut Surroundings<'_>) -> anyhow::Result<Option<Worker>> {
    let metrics = provisioning::metrics(around.registry);
    let told = told(around)?;
    if told.is_empty() {
        return Ok(None);
    }
    let (pending, shows) = (around.pending(), Arc::clone(&around.shows));
    let asking = asking(around.config)?;
    let worker = provisioning::start(Parts {
        told,
        find_pending: Box::new(move |listing, rows| {
            let found = pending.find(|queries| queries.pending_provisioning(listing, rows))?;
            let pending = found.into_iter().map(|license| provisioning::Pending {
                merchant: license.merchant,
                license: license.license,
                family: license.family,
                listing: license.listing,
            });
            Ok(pending.collect())
        }),
        show: Box::new(move |license| {
            let (merchant, id) = (&license.merchant, &license.license);
            if asking.contains(&license.listing) {
                shows.purchased(merchant, id)
            } else {
                shows.license(merchant, id).map(Shown::Now)
            }
        }),
        vault: around.vault.clone(),
        queue: around.queue.clone(),
        metrics,
        common: around.common(),
    })?;
    Ok(Some(worker))
}

/// The listings that ask what their orders are.
fn asking(config: &Config) -> anyhow::Result<BTreeSet<ListingId>> {
    let asks = |listing: &&ListingConfig| {
        let open_api = listing.open_api.as_ref();
        open_api.is_some_and(|it| it.query_orders)
    };
    let asking = config.listing.iter().filter(asks);
    asking.map(|it| Ok(ListingId::parse(&it.id)?)).collect()
}

fn told(around: &Surroundings<'_>) -> anyhow::Result<BTreeMap<ListingId, Told>> {
    let mut told = BTreeMap::new();
    for listing in &around.config.listing {
        let id = ListingId::parse(&listing.id)?;
        let provisioning = &listing.provisioning;
        if provisioning.mode == ProvisioningMode::Webhook
            && let Some(webhook) = around.webhooks.get(&id)
        {
            let webhook = webhook.clone();
            let remind_seconds = provisioning.webhook_remind_seconds;
            told.insert(
                id,
                Told {
                    webhook,
                    remind_seconds,
                },
            );
        }
    }
    Ok(told)
}
