//! What is asked about authorization codes: that they come into force, and what they are.
//!
//! The marketplace's License 2.0 guide makes activating an active code an error, calls the end of
//! the term in the activation's answer an estimate, and names the query as the authority. So an
//! activation is a call, a query, and a record of what both told; and a call whose answer was
//! lost is found out about by making it again.
//!
//! The guide has two editions of these interfaces. The second takes up to 100 codes at once and
//! tells nothing of a single one, so that codes of which it says no are looked at one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use tenure_domain::{Check, Instant, License, LicenseId, ListingId, MerchantId};
use tenure_journal::transact::Outcome;
use tenure_journal::{Clock, Position, Queue, ReceiptId};
use tenure_koogallery::open_api::activate_v2::Codes;
use tenure_koogallery::open_api::query::HeartbeatInfo;

use crate::activate_error::ActivateError;
use crate::check_error::CheckError;
use crate::client::Client;

mod asking;
mod attempt;
mod batch;
mod check;
mod metrics;
mod question;

pub use metrics::{CodeMetrics, metrics};

pub(crate) use asking::AskError;

use asking::Asking;
use attempt::Attempt;

/// The method of the receipts of answers to our own calls.
pub(crate) const METHOD: &str = "OPEN-API";

/// How long an answer of the marketplace may wait for its turn in the journal, in seconds.
pub(crate) const RECORDING_SECONDS_MAX: i64 = 10;

/// One listing's access to the open APIs.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose streams its codes are in.
    pub merchant: MerchantId,
    /// Signs with the merchant's access key.
    pub client: Client,
    /// The grace after a term's end, in seconds.
    pub grace_seconds: u32,
}

/// Which edition of the interfaces about codes is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edition {
    /// One code a call.
    V1,
    /// Up to 100 codes a call.
    V2,
}

/// Activates codes, and asks what they are.
#[derive(Clone)]
pub struct Activator {
    accounts: BTreeMap<ListingId, Account>,
    by_v2: BTreeSet<ListingId>,
    queue: Queue,
    clock: Arc<dyn Clock>,
    metrics: CodeMetrics,
}

/// A code is in force, and the journal says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// Whether that is news.
    pub outcome: Outcome,
    /// The receipt of the answer that it was recorded from.
    pub receipt_id: ReceiptId,
    /// The head of the journal after it: what a reader must have folded to see it.
    pub head: Position,
    /// When the term ends, by the marketplace's word.
    pub expires_at: Option<Instant>,
    /// Whether that is the estimate of the activation, because no query told the end.
    pub estimate: bool,
}

/// What the marketplace says of a code, beside what we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What it says.
    pub told: Check,
    /// Whether that is news, and was recorded. Of a code that is unknown here nothing is.
    pub news: bool,
    /// What we know of the code; absent, if it is unknown here.
    pub license: License,
    /// The receipt of the answer.
    pub receipt_id: ReceiptId,
    /// The head of the journal after it.
    pub head: Position,
}

impl Activator {
    /// Makes one for the codes of the listings that have an account.
    pub fn new(
        accounts: BTreeMap<ListingId, Account>,
        queue: Queue,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            accounts,
            by_v2: BTreeSet::new(),
            queue,
            clock,
            metrics: CodeMetrics::default(),
        }
    }

    /// Has the codes of these listings asked about by the second edition of the interfaces.
    #[must_use]
    pub fn by_v2(mut self, listings: BTreeSet<ListingId>) -> Self {
        self.by_v2 = listings;
        self
    }

    /// Counts calls there.
    #[must_use]
    pub fn counting(mut self, metrics: CodeMetrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Brings a code into force. Every answer of the marketplace on the way becomes a receipt.
    ///
    /// A code that is active already stays as it is, and that is a success. Nothing is retried.
    pub async fn activate(
        &self,
        listing: &ListingId,
        code: &LicenseId,
    ) -> Result<Activated, ActivateError> {
        let asking = self.asking(listing).ok_or_else(|| unconfigured(listing))?;
        let attempt = Attempt {
            asking: &asking,
            code,
        };
        attempt.run().await
    }

    /// Brings codes into force, and tells in their order what became of each: with one call for
    /// all of them, if the listing uses the second edition, and with one call each otherwise, or
    /// if that one said no.
    ///
    /// Fails as a whole only before anything is known of a single code. Once the marketplace
    /// cannot be heard, lets nobody in, or the journal cannot be written, the codes that are left
    /// are [not tried](ActivateError::NotTried).
    pub async fn activate_all(
        &self,
        listing: &ListingId,
        codes: &Codes,
    ) -> Result<Vec<Result<Activated, ActivateError>>, ActivateError> {
        let asking = self.asking(listing).ok_or_else(|| unconfigured(listing))?;
        batch::activate(&asking, codes).await
    }

    /// Asks the marketplace what a code is. Its answer becomes a receipt and, if it is news of a
    /// code that is known here, an event; it changes neither term nor status.
    ///
    /// Who uses the code is told along, if somebody is named; only the first edition of the
    /// interface can. Nothing of it is kept.
    pub async fn check(
        &self,
        listing: &ListingId,
        code: &LicenseId,
        user: Option<&HeartbeatInfo>,
    ) -> Result<Checked, CheckError> {
        let asking = self
            .asking(listing)
            .ok_or_else(|| CheckError::NotConfigured {
                listing: listing.clone(),
            })?;
        check::check(&asking, code, user).await
    }

    fn asking<'a>(&'a self, listing: &'a ListingId) -> Option<Asking<'a>> {
        let account = self.accounts.get(listing)?;
        let edition = if self.by_v2.contains(listing) {
            Edition::V2
        } else {
            Edition::V1
        };
        Some(Asking {
            activator: self,
            account,
            listing,
            edition,
        })
    }
}

fn unconfigured(listing: &ListingId) -> ActivateError {
    ActivateError::NotConfigured {
        listing: listing.clone(),
    }
}

impl fmt::Debug for Activator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activator")
            .field("accounts", &self.accounts)
            .field("by_v2", &self.by_v2)
            .finish_non_exhaustive()
    }
}
