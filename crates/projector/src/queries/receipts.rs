//! Questions about receipts.

use rusqlite::{Connection, Row};
use tenure_domain::{Instant, LicenseId, MerchantId};
use tenure_journal::{ReceiptId, Verdict};

use super::question::Question;
use super::{Page, QueryError, cursor, damaged};

/// What became of a call. Its bytes are in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Its name.
    pub id: ReceiptId,
    /// The production address that was called, as the caller wrote it.
    pub listing: String,
    /// When its bytes were taken in.
    pub arrived_at: Instant,
    /// The HTTP method; `OPEN-API` for a call that we made.
    pub method: String,
    /// The interface that was called, as far as it could be told.
    pub activity: Option<String>,
    /// Whether a key of ours vouches for the call.
    pub authentic: bool,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, if it was not applied: a stable code.
    pub reason: Option<String>,
    /// Whose license it changed, if it changed one.
    pub merchant: Option<MerchantId>,
    /// The license that it changed, if it changed one.
    pub license: Option<LicenseId>,
}

/// Which receipts are asked for: those that meet all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptFilter {
    /// Of calls to this production address, as the caller wrote it.
    pub listing: Option<String>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
    /// Of calls to this interface.
    pub activity: Option<String>,
    /// Of calls that changed this license.
    pub license: Option<LicenseId>,
    /// Of calls that arrived at this instant or later.
    pub since: Option<Instant>,
    /// Of calls that arrived before this instant.
    pub until: Option<Instant>,
}

const SELECT: &str = include_str!("receipts/select.sql");

/// Newest first.
const ORDER: &str = "arrived_at DESC, id DESC";

pub(super) fn page(
    connection: &Connection,
    filter: &ReceiptFilter,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<ReceiptRow>, QueryError> {
    ask(filter, cursor)?.page(connection, ORDER, limit, read, |row| {
        (row.arrived_at.micros(), row.id.to_string())
    })
}

/// The question that a filter is.
fn ask(filter: &ReceiptFilter, cursor: Option<&str>) -> Result<Question, QueryError> {
    let mut question = Question::new(SELECT);
    question.and_if("listing = :listing", ":listing", filter.listing.clone());
    let verdict = filter.verdict.map(|verdict| verdict.name().to_owned());
    question.and_if("verdict = :verdict", ":verdict", verdict);
    question.and_if("activity = :activity", ":activity", filter.activity.clone());
    let license = filter.license.as_ref().map(|id| id.as_str().to_owned());
    question.and_if("license_id = :license", ":license", license);
    let since = filter.since.map(Instant::micros);
    question.and_if("arrived_at >= :since", ":since", since);
    let until = filter.until.map(Instant::micros);
    question.and_if("arrived_at < :until", ":until", until);
    if let Some(cursor) = cursor {
        let (arrived_at, id): (i64, String) = cursor::decode(cursor)?;
        let id = ReceiptId::parse(&id).ok_or(QueryError::Cursor)?;
        question.and("(arrived_at, id) < (:before, :before_id)");
        question.bind(":before", arrived_at);
        question.bind(":before_id", id.uuid().as_bytes().to_vec());
    }
    Ok(question)
}

fn read(row: &Row<'_>) -> Result<ReceiptRow, QueryError> {
    let id: ReceiptId = row.get(0).map(ReceiptId::new)?;
    let verdict: String = row.get(6)?;
    let merchant: Option<String> = row.get(8)?;
    let license: Option<String> = row.get(9)?;
    Ok(ReceiptRow {
        id,
        listing: row.get(1)?,
        arrived_at: row.get(2).map(Instant::from_micros)?,
        method: row.get(3)?,
        activity: row.get(4)?,
        authentic: row.get(5)?,
        verdict: Verdict::from_name(&verdict)
            .ok_or_else(|| damaged(format!("the verdict of receipt {id}")))?,
        reason: row.get(7)?,
        merchant: merchant
            .map(|text| MerchantId::parse(&text))
            .transpose()
            .map_err(|error| damaged(error.to_string()))?,
        license: license
            .map(|text| LicenseId::parse(&text))
            .transpose()
            .map_err(|error| damaged(error.to_string()))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::question::plan;

    #[track_caller]
    fn check(filter: ReceiptFilter, index: &str) {
        let cursor = cursor::encode(&(7, "01900000-0000-7000-8000-000000000000"));
        for cursor in [None, Some(cursor.as_str())] {
            let plan = plan(&ask(&filter, cursor).unwrap(), ORDER);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("TEMP"), "{plan}");
        }
    }

    #[test]
    fn receipts_are_found_in_order_over_an_index() {
        let filter = ReceiptFilter::default;
        check(filter(), "receipts_by_arrival");
        check(
            ReceiptFilter {
                until: Some(Instant::EPOCH),
                ..filter()
            },
            "SEARCH receipts USING INDEX receipts_by_arrival",
        );
        check(
            ReceiptFilter {
                verdict: Some(Verdict::Quarantined),
                ..filter()
            },
            "SEARCH receipts USING INDEX receipts_by_verdict",
        );
        check(
            ReceiptFilter {
                listing: Some("cad-pro".to_owned()),
                ..filter()
            },
            "SEARCH receipts USING INDEX receipts_by_listing",
        );
        check(
            ReceiptFilter {
                license: LicenseId::parse("PLTEST0001").ok(),
                ..filter()
            },
            "SEARCH receipts USING INDEX receipts_by_license",
        );
    }
}
