//! The rows that say which orders changed a license, gathered to be written in the order of their
//! key: at the end of a table a row costs a fraction of what it costs somewhere inside.

use rusqlite::Connection;

use crate::store::StoreError;

/// Adds a row, unless it is there.
pub(super) const PUT: &str = include_str!("put_order.sql");

/// Separates the parts of a row. No id has it, and it comes before every character that one may
/// have, so that rows in the order of their text are in the order of their key.
const SEPARATOR: char = '\u{1f}';

/// Rows as one text, and where each of them ends.
#[derive(Debug, Default)]
pub(crate) struct OrderRows {
    text: String,
    rows: Vec<(usize, usize)>,
}

impl OrderRows {
    pub(super) fn gather(&mut self, order: &str, merchant: &str, license: &str) {
        let start = self.text.len();
        for part in [order, merchant, license] {
            self.text.push_str(part);
            self.text.push(SEPARATOR);
        }
        self.rows
            .push((start, self.text.len() - SEPARATOR.len_utf8()));
    }

    /// Puts the rows into the order of their key.
    pub(crate) fn sort(&mut self) {
        let text = self.text.as_str();
        self.rows
            .sort_unstable_by_key(|(start, end)| &text[*start..*end]);
    }

    /// Writes the rows.
    pub(crate) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut put = connection.prepare_cached(PUT)?;
        for (start, end) in &self.rows {
            let mut parts = self.text[*start..*end].split(SEPARATOR);
            put.execute((parts.next(), parts.next(), parts.next()))?;
        }
        Ok(())
    }
}
