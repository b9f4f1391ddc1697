//! The shape of an answer with what it rests on.

use serde::Serialize;
use tenure_domain::{Instant, LicenseId};
use tenure_journal::Position;
use tenure_journal::as_of::{Explained, Explanation};
use tenure_journal::timeline::Holding;
use utoipa::ToSchema;

use super::{AsOf, HoldingView, LicenseView, Located, RecordView, time};

/// What a license was, as the journal knew it, and every record of it, with why it counts or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplanationView {
    /// The license; null if nothing that is known of it counts.
    pub license: Option<LicenseView>,
    /// All records, oldest first.
    pub records: Vec<ExplainedView>,
    /// The instant that is asked about.
    pub at: String,
    /// How much of the journal was looked at.
    pub as_of: AsOf,
}

/// A record, and what it has to do with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainedView {
    /// The record.
    #[serde(flatten)]
    pub record: RecordView,
    /// `counts`; `not_in_effect`, if it takes effect after the instant that is asked about;
    /// `not_known`, if the journal learned it after the point as of which it is asked; `left_out`,
    /// if it came of the receipt that is left out.
    #[schema(example = "counts")]
    pub bearing: String,
    /// What the license was when the record took effect; null if it does not count.
    pub then: Option<HoldingView>,
}

impl ExplanationView {
    /// The answer to a question about a license at an instant.
    pub fn of(id: &LicenseId, explanation: &Explanation, at: Instant) -> Self {
        let as_of = AsOf::new(explanation.as_of, explanation.as_of_recorded_at);
        let last = explanation.last();
        let located = Located {
            id,
            license: &explanation.license,
            version: explanation.version(),
            position: last.map_or(Position::START, |record| record.position),
        };
        Self {
            license: LicenseView::of(&located, at, &as_of),
            records: explanation.records.iter().map(explained).collect(),
            at: time(at),
            as_of,
        }
    }
}

fn explained(explained: &Explained) -> ExplainedView {
    let then = explained.license.as_ref();
    let then = then.and_then(|it| Holding::of(it, explained.record.effective_at));
    ExplainedView {
        record: RecordView::from(&explained.record),
        bearing: explained.bearing.name().to_owned(),
        then: then.as_ref().map(HoldingView::from),
    }
}
