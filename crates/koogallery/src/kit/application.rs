//! `applicationSync`: the clients with which an enterprise's members log in.

use super::Version;
use super::fields::Fields;
use super::ids::ApplicationKey;
use super::notification::Flag;
use super::secret::{ENCRYPTED_CHARACTERS_MAX, EncryptedSecret};
use super::sync_time::SyncTime;
use crate::rejection::Rejection;

/// `applicationSync`: an enterprise gets a client of its authentication centre for an application,
/// or loses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSync {
    /// Which application of which enterprise, for which instance.
    pub key: ApplicationKey,
    /// What becomes of it.
    pub change: ApplicationChange,
    /// When the marketplace says that it sent the call.
    pub sent_at: SyncTime,
}

/// What becomes of an application of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationChange {
    /// `flag` 0: its client is to be forgotten, for this instance only.
    Delete,
    /// `flag` 1: it has this client.
    Create(Client),
    /// `flag` 2, version 2.0: it has another client or another secret; both replace what was.
    Modify(Client),
}

/// A client of an authentication centre. Its secret is decrypted by
/// [`Verified::client_secret`](super::Verified::client_secret).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `clientId`.
    pub id: Box<str>,
    /// `clientSecret`.
    pub secret: EncryptedSecret,
}

impl ApplicationChange {
    /// The client, unless it is to be forgotten.
    pub fn client(&self) -> Option<&Client> {
        match self {
            Self::Delete => None,
            Self::Create(client) | Self::Modify(client) => Some(client),
        }
    }
}

impl ApplicationSync {
    pub(super) fn read(version: Version, fields: &Fields<'_>) -> Result<Self, Rejection> {
        let last = match version {
            Version::V1 => Flag::Create,
            Version::V2 => Flag::Modify,
        };
        let key = fields.application_key()?;
        let change = match Flag::read(fields, last)? {
            Flag::Delete => ApplicationChange::Delete,
            Flag::Create => ApplicationChange::Create(Client::read(fields)?),
            Flag::Modify => ApplicationChange::Modify(Client::read(fields)?),
        };
        Ok(Self {
            key,
            change,
            sent_at: fields.sync_time("timeStamp"),
        })
    }
}

impl Client {
    fn read(fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            id: fields.mandatory_text("clientId", 64)?.into(),
            secret: EncryptedSecret::new(
                fields.mandatory_text("clientSecret", ENCRYPTED_CHARACTERS_MAX)?,
            ),
        })
    }
}
