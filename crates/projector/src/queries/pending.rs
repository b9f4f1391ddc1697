//! What is left to do: orders to ask the marketplace about, applications to make ready, license
//! files to make and to deliver, usage reports to hand over. Always what has waited longest first.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tenure_domain::file::{FileKey, FileProgress};
use tenure_domain::{Family, LicenseId, ListingId, Living, MerchantId, OrderId, OrderLineId};
use tenure_journal::Position;

use super::question::Question;
use super::{Queries, QueryError, parsed};
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

/// A license that was bought, and for which the merchant's application is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLicense {
    /// Whose it is.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// Its family.
    pub family: Family,
    /// The production address through which it first came.
    pub listing: ListingId,
    /// The position of the purchase's record.
    pub position: Position,
}

/// A license file that was asked for and not made, or made and not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingFile {
    /// Whose license it is.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The production address through which the license first came.
    pub listing: ListingId,
    /// Which file.
    pub key: FileKey,
    /// Whether it is made, so that the marketplace has only to take it.
    pub is_made: bool,
    /// The position of the record that told of it last.
    pub position: Position,
}

/// Usage reports of one license that the marketplace has still to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingUsage {
    /// Whose license it is.
    pub merchant: MerchantId,
    /// The license.
    pub license: LicenseId,
    /// The production address through whose account they go.
    pub listing: ListingId,
    /// How many reports.
    pub reports: u64,
    /// The position of the record of the oldest.
    pub position: Position,
}

/// The most that is told at once. Who asks about orders remembers thousands that the marketplace
/// does not know, and has to see beyond those.
const ROWS_MAX: usize = 10_100;

const ORDERS: &str = include_str!("pending/orders.sql");
const PROVISIONING: &str = include_str!("pending/provisioning.sql");
const FILES: &str = include_str!("pending/files.sql");
const USAGE: &str = include_str!("pending/usage.sql");

impl Queries {
    /// The orders behind the changes of a listing's licenses of which no details are known: the
    /// oldest change comes first, and at most so many come. An order of several licenses is named
    /// for each of them, since each is to learn what it is.
    pub fn pending_orders(
        &self,
        listing: &ListingId,
        limit: usize,
    ) -> Result<Vec<PendingOrder>, QueryError> {
        let connection = self.connection()?;
        of_licenses(&connection, ORDERS, listing, limit, orders, |order| {
            order.position
        })
    }

    /// The licenses of a listing for which the merchant's application is not ready: the oldest
    /// purchase comes first, and at most so many come. Those that were released are not among them.
    pub fn pending_provisioning(
        &self,
        listing: &ListingId,
        limit: usize,
    ) -> Result<Vec<PendingLicense>, QueryError> {
        let connection = self.connection()?;
        of_licenses(&connection, PROVISIONING, listing, limit, purchase, |it| {
            it.position
        })
    }

    /// The license files of a listing that are to be made or to be delivered: what was told of
    /// first comes first, and at most so many come. For a license that was released, nothing is
    /// made any more, but what was made is delivered.
    pub fn pending_files(
        &self,
        listing: &ListingId,
        limit: usize,
    ) -> Result<Vec<PendingFile>, QueryError> {
        let connection = self.connection()?;
        of_licenses(&connection, FILES, listing, limit, files, |file| {
            file.position
        })
    }

    /// The licenses with usage reports that go through the account of a listing and that the
    /// marketplace has still to take: the one with the oldest report comes first, and at most so
    /// many come.
    pub fn pending_usage(
        &self,
        listing: &ListingId,
        limit: usize,
    ) -> Result<Vec<PendingUsage>, QueryError> {
        let pending = ask(USAGE, listing, limit).rows(&*self.connection()?, |row| {
            Ok(PendingUsage {
                merchant: parsed(MerchantId::parse(&row.get::<_, String>(0)?))?,
                license: parsed(LicenseId::parse(&row.get::<_, String>(1)?))?,
                listing: listing.clone(),
                reports: row.get(2)?,
                position: row.get(3).map(Position::new)?,
            })
        })?;
        Ok(pending)
    }
}

/// The first licenses by their oldest place are enough: whatever has waited longest belongs to a
/// license of which something has waited at least as long, and there are no more of those than of
/// the things themselves.
fn of_licenses<T>(
    connection: &Connection,
    select: &str,
    listing: &ListingId,
    limit: usize,
    read: impl Fn(&MerchantId, &LicenseId, &Living, &State<'_>) -> Vec<T>,
    place: impl Fn(&T) -> Position,
) -> Result<Vec<T>, QueryError> {
    let limit = limit.clamp(1, ROWS_MAX);
    let licenses = ask(select, listing, limit).rows(connection, |row| {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let id = parsed(LicenseId::parse(text(0)?))?;
        let merchant = parsed(MerchantId::parse(text(1)?))?;
        let state = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let state = State::read(state)
            .ok_or_else(|| super::damaged(format!("the state of license {id}")))?;
        let living = state.license.living();
        Ok(living.map_or_else(Vec::new, |living| read(&merchant, &id, living, &state)))
    })?;
    let mut found: Vec<_> = licenses.into_iter().flatten().collect();
    found.sort_by_key(place);
    found.truncate(limit);
    Ok(found)
}

fn ask(select: &str, listing: &ListingId, limit: usize) -> Question {
    let limit = limit.clamp(1, ROWS_MAX);
    let mut question = Question::new(select);
    question.bind(":listing", listing.as_str().to_owned());
    question.bind(":limit", i64::try_from(limit).unwrap_or(i64::MAX));
    question
}

/// Each order line once, though it changed the license more than once.
fn orders(
    merchant: &MerchantId,
    id: &LicenseId,
    living: &Living,
    state: &State<'_>,
) -> Vec<PendingOrder> {
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

fn purchase(
    merchant: &MerchantId,
    id: &LicenseId,
    living: &Living,
    state: &State<'_>,
) -> Vec<PendingLicense> {
    let purchase = state.provisioning().into_iter();
    purchase
        .map(|position| PendingLicense {
            merchant: merchant.clone(),
            license: id.clone(),
            family: living.family,
            listing: living.listing.clone(),
            position,
        })
        .collect()
}

fn files(
    merchant: &MerchantId,
    id: &LicenseId,
    living: &Living,
    state: &State<'_>,
) -> Vec<PendingFile> {
    state
        .open_files()
        .map(|(file, position)| PendingFile {
            merchant: merchant.clone(),
            license: id.clone(),
            listing: living.listing.clone(),
            key: file.request.key(),
            is_made: matches!(file.progress, FileProgress::Made(_)),
            position,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::question::plan;

    #[track_caller]
    fn check(select: &str, search: &str) {
        let listing = ListingId::parse("cad-pro").unwrap();
        let plan = plan(&ask(select, &listing, 50), "");
        assert_eq!(plan, format!("SEARCH {search}"));
    }

    #[test]
    fn whatever_is_left_to_do_is_found_in_order_over_an_index() {
        check(
            ORDERS,
            "licenses USING INDEX licenses_by_pending (listing=? AND pending_position>?)",
        );
        check(
            PROVISIONING,
            "licenses USING INDEX licenses_by_provisioning (listing=? AND provisioning_position>?)",
        );
        check(
            FILES,
            "licenses USING INDEX licenses_by_file (listing=? AND file_position>?)",
        );
        let usage = "usage_pending USING COVERING INDEX usage_pending_by_license (listing=?)";
        check(USAGE, &format!("{usage}; USE TEMP B-TREE FOR ORDER BY"));
    }
}
