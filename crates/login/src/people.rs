//! What the vault has sealed about clients and members.

use secrecy::{ExposeSecret, SecretString};
use tenure_domain::tenant::MemberId;
use tenure_domain::{MerchantId, Sealed, TenantId};
use tenure_journal::vault::{DataKey, Opened, Owner, Vault, VaultError};
use tenure_koogallery::kit::{Profile, UserName, contexts};
use zeroize::Zeroizing;

use crate::session::SealedToken;

/// What a refresh token is sealed for. Persisted: never change it.
const REFRESH_TOKEN: &str = "login/refresh_token";

/// Opens what is sealed, and seals tokens. Calls block.
#[derive(Debug, Clone)]
pub(crate) struct People {
    vault: Vault,
}

/// Why what was sealed cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeopleError {
    /// The vault said no.
    #[error("the vault does not open or seal it")]
    Vault(#[from] VaultError),
    /// Its key was destroyed, and with it what it was.
    #[error("it was erased")]
    Erased,
    /// It is not what was sealed.
    #[error("it is not what is sealed there")]
    Damaged,
}

impl People {
    pub(crate) fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// The name under which the journal knows a member.
    pub(crate) fn member_id(
        &self,
        merchant: &MerchantId,
        tenant: &TenantId,
        user_name: &UserName,
    ) -> Result<MemberId, PeopleError> {
        let key = self.key(merchant, tenant)?;
        Ok(key.digest(contexts::MEMBER, user_name.as_str().as_bytes()))
    }

    /// The secret of a client, in the clear.
    pub(crate) fn client_secret(&self, sealed: &Sealed) -> Result<SecretString, PeopleError> {
        secret(self.opened(contexts::CLIENT_SECRET, sealed)?)
    }

    /// What is known about a member.
    pub(crate) fn profile(&self, sealed: &Sealed) -> Result<Profile, PeopleError> {
        let text = self.opened(contexts::PROFILE, sealed)?;
        Profile::from_json(&text).ok_or(PeopleError::Damaged)
    }

    /// The key of an enterprise, with which its refresh tokens are sealed, so that they end with it.
    pub(crate) fn key(
        &self,
        merchant: &MerchantId,
        tenant: &TenantId,
    ) -> Result<DataKey, PeopleError> {
        Ok(self.vault.key(&Owner::tenant(merchant, tenant))?)
    }

    /// Seals a refresh token. Asks the vault for nothing.
    pub(crate) fn seal_token(
        key: &DataKey,
        token: &SecretString,
    ) -> Result<SealedToken, PeopleError> {
        let sealed = key.seal(REFRESH_TOKEN, token.expose_secret().as_bytes())?;
        Ok(SealedToken {
            key: sealed.key,
            bytes: sealed.bytes,
        })
    }

    /// Opens a refresh token.
    pub(crate) fn open_token(&self, sealed: &SealedToken) -> Result<SecretString, PeopleError> {
        let opened = self
            .vault
            .open_bytes(REFRESH_TOKEN, sealed.key, &sealed.bytes)?;
        secret(text(opened)?)
    }

    fn opened(&self, context: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, PeopleError> {
        text(self.vault.open_sealed(context, sealed)?)
    }
}

fn text(opened: Opened) -> Result<Zeroizing<Vec<u8>>, PeopleError> {
    match opened {
        Opened::Text(text) => Ok(text),
        Opened::Erased => Err(PeopleError::Erased),
    }
}

fn secret(text: Zeroizing<Vec<u8>>) -> Result<SecretString, PeopleError> {
    let text = std::str::from_utf8(&text).or(Err(PeopleError::Damaged))?;
    Ok(SecretString::from(text))
}
