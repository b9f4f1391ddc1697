use std::path::PathBuf;

use crate::log::Cause;

/// Why the vault did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It is locked with another master key.
    #[error(
        "the keys in {path} are wrapped under another master key: start with the one that the \
         vault was made with, or last wrapped anew under; without it nothing that the vault \
         sealed can be read"
    )]
    WrongMaster {
        /// The vault.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{path} is no vault: name another file, or restore the vault from its backup")]
    NotAVault {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of Tenure has changed its schema.
    #[error(
        "the vault {path} has schema {found} and this version of tenure knows schemas up to \
         {known}: start the version that wrote it, or a newer one"
    )]
    Newer {
        /// The vault.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// What it holds cannot be right.
    #[error("the vault {path} is damaged, {what}: restore it from its backup")]
    Damaged {
        /// The vault.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file system or SQLite said no.
    #[error("the vault {path} cannot be used: look at its folder, its owner and the disk")]
    Unavailable {
        /// The vault.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// It never had that key.
    #[error(
        "the vault {path} has no key {number:032x}: open the journal with the vault that it was \
         written with, or with a newer backup of it"
    )]
    UnknownKey {
        /// The vault.
        path: PathBuf,
        /// The number of the key.
        number: u128,
    },
    /// A sealed text is not as it was sealed, or stands where it was not put.
    #[error(
        "a sealed text is not as it was sealed, or was moved: run `tenure journal verify`, and \
         restore the journal from its backup"
    )]
    Altered,
    /// A text is too long to be sealed.
    #[error("a text of {bytes} bytes is too long to be sealed: at most {bytes_max} are")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most that are sealed.
        bytes_max: usize,
    },
    /// There was nothing to make a key of.
    #[error("the operating system gave no random bytes: start again, or look at the machine")]
    NoRandomness(#[source] getrandom::Error),
}
