//! The shapes of answers about authorization codes.

use serde::Serialize;
use tenure_domain::{LicenseId, ListingId, ProductId, Quantity};
use tenure_outbound::Checked;
use utoipa::ToSchema;

use super::{ActivatedView, time};
use crate::problem::ProblemView;

/// What became of several codes, in the order in which they were named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivatedCodesView {
    /// The codes.
    pub codes: Vec<CodeOutcomeView>,
}

/// What became of a code: it is activated, or there is a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CodeOutcomeView {
    /// The code.
    #[schema(example = "PLTEST0001")]
    pub id: String,
    /// That it is in force; null if it is not, or if that is not known.
    pub activated: Option<ActivatedView>,
    /// Why; null if it is in force. `not_tried` if the codes before it met what this one would too.
    pub problem: Option<ProblemView>,
}

/// What the marketplace says of a code, beside what is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckedView {
    /// The code.
    #[schema(example = "PLTEST0001")]
    pub id: String,
    /// The listing for which the marketplace was asked.
    #[schema(example = "cad-pro")]
    pub listing: String,
    /// What the marketplace says: `ALIVE`, `EXPIRED`, `RELEASED`, or another word, cut if it is long.
    #[schema(example = "ALIVE")]
    pub status: String,
    /// When the term ends, if the marketplace says so.
    pub expires_at: Option<String>,
    /// What is licensed, likewise.
    pub product_id: Option<String>,
    /// How many units, likewise.
    pub quantity: Option<u32>,
    /// The status here; null for a code that is unknown here.
    #[schema(example = "active")]
    pub own_status: Option<String>,
    /// When the term ends here.
    pub own_expires_at: Option<String>,
    /// Whether both say the same: of the status, as far as the marketplace has a word for it, and
    /// of the end of the term where both know one.
    pub agrees: bool,
    /// `recorded` if it is news; `already_applied` if the marketplace said the same when it was
    /// asked last; null for a code that is unknown here, of which nothing is recorded.
    #[schema(example = "recorded")]
    pub outcome: Option<String>,
    /// The receipt of the marketplace's answer.
    pub receipt_id: String,
    /// The head of the journal after it.
    pub position: u64,
}

impl CheckedView {
    /// What a check told.
    pub fn of(listing: &ListingId, code: &LicenseId, checked: &Checked) -> Self {
        let Checked {
            told,
            news,
            license,
            receipt_id,
            head,
        } = checked;
        let living = license.living();
        let outcome = if *news { "recorded" } else { "already_applied" };
        let own_end = living.and_then(|living| living.term.expires_at);
        let own_status = license.status_at(told.checked_at);
        Self {
            id: code.to_string(),
            listing: listing.to_string(),
            status: told.status.word().to_owned(),
            expires_at: told.expires_at.map(time),
            product_id: told.product.as_ref().map(ProductId::to_string),
            quantity: told.quantity.map(Quantity::units),
            own_status: own_status.map(|status| status.name().to_owned()),
            own_expires_at: own_end.map(time),
            agrees: told.agrees_with(license, told.checked_at),
            outcome: living.map(|_| outcome.to_owned()),
            receipt_id: receipt_id.to_string(),
            position: head.number(),
        }
    }
}
