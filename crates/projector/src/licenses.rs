//! The projection of licenses: one row each, and one for every order that changed it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::iter::once;
use std::sync::mpsc::sync_channel;
use std::thread;

use rusqlite::{Connection, OptionalExtension, Statement, params};
use tenure_domain::{
    CustomerId, Event, Hold, Instant, License, LicenseId, Living, MerchantId, Phase, ProductId,
};
use tenure_journal::{Position, Record, StreamVersion};

use crate::state::State;
use crate::store::StoreError;

mod order_rows;

pub(crate) use order_rows::OrderRows;

/// The projection's name.
pub const NAME: &str = "licenses";
/// The version of its rows. Raise it when they, or the form of a state, come out differently.
pub const VERSION: u32 = 6;

/// How much of the states a fold keeps in memory, in bytes, before it writes them to the table.
const KEPT_BYTES_MAX: usize = 128 << 20;
/// So many that a thread of its own puts them in order.
const MANY: usize = 10_000;
/// The parts in which it does.
const PARTS: usize = 8;
/// How many states it reads before it hands them on.
const READ_AT_ONCE: usize = 1_000;
/// What an entry takes beside its texts and its state.
const ENTRY_BYTES: usize = 192;

/// Which license. In the order of the table's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The license.
    pub id: LicenseId,
    /// Whose it is.
    pub merchant: MerchantId,
}

/// What a status rests on apart from the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Released,
    Suspended,
    Expired,
    Provisioning,
    Issued,
    InForce,
}

/// Hashed without a seed, so that two runs are alike: ids come from calls that are authentic. The
/// order is never used.
type Kept = HashMap<Key, Entry, BuildHasherDefault<DefaultHasher>>;

/// The licenses that a fold has met, as bytes; the table holds the others.
#[derive(Debug)]
pub(crate) struct Licenses {
    kept: Kept,
    kept_bytes: usize,
    kept_bytes_max: usize,
    many: usize,
    /// Whether the table may hold licenses that are not kept.
    table_has_rows: bool,
    /// The rows of the orders, while each of them is met once.
    orders: Option<OrderRows>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    state: Box<[u8]>,
    version: StreamVersion,
    position: Position,
    effective_at: Instant,
    recorded_at: Instant,
}

/// What a row is made of.
struct Row {
    key: Key,
    entry: Entry,
    license: License,
    /// What is left to do for it.
    open: Open,
}

/// What is left to do for a license: for each kind of work, the place in the journal of what has
/// waited longest.
struct Open {
    /// The oldest change whose order is not known.
    order: Option<Position>,
    /// The purchase, if the application is not ready.
    provisioning: Option<Position>,
    /// The last word on a license file that is to be made or delivered.
    file: Option<Position>,
}

impl Open {
    fn of(state: &State<'_>) -> Self {
        Self {
            order: state.oldest_pending(),
            provisioning: state.provisioning(),
            file: state.oldest_open_file(),
        }
    }
}

impl Standing {
    pub(crate) fn of(license: &License) -> Option<Self> {
        match license {
            License::Absent => None,
            License::Released(_) => Some(Self::Released),
            License::Living(living) => Some(match (living.hold, living.phase) {
                (Some(Hold::Suspended), _) => Self::Suspended,
                (Some(Hold::Expired), _) => Self::Expired,
                (None, Phase::Provisioning) => Self::Provisioning,
                (None, Phase::Issued) => Self::Issued,
                (None, Phase::InForce) => Self::InForce,
            }),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Provisioning => "provisioning",
            Self::Issued => "issued",
            Self::InForce => "in_force",
        }
    }
}

impl Licenses {
    /// Begins with a table that is known to be empty.
    pub(crate) fn begin() -> Self {
        Self {
            kept: Kept::default(),
            kept_bytes: 0,
            kept_bytes_max: KEPT_BYTES_MAX,
            many: MANY,
            table_has_rows: false,
            orders: Some(OrderRows::default()),
            scratch: Vec::new(),
        }
    }

    /// Goes on from what the table holds.
    pub(crate) fn resume() -> Self {
        Self {
            table_has_rows: true,
            orders: None,
            ..Self::begin()
        }
    }

    /// Bounds how much is kept in memory.
    #[cfg(test)]
    pub(crate) fn keeping(mut self, kept_bytes_max: usize) -> Self {
        self.kept_bytes_max = kept_bytes_max;
        self
    }

    /// Puts so many in order on a thread of its own.
    #[cfg(test)]
    pub(crate) fn ordering_aside(mut self, many: usize) -> Self {
        self.many = many;
        self
    }

    /// Applies an event of a license.
    pub(crate) fn apply(
        &mut self,
        connection: &Connection,
        key: &Key,
        event: &Event,
        record: &Record,
    ) -> Result<(), StoreError> {
        let known = self.kept.get_mut(key);
        let loaded = match &known {
            None if self.table_has_rows => load(connection, key)?,
            Some(_) | None => Vec::new(),
        };
        let before = known.as_ref().map_or(&*loaded, |entry| &*entry.state);
        self.scratch.clear();
        read(before, key)?.write_next(event, record.position, &mut self.scratch);
        let entry = Entry {
            state: self.scratch.as_slice().into(),
            version: record.version,
            position: record.position,
            effective_at: record.effective_at,
            recorded_at: record.recorded_at,
        };
        self.kept_bytes += entry.state.len();
        if let Some(known) = known {
            self.kept_bytes -= known.state.len();
            *known = entry;
        } else {
            self.kept_bytes += key.id.as_str().len() + key.merchant.as_str().len() + ENTRY_BYTES;
            self.kept.insert(key.clone(), entry);
        }
        if self.kept_bytes > self.kept_bytes_max {
            self.spill(connection)?;
        }
        Ok(())
    }

    /// Writes what is kept, in the order of the table's key, and keeps nothing.
    pub(crate) fn flush(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let mut rows = connection.prepare_cached(include_str!("licenses/put.sql"))?;
        let mut put_order = connection.prepare_cached(order_rows::PUT)?;
        let kept = std::mem::take(&mut self.kept);
        let gathers = self.orders.is_some();
        read_in_order(kept, self.many, self.orders.as_mut(), |row| {
            let Row { key, license, .. } = &row;
            // What a history without beginning leads to has no row, as the fold needs none.
            let (Some(living), Some(standing)) = (license.living(), Standing::of(license)) else {
                return Ok(());
            };
            put(&mut rows, &row, living, standing)?;
            if !gathers {
                for order in living.orders() {
                    put_order.execute((order.as_str(), key.merchant.as_str(), key.id.as_str()))?;
                }
            }
            Ok(())
        })?;
        self.kept_bytes = 0;
        self.table_has_rows = true;
        Ok(())
    }

    /// Makes room. From here on the rows of a license may be written more than once.
    fn spill(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.orders = None;
        self.flush(connection)
    }

    /// The orders that were gathered, and still have to be written.
    pub(crate) fn take_orders(&mut self) -> OrderRows {
        self.orders.take().unwrap_or_default()
    }
}

/// Gives what is kept to `write`, in the order of the table's key, and gathers the rows of its
/// orders.
fn read_in_order(
    kept: Kept,
    many: usize,
    mut orders: Option<&mut OrderRows>,
    mut write: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut kept: Vec<_> = kept.into_iter().collect();
    if kept.len() < many {
        return take_least(&mut kept, usize::MAX, orders).try_for_each(|row| write(row?));
    }
    // A thread of its own puts part after part in order, so that the first are written soon.
    thread::scope(|scope| {
        let (rows, waiting) = sync_channel::<Vec<_>>(2);
        let part = kept.len().div_ceil(PARTS);
        scope.spawn(move || {
            while !kept.is_empty() {
                let mut part = take_least(&mut kept, part, orders.as_deref_mut());
                while let Some(first) = part.next() {
                    let some = once(first).chain(part.by_ref().take(READ_AT_ONCE));
                    if rows.send(some.collect()).is_err() {
                        return;
                    }
                }
            }
        });
        waiting
            .into_iter()
            .flatten()
            .try_for_each(|row| write(row?))
    })
}

/// Takes the least keys out, in order, and reads their states.
fn take_least(
    kept: &mut Vec<(Key, Entry)>,
    count: usize,
    mut orders: Option<&mut OrderRows>,
) -> impl Iterator<Item = Result<Row, StoreError>> {
    let others = kept.len().saturating_sub(count);
    if others > 0 {
        kept.select_nth_unstable_by(others, |(left, _), (right, _)| right.cmp(left));
    }
    let mut least = match others {
        0 => std::mem::take(kept),
        others => kept.split_off(others),
    };
    least.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    least.into_iter().map(move |(key, entry)| {
        let state = read(&entry.state, &key)?;
        if let (Some(rows), Some(living)) = (orders.as_deref_mut(), state.license.living()) {
            for order in living.orders() {
                rows.gather(order.as_str(), key.merchant.as_str(), key.id.as_str());
            }
        }
        Ok(Row {
            open: Open::of(&state),
            license: state.license,
            key,
            entry,
        })
    })
}

fn put(
    rows: &mut Statement<'_>,
    row: &Row,
    living: &Living,
    standing: Standing,
) -> rusqlite::Result<()> {
    let Row {
        key,
        entry,
        license: _,
        open,
    } = row;
    let over_at = living
        .term
        .expires_at
        .map(|end| end.plus_seconds(i64::from(living.term.grace_seconds)));
    rows.execute(params![
        key.id.as_str(),
        key.merchant.as_str(),
        living.listing.as_str(),
        standing.name(),
        living.term.expires_at.map(Instant::micros),
        over_at.map(Instant::micros),
        living.customer.as_ref().map(CustomerId::as_str),
        living.product.as_ref().map(ProductId::as_str),
        open.order.map(Position::number),
        open.provisioning.map(Position::number),
        open.file.map(Position::number),
        entry.version.number(),
        entry.position.number(),
        entry.effective_at.micros(),
        entry.recorded_at.micros(),
        entry.state,
    ])?;
    Ok(())
}

fn load(connection: &Connection, key: &Key) -> Result<Vec<u8>, StoreError> {
    let state: Option<Vec<u8>> = connection
        .prepare_cached("SELECT state FROM licenses WHERE id = ?1 AND merchant = ?2")?
        .query_row((key.id.as_str(), key.merchant.as_str()), |row| row.get(0))
        .optional()?;
    Ok(state.unwrap_or_default())
}

fn read<'a>(bytes: &'a [u8], key: &Key) -> Result<State<'a>, StoreError> {
    State::read(bytes).ok_or_else(|| StoreError::Damaged {
        what: format!("the state of license {} of {}", key.id, key.merchant),
    })
}
