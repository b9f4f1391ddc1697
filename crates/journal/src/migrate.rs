//! Migrations: numbered, checksummed, forward only. An unknown schema stops the program.

use sha2::{Digest, Sha256};

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, from 1, gapless.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub sql: &'static str,
}

impl Migration {
    /// The SHA-256 of the migration's text: a migration is never edited once it was applied.
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }
}

/// A migration that a database says it has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub number: u32,
    /// The checksum of its text then.
    pub checksum: String,
}

/// Why a database is not one that this version may open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A newer version of Tenure has changed the schema.
    #[error(
        "the journal has schema {found} and this version of tenure knows schemas up to {known}: \
         start the version that wrote it, or a newer one"
    )]
    Newer {
        /// The newest migration in the database.
        found: u32,
        /// The newest that this version knows.
        known: u32,
    },
    /// A migration was applied with another text.
    #[error(
        "migration {number} of the journal is not the one that this version of tenure has: \
         the journal was not written by a released version, or was changed by hand"
    )]
    Changed {
        /// The migration.
        number: u32,
    },
}

/// The migrations that are still to be applied.
pub fn pending<'a>(
    known: &'a [Migration],
    applied: &[Applied],
) -> Result<&'a [Migration], SchemaError> {
    let newest = u32::try_from(known.len()).unwrap_or(u32::MAX);
    if let Some(newer) = applied.iter().find(|applied| applied.number > newest) {
        let found = applied
            .iter()
            .map(|applied| applied.number)
            .max()
            .unwrap_or(newer.number);
        return Err(SchemaError::Newer {
            found,
            known: newest,
        });
    }
    for (migration, applied) in known.iter().zip(applied) {
        if migration.number != applied.number || migration.checksum() != applied.checksum {
            return Err(SchemaError::Changed {
                number: migration.number,
            });
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration {
            number: 1,
            name: "one",
            sql: "CREATE TABLE one (x)",
        },
        Migration {
            number: 2,
            name: "two",
            sql: "CREATE TABLE two (x)",
        },
    ];

    fn applied(number: u32, migration: &Migration) -> Applied {
        Applied {
            number,
            checksum: migration.checksum(),
        }
    }

    #[test]
    fn what_was_applied_is_not_applied_again() {
        let numbers = |applied: &[Applied]| {
            let pending = pending(KNOWN, applied).unwrap();
            pending
                .iter()
                .map(|migration| migration.number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[]), [1, 2]);
        assert_eq!(numbers(&[applied(1, &KNOWN[0])]), [2]);
        assert_eq!(
            numbers(&[applied(1, &KNOWN[0]), applied(2, &KNOWN[1])]),
            [0; 0]
        );
    }

    #[test]
    fn a_newer_schema_and_a_changed_migration_are_refused() {
        let newer = [
            applied(1, &KNOWN[0]),
            applied(2, &KNOWN[1]),
            applied(3, &KNOWN[1]),
        ];
        assert_eq!(
            pending(KNOWN, &newer).unwrap_err(),
            SchemaError::Newer { found: 3, known: 2 }
        );
        let changed = [applied(1, &KNOWN[1])];
        assert_eq!(
            pending(KNOWN, &changed).unwrap_err(),
            SchemaError::Changed { number: 1 }
        );
    }
}
