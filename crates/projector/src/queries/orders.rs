//! Questions about orders.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tenure_domain::{
    Instant, License, LicenseId, ListingId, MerchantId, OrderDetails, OrderId, OrderLineId,
};
use tenure_journal::Position;

use super::question::Question;
use super::{QueryError, damaged, parsed};
use crate::state::State;

/// An order as of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its id.
    pub id: OrderId,
    /// The lines that the marketplace announced; none, if it only named the order in calls about
    /// licenses.
    pub lines: Vec<OrderLineRow>,
    /// The licenses that it changed, by id.
    pub licenses: Vec<LicenseId>,
    /// What the marketplace told of its lines, as those licenses know it: by line, each account
    /// once. None, if it was not asked or had no answer.
    pub details: Vec<OrderDetails>,
}

/// A line of an order that the marketplace announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLineRow {
    /// The line.
    pub line: OrderLineId,
    /// The production address that was called.
    pub listing: ListingId,
    /// When the announcement came.
    pub notified_at: Instant,
    /// The position of its record.
    pub position: Position,
}

const LINES: &str = include_str!("orders/lines.sql");
const LICENSES: &str = include_str!("orders/licenses.sql");

pub(super) fn one(
    connection: &Connection,
    merchant: Option<&MerchantId>,
    id: &OrderId,
) -> Result<Option<OrderRow>, QueryError> {
    let lines = lines(connection, merchant, id)?;
    let licenses = ask(LICENSES, merchant, id).rows(connection, |row| {
        let license = parsed(LicenseId::parse(&row.get::<_, String>(1)?))?;
        let state = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let state =
            State::read(state).ok_or_else(|| damaged(format!("the state of license {license}")))?;
        let merchant = parsed(MerchantId::parse(&row.get::<_, String>(0)?))?;
        Ok((merchant, license, known(&state.license, id)))
    })?;
    let by_lines = lines.iter().map(|(merchant, _)| merchant);
    let by_licenses = licenses.iter().map(|(merchant, _, _)| merchant);
    let merchants: BTreeSet<_> = by_lines.chain(by_licenses).cloned().collect();
    if merchants.len() > 1 {
        return Err(QueryError::Ambiguous {
            name: format!("order {id}"),
        });
    }
    let mut row = merchants.into_iter().next().map(|merchant| OrderRow {
        merchant,
        id: id.clone(),
        lines: lines.into_iter().map(|(_, line)| line).collect(),
        licenses: Vec::new(),
        details: Vec::new(),
    });
    if let Some(row) = &mut row {
        for (_, license, details) in licenses {
            row.licenses.push(license);
            for told in details {
                if !row.details.contains(&told) {
                    row.details.push(told);
                }
            }
        }
        row.details
            .sort_by(|left, right| left.order.cmp(&right.order));
    }
    Ok(row)
}

/// The lines of an order that were announced, each with whose it is.
pub(super) fn lines(
    connection: &Connection,
    merchant: Option<&MerchantId>,
    id: &OrderId,
) -> Result<Vec<(MerchantId, OrderLineRow)>, QueryError> {
    ask(LINES, merchant, id).rows(connection, |row| {
        let line = OrderLineRow {
            line: parsed(OrderLineId::parse(&row.get::<_, String>(1)?))?,
            listing: parsed(ListingId::parse(&row.get::<_, String>(2)?))?,
            notified_at: row.get(3).map(Instant::from_micros)?,
            position: row.get(4).map(Position::new)?,
        };
        Ok((parsed(MerchantId::parse(&row.get::<_, String>(0)?))?, line))
    })
}

/// What a license knows of the lines of an order.
fn known(license: &License, id: &OrderId) -> Vec<OrderDetails> {
    let known = license.living().into_iter().flat_map(|it| &it.orders_known);
    known.filter(|it| it.order.order == *id).cloned().collect()
}

fn ask(select: &str, merchant: Option<&MerchantId>, id: &OrderId) -> Question {
    let mut question = Question::new(select);
    question.bind(":order", id.as_str().to_owned());
    let merchant = merchant.map(|merchant| merchant.as_str().to_owned());
    question.and_if("merchant = :merchant", ":merchant", merchant);
    question.sql.push_str(" ORDER BY merchant, 2");
    question
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::question::plan;

    #[test]
    fn orders_are_found_over_keys() {
        let id = OrderId::parse("CS2211181819B4LVS").unwrap();
        for select in [LINES, LICENSES] {
            let plan = plan(&ask(select, None, &id), "");
            assert!(!plan.contains("SCAN"), "{plan}");
            assert!(!plan.contains("TEMP"), "{plan}");
        }
    }
}
