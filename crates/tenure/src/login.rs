//! Logins, put together: how each listing's members log in, and where enterprises are found.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use prometheus_client::registry::Registry;
use tenure_api::OpenReader;
use tenure_domain::ListingId;
use tenure_journal::vault::Vault;
use tenure_journal::{Clock, StreamId, Watch};
use tenure_login::{FindStreams, Login, Metrics, Parts, Settings, Store};
use tenure_projector::Progress;

use crate::config::Config;
use crate::pending::Pending;

/// What the service has that logins need.
pub(crate) struct Surroundings<'a> {
    pub(crate) config: &'a Config,
    pub(crate) progress: Arc<Progress>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) open_reader: OpenReader,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registry: &'a mut Registry,
}

/// Puts logins together, if any listing has them.
pub(crate) fn start(around: Surroundings<'_>) -> anyhow::Result<Option<Arc<Login>>> {
    let config = around.config;
    let settings = settings(config)?;
    if settings.is_empty() {
        return Ok(None);
    }
    let path = config.sessions_path()?;
    let read_model = config.projector.path.clone();
    let pending = Pending::new(read_model, around.progress, around.watch);
    let login = Login::new(Parts {
        settings,
        open_reader: around.open_reader,
        find_streams: find_streams(pending),
        vault: around.vault,
        store: Store::open(&path)?,
        clock: around.clock,
        metrics: Metrics::register(around.registry),
    })?;
    Ok(Some(Arc::new(login)))
}

fn settings(config: &Config) -> anyhow::Result<BTreeMap<ListingId, Settings>> {
    let mut settings = BTreeMap::new();
    for listing in &config.listing {
        if let Some(login) = &listing.login {
            let parsed = login
                .parse()
                .with_context(|| format!("login of listing {:?}", listing.id))?;
            settings.insert(ListingId::parse(&listing.id)?, parsed);
        }
    }
    Ok(settings)
}

/// The read model says where to look. Whether somebody may log in is folded from the streams.
fn find_streams(pending: Pending) -> FindStreams {
    Box::new(move |listing, tenant| {
        let looked = pending.look(|queries| queries.tenant_streams(listing, tenant))?;
        if looked.found.is_empty() && looked.is_late {
            // Nobody knows yet whether the enterprise is bound.
            return Err("the read model is late".into());
        }
        let streams = looked.found.iter();
        Ok(streams
            .map(|(merchant, key, _)| StreamId::tenant(merchant, key))
            .collect())
    })
}
