//! The worker that asks about orders, put together: what it asks with, and what it finds to ask.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenure_domain::ListingId;
use tenure_journal::{Clock, Queue, Watch};
use tenure_outbound::Account;
use tenure_outbound::orders::{Alarms, Asker, FindPending, Metrics, Parts, Pending, Worker};
use tenure_projector::{Progress, Queries, QueryError};

use crate::config::Config;

/// How long a look waits for the read model to have folded what woke it. The stop waits for a
/// look, so it is short.
const FOLD_PATIENCE: Duration = Duration::from_millis(300);

/// What the service has that the worker needs.
pub(crate) struct Surroundings {
    pub(crate) accounts: BTreeMap<ListingId, Account>,
    pub(crate) queue: Queue,
    pub(crate) watch: Arc<Watch>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) metrics: Metrics,
    pub(crate) alarms: Alarms,
}

/// Starts the worker, if any listing is to ask. Must run inside an actix system.
pub(crate) fn start(config: &Config, around: Surroundings) -> anyhow::Result<Option<Worker>> {
    let askers = askers(config, around.accounts)?;
    if askers.is_empty() {
        return Ok(None);
    }
    let reading = Reading {
        path: config.projector.path.clone(),
        opened: Mutex::new(None),
        progress: around.progress,
        watch: Arc::clone(&around.watch),
    };
    let seed = around.clock.now().micros().cast_unsigned();
    let worker = Worker::start(Parts {
        askers,
        find_pending: reading.into_function(),
        queue: around.queue,
        watch: around.watch,
        clock: around.clock,
        metrics: around.metrics,
        alarms: around.alarms,
        seed,
    })?;
    Ok(Some(worker))
}

/// What each listing asks with that is configured to ask.
fn askers(
    config: &Config,
    mut accounts: BTreeMap<ListingId, Account>,
) -> anyhow::Result<BTreeMap<ListingId, Asker>> {
    let mut askers = BTreeMap::new();
    for listing in &config.listing {
        let Some(open_api) = listing.open_api.as_ref().filter(|it| it.query_orders) else {
            continue;
        };
        let id = ListingId::parse(&listing.id)?;
        if let Some(account) = accounts.remove(&id) {
            let per_second = open_api.orders_per_second.get();
            askers.insert(
                id,
                Asker {
                    account,
                    per_second,
                },
            );
        }
    }
    Ok(askers)
}

/// Finds pending orders in the read model.
struct Reading {
    path: PathBuf,
    /// Opened at the first look: the projector may have to make the file before.
    opened: Mutex<Option<Queries>>,
    progress: Arc<Progress>,
    watch: Arc<Watch>,
}

impl Reading {
    fn into_function(self) -> FindPending {
        Box::new(move |listing, rows| Ok(self.find(listing, rows)?))
    }

    fn find(&self, listing: &ListingId, rows: usize) -> Result<Vec<Pending>, QueryError> {
        // A read model that is late tells of orders that are known by now, which does no harm.
        self.progress
            .wait_for(self.watch.seen().head, FOLD_PATIENCE);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let queries = match opened.take() {
            Some(queries) => queries,
            None => Queries::open(&self.path)?,
        };
        let found = opened.insert(queries).pending_orders(listing, rows)?;
        let pending = found.into_iter().map(|order| Pending {
            merchant: order.merchant,
            license: order.license,
            family: order.family,
            listing: order.listing,
            order: order.order,
            line: order.line,
        });
        Ok(pending.collect())
    }
}
