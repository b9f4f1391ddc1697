//! The workers that make license files and deliver them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_domain::ListingId;
use tenure_outbound::license_files::{Files, FindPending, Pending};
use tenure_outbound::making::{self, Maker};
use tenure_outbound::provisioning::Told;
use tenure_outbound::{Account, Worker, deliveries};

use super::Surroundings;
use crate::config::LicenseFileMode;
use crate::provisioning;

/// How many files are looked at: more than wait for all but the busiest merchants. Those that wait
/// for somebody to make them must not hide those that are made.
const ROWS: usize = 10_000;

/// Starts the worker that makes files, if any listing has them made.
pub(super) fn start_making(around: &mut Surroundings<'_>) -> anyhow::Result<Option<Worker>> {
    let metrics = making::metrics(around.registry);
    let makers = makers(around)?;
    if makers.is_empty() {
        return Ok(None);
    }
    let shows = Arc::clone(&around.shows);
    let worker = making::start(making::Parts {
        makers,
        find_pending: find(around, false),
        show: Box::new(move |license| shows.license(&license.merchant, &license.license)),
        files: files(around),
        metrics,
        common: around.common(),
    })?;
    Ok(Some(worker))
}

/// Starts the worker that delivers files, if any listing has access to the open APIs.
pub(super) fn start_delivering(around: &mut Surroundings<'_>) -> anyhow::Result<Option<Worker>> {
    let metrics = deliveries::metrics(around.registry);
    let accounts = accounts(around)?;
    if accounts.is_empty() {
        return Ok(None);
    }
    let worker = deliveries::start(deliveries::Parts {
        accounts,
        find_pending: find(around, true),
        files: files(around),
        metrics,
        common: around.common(),
    })?;
    Ok(Some(worker))
}

/// Finds files that are made, or files that are not.
fn find(around: &Surroundings<'_>, are_made: bool) -> FindPending {
    let pending = around.pending();
    Box::new(move |listing, rows| {
        let found = pending.find(|queries| queries.pending_files(listing, ROWS.max(rows)))?;
        let found = found.into_iter().filter(|file| file.is_made == are_made);
        let found = found.take(rows).map(|file| Pending {
            merchant: file.merchant,
            license: file.license,
            listing: file.listing,
            key: file.key,
        });
        Ok(found.collect())
    })
}

fn files(around: &Surroundings<'_>) -> Files {
    let shows = Arc::clone(&around.shows);
    Files {
        read: Arc::new(move |merchant, id| shows.read(merchant, id)),
        vault: around.vault.clone(),
        queue: around.queue.clone(),
        clock: Arc::clone(&around.clock),
    }
}

fn makers(around: &Surroundings<'_>) -> anyhow::Result<BTreeMap<ListingId, Maker>> {
    let mut webhooks = provisioning::file_webhooks(around.config, &around.clock)?;
    let mut makers = BTreeMap::new();
    for listing in around.config.listing.iter().filter(|it| it.has_files()) {
        let id = ListingId::parse(&listing.id)?;
        let maker = match (listing.license_file.mode, webhooks.remove(&id)) {
            (LicenseFileMode::Static, _) => Maker::Static,
            (LicenseFileMode::Webhook, Some(webhook)) => Maker::Webhook(Told {
                webhook,
                remind_seconds: listing.provisioning.webhook_remind_seconds,
            }),
            (LicenseFileMode::Webhook, None) | (LicenseFileMode::Manual, _) => continue,
        };
        makers.insert(id, maker);
    }
    Ok(makers)
}

fn accounts(around: &Surroundings<'_>) -> anyhow::Result<BTreeMap<ListingId, Account>> {
    let mut accounts = BTreeMap::new();
    for listing in around.config.listing.iter().filter(|it| it.has_files()) {
        let id = ListingId::parse(&listing.id)?;
        if let Some(account) = around.accounts.get(&id) {
            accounts.insert(id, account.clone());
        }
    }
    Ok(accounts)
}
