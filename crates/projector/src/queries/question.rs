//! A question in the making: its SQL, and the values for it. Only texts of this crate become SQL.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, ToSql};

use super::{PAGE_ROWS_MAX, Page, QueryError, cursor};

#[derive(Debug)]
pub(super) struct Question {
    pub(super) sql: String,
    pub(super) values: Vec<(&'static str, Value)>,
}

impl Question {
    /// Begins with a `SELECT … WHERE …` that has one condition at least.
    pub(super) fn new(select: &str) -> Self {
        Self {
            sql: select.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds a condition.
    pub(super) fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Names a value.
    pub(super) fn bind(&mut self, name: &'static str, value: impl Into<Value>) {
        self.values.push((name, value.into()));
    }

    /// Adds a condition on a value, if there is one.
    pub(super) fn and_if(
        &mut self,
        condition: &str,
        name: &'static str,
        value: Option<impl Into<Value>>,
    ) {
        if let Some(value) = value {
            self.and(condition);
            self.bind(name, value);
        }
    }

    /// Asks for the first rows in an order.
    pub(super) fn order(&mut self, order: &str, limit: usize) {
        self.sql.push_str(" ORDER BY ");
        self.sql.push_str(order);
        self.sql.push_str(" LIMIT :limit");
        self.bind(":limit", i64::try_from(limit).unwrap_or(i64::MAX));
    }

    /// Asks for all rows.
    pub(super) fn rows<T>(
        &self,
        connection: &Connection,
        read: impl Fn(&Row<'_>) -> Result<T, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let values: Vec<(&str, &dyn ToSql)> = self
            .values
            .iter()
            .map(|(name, value)| (*name, value as &dyn ToSql))
            .collect();
        let mut statement = connection.prepare_cached(&self.sql)?;
        let mut rows = statement.query(values.as_slice())?;
        let mut read_rows = Vec::new();
        while let Some(row) = rows.next()? {
            read_rows.push(read(row)?);
        }
        Ok(read_rows)
    }

    /// Asks for at most `limit` rows, in `order`; `place` tells where a row stands in it.
    pub(super) fn page<T, P: serde::Serialize>(
        mut self,
        connection: &Connection,
        order: &str,
        limit: usize,
        read: impl Fn(&Row<'_>) -> Result<T, QueryError>,
        place: impl Fn(&T) -> P,
    ) -> Result<Page<T>, QueryError> {
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        // One row more says whether there is a next page.
        self.order(order, limit + 1);
        let items = self.rows(connection, read)?;
        Ok(Page::cut(items, limit, place))
    }
}

impl<T> Page<T> {
    /// The first `limit` of the rows that were found; more of them say that there is a next page.
    pub(super) fn cut<P: serde::Serialize>(
        mut items: Vec<T>,
        limit: usize,
        place: impl Fn(&T) -> P,
    ) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more);
        Self {
            next: next.map(|last| cursor::encode(&place(last))),
            items,
        }
    }
}

/// How SQLite would answer a question about a read model.
#[cfg(test)]
pub(super) fn plan(question: &Question, order: &str) -> String {
    let connection = Connection::open_in_memory().unwrap();
    crate::store::create_tables(&connection).unwrap();
    crate::store::create_indexes(&connection).unwrap();
    let explain = Question {
        sql: format!("EXPLAIN QUERY PLAN {}", question.sql),
        values: question.values.clone(),
    };
    let explain = if order.is_empty() {
        explain
    } else {
        let sql = format!("{} ORDER BY {order} LIMIT 50", explain.sql);
        Question { sql, ..explain }
    };
    let lines = explain.rows(&connection, |row| Ok(row.get::<_, String>(3)?));
    lines.unwrap().join("; ")
}
