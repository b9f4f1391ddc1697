//! The shapes of answers about the use of licenses.

use serde::Serialize;
use utoipa::ToSchema;

/// How much of a license was used, and what became of the reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageView {
    /// The license.
    pub license_id: String,
    /// The sums of all amounts, by the package that they are taken from.
    pub totals: Vec<UsageTotal>,
    /// How many reports the marketplace has still to take.
    pub pending_count: u64,
    /// How many it took, or will not take.
    pub settled_count: u64,
    /// The serials of those it has still to take; 1,000 at most.
    pub pending: Vec<String>,
    /// Those that it will not take; 1,000 at most.
    pub denied: Vec<DeniedReport>,
}

/// A sum of amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageTotal {
    /// The package that they are taken from; null for those that are billed by themselves.
    pub package: Option<String>,
    /// The sum, in units.
    #[schema(example = "12.5")]
    pub amount: String,
    /// The end of the last time that is counted.
    pub ended_at: String,
}

/// A report that the marketplace will not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeniedReport {
    /// Its serial.
    pub serial: String,
    /// The marketplace's code; `outcome_unknown` if it may have taken it and is not asked again, and
    /// `erased` if there is nobody left to tell of.
    pub code: String,
}
