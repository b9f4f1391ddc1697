//! The vault, and the master key that opens it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenure_journal::vault::{MasterKey, Vault};
use tenure_journal::{Clock, OpenError};

use super::Config;
use super::secret::Secrets;

/// Where the keys are that personal data is sealed with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VaultConfig {
    /// Its file; `vault.db` beside the journal if nothing is said.
    pub path: Option<PathBuf>,
    /// The key that opens it: 64 hexadecimal digits, or Base64.
    pub master_key: Option<SecretString>,
    /// Or a file that holds it. `master.key` beside the journal, if neither is said.
    pub master_key_file: Option<PathBuf>,
}

/// How much of a vault there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Vault and master key.
    Whole,
    /// A master key, and no vault yet.
    KeyOnly,
    /// Neither: both are made when the service starts.
    Nothing,
}

impl Config {
    /// The file of the vault.
    pub(crate) fn vault_path(&self) -> anyhow::Result<PathBuf> {
        match &self.vault.path {
            Some(path) => Ok(path.clone()),
            None => Ok(self.journal_path()?.with_file_name("vault.db")),
        }
    }

    /// The file of the master key, where the key is not in the configuration itself.
    pub(crate) fn master_key_path(&self) -> anyhow::Result<PathBuf> {
        match &self.vault.master_key_file {
            Some(path) => Ok(path.clone()),
            None => Ok(self.journal_path()?.with_file_name("master.key")),
        }
    }

    /// Opens the vault. Where nothing is configured and nothing is there, both are made; a vault
    /// whose key is gone is no reason to make another key.
    pub(crate) fn open_vault(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Vault> {
        if self.vault_presence()? == Presence::Nothing {
            make_master_key(&self.master_key_path()?)?;
        }
        Ok(Vault::open(&self.vault_path()?, self.master_key()?, clock)?)
    }

    /// Reads the master key, if the configuration says where it is.
    pub(crate) fn check_master_key(&self) -> anyhow::Result<()> {
        if self.vault.master_key.is_none() && self.vault.master_key_file.is_none() {
            return Ok(());
        }
        self.vault_presence()?;
        self.master_key().map(drop)
    }

    /// Opens a copy of the vault that lies elsewhere: what looks whether the master key is the one.
    pub(crate) fn open_vault_at(
        &self,
        path: &Path,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Vault> {
        let key = self.master_key_path()?;
        if self.vault.master_key.is_none() && !exists(&key)? {
            bail!(
                "the master key {} is not there: put it back from where you keep it, or set \
                 vault.master_key_file; without it nothing can be read that the vault sealed",
                key.display()
            );
        }
        Ok(Vault::open(path, self.master_key()?, clock)?)
    }

    /// Opens the vault, and makes nothing that is not there.
    pub(crate) fn open_present_vault(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Vault> {
        if self.vault_presence()? != Presence::Whole {
            let journal = self.journal_path()?;
            if !exists(&journal)? {
                return Err(OpenError::Missing { path: journal }.into());
            }
            bail!(
                "there is no vault at {}: set vault.path, or restore the vault from its backup",
                self.vault_path()?.display()
            );
        }
        self.open_vault(clock)
    }

    /// What there is of the vault.
    ///
    /// # Errors
    /// If the key is missing that is configured, or that a vault was made with.
    pub(crate) fn vault_presence(&self) -> anyhow::Result<Presence> {
        let vault = self.vault_path()?;
        let key = self.master_key_path()?;
        let has_key = self.vault.master_key.is_some() || exists(&key)?;
        match (exists(&vault)?, has_key) {
            (true, true) => Ok(Presence::Whole),
            (false, true) => Ok(Presence::KeyOnly),
            (true, false) => bail!(
                "the vault {} is there, and its master key {} is not: put the key back from its \
                 backup, or set vault.master_key_file; without it nothing can be read that the \
                 vault sealed",
                vault.display(),
                key.display()
            ),
            (false, false) if self.vault.master_key_file.is_some() => bail!(
                "vault.master_key_file = {:?} is not there: make it with `(umask 077; openssl \
                 rand -hex 32 > {})`",
                key.display().to_string(),
                key.display()
            ),
            (false, false) => Ok(Presence::Nothing),
        }
    }

    fn master_key(&self) -> anyhow::Result<MasterKey> {
        let VaultConfig {
            path: _,
            master_key,
            master_key_file,
        } = &self.vault;
        if master_key.is_some() && master_key_file.is_some() {
            bail!("vault.master_key and vault.master_key_file are both set: keep one of them");
        }
        let inline: Vec<_> = master_key.iter().cloned().collect();
        let file = self.master_key_path()?;
        let secrets = Secrets {
            inline: &inline,
            file: Some(file.as_path()).filter(|_| master_key.is_none()),
        }
        .read("vault.master_key")?;
        match secrets.as_slice() {
            [key] => MasterKey::parse(key.expose_secret()).context("vault.master_key"),
            [] => bail!("the master key file {} is empty", file.display()),
            _ => bail!("vault.master_key has more than one line"),
        }
    }
}

/// Whether others than its owner and its group may not read a file. Of a credential that systemd
/// hands over, the group's bits stand for the one user whom it was handed to.
pub(crate) fn is_private(path: &Path) -> std::io::Result<bool> {
    let for_others = std::fs::metadata(path)?.permissions().mode() & 0o007;
    Ok(for_others == 0)
}

fn exists(path: &Path) -> anyhow::Result<bool> {
    path.try_exists()
        .with_context(|| format!("{} cannot be looked at", path.display()))
}

/// Makes a master key in a file that only its owner may read, whole or not at all. Another process
/// that was faster has made one too, and that one counts.
fn make_master_key(path: &Path) -> anyhow::Result<()> {
    let failed = || format!("the master key {} cannot be made", path.display());
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder).with_context(failed)?;
    let key = MasterKey::generate()?.to_hex();
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(key.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.as_file().sync_all())
        .with_context(failed)?;
    match file.persist_noclobber(path) {
        Ok(_file) => {},
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error.error).with_context(failed),
    }
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(failed)?;
    tracing::warn!(
        path = %path.display(),
        "a new master key was made: back it up, apart from the journal and its vault; without it \
         nothing that is about people can be read"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use tenure_domain::{MerchantId, TenantId};
    use tenure_journal::SystemClock;
    use tenure_journal::vault::Owner;

    use super::*;

    fn config(folder: &Path) -> Config {
        let mut config = Config::default();
        config.journal.url = format!("sqlite:{}", folder.join("data/journal.db").display());
        config
    }

    fn open(config: &Config) -> anyhow::Result<Vault> {
        config.open_vault(Arc::new(SystemClock))
    }

    #[test]
    fn key_and_vault_are_made_once_and_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        assert_eq!(config.vault_presence().unwrap(), Presence::Nothing);
        let tenant = TenantId::parse("t-0001").unwrap();
        let owner = Owner::tenant(&MerchantId::parse("acme").unwrap(), &tenant);
        let id = open(&config).unwrap().key(&owner).unwrap().id();
        assert_eq!(config.vault_presence().unwrap(), Presence::Whole);
        assert_eq!(open(&config).unwrap().key(&owner).unwrap().id(), id);
        for name in ["data/master.key", "data/vault.db"] {
            assert!(is_private(&folder.path().join(name)).unwrap(), "{name}");
        }
    }

    #[test]
    fn a_vault_without_its_key_is_refused_and_no_other_key_made() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        drop(open(&config).unwrap());
        let key = folder.path().join("data/master.key");
        std::fs::remove_file(&key).unwrap();
        let error = open(&config).unwrap_err().to_string();
        assert!(error.contains("put the key back"), "{error}");
        assert!(!key.exists());
    }

    #[test]
    fn a_key_file_that_is_named_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        let key = folder.path().join("apart.key");
        config.vault.master_key_file = Some(key.clone());
        let error = open(&config).unwrap_err().to_string();
        assert!(error.contains("openssl rand -hex 32"), "{error}");
        std::fs::write(&key, format!("{}\n", "a5".repeat(32))).unwrap();
        assert_eq!(config.vault_presence().unwrap(), Presence::KeyOnly);
        drop(open(&config).unwrap());
        config.vault.master_key = Some(SecretString::from("a5".repeat(32)));
        let error = open(&config).unwrap_err().to_string();
        assert!(error.contains("keep one of them"), "{error}");
        config.vault.master_key_file = None;
        drop(open(&config).unwrap());
        config.vault.master_key = Some(SecretString::from("b6".repeat(32)));
        assert!(open(&config).is_err());
    }
}
