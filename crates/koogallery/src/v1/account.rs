//! The first account of an application, which V1.0 answers tell to the buyer, encrypted.

use secrecy::SecretString;

use super::cipher::{EncryptType, Iv, Plain, PlainTooLong, encrypt};
use crate::answer::AppInfo;
use crate::key::AccessKey;

/// Name and password of the account with which a buyer begins.
#[derive(Debug, Clone, Default)]
pub struct InitialAccount {
    user_name: Option<Plain>,
    password: Option<Plain>,
}

impl InitialAccount {
    /// Takes a name, a password, or both. Encrypted they must fit their fields.
    pub fn parse(
        user_name: Option<SecretString>,
        password: Option<SecretString>,
    ) -> Result<Self, PlainTooLong> {
        Ok(Self {
            user_name: user_name.map(Plain::parse).transpose()?,
            password: password.map(Plain::parse).transpose()?,
        })
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.user_name.is_none() && self.password.is_none()
    }

    /// Adds the account to what a buyer is told, encrypted. No vector may have served before.
    #[must_use]
    pub fn seal_into(
        &self,
        app_info: AppInfo,
        key: &AccessKey,
        with: EncryptType,
        ivs: &[Iv; 2],
    ) -> AppInfo {
        let [first, second] = ivs;
        let sealed =
            |plain: &Option<Plain>, iv| plain.as_ref().map(|plain| encrypt(key, with, iv, plain));
        AppInfo {
            user_name: sealed(&self.user_name, first),
            password: sealed(&self.password, second),
            ..app_info
        }
    }
}
