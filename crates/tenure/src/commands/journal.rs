//! `tenure journal verify`

use anyhow::anyhow;
use clap::Subcommand;
use serde_json::json;
use tenure_journal::verify;

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::{Output, Progress};
use crate::service::open_scanner;

/// The journal itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Read every record and receipt, and name what is wrong
    #[command(after_help = "Example: tenure journal verify --config tenure.toml")]
    Verify,
}

impl Journal {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let Self::Verify = self;
        let mut log = open_scanner(&config.journal_path().usage()?).unavailable()?;
        let mut wrong = log.integrity_check().wrong()?;
        let mut progress = Progress::of("verifying");
        let tell = |position, head| progress.tell(position, head);
        let findings = verify::verify(&mut log, tell).wrong()?;
        progress.end();
        let count = findings.wrong_count + wrong.len() as u64;
        wrong.extend(findings.wrong);
        if output.is_json() {
            output.json(&json!({
                "records": findings.records,
                "streams": findings.streams,
                "receipts": findings.receipts,
                "wrong_count": count,
                "wrong": wrong,
            }));
        } else {
            for line in &wrong {
                output.line(line);
            }
            output.line(format_args!(
                "{} records of {} streams and {} receipts read: {count} things are wrong.",
                findings.records, findings.streams, findings.receipts
            ));
        }
        if count == 0 {
            return Ok(());
        }
        Err(anyhow!(
            "the journal is damaged: keep this file, and restore a backup"
        ))
        .wrong()
    }
}
