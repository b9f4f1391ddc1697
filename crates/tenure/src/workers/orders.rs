//! The worker that asks about orders.

use std::collections::BTreeMap;

use tenure_domain::ListingId;
use tenure_outbound::Worker;
use tenure_outbound::orders::{self, Asker, Parts};

use super::Surroundings;

/// Starts it, if any listing is to ask.
pub(super) fn start(around: &mut Surroundings<'_>) -> anyhow::Result<Option<Worker>> {
    let metrics = orders::metrics(around.registry);
    let askers = askers(around)?;
    if askers.is_empty() {
        return Ok(None);
    }
    let pending = around.pending();
    let worker = orders::start(Parts {
        askers,
        find_pending: Box::new(move |listing, rows| {
            let found = pending.find(|queries| queries.pending_orders(listing, rows))?;
            let pending = found.into_iter().map(|order| orders::Pending {
                merchant: order.merchant,
                license: order.license,
                family: order.family,
                listing: order.listing,
                order: order.order,
                line: order.line,
            });
            Ok(pending.collect())
        }),
        queue: around.queue.clone(),
        metrics,
        common: around.common(),
    })?;
    Ok(Some(worker))
}

/// What each listing asks with that is configured to ask.
fn askers(around: &Surroundings<'_>) -> anyhow::Result<BTreeMap<ListingId, Asker>> {
    let mut askers = BTreeMap::new();
    for listing in &around.config.listing {
        let Some(open_api) = listing.open_api.as_ref().filter(|it| it.query_orders) else {
            continue;
        };
        let id = ListingId::parse(&listing.id)?;
        if let Some(account) = around.accounts.get(&id) {
            let asker = Asker {
                account: account.clone(),
                per_second: open_api.orders_per_second.get(),
            };
            askers.insert(id, asker);
        }
    }
    Ok(askers)
}
