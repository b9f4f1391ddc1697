//! The joint-operation kit of one production address, as configured.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenure_domain::tenant::Others;
use tenure_ingress::kit::Settings;
use tenure_koogallery::kit::PrivateKey;

use super::word;

/// What a listing needs for the kit, beside the keys of its interface type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KitConfig {
    /// The private keys, newest first, whose public ones stand in the application's credential:
    /// client secrets are encrypted with those. PKCS#8, in PEM or without its lines.
    pub private_keys: Vec<SecretString>,
    /// Or files with one key each.
    pub private_key_files: Vec<PathBuf>,
    /// What becomes of departments that a full list does not name.
    #[serde(deserialize_with = "word::read")]
    pub departments: Departments,
}

/// What becomes of departments that a full list does not name. The guide does not say whether a
/// list is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Departments {
    /// They stay.
    #[default]
    Merge,
    /// They go, unless the list is empty or of a test call.
    Replace,
}

impl KitConfig {
    /// The settings, with the keys read.
    pub(crate) fn parse(&self) -> anyhow::Result<Settings> {
        let mut private_keys = Vec::new();
        for (index, key) in self.private_keys.iter().enumerate() {
            let key = PrivateKey::parse(key.expose_secret());
            private_keys.push(key.with_context(|| format!("kit.private_keys[{index}]"))?);
        }
        for file in &self.private_key_files {
            let name = || format!("kit.private_key_files: {:?}", file.display().to_string());
            let text = std::fs::read_to_string(file).with_context(name)?;
            let text = SecretString::from(text);
            if text.expose_secret().trim().is_empty() {
                bail!("{} is empty", name());
            }
            private_keys.push(PrivateKey::parse(text.expose_secret()).with_context(name)?);
        }
        Ok(Settings {
            private_keys: Arc::from(private_keys),
            departments: match self.departments {
                Departments::Merge => Others::Keep,
                Departments::Replace => Others::Remove,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_that_cannot_be_used_says_which_and_why() {
        let kit = KitConfig {
            private_keys: vec![SecretString::from("AAAA")],
            ..KitConfig::default()
        };
        let error = format!("{:#}", kit.parse().unwrap_err());
        assert!(error.starts_with("kit.private_keys[0]: "), "{error}");
        assert!(error.contains("PKCS#8"), "{error}");
        let kit = KitConfig {
            private_key_files: vec![PathBuf::from("missing.pem")],
            ..KitConfig::default()
        };
        let error = format!("{:#}", kit.parse().unwrap_err());
        assert!(error.contains("missing.pem"), "{error}");
        assert!(
            KitConfig::default()
                .parse()
                .unwrap()
                .private_keys
                .is_empty()
        );
    }
}
