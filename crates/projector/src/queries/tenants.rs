//! Questions about enterprises.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use tenure_domain::tenant::{Binding, Partition, TenantKey};
use tenure_domain::{
    ApplicationId, Instant, LicenseId, ListingId, MerchantId, OrderId, Sealed, TenantId,
};
use tenure_journal::{Position, StreamVersion};

use super::question::Question;
use super::{PAGE_ROWS_MAX, Page, Queries, QueryError, cursor, damaged, parsed};
use crate::sealed;

mod people;

pub use people::{DepartmentRow, MemberFilter, MemberRow};

/// An enterprise, for one instance and through one production address, as of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Which.
    pub key: TenantKey,
    /// What it is bound with, if it is.
    pub binding: Option<Binding>,
    /// Its clients at its authentication centre: the `clientId` for each application.
    pub clients: BTreeMap<ApplicationId, Box<str>>,
    /// How many records its stream has.
    pub version: StreamVersion,
    /// The position of its first record: lists are in this order.
    pub first: Position,
    /// The position of its last record.
    pub position: Position,
    /// Valid time of its last record.
    pub effective_at: Instant,
    /// Transaction time of its last record.
    pub recorded_at: Instant,
}

/// Which enterprises are asked for: those that meet all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// Of this merchant.
    pub merchant: Option<MerchantId>,
    /// Told through this production address.
    pub listing: Option<ListingId>,
    /// Told by calls about real things, or by test calls.
    pub partition: Option<Partition>,
    /// For this instance.
    pub instance: Option<LicenseId>,
    /// Of this name.
    pub tenant: Option<TenantId>,
    /// Whether it is bound. With no other filter beside it, row after row is read.
    pub bound: Option<bool>,
}

const SELECT: &str = include_str!("tenants/select.sql");
const STREAMS: &str = include_str!("tenants/streams.sql");
const CLIENTS: &str = include_str!("tenants/clients.sql");

/// In the order of their first records.
const ORDER: &str = "tenant";
const NEWEST_WORD_FIRST: &str = "position DESC";

impl Queries {
    /// Enterprises that meet a filter, in the order in which they were first told of.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] if the cursor is malformed.
    pub fn tenants(
        &self,
        filter: &TenantFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<TenantRow>, QueryError> {
        let connection = self.connection()?;
        let after: Option<u64> = cursor.map(cursor::decode).transpose()?;
        let mut question = ask(SELECT, filter);
        let after = after.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
        question.and_if("tenant > :after", ":after", after);
        let mut page = question.page(&connection, ORDER, limit, read, |row| row.first.number())?;
        for row in &mut page.items {
            row.clients = clients(&connection, row.first)?;
        }
        Ok(page)
    }

    /// The streams that tell of an enterprise through a production address, at most a thousand: the
    /// one that was written last comes first. Each with the position of its last record.
    pub fn tenant_streams(
        &self,
        listing: &ListingId,
        tenant: &TenantId,
    ) -> Result<Vec<(MerchantId, TenantKey, Position)>, QueryError> {
        let mut question = ask_streams(listing, tenant);
        question.order(NEWEST_WORD_FIRST, PAGE_ROWS_MAX);
        let streams = question.rows(&*self.connection()?, stream)?;
        let streams = streams.into_iter();
        Ok(streams
            .map(|stream| (stream.merchant, stream.key, stream.position))
            .collect())
    }
}

fn ask_streams(listing: &ListingId, tenant: &TenantId) -> Question {
    let filter = TenantFilter {
        listing: Some(listing.clone()),
        tenant: Some(tenant.clone()),
        ..TenantFilter::default()
    };
    ask(STREAMS, &filter)
}

/// The question that a filter is.
fn ask(select: &str, filter: &TenantFilter) -> Question {
    let mut question = Question::new(select);
    let text = |text: Option<&str>| text.map(str::to_owned);
    let merchant = filter.merchant.as_ref().map(MerchantId::as_str);
    question.and_if("merchant = :merchant", ":merchant", text(merchant));
    let listing = filter.listing.as_ref().map(ListingId::as_str);
    question.and_if("listing = :listing", ":listing", text(listing));
    let partition = filter.partition.map(Partition::name);
    question.and_if("partition = :partition", ":partition", text(partition));
    if let Some(instance) = &filter.instance {
        // The second condition is what the index needs to hear.
        question.and("instance_id = :instance AND instance_id <> ''");
        question.bind(":instance", instance.as_str().to_owned());
    }
    let tenant = filter.tenant.as_ref().map(TenantId::as_str);
    question.and_if("tenant_id = :tenant_id", ":tenant_id", text(tenant));
    question.and_if("bound = :bound", ":bound", filter.bound.map(i64::from));
    question
}

/// One stream of an enterprise.
struct Stream {
    /// Its number in the tables.
    first: Position,
    merchant: MerchantId,
    key: TenantKey,
    /// Of its last record.
    position: Position,
}

/// Reads the columns that name a stream, which every selection begins with.
fn named(row: &Row<'_>) -> Result<(Position, MerchantId, TenantKey), QueryError> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let partition = Partition::from_name(text(4)?).ok_or_else(|| damaged("a partition"))?;
    let instance = match text(5)? {
        "" => None,
        id => Some(parsed(LicenseId::parse(id))?),
    };
    let key = TenantKey {
        listing: parsed(ListingId::parse(text(3)?))?,
        partition,
        instance,
        tenant: parsed(TenantId::parse(text(2)?))?,
    };
    let merchant = parsed(MerchantId::parse(text(1)?))?;
    Ok((row.get(0).map(Position::new)?, merchant, key))
}

fn stream(row: &Row<'_>) -> Result<Stream, QueryError> {
    let (first, merchant, key) = named(row)?;
    Ok(Stream {
        first,
        merchant,
        key,
        position: row.get(6).map(Position::new)?,
    })
}

fn read(row: &Row<'_>) -> Result<TenantRow, QueryError> {
    let (first, merchant, key) = named(row)?;
    let order: Option<String> = row.get(6)?;
    let (code, domain): (Option<Box<str>>, Option<Box<str>>) = (row.get(7)?, row.get(8)?);
    let name: Option<Vec<u8>> = row.get(9)?;
    let binding = match (code, domain, name) {
        (Some(code), Some(domain), Some(name)) => Some(Binding {
            order: parsed(order.as_deref().map(OrderId::parse).transpose())?,
            code,
            domain,
            name: unpacked(&name)?,
        }),
        _ => None,
    };
    Ok(TenantRow {
        merchant,
        key,
        binding,
        clients: BTreeMap::new(),
        version: StreamVersion::new(row.get(10)?),
        first,
        position: row.get(11).map(Position::new)?,
        effective_at: row.get(12).map(Instant::from_micros)?,
        recorded_at: row.get(13).map(Instant::from_micros)?,
    })
}

fn clients(
    connection: &Connection,
    tenant: Position,
) -> Result<BTreeMap<ApplicationId, Box<str>>, QueryError> {
    let clients = of_tenant(CLIENTS, tenant).rows(connection, |row| {
        let id: String = row.get(0)?;
        Ok((parsed(ApplicationId::parse(&id))?, row.get(1)?))
    })?;
    Ok(clients.into_iter().collect())
}

/// Asks for what belongs to one stream.
fn of_tenant(select: &str, tenant: Position) -> Question {
    let mut question = Question::new(select);
    let tenant = i64::try_from(tenant.number()).unwrap_or(i64::MAX);
    question.bind(":tenant", tenant);
    question
}

fn unpacked(column: &[u8]) -> Result<Sealed, QueryError> {
    sealed::read(column).ok_or_else(|| damaged("a sealed text"))
}

#[cfg(test)]
mod tests;
