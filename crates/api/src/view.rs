//! The shapes of answers.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tenure_domain::Instant;
use tenure_journal::Outcome;
use utoipa::ToSchema;

mod codes;
mod data;
mod explanation;
mod files;
mod from;
mod license;
mod tenants;
mod timeline;
mod usage;

pub use codes::{ActivatedCodesView, CheckedView, CodeOutcomeView};
pub use explanation::{ExplainedView, ExplanationView};
pub use files::{AskedFileView, AskedFilesView};
pub use from::Located;
pub use license::{CheckView, FileView, LicenseDetailsView};

pub(crate) use license::progress;
pub use tenants::{
    ClientView, DepartmentView, DepartmentsPage, ProfileView, ScopeView, TenantView, TenantsPage,
    UserView, UsersPage,
};
pub use timeline::{HoldingView, IntervalView, TimelinePage, TimelineView};
pub use usage::{DeniedReport, UsageTotal, UsageView};

/// A point on the transaction axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AsOf {
    /// The last position that was looked at.
    pub position: u64,
    /// When its record was recorded; null if the journal was empty.
    pub recorded_at: Option<String>,
}

/// A license at an instant, as the journal knew it at another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LicenseView {
    /// The instance id, or the authorization code.
    #[schema(example = "PLTEST0001")]
    pub id: String,
    /// The production address through which it first came.
    #[schema(example = "cad-pro")]
    pub listing: String,
    /// `license_code`, `saas` or `online_license`.
    #[schema(example = "license_code")]
    pub family: String,
    /// `provisioning`, `issued`, `active`, `grace`, `expired`, `suspended` or `released`.
    #[schema(example = "active")]
    pub status: String,
    /// When it came into force.
    pub starts_at: Option<String>,
    /// When its term ends; null for what never ends and for what we were not told.
    pub expires_at: Option<String>,
    /// How long after the end it still serves, in seconds.
    pub grace_seconds: u32,
    /// Who bought it, as far as we were told.
    pub customer_id: Option<String>,
    /// What is licensed, as far as we were told.
    pub product_id: Option<String>,
    /// How many units, as far as we were told.
    pub quantity: Option<u32>,
    /// The orders that changed it, in the order in which they first did.
    pub orders: Vec<String>,
    /// How many records its stream had.
    pub version: u32,
    /// The position of the last record that counts.
    pub position: u64,
    /// The instant that the status is about.
    pub at: String,
    /// How much of the journal was looked at.
    pub as_of: AsOf,
}

/// A license with everything that is known of its orders, as a webhook is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchasedView {
    /// The license.
    #[serde(flatten)]
    pub license: LicenseView,
    /// What the marketplace told of its orders; none, if it was not asked or had no answer yet.
    pub order_details: Vec<OrderDetailsView>,
}

/// Some licenses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LicensesPage {
    /// By id; by their end, if they were asked for by it.
    pub licenses: Vec<LicenseView>,
    /// Goes on after the last one; null if there are no more.
    pub next_cursor: Option<String>,
    /// How much of the journal the answer knows, at the least.
    pub as_of: AsOf,
}

/// A record of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordView {
    /// The place in the journal, from 1 and without gaps.
    pub position: u64,
    /// The license; null for a record about an order or an enterprise.
    pub license_id: Option<String>,
    /// The order, of a record about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The enterprise, of a record about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The instance for which a record is about an enterprise; not there, if it is for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The place in its stream, from 1.
    pub version: u32,
    /// What happened, in the past tense.
    #[schema(example = "renewed")]
    pub event: String,
    /// Valid time: since when it holds.
    pub effective_at: String,
    /// Transaction time: when the journal learned it. Never goes back.
    pub recorded_at: String,
    /// `koogallery` or `operator`.
    #[schema(example = "koogallery")]
    pub actor: String,
    /// The receipt of the call that caused it.
    pub receipt_id: String,
    /// What the event tells.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// The records of one license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryView {
    /// Oldest first.
    pub records: Vec<RecordView>,
    /// How much of the journal was looked at.
    pub as_of: AsOf,
}

/// Some records of a customer, or of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryPage {
    /// In the order of the journal.
    pub records: Vec<RecordView>,
    /// What to give as `after` to go on; null if there are no more. Not for following: whose a
    /// license is becomes known after its first records, which would lie before `after` then.
    pub next_after: Option<u64>,
    /// How much of the journal was looked at for the licenses and the lines that belong to it.
    pub as_of: AsOf,
}

/// Some records of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordsPage {
    /// In the order of the journal.
    pub records: Vec<RecordView>,
    /// What to give as `after` to go on.
    pub next_after: u64,
    /// The last position of the journal.
    pub head: u64,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiptSummary {
    /// Its name.
    pub id: String,
    /// The production address that was called, as the caller wrote it.
    pub listing: String,
    /// When its bytes were taken in.
    pub arrived_at: String,
    /// The HTTP method; `OPEN-API` for a call that we made and the marketplace answered, `WEBHOOK`
    /// for one that the merchant's application answered.
    pub method: String,
    /// The interface that was called, as far as it could be told.
    pub activity: Option<String>,
    /// Whether a key of ours vouches for the call.
    pub authentic: bool,
    /// `applied`, `already_applied`, `answered`, `refused`, `rejected`, `quarantined` or `probe`.
    #[schema(example = "applied")]
    pub verdict: String,
    /// Why, if it was not applied: a stable code.
    pub reason: Option<String>,
    /// The license that it changed, if it changed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_id: Option<String>,
}

/// Some receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiptsPage {
    /// Newest first.
    pub receipts: Vec<ReceiptSummary>,
    /// Goes on after the last one; null if there are no more.
    pub next_cursor: Option<String>,
}

/// A call as it came in, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiptView {
    /// What became of it.
    #[serde(flatten)]
    pub summary: ReceiptSummary,
    /// The query string as received; of a call of the kit, what is kept of its headers.
    pub parameters: String,
    /// The body as received; the beginning of it, if nobody vouches for the call. Of calls of the
    /// kit that nobody vouches for, none.
    pub body: Content,
    /// The body of our answer.
    pub answer: Content,
}

/// Bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Content {
    /// `utf-8`, or `base64` for what is no text, or `erased` for what is not there any more.
    #[schema(example = "utf-8")]
    pub encoding: String,
    /// The bytes, so encoded.
    pub content: String,
}

/// An order: what the marketplace announced and told of it, and the licenses that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderView {
    /// Its id.
    #[schema(example = "CS2211181819B4LVS")]
    pub id: String,
    /// The lines that the marketplace announced.
    pub lines: Vec<OrderLineView>,
    /// The licenses that it changed, by id.
    pub licenses: Vec<String>,
    /// What the marketplace told of its lines; none, if it was not asked or had no answer.
    pub details: Vec<OrderDetailsView>,
    /// How much of the journal the answer knows, at the least.
    pub as_of: AsOf,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderLineView {
    /// The line.
    #[schema(example = "CS2211181819B4LVS-000001")]
    pub order_line_id: String,
    /// The production address that was called.
    pub listing: String,
    /// When the announcement came.
    pub notified_at: String,
    /// The position of its record.
    pub position: u64,
}

/// What the marketplace told of an order line. What it did not tell is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderDetailsView {
    /// The line.
    #[schema(example = "CS2211181819B4LVS-000001")]
    pub order_line_id: String,
    /// `new`, `trial`, `trial_to_formal`, `unsubscribe`, `renew`, `change` or `other`.
    #[schema(example = "new")]
    pub kind: String,
    /// The marketplace's word for a kind that is `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind_received: Option<String>,
    /// When the order was placed.
    pub ordered_at: Option<String>,
    /// Who bought.
    pub customer_id: Option<String>,
    /// What was bought.
    pub product_id: Option<String>,
    /// In which specification.
    pub sku_code: Option<String>,
    /// How many units.
    pub quantity: Option<u32>,
    /// `period`, `one_time`, `on_demand` or `on_demand_package`.
    #[schema(example = "period")]
    pub charging_mode: Option<String>,
    /// When the order's period ends, approximately. The end of a license is its own
    /// `expires_at`.
    pub expires_at: Option<String>,
}

/// A code is in force, and the journal says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivatedView {
    /// The code.
    #[schema(example = "PLTEST0001")]
    pub id: String,
    /// The listing that it was activated for.
    #[schema(example = "cad-pro")]
    pub listing: String,
    /// `recorded`, or `already_applied` if it was in force before.
    #[schema(example = "recorded")]
    pub outcome: String,
    /// The receipt of the marketplace's answer.
    pub receipt_id: String,
    /// What to give as `min_position` to see it in a list.
    pub position: u64,
    /// When the term ends, by the marketplace's word.
    pub expires_at: Option<String>,
    /// Whether that is an estimate, because no query told the end.
    pub estimate: bool,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommandView {
    /// The license.
    pub id: String,
    /// `recorded`, or `already_applied` if nothing was left to do.
    #[schema(example = "recorded")]
    pub outcome: String,
}

/// The word for what came of a command that was not refused.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Recorded => "recorded",
        Outcome::AlreadyApplied => "already_applied",
    }
}

/// An instant as RFC 3339 in UTC, with as many digits as it needs. Those that the calendar does
/// not reach are shown as its ends.
pub fn time(instant: Instant) -> String {
    let ends = if instant < Instant::EPOCH {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    DateTime::from_timestamp_micros(instant.micros())
        .unwrap_or(ends)
        .to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_with_the_digits_that_they_need() {
        assert_eq!(time(Instant::EPOCH), "1970-01-01T00:00:00Z");
        assert_eq!(
            time(Instant::from_micros(1_500)),
            "1970-01-01T00:00:00.001500Z"
        );
        assert!(time(Instant::MAX).ends_with('Z'));
        assert!(time(Instant::from_micros(i64::MIN)).ends_with('Z'));
    }
}
