//! Settings that have fixed words.

use serde::de::{Deserialize, Deserializer, IntoDeserializer};

/// Reads one of the words of a setting. Whoever wrote another is told them all, which the parser's
/// own refusal does not.
pub(super) fn read<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let word = String::deserialize(deserializer)?;
    T::deserialize(word.into_deserializer())
}

/// The same, of a setting that may be left out.
pub(super) fn read_some<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    read(deserializer).map(Some)
}
