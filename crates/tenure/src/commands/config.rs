//! `tenure config check|example`

use clap::Subcommand;

use crate::config::{Config, EXAMPLE};
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::service;

/// The configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Look the configuration over
    #[command(after_help = "Example: tenure config check --config tenure.toml")]
    Check,
    /// Print a configuration with every setting
    #[command(after_help = "Example: tenure config example > tenure.toml")]
    Example,
}

impl ConfigCommand {
    /// Runs it.
    pub(crate) fn run(
        self,
        load: impl FnOnce() -> Result<Config, Failure>,
        output: Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Example => output.line(EXAMPLE.trim_end()),
            Self::Check => {
                let config = load()?;
                service::look_over(&config).usage()?;
                let listings: Vec<_> = config.listing.iter().map(|it| it.id.as_str()).collect();
                output.line(format_args!(
                    "The configuration is right: callbacks on {}, API on {}, journal {}, listings: {}.",
                    config.http.callbacks,
                    config.http.api,
                    config.journal.url,
                    if listings.is_empty() { "none".to_owned() } else { listings.join(", ") }
                ));
            },
        }
        Ok(())
    }
}
