//! The orders that the marketplace has still to be asked about.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tenure_domain::{Family, LicenseId, ListingId, MerchantId, OrderId, OrderLineId};
use tenure_journal::Position;

use super::question::Question;
use super::{QueryError, damaged};
use crate::state::State;

/// An order that changed a license and of which no details are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingOrder {
    /// Whose license it is.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The family of the license.
    pub family: Family,
    /// The production address through which the license first came.
    pub listing: ListingId,
    /// The order.
    pub order: OrderId,
    /// Its line; an activation names none.
    pub line: Option<OrderLineId>,
    /// The position of the change's record.
    pub position: Position,
}

/// The most orders that are told at once. Who asks about them remembers thousands that the
/// marketplace does not know, and has to see beyond those.
const ROWS_MAX: usize = 10_100;

const PENDING: &str = include_str!("pending/select.sql");

/// The first licenses by their oldest change are enough: whatever belongs to the oldest changes
/// belongs to a license with a change at least as old, and there are no more of those than of
/// the changes.
pub(super) fn page(
    connection: &Connection,
    listing: &ListingId,
    limit: usize,
) -> Result<Vec<PendingOrder>, QueryError> {
    let limit = limit.clamp(1, ROWS_MAX);
    let licenses = ask(listing, limit).rows(connection, |row| {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let id = LicenseId::parse(text(0)?).map_err(|error| damaged(error.to_string()))?;
        let merchant = MerchantId::parse(text(1)?).map_err(|error| damaged(error.to_string()))?;
        let state = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let state =
            State::read(state).ok_or_else(|| damaged(format!("the state of license {id}")))?;
        Ok(of_license(&merchant, &id, &state))
    })?;
    let mut orders: Vec<_> = licenses.into_iter().flatten().collect();
    orders.sort_by_key(|order| order.position);
    orders.truncate(limit);
    Ok(orders)
}

fn ask(listing: &ListingId, limit: usize) -> Question {
    let mut question = Question::new(PENDING);
    question.bind(":listing", listing.as_str().to_owned());
    question.bind(":limit", i64::try_from(limit).unwrap_or(i64::MAX));
    question
}

/// Each order line once, though it changed the license more than once.
fn of_license(merchant: &MerchantId, id: &LicenseId, state: &State<'_>) -> Vec<PendingOrder> {
    let Some(living) = state.license.living() else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let unknown = state.changes().filter(|(_, _, details)| details.is_none());
    unknown
        .filter(|(change, _, _)| seen.insert((&change.order, &change.line)))
        .map(|(change, position, _)| PendingOrder {
            merchant: merchant.clone(),
            license: id.clone(),
            family: living.family,
            listing: living.listing.clone(),
            order: change.order.clone(),
            line: change.line.clone(),
            position,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::question::plan;

    #[test]
    fn pending_orders_are_found_in_order_over_an_index() {
        let listing = ListingId::parse("cad-pro").unwrap();
        let plan = plan(&ask(&listing, 50), "");
        let index = "licenses_by_pending (listing=? AND pending_position>?)";
        assert_eq!(plan, format!("SEARCH licenses USING INDEX {index}"));
    }
}
