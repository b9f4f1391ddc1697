//! Which streams make up a history.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tenure_domain::{CustomerId, Instant, Living, MerchantId, OrderId, OrderLine, OrderLineId};
use tenure_journal::StreamId;

use super::{LicenseFilter, LicenseRow, PAGE_ROWS_MAX, QueryError, licenses, orders};

/// Whose history is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Of a customer: the licenses that it bought, and their orders.
    Customer(CustomerId),
    /// Of an order: its lines, and the licenses that it changed.
    Order(OrderId),
}

/// The streams of a history, each once; none, if nothing is known.
pub(super) fn streams(
    connection: &Connection,
    merchant: Option<&MerchantId>,
    whose: &Whose,
) -> Result<Vec<StreamId>, QueryError> {
    let mut streams = BTreeSet::new();
    match whose {
        Whose::Customer(customer) => {
            let licenses = licenses_of(connection, merchant, customer)?;
            if licenses
                .windows(2)
                .any(|it| it[0].merchant != it[1].merchant)
            {
                return Err(QueryError::Ambiguous {
                    name: format!("customer {customer}"),
                });
            }
            for license in licenses {
                let orders = license.license.living().map(Living::orders);
                for order in orders.unwrap_or_default() {
                    let lines = orders::lines(connection, Some(&license.merchant), order)?;
                    let lines = lines.iter();
                    streams.extend(lines.map(|(merchant, it)| line(merchant, order, &it.line)));
                }
                streams.insert(StreamId::license(&license.merchant, &license.id));
            }
        },
        Whose::Order(id) => {
            if let Some(order) = orders::one(connection, merchant, id)? {
                if order.licenses.len() > PAGE_ROWS_MAX {
                    return Err(QueryError::TooMany {
                        what: format!("licenses of order {id}"),
                    });
                }
                let lines = order.lines.iter();
                streams.extend(lines.map(|it| line(&order.merchant, id, &it.line)));
                let licenses = order.licenses.iter();
                streams.extend(licenses.map(|id| StreamId::license(&order.merchant, id)));
            }
        },
    }
    Ok(streams.into_iter().collect())
}

fn licenses_of(
    connection: &Connection,
    merchant: Option<&MerchantId>,
    customer: &CustomerId,
) -> Result<Vec<LicenseRow>, QueryError> {
    let filter = LicenseFilter {
        merchant: merchant.cloned(),
        customer: Some(customer.clone()),
        ..LicenseFilter::default()
    };
    let page = licenses::page(connection, &filter, Instant::EPOCH, PAGE_ROWS_MAX, None)?;
    if page.next.is_some() {
        return Err(QueryError::TooMany {
            what: format!("licenses of customer {customer}"),
        });
    }
    Ok(page.items)
}

fn line(merchant: &MerchantId, order: &OrderId, line: &OrderLineId) -> StreamId {
    let line = OrderLine {
        order: order.clone(),
        line: line.clone(),
    };
    StreamId::order(merchant, &line)
}
