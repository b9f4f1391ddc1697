//! `changeInstanceCheck`: whether a renewal may change a license.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tenure_domain::{License, LicenseId, ListingId, MerchantId, Refusal};
use tenure_journal::Verdict;
use tenure_koogallery::{Answer, ResultCode};

use crate::callback::Ingress;
use crate::exchange::Incoming;
use crate::listing::Listing;
use crate::requests::Prepared;

/// What is left of the time for an answer after the application was asked.
const RECORDING_TIME: Duration = Duration::from_millis(500);

/// What is told about a license that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeCheck {
    /// It may change.
    Allow,
    /// It may not.
    Deny,
    /// What the merchant's application says.
    Ask {
        /// What is told if it says nothing.
        otherwise: Allows,
    },
}

/// Whether a license may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allows {
    /// It may.
    Yes,
    /// It may not.
    No,
}

/// What the merchant's application is asked.
#[derive(Debug, Clone)]
pub struct ChangeQuestion {
    /// Whose license it is.
    pub merchant: MerchantId,
    /// The listing that was called.
    pub listing: ListingId,
    /// The license.
    pub license: LicenseId,
    /// What tells this call from every other: its query string.
    pub name: String,
    /// The call's body, whose `productInfo` says what the license is to become.
    pub body: Vec<u8>,
}

/// What the merchant's application decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeVerdict {
    /// Whether the license may change so.
    pub allows: Allows,
    /// Why: a text that the marketplace gets to see.
    pub reason: Option<String>,
}

type Asking = Pin<Box<dyn Future<Output = Option<ChangeVerdict>> + Send>>;

/// Asks the merchant's application; it has to give up within the time that an answer may take.
#[derive(Clone)]
pub struct AskChange(Arc<dyn Fn(ChangeQuestion) -> Asking + Send + Sync>);

impl AskChange {
    /// Asks by a function, whose `None` means that there is no decision.
    pub fn new(ask: impl Fn(ChangeQuestion) -> Asking + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl Ingress {
    /// Answers from the license, the configuration and maybe the merchant's application.
    pub(crate) async fn check_change(
        &self,
        listing: &Listing,
        incoming: &Incoming,
        id: LicenseId,
        license: &License,
    ) -> Prepared {
        let is_ours = match license {
            License::Living(living) => living.family == listing.settings.instance_family,
            License::Absent | License::Released(_) => false,
        };
        if !is_ours {
            let answer = Answer::of(ResultCode::NotFound);
            return Prepared::noted(Verdict::Refused, Some(Refusal::Unknown.code()), &answer);
        }
        let decided = |allows| ChangeVerdict {
            allows,
            reason: None,
        };
        let (verdict, note) = match listing.change_check {
            ChangeCheck::Allow => (decided(Allows::Yes), None),
            ChangeCheck::Deny => (decided(Allows::No), None),
            ChangeCheck::Ask { otherwise } => match self.ask_change(listing, incoming, id).await {
                Some(verdict) => (verdict, None),
                None => (decided(otherwise), Some("no_decision")),
            },
        };
        let mut answer = match verdict.allows {
            Allows::Yes => Answer::success(),
            Allows::No => Answer::of(ResultCode::NoResource),
        };
        if let Some(reason) = verdict.reason {
            answer.message = reason;
        }
        Prepared::noted(Verdict::Answered, note, &answer)
    }

    async fn ask_change(
        &self,
        listing: &Listing,
        incoming: &Incoming,
        license: LicenseId,
    ) -> Option<ChangeVerdict> {
        let AskChange(ask) = self.ask_change.as_ref()?;
        let question = ChangeQuestion {
            merchant: listing.merchant.clone(),
            listing: listing.id.clone(),
            license,
            name: incoming.query.clone(),
            body: incoming.body.bytes.to_vec(),
        };
        // What was decided has still to be recorded.
        let time_left = self.time_left(incoming.arrived_at);
        let time_left = time_left.saturating_sub(RECORDING_TIME);
        let asked = tokio::time::timeout(time_left, ask(question)).await;
        asked.ok().flatten()
    }
}

impl fmt::Debug for AskChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskChange")
    }
}
