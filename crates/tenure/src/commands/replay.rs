//! `tenure replay [--verify]`

use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use serde_json::json;
use tenure_journal::sqlite::WriterLock;
use tenure_journal::{Clock, OpenError, SystemClock, Watch};
use tenure_projector::{Beside, Exchange};

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::{Output, Progress};
use crate::service::open_scanner;

/// How long the service may take to put what was rebuilt in place.
const EXCHANGE_MAX_MICROS: i64 = 60_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Rebuild the read models from the journal, or compare them with it. A service that runs answers
/// from those that it has until the others are up to date.
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
        "the read models differ from the journal: run `tenure replay` to rebuild them"
    ))
    .wrong()
}

fn rebuild(config: &Config, output: Output) -> Result<(), Failure> {
    let path = config.journal_path().usage()?;
    let mut log = open_scanner(&path).unavailable()?;
    let read_db = &config.projector.path;
    let mut progress = Progress::of("rebuilding");
    let tell = |position, head| progress.tell(position, head);
    // Holding the journal's lock keeps a service, and with it a projector, from starting.
    let rebuilt = match WriterLock::hold(&path) {
        Ok(_lock) => tenure_projector::rebuild(read_db, &mut log, tell).unavailable()?,
        Err(OpenError::Locked { .. }) => {
            let (rebuilt, beside) =
                tenure_projector::rebuild_beside(read_db, &mut log, tell).unavailable()?;
            await_exchange(&beside).unavailable()?;
            rebuilt
        },
        Err(error) => return Err(error).unavailable(),
    };
    progress.end();
    output.line(format_args!(
        "Rebuilt from {} records and {} receipts: {} licenses, {} order lines, up to position {}.",
        rebuilt.records, rebuilt.receipts, rebuilt.licenses, rebuilt.orders, rebuilt.position
    ));
    Ok(())
}

/// Waits until the service that runs has put what was rebuilt in place.
fn await_exchange(beside: &Beside) -> anyhow::Result<()> {
    let (started, nothing) = (SystemClock.now(), Watch::default());
    loop {
        match beside.exchange()? {
            Exchange::Done => return Ok(()),
            Exchange::Refused => {
                bail!("the service that runs has no use for what was rebuilt: its log says why");
            },
            Exchange::Waiting if SystemClock.now().micros_since(started) > EXCHANGE_MAX_MICROS => {
                bail!(
                    "the read models were rebuilt, and wait for the service that runs to put them \
                     in place: its log says why it does not"
                );
            },
            Exchange::Waiting => {
                nothing.wait_until(LOOK_EVERY, |_now| false);
            },
        }
    }
}
