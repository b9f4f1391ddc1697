//! What every question and command needs.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use prometheus_client::registry::Registry;
use tenure_domain::{ListingId, MerchantId};
use tenure_journal::vault::Vault;
use tenure_journal::{Clock, Position, Queue, ReadLog, Watch};
use tenure_outbound::{Activator, Alarms};
use tenure_projector::{Progress, Queries};
use tokio::sync::Semaphore;

use crate::auth::Tokens;
use crate::extension::Extension;
use crate::heads::{Heads, Waited};
use crate::pool::{Open, Pool};
use crate::problem::Problem;

/// How long a question waits for a position that it names.
const MIN_POSITION_PATIENCE: Duration = Duration::from_secs(5);

/// The most connections to the journal, and to the read model.
const CONNECTIONS_MAX: usize = 8;

/// The most questions that wait for the read model, each on a thread.
const READ_MODEL_WAITERS_MAX: usize = 32;

/// The most followers that wait for the next record.
pub(crate) const FOLLOWERS_MAX: usize = 256;

/// Opens the journal for reading.
pub type OpenReader =
    Box<dyn Fn() -> Result<Box<dyn ReadLog>, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// What the API is made of.
pub struct Parts {
    /// The production addresses, and whose they are.
    pub listings: BTreeMap<ListingId, MerchantId>,
    /// Opens the journal for reading.
    pub open_reader: OpenReader,
    /// The file of the read model.
    pub read_model: PathBuf,
    /// Opens what is sealed.
    pub vault: Vault,
    /// How far the read model is.
    pub progress: Arc<Progress>,
    /// Tells that the journal moved.
    pub watch: Arc<Watch>,
    /// Where commands go; its health is shown.
    pub queue: Queue,
    /// Activates codes, if any listing has access to the open APIs.
    pub activator: Option<Activator>,
    /// Listings that may not ask about orders.
    pub alarms: Alarms,
    /// Who may ask.
    pub tokens: Tokens,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// What others count, shown beside what is counted here.
    pub registry: Arc<Mutex<Registry>>,
    /// What other crates answer behind the same tokens.
    pub extensions: Vec<Extension>,
}

/// Answers questions and takes commands.
pub struct Api {
    pub(crate) listings: BTreeMap<ListingId, MerchantId>,
    pub(crate) journal: Arc<Pool<Box<dyn ReadLog>>>,
    pub(crate) read_model: Arc<Pool<Queries>>,
    pub(crate) vault: Vault,
    pub(crate) progress: Arc<Progress>,
    pub(crate) heads: Heads,
    pub(crate) queue: Queue,
    pub(crate) activator: Option<Activator>,
    pub(crate) alarms: Alarms,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registry: Arc<Mutex<Registry>>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) followers: Semaphore,
    read_model_waiters: Arc<Semaphore>,
}

impl Api {
    /// Puts it together, and starts the thread that tells who waits that the journal moved.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let path = parts.read_model;
        let open_read_model: Open<Queries> = Box::new(move || Ok(Queries::open(&path)?));
        Ok(Self {
            listings: parts.listings,
            journal: Pool::new(CONNECTIONS_MAX, parts.open_reader),
            read_model: Pool::new(CONNECTIONS_MAX, open_read_model),
            vault: parts.vault,
            progress: parts.progress,
            heads: Heads::follow(parts.watch)?,
            queue: parts.queue,
            activator: parts.activator,
            alarms: parts.alarms,
            tokens: parts.tokens,
            clock: parts.clock,
            registry: parts.registry,
            extensions: parts.extensions,
            followers: Semaphore::new(FOLLOWERS_MAX),
            read_model_waiters: Arc::new(Semaphore::new(READ_MODEL_WAITERS_MAX)),
        })
    }

    /// Sends those who wait for the journal away, so that the listener can stop at once.
    pub fn stop(&self) {
        self.heads.stop();
    }

    /// Whose streams a question is about: those of a listing's merchant, or everybody's.
    pub(crate) fn merchants(
        &self,
        listing: Option<&ListingId>,
    ) -> Result<Vec<MerchantId>, Problem> {
        if let Some(merchant) = self.merchant(listing)? {
            return Ok(vec![merchant]);
        }
        let all: BTreeSet<_> = self.listings.values().cloned().collect();
        Ok(all.into_iter().collect())
    }

    /// The merchant of a listing, if one is named.
    pub(crate) fn merchant(
        &self,
        listing: Option<&ListingId>,
    ) -> Result<Option<MerchantId>, Problem> {
        let Some(listing) = listing else {
            return Ok(None);
        };
        match self.listings.get(listing) {
            Some(merchant) => Ok(Some(merchant.clone())),
            None => Err(Problem::not_found(
                "unknown_listing",
                format!("there is no listing {listing} in the configuration"),
            )),
        }
    }

    /// Waits until the journal holds a position.
    pub(crate) async fn await_journal(&self, position: Option<Position>) -> Result<(), Problem> {
        let Some(position) = position else {
            return Ok(());
        };
        match self.heads.reach(position, MIN_POSITION_PATIENCE).await {
            Waited::Reached => Ok(()),
            Waited::InVain => Err(not_yet("journal", position)),
        }
    }

    /// Waits until the read model has folded a position.
    pub(crate) async fn await_read_model(&self, position: Option<Position>) -> Result<(), Problem> {
        let Some(position) = position.filter(|it| self.progress.position() < *it) else {
            return Ok(());
        };
        let permit = Arc::clone(&self.read_model_waiters).try_acquire_owned();
        let permit = permit.map_err(|_too_many| not_yet("read model", position))?;
        let progress = Arc::clone(&self.progress);
        let waited = web::block(move || {
            let folded = progress.wait_for(position, MIN_POSITION_PATIENCE);
            drop(permit);
            folded
        });
        match waited.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_yet("read model", position)),
            Err(_blocking) => Err(Problem::internal()),
        }
    }
}

fn not_yet(what: &str, position: Position) -> Problem {
    let detail = format!("the {what} has not come to position {position}: ask again in a while");
    Problem::unavailable("not_yet", detail)
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("listings", &self.listings)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("listings", &self.listings)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
