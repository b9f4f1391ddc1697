//! Where the next page begins, as a text that nobody needs to understand.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::QueryError;

/// Writes a cursor.
pub(super) fn encode<T: Serialize>(place: &T) -> String {
    let json = serde_json::to_vec(place).expect("tuples of texts and numbers always serialize");
    hex::encode(json)
}

/// Reads a cursor.
pub(super) fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, QueryError> {
    hex::decode(cursor)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or(QueryError::Cursor)
}
