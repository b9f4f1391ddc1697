//! The shape of an answer with what it rests on.

use serde::Serialize;
use tenure_domain::{Instant, LicenseId};
use tenure_journal::Position;
use tenure_journal::as_of::{Bearing, Explained, Explanation};
use utoipa::ToSchema;

use super::{AsOf, HoldingView, LicenseView, Located, RecordView, time};

/// What a license was, as the journal knew it, and every record of it, with why it counts or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplanationView {
    /// The license; null if nothing that is known of it counts.
    pub license: Option<LicenseView>,
    /// The records that count, oldest first.
    pub records: Vec<ExplainedView>,
    /// The others, oldest first.
    pub not_counted: Vec<ExplainedView>,
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
    /// What the license is at the instant that is asked about by this record and those before it that
    /// count, so that the last of them leads to the answer; null if it does not count.
    pub led_to: Option<HoldingView>,
}

impl ExplanationView {
    /// The answer to a question about a license at an instant.
    pub fn of(id: &LicenseId, explanation: &Explanation, at: Instant) -> Self {
        let as_of = AsOf::new(explanation.as_of, explanation.as_of_recorded_at);
        let last = explanation.last();
        let (counting, others): (Vec<_>, Vec<_>) = explanation
            .records
            .iter()
            .partition(|it| it.bearing == Bearing::Counts);
        let shown = |records: Vec<&Explained>| records.into_iter().map(explained).collect();
        let located = Located {
            id,
            license: &explanation.license,
            version: explanation.version(),
            position: last.map_or(Position::START, |record| record.position),
        };
        Self {
            license: LicenseView::of(&located, at, &as_of),
            records: shown(counting),
            not_counted: shown(others),
            at: time(at),
            as_of,
        }
    }
}

fn explained(explained: &Explained) -> ExplainedView {
    ExplainedView {
        record: RecordView::from(&explained.record),
        bearing: explained.bearing.name().to_owned(),
        led_to: explained.led_to.as_ref().map(HoldingView::from),
    }
}
