//! Questions about licenses.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use tenure_domain::{
    CustomerId, Instant, License, LicenseId, ListingId, MerchantId, OrderId, Status,
};
use tenure_journal::{Position, StreamVersion};

use super::question::Question;
use super::{Page, QueryError, cursor, damaged};
use crate::licenses::Standing;
use crate::state::State;

/// A license as of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseRow {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its id.
    pub id: LicenseId,
    /// The license; never [`License::Absent`].
    pub license: License,
    /// How many records its stream has.
    pub version: StreamVersion,
    /// The position of its last record.
    pub position: Position,
    /// Valid time of its last record.
    pub effective_at: Instant,
    /// Transaction time of its last record.
    pub recorded_at: Instant,
}

/// Which licenses are asked for: those that meet all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    /// Of this merchant.
    pub merchant: Option<MerchantId>,
    /// First seen through this production address.
    pub listing: Option<ListingId>,
    /// With this status at the instant of the question.
    pub status: Option<Status>,
    /// Bought by this customer.
    pub customer: Option<CustomerId>,
    /// Changed by this order.
    pub order: Option<OrderId>,
    /// With a term that ends before this instant.
    pub expires_before: Option<Instant>,
    /// With this text in its id, its product or its customer; ASCII letters in either case. The
    /// one filter that reads row after row.
    pub q: Option<String>,
}

const SELECT: &str = include_str!("licenses/select.sql");

/// The status at `:at`, as `License::status_at` tells it.
const STATUS: &str = include_str!("licenses/status.sql");

/// Where a license stands in a list: its end, if the list is in that order, its id, its merchant.
type Place = (Option<i64>, String, String);

pub(super) fn one(
    connection: &Connection,
    merchant: Option<&MerchantId>,
    id: &LicenseId,
) -> Result<Option<LicenseRow>, QueryError> {
    let mut question = Question::new(SELECT);
    question.and_if("id = :id", ":id", Some(id.as_str().to_owned()));
    let merchant = merchant.map(|merchant| merchant.as_str().to_owned());
    question.and_if("merchant = :merchant", ":merchant", merchant);
    question.sql.push_str(" LIMIT 2");
    let mut found = question.rows(connection, read)?;
    if found.len() > 1 {
        return Err(QueryError::Ambiguous {
            name: format!("license {id}"),
        });
    }
    Ok(found.pop())
}

pub(super) fn page(
    connection: &Connection,
    filter: &LicenseFilter,
    at: Instant,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<LicenseRow>, QueryError> {
    let (question, order) = ask(filter, at, cursor)?;
    let by_end = filter.expires_before.is_some();
    question.page(connection, order, limit, read, |row| {
        let living = row.license.living().filter(|_| by_end);
        let end = living.and_then(|living| living.term.expires_at);
        let (id, merchant) = (row.id.to_string(), row.merchant.to_string());
        (end.map(Instant::micros), id, merchant)
    })
}

/// The question that a filter is, and the order of its rows.
fn ask(
    filter: &LicenseFilter,
    at: Instant,
    cursor: Option<&str>,
) -> Result<(Question, &'static str), QueryError> {
    let mut question = Question::new(SELECT);
    let text = |text: Option<&str>| text.map(str::to_owned);
    let merchant = filter.merchant.as_ref().map(MerchantId::as_str);
    question.and_if("merchant = :merchant", ":merchant", text(merchant));
    let listing = filter.listing.as_ref().map(ListingId::as_str);
    question.and_if("listing = :listing", ":listing", text(listing));
    let customer = filter.customer.as_ref().map(CustomerId::as_str);
    question.and_if("customer_id = :customer", ":customer", text(customer));
    let order = filter.order.as_ref().map(OrderId::as_str);
    question.and_if(include_str!("licenses/by_order.sql"), ":order", text(order));
    let pattern = filter.q.as_deref().map(contains);
    question.and_if(include_str!("licenses/matches.sql"), ":q", pattern);
    if let Some(status) = filter.status {
        question.and(standings(status));
        question.and(STATUS);
        question.sql.push_str(" = :status");
        question.bind(":at", at.micros());
        question.bind(":status", status.name().to_owned());
    }
    let by_end = filter.expires_before.is_some();
    let place: Place = match cursor {
        Some(cursor) => cursor::decode(cursor)?,
        None => (by_end.then_some(i64::MIN), String::new(), String::new()),
    };
    let order = match (place.0, filter.expires_before) {
        (Some(end), Some(before)) => {
            question.and("expires_at < :before");
            question.bind(":before", before.micros());
            question.and("(expires_at, id, merchant) > (:after_end, :after_id, :after_merchant)");
            question.bind(":after_end", end);
            "expires_at, id, merchant"
        },
        (None, None) => {
            question.and("(id, merchant) > (:after_id, :after_merchant)");
            "id, merchant"
        },
        (Some(_), None) | (None, Some(_)) => return Err(QueryError::Cursor),
    };
    question.bind(":after_id", place.1);
    question.bind(":after_merchant", place.2);
    Ok((question, order))
}

/// Which standings a status can come from: what the index needs to hear.
fn standings(status: Status) -> &'static str {
    match status {
        Status::Provisioning => "standing = 'provisioning'",
        Status::Issued => "standing = 'issued'",
        Status::Active | Status::Grace => "standing = 'in_force'",
        // Three of them: the plus keeps the index out, which would sort all before the first row.
        Status::Expired => "+standing IN ('expired', 'in_force', 'issued')",
        Status::Suspended => "standing = 'suspended'",
        Status::Released => "standing = 'released'",
    }
}

/// A pattern for `LIKE` that finds a text anywhere.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

pub(super) fn counts_by_status(
    connection: &Connection,
    at: Instant,
) -> Result<BTreeMap<Status, u64>, QueryError> {
    let mut counts: BTreeMap<Status, u64> = Status::ALL.map(|status| (status, 0)).into();
    let mut question = count_question();
    question.bind(":at", at.micros());
    let rows = question.rows(connection, |row| {
        let name: String = row.get(0)?;
        let status = Status::from_name(&name).ok_or_else(|| damaged("a status"))?;
        Ok((status, row.get(1)?))
    })?;
    counts.extend(rows);
    Ok(counts)
}

fn count_question() -> Question {
    Question::new(&format!(
        "SELECT {STATUS} AS status, count(*) FROM licenses GROUP BY 1"
    ))
}

fn read(row: &Row<'_>) -> Result<LicenseRow, QueryError> {
    let id = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
    let merchant = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
    let standing = row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?;
    let state = row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?;
    let license = State::read(state)
        .map(|state| state.license)
        .filter(|license| Standing::of(license).is_some_and(|it| it.name() == standing))
        .ok_or_else(|| damaged(format!("the state of license {id}")))?;
    Ok(LicenseRow {
        merchant: MerchantId::parse(merchant).map_err(|error| damaged(error.to_string()))?,
        id: LicenseId::parse(id).map_err(|error| damaged(error.to_string()))?,
        license,
        version: StreamVersion::new(row.get(2)?),
        position: row.get(3).map(Position::new)?,
        effective_at: row.get(4).map(Instant::from_micros)?,
        recorded_at: row.get(5).map(Instant::from_micros)?,
    })
}

#[cfg(test)]
mod tests;
