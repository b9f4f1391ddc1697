//! `tenure journal verify`

use std::path::Path;

use anyhow::anyhow;
use clap::Subcommand;
use serde_json::json;
use tenure_journal::verify::{self, Findings};

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
        let path = config.journal_path().usage()?;
        let findings = read_all(&path)?;
        if output.is_json() {
            output.json(&json!({
                "records": findings.records,
                "streams": findings.streams,
                "receipts": findings.receipts,
                "wrong_count": findings.wrong_count,
                "wrong": findings.wrong,
            }));
        } else {
            for line in &findings.wrong {
                output.line(line);
            }
            output.line(format_args!(
                "{} records of {} streams and {} receipts read: {} things are wrong.",
                findings.records, findings.streams, findings.receipts, findings.wrong_count
            ));
        }
        if findings.are_clean() {
            return Ok(());
        }
        Err(anyhow!(
            "the journal is damaged: keep this file, and restore a backup"
        ))
        .wrong()
    }
}

/// Reads every record and receipt of a journal, after SQLite has looked at the file.
pub(crate) fn read_all(path: &Path) -> Result<Findings, Failure> {
    let mut log = open_scanner(path).unavailable()?;
    let of_file = log.integrity_check().wrong()?;
    let mut progress = Progress::of("verifying");
    let tell = |position, head| progress.tell(position, head);
    let mut findings = verify::verify(&mut log, tell).wrong()?;
    progress.end();
    findings.wrong_count += of_file.len() as u64;
    findings.wrong.splice(0..0, of_file);
    Ok(findings)
}
