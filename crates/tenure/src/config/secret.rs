//! Secrets: in the configuration, or in a file of their own.

use std::path::Path;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};

/// Secrets that may stand in two places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secrets<'a> {
    /// In the configuration.
    pub inline: &'a [SecretString],
    /// In a file, one a line; the first is the newest.
    pub file: Option<&'a Path>,
}

impl Secrets<'_> {
    /// Reads them, those of the configuration first. `name` is what they are called in messages.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<Vec<SecretString>> {
        let mut secrets = self.inline.to_vec();
        if let Some(file) = self.file {
            let text = std::fs::read_to_string(file).with_context(|| {
                format!(
                    "{name}_file = {:?} cannot be read",
                    file.display().to_string()
                )
            })?;
            let text = SecretString::from(text);
            let lines = text.expose_secret().lines().map(str::trim);
            secrets.extend(
                lines
                    .filter(|line| !line.is_empty())
                    .map(SecretString::from),
            );
        }
        if secrets
            .iter()
            .any(|secret| secret.expose_secret().trim().is_empty())
        {
            bail!("{name} holds an empty secret");
        }
        Ok(secrets)
    }
}
