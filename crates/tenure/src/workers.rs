//! The workers of the outbound side, put together: what each works with, and where it finds what is
//! to be done.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use tenure_domain::{LicenseId, ListingId};
use tenure_ingress::FindUsage;
use tenure_journal::vault::Vault;
use tenure_journal::{Clock, Queue, ReadLog, SqliteReader, Watch};
use tenure_koogallery::UsageInfo;
use tenure_outbound::{Account, Alarms, Common, Webhook, Worker};
use tenure_projector::{InstanceUsage, Progress};

use crate::config::Config;
use crate::pending::Pending;
use crate::provisioning::Shows;

mod license_files;
mod orders;
mod provisioning;
mod usage;

/// What the service has that workers need.
pub(crate) struct Surroundings<'a> {
    pub(crate) config: &'a Config,
    /// The journal's file.
    pub(crate) journal: PathBuf,
    /// The access of listings to the open APIs.
    pub(crate) accounts: BTreeMap<ListingId, Account>,
    /// The applications of listings that are told and asked.
    pub(crate) webhooks: BTreeMap<ListingId, Webhook>,
    /// Shows licenses to them.
    pub(crate) shows: Arc<Shows>,
    pub(crate) vault: Vault,
    pub(crate) progress: Arc<Progress>,
    pub(crate) queue: Queue,
    pub(crate) watch: Arc<Watch>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) alarms: Alarms,
    pub(crate) registry: &'a mut Registry,
}

/// Starts every worker that has a listing to work for. Must run inside an actix system.
pub(crate) fn start(mut around: Surroundings<'_>) -> anyhow::Result<Vec<Worker>> {
    let started = [
        orders::start(&mut around)?,
        provisioning::start(&mut around)?,
        usage::start(&mut around)?,
        license_files::start_making(&mut around)?,
        license_files::start_delivering(&mut around)?,
    ];
    Ok(started.into_iter().flatten().collect())
}

type Opened = Result<Box<dyn ReadLog>, Box<dyn Error + Send + Sync>>;

impl Surroundings<'_> {
    /// Reads what is pending. Every worker has one of its own, because it blocks.
    fn pending(&self) -> Pending {
        Pending::new(
            self.config.projector.path.clone(),
            Arc::clone(&self.progress),
            Arc::clone(&self.watch),
        )
    }

    /// Finds what was used of instances, as far as the read model has folded it.
    pub(crate) fn find_usage(&self) -> FindUsage {
        let pending = self.pending();
        FindUsage::new(move |merchant, ids, users_max| {
            let found = pending.find(|queries| {
                let used = |id: &LicenseId| {
                    let used = queries.usage(merchant, id, users_max)?;
                    Ok((id.clone(), usage_infos(used)))
                };
                ids.iter().map(used).collect()
            })?;
            Ok(found.into_iter().collect())
        })
    }

    /// Opens the journal for reading.
    fn open_reader(&self) -> Box<dyn Fn() -> Opened + Send + Sync> {
        let path = self.journal.clone();
        Box::new(move || Ok(Box::new(SqliteReader::open(&path)?)))
    }

    /// What every worker works with.
    fn common(&self) -> Common {
        Common {
            watch: Arc::clone(&self.watch),
            clock: Arc::clone(&self.clock),
            alarms: self.alarms.clone(),
            seed: self.clock.now().micros().cast_unsigned(),
        }
    }
}

/// What was used as the marketplace is told: of the instance itself first, then by its users.
fn usage_infos(used: InstanceUsage) -> Vec<UsageInfo> {
    let own = used.own.map(|total| (None, total));
    let users = used
        .users
        .into_iter()
        .map(|(user, total)| (Some(user), total));
    let all = own.into_iter().chain(users);
    all.map(|(related_instance, total)| UsageInfo {
        related_instance,
        total,
    })
    .collect()
}
