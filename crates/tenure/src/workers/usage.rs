//! The worker that passes usage reports on.

use std::collections::BTreeMap;

use tenure_domain::ListingId;
use tenure_outbound::Worker;
use tenure_outbound::usage::{self, Parts, Pending, Push, Reporter};

use super::Surroundings;
use crate::config::UsagePush;

/// The most reports a second of one listing: each may hold a thousand amounts.
const REPORTS_PER_SECOND: u32 = 5;

/// Starts it, if any listing has access to the open APIs.
pub(super) fn start(around: &mut Surroundings<'_>) -> anyhow::Result<Option<Worker>> {
    let metrics = usage::metrics(around.registry);
    let reporters = reporters(around)?;
    if reporters.is_empty() {
        return Ok(None);
    }
    let pending = around.pending();
    let worker = usage::start(Parts {
        reporters,
        find_pending: Box::new(move |listing, rows| {
            let found = pending.find(|queries| queries.pending_usage(listing, rows))?;
            let pending = found.into_iter().map(|usage| Pending {
                merchant: usage.merchant,
                license: usage.license,
                listing: usage.listing,
                reports: usage.reports,
                position: usage.position,
            });
            Ok(pending.collect())
        }),
        open_reader: around.open_reader(),
        vault: around.vault.clone(),
        queue: around.queue.clone(),
        metrics,
        common: around.common(),
    })?;
    Ok(Some(worker))
}

/// What each listing reports with.
fn reporters(around: &Surroundings<'_>) -> anyhow::Result<BTreeMap<ListingId, Reporter>> {
    let mut reporters = BTreeMap::new();
    for listing in &around.config.listing {
        let id = ListingId::parse(&listing.id)?;
        if let (Some(account), Some(open_api)) = (around.accounts.get(&id), &listing.open_api) {
            let reporter = Reporter {
                account: account.clone(),
                push: match open_api.usage_push {
                    UsagePush::New => Push::New,
                    UsagePush::Old => Push::Old,
                },
                key: listing.parse()?.keys.base.iter().next().cloned(),
                per_second: REPORTS_PER_SECOND,
            };
            reporters.insert(id, reporter);
        }
    }
    Ok(reporters)
}
