//! The file of sessions, tickets and used codes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use tenure_domain::tenant::Role;
use tenure_domain::{ApplicationId, Digest, Instant, ListingId, SealKey};
use tenure_journal::{Position, StreamId, private_file};

use crate::random_id::IdDigest;
use crate::session::{CentreAccess, SealedToken, Session};

/// Marks a file as ours, so that another program's is never written to.
const APPLICATION_ID: i32 = 0x746e_6c67;

/// The version of the tables.
const SCHEMA_VERSION: i32 = 1;

/// How long a used code is remembered, in seconds. No code is good for longer.
pub(crate) const CODES_REMEMBERED_SECONDS: i64 = 900;

/// Sessions, tickets and used codes, in a file. Clones are the same store; calls block, for as long
/// as a write to the disk takes.
#[derive(Debug, Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
    bounds: Bounds,
}

/// How much is kept at the most.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Sessions, over all listings. More are refused: nobody's session ends for another's.
    sessions: u32,
    /// Sessions of one member for one application. The oldest makes room.
    sessions_of_member: u32,
    /// Codes that are remembered, over all listings. More are refused.
    codes: u32,
    /// Codes of one enterprise for one listing. More are refused: nobody else's login ends with it.
    codes_of_enterprise: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            sessions: 100_000,
            sessions_of_member: 16,
            codes: 500_000,
            codes_of_enterprise: 10_000,
        }
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is something else, or of another version.
    #[error("{path} holds no sessions of this version: name another file, or delete it")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder cannot be made.
    #[error("the file of the sessions cannot be made")]
    File(#[source] std::io::Error),
    /// SQLite said no.
    #[error("the sessions cannot be read or written")]
    Database(#[from] rusqlite::Error),
    /// It holds what was never written.
    #[error("the sessions are damaged")]
    Damaged,
    /// There is room for no more.
    #[error("there are too many {of}")]
    Full {
        /// Of what.
        of: &'static str,
    },
}

/// Columns of a session, in the order in which they are read.
const COLUMNS: &str = "listing, stream, application, member, grants, since, centre_role, ends_at, \
    access_ends_at, renew_at, refresh_key, refresh";

const FORGET_CODES: &str = "DELETE FROM used_codes WHERE forget_at <= ?1";
const COUNT_CODES: &str = "SELECT count(*) FROM used_codes WHERE enterprise = ?1";
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE ends_at <= ?1";
const FORGET_TICKETS: &str = "DELETE FROM sessions WHERE ticket_ends_at <= ?1";
const END_OLDEST: &str = "DELETE FROM sessions WHERE number IN (SELECT number FROM sessions \
    WHERE stream = ?1 AND application = ?2 AND member = ?3 \
    ORDER BY number DESC LIMIT -1 OFFSET ?4)";

impl Store {
    /// Opens the file, or makes one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        private_file::make(path).map_err(StoreError::File)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(3))?;
        // What is deleted is overwritten, and no log keeps it.
        connection.pragma_update(None, "secure_delete", "on")?;
        connection.pragma_update(None, "journal_mode", "truncate")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        make_tables(&transaction, path)?;
        transaction.commit()?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            bounds: Bounds::default(),
        })
    }

    /// Remembers a code that came back for an enterprise, and says whether it is new.
    pub(crate) fn remember_code(
        &self,
        code: IdDigest,
        enterprise: IdDigest,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(FORGET_CODES)?
                .execute([now.micros()])?;
            refuse_full(transaction, "used_codes", "used codes", self.bounds.codes)?;
            let of_enterprise: u32 = transaction
                .prepare_cached(COUNT_CODES)?
                .query_row([enterprise.0], |row| row.get(0))?;
            if of_enterprise >= self.bounds.codes_of_enterprise {
                let of = "used codes of one enterprise";
                return Err(StoreError::Full { of });
            }
            let forget_at = now.plus_seconds(CODES_REMEMBERED_SECONDS);
            let added = transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO used_codes (digest, enterprise, forget_at) \
                     VALUES (?1, ?2, ?3)",
                )?
                .execute(params![code.0, enterprise.0, forget_at.micros()])?;
            Ok(added == 1)
        })
    }

    /// Forgets a code that the centre refused: it refuses it again. So made-up codes take no room
    /// from those that were good.
    pub(crate) fn forget_code(&self, code: IdDigest) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM used_codes WHERE digest = ?1")?
                .execute([code.0])?;
            Ok(())
        })
    }

    /// Keeps a session that waits for the exchange of its ticket.
    pub(crate) fn begin(
        &self,
        ticket: IdDigest,
        ticket_ends_at: Instant,
        session: &Session,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            forget_ended(transaction, now)?;
            make_room(transaction, session, self.bounds.sessions_of_member)?;
            refuse_full(transaction, "sessions", "sessions", self.bounds.sessions)?;
            insert(transaction, ticket, ticket_ends_at, session)
        })
    }

    /// Exchanges a ticket for a session's id, once. `None` if there is no such ticket for this
    /// listing, or no longer.
    pub(crate) fn exchange(
        &self,
        ticket: IdDigest,
        listing: &ListingId,
        id: IdDigest,
        now: Instant,
    ) -> Result<Option<Session>, StoreError> {
        self.write(|transaction| {
            let exchanged = transaction
                .prepare_cached(
                    "UPDATE sessions SET digest = ?1, ticket_ends_at = NULL \
                     WHERE digest = ?2 AND listing = ?3 AND ticket_ends_at > ?4 AND ends_at > ?4",
                )?
                .execute(params![id.0, ticket.0, listing.as_str(), now.micros()])?;
            match exchanged {
                0 => Ok(None),
                _ => find(transaction, id, listing, now),
            }
        })
    }

    /// A session, if there is one of this id for this listing that is not over.
    pub(crate) fn find(
        &self,
        id: IdDigest,
        listing: &ListingId,
        now: Instant,
    ) -> Result<Option<Session>, StoreError> {
        find(&self.lock(), id, listing, now)
    }

    /// The session that waits for the exchange of a ticket, if the ticket is good for this listing.
    pub(crate) fn find_waiting(
        &self,
        ticket: IdDigest,
        listing: &ListingId,
        now: Instant,
    ) -> Result<Option<Session>, StoreError> {
        find_by(&find_waiting_sql(), &self.lock(), ticket, listing, now)
    }

    /// Keeps what a renewal brought, or when it is to be tried again.
    pub(crate) fn renew(&self, id: IdDigest, access: &CentreAccess) -> Result<(), StoreError> {
        let refresh = access.refresh.as_ref();
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE sessions SET access_ends_at = ?2, renew_at = ?3, refresh_key = ?4, \
                     refresh = ?5 WHERE digest = ?1",
                )?
                .execute(params![
                    id.0,
                    access.ends_at.micros(),
                    access.renew_at.micros(),
                    refresh.map(|it| it.key.number().to_be_bytes()),
                    refresh.map(|it| &*it.bytes),
                ])?;
            Ok(())
        })
    }

    /// Ends a session, whether or not there is one.
    pub(crate) fn end(&self, id: IdDigest) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM sessions WHERE digest = ?1")?
                .execute([id.0])?;
            Ok(())
        })
    }

    /// How many sessions there are, and tickets that wait.
    pub(crate) fn count(&self) -> Result<u32, StoreError> {
        Ok(count(&self.lock(), "sessions")?)
    }

    /// Does something whole or not at all.
    fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = change(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that was not committed is rolled back: nothing can be half done.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_tables(transaction: &Transaction<'_>, path: &Path) -> Result<(), StoreError> {
    let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let objects: u32 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(()),
        (0, 0) if objects == 0 => {
            transaction.execute_batch(include_str!("store/schema.sql"))?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            Ok(())
        },
        (_, _) => Err(StoreError::Foreign {
            path: path.to_owned(),
        }),
    }
}

fn forget_ended(transaction: &Transaction<'_>, now: Instant) -> Result<(), StoreError> {
    for sql in [FORGET_SESSIONS, FORGET_TICKETS] {
        transaction.prepare_cached(sql)?.execute([now.micros()])?;
    }
    Ok(())
}

/// Ends the oldest sessions of a member, so that with one more there are not too many.
fn make_room(transaction: &Transaction<'_>, session: &Session, max: u32) -> Result<(), StoreError> {
    transaction.prepare_cached(END_OLDEST)?.execute(params![
        session.stream.to_string(),
        session.application.as_str(),
        session.member.bytes(),
        max.saturating_sub(1),
    ])?;
    Ok(())
}

fn refuse_full(
    transaction: &Transaction<'_>,
    table: &str,
    of: &'static str,
    max: u32,
) -> Result<(), StoreError> {
    if count(transaction, table)? >= max {
        return Err(StoreError::Full { of });
    }
    Ok(())
}

/// Counts rows, one by one: 10 ms for half a million codes, once for each login.
fn count(connection: &Connection, table: &str) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(&format!("SELECT count(*) FROM {table}"))?
        .query_row([], |row| row.get(0))
}

fn insert(
    transaction: &Transaction<'_>,
    ticket: IdDigest,
    ticket_ends_at: Instant,
    session: &Session,
) -> Result<(), StoreError> {
    let access = session.access.as_ref();
    let refresh = access.and_then(|access| access.refresh.as_ref());
    let sql = format!(
        "INSERT INTO sessions (digest, ticket_ends_at, {COLUMNS}) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    );
    transaction.prepare_cached(&sql)?.execute(params![
        ticket.0,
        ticket_ends_at.micros(),
        session.listing.as_str(),
        session.stream.to_string(),
        session.application.as_str(),
        session.member.bytes(),
        session.grants,
        i64::try_from(session.since.number()).unwrap_or(i64::MAX),
        session.centre_role.map(Role::name),
        session.ends_at.micros(),
        access.map(|it| it.ends_at.micros()),
        access.map(|it| it.renew_at.micros()),
        refresh.map(|it| it.key.number().to_be_bytes()),
        refresh.map(|it| &*it.bytes),
    ])?;
    Ok(())
}

fn find(
    connection: &Connection,
    id: IdDigest,
    listing: &ListingId,
    now: Instant,
) -> Result<Option<Session>, StoreError> {
    find_by(&find_sql(), connection, id, listing, now)
}

fn find_by(
    sql: &str,
    connection: &Connection,
    id: IdDigest,
    listing: &ListingId,
    now: Instant,
) -> Result<Option<Session>, StoreError> {
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![id.0, listing.as_str(), now.micros()], |row| {
            session(row)
        })
        .optional()?;
    found
        .map(|session| session.ok_or(StoreError::Damaged))
        .transpose()
}

fn find_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM sessions \
         WHERE digest = ?1 AND listing = ?2 AND ticket_ends_at IS NULL AND ends_at > ?3"
    )
}

fn find_waiting_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM sessions \
         WHERE digest = ?1 AND listing = ?2 AND ticket_ends_at > ?3 AND ends_at > ?3"
    )
}

/// Reads a row; `None` if it holds what no session has.
fn session(row: &Row<'_>) -> rusqlite::Result<Option<Session>> {
    let text = |column| row.get::<_, String>(column);
    let instant = |column| {
        let micros: Option<i64> = row.get(column)?;
        Ok::<_, rusqlite::Error>(micros.map(Instant::from_micros))
    };
    let (listing, stream, application) = (text(0)?, text(1)?, text(2)?);
    let (member, grants, since) = (row.get(3)?, row.get(4)?, row.get::<_, i64>(5)?);
    let role: Option<String> = row.get(6)?;
    let ends_at = Instant::from_micros(row.get(7)?);
    let (access_ends_at, renew_at) = (instant(8)?, instant(9)?);
    let (key, bytes): (Option<[u8; 16]>, Option<Vec<u8>>) = (row.get(10)?, row.get(11)?);
    let refresh = key.zip(bytes).map(|(key, bytes)| SealedToken {
        key: SealKey::new(u128::from_be_bytes(key)),
        bytes: bytes.into(),
    });
    let access = access_ends_at.zip(renew_at);
    let parsed = || {
        Some(Session {
            listing: ListingId::parse(&listing).ok()?,
            stream: StreamId::parse(&stream)?,
            application: ApplicationId::parse(&application).ok()?,
            member: Digest::new(member),
            grants,
            since: Position::new(u64::try_from(since).ok()?),
            centre_role: match role.as_deref() {
                Some(name) => Some(Role::from_name(name)?),
                None => None,
            },
            ends_at,
            access: access.map(|(ends_at, renew_at)| CentreAccess {
                ends_at,
                renew_at,
                refresh,
            }),
        })
    };
    Ok(parsed())
}

#[cfg(test)]
mod tests;
