//! `tenure replay [--verify]`

use anyhow::anyhow;
use clap::Args;
use serde_json::json;
use tenure_journal::{OpenError, SqliteLog};

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::{Output, Progress};
use crate::service::open_scanner;

/// Rebuild the read models from the journal, or compare them with it.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Compare a fresh fold with the live read models, and name every difference
    #[arg(long)]
    verify: bool,
}

impl Replay {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        if self.verify {
            verify(config, output)
        } else {
            rebuild(config, output)
        }
    }
}

fn verify(config: &Config, output: Output) -> Result<(), Failure> {
    let mut log = open_scanner(&config.journal_path().usage()?).unavailable()?;
    let mut progress = Progress::of("comparing");
    let tell = |position, head| progress.tell(position, head);
    let compared =
        tenure_projector::verify(&config.projector.path, &mut log, tell).unavailable()?;
    progress.end();
    if output.is_json() {
        let differences: Vec<_> = compared
            .differences
            .iter()
            .map(ToString::to_string)
            .collect();
        output.json(&json!({
            "position": compared.position.number(),
            "rows": compared.rows,
            "difference_count": compared.difference_count,
            "differences": differences,
        }));
    } else {
        for difference in &compared.differences {
            output.line(difference);
        }
        output.line(format_args!(
            "{} rows compared up to position {}: {} differences.",
            compared.rows, compared.position, compared.difference_count
        ));
    }
    if compared.is_clean() {
        return Ok(());
    }
    Err(anyhow!(
        "the read models differ from the journal: stop the service and run `tenure replay` to \
         rebuild them"
    ))
    .wrong()
}

fn rebuild(config: &Config, output: Output) -> Result<(), Failure> {
    let path = config.journal_path().usage()?;
    let mut log = open_scanner(&path).unavailable()?;
    // Holding the journal's lock keeps a service, and with it a projector, from starting.
    let lock = SqliteLog::open(&path).map_err(|error| match error {
        OpenError::Locked { .. } => {
            anyhow!("the service runs and keeps its read models itself: stop it first")
        },
        OpenError::Schema { .. } | OpenError::Missing { .. } | OpenError::Unavailable { .. } => {
            error.into()
        },
    });
    let lock = lock.unavailable()?;
    let mut progress = Progress::of("rebuilding");
    let tell = |position, head| progress.tell(position, head);
    let rebuilt =
        tenure_projector::rebuild(&config.projector.path, &mut log, tell).unavailable()?;
    progress.end();
    drop(lock);
    output.line(format_args!(
        "Rebuilt from {} records and {} receipts: {} licenses, {} order lines, up to position {}.",
        rebuilt.records, rebuilt.receipts, rebuilt.licenses, rebuilt.orders, rebuilt.position
    ));
    Ok(())
}
