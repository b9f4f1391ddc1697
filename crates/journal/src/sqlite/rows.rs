//! Rows as records and receipts.

use rusqlite::Row;
use tenure_domain::{Instant, SealKey};
use uuid::Uuid;

use super::unread;
use crate::event::Event;
use crate::log::ReadError;
use crate::position::{Position, StreamVersion};
use crate::receipt::{Receipt, ReceiptId, Verdict};
use crate::record::{Actor, Record, UnreadRecord};
use crate::stored::{self, Unread};
use crate::stream::StreamId;

/// A record, of the columns in the order in which the queries name them. The second is the stream,
/// which the caller knows.
pub(super) fn record_of(row: &Row<'_>, stream: StreamId) -> Result<UnreadRecord, ReadError> {
    let position = position(row, 0).map_err(unread)?;
    let corrupt = |what: String| ReadError::Corrupt {
        what: format!("record {position}: {what}"),
    };
    let misread = |error: rusqlite::Error| corrupt(error.to_string());
    let name = text(row, 4).map_err(misread)?;
    let format = row.get(5).map_err(misread)?;
    let event = Unread::new(name, format, text(row, 6).map_err(misread)?);
    let actor = text(row, 9).map_err(misread)?;
    Ok(Record {
        position,
        stream,
        version: StreamVersion::new(row.get(2).map_err(misread)?),
        record_id: row.get(3).map_err(misread)?,
        event,
        effective_at: instant(row, 7).map_err(misread)?,
        recorded_at: instant(row, 8).map_err(misread)?,
        actor: Actor::from_name(actor).ok_or_else(|| corrupt(format!("{actor:?} is no actor")))?,
        receipt_id: ReceiptId::new(row.get(10).map_err(misread)?),
    })
}

/// A version with its event and the bytes that it takes, of the columns in the order in which the
/// queries name them.
pub(super) fn event_of(row: &Row<'_>) -> Result<(StreamVersion, Event, usize), ReadError> {
    let position = position(row, 0).map_err(unread)?;
    let corrupt = |what: String| ReadError::Corrupt {
        what: format!("record {position}: {what}"),
    };
    let read = || {
        let version = row.get(1).map(StreamVersion::new)?;
        Ok((version, text(row, 2)?, row.get(3)?, text(row, 4)?))
    };
    let (version, name, format, data) =
        read().map_err(|error: rusqlite::Error| corrupt(error.to_string()))?;
    let event = stored::decode(name, format, data).map_err(|error| corrupt(error.to_string()))?;
    Ok((version, event, data.len()))
}

/// A receipt, of the columns in the order in which the queries name them.
pub(super) fn receipt(row: &Row<'_>) -> Result<Receipt, ReadError> {
    let id: ReceiptId = row.get(0).map(ReceiptId::new).map_err(unread)?;
    let corrupt = |what: String| ReadError::Corrupt {
        what: format!("receipt {id}: {what}"),
    };
    let misread = |error: rusqlite::Error| corrupt(error.to_string());
    let verdict = text(row, 8).map_err(misread)?;
    let verdict =
        Verdict::from_name(verdict).ok_or_else(|| corrupt(format!("{verdict:?} is no verdict")))?;
    let read = || {
        Ok(Receipt {
            id,
            listing: row.get(1)?,
            arrived_at: instant(row, 2)?,
            method: row.get(3)?,
            parameters: row.get(4)?,
            body: row.get::<_, Vec<u8>>(5)?.into(),
            activity: row.get(6)?,
            authentic: row.get(7)?,
            verdict,
            reason: row.get(9)?,
            answer: row.get::<_, Vec<u8>>(10)?.into(),
            sealed_with: row
                .get::<_, Option<Uuid>>(11)?
                .map(|key| SealKey::new(key.as_u128())),
        })
    };
    read().map_err(misread)
}

/// A position in a column.
pub(super) fn position(row: &Row<'_>, column: usize) -> rusqlite::Result<Position> {
    row.get(column).map(Position::new)
}

/// An instant in a column.
pub(super) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Instant> {
    row.get(column).map(Instant::from_micros)
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)
}
