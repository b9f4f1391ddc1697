//! `tenure receipts list|show`

use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tenure_journal::vault::Opened;
use tenure_journal::{ReadLog, Receipt, ReceiptId, SystemClock, Verdict};
use tenure_koogallery::kit::contexts;

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::service::open_reader;
use crate::when;

/// Receipts read at a time.
const PAGE: usize = 500;

/// Every call ever received.
#[derive(Debug, Subcommand)]
pub(crate) enum Receipts {
    /// List receipts, newest first
    #[command(after_help = "Example: tenure receipts list --verdict rejected --limit 20")]
    List(List),
    /// Show one receipt, with what was received and answered
    #[command(after_help = "Example: tenure receipts show 019ac2f0-7d3e-7c41-9d0a-5b6f1e2a3c4d")]
    Show {
        /// The receipt
        id: String,
    },
}

/// Which receipts.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those with this verdict
    #[arg(long, value_parser = verdict)]
    verdict: Option<Verdict>,
    /// Only those of this listing
    #[arg(long)]
    listing: Option<String>,
    /// The most that are listed
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl Receipts {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let mut log = open_reader(&config.journal_path().usage()?).unavailable()?;
        match self {
            Self::List(list) => list.run(log.as_mut(), output),
            Self::Show { id } => {
                let parsed = ReceiptId::parse(&id)
                    .ok_or_else(|| anyhow!("{id:?} is no receipt: an id is a UUID"))
                    .usage()?;
                let receipt = log.receipt(parsed).unavailable()?;
                let receipt = receipt
                    .ok_or_else(|| anyhow!("there is no receipt {id}"))
                    .wrong()?;
                let body = body(config, &receipt).unavailable()?;
                show(&receipt, &body, output);
                Ok(())
            },
        }
    }
}

impl List {
    fn run(self, log: &mut dyn ReadLog, output: Output) -> Result<(), Failure> {
        let mut found = Vec::new();
        let mut before = None;
        while found.len() < self.limit {
            let page = log.receipts_before(before, PAGE).unavailable()?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            found.extend(page.into_iter().filter(|receipt| self.asks_for(receipt)));
        }
        found.truncate(self.limit);
        if output.is_json() {
            output.json(&Value::Array(found.iter().map(summary).collect()));
            return Ok(());
        }
        let rows = found.iter().map(|receipt| {
            [
                receipt.id.to_string(),
                when::text(receipt.arrived_at),
                receipt.listing.to_string(),
                receipt.activity.as_deref().unwrap_or("-").to_owned(),
                receipt.verdict.name().to_owned(),
                receipt.reason.as_deref().unwrap_or("").to_owned(),
            ]
        });
        output.table(
            [
                "receipt", "arrived", "listing", "activity", "verdict", "reason",
            ],
            rows,
        );
        Ok(())
    }

    fn asks_for(&self, receipt: &Receipt) -> bool {
        self.verdict
            .is_none_or(|verdict| receipt.verdict == verdict)
            && self
                .listing
                .as_deref()
                .is_none_or(|listing| &*receipt.listing == listing)
    }
}

/// The body as it was received. One that is about people is kept sealed.
fn body(config: &Config, receipt: &Receipt) -> anyhow::Result<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Some(key) = receipt.sealed_with else {
        return Ok(text(&receipt.body));
    };
    let vault = config.open_present_vault(Arc::new(SystemClock))?;
    match vault.open_bytes(contexts::RECEIPT_BODY, key, &receipt.body)? {
        Opened::Text(body) => Ok(text(&body)),
        Opened::Erased => Ok("erased".to_owned()),
    }
}

fn show(receipt: &Receipt, body: &str, output: Output) {
    let mut value = summary(receipt);
    let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    value["method"] = json!(receipt.method);
    value["parameters"] = json!(receipt.parameters);
    value["authentic"] = json!(receipt.authentic);
    value["sealed"] = json!(receipt.sealed_with.is_some());
    value["body"] = json!(body);
    value["answer"] = json!(bytes(&receipt.answer));
    if output.is_json() {
        output.json(&value);
        return;
    }
    let rows = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            [
                name.clone(),
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            ]
        });
    output.table(["receipt", ""], rows.collect::<Vec<_>>());
}

fn summary(receipt: &Receipt) -> Value {
    json!({
        "id": receipt.id.to_string(),
        "arrived_at": when::text(receipt.arrived_at),
        "listing": receipt.listing,
        "activity": receipt.activity,
        "verdict": receipt.verdict.name(),
        "reason": receipt.reason,
    })
}

fn verdict(name: &str) -> anyhow::Result<Verdict> {
    let Some(verdict) = Verdict::from_name(name) else {
        let known: Vec<_> = Verdict::ALL.into_iter().map(Verdict::name).collect();
        bail!("there is no such verdict; there are: {}", known.join(", "))
    };
    Ok(verdict)
}
