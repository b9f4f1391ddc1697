//! The merchant's own applications, put together: their webhooks, what they are shown, and the
//! questions about changes.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use serde_json::Value;
use tenure_api::view::{AsOf, Located, PurchasedView};
use tenure_domain::{Instant, License, LicenseId, ListingId, MerchantId};
use tenure_ingress::change::{Allows, AskChange, ChangeQuestion, ChangeVerdict};
use tenure_journal::{Clock, Position, SqliteReader, StreamId, as_of};
use tenure_outbound::provisioning::Shown;
use tenure_outbound::{Webhook, webhook};

use crate::config::Config;

/// How long a purchase waits for the marketplace's word about its order, in microseconds, before it
/// is told without.
const ORDER_MICROS_MAX: i64 = 30 * 1_000_000;

/// How often that word is looked for, in seconds.
const ORDER_SECONDS: u8 = 3;

type Cause = Box<dyn Error + Send + Sync>;

/// The webhook of every listing that has one.
pub(crate) fn webhooks(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<BTreeMap<ListingId, Webhook>> {
    let mut webhooks = BTreeMap::new();
    for listing in &config.listing {
        let Some((address, secrets)) = listing.provisioning.webhook()? else {
            continue;
        };
        let webhook = Webhook::new(address, secrets, Arc::clone(clock))
            .with_context(|| format!("provisioning of listing {:?}", listing.id))?;
        webhooks.insert(ListingId::parse(&listing.id)?, webhook);
    }
    Ok(webhooks)
}

/// The webhook of every listing whose license files an application makes.
pub(crate) fn file_webhooks(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<BTreeMap<ListingId, Webhook>> {
    let mut webhooks = BTreeMap::new();
    for listing in config.listing.iter().filter(|it| it.has_files()) {
        let Some((address, secrets)) = listing.license_file.webhook(&listing.provisioning)? else {
            continue;
        };
        let webhook = Webhook::new(address, secrets, Arc::clone(clock))
            .with_context(|| format!("license_file of listing {:?}", listing.id))?;
        webhooks.insert(ListingId::parse(&listing.id)?, webhook);
    }
    Ok(webhooks)
}

/// Asks the application of a listing about changes.
pub(crate) fn ask_change(webhooks: BTreeMap<ListingId, Webhook>, shows: Arc<Shows>) -> AskChange {
    AskChange::new(move |question| {
        let webhook = webhooks.get(&question.listing).cloned();
        let shows = Arc::clone(&shows);
        Box::pin(async move {
            let (listing, license) = (question.listing.clone(), question.license.clone());
            match decide(webhook, shows, question).await {
                Ok(verdict) => Some(verdict),
                Err(code) => {
                    tracing::warn!(
                        %listing,
                        %license,
                        code,
                        "the application did not decide about a change: the configured default is told"
                    );
                    None
                },
            }
        })
    })
}

/// What the application decides, or the stable code of why it does not.
async fn decide(
    webhook: Option<Webhook>,
    shows: Arc<Shows>,
    question: ChangeQuestion,
) -> Result<ChangeVerdict, &'static str> {
    let webhook = webhook.ok_or("no_webhook")?;
    let reading = tokio::task::spawn_blocking(move || {
        let license = shows.license(&question.merchant, &question.license).ok()?;
        let call: Value = serde_json::from_slice(&question.body).ok()?;
        Some(webhook::ChangeQuestion {
            name: question.name,
            license,
            product_info: call.get("productInfo").cloned().unwrap_or_default(),
        })
    });
    let question = reading.await.ok().flatten().ok_or("license_unreadable")?;
    let decided = webhook.ask_change(question).await?;
    Ok(ChangeVerdict {
        allows: if decided.allowed {
            Allows::Yes
        } else {
            Allows::No
        },
        reason: decided.reason,
    })
}

/// Shows licenses as the API does, from the journal.
pub(crate) struct Shows {
    path: PathBuf,
    opened: Mutex<Option<SqliteReader>>,
    clock: Arc<dyn Clock>,
}

impl Shows {
    /// Reads the journal in a file.
    pub(crate) fn new(path: &Path, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            opened: Mutex::new(None),
            clock,
        })
    }

    /// A license as the journal has it.
    pub(crate) fn read(&self, merchant: &MerchantId, id: &LicenseId) -> Result<License, Cause> {
        Ok(self.view(merchant, id)?.license)
    }

    fn view(&self, merchant: &MerchantId, id: &LicenseId) -> Result<as_of::View, Cause> {
        let stream = StreamId::license(merchant, id);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = match opened.take() {
            Some(reader) => reader,
            None => SqliteReader::open(&self.path)?,
        };
        let view = as_of::license(&mut reader, &stream, Instant::MAX, as_of::AsOf::Head)?;
        *opened = Some(reader);
        Ok(view)
    }

    /// A license with everything that is known of its orders. Blocks.
    pub(crate) fn license(&self, merchant: &MerchantId, id: &LicenseId) -> Result<Value, Cause> {
        self.shown(&self.view(merchant, id)?, id)
    }

    /// A license, soon after its purchase once the marketplace has told of the order. Blocks.
    pub(crate) fn purchased(&self, merchant: &MerchantId, id: &LicenseId) -> Result<Shown, Cause> {
        let view = self.view(merchant, id)?;
        let is_known = view
            .license
            .living()
            .is_none_or(|living| !living.orders_known.is_empty());
        let bought_at = view.records.first().map(|record| record.recorded_at);
        let age = bought_at.map_or(i64::MAX, |at| self.clock.now().micros_since(at));
        if !is_known && (0..ORDER_MICROS_MAX).contains(&age) {
            return Ok(Shown::InSeconds(ORDER_SECONDS));
        }
        self.shown(&view, id).map(Shown::Now)
    }

    fn shown(&self, view: &as_of::View, id: &LicenseId) -> Result<Value, Cause> {
        let last = view.records.last();
        let located = Located {
            id,
            license: &view.license,
            version: view.version,
            position: last.map_or(Position::START, |record| record.position),
        };
        let as_of = AsOf::new(view.as_of, view.as_of_recorded_at);
        let shown = PurchasedView::of(&located, self.clock.now(), &as_of);
        Ok(serde_json::to_value(
            shown.ok_or("there is no such license")?,
        )?)
    }
}
